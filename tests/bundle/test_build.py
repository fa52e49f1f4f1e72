"""What gets into a bundle: our own wheel, whole, and pinned versions that agree."""

from __future__ import annotations

import subprocess
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from bundle.build import ROOT, check_version, download, read_requires, run_pip
from bundle.targets import Target
from tests.bundle.wheelhouse import write_wheel


@pytest.mark.heavy
def test_our_wheel_holds_every_file_of_its_packages(tmp_path: Path) -> None:
    run_pip("wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", str(tmp_path), str(ROOT))
    (wheel,) = tmp_path.iterdir()
    listed = subprocess.check_output(
        ["git", "ls-files", "gridgis", "api", "maps", "sample_shapes"], cwd=ROOT, text=True
    )
    files = {name for name in listed.splitlines() if (ROOT / name).exists()}
    assert len(files) > 250
    assert files - {*zipfile.ZipFile(wheel).namelist()} == set()


def test_requirements_are_read_from_a_wheel(tmp_path: Path) -> None:
    wheel = write_wheel(tmp_path, "gridgis", "1.0", ['beside>=2; extra == "postgis"', "numpy"], "")
    assert read_requires(wheel) == ['beside>=2; extra == "postgis"', "numpy"]
    assert read_requires(write_wheel(tmp_path, "alone", "1.0", [], "")) == []


def test_a_package_that_is_not_pinned_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match=r"does not pin: nowhere \(windows, Python 3\.11\)"):
        download({"numpy", "nowhere"}, Target("windows", "3.11"), tmp_path)
    assert [*tmp_path.iterdir()] == []


def test_pinned_versions_that_disagree_are_refused(tmp_path: Path) -> None:
    wheel = write_wheel(tmp_path, "beside", "2.1", [], "")
    check_version(Requirement("beside>=2"), wheel)
    with pytest.raises(SystemExit, match=r"versions disagree: beside<2, constraints\.txt 2\.1"):
        check_version(Requirement("beside<2"), wheel)
