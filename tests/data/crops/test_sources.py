from __future__ import annotations

import pytest
import torch
from testing.prepared_sets import SCENES, numbered, shards_of, source_of, which

from dsdmsr.data.batches import CropMix, make_batch
from dsdmsr.data.crops import Folder, Pyramid, Shards, Synthetic
from dsdmsr.data.prepared.index import read_index
from dsdmsr.errors import DataError


@pytest.mark.parametrize("kind", ["folder", "pyramid", "scenes"])
def test_a_crop_depends_on_seed_and_number_alone(maps, pyramid, kind):
    source = {
        "folder": lambda: Folder(source_of(maps)),
        "pyramid": lambda: Pyramid(pyramid),
        "scenes": lambda: Synthetic(SCENES),
    }[kind]
    first = source().crops(3, [5, 6, 7], 48)
    again = source().crops(3, [7, 5], 48)
    assert first.hr_depth.shape == first.valid.shape == (3, 1, 48, 48)
    assert first.hr_depth.dtype == torch.float32
    assert first.valid.dtype == torch.bool
    torch.testing.assert_close(again.hr_depth, first.hr_depth[[2, 0]], rtol=0, atol=0)
    assert not torch.equal(source().crops(4, [5], 48).hr_depth, first.hr_depth[:1])


def test_crops_hold_what_the_maps_hold(maps, shards, pyramid):
    for source in (Folder(source_of(maps)), Shards(shards)):
        found = source.crops(0, range(60), 32)
        assert set(found.kinds) == {"disparity"}
        assert found.valid.all()
        assert len(set(which(found.hr_depth))) > 6
        for crop, k in zip(found.hr_depth, which(found.hr_depth), strict=True):
            assert 10 * (k + 1) <= crop.min() <= crop.max() <= 10 * (k + 1) + 1
        # A map's name says which it is, as its values do.
        said = dict(zip(which(found.hr_depth), found.names, strict=True))
        assert len(set(said.values())) == len(said)
        assert [said[k] for k in which(found.hr_depth)] == list(found.names)
    found = Pyramid(pyramid).crops(0, range(40), 32)
    assert set(found.kinds) == {"depth"}
    # Metres; of the scans that train, not of 1, which tests.
    scans = {int(10 * crop.max()) for crop in found.hr_depth}
    assert scans == {2, 6, 7, 8}


def test_batches_of_any_source_turn_holes_with_their_maps(pyramid):
    mixes = (CropMix(scale=2, crop=64, batch=4),)
    for number in range(5):
        batch = make_batch(0, number, mixes, Pyramid(pyramid))
        assert batch.kinds == ("depth",) * 4
        assert ((batch.hr_depth == 0) == ~batch.valid).all()


def test_maps_smaller_than_the_crop_are_passed_over(tmp_path):
    numbered(tmp_path / "maps", 2, (40, 40))
    for source in (
        Folder(source_of(tmp_path / "maps")),
        Shards(shards_of(tmp_path / "maps", tmp_path / "small")),
    ):
        with pytest.raises(DataError, match=r"no map of .* has 48×48 pixels"):
            source.crops(0, [0], 48)
    numbered(tmp_path / "maps" / "large", 3)
    for source in (
        Folder(source_of(tmp_path / "maps")),
        Shards(shards_of(tmp_path / "maps", tmp_path / "mixed")),
    ):
        assert source.crops(0, range(10), 48).hr_depth.shape[-1] == 48


def test_splits_that_share_a_scene_are_an_error_to_every_reader(shards, pyramid):
    for folder, reader in ((shards, Shards), (pyramid, Pyramid)):
        lines = (folder / "train.csv").read_text().splitlines(keepends=True)
        with (folder / "valid.csv").open("a") as file:
            file.write(lines[1])
        with pytest.raises(DataError, match=r"is in train.csv and in valid.csv"):
            reader(folder)
        with pytest.raises(DataError, match="a scene belongs to one split"):
            list(read_index(folder, "test"))


def test_what_is_missing_or_damaged_is_told(shards, pyramid, tmp_path):
    with pytest.raises(DataError, match="give a folder that dsdmsr prepare has written"):
        Shards(tmp_path)
    with pytest.raises(DataError, match="prepare it with --shards"):
        Shards(pyramid)
    with pytest.raises(DataError, match="prepare it with --pyramid"):
        Pyramid(shards)
    with pytest.raises(DataError, match=r"the test split of .* has no map"):
        Shards(shards, "test")
    with pytest.raises(DataError, match=r"the valid split of .* has no map"):
        Pyramid(pyramid, "valid")
    level = next((pyramid / "128x160" / "scan6").iterdir())
    level.unlink()
    with pytest.raises(DataError, match=r"depth_map_0000.png is missing"):
        Pyramid(pyramid)
    (pyramid / "train.csv").write_text("a,b\n1,2\n")
    with pytest.raises(DataError, match="is no index that 'dsdmsr prepare' has written"):
        Pyramid(pyramid)
