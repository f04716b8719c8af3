"""Scenes of solids: a camera, surroundings, and objects at many depths in front of it.

Crops of real maps are mostly small windows of a large picture, so the camera's picture is larger
than what is rendered by a random factor, and the window is anywhere in it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dsdmsr.data.scenes.frames import frame, place, random_rotation, vertical_rotation
from dsdmsr.data.scenes.objects import OBJECTS
from dsdmsr.data.scenes.raycast import Camera
from dsdmsr.data.scenes.sampling import check_sampling, choose, count_objects, log_uniform
from dsdmsr.data.scenes.simple_objects import random_waves
from dsdmsr.data.scenes.solids import Solid
from dsdmsr.errors import ConfigError

__all__ = ["BACKDROP", "SceneryConfig", "furnish"]


@dataclass(frozen=True, kw_only=True)
class SceneryConfig:
    """Describe ray-cast scenes.

    Raises:
        ConfigError: If a range is empty or a probability is not one.
    """

    things: tuple[int, int] = (4, 28)
    """Fewest and most objects in a scene of 256×256; the number grows with the area."""
    radius: tuple[float, float] = (8.0, 200.0)
    """Smallest and largest radius of an object, in pixels; sampled log-uniformly."""
    window: tuple[float, float] = (1.0, 10.0)
    """By how much the camera's focal length exceeds the picture's side; sampled log-uniformly."""
    near: tuple[float, float] = (0.3, 0.9)
    """Distance of the nearest object, in parts of the background's."""
    depth: float = 0.2
    """How often a scene is given as depth; the others are inverse depth."""

    def __post_init__(self) -> None:
        check_sampling(
            self, ranges=("things", "radius", "window", "near"), probabilities=("depth",)
        )
        if self.near[1] >= 1:
            raise ConfigError(f"near is {list(self.near)}: the nearest object is before 1")


_KINDS = list(OBJECTS.values())
_SHARES = np.cumsum([kind.share for kind in _KINDS])
_BACKGROUND = 1.0
"""Distance of the surroundings; scenes have no absolute scale."""
_CLEAR = 0.15
"""How far the camera is from what it stands over."""
BACKDROP = 8.0
"""Distance of what is behind them."""


def furnish(
    rng: np.random.Generator, size: tuple[int, int], config: SceneryConfig
) -> tuple[list[Solid], Camera]:
    """Sample a scene and a camera that looks at it.

    Args:
        rng: Where the randomness comes from.
        size: Height and width of the picture, in pixels.
        config: What scenes look like.

    Returns:
        The solids, and the camera. What is behind them all is at `BACKDROP`.
    """
    camera = _sample_camera(rng, size, config)
    surroundings = (_wall, _room, _table, _landscape)[int(rng.choice(4, p=[0.4, 0.28, 0.22, 0.1]))]
    solids = surroundings(rng, camera, size)
    count = count_objects(rng, config.things, size)
    near = rng.uniform(*config.near)
    crowding = rng.uniform(0.6, 2.0)
    for _ in range(count):
        distance = _BACKGROUND - (_BACKGROUND - near) * rng.beta(1, crowding)
        solids += _object(rng, camera, size, config, distance)
    return solids, camera


def _sample_camera(
    rng: np.random.Generator, size: tuple[int, int], config: SceneryConfig
) -> Camera:
    focal = max(size) * log_uniform(rng, *config.window)
    spread = 0.35 * (focal - max(size) * config.window[0])
    centre = np.array([size[1] / 2, size[0] / 2]) + rng.uniform(-1, 1, 2) * spread
    pitch, roll = rng.normal(0.1, 0.15), rng.normal(0, 0.05)
    about_x = np.array(
        [
            [1, 0, 0],
            [0, np.cos(pitch), -np.sin(pitch)],
            [0, np.sin(pitch), np.cos(pitch)],
        ]
    )
    about_z = np.array(
        [[np.cos(roll), -np.sin(roll), 0], [np.sin(roll), np.cos(roll), 0], [0, 0, 1.0]]
    )
    return Camera(
        focal=float(focal),
        centre=(float(centre[0]), float(centre[1])),
        rotation=about_z @ about_x,
        position=np.zeros(3),
    )


def _point(camera: Camera, column: float, row: float, distance: float) -> NDArray[np.float64]:
    """Return what a pixel sees at a distance along the optical axis."""
    x = (column - camera.centre[0]) / camera.focal
    y = (row - camera.centre[1]) / camera.focal
    there: NDArray[np.float64] = camera.rotation.T @ (np.array([x, y, 1.0]) * distance)
    return there + camera.position


def _middle(camera: Camera, size: tuple[int, int], distance: float) -> NDArray[np.float64]:
    return _point(camera, size[1] / 2, size[0] / 2, distance)


def _facing(
    rng: np.random.Generator, camera: Camera, size: tuple[int, int], tilt: float, distance: float
) -> Solid:
    """Return a plane that the camera looks at, tilted, but not so much that it comes near."""
    axes = camera.rotation.T @ np.diag([1.0, -1.0, -1.0])
    where = _middle(camera, size, distance)
    away = rng.normal(0, tilt, 2)
    while True:
        lean = np.array([[1, 0, away[0]], [0, 1, away[1]], [0, 0, 1.0]])
        plane = Solid("plane", frame(axes @ lean.T, where))
        if _nearest(plane, camera, size) > _CLEAR:
            return plane
        away /= 2


def _nearest(plane: Solid, camera: Camera, size: tuple[int, int]) -> float:
    """Return the least depth of a plane in the picture.

    Along the picture a plane's inverse depth is linear, so it is largest in a corner.
    """
    normal = np.linalg.inv(plane.frame[:, :3])[2]
    corners = [_point(camera, u, v, 1.0) for u in (0, size[1]) for v in (0, size[0])]
    inverse = max(float(normal @ corner / (normal @ plane.frame[:, 3])) for corner in corners)
    return 1 / inverse if inverse > 0 else float("inf")


def _wall(rng: np.random.Generator, camera: Camera, size: tuple[int, int]) -> list[Solid]:
    """A wall behind everything: flat or rough, upright or leaning."""
    wall = _facing(rng, camera, size, rng.choice([0.0, 0.3, 1.0]), _BACKGROUND)
    solids = [wall]
    if rng.random() < 0.25:
        solids.append(_rough(rng, camera, size, wall))
    if rng.random() < 0.3:
        solids += _floor(rng, camera, size)
    return solids


def _rough(rng: np.random.Generator, camera: Camera, size: tuple[int, int], wall: Solid) -> Solid:
    """A rough surface on a wall, over the whole picture."""
    half = 1.5 * max(size) / camera.focal * _BACKGROUND
    sizes = np.array([half, half, half * rng.uniform(0.005, 0.15)])
    where = frame(wall.frame[:, :3] * sizes, wall.frame[:, 3])
    return Solid("height_field", where, random_waves(rng, rng.uniform(0.5, 3)))


_LEVEL = np.array([[1.0, 0, 0], [0, 0, -1], [0, 1, 0]])
"""Axes whose z points down, as gravity does."""


def _floor(rng: np.random.Generator, camera: Camera, size: tuple[int, int]) -> list[Solid]:
    """A level floor or ceiling that meets the background in the picture, or beside it."""
    row = size[0] * rng.uniform(0.3, 1.1)
    where = _point(camera, size[1] / 2, row, _BACKGROUND)
    floor = Solid("plane", frame(_LEVEL, where))
    return [floor] if _nearest(floor, camera, size) > _CLEAR else []


def _room(rng: np.random.Generator, camera: Camera, size: tuple[int, int]) -> list[Solid]:
    """A room around the camera; those of its walls meet in view that do not come near."""
    row, column = rng.uniform(-0.2, 1.2, 2) * size
    corner = _point(camera, column, row, _BACKGROUND)
    turn = vertical_rotation(rng.uniform(-np.pi, np.pi) / 4) @ camera.rotation.T
    towards = turn.T @ corner
    half = rng.uniform(1.2, 2.0, 3) * np.where(towards < 0, -1, 1)
    middle = np.where(np.abs(towards) > _CLEAR, towards - half, 0)
    return [Solid("room", frame(turn * np.abs(half), turn @ middle))]


def _table(rng: np.random.Generator, camera: Camera, size: tuple[int, int]) -> list[Solid]:
    """A large surface seen at a slant, and nothing behind it for long."""
    behind = _facing(rng, camera, size, 0.0, 1.6 * _BACKGROUND)
    return [_facing(rng, camera, size, 1.5, _BACKGROUND), behind]


def _landscape(rng: np.random.Generator, camera: Camera, size: tuple[int, int]) -> list[Solid]:
    """Rolling ground towards a far horizon."""
    row = size[0] * rng.uniform(0.5, 1.2)
    where = _point(camera, size[1] / 2, row, _BACKGROUND)
    sky = _facing(rng, camera, size, 0.0, rng.uniform(1.2, 5) * _BACKGROUND)
    level = Solid("plane", frame(_LEVEL, where))
    if abs(where[1]) < _CLEAR or _nearest(level, camera, size) < _CLEAR:
        return [sky]
    reach = 3 * _BACKGROUND
    hills = frame(_LEVEL * np.array([reach, reach, rng.uniform(0.01, 0.1)]), where)
    return [Solid("height_field", hills, random_waves(rng, rng.uniform(0.5, 4))), sky]


def _object(
    rng: np.random.Generator,
    camera: Camera,
    size: tuple[int, int],
    config: SceneryConfig,
    distance: float,
) -> list[Solid]:
    """Sample an object and put it before the camera, at least in part in the picture."""
    kind = _KINDS[choose(rng, _SHARES)]
    radius = min(log_uniform(rng, *config.radius) / camera.focal, 0.4) * distance
    if kind.any_orientation and rng.random() < 0.6:
        axes = random_rotation(rng)
    else:
        axes = vertical_rotation(rng.uniform(-np.pi, np.pi))
        if rng.random() < 0.5:
            axes = vertical_rotation(rng.normal(0, 0.2))
    row, column = rng.uniform(-0.1, 1.1, 2) * size
    return place(kind.sample(rng), axes * radius, _point(camera, column, row, distance))
