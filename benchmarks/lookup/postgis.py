"""PostGIS in a cluster of its own, in a temporary folder; it needs Debian's postgresql-postgis, or the like."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import shapely

from benchmarks.lookup.peers import JOIN
from benchmarks.lookup.race import Engine, Told
from gridgis.geometry.arrays import Floats, Geometries, points

_SETTINGS = {
    "listen_addresses": "",
    "fsync": "off",
    "autovacuum": "off",
    "jit": "off",
    "max_parallel_workers_per_gather": "0",
    "max_parallel_maintenance_workers": "0",
    "shared_buffers": "1GB",
    "work_mem": "256MB",
    "maintenance_work_mem": "1GB",
    "max_wal_size": "4GB",
    "random_page_cost": "1.1",
}


def programs() -> Path | None:
    """Return the folder of initdb and pg_ctl of the newest PostgreSQL that has PostGIS, if there is one."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda p: int(p.parts[-3]))
    found = [p for p in found if Path(f"/usr/share/postgresql/{p.parts[-3]}/extension/postgis.control").is_file()]
    return found[-1].parent if found else None


class PostGIS(Engine):
    """A nested loop over a GiST index, no parallel workers. Before: both tables, the index, ANALYZE.

    The time is that of the server's process for the connection; sending the answer, one row, is in it.
    """

    name = "PostGIS GiST"

    def __init__(self, polygons: Geometries) -> None:
        import psycopg

        where = programs()
        if where is None:
            raise ModuleNotFoundError("no PostgreSQL with PostGIS")
        self.bin = where
        self.folder = Path(tempfile.mkdtemp(prefix="gridgis-postgis-"))
        self.log = self.folder / "log"
        self.running = False
        try:
            self._start()
            self.base = psycopg.connect(host=str(self.folder), user="postgres", dbname="postgres", autocommit=True)
            self.base.execute("CREATE EXTENSION postgis")
            found = self.base.execute("SELECT postgis_lib_version()").fetchone()
            self.note = f"PostGIS {found[0]}, PostgreSQL {self.base.info.server_version // 10000}" if found else ""
            self._fill("cells", shapely.to_wkb(polygons))
            self.base.execute("CREATE INDEX ON cells USING gist (geom)")
            self.base.execute("VACUUM ANALYZE cells")
            self.pid = self.base.info.backend_pid
        except BaseException:
            self.close()
            raise

    def _as_server(self, *command: str | Path) -> None:
        """Run a program of PostgreSQL, which refuses root, as the user postgres where this process is root's."""
        user = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
        subprocess.run([*user, *map(str, command)], check=True, capture_output=True, cwd="/")

    def _start(self) -> None:
        if os.geteuid() == 0:
            shutil.chown(self.folder, "postgres", "postgres")
        data = self.folder / "data"
        self._as_server(self.bin / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync")
        options = " ".join(f"-c {k}='{v}'" for k, v in _SETTINGS.items())
        options += f" -c unix_socket_directories='{self.folder}'"
        self.running = True
        self._as_server(self.bin / "pg_ctl", "-D", data, "-l", self.log, "-w", "-o", options, "start")

    def _fill(self, table: str, wkb: Any) -> None:
        self.base.execute(f"DROP TABLE IF EXISTS {table}")
        self.base.execute(f"CREATE UNLOGGED TABLE {table} (id int4, geom geometry)")
        with self.base.cursor().copy(f"COPY {table} FROM STDIN (FORMAT BINARY)") as copy:
            copy.set_types(["int4", "bytea"])  # a geometry is sent as its WKB
            for row in enumerate(wkb.tolist()):
                copy.write_row(row)

    def load(self, xy: Floats) -> None:
        self._fill("points", shapely.to_wkb(points(xy)))
        self.base.execute("ANALYZE points")
        plan = self.base.execute(f"EXPLAIN {JOIN}").fetchall()
        if not any("Index Scan" in str(line) for line in plan):
            raise RuntimeError("PostGIS does not use its index")

    def answer(self) -> Any:
        return self.base.execute(JOIN).fetchall()

    def told(self, answer: Any) -> Told:
        return Told(*map(int, answer[0]))

    def cpu_s(self) -> float:
        """Return the CPU time of the server's process for this connection; the system counts it in 0.01 s."""
        fields = Path(f"/proc/{self.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def close(self) -> None:
        if hasattr(self, "base"):
            self.base.close()
        if self.running:
            self._as_server(self.bin / "pg_ctl", "-D", self.folder / "data", "-m", "immediate", "stop")
            self.running = False
        shutil.rmtree(self.folder, ignore_errors=True)
