from __future__ import annotations

import numpy as np

from dsdmsr import read_depth


def test_exr_is_its_only_channel_or_z(tmp_path):
    import OpenEXR

    header = {"compression": OpenEXR.ZIP_COMPRESSION, "type": OpenEXR.scanlineimage}
    ramp = np.arange(6, dtype=np.float32).reshape(2, 3)
    for name, channels in {
        "half": {"Y": ramp.astype(np.float16)},
        "several": {"R": 0 * ramp, "G": 0 * ramp, "B": 0 * ramp, "Z": ramp},
    }.items():
        with OpenEXR.File(header, channels) as file:
            file.write(str(tmp_path / f"{name}.exr"))
        depth = read_depth(tmp_path / f"{name}.exr")
        np.testing.assert_array_equal(depth.values, ramp)
        assert depth.encoding == "float"
