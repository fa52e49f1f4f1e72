"""Make a bundle: every wheel that an office on a closed network needs, their checksums, and the scripts that install.

``python -m bundle.build --system windows --python 3.12`` writes ``dist/gridgis-VERSION-windows-py3.12/``. The wheels
are those that constraints.txt pins, fetched by plain ``pip download``; nothing else gets in.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import platform
import shutil
import subprocess
import sys
import zipfile
from email.parser import HeaderParser
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name, parse_wheel_filename

from bundle.prove import prove
from bundle.targets import Target

ROOT = Path(__file__).parents[1]
REQUIREMENT = "gridgis[postgis]"
SYSTEMS = ("linux", "windows")


def read_pins(path: Path = ROOT / "constraints.txt") -> dict[str, str]:
    """Return what constraints.txt pins: canonical name to ``name==version``."""
    lines = [line.strip() for line in path.read_text(encoding="utf-8").splitlines()]
    return {canonicalize_name(line.split("==")[0]): line for line in lines if line and not line.startswith("#")}


def read_requires(wheel: Path) -> list[str]:
    """Return the requirements that a wheel states (Requires-Dist of its metadata)."""
    with zipfile.ZipFile(wheel) as archive:
        name = next(name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        return HeaderParser().parsestr(archive.read(name).decode()).get_all("Requires-Dist", [])


def run_pip(*arguments: str) -> None:
    """Run this environment's pip; its own words say what went wrong."""
    subprocess.run([sys.executable, "-m", "pip", *arguments, "-qq", "--disable-pip-version-check"], check=True)


def download(names: set[str], target: Target, wheels: Path) -> None:
    """Fetch the pinned wheels of these packages, and nothing that they require: :func:`collect` follows that."""
    pins = read_pins()
    if loose := sorted(names - pins.keys()):
        sys.exit(
            f"constraints.txt 未固定版本 / does not pin: {', '.join(loose)} ({target.system}, Python {target.python})"
        )
    fits = [f"--platform={platform}" for platform in target.platforms]
    fits += [f"--python-version={target.python}", "--only-binary=:all:", "--no-deps"]
    run_pip("download", *fits, "--dest", str(wheels), *(pins[name] for name in sorted(names)))


def collect(target: Target, wheels: Path) -> None:
    """Fill a folder with our own wheel, pip, and all that they need on the target, one generation at a time."""
    run_pip("wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", str(wheels), str(ROOT))
    todo, done = [Requirement("pip"), Requirement(REQUIREMENT)], set[tuple[str, frozenset[str]]]()
    while todo:
        here = {parse_wheel_filename(wheel.name)[0]: wheel for wheel in wheels.glob("*.whl")}
        if missing := {canonicalize_name(need.name) for need in todo} - here.keys():
            download({*missing}, target, wheels)
            continue
        found: list[Requirement] = []
        for need in todo:
            key = (canonicalize_name(need.name), frozenset(need.extras))
            if key not in done:
                done.add(key)
                check_version(need, here[key[0]])
                found += target.needs(read_requires(here[key[0]]), need.extras)
        todo = found


def check_version(need: Requirement, wheel: Path) -> None:
    """Refuse a pinned version that another package does not accept: the office's pip would."""
    if not need.specifier.contains(version := parse_wheel_filename(wheel.name)[1], prereleases=True):
        sys.exit(f"版本冲突 / versions disagree: {need}, constraints.txt {version}")


def write_scripts(target: Target, folder: Path) -> None:
    """Write the installers, the guide, what the bundle is for, and last the checksums of everything."""
    for name, newline in (("install.sh", "\n"), ("install.bat", "\r\n"), ("install.py", "\n")):
        text = (ROOT / "bundle" / name).read_text(encoding="utf-8").replace("@PYTHON@", target.python)
        (folder / name).write_text(text, encoding="utf-8", newline=newline)
    shutil.copy(ROOT / "docs/howto-offline.md", folder)
    facts = {"requirement": REQUIREMENT, "system": target.system, "python": target.python}
    (folder / "bundle.json").write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    lines = [
        f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.relative_to(folder).as_posix()}\n" for path in files
    ]
    (folder / "SHA256SUMS").write_text("".join(lines), encoding="utf-8", newline="\n")


def build(target: Target, into: Path = ROOT / "dist") -> Path:
    """Make the bundle of a target and return its folder; an older one of the same name is replaced."""
    making = into / "bundle.part"
    shutil.rmtree(making, ignore_errors=True)
    (making / "wheels").mkdir(parents=True)
    collect(target, making / "wheels")
    version = next(parse_wheel_filename(wheel.name)[1] for wheel in (making / "wheels").glob("gridgis-*.whl"))
    write_scripts(target, making)
    folder = into / f"gridgis-{version}-{target.system}-py{target.python}"
    shutil.rmtree(folder, ignore_errors=True)
    making.rename(folder)
    return folder


def main() -> None:
    """Make the bundle that the command line names; one for this machine is then installed and run, to prove it."""
    parser = argparse.ArgumentParser(prog="bundle.build")
    parser.add_argument("--system", default=platform.system().lower(), choices=SYSTEMS)
    parser.add_argument("--python", default=f"{sys.version_info.major}.{sys.version_info.minor}")
    asked = parser.parse_args()
    target = Target(asked.system, asked.python)
    folder = build(target)
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    count = len([*(folder / "wheels").iterdir()])
    sys.stdout.write(f"{folder}: {count} wheels, {size / 1e6:.0f} MB\n")
    if target.system == platform.system().lower() == "linux":
        prove(folder, target.python)


if __name__ == "__main__":
    main()
