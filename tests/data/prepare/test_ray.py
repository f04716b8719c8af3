from __future__ import annotations

from pathlib import Path

import pytest
from testing.command import refused, run_apart

pytest.importorskip("ray")


def contents(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


@pytest.mark.slow
def test_ray_prepares_the_same_bytes(dtu_tree, tmp_path):
    # Ray's settings stay in a process that has started one, where other tests join a cluster.
    min(dtu_tree.rglob("scan3/*.pfm")).write_bytes(b"damaged")
    found = []
    for name, more in (("plain", ()), ("ray", ("--ray",))):
        command = ("prepare", "dtu", dtu_tree, tmp_path / name, "--pyramid", "--shards")
        code, out, _ = run_apart(*command, "--workers", 2, *more)
        assert code == 1
        found.append((out.rpartition(":")[2], contents(tmp_path / name)))
    assert found[0] == found[1]


def test_an_address_is_rays(capsys, tmp_path):
    command = ("prepare", "dtu", tmp_path, tmp_path / "out", "--address", "auto")
    assert "--address needs --ray" in refused(capsys, *command)
