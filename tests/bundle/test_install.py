"""A bundle installs without a network, and each thing that may be wrong in an office is told."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from bundle.prove import without_network
from bundle.targets import Target
from tests.bundle.wheelhouse import PYTHON, make_bundle

HERE = Target("linux", PYTHON)


def run_installer(folder: Path, *arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    clean = {"PATH": os.defpath, "LANG": "C.UTF-8", "HOME": str(folder), "PYTHON": sys.executable, **environment}
    command = [*without_network(), "/bin/sh", str(folder / "install.sh"), *map(str, arguments)]
    return subprocess.run(command, env=clean, capture_output=True, text=True)


def refusal(folder: Path, *arguments: str | Path, **environment: str) -> str:
    run = run_installer(folder, *arguments, **environment)
    assert (run.returncode, run.stdout) == (1, "")
    assert len(run.stderr.splitlines()) == 2  # Chinese, and English
    return run.stderr


@pytest.mark.heavy
def test_it_installs_without_a_network_and_the_command_runs(tmp_path: Path) -> None:
    folder = make_bundle(tmp_path / "on a stick", HERE)
    run = run_installer(folder, tmp_path / "my grids", PIP_INDEX_URL="file:///nowhere", PIP_REQUIRE_HASHES="1")
    assert (run.returncode, run.stderr) == (0, "")
    command = tmp_path / "my grids/bin/gridgis"
    assert f"{command} demo" in run.stdout
    assert subprocess.run([command], capture_output=True, text=True, check=True).stdout == "grids\n"


@pytest.mark.heavy
def test_a_wheel_that_is_not_in_the_bundle_is_not_fetched_from_elsewhere(tmp_path: Path) -> None:
    folder = make_bundle(tmp_path / "bundle", HERE)
    (folder / "wheels/beside-2.1-py3-none-any.whl").rename(tmp_path / "beside-2.1-py3-none-any.whl")
    sums = folder / "SHA256SUMS"
    sums.write_text("".join(line for line in sums.read_text().splitlines(keepends=True) if "beside" not in line))
    run = run_installer(folder, tmp_path / "home", PIP_FIND_LINKS=str(tmp_path))
    assert run.returncode == 1
    assert "No matching distribution found for beside" in run.stderr
    assert run.stderr.endswith("The installation failed; the cause stands above.\n")


def test_another_python_is_told(tmp_path: Path) -> None:
    told = refusal(make_bundle(tmp_path / "bundle", Target("linux", "3.99")))
    assert "本安装包需要 Python 3.99" in told
    assert f"needs Python 3.99; {sys.executable} is {PYTHON}" in told


def test_another_system_is_told(tmp_path: Path) -> None:
    told = refusal(make_bundle(tmp_path / "bundle", Target("windows", PYTHON)))
    assert "本安装包用于 64 位 windows" in told
    assert "is for 64-bit windows (x86_64/amd64); this Python is linux" in told


@pytest.mark.parametrize("name", ["wheels/gridgis-1.0-py3-none-any.whl", "howto-offline.md"])
@pytest.mark.parametrize("damage", [Path.unlink, lambda path: path.write_bytes(path.read_bytes()[:-1])])
def test_a_damaged_copy_is_told(tmp_path: Path, name: str, damage: object) -> None:
    folder = make_bundle(tmp_path / "bundle", HERE)
    damage(folder / name)  # type: ignore[operator]
    told = refusal(folder, tmp_path / "home")
    assert f"文件缺失或损坏：{name}" in told
    assert f"Missing or damaged: {name}" in told
    assert not (tmp_path / "home").exists()


def test_an_installation_is_not_written_over(tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    told = refusal(make_bundle(tmp_path / "bundle", HERE), tmp_path / "home")
    assert "已存在" in told
    assert "home exists already" in told


def test_a_machine_without_python_is_told(tmp_path: Path) -> None:
    folder, tools = make_bundle(tmp_path / "bundle", HERE), tmp_path / "tools"
    tools.mkdir()
    (tools / "dirname").symlink_to(shutil.which("dirname") or "")
    told = refusal(folder, PATH=str(tools), PYTHON="")
    assert f"请先安装 Python {PYTHON}" in told
    assert f"No Python found: install Python {PYTHON} first" in told


def test_a_python_that_was_named_and_does_not_run_is_not_replaced_by_another(tmp_path: Path) -> None:
    told = refusal(make_bundle(tmp_path / "bundle", HERE), PYTHON=str(tmp_path / "nowhere"), PATH=os.environ["PATH"])
    assert f"No Python found: install Python {PYTHON} first" in told


def test_the_script_for_windows_has_its_line_ends(tmp_path: Path) -> None:
    """The command processor of Windows misreads labels in a file with bare line feeds."""
    text = (make_bundle(tmp_path / "bundle", Target("windows", "3.12")) / "install.bat").read_bytes()
    assert text.count(b"\r\n") == text.count(b"\n") > 10
    assert b"py -3.12" in text
    assert b"@PYTHON@" not in text


def test_the_checksums_are_those_of_sha256sum(tmp_path: Path) -> None:
    folder = make_bundle(tmp_path / "bundle", HERE)
    listed = subprocess.run(
        ["sha256sum", "--check", "--strict", "SHA256SUMS"], cwd=folder, capture_output=True, text=True
    )
    files = [path for path in folder.rglob("*") if path.is_file() and path.name != "SHA256SUMS"]
    assert (listed.returncode, len(listed.stdout.splitlines())) == (0, len(files))
