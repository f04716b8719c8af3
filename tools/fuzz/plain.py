"""Changes of bytes, text and plain values that know nothing of a format."""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Sequence
from random import Random
from typing import Any

__all__ = [
    "Change",
    "change_bytes",
    "change_number",
    "change_numbers_in_text",
    "change_rows",
    "change_value",
    "change_words",
]

Change = Callable[[Random, bytes], bytes]
"""Takes random numbers and a file's content; returns another content."""
_NUMBERS = (0, 1, 2, 3, 7, 8, 16, 255, 256, 4095, 65535, 65536, 2**24, 2**31 - 1, 2**31)
_BIG = (2**32 - 1, 2**32, 2**53, 2**63 - 1, 2**63, 2**64 - 1)
_TEXTS = ("", "0", "-1", "nan", "inf", "1e309", "1e-400", "9" * 30, "true", "null", " ", "\n", "\0")
_MORE_TEXTS = ("é", "\u202e", "x" * 5000, "../../a", "%s%n", "[]", "{}", "a\nb", "depth", "０")
_FLOATS = (0.0, -0.0, 1e-45, 1e-310, 3.4e38, 3.5e38, 1.8e308, float("inf"), float("nan"), -1.0)
_HEAD = 600
"""Bytes at either end of a file that are changed more often than others."""


def change_bytes(rng: Random, content: bytes) -> bytes:
    """Flip, replace, remove, insert or copy some bytes, mostly of the file's beginning or end."""
    data = bytearray(content)
    for _ in range(rng.choice((1, 1, 1, 2, 4, 16))):
        _BYTES[rng.randrange(len(_BYTES))](rng, data)
    return bytes(data)


def change_words(rng: Random, content: bytes, at: int, length: int) -> bytes:
    """Replace a whole number or a float that begins in a part of a file."""
    data = bytearray(content)
    place = at + rng.randrange(max(1, length))
    _put(rng, data, place - place % rng.choice((1, 1, 2, 4)))
    return bytes(data)


def change_number(rng: Random, number: int) -> int:
    """Return another whole number: close to one, or at a border of a type."""
    if rng.random() < 0.4:
        return number + rng.choice((-2, -1, 1, 2, number, 256, -256))
    return rng.choice((*_NUMBERS, *_NUMBERS, *_BIG)) * rng.choice((1, 1, 1, -1))


def change_numbers_in_text(rng: Random, content: bytes) -> bytes:
    """Replace a number, or a word, that is written out somewhere."""
    found = list(re.finditer(rb"[-+.\d]*\d|[A-Za-z_]+", content[: 2**14]))
    if not found:
        return change_bytes(rng, content)
    place = found[min(rng.randrange(len(found)), rng.randrange(len(found)))]
    return content[: place.start()] + _text(rng, place[0]).encode() + content[place.end() :]


def change_rows(rng: Random, content: bytes) -> bytes:
    """Drop, repeat or swap lines, or cells between commas."""
    comma = rng.choice((b"\n", b"\n", b","))
    parts = content.split(comma)
    at, other = rng.randrange(len(parts)), rng.randrange(len(parts))
    kind = rng.randrange(4)
    if kind == 0:
        del parts[at]
    elif kind == 1:
        parts.insert(other, parts[at])
    elif kind == 2:
        parts[at], parts[other] = parts[other], parts[at]
    else:
        parts[at] = _text(rng, parts[at]).encode()
    return comma.join(parts)


def change_value(rng: Random, value: Any) -> Any:
    """Return plain values, such as JSON's, with one of them changed, at any depth."""
    parts = (
        list(value)
        if isinstance(value, list)
        else list(dict(value).items())
        if (isinstance(value, dict))
        else []
    )
    if not parts or rng.random() < 0.15:
        return _other_value(rng, value)
    at = rng.randrange(len(parts))
    kind = rng.random()
    if kind < 0.1:
        del parts[at]
    elif kind < 0.15:
        parts.append(("more", 1) if isinstance(value, dict) else parts[at])
    elif isinstance(value, dict):
        name, each = parts[at]
        if kind < 0.2:
            parts[at] = (_text(rng, str(name).encode()), each)
        else:
            parts[at] = (name, change_value(rng, each))
    else:
        parts[at] = change_value(rng, parts[at])
    return dict(parts) if isinstance(value, dict) else parts


def _other_value(rng: Random, value: Any) -> Any:
    if isinstance(value, bool) or value is None or rng.random() < 0.5:
        deep: Any = 1
        for _ in range(rng.choice((1, 3, 2000))):
            deep = [deep]
        choices = (None, True, False, [], {}, [value], {"a": value}, str(value)[:100], deep)
        return rng.choice((*choices, *_FLOATS, 10**400, *_BIG))
    if isinstance(value, int):
        return change_number(rng, value)
    return rng.choice(_FLOATS) if isinstance(value, float) else _text(rng, str(value).encode())


def _text(rng: Random, text: bytes) -> str:
    kind = rng.random()
    if kind < 0.3 and text.isdigit() and len(text) < 30:
        return str(change_number(rng, int(text)))
    if kind < 0.4:
        return repr(rng.choice(_FLOATS))
    if kind < 0.55:
        return text.decode(errors="replace") + rng.choice(_TEXTS)
    return rng.choice((*_TEXTS, *_TEXTS, *_MORE_TEXTS))


def _place(rng: Random, data: Sequence[int]) -> int:
    size = max(1, len(data))
    kind = rng.random()
    if kind < 0.6:
        return rng.randrange(min(size, _HEAD))
    if kind < 0.8:
        return size - 1 - rng.randrange(min(size, _HEAD))
    return rng.randrange(size)


def _put(rng: Random, data: bytearray, at: int) -> None:
    """Write a number over what begins at a place."""
    size, order = rng.choice((1, 2, 4, 4, 8)), rng.choice("<>")
    if size >= 4 and rng.random() < 0.15:
        with_sign = rng.choice(_FLOATS)
        body = struct.pack(f"{order}{'f' if size == 4 else 'd'}", min(with_sign, 3.4e38))
    else:
        old = int.from_bytes(data[at : at + size], "little" if order == "<" else "big")
        body = (change_number(rng, old) % 256**size).to_bytes(
            size, "little" if order == "<" else "big"
        )
    room = len(data) - at
    data[at : at + size] = body[: max(0, room)]


def _flip(rng: Random, data: bytearray) -> None:
    if data:
        data[_place(rng, data)] ^= 1 << rng.randrange(8)


def _replace(rng: Random, data: bytearray) -> None:
    _put(rng, data, _place(rng, data))


def _cut(rng: Random, data: bytearray) -> None:
    del data[_place(rng, data) :]


def _remove(rng: Random, data: bytearray) -> None:
    at = _place(rng, data)
    del data[at : at + rng.choice((1, 2, 4, 8, 64))]


def _insert(rng: Random, data: bytearray) -> None:
    at = _place(rng, data)
    data[at:at] = rng.choice((b"\0", b"\xff", b" ", b"\n", bytes(8), b"\xff" * 8, rng.randbytes(8)))


def _copy(rng: Random, data: bytearray) -> None:
    at, to, size = _place(rng, data), _place(rng, data), rng.choice((4, 8, 12, 64, 512))
    data[to : to + rng.choice((0, size))] = data[at : at + size]


_BYTES = (_flip, _flip, _replace, _replace, _replace, _cut, _remove, _insert, _copy)
