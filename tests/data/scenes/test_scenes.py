from __future__ import annotations

import hashlib

import numpy as np
import pytest
import torch

from dsdmsr.data.scenes import raycast
from dsdmsr.data.scenes.frames import frame
from dsdmsr.data.scenes.intersections import HITS
from dsdmsr.data.scenes.render import SceneConfig, render_scenes
from dsdmsr.data.scenes.scenery import BACKDROP, SceneryConfig, furnish
from dsdmsr.data.scenes.sensing import SensingConfig
from dsdmsr.data.scenes.simple_objects import random_waves
from dsdmsr.data.scenes.solids import Solid
from dsdmsr.data.seeds import generator
from dsdmsr.errors import ConfigError

CAST = SceneConfig(ray_cast=1)
SIZE = (48, 64)


def test_a_scene_depends_on_seed_and_index_alone():
    mixed = SceneConfig(ray_cast=0.5)
    together, valid = render_scenes(7, range(2**40, 2**40 + 12), SIZE, mixed)
    assert together.dtype == torch.float32
    assert together.shape == (12, 1, *SIZE)
    assert valid.all()
    for k in reversed(range(12)):
        alone, _ = render_scenes(7, [2**40 + k], SIZE, mixed)
        assert torch.equal(alone[0], together[k])
    assert len({m.numpy().tobytes() for m in together}) == 12
    other, _ = render_scenes(8, [2**40], SIZE, mixed)
    assert not torch.equal(other[0], together[0])


def test_how_rays_are_put_together_changes_no_bit(monkeypatch):
    whole, _ = render_scenes(1, range(6), SIZE, CAST)
    monkeypatch.setitem(raycast._CHUNK, "cpu", 700)
    small_chunks, _ = render_scenes(1, range(6), SIZE, CAST)
    monkeypatch.setattr(raycast, "_ALONE", 10**9)
    none_alone, _ = render_scenes(1, range(6), SIZE, CAST)
    assert torch.equal(whole, small_chunks)
    assert torch.equal(whole, none_alone)


def test_the_number_of_threads_changes_no_bit():
    size, before = (300, 300), torch.get_num_threads()
    view = raycast.Camera(
        focal=300.0, centre=(149.3, 150.9), rotation=np.eye(3), position=np.zeros(3)
    )
    waves = random_waves(generator(0, 0), 3.0)
    flat = np.array([[1.0, 0, 0], [0, 0.8, -0.6], [0, 0.6, 0.8]])
    solids = [
        Solid("height_field", frame(flat * (1.5, 1.5, 0.2), np.array([0, 0, 2.0])), waves),
        Solid("torus", frame(flat * 0.8, np.array([0, 0, 1.9])), (0.2,)),
    ]
    sums = set()
    try:
        for threads in (1, 3):
            torch.set_num_threads(threads)
            depth = raycast.ray_cast([(solids, view)], size, backdrop=9.0)
            sums.add(hashlib.sha256(depth.numpy().tobytes()).hexdigest())
    finally:
        torch.set_num_threads(before)
    assert len(sums) == 1
    assert float((depth < 9).double().mean()) > 0.5


@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU")
def test_devices_differ_by_rounding_alone():
    here, _ = render_scenes(1, range(40), SIZE, CAST, "cpu")
    there, _ = render_scenes(1, range(40), SIZE, CAST, "cuda")
    torch.testing.assert_close(there, here, rtol=1e-5, atol=1e-5)


def test_ray_cast_scenes_are_full_finite_and_of_every_kind_of_solid():
    kinds = set()
    for k in range(60):
        solids, camera = furnish(generator(2, k), SIZE, SceneryConfig())
        kinds |= {solid.kind for solid in solids}
        depth = raycast.ray_cast([(solids, camera)], SIZE, backdrop=BACKDROP)
        assert torch.isfinite(depth).all()
        assert float(depth.min()) > 0.05
        assert float((depth == BACKDROP).double().mean()) < 0.9
    assert kinds == set(HITS)


def test_ray_cast_scenes_come_as_depth_and_as_inverse_depth():
    exact = SensingConfig(quantised=0)
    inverse = SceneConfig(ray_cast=1, scenery=SceneryConfig(depth=0), sensing=exact)
    negated = SceneConfig(ray_cast=1, scenery=SceneryConfig(depth=1), sensing=exact)
    near_large, _ = render_scenes(4, [5], SIZE, inverse)
    near_small, _ = render_scenes(4, [5], SIZE, negated)
    np.testing.assert_allclose(-1 / near_small, near_large, rtol=1e-5)


def test_shares_are_kept():
    size, numbers = (12, 12), range(60)
    painted, _ = render_scenes(9, numbers, size, SceneConfig(ray_cast=0))
    cast, _ = render_scenes(9, numbers, size, CAST)
    mixed, _ = render_scenes(9, numbers, size, SceneConfig(ray_cast=0.3))
    are_cast = [torch.equal(mixed[k], cast[k]) for k in numbers]
    are_painted = [torch.equal(mixed[k], painted[k]) for k in numbers]
    assert all(a != b for a, b in zip(are_cast, are_painted, strict=True))
    assert 8 < sum(are_cast) < 30


def test_the_camera_keeps_clear_of_floors_and_is_in_its_rooms():
    rooms = 0
    for k in range(400):
        solids, view = furnish(generator(3, k), SIZE, SceneryConfig())
        for solid in solids:
            axes, origin = solid.frame[:, :3], solid.frame[:, 3]
            local = np.linalg.inv(axes) @ (view.position - origin)
            if solid.kind == "room":
                rooms += 1
                assert np.abs(local).max() < 1
            elif solid.kind != "plane":
                assert np.abs(local).max() > 1
            else:
                depth = raycast.ray_cast([([solid], view)], SIZE)
                assert float(depth.min()) > 0.1
    assert rooms > 50


def test_holes_of_depth_are_those_of_its_inverse():
    holed = SensingConfig(quantised=0, holes=1, shadow=(3, 6))
    for k in range(6):
        configs = [
            SceneConfig(ray_cast=1, scenery=SceneryConfig(depth=share), sensing=holed)
            for share in (0, 1)
        ]
        (_, inverse), (_, depth) = (render_scenes(6, [k], SIZE, config) for config in configs)
        assert torch.equal(inverse, depth)


@pytest.mark.parametrize(
    "make",
    [
        lambda: SceneConfig(ray_cast=1.2),
        lambda: SceneryConfig(things=(0, 3)),
        lambda: SceneryConfig(near=(0.2, 1.0)),
        lambda: SceneryConfig(depth=-1.0),
        lambda: SceneryConfig(window=(3.0, 2.0)),
    ],
)
def test_settings_that_make_no_sense_are_refused(make):
    with pytest.raises(ConfigError, match=r"give|is before"):
        make()


def test_as_many_scenes_are_exact_as_asked_and_the_others_are_as_without():
    always = SensingConfig(quantised=1, frayed=1, levels=(20, 20))
    some = SensingConfig(exact=0.5, quantised=1, frayed=1, levels=(20, 20))
    numbers = range(60)
    size = (24, 24)
    made, _ = render_scenes(9, numbers, size, SceneConfig(ray_cast=1, sensing=some))
    whole = [torch.equal(scene, scene.round()) for scene in made]
    assert 15 < sum(whole) < 45
    exact, _ = render_scenes(
        9, numbers, size, SceneConfig(ray_cast=1, sensing=SensingConfig(exact=1, quantised=1))
    )
    assert [torch.equal(a, b) for a, b in zip(made, exact, strict=True)] == [not w for w in whole]
    never = SceneConfig(ray_cast=1, sensing=always)
    assert all(torch.equal(s, s.round()) for s in render_scenes(9, numbers, size, never)[0])
