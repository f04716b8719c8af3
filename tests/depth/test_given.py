from __future__ import annotations

import re
import sys
from fractions import Fraction
from pathlib import PurePosixPath
from types import SimpleNamespace

import numpy as np
import pytest

from dsdmsr.depth.given import as_array, described, filled, without_mask
from dsdmsr.depth.map import DepthMap, check_map
from dsdmsr.errors import DepthError


def test_what_is_an_array_stays_the_same_one():
    given = np.ones((2, 3), np.float16)
    assert as_array(given) is given
    np.testing.assert_array_equal(as_array([[1, 2], [3, 4]]), np.array([[1, 2], [3, 4]]))


class Unwilling:
    def __init__(self, error: Exception) -> None:
        self.error = error

    def __array__(self, *args, **options):
        raise self.error


@pytest.mark.parametrize("error", [TypeError, ValueError, RuntimeError])
def test_what_cannot_be_an_array_is_described_in_one_line(error):
    given = Unwilling(error("it is\n  on a GPU"))
    place = Unwilling.__module__.partition(".")[0]
    article = "an" if place[0] in "aeio" else "a"
    says = f"{article} {place}.Unwilling is no array: give H×W numbers (it is on a GPU)"
    with pytest.raises(DepthError, match=f"^{re.escape(says)}$") as raised:
        as_array(given)
    assert raised.value.__cause__ is given.error


def test_rows_of_unequal_length_are_no_array():
    with pytest.raises(DepthError, match=r"^a list is no array: give H×W numbers \(.+\)$"):
        as_array([[1, 2], [3]])


MASKED = np.ma.array([[1.0, 2, 3], [4, 5, 6]], mask=[[0, 1, 0], [1, 0, 0]])
SEEN = [[True, False, True], [False, True, True]]


def test_masks_say_what_can_be_seen():
    values, seen = without_mask(MASKED)
    np.testing.assert_array_equal(values, [[1, 2, 3], [4, 5, 6]])
    np.testing.assert_array_equal(seen, SEEN)
    assert not isinstance(values, np.ma.MaskedArray)
    values, seen = without_mask(np.ma.array([[1.0, 2]]))
    np.testing.assert_array_equal(seen, [[True, True]])


@pytest.mark.parametrize("rows", [list, tuple])
def test_rows_with_masks_keep_them(rows):
    values, seen = without_mask(rows([MASKED[0], MASKED[1]]))
    np.testing.assert_array_equal(values, [[1, 2, 3], [4, 5, 6]])
    np.testing.assert_array_equal(seen, SEEN)
    values, seen = without_mask(rows([[7.0, 8, 9], MASKED[1]]))
    np.testing.assert_array_equal(values, [[7, 8, 9], [4, 5, 6]])
    np.testing.assert_array_equal(seen, [[True] * 3, SEEN[1]])


@pytest.mark.parametrize("given", [[[1, 2]], ((1, 2),), np.ones((1, 2)), 7.0, None])
def test_what_has_no_mask_stays_as_it_is(given):
    values, seen = without_mask(given)
    assert values is given
    assert seen is None


def test_without_masked_arrays_in_memory_nothing_is_masked(monkeypatch):
    monkeypatch.delitem(sys.modules, "numpy.ma")
    for given in ([[1, 2]], np.ones((1, 2))):
        values, seen = without_mask(given)
        assert values is given
        assert seen is None
    assert filled([[1, 2]], 7).tolist() == [[1, 2]]
    assert "numpy.ma" not in sys.modules


@pytest.mark.parametrize("number", [0.0, -7.5, False])
def test_what_is_masked_is_filled_with_a_number(number):
    np.testing.assert_array_equal(filled(MASKED, number), [[1, number, 3], [number, 5, 6]])
    given = np.array([[3, 4]])
    assert filled(given, number) is given
    assert type(filled([[3, 4]], number)) is np.ndarray
    mask = filled(np.ma.array([True, True], mask=[False, True]), False)
    assert (mask.tolist(), mask.dtype) == ([True, False], np.bool_)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (np.zeros((480, 640)), "a numpy.ndarray of shape (480, 640)"),
        (np.float32(2), "a numpy.float32 of shape ()"),
        ([1, 2], "a list"),
        (None, "a NoneType"),
        ({}, "a dict"),
        ("x.png", "a str 'x.png'"),
        (7, "an int 7"),
        (1.5, "a float 1.5"),
        (True, "a bool True"),
        (object(), "an object"),
        (Fraction(1, 2), "a fractions.Fraction"),
        (NotImplementedError(), "a NotImplementedError"),
        (ArithmeticError(), "an ArithmeticError"),
        (EOFError(), "an EOFError"),
        (IndexError(), "an IndexError"),
        (OSError(), "an OSError"),
        (UserWarning(), "a UserWarning"),
        (PurePosixPath("a"), "a pathlib.PurePosixPath"),
    ],
)
def test_things_are_described_for_people(given, says):
    assert described(given) == says


def test_a_shape_is_written_as_a_tuple():
    assert described(SimpleNamespace(shape=[2, 3])) == "a types.SimpleNamespace of shape (2, 3)"


@pytest.mark.parametrize("letter", "aeioAEIO")
def test_names_that_begin_with_a_vowel_have_another_article(letter):
    assert described(type(f"{letter}x", (), {"__module__": "builtins"})()) == f"an {letter}x"
    assert described(type("Map", (), {"__module__": f"{letter}x.y"})()) == f"an {letter}x.Map"


@pytest.mark.parametrize("letter", "bXuU")
def test_others_have_the_short_one(letter):
    assert described(type(f"{letter}x", (), {"__module__": "builtins"})()) == f"a {letter}x"


def test_a_class_is_no_thing_of_its_own_shape():
    assert described(np.ndarray) == "a type"
    with pytest.raises(DepthError, match=r"^this is a type, not a DepthMap: give "):
        check_map(DepthMap)
