from __future__ import annotations

import io
import tarfile
from pathlib import Path

import numpy as np
import pytest

from benchmarks.common.many_maps import make_maps
from dsdmsr.errors import DependencyError, FileError
from dsdmsr.upscaling.many.sources import find_sources
from dsdmsr.upscaling.many.storage import checksum, place_of
from tools.source_files.recordings import image, record

fsspec = pytest.importorskip("fsspec")
SHAPE = (8, 8)


def targets(source: object, suffix: str | None = None, **more: object) -> dict[str, str]:
    """Names of sources, without their folders' folder, and of their outputs."""
    found = list(find_sources(str(source), suffix, **more))
    return {each.name.rpartition("maps/")[2]: each.target for each in found}


@pytest.fixture
def maps(tmp_path) -> Path:
    return make_maps(tmp_path / "maps", 3, SHAPE)


def shard(path: Path, files: dict[str, bytes]) -> Path:
    with tarfile.open(path, "w") as tar:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return path


def test_a_folders_maps_keep_their_folders_and_hidden_ones_are_left_out(maps):
    (maps / ".hidden").mkdir()
    for name in (".hidden/a.png", "scan0/.b.png", "scan0/notes.md"):
        (maps / name).write_bytes(b"")
    expected = {f"scan{k}/depth{k:05d}.png" for k in range(3)}
    assert targets(maps) == {name: name for name in expected}
    assert set(targets(maps, ".npy").values()) == {name[:-3] + "npy" for name in expected}
    skipped = targets(maps, skip=place_of(maps / "scan1"))
    assert set(skipped) == expected - {"scan1/depth00001.png"}


def test_patterns_keep_folders_below_what_they_fix(maps):
    assert targets(maps / "scan*" / "depth0000[12].png") == {
        f"scan{k}/depth{k:05d}.png": f"scan{k}/depth{k:05d}.png" for k in (1, 2)
    }
    with pytest.raises(FileError, match=r"names no depth file: give a folder, a pattern"):
        targets(maps / "*.exr")


def test_a_list_keeps_its_names_and_may_hold_urls(maps, tmp_path):
    fsspec.filesystem("memory").pipe("/bucket/a/c.pfm", b"")
    lines = ["maps/scan0/depth00000.png", "", str(maps / "scan1" / "depth00001.png")]
    listing = tmp_path / "list.txt"
    listing.write_text("\n".join([*lines, "memory://bucket/a/c.pfm"]))
    found = list(find_sources(str(listing), None))
    assert [each.target for each in found] == [
        "maps/scan0/depth00000.png",
        str(maps / "scan1" / "depth00001.png")[1:],
        "bucket/a/c.pfm",
    ]
    assert found[0].file == str(maps / "scan0" / "depth00000.png")
    listing.write_text("../maps/scan0/depth00000.png")
    with pytest.raises(FileError, match=r"give paths without \.\."):
        targets(listing)
    listing.write_text("\n")
    with pytest.raises(FileError, match="names no file"):
        targets(listing)


def test_shards_stand_for_the_depth_files_in_them(maps):
    content = (maps / "scan0" / "depth00000.png").read_bytes()
    files = {"000.png": content, "000.json": b"{}", "a/001.png": content[:50], "002.txt": b""}
    path = shard(maps / "train-0.tar", files)
    found = [each for each in find_sources(str(maps), None) if each.file == str(path)]
    assert [each.name for each in found] == [f"{path}#000.png", f"{path}#a/001.png"]
    assert [each.target for each in found] == ["train-0/000.png", "train-0/a/001.png"]
    body = path.read_bytes()
    assert body[found[0].offset :][: found[0].length] == content
    path.write_bytes(b"no tar")
    with pytest.raises(FileError, match="is damaged, or no shard"):
        targets(path)


@pytest.mark.parametrize("kind", ["bag1", "folder"])
def test_recordings_stand_for_their_frames(tmp_path, kind):
    frames = [image(np.full((6, 8), 1000 + k, np.uint16), "16UC1") for k in range(3)]
    (tmp_path / "maps").mkdir()
    bag = record(tmp_path / "maps", kind, {"/depth": frames})
    local = targets(tmp_path / "maps")
    assert list(local) == [f"{bag.name}#/depth@{k}" for k in times(local)]
    assert [Path(name).suffix for name in local.values()] == [".png"] * 3
    fsspec.filesystem("memory").put(str(tmp_path / "maps"), f"/{kind}/maps", recursive=True)
    assert targets(f"memory://{kind}/maps") == local


def times(found: dict[str, str]) -> list[str]:
    return [name.rpartition("@")[2] for name in found]


def test_places_that_cannot_be_are_refused(tmp_path):
    with pytest.raises(FileError, match="nosuch://x is no path or URL that fsspec knows"):
        place_of("nosuch://x")
    with pytest.raises(FileError, match="none does not exist: give a folder"):
        targets(tmp_path / "none")


def test_a_url_that_was_a_path_has_its_slash_again():
    assert place_of(Path("memory://bucket/a")).name == "memory:///bucket/a"


def test_what_a_protocol_needs_is_said(monkeypatch):
    def missing(*_: object) -> None:
        raise ImportError("Install s3fs to access S3")

    monkeypatch.setattr("fsspec.core.url_to_fs", missing)
    with pytest.raises(
        DependencyError, match=r"needs a package of fsspec for s3: pip install s3fs"
    ):
        place_of("s3://bucket")


def test_a_folder_has_a_checksum_of_names_and_contents(tmp_path):
    for name, content in (("a/x", b"1"), ("b/x", b"2"), ("c/x", b"1"), ("d/y", b"1")):
        path = tmp_path / name
        path.parent.mkdir()
        path.write_bytes(content)
    found = {name: checksum(tmp_path / name) for name in "abcd"}
    assert found["a"] == found["c"]
    assert len(set(found.values())) == 3
