from __future__ import annotations

import os

import pytest

from dsdmsr import _processors
from dsdmsr.upscaling.threads import available_threads


@pytest.fixture
def cgroup(monkeypatch, tmp_path):
    """A control group's files, of a process that may use eight processors."""
    monkeypatch.setattr(_processors, "_CGROUP", tmp_path)
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: set(range(8)), raising=False)
    return tmp_path


def write_v1(folder, quota: object, period: object) -> None:
    (folder / "cpu").mkdir()
    (folder / "cpu/cpu.cfs_quota_us").write_text(f"{quota}\n")
    (folder / "cpu/cpu.cfs_period_us").write_text(f"{period}\n")


def test_without_a_quota_the_affinity_says_how_many(cgroup, monkeypatch):
    assert available_threads() == 8
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {3, 5})
    assert available_threads() == 2


def test_without_affinities_it_is_the_machine_that_says_it(cgroup, monkeypatch):
    monkeypatch.delattr(os, "sched_getaffinity")
    for count, expected in ((6, 6), (None, 1)):
        monkeypatch.setattr(os, "cpu_count", lambda count=count: count)
        assert available_threads() == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("200000 100000", 2),
        ("250000 100000", 2),
        ("380000 100000", 4),
        ("10000 100000", 1),
        ("9900000 100000", 8),
        ("max 100000", 8),
        ("0 100000", 8),
        ("100000 0", 8),
        ("", 8),
        ("100000", 8),
        ("some share", 8),
    ],
)
def test_a_quota_of_version_2_counts(cgroup, text, expected):
    (cgroup / "cpu.max").write_text(f"{text}\n")
    assert available_threads() == expected


@pytest.mark.parametrize(
    ("quota", "period", "expected"),
    [(300000, 100000, 3), (50000, 100000, 1), (-1, 100000, 8), (100000, 0, 8), ("a", "b", 8)],
)
def test_a_quota_of_version_1_counts(cgroup, quota, period, expected):
    write_v1(cgroup, quota, period)
    assert available_threads() == expected


def test_half_of_version_1_says_nothing(cgroup):
    write_v1(cgroup, 100000, 100000)
    (cgroup / "cpu/cpu.cfs_period_us").unlink()
    assert available_threads() == 8


def test_version_2_goes_before_version_1(cgroup):
    write_v1(cgroup, 100000, 100000)
    (cgroup / "cpu.max").write_text("400000 100000\n")
    assert available_threads() == 4
    (cgroup / "cpu.max").write_text("max 100000\n")
    assert available_threads() == 8


@pytest.mark.parametrize(("given", "expected"), [("3", 3), ("64", 8), ("0", 8), ("4,2", 8)])
def test_a_batch_system_says_how_many_threads_a_process_has(cgroup, monkeypatch, given, expected):
    monkeypatch.setenv("OMP_NUM_THREADS", given)
    assert available_threads() == expected
    assert _processors.available_processors() == 8
