"""Prove a bundle where it was made: install it into an empty environment without a network, and run the demo there."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ASK = "import sys; print(sys.executable)"


def without_network() -> list[str]:
    """Return the command that runs another one in a namespace without a network; [] where that is not permitted."""
    command = [shutil.which("unshare") or "", "--map-root-user", "--net"]
    if command[0] and subprocess.run([*command, "true"], capture_output=True).returncode == 0:
        return command
    return []


def find_python(version: str) -> str | None:
    """Return the interpreter that stands behind ``python3.12``; a version manager's stand-in may have none."""
    try:
        told = subprocess.run([f"python{version}", "-c", ASK], capture_output=True, text=True)
    except OSError:
        return None
    return told.stdout.strip() or None


def prove(folder: Path, python: str) -> None:
    """Install a bundle and run ``gridgis demo`` from it, far from the source tree; raise where either fails.

    Parameters
    ----------
    folder : Path
        The bundle, as :func:`bundle.build.build` made it, for this machine's system.
    python : str
        The Python version that it is for, as "3.11"; without one on this machine nothing is proved, and this is said.
    """
    interpreter = sys.executable if python == "{}.{}".format(*sys.version_info) else find_python(python)
    if interpreter is None:
        sys.stdout.write(f"未试装：本机没有 Python {python} / not tried: no Python {python} here\n")
        return
    alone = without_network()
    with tempfile.TemporaryDirectory() as home:
        clean = {"HOME": home, "PATH": os.defpath, "LANG": "C.UTF-8", "PIP_NO_INDEX": "1", "PYTHON": interpreter}
        for command in (["sh", str(folder / "install.sh")], [f"{home}/gridgis/bin/gridgis", "demo", "-o", "demo"]):
            subprocess.run([*alone, *command], env=clean, cwd=home, check=True)
    network = "无网络的命名空间中 / in a namespace without a network" if alone else "PIP_NO_INDEX=1"
    sys.stdout.write(f"已试装并运行演示 / installed, and the demo run: {network}\n")
