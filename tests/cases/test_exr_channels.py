"""Depth in EXR files as renderers and compositors name it; written by the OpenEXR library."""

from __future__ import annotations

import numpy as np
import OpenEXR
import pytest
from testing.command import upscaled

from dsdmsr import read_depth
from dsdmsr.errors import FileError

RAMP = (2 + 0.01 * np.mgrid[0:24, 0:32][1]).astype(np.float32)
BLACK = np.zeros_like(RAMP)
NOISE = np.random.default_rng(0).uniform(-1, 1, RAMP.shape).astype(np.float32)


def header() -> dict[str, object]:
    return {"compression": OpenEXR.ZIP_COMPRESSION, "type": OpenEXR.scanlineimage}


def write(path, *parts) -> None:
    made = [OpenEXR.Part(header(), channels, name) for name, channels in parts]
    with OpenEXR.File(made) if len(made) > 1 else OpenEXR.File(header(), parts[0][1]) as file:
        file.write(str(path))


def group(layer: str, letters: str, numbers=NOISE) -> dict[str, np.ndarray]:
    return {
        (f"{layer}.{letter}" if layer else letter): numbers * (k + 1)
        for k, letter in enumerate(letters)
    }


NAMED = {
    "blender_multilayer": ({"ViewLayer.Depth.Z": RAMP, **group("ViewLayer.Combined", "RGBA")}),
    "cycles_with_mist_and_vectors": (
        {
            "View Layer.Depth.Z": RAMP,
            "View Layer.Mist.Z": NOISE,
            **group("View Layer.Normal", "XYZ"),
            **group("View Layer.Position", "XYZ"),
            **group("View Layer.Vector", "XYZW"),
        }
    ),
    "blender_4_file_output": {"Depth.V": RAMP, **group("Image", "RGB")},
    "arnold_aovs": {"Z": RAMP, **group("", "RGBA"), **group("N", "XYZ"), **group("P", "XYZ")},
    "nuke": {"depth.Z": RAMP, **group("", "RGBA"), "forward.u": NOISE, "forward.v": NOISE},
    "houdini": {"Pz": RAMP, **group("C", "RGBA")},
    "eevee_and_denoiser": {
        "ViewLayer.Denoising Depth.Z": NOISE,
        "ViewLayer.Depth.Z": RAMP,
        **group("ViewLayer.CryptoObject00", "rgba"),
    },
    "denoiser_alone": {"ViewLayer.Denoising Depth.Z": RAMP, **group("Image", "RGB")},
    "blender_2": {"RenderLayer.Depth.Z": RAMP, **group("RenderLayer.Combined", "RGBA")},
    "unity": {**{f"linearDepth.{letter}": RAMP for letter in "RGB"}, **group("", "RGB")},
    "deep_behind": {"Z": RAMP, "ZBack": NOISE},
    "mitsuba": {"depth.Y": RAMP, **group("", "RGB")},
    "mitsuba_3": {"depth.T": RAMP, **group("", "RGB"), **group("sh_normal", "XYZ")},
    "mitsuba_3_manual": {
        "dd.y.T": RAMP,
        **group("my_image", "RGBA"),
        **group("nn", "XYZ"),
        **group("duv_dx", "UV"),
    },
    "v_ray": {"ZDepth": RAMP, **group("", "RGBA")},
    "unreal": {
        **{f"FinalImage_WorldDepth.{letter}": RAMP for letter in "RGB"},
        "FinalImage_WorldDepth.A": BLACK,
        **group("", "RGBA"),
    },
    "zbuffer_with_bounces": {"RayDepth": NOISE, "ZBuffer": RAMP, **group("", "RGB")},
    "distance": {"distance.V": RAMP, **group("", "RGB")},
}


@pytest.mark.parametrize("name", NAMED)
def test_the_channel_that_is_depth_is_found_and_announced(tmp_path, name):
    write(tmp_path / "a.exr", ("", NAMED[name]))
    depth = read_depth(tmp_path / "a.exr")
    np.testing.assert_array_equal(depth.values, RAMP)
    assert any("is taken for depth" in note for note in depth.metadata.notes)


@pytest.mark.parametrize("name", ["Z", "V", "R", "Y", "Depth.V", "depth"])
@pytest.mark.parametrize("kind", [np.float16, np.float32, np.uint32])
def test_a_single_channel_is_depth_whatever_its_name_and_type(tmp_path, name, kind):
    numbers = (100 * RAMP).astype(kind)
    write(tmp_path / "a.exr", ("", {name: numbers}))
    np.testing.assert_array_equal(read_depth(tmp_path / "a.exr").values, numbers)


@pytest.mark.parametrize("compression", ["NO", "RLE", "ZIPS", "ZIP", "PIZ"])
def test_channels_are_found_under_any_compression(tmp_path, compression):
    kept = {
        "compression": getattr(OpenEXR, f"{compression}_COMPRESSION"),
        "type": OpenEXR.scanlineimage,
    }
    with OpenEXR.File(kept, {"ViewLayer.Depth.Z": RAMP, "ViewLayer.Mist.Z": NOISE}) as file:
        file.write(str(tmp_path / "a.exr"))
    np.testing.assert_array_equal(read_depth(tmp_path / "a.exr").values, RAMP)


def test_the_channel_that_is_depth_is_upscaled(tmp_path, capsys):
    write(tmp_path / "a.exr", ("", NAMED["blender_multilayer"]))
    large = read_depth(upscaled(capsys, tmp_path / "a.exr", scale=4))
    x = (np.arange(128) + 0.5) / 4 - 0.5
    assert np.abs(large.values - (2 + 0.01 * x))[8:-8, 8:-8].max() < 0.001


PARTS = {
    "mist_first": [("mist", {"V": BLACK + 0.5}), ("depth", {"Z": RAMP})],
    "colour_first": [("rgb", group("", "RGB")), ("depth", {"Z": RAMP})],
    "blender_5": [
        ("ViewLayer.Combined", group("ViewLayer.Combined", "RGBA")),
        ("ViewLayer.Depth", {"ViewLayer.Depth.V": RAMP}),
        ("ViewLayer.Mist", {"ViewLayer.Mist.V": NOISE}),
    ],
    "nuke_parts": [("rgba", group("", "RGBA")), ("depth", {"depth.Z": RAMP})],
    "normals_beside": [("normals", group("", "XYZ")), ("out", {**group("", "RG"), "Z": RAMP})],
}


@pytest.mark.parametrize("name", PARTS)
def test_the_part_that_has_depth_is_found(tmp_path, name):
    write(tmp_path / "a.exr", *PARTS[name])
    np.testing.assert_array_equal(read_depth(tmp_path / "a.exr").values, RAMP)


def test_equal_colours_are_depth_where_nothing_else_is(tmp_path):
    for letters, more in (("RGB", {}), ("RGB", {"A": BLACK + 1}), ("RGB", {"A": BLACK})):
        write(tmp_path / "a.exr", ("", {**dict.fromkeys(letters, RAMP), **more}))
        depth = read_depth(tmp_path / "a.exr")
        np.testing.assert_array_equal(depth.values, RAMP)
        assert depth.valid.all()
        assert any("are equal: read as grey" in note for note in depth.metadata.notes)
    holes = np.where(NOISE > 0, RAMP, np.float32(np.nan))
    write(tmp_path / "a.exr", ("", dict.fromkeys("RGB", holes)))
    np.testing.assert_array_equal(read_depth(tmp_path / "a.exr").valid, NOISE > 0)
    write(
        tmp_path / "a.exr",
        ("", {**dict.fromkeys("RGB", RAMP), "A": (NOISE > 0).astype(np.float32)}),
    )
    np.testing.assert_array_equal(read_depth(tmp_path / "a.exr").valid, NOISE > 0)


@pytest.mark.parametrize(
    ("parts", "says"),
    [
        (
            [("", {"ViewLayer.Mist.V": RAMP, **group("Image", "RGB")})],
            r"ViewLayer\.Mist\.V, of whi",
        ),
        ([("", {"mist.V": RAMP})], r"holds mist\.V, of which none is called depth: .*a\.exr#NAME"),
        ([("", {"Mist.V": RAMP, **dict.fromkeys("RGB", RAMP)})], "B, G, Mist.V, R, of which none"),
        ([("", group("", "XYZ"))], "X, Y, Z, of which none is called depth"),
        ([("", group("", "RGB"))], "a picture in colours"),
        ([("", dict.fromkeys("RGB", BLACK))], "a picture of a single colour"),
        ([("", {"a.Depth.Z": RAMP, "b.Depth.Z": NOISE})], r"2 channels of depth, a\.Depth\.Z, b"),
        ([("l", {"Z": RAMP}), ("r", {"Z": RAMP})], r"2 channels of depth, l:Z, r:Z.*a\.exr#l:Z"),
        ([("", {"error.Z": RAMP})], "expected errors of a map, not depth"),
    ],
)
def test_what_is_no_depth_or_may_be_several_is_refused(tmp_path, parts, says):
    write(tmp_path / "a.exr", *parts)
    with pytest.raises(FileError, match=says) as caught:
        read_depth(tmp_path / "a.exr")
    assert "\n" not in str(caught.value)


def test_a_name_picks_any_channel_of_any_part(tmp_path):
    write(
        tmp_path / "a.exr",
        ("main", {**group("", "RGB"), "Z": NOISE + 3, "Mist.V": NOISE + 5}),
        ("other", {"Z": RAMP}),
    )
    for member, expected in {
        "other:Z": RAMP,
        "1:Z": RAMP,
        "other": RAMP,
        "main:Z": NOISE + 3,
        "0:Z": NOISE + 3,
        "Mist.V": NOISE + 5,
        "Mist": NOISE + 5,
        "main:Mist.V": NOISE + 5,
    }.items():
        depth = read_depth(f"{tmp_path}/a.exr#{member}")
        np.testing.assert_array_equal(depth.values, expected)
        assert not depth.metadata.notes
    for member, says in {
        "Z": "names 2 channels: allowed are main:Z, other:Z",
        "Y": "names no channels: allowed are B, G, Mist.V, R, main:Z, other:Z",
        "main": "names 5 channels",
    }.items():
        with pytest.raises(FileError, match=says):
            read_depth(f"{tmp_path}/a.exr#{member}")
    write(tmp_path / "e.exr", ("", {"error.Z": RAMP, "Z": NOISE + 3}))
    np.testing.assert_array_equal(read_depth(tmp_path / "e.exr").values, NOISE + 3)
    with pytest.raises(FileError, match="expected errors"):
        read_depth(f"{tmp_path}/e.exr#error.Z")
