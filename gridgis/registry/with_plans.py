"""What a registry does with division plans: one method for each step of a filing."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import pandas as pd

from gridgis.model import DivisionPlan
from gridgis.registry import filing, imports, plans
from gridgis.registry.book import Book
from gridgis.registry.plans import Author


class WithPlans:
    """Taking plans in, moving them on, showing them. Each step writes down who, when and why."""

    _book: Book

    def plan_new(
        self, plan: DivisionPlan, title: str, by: str, why: str = "", communities: gpd.GeoDataFrame | None = None
    ) -> int:
        """Take in a division as a draft with preview codes; return its number.

        ``communities`` enter the base layer in the same transaction, as ``import_communities`` does.
        """
        with self._book.store.write() as c:
            if communities is not None:
                imports.import_communities(self._book, c, communities)
            return plans.new_plan(self._book, c, plan, title, Author(by, why))

    def plan_revise(self, plan_id: int, plan: DivisionPlan, by: str, why: str = "") -> None:
        """Replace the content of a draft or returned plan; grids that continue keep the codes issued to them."""
        with self._book.store.write() as c:
            plans.revise_plan(self._book, c, plan_id, plan, Author(by, why))

    def plan_submit(self, plan_id: int, by: str, why: str = "") -> None:
        """Check a plan and issue its codes (上报)."""
        with self._book.store.write() as c:
            filing.submit(self._book, c, plan_id, Author(by, why))

    def plan_return(self, plan_id: int, by: str, why: str = "") -> None:
        """Send a plan back (退回); its codes stay reserved for it."""
        self._move(plan_id, "return", by, why)

    def plan_review(self, plan_id: int, by: str, why: str = "") -> None:
        """Approve a submitted plan (审核)."""
        self._move(plan_id, "review", by, why)

    def plan_withdraw(self, plan_id: int, by: str, why: str = "") -> None:
        """Give a plan up (撤回); the codes issued to it are burned."""
        self._move(plan_id, "withdraw", by, why)

    def _move(self, plan_id: int, action: str, by: str, why: str) -> None:
        with self._book.store.write() as c:
            filing.move(self._book, c, plan_id, action, Author(by, why))

    def plan_file(self, plan_id: int, by: str, why: str = "", in_force_from: Any = None) -> int:
        """Publish a reviewed plan as one new revision, in one transaction (备案); return its number.

        Parameters
        ----------
        in_force_from
            A day from today on; default today.
        """
        with self._book.store.write() as c:
            return filing.file_plan(self._book, c, plan_id, Author(by, why), in_force_from)

    def plans(self) -> pd.DataFrame:
        """Return all plans: id, title, communities, state, made_by, made_at, changed_at, revision, grids."""
        with self._book.store.read() as c:
            return plans.list_plans(c)

    def plan(self, plan_id: int) -> dict[str, Any]:
        """Return a plan's papers: title, state, possible actions, rules, report, events."""
        with self._book.store.read() as c:
            return plans.describe_plan(c, plan_id)

    def plan_grids(self, plan_id: int) -> gpd.GeoDataFrame:
        """Return a plan's grids, stored coordinates."""
        with self._book.store.read() as c:
            plans.plan_row(c, plan_id)
            return plans.drafts(c, plan_id).drop(columns=["fid", "plan_id"])

    def plan_diff(self, plan_id: int) -> pd.DataFrame:
        """Compare a plan with the last revision: old, new (codes), households_share, area_share, relation.

        Relations are those of lineage, and "new" (old is null) and "gone" (new is null).
        """
        with self._book.store.read() as c:
            row = plans.plan_row(c, plan_id)
            settled = row.state in ("submitted", "reviewed", "filed", "superseded")
            return plans.diff(plans.code_plan(self._book, c, plan_id, issued_only=settled))
