"""A small bundle, made by the code that makes the real one, but of two wheels written by hand and pip's own."""

from __future__ import annotations

import ensurepip
import shutil
import sys
import zipfile
from pathlib import Path

from bundle.build import write_scripts
from bundle.targets import Target

PYTHON = "{}.{}".format(*sys.version_info)


def write_wheel(folder: Path, name: str, version: str, requires: list[str], code: str) -> Path:
    """Write a wheel with one module of the package's name and a command that runs its ``main``."""
    path, info = folder / f"{name}-{version}-py3-none-any.whl", f"{name}-{version}.dist-info"
    stated = "".join(f"Requires-Dist: {need}\n" for need in requires)
    files = {
        f"{name}.py": code,
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\nProvides-Extra: postgis\n"
        + stated,
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/entry_points.txt": f"[console_scripts]\n{name} = {name}:main\n",
    }
    files[f"{info}/RECORD"] = "".join(f"{file},,\n" for file in [*files, f"{info}/RECORD"])
    with zipfile.ZipFile(path, "w") as archive:
        for file, text in files.items():
            archive.writestr(file, text)
    return path


def make_bundle(folder: Path, target: Target) -> Path:
    """Make a bundle of a gridgis that prints what its dependency, in the extra, says."""
    wheels = folder / "wheels"
    wheels.mkdir(parents=True)
    write_wheel(wheels, "gridgis", "1.0", ['beside>=2; extra == "postgis"'], "import beside\nmain = beside.main\n")
    write_wheel(wheels, "beside", "2.1", [], "def main():\n    print('grids')\n")
    pip = next((Path(ensurepip.__file__).parent / "_bundled").glob("pip-*.whl"))
    shutil.copy(pip, wheels)
    write_scripts(target, folder)
    return folder
