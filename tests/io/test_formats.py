from __future__ import annotations

import re
import sys
from dataclasses import dataclass, fields
from pathlib import Path

import pytest

from dsdmsr import DepthMap, read_depth, write_depth
from dsdmsr.depth.metadata import Metadata
from dsdmsr.depth.places import Georeference, ImageWindow
from dsdmsr.errors import ConfigError, DependencyError, FileError
from dsdmsr.io import check_output, left_out
from dsdmsr.io.formats import FORMATS, check_suffix, format_of, format_option, suffix_written


@pytest.mark.parametrize(
    ("suffix", "module"), [(".tif", "tifffile"), (".exr", "OpenEXR"), (".h5", "h5py")]
)
def test_a_missing_library_is_named_before_any_work(tmp_path, monkeypatch, suffix, module):
    path = tmp_path / f"a{suffix}"
    write_depth(path, DepthMap([[1.0]]))
    monkeypatch.setitem(sys.modules, module, None)
    for act in (lambda: read_depth(path), lambda: check_output(tmp_path / f"b{suffix}")):
        with pytest.raises(DependencyError, match=r"pip install .*\[io\]'") as caught:
            act()
        assert suffix in str(caught.value)


@pytest.mark.parametrize("suffix", FORMATS)
def test_the_functions_of_a_format_are_there_and_take_a_file(tmp_path, suffix):
    format_ = FORMATS[suffix]
    if format_.needs is not None:
        pytest.importorskip(format_.needs)
    path = tmp_path / f"a{suffix}"
    path.write_bytes(b"")
    with pytest.raises((FileError, DependencyError, OSError)):
        format_.read(path, None) if format_.selects else format_.read(path)


def test_the_option_of_a_format_names_those_that_can_be_written():
    @dataclass
    class Options:
        format: str | None = format_option("the maps", "the input")

    (option,) = fields(Options)
    assert Options().format is None
    written = [suffix[1:] for suffix, each in FORMATS.items() if each.write is not None]
    names = option.metadata["help"].removeprefix("The format of the maps: ")
    names, default = names.split(". ", 1)
    assert default == "Default: that of the input."
    assert {"png", "tif", "exr"} <= set(names.split(", ")) <= set(written)
    assert list(option.metadata) == ["help"]
    with pytest.raises(ConfigError, match=f": allowed are {re.escape(names)}$"):
        check_suffix("doc")


@pytest.mark.parametrize(
    ("name", "suffix"), [(None, None), ("png", ".png"), (".PNG", ".png"), ("TIFF", ".tiff")]
)
def test_a_format_may_be_named_with_a_dot_and_in_capitals(name, suffix):
    assert check_suffix(name) == suffix


@pytest.mark.parametrize("name", ["jpg", "..png", "", "heic", "nc"])
def test_formats_that_are_only_read_cannot_be_written(name):
    with pytest.raises(ConfigError, match=f"^format is {re.escape(repr(name))}"):
        check_suffix(name)


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("a.doc", f"a.doc ends in .doc: allowed are {', '.join(FORMATS)}"),
        ("a", f"a ends in no suffix: allowed are {', '.join(FORMATS)}"),
        ("a.png#2", "a.png#2: a .png file holds one map: leave #2 out"),
    ],
)
def test_paths_of_no_format_are_refused(path, says):
    with pytest.raises(FileError, match=f"^{re.escape(says)}$"):
        format_of(Path(path))


@pytest.mark.parametrize(
    ("path", "suffix"),
    [
        ("a.png", ".png"),
        ("a.jpg", ".npy"),
        ("a.heic", ".npy"),
        ("a.nc", ".h5"),
        ("a.tiff", ".tiff"),
        ("a.npz#x", ".npz"),
        ("a.doc", ".doc"),
    ],
)
def test_outputs_of_what_is_only_read_have_another_suffix(path, suffix):
    assert suffix_written(Path(path)) == suffix


@pytest.mark.parametrize(
    ("metadata", "keeps", "what"),
    [
        (Metadata(georeference=Georeference()), ".tif", "georeference"),
        (
            Metadata(window=ImageWindow(left=0, top=0, display=(0, 0, 1, 1))),
            ".exr",
            "data window",
        ),
    ],
)
def test_what_a_format_cannot_hold_is_said(metadata, keeps, what):
    for suffix in (".png", ".npy", ".dpt"):
        name = suffix[1:].upper()
        says = f"a {name} holds no {what}: it is left out; write {keeps} to keep it"
        assert left_out(Path(f"a{suffix}"), metadata) == [says]
    assert left_out(Path(f"a{keeps}"), metadata) == []
    assert left_out(Path("a.png"), Metadata()) == []
