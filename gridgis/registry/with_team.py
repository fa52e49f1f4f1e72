"""What a registry knows of people: who leads and administers which grid, from when to when."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from gridgis.dispatch.team import mask_phone
from gridgis.registry import certificates, remarks, team, team_filing
from gridgis.registry.book import Book, When, day_of, is_number
from gridgis.registry.cards import team_by_grid
from gridgis.registry.plans import Author
from gridgis.registry.team import Post, TeamChange


class WithTeam:
    """Appointing people to grids, and telling who acts on a day."""

    _book: Book

    def team_import(self, rows: pd.DataFrame, by: str) -> TeamChange:
        """Add appointments: grid, role, name, phone?, from?, to?; those that are there get the table's last day."""
        with self._book.store.write() as c:
            return team.import_team(self._book, c, rows, by)

    def team_end(self, grid: str, role: str, name: str, day: Any, by: str = "") -> None:
        """Give an open appointment its last day, and write down who did."""
        with self._book.store.write() as c:
            team.end_appointment(self._book, c, Post(grid, role, name), day, by)

    def team(self, at: When = None, mask: bool = False) -> pd.DataFrame:
        """Return the appointments on a day (default today; a revision number means today): grid, role, name, ..."""
        with self._book.store.read() as c:
            table = team.team(c, self._day(at))
        return table.assign(phone=table["phone"].map(mask_phone)) if mask else table

    def appointments(self) -> pd.DataFrame:
        """Return the appointments of all days, ended ones and those to come too: grid, role, name, phone, from, to."""
        with self._book.store.read() as c:
            return team.team(c, None)

    def leaders(self, at: When = None) -> Mapping[str, list[dict[str, Any]]]:
        """Return the team by grid code."""
        return team_by_grid(self.team(at))

    def remarks(self, at: When = None) -> dict[str, str]:
        """Return the remarks on grids of a day (default today; a revision number means today), by code."""
        with self._book.store.read() as c:
            return remarks.remarks(c, self._day(at))

    def team_file(self, by: str, why: str = "") -> int:
        """Put today's team on record (队伍备案); return the number. Filing a plan does so for its grids by itself."""
        with self._book.store.write() as c:
            return team_filing.file_team(self._book, c, Author(by, why), self._book.today())

    def team_filings(self) -> pd.DataFrame:
        """Return all team filings: number, revision, day, filed_at, filed_by, why, people."""
        with self._book.store.read() as c:
            return team_filing.team_filings(c)

    def team_filed(self, number: int) -> pd.DataFrame:
        """Return who was on record in a team filing: grid, role, name, from_day, to_day."""
        with self._book.store.read() as c:
            return team_filing.team_filed(c, number)

    def certificates_import(self, rows: pd.DataFrame) -> int:
        """Write certificates of people: name, phone, kind, number?, issued?, expires?; return how many."""
        with self._book.store.write() as c:
            return certificates.import_certificates(c, rows)

    def certificates(self, mask: bool = False) -> pd.DataFrame:
        """Return all certificates and whether they are valid today, expire soon, or have expired."""
        with self._book.store.read() as c:
            table = certificates.certificates(self._book, c)
        return table.assign(phone=table["phone"].map(mask_phone)) if mask else table

    def _day(self, at: When) -> str:
        return self._book.today() if at is None or is_number(at) else day_of(at)
