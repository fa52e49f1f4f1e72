"""A PostgreSQL with PostGIS of one's own, in a temporary folder, for tests and benchmarks: no network, no password."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType

NEEDED = "PostgreSQL with PostGIS (Debian: apt-get install postgresql-postgis)"

_SETTINGS = {
    "listen_addresses": "",
    "fsync": "off",  # a crash of the whole machine is not what is tried here
    "shared_buffers": "64MB",
    "jit": "off",
}


def programs() -> Path | None:
    """Return the folder of initdb and pg_ctl of the newest PostgreSQL that has PostGIS, if there is one."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda p: int(p.parts[-3]))
    found = [p for p in found if Path(f"/usr/share/postgresql/{p.parts[-3]}/extension/postgis.control").is_file()]
    return found[-1].parent if found else None


class Cluster:
    """A running server; ``close`` stops it and deletes all it held.

    Parameters
    ----------
    settings
        Settings of the server, over those for tests.

    Raises
    ------
    ModuleNotFoundError
        There is no PostgreSQL with PostGIS.
    """

    def __init__(self, settings: Mapping[str, str] | None = None) -> None:
        where = programs()
        if where is None:
            raise ModuleNotFoundError(f"needs {NEEDED}")
        self._bin = where
        self.folder = Path(tempfile.mkdtemp(prefix="gridgis-postgis-"))
        self._schemas = 0
        try:
            self._start({**_SETTINGS, **(settings or {})})
        except BaseException:
            shutil.rmtree(self.folder, ignore_errors=True)
            raise

    def _start(self, settings: Mapping[str, str]) -> None:
        if os.geteuid() == 0:
            shutil.chown(self.folder, "postgres", "postgres")
        words = ["-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"]
        self._as_server("initdb", "-D", self.folder / "data", *words)
        options = " ".join(f"-c {k}='{v}'" for k, v in settings.items())
        self._options = options + f" -c unix_socket_directories='{self.folder}'"
        self.start()

    def start(self) -> None:
        """Start the server, again after ``crash``."""
        log = self.folder / "log"
        self._as_server("pg_ctl", "-D", self.folder / "data", "-l", log, "-w", "-o", self._options, "start")

    def crash(self) -> None:
        """Stop the server as if it had crashed: nothing is finished, and the next start recovers from its log."""
        self._as_server("pg_ctl", "-D", self.folder / "data", "-m", "immediate", "-w", "stop")

    def _as_server(self, program: str, *words: str | Path) -> None:
        """Run a program of PostgreSQL, which refuses root, as the user postgres where this process is root's."""
        user = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
        subprocess.run([*user, self._bin / program, *map(str, words)], check=True, capture_output=True, cwd="/")

    def address(self, schema: str | None = None) -> str:
        """Return the address of a schema, by default of one that nobody has used yet."""
        if schema is None:
            self._schemas += 1
            schema = f"s{self._schemas}"
        return f"postgresql://postgres@/postgres?host={self.folder}&schema={schema}"

    def close(self) -> None:
        """Stop the server, and delete its folder."""
        try:
            self.crash()
        finally:
            shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self) -> Cluster:
        return self

    def __exit__(self, kind: type[BaseException] | None, e: BaseException | None, tb: TracebackType | None) -> None:
        self.close()
