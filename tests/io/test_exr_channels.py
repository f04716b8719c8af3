"""Which of an OpenEXR's channels is depth, by their names alone."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from dsdmsr.errors import FileError
from dsdmsr.io.exr_channels import Channel, choose_channels

PATH = Path("in") / "a.exr"


def named(*names: str) -> list[Channel]:
    """Return channels, PART:NAME or NAME; parts are numbered as they come."""
    parts = list(dict.fromkeys(name.rpartition(":")[0] for name in names))
    split = [name.rpartition(":") for name in names]
    return [Channel(parts.index(part), part, name) for part, _, name in split]


def chosen(*names: str, member: str | None = None) -> tuple[list[str], str | None]:
    choice = choose_channels(named(*names), member, PATH)
    return [channel.name for channel in choice.channels], choice.note


def refused(says: str):
    return pytest.raises(FileError, match=f"^{re.escape(says)}$")


RANKED = ["Z", "Depth.Z", "depth.V", "ZDepth", "other.Z", "distance"]


@pytest.mark.parametrize("rank", range(len(RANKED)))
def test_the_first_line_of_the_table_decides(rank):
    names = ["R", *reversed(RANKED[rank:])]
    note = f"of its {len(names)} channels, {RANKED[rank]} is taken for depth; #NAME names another"
    assert chosen(*names) == ([RANKED[rank]], note)


@pytest.mark.parametrize(
    "name",
    [
        "z",
        "View Layer.Depth.Z",
        "a/zbuffer/z",
        "DepthZ.Z",
        "PZ.V",
        "World_Depth.R",
        "depth.T",
        "depth.G",
        "Pz",
        "depth-z",
        "camera depth",
        "x.zbuffer",
        "other.Z",
        "distance.V",
        "ray_distance",
        "dd.y.T",
        "Denoising Depth.Z",
    ],
)
def test_a_name_of_depth_is_chosen_among_others(name):
    note = f"of its 3 channels, {name} is taken for depth; #NAME names another"
    assert chosen("Image.Q", name, "Image.S") == ([name], note)


@pytest.mark.parametrize(
    "name",
    [
        "Mist.Z",
        "mistdepth",
        "RayDepth",
        "trace_depth",
        "bit.depth2.bitdepth",
        "N.Z",
        "normals.Z",
        "P.Z",
        "position.Z",
        "Vector.Z",
        "uv.Z",
        "motion.Z",
        "other.distances",
        "depths",
        "denoising depth.V",
    ],
)
def test_a_name_of_something_else_is_never_depth(name):
    listed = f"Image.Q, {name}, Image.S"
    says = f"{PATH} holds {listed}, of which none is called depth: name one, as in a.exr#NAME"
    with refused(says):
        chosen("Image.Q", name, "Image.S")


@pytest.mark.parametrize("prefix", ["", "a."])
@pytest.mark.parametrize("letter", ["", "p"])
def test_the_third_of_three_coordinates_is_no_depth(prefix, letter):
    names = [f"{prefix}{letter}{axis}" for axis in "xyz"]
    with pytest.raises(FileError, match="none is called depth"):
        chosen(*names)
    assert chosen(*names[1:])[0] == names[2:]
    assert chosen(names[0], names[2])[0] == names[2:]


@pytest.mark.parametrize("names", ["RGB", "RGBA"])
def test_equal_colours_of_a_layer_of_depth_are_read_together(names):
    colours = [f"Depth.{name}" for name in reversed(names)]
    said = f"of its {len(names) + 1} channels, Depth.R is taken for depth; #NAME names another"
    read, note = chosen("Q", *colours)
    assert read == ["Depth.R", "Depth.G", "Depth.B"]
    assert note == said


def test_alpha_beside_the_only_channel_of_depth_is_left_aside():
    assert chosen("Depth.A", "Depth.V")[0] == ["Depth.V"]
    assert chosen("Depth.A", "Depth.B", "Depth.Z")[0] == ["Depth.Z"]
    assert chosen("Depth.A", "Q") == (
        ["Depth.A"],
        "of its 2 channels, Depth.A is taken for depth; #NAME names another",
    )


@pytest.mark.parametrize(
    ("names", "read"),
    [
        (["Q"], ["Q"]),
        (["B", "R", "G"], ["R", "G", "B"]),
        (["A", "B", "G", "R"], ["R", "G", "B", "A"]),
        (["A", "Y"], ["Y", "A"]),
        (["l.A", "l.Y"], ["l.Y", "l.A"]),
        (["Depth"], ["Depth"]),
    ],
)
def test_the_only_picture_is_read_without_a_word(names, read):
    assert chosen(*names) == (read, None)


@pytest.mark.parametrize(
    ("names", "listed"),
    [
        ([], "no channels"),
        (["R", "G"], "R, G"),
        (["l.R", "l.G", "m.B"], "l.R, l.G, m.B"),
        (["R", "G", "B", "Q"], "R, G, B, Q"),
        (["mist.V"], "mist.V"),
        ([f"c{n}" for n in range(24)], ", ".join(f"c{n}" for n in range(24))),
        ([f"c{n}" for n in range(26)], ", ".join(f"c{n}" for n in range(24)) + " and 2 more"),
    ],
)
def test_channels_of_which_none_is_depth_are_listed(names, listed):
    says = f"{PATH} holds {listed}, of which none is called depth: name one, as in a.exr#NAME"
    with refused(says):
        chosen(*names)


def test_several_channels_of_depth_are_listed():
    says = f"{PATH} has 2 channels of depth, a.Depth.Z, b.Depth.Z: name one, as in a.exr#a.Depth.Z"
    with refused(says):
        chosen("R", "a.Depth.Z", "b.Depth.Z", "distance")
    says = f"{PATH} has 2 channels of depth, left:Z, right:Z: name one, as in a.exr#left:Z"
    with refused(says):
        choose_channels([Channel(0, "left", "Z"), Channel(1, "right", "Z")], None, PATH)


def test_a_part_is_the_outermost_layer():
    assert Channel(0, "Left", "Depth.Z").levels == ["left", "depth", "z"]
    assert Channel(0, "Left", "left.Depth/Z").levels == ["left", "depth", "z"]
    assert Channel(0, "Z", "z").levels == ["z"]
    assert Channel(0, "", "A.Z").levels == ["a", "z"]
    assert Channel(0, "le", "left.Z").levels == ["le", "left", "z"]
    assert chosen("Depth:V", "Image:R", "Image:G")[0] == ["V"]


@pytest.mark.parametrize(
    ("member", "part", "name"),
    [
        ("Z", 0, "Z"),
        ("one:Z", 0, "Z"),
        ("0:Z", 0, "Z"),
        ("two:a.Z", 1, "a.Z"),
        ("1:a.Z", 1, "a.Z"),
        ("a", 1, "a.Z"),
        ("three", 2, "b.c.Y"),
        ("b.c", 2, "b.c.Y"),
    ],
)
def test_a_channel_has_several_spellings(member, part, name):
    channels = named("one:Z", "one:R", "two:a.Z", "two:R", "three:b.c.Y")
    choice = choose_channels(channels, member, PATH)
    assert [(channel.part, channel.name) for channel in choice.channels] == [(part, name)]
    assert choice.note is None


@pytest.mark.parametrize(
    ("member", "says"),
    [
        ("Q", "names no channels: allowed are one:Z, one:R, two:R, a.Y"),
        ("b", "names no channels: allowed are one:Z, one:R, two:R, a.Y"),
        ("R", "names 2 channels: allowed are one:R, two:R"),
        ("one", "names 2 channels: allowed are one:Z, one:R"),
    ],
)
def test_a_name_that_is_not_one_channels_is_refused(member, says):
    channels = [
        Channel(0, "one", "Z"),
        Channel(0, "one", "R"),
        Channel(1, "two", "R"),
        Channel(2, "", "a.Y"),
    ]
    says = says.replace("one:Z", "Z")
    with refused(f"{PATH}#{member} {says}"):
        choose_channels(channels, member, PATH)


def test_a_part_without_a_name_goes_by_its_number():
    channels = [Channel(0, "", "Z"), Channel(1, "", "Z")]
    says = f"{PATH} has 2 channels of depth, 0:Z, 1:Z: name one, as in a.exr#0:Z"
    with refused(says):
        choose_channels(channels, None, PATH)
    assert choose_channels(channels, "1:Z", PATH).channels == (channels[1],)


@pytest.mark.parametrize(
    ("names", "member"),
    [(["error.Z"], None), (["error.Z", "R"], None), (["error.Z", "Z"], "error.Z")],
)
def test_expected_errors_are_no_depth(names, member):
    says = f"{PATH} holds the expected errors of a map, not depth: give the map's file"
    with refused(says):
        chosen(*names, member=member)


def test_expected_errors_beside_depth_are_left_aside():
    note = "of its 2 channels, Z is taken for depth; #NAME names another"
    assert chosen("error.Z", "Z") == (["Z"], note)
