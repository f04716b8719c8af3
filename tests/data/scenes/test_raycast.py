from __future__ import annotations

import numpy as np
import pytest
import torch

from dsdmsr.data.scenes.frames import frame, random_rotation
from dsdmsr.data.scenes.height_field import _sine
from dsdmsr.data.scenes.intersections import HITS
from dsdmsr.data.scenes.objects import OBJECTS
from dsdmsr.data.scenes.outlines import OUTLINES
from dsdmsr.data.scenes.raycast import Camera, ray_cast
from dsdmsr.data.scenes.simple_objects import random_waves, rod
from dsdmsr.data.scenes.solids import Solid, outlined

SIZE = (40, 52)


def camera(**values) -> Camera:
    given = {
        "focal": 45.0,
        "centre": (26.3, 19.1),
        "rotation": np.eye(3),
        "position": np.zeros(3),
    }
    return Camera(**{**given, **values})


def cast(*solids: Solid, **values) -> np.ndarray:
    return ray_cast([(solids, camera(**values))], SIZE)[0, 0].numpy()


def angle_sum_inside(outlines, u: float, v: float) -> bool:
    """Winding numbers of the outlines, by the angles that their edges subtend."""
    odd = 0
    for outline in outlines:
        z = (outline - (u, v)) @ (1, 1j)
        odd += round(abs(np.angle(np.roll(z, -1) / z).sum()) / (2 * np.pi))
    return bool(odd % 2)


STAR = OUTLINES["star"](np.random.default_rng(3))
PLATE = OUTLINES["plate"](np.random.default_rng(1))


INSIDE = {
    "box": ((), lambda p: np.abs(p).max() <= 1),
    "ellipsoid": ((), lambda p: p @ p <= 1),
    "cylinder": ((1.0,), lambda p: abs(p[2]) <= 1 and np.hypot(p[0], p[1]) <= 1),
    "cone": ((0.0,), lambda p: abs(p[2]) <= 1 and np.hypot(p[0], p[1]) <= (1 - p[2]) / 2),
    "cup": ((0.6,), lambda p: abs(p[2]) <= 1 and np.hypot(p[0], p[1]) <= 0.8 - 0.2 * p[2]),
    "torus": (
        (0.25,),
        lambda p: (np.hypot(p[0], p[1]) - 0.75) ** 2 + p[2] ** 2 <= 0.25**2,
    ),
    "star": (
        outlined("extrusion", STAR, np.eye(3, 4)).shape,
        lambda p: abs(p[2]) <= 1 and angle_sum_inside(STAR, p[0], p[1]),
    ),
    "plate": (
        outlined("extrusion", PLATE, np.eye(3, 4)).shape,
        lambda p: abs(p[2]) <= 1 and angle_sum_inside(PLATE, p[0], p[1]),
    ),
}
KINDS = {"cylinder": "frustum", "cone": "frustum", "cup": "frustum"}
KINDS |= {"star": "extrusion", "plate": "extrusion"}


@pytest.mark.parametrize("name", sorted(INSIDE))
def test_rays_stop_where_small_steps_first_come_inside(name):
    shape, inside = INSIDE[name]
    rng = np.random.default_rng(11)
    axes = random_rotation(rng) * (0.9, 0.7, 0.5)
    origin = np.array([0.1, -0.05, 3.0])
    view = camera(
        rotation=np.array([[0.96, 0, 0.28], [0, 1, 0], [-0.28, 0, 0.96]]),
        position=np.array([-0.6, 0.1, 0.2]),
    )
    depth = ray_cast([([Solid(KINDS.get(name, name), frame(axes, origin), shape)], view)], SIZE)
    seen = depth[0, 0].numpy()
    inverse = np.linalg.inv(axes)
    near, far, steps = 1.5, 4.5, 600
    hits = tests = 0
    for row in range(1, SIZE[0], 3):
        for column in range(0, SIZE[1], 3):
            ray = np.array([(column - 26.3) / 45, (row - 19.1) / 45, 1.0])
            ray = view.rotation.T @ ray
            found = np.inf
            for t in np.linspace(near, far, steps):
                if inside(inverse @ (view.position + t * ray - origin)):
                    found = t
                    break
            tests += 1
            hits += found < np.inf
            step = (far - near) / (steps - 1)
            if found < np.inf:
                # A sliver that small steps jump over may lie before, so the ray may stop sooner.
                assert seen[row, column] <= found + 1e-9
                if seen[row, column] < found - step - 1e-9:
                    point = inverse @ (view.position + (seen[row, column] + 1e-7) * ray - origin)
                    assert inside(point)
            elif seen[row, column] < np.inf:
                point = inverse @ (view.position + (seen[row, column] + 1e-7) * ray - origin)
                assert inside(point)
    assert 15 < hits < tests


def test_a_height_field_is_met_where_small_steps_first_cross_it():
    waves = random_waves(np.random.default_rng(2), 1.0)
    axes = random_rotation(np.random.default_rng(5)) * (1.2, 0.9, 0.3)
    origin = np.array([0.1, -0.05, 3.0])
    seen = cast(Solid("height_field", frame(axes, origin), waves))
    inverse = np.linalg.inv(axes)
    t = np.linspace(1.5, 4.5, 20000)
    hits = misses = grazed = 0
    for row in range(0, SIZE[0], 2):
        for column in range(0, SIZE[1], 2):
            ray = np.array([(column - 26.3) / 45, (row - 19.1) / 45, 1.0])
            x, y, z = inverse @ (t[:, None] * ray - origin).T
            above = z - sum(
                a * np.sin(u * x + v * y + phase)
                for a, u, v, phase in np.reshape(waves, (-1, 4)).tolist()
            )
            within = np.abs([x, y, z]).max(0) <= 1
            crossed = within[1:] & within[:-1] & ((above[1:] > 0) != (above[:-1] > 0))
            if crossed.any():
                hits += 1
                grazed += abs(seen[row, column] - t[1:][crossed][0]) > 3e-4
            else:
                misses += 1
                assert np.isinf(seen[row, column])
    assert hits > 30
    assert grazed <= 0.01 * hits
    assert misses > 30


def test_the_sine_is_the_sine():
    x = torch.linspace(-300, 300, 100_001, dtype=torch.float64)
    torch.testing.assert_close(_sine(x), x.sin(), rtol=0, atol=1e-13)


def test_a_plane_is_exact_along_every_ray():
    slope = np.array([[1, 0, 0.4], [0, 1, -0.3], [0.0, 0, 1]]).T
    depth = cast(Solid("plane", frame(slope, np.array([0, 0, 2.0]))))
    normal = np.linalg.inv(slope)[2]
    v, u = np.mgrid[: SIZE[0], : SIZE[1]]
    rays = np.stack([(u - 26.3) / 45, (v - 19.1) / 45, np.ones(SIZE)], -1)
    np.testing.assert_allclose(depth, 2 * normal[2] / (rays @ normal), rtol=1e-12)


def test_a_room_shows_its_far_walls():
    depth = cast(Solid("room", frame(np.diag([50.0, 50, 3]), np.array([0, 0, 1.0]))))
    np.testing.assert_allclose(depth, 4.0, rtol=1e-12)
    inside = cast(Solid("box", frame(np.diag([50.0, 50, 3]), np.array([0, 0, 1.0]))))
    np.testing.assert_allclose(inside, 4.0, rtol=1e-12)


def test_a_sheet_is_the_lid_of_its_extrusion():
    axes = np.diag([0.9, 0.9, 1e-7])
    where = frame(axes, np.array([0, 0, 2.0]))
    sheet = cast(outlined("sheet", STAR, where))
    thick = cast(outlined("extrusion", STAR, where))
    np.testing.assert_array_equal(np.isfinite(sheet), np.isfinite(thick))
    hit = np.isfinite(sheet)
    assert 100 < hit.sum() < hit.size
    np.testing.assert_allclose(sheet[hit], thick[hit], atol=2e-7)


def test_the_nearest_of_many_solids_is_seen_whatever_their_order(rng):
    solids = [
        Solid("ellipsoid", frame(np.eye(3) * 0.4, np.array([0, 0, 3]) + rng.normal(0, 0.5, 3)))
        for _ in range(12)
    ]
    together = cast(*solids)
    np.testing.assert_array_equal(together, np.minimum.reduce([cast(s) for s in solids]))
    np.testing.assert_array_equal(together, cast(*solids[::-1]))


def test_what_is_behind_the_camera_is_not_seen():
    behind = Solid("box", frame(np.eye(3) * 0.5, np.array([0, 0, -3.0])))
    beside = Solid("box", frame(np.eye(3) * 0.5, np.array([90, 0, 3.0])))
    assert np.isinf(cast(behind, beside)).all()
    assert (ray_cast([([behind], camera())], SIZE, backdrop=7.0) == 7.0).all()


def test_a_camera_that_moves_with_the_world_sees_the_same(rng):
    solids = OBJECTS["pile"].sample(rng)
    away = np.array([0, 0, 4.0])
    still = cast(*(s._replace(frame=frame(s.frame[:, :3], s.frame[:, 3] + away)) for s in solids))
    turn, shift = random_rotation(rng), rng.normal(size=3)
    moved = []
    for solid in solids:
        axes, origin = solid.frame[:, :3], solid.frame[:, 3] + away
        moved.append(solid._replace(frame=frame(turn @ axes, turn @ origin + shift)))
    seen = cast(*moved, rotation=turn.T, position=shift)
    agree = np.isclose(seen, still, rtol=1e-9, atol=0) | (np.isinf(seen) & np.isinf(still))
    assert agree.all()
    assert np.isfinite(still).mean() > 0.03


def test_a_focal_length_and_a_window_are_a_crop_of_the_larger_picture(rng):
    solids = [
        s._replace(frame=frame(s.frame[:, :3], s.frame[:, 3] + (0, 0, 4.0)))
        for s in OBJECTS["shelf"].sample(rng)
    ]
    large = ray_cast([(solids, camera(centre=(52.0, 40.0)))], (80, 104))[0, 0]
    crop = ray_cast([(solids, camera(centre=(52.0 - 20, 40.0 - 30)))], SIZE)[0, 0]
    torch.testing.assert_close(crop, large[30:70, 20:72], rtol=1e-12, atol=0)


@pytest.mark.parametrize("name", sorted(OBJECTS))
def test_things_are_about_one_in_radius_and_can_be_seen(name):
    maker = OBJECTS[name].sample
    for seed in range(8):
        solids = maker(np.random.default_rng(seed))
        assert {solid.kind for solid in solids} <= HITS.keys()
        for solid in solids:
            assert np.abs(np.linalg.det(solid.frame[:, :3])) > 0
            assert np.linalg.norm(solid.frame[:, 3]) < 3
        away = [
            s._replace(frame=frame(s.frame[:, :3], s.frame[:, 3] + (0, 0, 5.0))) for s in solids
        ]
        depth = ray_cast([(away, camera(focal=150.0, centre=(48, 48)))], (96, 96)).numpy()
        assert np.isfinite(depth).any()
        assert depth.min() > 2


def test_a_rod_in_pieces_is_one_rod():
    start, end = np.array([-0.8, -0.5, 2.5]), np.array([0.9, 0.6, 3.5])
    pieces = rod(start, end, 0.02)
    assert len(pieces) == 6
    axis = end - start
    side = np.cross(axis, [0, 1.0, 0])
    side *= 0.02 / np.linalg.norm(side)
    other = np.cross(axis / np.linalg.norm(axis), side)
    whole = Solid("frustum", frame(np.stack([side, other, axis / 2], 1), (start + end) / 2), (1.0,))
    np.testing.assert_allclose(cast(*pieces), cast(whole), rtol=1e-9)


def test_outlines_lie_in_their_square_and_fit_an_extrusion():
    for name, maker in OUTLINES.items():
        for seed in range(50):
            polygons = maker(np.random.default_rng(seed))
            assert all(p.shape[1] == 2 and np.abs(p).max() <= 1 + 1e-9 for p in polygons), name
            outlined("sheet", polygons, np.eye(3, 4))
    with pytest.raises(ValueError, match="beyond"):
        outlined("sheet", [np.array([(0, 0), (1.1, 0), (0, 1)])], np.eye(3, 4))
    with pytest.raises(ValueError, match="at most 40"):
        outlined("sheet", [np.zeros((41, 2))], np.eye(3, 4))
