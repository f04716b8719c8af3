"""Several copies of the network in the page's engine: they give together what one gives."""

from __future__ import annotations

import numpy as np
from testing.web_engine import job_of, output
from testing.web_maps import scene

from dsdmsr import DepthMap

CASES = ((97, 131, 8), (20, 200, 2), (200, 20, 4), (130, 120, 4), (3, 5, 16), (90, 110, 3))


def test_copies_give_together_what_one_gives(engine, tmp_path, rng) -> None:
    jobs = []
    for number, (height, width, scale) in enumerate(CASES):
        depth = DepthMap(scene(rng, height, width), rng.random((height, width)) > 0.05, unit="m")
        options = {"scale": scale, "errors": number % 2 == 0}
        for copies in (1, 2, 3, 4):
            name = f"map{number}_{copies}"
            jobs.append(job_of(tmp_path, name, depth, options=options, copies=copies))
    said = engine.run(tmp_path, upscale=jobs)
    for number, (height, width, scale) in enumerate(CASES):
        shape = scale * height, scale * width
        values, valid = output(tmp_path, f"map{number}_1", shape)
        for copies in (2, 3, 4):
            name = f"map{number}_{copies}"
            together, known = output(tmp_path, name, shape)
            assert np.array_equal(known, valid), name
            assert np.abs(together - values).max() <= 1e-5 * 4, name
            if number % 2 == 0:
                errors = [
                    np.fromfile(tmp_path / f"map{number}_{n}.out.error", np.float32)
                    for n in (1, copies)
                ]
                assert np.array_equal(*map(np.isnan, errors)), name
                assert np.nanmax(np.abs(errors[0] - errors[1])) <= 1e-5 * 4, name
    # Each copy has its share of a map that is large enough, and a small one is left to one.
    assert all(parts > 0 for parts in said["map3_4"]["parts"])
    assert said["map4_4"]["parts"][:2] == [0, 0]
    assert len(said["map3_4"]["parts"]) == 3
