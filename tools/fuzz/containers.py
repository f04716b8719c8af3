"""Changes of files that hold others, or text: archives, tables, JSON, YAML, messages."""

from __future__ import annotations

import io
import json
import sqlite3
import tarfile
import tempfile
import zipfile
from pathlib import Path
from random import Random
from typing import Any

from tools.fuzz.plain import (
    Change,
    change_bytes,
    change_number,
    change_numbers_in_text,
    change_value,
    change_words,
)

__all__ = [
    "change_database",
    "change_json",
    "change_json_lines",
    "change_messages",
    "change_safetensors",
    "change_yaml",
    "changing_archive",
    "changing_tar",
]


def change_json(rng: Random, content: bytes) -> bytes:
    """Change a value of a JSON file."""
    return _dumped(change_value(rng, json.loads(content)))


def change_json_lines(rng: Random, content: bytes) -> bytes:
    """Change a value of a line of JSON."""
    lines = content.splitlines(keepends=True)
    at = rng.randrange(len(lines))
    lines[at] = change_json(rng, lines[at]) + b"\n"
    return b"".join(lines)


def change_yaml(rng: Random, content: bytes) -> bytes:
    """Change a value of a YAML file, or add what YAML alone has."""
    import yaml

    if rng.random() < 0.3:
        odd = rng.choice((b"&a [*a]", b"!!python/none x", b"? [1, 2]", b"2026-13-45", b"0o9", b"%"))
        at = rng.choice([0, len(content), content.find(b":") + 1])
        return content[:at] + b" " + odd + b"\n" + content[at:]
    return yaml.safe_dump(change_value(rng, yaml.safe_load(content))).encode()


def change_safetensors(rng: Random, content: bytes) -> bytes:
    """Change the JSON header of a safetensors file, whose length stays true."""
    length = int.from_bytes(content[:8], "little")
    head = change_json(rng, content[8 : 8 + length])
    return len(head).to_bytes(8, "little") + head + content[8 + length :]


def changing_archive(change: Change) -> Change:
    """Return what changes a member of a ZIP archive, or its name, with a checksum that is right."""

    def changed(rng: Random, content: bytes) -> bytes:
        made = io.BytesIO()
        with (
            zipfile.ZipFile(io.BytesIO(content)) as old,
            zipfile.ZipFile(made, "w", rng.choice((0, 8))) as new,
        ):
            names = old.namelist()
            at = rng.randrange(len(names))
            for k, name in enumerate(names):
                body = old.read(name)
                if k == at and rng.random() < 0.1:
                    name = rng.choice(("", "depth", "a/b.npy", "error.npy", "depth.npy", "é.npy"))
                new.writestr(name, change(rng, body) if k == at else body)
        return made.getvalue()

    return changed


def changing_tar(changes: dict[str, Change]) -> Change:
    """Return what changes a member of a tar by its name's ending, or the member's name."""

    def changed(rng: Random, content: bytes) -> bytes:
        made = io.BytesIO()
        with (
            tarfile.open(fileobj=io.BytesIO(content)) as old,
            tarfile.open(fileobj=made, mode="w") as new,
        ):
            members = old.getmembers()
            at = rng.randrange(len(members))
            for k, member in enumerate(members):
                file = old.extractfile(member)
                body = b"" if file is None else file.read()
                if k == at and rng.random() < 0.1:
                    member.name = rng.choice(("a", "a.json", ".png", "b.npy", member.name + "x"))
                elif k == at:
                    change = changes.get(member.name.rpartition(".")[2], change_bytes)
                    body = change(rng, body)
                member.size = len(body)
                new.addfile(member, io.BytesIO(body))
        return made.getvalue()

    return changed


def change_database(rng: Random, content: bytes) -> bytes:
    """Change a message, or the type of one, in a recording that is an SQLite database."""
    with tempfile.NamedTemporaryFile(suffix=".db3") as file:
        path = Path(file.name)
        path.write_bytes(content)
        base = sqlite3.connect(path)
        try:
            if rng.random() < 0.3:
                column = rng.choice(("name", "type", "serialization_format"))
                rows = base.execute(f"SELECT id, {column} FROM topics").fetchall()
                key, text = rng.choice(rows)
                other = change_numbers_in_text(rng, str(text).encode()).decode(errors="replace")
                base.execute(f"UPDATE topics SET {column} = ? WHERE id = ?", (other, key))
            else:
                rows = base.execute("SELECT id, data FROM messages").fetchall()
                key, data = rng.choice(rows)
                body = rng.choice((change_words(rng, data, 0, 80), change_bytes(rng, data)))
                base.execute("UPDATE messages SET data = ? WHERE id = ?", (body, key))
            base.commit()
        finally:
            base.close()
        return path.read_bytes()


def change_messages(rng: Random, content: bytes) -> bytes:
    """Change a field of a file of Protocol Buffers, at any depth; lengths stay true."""
    fields = _fields(content)
    if not fields:
        return change_bytes(rng, content)
    at = rng.randrange(len(fields))
    tag, value = fields[at]
    kind = rng.random()
    if kind < 0.05:
        del fields[at]
    elif kind < 0.1:
        fields.append(fields[at])
    elif kind < 0.15:
        fields[at] = (change_number(rng, tag) % 2**20, value)
    elif isinstance(value, int):
        fields[at] = (tag, change_number(rng, value) % 2**64)
    elif _fields(value) and rng.random() < 0.85:
        fields[at] = (tag, change_messages(rng, value))
    else:
        fields[at] = (tag, change_bytes(rng, value))
    return b"".join(map(_packed, fields))


def _dumped(value: Any) -> bytes:
    """Return JSON, even of what is nested too deep to be written by recursion."""
    try:
        return json.dumps(value).encode()
    except RecursionError:
        return b"[" * 100_000


def _fields(content: bytes) -> list[tuple[int, int | bytes]]:
    """Return the fields of a message; none if it is no message."""
    fields: list[tuple[int, int | bytes]] = []
    at = 0
    while at < len(content):
        tag, at = _varint(content, at)
        number, at = _varint(content, at)
        if at < 0 or tag & 7 not in (0, 2) or not tag >> 3:
            return []
        if tag & 7 == 0:
            fields.append((tag, number))
        else:
            fields.append((tag, content[at : at + number]))
            at += number
    return fields if at == len(content) else []


def _varint(content: bytes, at: int) -> tuple[int, int]:
    value = 0
    for k, byte in enumerate(content[at : at + 10] if at >= 0 else b""):
        value |= (byte & 127) << (7 * k)
        if byte < 128:
            return value, at + k + 1
    return 0, -1


def _packed(field: tuple[int, int | bytes]) -> bytes:
    tag, value = field
    return _written(tag) + (
        _written(value) if isinstance(value, int) else _written(len(value)) + value
    )


def _written(number: int) -> bytes:
    parts = []
    while number > 127:
        parts.append(number & 127 | 128)
        number >>= 7
    return bytes([*parts, number])
