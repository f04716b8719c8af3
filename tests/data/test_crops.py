from __future__ import annotations

import dataclasses
from collections import Counter
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader, IterableDataset

from dsdmsr import DepthMap, write_depth
from dsdmsr.data.batches import Batches, CropMix, Part, make_batch
from dsdmsr.data.crops import Folder, Mixture, Pyramid, Synthetic, read_index
from dsdmsr.data.prepare.plan import Forms
from dsdmsr.data.prepare.run import prepare
from dsdmsr.data.prepared.shards import Shards
from dsdmsr.data.prepared.splits import Splitting
from dsdmsr.data.scenes.cutouts import CutoutConfig
from dsdmsr.data.scenes.render import SceneConfig
from dsdmsr.data.sources.folder import folder_of_files
from dsdmsr.errors import ConfigError, DataError, EncodingError
from dsdmsr.training.recipe import Maps, Recipe
from dsdmsr.training.recipe_files import load_recipe, recipe_from_dict, recipe_to_dict
from dsdmsr.training.sources import crop_source, validation_source

SIZE = (96, 128)
SCENES = SceneConfig(ray_cast=0, cutouts=CutoutConfig(objects=(2, 3)))


def numbered(folder: Path, count: int, size: tuple[int, int] = SIZE, *, holes: float = 0) -> Path:
    """Maps whose values say which they are: 10 k to 10 k + 1."""
    rng = np.random.default_rng(0)
    for k in range(count):
        values = 10 * (k + 1) + rng.random(size)
        valid = np.ones(size, dtype=bool)
        valid[: round(holes * size[0])] = False
        depth = DepthMap(values, valid, kind="disparity", unit="px", encoding="disparity")
        write_depth(folder / f"scene{k:02d}" / "map.pfm", depth)
    return folder


def source_of(folder: Path, **options):
    return folder_of_files(folder, "disparity", Splitting(rest="train", **options))


def shards_of(folder: Path, made: Path, maps_per_shard: int = 2) -> Path:
    size = 4 * SIZE[0] * SIZE[1] * maps_per_shard
    forms = Forms(pyramid=False, shards=True)
    prepare(source_of(folder), made, forms, workers=0, shard_bytes=size)
    return made


def which(depth: torch.Tensor) -> list[int]:
    """The numbers of the maps that crops come from."""
    return [int(crop.max() // 10) - 1 for crop in depth]


@pytest.fixture
def maps(tmp_path) -> Path:
    return numbered(tmp_path / "maps", 12)


@pytest.fixture
def shards(maps, tmp_path) -> Path:
    return shards_of(maps, tmp_path / "shards")


@pytest.fixture
def pyramid(tmp_path) -> Path:
    from dsdmsr.data.sources.dtu import dtu
    from dsdmsr.io.pfm import write_pfm

    rng = np.random.default_rng(0)
    for scan in (1, 2, 6, 7, 8):
        folder = tmp_path / "dtu" / f"scan{scan}"
        folder.mkdir(parents=True)
        values = (100 * scan + rng.random((130, 170))).astype(np.float32)
        values[:30] = 0
        write_pfm(folder / "depth_map_0000.pfm", values)
    forms = Forms(pyramid=True, shards=False)
    prepare(dtu(tmp_path / "dtu"), tmp_path / "pyramid", forms, workers=0)
    return tmp_path / "pyramid"


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


def test_crops_come_from_where_enough_is_valid(tmp_path):
    source = Folder(source_of(numbered(tmp_path, 3, (200, 64), holes=0.6)))
    shares = source.crops(0, range(40), 64).valid.float().mean((1, 2, 3))
    # A window drawn at random would be half valid at least in 20 % of the cases.
    assert (shares >= 0.5).float().mean() > 0.6
    assert (shares > 0).all()


def test_batches_of_any_source_turn_holes_with_their_maps(pyramid):
    mixes = (CropMix(scale=2, crop=64, batch=4),)
    for number in range(5):
        batch = make_batch(0, number, mixes, Pyramid(pyramid))
        assert batch.kinds == ("depth",) * 4
        assert ((batch.hr_depth == 0) == ~batch.valid).all()


class Keys(IterableDataset):
    """The keys of an epoch's maps, one by one, in a process of their own."""

    def __init__(self, folder: Path, count: int) -> None:
        self.folder, self.count = folder, count

    def __iter__(self):
        stream = Shards(self.folder)._maps(0)
        for stored in islice(stream, self.count):
            yield int(np.nanmax(stored.numbers) // 10) - 1


@pytest.mark.filterwarnings("ignore:This DataLoader will create")
@pytest.mark.parametrize(("maps_per_shard", "workers"), [(2, 2), (2, 3), (100, 3), (100, 0)])
def test_each_map_comes_once_an_epoch_whatever_the_processes(
    maps, tmp_path, maps_per_shard, workers
):
    folder = shards_of(maps, tmp_path / "shards", maps_per_shard)
    loader = DataLoader(Keys(folder, 12 // max(1, workers)), batch_size=None, num_workers=workers)
    first = list(loader)
    assert sorted(first) == list(range(12))
    assert first != sorted(first)


def test_later_epochs_come_in_another_order(shards):
    stream = Shards(shards)._maps(0)
    epochs = [[int(next(stream).numbers.max()) // 10 for _ in range(12)] for _ in range(3)]
    assert [sorted(epoch) for epoch in epochs] == [list(range(1, 13))] * 3
    assert epochs[0] != epochs[1] != epochs[2]


def test_nodes_share_the_maps_out(shards):
    found = []
    for rank in (0, 1):
        stream = Shards(shards, part=Part(rank, 2))._maps(0)
        found += [int(next(stream).numbers.max()) // 10 - 1 for _ in range(6)]
    assert sorted(found) == list(range(12))


def test_all_maps_of_the_shards_are_used(shards):
    source = Shards(shards)
    seen = Counter(
        k for n in range(30) for k in which(source.crops(0, range(n, n + 8), 48).hr_depth)
    )
    assert set(seen) == set(range(12))


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


def test_a_mixture_draws_by_shares(maps, pyramid):
    source = Mixture([Folder(source_of(maps)), Pyramid(pyramid)], [3, 1])
    found = source.crops(0, range(200), 16)
    assert 0.65 < found.kinds.count("disparity") / 200 < 0.85
    for crop, kind in zip(found.hr_depth, found.kinds, strict=True):
        assert (crop.max() > 5) == (kind == "disparity")
    part = source.crops(0, [17, 4], 16)
    assert torch.equal(part.hr_depth, found.hr_depth[[17, 4]])
    for shares in ([], [1], [1, 0]):
        with pytest.raises(ConfigError, match="a positive share for each"):
            Mixture([Synthetic(SCENES), Synthetic(SCENES)], shares)


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
    with pytest.raises(DataError, match="give a folder that dsdmsr prepare has made"):
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


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (b"\x93NUMPY", b"\x93NOMPY", "sample 0000.* is damaged"),
        (b'"split": "train"', b'"split": "valid"', "is of the valid split, not train"),
        (b'"kind": "disparity"', b'"kind": "intensity"', "of kind 'intensity'"),
        (b'"height": 96', b'"height": 69', "it has \\(96, 128\\) pixels"),
        (b'"offset": 0.0', b'"offset": nil', "is damaged"),
        (b'"json"', b"", None),
    ],
)
def test_samples_that_are_not_what_they_should_be_are_told(shards, old, new, told):
    first = min(shards.glob("*.tar"))
    body = first.read_bytes()
    if told is None:
        first.write_bytes(b"\xff" * len(body))
        told = "train-00000.tar is damaged"
    else:
        assert old in body
        first.write_bytes(body.replace(old, new))
    with pytest.raises(DataError, match=told):
        Shards(shards).crops(0, range(40), 16)


def test_a_shard_that_is_cut_off_or_gone_is_told(shards):
    first = min(shards.glob("*.tar"))
    first.write_bytes(first.read_bytes()[:-512])
    with pytest.raises(DataError, match=r"train-00000.tar is missing or cut off"):
        Shards(shards)
    first.unlink()
    with pytest.raises(DataError, match=r"train-00000.tar is missing or cut off"):
        Shards(shards)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("2e-05", "2e-05mm", "is not what the index says"),
        ("2e-05", "-1.0", "is no map"),
        ("depth,m", "color,m", "is no map"),
        ("\n", "\n\xff", "cannot be read"),
        (",offset", ",shift", "is no index"),
        (",,,\n", "\n", "is cut off in line"),
    ],
)
def test_an_index_that_is_damaged_is_told(pyramid, old, new, told):
    path = pyramid / "train.csv"
    assert old in path.read_text()
    path.write_bytes(path.read_text().replace(old, new).encode("latin-1"))
    with pytest.raises(DataError, match=told):
        Pyramid(pyramid).crops(0, range(4), 16)


# Recipes


def test_a_recipe_names_its_maps(shards, maps, pyramid):
    assert isinstance(crop_source(Recipe(steps=1)), Synthetic)
    recipe = Recipe(
        steps=1,
        crops=(CropMix(scale=2, crop=64, batch=2),),
        maps=(
            Maps(share=2),
            Maps(source="shards", folder=str(shards)),
            Maps(source="pyramid", folder=str(pyramid)),
            Maps(source="folder", folder=str(maps), encoding="disparity"),
        ),
    )
    assert recipe_from_dict(recipe_to_dict(recipe)) == recipe
    source = crop_source(recipe)
    kinds = Counter(source.crops(0, range(100), 16).kinds)
    assert set(kinds) == {"inverse_depth", "disparity", "depth"}
    assert kinds["disparity"] > kinds["depth"]
    assert isinstance(next(iter(Batches(0, recipe.crops, source))).hr_depth, torch.Tensor)


@pytest.mark.parametrize(
    ("maps", "told"),
    [
        ([{"source": "shards"}], "need one"),
        ([{"folder": "x"}], "scenes have none"),
        ([{"source": "shards", "folder": "x", "encoding": "mm"}], "encoding is for a folder"),
        ([{"share": 0}], "give a positive number"),
        ([{"source": "web"}], "allowed are scenes, shards, pyramid, folder"),
        ([], "maps is empty"),
    ],
)
def test_maps_that_cannot_be_are_told(maps, told):
    with pytest.raises(ConfigError, match=told):
        recipe_from_dict({"steps": 1, "maps": maps})


@pytest.mark.filterwarnings("ignore:This DataLoader will create")
def test_validation_is_on_what_the_folders_hold_apart(pyramid, shards, tmp_path):
    plain, folders = Recipe(steps=1), Maps(source="pyramid", folder=str(pyramid))
    assert isinstance(validation_source(plain), Synthetic)
    # All of these scenes train, and so does every scan of the pyramid but 1.
    unsplit = dataclasses.replace(plain, maps=(folders, Maps(source="shards", folder=str(shards))))
    assert isinstance(validation_source(unsplit), Synthetic)
    head, *rows = (pyramid / "train.csv").read_text().splitlines(keepends=True)
    (pyramid / "train.csv").write_text(head + "".join(rows[:-1]))
    (pyramid / "valid.csv").write_text(head + rows[-1])
    source = validation_source(unsplit)
    assert isinstance(source, Pyramid)
    held_apart = source.crops(0, range(8), 64).hr_depth
    assert {int(10 * crop.max()) for crop in held_apart} == {8}


def test_what_is_wrong_with_maps_is_one_line_and_no_run(shards, maps, tmp_path, capsys):
    from dsdmsr.app.cli import main

    (tmp_path / "recipe.yaml").write_text(
        "{steps: 2, workers: 1, crops: [{scale: 2, crop: 32, batch: 2}], "
        "model: {scale: 2, width: [4]}, maps: [{source: shards, folder: nowhere}]}"
    )
    command = ["train", "--recipe", str(tmp_path / "recipe.yaml"), "--run-dir", str(tmp_path / "r")]
    assert main(command) == 2
    assert "nowhere/train.csv is missing" in capsys.readouterr().err
    assert not (tmp_path / "r").exists()
    first = min(shards.glob("*.tar"))
    first.write_bytes(b"\xff" * first.stat().st_size)
    assert main([*command, "--maps", str(shards)]) == 2
    error = capsys.readouterr().err
    assert "train-00000.tar is damaged" in error
    assert "Traceback" not in error
    with pytest.raises(EncodingError, match="'bogus' is unknown"):
        Maps(source="folder", folder=str(maps), encoding="bogus")


@pytest.mark.filterwarnings("ignore:This DataLoader will create")
def test_a_network_trains_on_shards_and_its_card_says_so(shards, tmp_path):
    from dsdmsr.training.fit import fit
    from dsdmsr.training.run import package_run

    recipe = dataclasses.replace(
        load_recipe("smoke").lasting(steps=3),
        maps=(Maps(source="shards", folder=str(shards)), Maps()),
        scenes=SCENES,
        workers=2,
    )
    fit(recipe, tmp_path / "run", device="cpu")
    card = (package_run("mine", tmp_path / "run") / "README.md").read_text()
    assert "no real map" not in card
    assert f"`{shards.name}`, and scenes rendered by the package" in card
    assert "bind" in card
