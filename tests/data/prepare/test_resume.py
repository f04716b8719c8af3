from __future__ import annotations

import json
import shutil

import pytest
from testing.dtu_trees import content, make_dtu
from testing.prepared_sets import BOTH, PYRAMID

from dsdmsr.data.prepare.run import prepare
from dsdmsr.data.sources.dtu import dtu
from dsdmsr.errors import DataError


def test_resuming_needs_the_same_options(dtu_tree, tmp_path):
    source, made = dtu(dtu_tree), tmp_path / "made"
    prepare(source, made, PYRAMID, workers=0)
    before = content(made)
    with pytest.raises(DataError, match="or --resume"):
        prepare(source, made, PYRAMID)
    assert prepare(source, made, PYRAMID, resume=True).counts["train"] == 5
    assert content(made) == before
    (dtu_tree / "Depths_raw/scan2/depth_map_0000.pfm").write_bytes(b"")
    assert prepare(source, tmp_path / "other", PYRAMID, workers=0).failures
    with pytest.raises(DataError, match="begun with other options"):
        prepare(source, tmp_path / "other", BOTH, resume=True)


@pytest.mark.parametrize("cut", [1, 20])
def test_a_journal_cut_off_in_a_line_is_gone_on_with(dtu_tree, tmp_path, cut):
    scan = dtu_tree / "Depths_raw/scan2/depth_map_0000.pfm"
    whole = scan.read_bytes()
    scan.write_bytes(b"")
    made = tmp_path / "made"
    assert prepare(dtu(dtu_tree), made, PYRAMID, workers=0).failures
    journal = made / ".journal"
    journal.write_bytes(journal.read_bytes()[:-cut])
    scan.write_bytes(whole)
    assert not prepare(dtu(dtu_tree), made, PYRAMID, workers=0, resume=True).failures
    prepare(dtu(dtu_tree), tmp_path / "whole", PYRAMID, workers=0)
    assert content(made) == content(tmp_path / "whole")


@pytest.mark.parametrize("ended", [True, False])
@pytest.mark.parametrize(
    "gone",
    [
        "train-00000.tar",
        "64x80/scan2/depth_map_0001.png",
        "train.csv",
        "128x160",
        "valid-00000.tar",
    ],
)
def test_what_is_gone_is_made_again(dtu_tree, tmp_path, ended, gone):
    source, made, whole = dtu(dtu_tree), tmp_path / "made", tmp_path / "whole"
    prepare(source, whole, BOTH, workers=0, shard_bytes=30_000)
    broken = dtu_tree / "Depths_raw/scan10/depth_map_0000.pfm"
    body = broken.read_bytes()
    if not ended:
        broken.write_bytes(b"")
    prepare(source, made, BOTH, workers=0, shard_bytes=30_000)
    broken.write_bytes(body)
    path = made / gone
    if path.is_dir():
        shutil.rmtree(path)
    elif path.suffix == ".tar":
        path.write_bytes(path.read_bytes()[:-1])
    else:
        path.unlink()
    prepare(source, made, BOTH, workers=0, shard_bytes=30_000, resume=True)
    assert content(made) == content(whole)


def test_a_finished_set_goes_on_with_its_own_source_and_options_alone(dtu_tree, tmp_path):
    made = tmp_path / "made"
    prepare(dtu(dtu_tree), made, PYRAMID, workers=0)
    before = content(made)
    other = make_dtu(tmp_path / "other", {"scan2": 1})
    for source, forms in ((dtu(dtu_tree), BOTH), (dtu(other), PYRAMID)):
        with pytest.raises(DataError, match="begun with other options"):
            prepare(source, made, forms, workers=0, resume=True)
    assert content(made) == before


@pytest.mark.parametrize(
    "damage",
    [
        b"garbage\n",
        b'{"x": 1}\n',
        b"[]\n",
        b"\n",
        b"\0\0\0\n",
        b"\xff\n",
        # Edited: JSON that is no record.
        b"[" * 20_000 + b"\n",
        b'{"maps_per_shard": "many"}\n',
        b'{"maps_per_shard": 0}\n',
        b'{"name": "train-00000.tar"}\n',
        b'{"name": ["train-00000.tar"], "maps": 1, "bytes": 1, "sha256": ""}\n',
        b'{"index": 0}\n',
        b'{"index": -1, "key": "", "scene": "", "split": "train", "origin": "", "failed": ""}\n',
        b'{"index": 10e9, "key": "", "scene": "", "split": "train", "origin": "", "failed": ""}\n',
        b'{"index": 0, "key": "", "scene": "", "split": "colour", "origin": "", "failed": ""}\n',
    ],
)
def test_a_journal_with_a_damaged_line_is_gone_on_with(dtu_tree, tmp_path, damage):
    broken = dtu_tree / "Depths_raw/scan2/depth_map_0000.pfm"
    body = broken.read_bytes()
    broken.write_bytes(b"")
    made = tmp_path / "made"
    prepare(dtu(dtu_tree), made, BOTH, workers=0, shard_bytes=30_000)
    journal = made / ".journal"
    lines = journal.read_bytes().splitlines(keepends=True)
    journal.write_bytes(b"".join([*lines[:4], damage, *lines[4:]]))
    broken.write_bytes(body)
    prepare(dtu(dtu_tree), made, BOTH, workers=0, shard_bytes=30_000, resume=True)
    prepare(dtu(dtu_tree), tmp_path / "whole", BOTH, workers=0, shard_bytes=30_000)
    assert content(made) == content(tmp_path / "whole")


@pytest.mark.parametrize(
    "change",
    [
        lambda manifest: manifest.update(maps=7),
        lambda manifest: manifest.update(maps_per_shard="many"),
        lambda manifest: manifest["maps"][0].pop("quantum"),
        lambda manifest: manifest["maps"][0].update(levels=[]),
        lambda manifest: manifest["maps"][0].update(index=10**9),
        lambda manifest: manifest["shards"][0].update(bytes="many"),
    ],
)
def test_an_edited_manifest_is_refused_in_one_line(dtu_tree, tmp_path, change):
    made = tmp_path / "made"
    prepare(dtu(dtu_tree), made, BOTH, workers=0)
    manifest = json.loads((made / "manifest.json").read_text())
    change(manifest)
    (made / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(DataError, match="has a manifest that is damaged: prepare to a new"):
        prepare(dtu(dtu_tree), made, BOTH, workers=0, resume=True)
    assert not (made / ".journal").exists()


def test_a_map_whose_shard_an_edit_has_dropped_is_written_again(dtu_tree, tmp_path):
    made = tmp_path / "made"
    prepare(dtu(dtu_tree), made, BOTH, workers=0)
    before = content(made)
    manifest = json.loads((made / "manifest.json").read_text())
    del manifest["maps"][0]["shard"]
    (made / "manifest.json").write_text(json.dumps(manifest))
    prepare(dtu(dtu_tree), made, BOTH, workers=0, resume=True)
    assert content(made) == before
