"""The machines that a bundle is made for: which wheels fit them, and what environment markers say there.

``pip download --platform`` picks the wheels of another system, but evaluates the markers of requirements
(``colorama; sys_platform == "win32"``) for the machine that it runs on (pip's issue 6117). So the requirements are
followed here, with the markers of the target.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from packaging.requirements import Requirement

# glibc 2.28 (Debian 10, openEuler 20.03, Kylin V10, UOS 20 and newer): the oldest that all our wheels run on.
OLDEST_GLIBC, NEWEST_GLIBC = 17, 28
LINUX = (
    *(f"manylinux_2_{minor}_x86_64" for minor in range(NEWEST_GLIBC, OLDEST_GLIBC - 1, -1)),
    "manylinux2014_x86_64",
)


@dataclass(frozen=True)
class Target:
    """A system and a Python version.

    Attributes
    ----------
    system : str
        ``linux`` (x86_64) or ``windows`` (amd64).
    python : str
        As "3.11": compiled wheels fit one minor version of Python.
    """

    system: str
    python: str

    @property
    def platforms(self) -> tuple[str, ...]:
        """The platform tags of wheels that fit, the best first."""
        return LINUX if self.system == "linux" else ("win_amd64",)

    @property
    def markers(self) -> dict[str, str]:
        """The environment that markers are evaluated in (PEP 508); of the patch releases, the first."""
        linux = self.system == "linux"
        return {
            "implementation_name": "cpython",
            "implementation_version": f"{self.python}.0",
            "os_name": "posix" if linux else "nt",
            "platform_machine": "x86_64" if linux else "AMD64",
            "platform_python_implementation": "CPython",
            "platform_release": "",
            "platform_system": "Linux" if linux else "Windows",
            "platform_version": "",
            "python_full_version": f"{self.python}.0",
            "python_version": self.python,
            "sys_platform": "linux" if linux else "win32",
        }

    def needs(self, requires: Iterable[str], extras: Iterable[str]) -> Iterator[Requirement]:
        """Yield those of a package's requirements that hold on this target.

        Examples
        --------
        >>> lines = ['colorama; sys_platform == "win32"', 'psycopg; extra == "postgis"', 'numpy>=2.0']
        >>> [str(need) for need in Target("windows", "3.11").needs(lines, ["postgis"])]
        ['colorama; sys_platform == "win32"', 'psycopg; extra == "postgis"', 'numpy>=2.0']
        >>> [str(need) for need in Target("linux", "3.11").needs(lines, [])]
        ['numpy>=2.0']
        """
        environments = [{**self.markers, "extra": extra} for extra in ("", *extras)]
        for need in map(Requirement, requires):
            if need.marker is None or any(need.marker.evaluate(environment) for environment in environments):
                yield need
