"""Where the libraries of the matrix run: here, and in environments of their own."""

from __future__ import annotations

import os
import subprocess
import sys
import venv
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from benchmarks.common.options import ROOT
from tools.interop.library import Library
from tools.interop.numbers import numbers_of
from tools.interop.worker import files_read

__all__ = ["ENVIRONMENTS", "HERE", "Environment"]

_NODE = Path(__file__).with_name("worker.mjs")
_CORE = ("numpy", "pillow", "onnxruntime", "cyclopts", "rich", "isal", "deflate", "pytest")
"""What the recipes need of ours and for their tests."""


@dataclass(frozen=True, kw_only=True)
class Environment:
    """Describe an environment: what is installed in it, and which libraries run there."""

    name: str
    libraries: tuple[str, ...]
    packages: tuple[str, ...] = ()
    """What pip or npm installs; nothing where the libraries are those of ``.[dev]``."""
    npm: bool = False
    recipes: bool = False
    """Whether the tests of the recipes run there, too; what isn't installed, they skip."""

    def build(self, folder: Path) -> None:
        """Make the environment in a folder, if it isn't there."""
        if not self.packages or (folder / self.name / "ready").exists():
            return
        own = folder / self.name
        print(f"{self.name}: installing {', '.join(self.packages)}", flush=True)
        if self.npm:
            own.mkdir(parents=True, exist_ok=True)
            subprocess.run(["npm", "install", "--silent", *self.packages], cwd=own, check=True)
        else:
            venv.create(own, with_pip=True, clear=True)
            pip = [str(own / "bin" / "python"), "-m", "pip", "install", "-q"]
            subprocess.run([*pip, *self.packages], check=True)
        (own / "ready").touch()

    def write(self, library: Library, folder: Path, into: Path) -> None:
        """Let a library write its files into a folder."""
        if not self.npm:
            self._python(folder, "write", library.name, into)
            return
        for dtype in {writer.dtype for writer in library.writers}:
            self._save(into, dtype)
        self._node(folder, "write", library.name, into, into, *(w.file for w in library.writers))

    def read(self, library: Library, folder: Path, into: Path, ours: Path) -> None:
        """Let a library read our files."""
        if not self.npm:
            self._python(folder, "read", library.name, into, ours)
            return
        self._node(folder, "read", library.name, into, ours, *(f for _, f in files_read(library)))

    def run_recipes(self, folder: Path) -> list[str]:
        """Run the tests of the recipes; return the names of those that passed.

        Raises:
            SystemExit: If one failed.
        """
        report = folder / f"{self.name}.xml"
        tests = ROOT / "tests" / "interop"
        command = [self._interpreter(folder), "-m", "pytest", "-q", f"--junit-xml={report}"]
        paths = os.pathsep.join(str(ROOT / part) for part in ("src", ".", "tests"))
        done = subprocess.run(
            [*command, "--confcutdir", str(tests), str(tests / "test_recipes.py")],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": paths},
            capture_output=True,
            text=True,
        )
        if done.returncode:
            raise SystemExit(f"{self.name}: {done.stdout}")
        cases = ElementTree.parse(report).iter("testcase")
        return [case.attrib["name"] for case in cases if len(case) == 0]

    def _interpreter(self, folder: Path) -> str:
        return str(folder / self.name / "bin" / "python") if self.packages else sys.executable

    @staticmethod
    def _save(folder: Path, dtype: str) -> None:
        import numpy as np

        np.save(folder / f"{dtype}.npy", numbers_of(dtype))

    def _python(self, folder: Path, *arguments: object) -> None:
        command = [self._interpreter(folder), "-m", "tools.interop.worker", *map(str, arguments)]
        subprocess.run(command, cwd=ROOT, check=True, stderr=subprocess.DEVNULL)

    def _node(self, folder: Path, *arguments: object) -> None:
        # Node.js looks for packages beside the script.
        script = folder / self.name / _NODE.name
        script.write_bytes(_NODE.read_bytes())
        subprocess.run(["node", str(script), *map(str, arguments)], check=True)


HERE = Environment(
    name="here",
    recipes=True,
    libraries=(
        "Pillow",
        "OpenCV 5",
        "imageio",
        "scikit-image",
        "pypng",
        "libvips",
        "imagecodecs",
        "FFmpeg 9.0 (imageio-ffmpeg)",
        "Matplotlib",
        "tifffile",
        "rasterio (GDAL)",
        "SimpleITK",
        "OpenImageIO",
        "OpenEXR",
        "pycolmap",
        "NumPy",
        "h5py",
        "pyfive",
        "netCDF4",
        "xarray",
        "SciPy",
        "mat73",
        "Zarr 3",
        "TensorStore",
    ),
)
"""What ``.[dev]`` installs."""
ENVIRONMENTS = (
    HERE,
    Environment(
        name="opencv4",
        libraries=("OpenCV 4",),
        packages=("numpy", "opencv-python-headless==4.14.0.94"),
    ),
    Environment(
        name="zarr2", libraries=("Zarr 2",), packages=("numpy", "zarr==2.18.7", "numcodecs<0.16")
    ),
    Environment(
        name="open3d019",
        libraries=("Open3D 0.19",),
        packages=(*_CORE, "open3d==0.19.0"),
        recipes=True,
    ),
    # It needs Debian's libusb-1.0-0.
    Environment(
        name="open3d020",
        libraries=("Open3D 0.20",),
        packages=(*_CORE, "open3d==0.20.0"),
        recipes=True,
    ),
    Environment(name="pyvista", libraries=(), packages=(*_CORE, "pyvista==0.49.1"), recipes=True),
    Environment(
        name="renderers",
        libraries=("VTK", "Mitsuba"),
        packages=("numpy", "vtk==9.7.2", "mitsuba==3.9.1"),
    ),
    Environment(
        name="blender",
        libraries=("Blender",),
        packages=(*_CORE, "bpy==5.0.1", "OpenEXR==3.5.3"),
        recipes=True,
    ),
    Environment(
        name="node",
        libraries=(
            "pngjs",
            "fast-png",
            "sharp",
            "geotiff.js",
            "tiff (image-js)",
            "h5wasm",
            "zarrita",
            "npyjs",
            "parse-exr",
        ),
        packages=(
            "pngjs@7.0.0",
            "fast-png@8.0.0",
            "sharp@0.35.5",
            "geotiff@3.0.5",
            "tiff@7.1.3",
            "h5wasm@0.10.3",
            "zarrita@0.7.5",
            "npyjs@1.2.0",
            "parse-exr@1.0.2",
        ),
        npm=True,
    ),
)
