from __future__ import annotations

from typing import ClassVar

import numpy as np
import pytest
import torch
from testing.backends import Repeating

from dsdmsr import DepthMap, Upscaler
from dsdmsr.data.scenes.rendered import render_depth
from dsdmsr.degradation.degrade import degrade
from dsdmsr.depth.find_degradation import FoundDegradation
from dsdmsr.upscaling.auto import AutoBackend, Choice, announcements, choose_network
from dsdmsr.upscaling.backends import load_backend
from dsdmsr.zoo.names import DEFAULT_MODEL, ROBUST_MODEL

ROWS, COLUMNS = np.mgrid[:24, :32]
CLEAN = DepthMap(1 + 0.01 * COLUMNS + 0.02 * ROWS)
KNOWN_TO = {"net": frozenset({"bicubic"}), DEFAULT_MODEL: frozenset({"bicubic"})}


@pytest.fixture
def noisy(rng) -> DepthMap:
    return DepthMap(CLEAN.values + 0.05 * rng.normal(size=CLEAN.shape))


class Named(Repeating):
    """Stand in for a network, and count how often each is loaded."""

    loaded: ClassVar[list[tuple[str, str | None]]] = []

    def __init__(self, name: str, degradation: str | None) -> None:
        self.loaded.append((name, degradation))
        self.name = name, degradation


def chooser(network: str, degradation: str | None) -> AutoBackend:
    Named.loaded.clear()
    return AutoBackend(network, degradation, Named, lambda name: KNOWN_TO.get(name, frozenset()))


@pytest.fixture(scope="module")
def truth() -> torch.Tensor:
    scene = np.array(render_depth(2**40 + 11, 0, (480, 640)).values)
    return torch.from_numpy(scene)[None, None]


def downsampled(truth: torch.Tensor, kind: str) -> DepthMap:
    return DepthMap(degrade(truth, 4, kind)[0][0, 0].numpy(), kind="disparity")


def test_noisy_maps_get_the_robust_network_and_each_is_loaded_once(noisy):
    backend = chooser("auto", None)
    assert Named.loaded == [(DEFAULT_MODEL, None)]
    for depth, name in ((noisy, ROBUST_MODEL), (CLEAN, DEFAULT_MODEL), (noisy, ROBUST_MODEL)):
        assert choose_network(depth) == backend.for_map(depth).name[0] == name
    assert Named.loaded == [(DEFAULT_MODEL, None), (ROBUST_MODEL, None)]
    assert backend.scales == Repeating.scales


def test_maps_whose_steps_show_their_degradation_get_its_weights(truth):
    backend = chooser("net", "auto")
    for kind, known in (("bicubic", "bicubic"), ("area", None), ("opencv_cubic", None)):
        assert backend.for_map(downsampled(truth, kind)).name == ("net", known)
    assert backend.for_map(CLEAN).name == ("net", None)
    assert Named.loaded == [("net", None), ("net", "bicubic")]
    assert backend.choose(downsampled(truth, "area")).found.name == "area"
    given = chooser("auto", "bicubic")
    assert given.for_map(CLEAN).name == (DEFAULT_MODEL, "bicubic")


def test_which_weights_there_are_is_asked_once_for_each_network(truth):
    asked: list[str] = []
    backend = AutoBackend("net", "auto", Named, lambda name: asked.append(name) or KNOWN_TO["net"])
    for kind in ("bicubic", "area", "bicubic"):
        backend.for_map(downsampled(truth, kind))
    assert asked == ["net"]


def test_networks_without_weights_for_a_degradation_are_not_asked(truth):
    backend = chooser("plain", "auto")
    assert backend.choose(downsampled(truth, "bicubic")) == Choice("plain", None)


def test_frames_of_a_sequence_are_enlarged_by_the_same_weights(truth):
    bicubic, area = (downsampled(truth, kind) for kind in ("bicubic", "area"))
    blank = DepthMap(np.ones((9, 9)), np.zeros((9, 9), bool), kind="disparity")
    backend = chooser("net", "auto")
    backend.begin_sequence()
    names = [backend.for_map(frame).name[1] for frame in (blank, bicubic, area, blank, CLEAN)]
    assert names == [None, "bicubic", "bicubic", "bicubic", "bicubic"]
    backend.begin_sequence()
    assert [backend.for_map(frame).name[1] for frame in (area, bicubic)] == [None, None]


def test_an_upscaler_that_chooses_does_as_the_one_of_the_chosen_weights(monkeypatch, noisy, truth):
    loaded = []
    monkeypatch.setattr(
        "dsdmsr.upscaling.upscaler.load_backend",
        lambda *given: (loaded.append((given[0], given[3])), load_backend(*given))[1],
    )
    auto = Upscaler.from_pretrained("auto", scale=2, device="cpu")
    depths = CLEAN, noisy, downsampled(truth, "bicubic")
    results = [auto(depth, errors=True) for depth in (*depths, CLEAN)]
    assert loaded == [(DEFAULT_MODEL, None), (ROBUST_MODEL, None), (DEFAULT_MODEL, "bicubic")]
    for depth, (name, known), result in zip(depths, loaded.copy(), results, strict=False):
        plain = Upscaler.from_pretrained(
            name, scale=2, device="cpu", degradation=known or "unknown"
        )
        expected = plain(depth, errors=True)
        np.testing.assert_array_equal(result.values, expected.values)
        np.testing.assert_array_equal(result.error, expected.error)
    default = Upscaler.from_pretrained(scale=2, device="cpu")
    np.testing.assert_array_equal(default(depths[2]).values, results[2].values)
    assert default.choice_for(depths[2]).degradation == "bicubic"
    assert Upscaler.from_pretrained("dsdmsr-fast", scale=2).choice_for(depths[2]) is None


def test_the_choice_is_announced_and_noise_too_where_there_is_none(noisy):
    def lines(network: str | None, depth: DepthMap) -> list[str]:
        choice = Choice(choose_network(depth) if network == "auto" else DEFAULT_MODEL, None)
        return announcements(choice, depth, network=network, phase_given=False)

    assert lines("auto", CLEAN) == ["looks clean: enlarged by dsdmsr-base; --model changes it"]
    assert "looks noisy: enlarged by dsdmsr-robust" in lines("auto", noisy)[0]
    for network in (None, DEFAULT_MODEL):
        assert lines(network, CLEAN) == []
        assert "--model dsdmsr-robust removes noise" in lines(network, noisy)[0]
    assert lines("dsdmsr-fast", noisy) == []


def test_what_the_steps_show_is_announced():
    def lines(name: str | None, known: str | None, *, phase_given: bool = False) -> list[str]:
        found = FoundDegradation(name, 0.97, {}, 99)
        choice = Choice(DEFAULT_MODEL, known, found)
        return announcements(choice, CLEAN, network=None, phase_given=phase_given)

    (line,) = lines("bicubic", "bicubic")
    assert "antialiased bicubic interpolation (97%)" in line
    assert "--degradation unknown" in line
    (line,) = lines("samples", None)
    assert "--phase corner" in line
    assert (
        lines("samples", None, phase_given=True) == lines("area", None) == lines(None, None) == []
    )
