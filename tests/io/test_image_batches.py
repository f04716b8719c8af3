"""Batches of images with masks, in arrays and in 16-bit files."""

from __future__ import annotations

import json

import cv2
import numpy as np
import pytest
from PIL import Image

from dsdmsr import DepthMap
from dsdmsr.errors import ConfigError, DepthError, OutputExistsError
from dsdmsr.io.image_batches import batch_of, maps_of, read_batch, write_frames


def images(values):
    """Return grey values, b×h×w, as images."""
    return np.repeat(np.float32(values)[..., None], 3, axis=3)


@pytest.fixture
def grey(rng):
    return rng.random((2, 5, 7)).astype(np.float32)


def test_batches_come_back(grey):
    mask = np.zeros((2, 5, 7), np.float32)
    mask[0, 1, 2:4] = 1
    maps = maps_of(images(grey), mask)
    assert [depth.kind for depth in maps] == ["inverse_depth"] * 2
    back, holes = batch_of(maps)
    assert (back.dtype, holes.dtype) == (np.float32, np.float32)
    np.testing.assert_array_equal(back, images(grey * (mask == 0)))
    np.testing.assert_array_equal(holes, mask)


@pytest.mark.parametrize(
    "mask",
    [
        None,
        np.zeros((1, 64, 64), np.float32),  # LoadImage's, of a picture without alpha
        np.full((2, 5, 7), 0.5, np.float32),
    ],
)
def test_a_mask_without_holes_may_have_any_size(grey, mask):
    assert all(depth.valid.all() for depth in maps_of(images(grey), mask))


@pytest.mark.parametrize("shape", [(5, 7), (1, 5, 7)])
def test_one_mask_serves_all_images(grey, shape):
    mask = np.zeros(shape, np.float32)
    mask[..., 3, 4] = 1
    for depth in maps_of(images(grey), mask):
        assert np.argwhere(~depth.valid).tolist() == [[3, 4]]


def test_what_is_not_finite_is_a_hole(grey):
    grey[1, 0, :2] = np.nan, np.inf
    assert [int((~depth.valid).sum()) for depth in maps_of(images(grey))] == [0, 2]


def test_channels_may_differ_by_what_a_lossy_file_changes(grey):
    lossy = images(grey)
    lossy[..., 1] += 1 / 255
    np.testing.assert_array_equal(maps_of(lossy)[0].values, grey[0])
    lossy[0, 0, 0, 2] += 0.1
    with pytest.raises(DepthError, match="the images have colours: give grey depth"):
        maps_of(lossy)


@pytest.mark.parametrize("shape", [(5, 7, 3), (2, 5, 7), (2, 5, 7, 2), (0, 5, 7, 3)])
def test_other_shapes_are_refused(shape):
    with pytest.raises(DepthError, match="give b×h×w×3"):
        maps_of(np.zeros(shape, np.float32))


@pytest.mark.parametrize("shape", [(2, 64, 64), (3, 5, 7)])
def test_masks_of_other_shapes_are_refused(grey, shape):
    with pytest.raises(DepthError, match="give one mask each"):
        maps_of(images(grey), np.ones(shape, np.float32))


@pytest.mark.parametrize("zero", ["value", "hole"])
def test_files_of_16_bits_keep_each_number(tmp_path, zero):
    numbers = np.arange(65536, dtype=np.uint16).reshape(256, 256)
    cv2.imwrite(str(tmp_path / "in.png"), numbers)
    batch = read_batch(tmp_path / "in.png", zero=zero)
    assert batch[0].shape == (1, 256, 256, 3)
    assert np.argwhere(batch[1]).tolist() == ([[0, 0, 0]] if zero == "hole" else [])
    (name,) = write_frames(tmp_path, "out", 7, maps_of(*batch), {})
    assert name == "out_00007_.png"
    back = cv2.imread(str(tmp_path / name), cv2.IMREAD_UNCHANGED)
    np.testing.assert_array_equal(back, numbers)


def test_values_that_would_be_holes_are_1(tmp_path):
    depth = DepthMap([[0.0, 1e-6, 1.0, 0.3]], [[True, True, True, False]], kind="inverse_depth")
    whole = DepthMap([[0.0, 1e-6, 1.0]], kind="inverse_depth")
    names = write_frames(tmp_path, "a%batch_num%", 1, [depth, whole], {})
    assert names == ["a0_00001_.png", "a1_00002_.png"]
    found = [cv2.imread(str(tmp_path / name), cv2.IMREAD_UNCHANGED)[0].tolist() for name in names]
    assert found == [[1, 1, 65535, 0], [0, 0, 65535]]


def test_files_hold_the_workflow(tmp_path):
    notes = {"prompt": {"1": {"class_type": "é"}}, "workflow": None}
    (name,) = write_frames(tmp_path / "new", "a", 1, [DepthMap([[0.5]])], notes)
    with Image.open(tmp_path / "new" / name) as image:
        assert {key: json.loads(text) for key, text in image.text.items()} == {
            "prompt": notes["prompt"]
        }


def test_nothing_is_overwritten_or_clipped(tmp_path):
    depth = DepthMap([[0.5]], kind="inverse_depth")
    write_frames(tmp_path, "a", 1, [depth], {})
    with pytest.raises(OutputExistsError, match=r"a_00001_\.png"):
        write_frames(tmp_path, "a", 1, [depth], {})
    with pytest.raises(DepthError, match=r"values are 7.5 to 7.5, .* 0 to 1: normalise"):
        write_frames(tmp_path, "b", 1, [depth, DepthMap([[7.5]], kind="inverse_depth")], {})
    assert [path.name for path in tmp_path.iterdir()] == ["a_00001_.png"]


def test_files_of_floats_stay_as_they_are(tmp_path):
    path = tmp_path / "depth.npy"
    np.save(path, np.float32([[0.0, 2.5, np.nan]]))
    values, mask = read_batch(path, zero="value")
    assert values[0, 0, :2, 0].tolist() == [0, 2.5]
    assert mask[0, 0].tolist() == [0, 0, 1]


def test_0_is_a_value_or_a_hole(tmp_path):
    np.save(tmp_path / "a.npy", np.zeros((2, 2), np.uint8))
    with pytest.raises(ConfigError, match="zero is 'none': allowed are value, hole"):
        read_batch(tmp_path / "a.npy", zero="none")
