"""Install gridgis from this folder, without a network: check Python, check the files, make an environment, fill it.

Run by install.sh and install.bat. Standard library only, and old Python must still read it, to be told that it is old.
"""

import hashlib
import json
import os
import platform
import subprocess
import sys
import venv
from ctypes.util import find_library
from pathlib import Path

HERE = Path(__file__).resolve().parent
WINDOWS = os.name == "nt"


def refuse(zh: str, en: str) -> None:
    """Say what is wrong, in Chinese and in English, and end with status 1."""
    sys.exit(zh + "\n" + en)


def check_machine(bundle: dict) -> None:  # type: ignore[type-arg]
    """Refuse another version of Python and another system than the wheels were made for."""
    have, need = "%d.%d" % sys.version_info[:2], bundle["python"]  # noqa: UP031
    if have != need:
        refuse(
            f"本安装包需要 Python {need}，而 {sys.executable} 是 {have}。请装 {need}，或索取用于 {have} 的安装包。",
            f"This bundle needs Python {need}; {sys.executable} is {have}. Install Python {need}, or ask for a bundle "
            f"for Python {have}.",
        )
    system, machine = platform.system().lower(), platform.machine().lower()
    if system != bundle["system"] or machine not in ("x86_64", "amd64") or sys.maxsize < 2**32:
        refuse(
            f"本安装包用于 64 位 {bundle['system']}（x86_64/amd64），而本机的 Python 是 {system} {machine}。",
            f"This bundle is for 64-bit {bundle['system']} (x86_64/amd64); this Python is {system} {machine}.",
        )
    if WINDOWS and find_library("msvcp140") is None:  # ortools asks for it and does not bring it
        refuse(
            "缺少 Visual C++ 运行库：请先安装 vc_redist.x64.exe（Visual C++ 2015-2022 Redistributable x64）。",
            "The Visual C++ runtime is missing: install vc_redist.x64.exe (Visual C++ 2015-2022 Redistributable x64).",
        )


def check_files() -> None:
    """Compare every file with SHA256SUMS: a copy from a disc or a stick may be damaged or not whole."""
    for line in (HERE / "SHA256SUMS").read_text(encoding="utf-8").splitlines():
        digest, name = line.split("  ", 1)
        path = HERE / name
        if not path.exists() or hashlib.sha256(path.read_bytes()).hexdigest() != digest:
            refuse(
                f"文件缺失或损坏：{name}。请重新拷贝整个文件夹。",
                f"Missing or damaged: {name}. Copy the whole folder again.",
            )


def make_environment(home: Path) -> Path:
    """Make an empty virtual environment and return its Python. Needs no ensurepip: pip comes with the bundle."""
    if home.exists():
        refuse(
            f"{home} 已存在。请删除它，或在命令后另给一个文件夹。",
            f"{home} exists already. Delete it, or name another folder after the command.",
        )
    venv.create(str(home), with_pip=False)
    return home / ("Scripts/python.exe" if WINDOWS else "bin/python")


def fill(python: Path, requirement: str) -> None:
    """Install pip and gridgis from the wheels of this folder only, whatever this machine's pip is set to."""
    pip = next((HERE / "wheels").glob("pip-*.whl")) / "pip"
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PIP_")}
    environment.update(PIP_CONFIG_FILE=os.devnull, PIP_NO_INDEX="1", PIP_DISABLE_PIP_VERSION_CHECK="1")
    command = [str(python), str(pip), "install", "--quiet", "--no-index", "--no-cache-dir", "--only-binary=:all:"]
    command += ["--find-links", str(HERE / "wheels"), "pip", requirement]
    if subprocess.call(command, env=environment) != 0:
        refuse("安装失败，原因见上。", "The installation failed; the cause stands above.")


def main() -> None:
    """Install into the folder named on the command line, or into ``gridgis`` in the user's home."""
    bundle = json.loads((HERE / "bundle.json").read_text(encoding="utf-8"))
    check_machine(bundle)
    check_files()
    home = Path(sys.argv[1] if len(sys.argv) > 1 else Path.home() / "gridgis").absolute()
    python = make_environment(home)
    sys.stdout.write("安装需一两分钟 / installing takes a minute or two ...\n")
    sys.stdout.flush()
    fill(python, bundle["requirement"])
    command = python.parent / ("gridgis.exe" if WINDOWS else "gridgis")
    sys.stdout.write(f"已安装，请试 / installed; try:\n  {command} demo -o demo\n")


if __name__ == "__main__":
    main()
