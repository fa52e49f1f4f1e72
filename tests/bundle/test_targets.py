"""What each system needs, by the requirements that the installed packages state, and that all of it is pinned."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, requires

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from bundle.build import REQUIREMENT, SYSTEMS, read_pins
from bundle.targets import Target


def needed(target: Target) -> set[str]:
    """Follow the requirements from gridgis on; a package that is not installed here (Windows' own) ends its branch."""
    todo, done = [Requirement(REQUIREMENT)], set[tuple[str, frozenset[str]]]()
    while todo:
        need = todo.pop()
        key = (canonicalize_name(need.name), frozenset(need.extras))
        if key in done:
            continue
        done.add(key)
        try:
            stated = requires(need.name) or []
        except PackageNotFoundError:
            stated = []
        todo += target.needs(stated, need.extras)
    return {name for name, _ in done} - {"gridgis"}


@pytest.mark.parametrize("python", ["3.11", "3.12", "3.13"])
@pytest.mark.parametrize("system", SYSTEMS)
def test_all_that_an_office_needs_is_pinned(system: str, python: str) -> None:
    assert needed(Target(system, python)) | {"pip"} <= read_pins().keys()


def test_windows_needs_what_linux_does_not() -> None:
    assert needed(Target("windows", "3.11")) - needed(Target("linux", "3.11")) == {"colorama"}


def test_the_postgres_driver_and_the_time_zones_come_along() -> None:
    assert {"psycopg", "psycopg-binary", "tzdata"} <= needed(Target("windows", "3.11"))


def test_linux_wheels_run_on_the_systems_of_offices() -> None:
    """Kylin V10 and UOS 20 have glibc 2.28; a wheel for a newer one is no candidate."""
    platforms = Target("linux", "3.11").platforms
    assert (platforms[0], platforms[-1]) == ("manylinux_2_28_x86_64", "manylinux2014_x86_64")


def test_an_extra_of_an_extra_is_followed() -> None:
    lines = ['psycopg-binary==3; implementation_name != "pypy" and extra == "binary"', 'x; python_version < "3.12"']
    assert [need.name for need in Target("linux", "3.12").needs(lines, ["binary"])] == ["psycopg-binary"]
    assert [need.name for need in Target("linux", "3.11").needs(lines, [])] == ["x"]
