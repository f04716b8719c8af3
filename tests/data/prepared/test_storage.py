from __future__ import annotations

import numpy as np
import pytest

from dsdmsr.data.prepared.storage import extremes, restore, store
from dsdmsr.depth.map import DepthMap
from dsdmsr.io.png import pack_png, read_png


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("size", [(1, 1), (3, 5), (64, 33)])
def test_packed_pngs_are_what_pillow_reads(tmp_path, rng, dtype, size):
    numbers = rng.integers(0, np.iinfo(dtype).max + 1, size, dtype=dtype)
    (tmp_path / "a.png").write_bytes(pack_png(numbers))
    back = read_png(tmp_path / "a.png").numbers
    assert back.dtype == dtype
    np.testing.assert_array_equal(back, numbers)


@pytest.mark.parametrize(
    ("values", "quantum", "offset"),
    [
        ([[0.5, 0.93500], [0.6, 0]], 2e-5, 0.0),  # DTU
        ([[0.0, 3.0], [65534.0, 7.0]], 1.0, -1.0),  # 0 is a value, and still fits
        ([[-3.5, 2.0], [0.0, 1.0]], 0.25, -3.75),
        ([[0.0, 3.0], [65536.0, 7.0]], 1.0, None),  # doesn't fit: float
        ([[0.1, 1e9], [2.0, 3.0]], 1e-3, None),
        ([[0.1, 0.2], [0.3, 0.4]], None, None),
    ],
)
def test_stored_maps_come_back_within_half_a_step(values, quantum, offset):
    depth = DepthMap(values, np.array([[True, True], [True, False]]), kind="disparity")
    stored = store(depth, quantum, extremes(depth))
    assert (stored.quantum, stored.numbers.dtype) == (
        (None, np.float32) if offset is None else (quantum, np.uint16)
    )
    if offset is not None:
        assert stored.offset == pytest.approx(offset)
    back, valid = restore(stored.numbers, stored.quantum, stored.offset)
    np.testing.assert_array_equal(valid, depth.valid)
    tolerance = 1e-7 if offset is None else quantum / 2
    np.testing.assert_allclose(back[valid], depth.values[valid], atol=tolerance * 1.01)


@pytest.mark.parametrize("end", [0.5, 65535.5])
def test_no_valid_pixel_is_lost_at_the_ends_of_the_range(end):
    """The float32 numbers beside half a step, where rounding is decided by the last digit."""
    for quantum in (2e-5, *np.random.default_rng(0).uniform(1e-5, 1, 200)):
        value = np.float32(end * quantum)
        for direction in (0, 1e6, 0, 0):
            depth = DepthMap([[value, 100 * quantum, 9]], np.array([[True, True, False]]))
            stored = store(depth, quantum, extremes(depth))
            back, valid = restore(stored.numbers, stored.quantum, stored.offset)
            np.testing.assert_array_equal(valid, depth.valid)
            np.testing.assert_allclose(back[valid], depth.values[valid], atol=0.51 * quantum)
            value = np.nextafter(value, np.float32(direction))
