from __future__ import annotations

from benchmarks.common.memory import in_own_process
from benchmarks.speed import networks


def test_every_packaged_network_and_the_reference_are_timed():
    rows = networks.times((8, 12), 8, 1, "cpu")
    assert [row["method"] for row in rows] == networks.methods(8)
    assert all(row["median_s"] > 0 for row in rows)
    (reference,) = [row for row in rows if row["method"] == networks.REFERENCE]
    assert reference["times_reference"] == 1
    (bicubic,) = [row for row in rows if row["method"] == "bicubic"]
    assert bicubic["times_bicubic"] == 1


def test_growth_is_that_of_the_result():
    growth = in_own_process(networks.growth_mib, "bicubic", 4, (512, 512), "cpu")
    assert growth > 15  # 2048² floats are 16 MiB
