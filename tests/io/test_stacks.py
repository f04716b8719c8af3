"""Arrays among which a map is found, or a map of a stack."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from dsdmsr.errors import FileError
from dsdmsr.io.stacks import map_of, named_array, numbered, split_number, without_single_axes

PATH = Path("in") / "a.npz"
MAP, STACK = np.ones((4, 5)), np.ones((2, 4, 5))


def refused(says: str):
    return pytest.raises(FileError, match=f"^{re.escape(f'{PATH}{says}')}$")


@pytest.mark.parametrize(
    ("member", "name", "number"),
    [
        (None, None, None),
        ("12", None, "12"),
        ("a", "a", None),
        ("a@12", "a", "12"),
        ("a@b", "a@b", None),
        ("a@b@1", "a@b", "1"),
        ("a@", "a@", None),
        ("@3", "", "3"),
        ("-1", "-1", None),
    ],
)
def test_a_member_is_a_name_a_number_or_both(member, name, number):
    assert split_number(member) == (name, number)


@pytest.mark.parametrize(
    ("arrays", "name", "found"),
    [
        ({"a": MAP, "depth": MAP, "depths": STACK}, None, "depth"),
        ({"a": MAP, "depths": STACK}, None, "depths"),
        ({"a": MAP, "b": np.ones(4), "c": np.array([["x", "y"], ["z", "w"]])}, None, "a"),
        ({"b": np.ones(4)}, None, "b"),
        ({"b": np.ones(4), "m": np.ones((1, 4), bool)}, None, "m"),
        ({"a": MAP, "b/c": MAP}, "b/c", "b/c"),
        ({"a": MAP, "b/c": MAP}, "/b/c/", "b/c"),
        ({"depth": MAP, "error": MAP}, None, "depth"),
    ],
)
def test_the_map_among_arrays_is_found(arrays, name, found):
    key, array = named_array(arrays, name, PATH)
    assert key == found
    assert array is arrays[found]


@pytest.mark.parametrize(
    ("arrays", "name", "says"),
    [
        ({}, None, " holds no array"),
        ({"a": MAP, "b": STACK}, None, " holds a, b: name one, such as a.npz#a"),
        ({"a": np.ones(4), "b": np.ones(5)}, None, " holds a, b: name one, such as a.npz#a"),
        ({"x": MAP, "y": MAP}, "q", " has no array q: it holds x, y"),
        ({}, "q", " has no array q: it holds nothing"),
        (
            {"error": MAP},
            None,
            " holds the expected errors of a map, not depth: give the map's file",
        ),
    ],
)
def test_arrays_without_one_map_are_listed(arrays, name, says):
    with refused(says):
        named_array(arrays, name, PATH)


@pytest.mark.parametrize(
    ("shape", "axes"),
    [
        ((), ()),
        ((1,), (1,)),
        ((1, 1), (1, 1)),
        ((1, 4, 5), (4, 5)),
        ((4, 1, 5), (4, 5)),
        ((1, 1, 9), (1, 9)),
        ((9, 1, 1), (9, 1)),
        ((2, 1, 4, 5, 1), (2, 4, 5)),
    ],
)
def test_axes_of_length_1_go_until_there_are_two(shape, axes):
    assert without_single_axes(shape) == axes


@pytest.mark.parametrize("number", [None, "x", "-1", "3", ""])
def test_one_of_several_has_to_be_named(number):
    assert [numbered(str(k), 3, PATH, "maps") for k in range(3)] == [0, 1, 2]
    with refused(" holds 3 maps: name one, a.npz#0 to a.npz#2"):
        numbered(number, 3, PATH, "maps")


@pytest.mark.parametrize(
    "shape", [(3, 4, 5), (1, 3, 4, 5), (3, 1, 4, 5), (3, 4, 5, 1), (1, 3, 4, 1, 5)]
)
def test_a_map_of_a_stack_is_one_of_its_first_long_axis(shape):
    stack = np.arange(60.0).reshape(3, 4, 5)
    for number in range(3):
        found = map_of(stack.reshape(shape), str(number), PATH)
        np.testing.assert_array_equal(found, stack[number])


@pytest.mark.parametrize("shape", [(4, 5), (1, 4, 5), (4, 5, 1)])
def test_the_only_map_has_no_number_but_0(shape):
    given = np.arange(20.0)
    for number in (None, "0"):
        assert map_of(given.reshape(shape), number, PATH).tolist() == given.reshape(4, 5).tolist()
    with refused("#1: it holds one map: leave #1 out"):
        map_of(given.reshape(shape), "1", PATH)


@pytest.mark.parametrize(
    ("shape", "number", "says"),
    [
        ((), None, " holds single numbers: give one map, or a stack of them"),
        ((5,), None, " holds 5 numbers: give one map, or a stack of them"),
        ((0, 5), None, " holds 0×5 numbers: give one map, or a stack of them"),
        ((2, 3, 4, 5), "0", " holds 2×3×4×5 numbers: give one map, or a stack of them"),
        ((3, 4, 5), None, " holds 3 maps: name one, a.npz#0 to a.npz#2"),
        ((3, 9, 3), None, " holds 3 maps: name one, a.npz#0 to a.npz#2"),
        (
            (4, 9, 3),
            None,
            " holds 4×9×3 numbers, as pictures in colours do: give one grey map, or a stack of "
            "them, N×H×W",
        ),
        (
            (5, 9, 4),
            None,
            " holds 5×9×4 numbers, as pictures in colours do: give one grey map, or a stack of "
            "them, N×H×W",
        ),
        ((5, 9, 2), None, " holds 5 maps: name one, a.npz#0 to a.npz#4"),
    ],
)
def test_other_arrays_are_no_map(shape, number, says):
    with refused(says):
        map_of(np.ones(shape), number, PATH)


def test_a_stack_as_wide_as_colours_is_one_if_a_map_is_named():
    assert map_of(np.ones((9, 8, 3)), "8", PATH).shape == (8, 3)
