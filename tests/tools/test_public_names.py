from __future__ import annotations

import difflib
from typing import Literal

import pytest

from tools import public_names


def test_public_names_are_as_recorded():
    recorded = public_names.RECORD.read_text(encoding="utf-8").splitlines()
    current = public_names.listing().splitlines()
    changes = [*difflib.unified_diff(recorded, current, "recorded", "current", n=3, lineterm="")]
    hint = 'see "Public names" in CONTRIBUTING.md, then run: python -m tools public_names'
    assert not changes, "\n".join(["the public names have changed:", *changes, hint])


class Known:
    def __init__(self, first: int, *, second: str = "b"):
        self.first = first

    @property
    def size(self) -> int:
        return 1

    @classmethod
    def read(cls, path: str) -> Known:
        return cls(len(path))

    def _hidden(self): ...


Known.__module__ = "dsdmsr.known"


@pytest.mark.parametrize(
    ("value", "lines"),
    [
        (3, ["name: int"]),
        (Literal["a", "b"], ["name: typing.Literal['a', 'b']"]),
        (
            Known,
            [
                "class name(object)",
                "    first: int",
                "    second: str = 'b' (by name)",
                "    @classmethod read -> Known",
                "        path: str",
                "    size: int",
            ],
        ),
    ],
)
def test_each_kind_of_name_is_described(value, lines):
    assert list(public_names._described("name", value)) == lines
