from __future__ import annotations

import io
import json
import os
import pty
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from dsdmsr.io import SUFFIXES
from dsdmsr.io.content import HEAD, suffix_of_content

FAST = ("--scale", "2", "--model", "dsdmsr-fast", "--device", "cpu")


def piped(*arguments: object, given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "dsdmsr", *map(str, arguments)]
    return subprocess.run(command, input=given, capture_output=True, timeout=120)


def refused(*arguments: object, given: bytes = b"") -> str:
    done = piped(*arguments, given=given)
    assert (done.returncode, done.stdout) == (2, b"")
    (line,) = done.stderr.decode().splitlines()
    return line.removeprefix("dsdmsr: ")


def test_a_map_goes_through_a_pipe(small, tmp_path):
    done = piped("upscale", "-", "-o", "-", *FAST, given=small.read_bytes())
    assert done.returncode == 0
    beside = tmp_path / "file.png"
    assert piped("upscale", small, "-o", beside, *FAST).returncode == 0
    assert done.stdout == beside.read_bytes()
    (remark,) = done.stderr.decode().splitlines()
    assert remark.startswith("standard input: read as mm: ")


def test_the_format_of_the_output_can_be_another(small):
    done = piped("upscale", "-o", "-", "--format", "npy", *FAST, "-", given=small.read_bytes())
    assert done.returncode == 0, done.stderr
    made = np.load(io.BytesIO(done.stdout))
    assert made.shape == (12, 16)
    again = piped("info", "-", "--json", "--encoding", "mm", given=done.stdout)
    told = json.loads(again.stdout)
    assert (told["path"], told["shape"], told["encoding"]) == ("-", [12, 16], "mm")


def test_standard_input_goes_to_files_and_points(small, tmp_path):
    done = piped("upscale", "-", "-o", tmp_path / "out", *FAST, given=small.read_bytes())
    assert done.stdout.decode() == f"wrote {tmp_path / 'out' / 'stdin.png'}\n"
    camera = ("--intrinsics", "9,9,4,3")
    done = piped("cloud", "-", "-o", tmp_path / "c.ply", *camera, given=small.read_bytes())
    assert b"wrote 47 points" in done.stdout


@pytest.mark.parametrize(
    ("given", "arguments", "said"),
    [
        (b"", "info -", "standard input is empty: pipe a depth file into it"),
        (b"text", "info -", "standard input is of no format that its first bytes tell"),
        (b"\x89PNG\r\n\x1a\n\0\0", "info -", "standard input is"),
        (b"", "info - -", "standard input (-) is given twice"),
        (b"", "upscale - -o - --scale 2 --size 9x9", "give a scale or a size"),
        (b"", "evaluate --maps -", "see 'dsdmsr evaluate --help'"),
    ],
)
def test_what_does_not_fit_a_pipe_is_one_line(given, arguments, said):
    assert said in refused(*arguments.split(), given=given)


def test_one_stream_holds_one_map(small):
    ask = ("upscale", small, small, "-o", "-", *FAST)
    assert refused(*ask) == "2 inputs, but standard output is one: give -o a folder"
    said = "--confidence can't be standard output: give it a file"
    assert refused("upscale", small, "-o", "-", "--confidence", "-", *FAST) == said


def test_a_reader_that_stops_ends_the_command_quietly(small):
    command = [sys.executable, "-m", "dsdmsr", "upscale", str(small), "-o", "-", *FAST]
    process = subprocess.Popen(
        [*command, "--encoding", "mm"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    process.stdout.close()
    assert process.stderr.read() == b""
    process.stderr.close()
    assert process.wait(timeout=120) == 1


def test_terminals_are_no_files(small):
    leader, terminal = pty.openpty()
    command = [sys.executable, "-m", "dsdmsr"]
    try:
        for arguments, said in (
            (["info", "-"], "standard input is a terminal: pipe a depth file into it"),
            (["upscale", small, "-o", "-", *FAST], "standard output is a terminal: send it on"),
        ):
            done = subprocess.run(
                [*command, *arguments],
                stdin=terminal,
                stdout=terminal,
                stderr=subprocess.PIPE,
                timeout=120,
            )
            assert (done.returncode, said in done.stderr.decode()) == (2, True)
    finally:
        os.close(leader)
        os.close(terminal)


def test_formats_are_told_by_their_first_bytes(tmp_path):
    numbers = np.ones((3, 4), np.uint16)
    image = Image.fromarray(numbers)
    for suffix in (".png", ".tif", ".pgm"):
        path = tmp_path / f"a{suffix}"
        image.save(path, format={".pgm": "PPM"}.get(suffix))
        assert suffix_of_content(path.read_bytes()[:HEAD]) == suffix
    np.save(tmp_path / "a.npy", numbers)
    np.savez(tmp_path / "a.npz", numbers)
    for suffix in (".npy", ".npz"):
        assert suffix_of_content((tmp_path / f"a{suffix}").read_bytes()[:HEAD]) == suffix
    for head, suffix in (
        (b"Pf\n4 3\n", ".pfm"),
        (b"PIEH", ".dpt"),
        (b"\x89HDF\r\n\x1a\n", ".h5"),
        (b"MATLAB 7.3 MAT-file", ".mat"),
        (b"\x76\x2f\x31\x01", ".exr"),
    ):
        assert suffix_of_content(head) == suffix
        assert suffix in SUFFIXES
    for head in (b"", b"P", b"\x89PN", b"\xff\xd8\xff"):
        assert suffix_of_content(head) is None
