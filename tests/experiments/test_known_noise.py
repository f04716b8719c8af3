from __future__ import annotations

from experiments.known_noise import STRENGTHS, recipe


def test_recipes_have_gaussian_noise_alone():
    for strength in STRENGTHS.values():
        noise = recipe(strength).degradations[0].noise
        assert noise.shares["gaussian"] == 1
        assert sum(noise.shares.values()) == 1
        assert noise.strength == strength
