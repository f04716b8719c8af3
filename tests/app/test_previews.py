from __future__ import annotations

import numpy as np
import pytest
from PIL import Image
from testing.command import refused, run

from dsdmsr.pictures.colours import INVALID

UPSCALE = ("--scale", 2, "--model", "dsdmsr-fast", "--device", "cpu")


def pixels(path) -> np.ndarray:
    with Image.open(path) as picture:
        assert picture.format == "PNG"
        return np.asarray(picture.convert("RGB"))


@pytest.fixture
def frames(tmp_path, small):
    """Fourteen copies of the small map."""
    folder = tmp_path / "frames"
    folder.mkdir()
    for number in range(14):
        (folder / f"{number}.png").write_bytes(small.read_bytes())
    return folder


def test_a_preview_is_written_beside_the_result(capsys, tmp_path, small):
    picture, big, plain = tmp_path / "new" / "look.PNG", tmp_path / "big.png", tmp_path / "b.png"
    code, out, _ = run(capsys, "upscale", small, "-o", big, *UPSCALE, "--preview", picture)
    assert (code, out) == (0, f"wrote {big}\n")
    shown = pixels(picture)
    assert 1900 < shown.shape[1] <= 2080
    assert (shown == INVALID).all(-1).sum() > 6 * 1000, "the hole, in six pictures"
    assert run(capsys, "upscale", small, "-o", plain, *UPSCALE)[0] == 0
    assert plain.read_bytes() == big.read_bytes()


@pytest.mark.parametrize("suffix", ["npy", "png"])
def test_a_result_in_bands_has_the_same_preview(capsys, tmp_path, small, suffix):
    looks = []
    for tile in (3, "auto"):
        picture, out = tmp_path / f"{tile}.png", tmp_path / f"{tile}-out.{suffix}"
        ask = ("--tile", tile, "--preview", picture)
        assert run(capsys, "upscale", small, "-o", out, *UPSCALE, *ask)[0] == 0
        looks.append(pixels(picture).astype(int))
    assert np.abs(looks[0] - looks[1]).max() <= 2


def test_a_folder_becomes_a_contact_sheet_of_its_first_files(capsys, tmp_path, frames):
    picture = tmp_path / "sheet.png"
    (frames / "0.png").write_bytes(b"broken")
    ask = ("upscale", frames, "-o", tmp_path / "out", *UPSCALE, "--preview", picture)
    code, _, err = run(capsys, *ask)
    assert code == 1
    assert f"{picture} shows the first 12 files; 1 more is left out" in err
    assert len(list((tmp_path / "out").iterdir())) == 13
    first = pixels(picture)
    assert first.shape[1] <= 2080
    # A row for each file: no hole is further up than the first row's.
    rows = (first == INVALID).all(-1).sum(1) > 6 * 8
    assert np.count_nonzero(rows[1:] & ~rows[:-1]) == 12


def test_no_picture_is_written_where_nothing_could_be_upscaled(capsys, tmp_path):
    for name in "ab":
        (tmp_path / f"{name}.png").write_bytes(b"broken")
    picture = tmp_path / "new" / "look.png"
    files = (tmp_path / "a.png", tmp_path / "b.png")
    code, _, err = run(
        capsys, "upscale", *files, "-o", tmp_path / "out", *UPSCALE, "--preview", picture
    )
    assert code == 1
    assert err.count("failed: ") == 2
    assert not picture.exists()


@pytest.mark.parametrize("several", [False, True])
def test_previews_that_are_refused(capsys, tmp_path, small, frames, several):
    out, old = tmp_path / "out.png", tmp_path / "old.png"
    old.write_text("mine")
    ask = ("upscale", small, "-o", out, *UPSCALE)
    if several:
        out = tmp_path / "out"
        ask = ("upscale", frames, "-o", out, *UPSCALE)
    target, source = (out / "1.png", frames / "1.png") if several else (out, small)
    for preview, says in [
        (tmp_path / "look.jpg", "look.jpg is no PNG file: give the picture a name that ends in"),
        (tmp_path / "look", "is no PNG file"),
        ("-", "- is no PNG file"),
        (old, "old.png exists"),
        (target, "is an input or an output, too: give --preview another name"),
        (source, "is an input or an output, too: give --preview another name"),
        (small / "look.png", "cannot be written"),
    ]:
        assert says in refused(capsys, *ask, "--preview", preview)
        assert not out.exists()
    assert old.read_text() == "mine"
    assert "leave one of them out" in refused(capsys, *ask, "--preview", "p.png", "--resume")
    assert run(capsys, *ask, "--preview", old, "--overwrite")[0] == 0
    assert pixels(old).shape[2] == 3


def test_marks_and_preview_are_two_files(capsys, tmp_path, small):
    both = tmp_path / "both.png"
    ask = ("--fill", 1, "--filled", both, "--preview", both)
    line = refused(capsys, "upscale", small, "-o", tmp_path / "out.png", *UPSCALE, *ask)
    assert "both.png is an input or an output, too" in line


def test_a_frame_without_a_value_has_its_row(capsys, tmp_path, small, frames):
    for number in range(2, 14):
        (frames / f"{number}.png").unlink()
    Image.fromarray(np.zeros((6, 8), np.uint16)).save(frames / "1.png")
    picture = tmp_path / "look.png"
    ask = ("upscale", frames, "-o", tmp_path / "out", *UPSCALE, "--preview", picture)
    assert run(capsys, *ask)[0] == 0
    holes = (pixels(picture) == INVALID).all(-1)
    assert holes[holes.shape[0] // 2 :].sum() > 20 * holes[: holes.shape[0] // 2].sum()


def test_info_shows_the_map_and_its_relief(capsys, tmp_path, small, frames):
    picture = tmp_path / "look.png"
    plain = run(capsys, "info", small)
    assert run(capsys, "info", small, "--preview", picture) == plain
    single = pixels(picture)
    assert single.shape[1] > 1200
    assert (single == INVALID).all(-1).sum() > 2 * 1000
    assert "look.png exists" in refused(capsys, "info", small, "--preview", picture)
    ask = ("info", frames, "--preview", picture, "--overwrite")
    code, _, err = run(capsys, *ask)
    assert code == 0
    assert "shows the first 12 files; 2 more are left out" in err
    assert pixels(picture).shape[0] > 2 * single.shape[0]
    assert "no PNG file" in refused(capsys, "info", small, "--preview", tmp_path / "look.gif")
    assert "an input" in refused(capsys, "info", small, "--preview", small, "--overwrite")


def test_an_interrupt_leaves_no_half_picture(capsys, tmp_path, small, monkeypatch):
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("dsdmsr.pictures.comparison.Comparison.strip", interrupt)
    folder = tmp_path / "looks"
    ask = ("upscale", small, "-o", tmp_path / "big.png", *UPSCALE)
    assert run(capsys, *ask, "--preview", folder / "look.png")[0] == 130
    assert not list(folder.iterdir())
