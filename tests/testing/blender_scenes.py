"""A plane as Blender renders it, and what its compositor finds in a file; for bpy 5.0."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from testing.planes import CAMERA, SHAPE, Plane

__all__ = ["composited", "exr_depth", "render_the_plane"]


def blender_scene(bpy: Any) -> Any:
    """Return an empty scene that Cycles renders at a point of each pixel."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    scene = bpy.context.scene
    scene.render.engine, scene.cycles.samples, scene.cycles.filter_width = "CYCLES", 1, 0.01
    scene.cycles.use_denoising = False
    camera = bpy.data.cameras.new("camera")
    camera.sensor_width, camera.lens = 36, 36 * CAMERA.fx / SHAPE[1]
    scene.camera = bpy.data.objects.new("camera", camera)
    scene.collection.objects.link(scene.camera)
    scene.render.resolution_percentage = 100
    return scene


def render_the_plane(bpy: Any, path: Path, plane: Plane) -> None:
    """Render a plane with a hole, as squares on it; Blender's camera looks along -z, y is up."""
    scene, corners, faces = blender_scene(bpy), [], []
    across, down, (a, b, c) = (-3, -0.6, -0.2, 3), (-3, -0.5, 0.1, 3), plane.normal
    for i, j in np.ndindex(3, 3):
        if (i, j) != (1, 1):
            faces.append(range(len(corners), len(corners) + 4))
            for x, y in ((i, j), (i + 1, j), (i + 1, j + 1), (i, j + 1)):
                z = (plane.offset - a * across[x] - b * down[y]) / c
                corners.append((across[x], -down[y], -z))
    mesh = bpy.data.meshes.new("plane")
    mesh.from_pydata(corners, [], [list(face) for face in faces])
    scene.collection.objects.link(bpy.data.objects.new("plane", mesh))
    bpy.context.view_layer.use_pass_z = True
    render = scene.render
    render.resolution_y, render.resolution_x = SHAPE
    render.image_settings.media_type = "MULTI_LAYER_IMAGE"
    render.image_settings.file_format = "OPEN_EXR_MULTILAYER"
    render.image_settings.color_depth = "32"
    render.filepath = str(path)
    bpy.ops.render.render(write_still=True)


def composited(bpy: Any, path: Path, size: tuple[int, int]) -> np.ndarray:
    """Return the depth of a file as an Image node of Blender's compositor hands it on."""
    scene = blender_scene(bpy)
    scene.render.resolution_y, scene.render.resolution_x = size
    tree = bpy.data.node_groups.new("compositor", "CompositorNodeTree")
    scene.compositing_node_group, scene.render.use_compositing = tree, True
    image, output = (tree.nodes.new(f"CompositorNode{n}") for n in ("Image", "OutputFile"))
    image.image = bpy.data.images.load(str(path))
    output.directory, output.file_name = str(path.parent), "composited"
    output.format.media_type = "MULTI_LAYER_IMAGE"
    output.format.color_depth = "32"
    output.file_output_items.new("FLOAT", "Depth")
    tree.links.new(image.outputs["Depth"], output.inputs[0])
    bpy.ops.render.render()
    return exr_depth(path.parent / "composited.exr")


def exr_depth(path: Path) -> np.ndarray:
    import OpenEXR

    with OpenEXR.File(str(path), separate_channels=True) as file:
        channels = {name: c for part in file.parts for name, c in part.channels.items()}
        (name,) = (name for name in channels if "Depth" in name)
        return np.array(channels[name].pixels)
