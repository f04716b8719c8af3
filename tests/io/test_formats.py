from __future__ import annotations

import sys

import pytest

from dsdmsr import DepthMap, read_depth, write_depth
from dsdmsr.errors import DependencyError
from dsdmsr.io import check_output


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
