from __future__ import annotations

import numpy as np
import pytest

from dsdmsr.upscaling.rows import Rows, collect, filter_bands, new_rows


def rows(values: np.ndarray, error: bool = True) -> Rows:
    return Rows(values, values > 0, values / 10 if error else None)


@pytest.mark.parametrize("error", [False, True])
@pytest.mark.parametrize("cuts", [[], [1, 2, 3], [10], list(range(1, 20))])
def test_rows_are_computed_as_soon_as_they_can_be_and_held_no_longer(cuts, error):
    """Each output row is the sum of an input row and its neighbours."""
    values = np.arange(60, dtype=np.float32).reshape(20, 3)
    padded = np.pad(values, ((1, 1), (0, 0)))
    most = 0

    def compute(held: Rows, top: int, which: range) -> Rows:
        nonlocal most
        most = max(most, len(held.values))
        assert (held.error is None) != error
        known = np.zeros((22, 3), np.float32)
        known[top + 1 : top + 1 + len(held.values)] = held.values
        return rows(np.stack([known[k : k + 3].sum(0) for k in which]), error)

    bands = [rows(part, error) for part in np.split(values, cuts)]
    result = list(
        filter_bands(
            iter(bands),
            compute,
            ready=lambda bottom: 20 if bottom == 20 else bottom - 1,
            first_needed=lambda done: done - 1,
        )
    )
    expected = padded[:-2] + padded[1:-1] + padded[2:]
    np.testing.assert_array_equal(np.concatenate([part.values for part in result]), expected)
    assert most <= max(len(band.values) for band in bands) + 2


@pytest.mark.parametrize("error", [False, True])
def test_bands_are_collected_in_arrays_of_their_own(rng, error):
    values = rng.uniform(-1, 1, (9, 4)).astype(np.float32)
    whole = rows(values, error)
    bands = [whole.part(slice(a, b)) for a, b in ((0, 4), (4, 5), (5, 9))]
    result = collect(iter(bands), new_rows(9, 4, errors=error))
    np.testing.assert_array_equal(result.values, whole.values)
    np.testing.assert_array_equal(result.valid, whole.valid)
    assert not np.shares_memory(result.values, values)
    if error:
        np.testing.assert_array_equal(result.error, whole.error)
    else:
        assert result.error is None
