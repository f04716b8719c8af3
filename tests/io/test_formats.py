from __future__ import annotations

import pytest

from dsdmsr import DepthMap, read_depth, write_depth
from dsdmsr.errors import FileError
from dsdmsr.io import check_output


@pytest.mark.parametrize("suffix", [".tif", ".exr", ".h5"])
def test_a_missing_library_is_named_before_any_work(tmp_path, monkeypatch, suffix):
    path = tmp_path / f"a{suffix}"
    write_depth(path, DepthMap([[1.0]]))
    monkeypatch.setattr("dsdmsr.io.formats.find_spec", lambda name: None)
    for act in (lambda: read_depth(path), lambda: check_output(tmp_path / f"b{suffix}")):
        with pytest.raises(FileError, match=r"pip install 'dsdmsr\[io\]'") as caught:
            act()
        assert suffix in str(caught.value)
