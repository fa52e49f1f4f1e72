"""What a registry does with division plans: one method for each step of a filing."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import pandas as pd
import sqlalchemy as sa

from gridgis.coding.editions import Lineage
from gridgis.ledger.changes import Changes
from gridgis.ledger.powers import Powers
from gridgis.model import DivisionPlan
from gridgis.registry import correcting, filing, imports, plan_rows, plans, recoding, states, tables
from gridgis.registry.book import Book
from gridgis.registry.correcting import Corrections
from gridgis.registry.plans import Author


class WithPlans:
    """Taking plans in, moving them on, showing them.

    Each step writes down who did it (``by``), when, ``why``, and for which ``office``: nobody verifies these until
    there are users. Where the registry has powers (``set_powers``) an office that they do not name is refused.
    """

    _book: Book

    def plan_new(
        self,
        plan: DivisionPlan,
        title: str,
        by: str,
        why: str = "",
        communities: gpd.GeoDataFrame | None = None,
        office: str = "",
    ) -> int:
        """Take in a division as a draft with preview codes; return its number.

        ``communities`` enter the base layer in the same transaction, as ``import_communities`` does.
        """
        with self._book.store.write() as c:
            if communities is not None:
                imports.import_communities(self._book, c, communities)
            return plans.new_plan(self._book, c, plan, title, Author(by, why, office))

    def plan_revise(self, plan_id: int, plan: DivisionPlan, by: str, why: str = "", office: str = "") -> None:
        """Replace the content of a draft or returned plan; grids that continue keep the codes issued to them."""
        with self._book.store.write() as c:
            plans.revise_plan(self._book, c, plan_id, plan, Author(by, why, office))

    def plan_submit(self, plan_id: int, by: str, why: str = "", office: str = "") -> None:
        """Check a plan and issue its codes (上报)."""
        with self._book.store.write() as c:
            filing.submit(self._book, c, plan_id, Author(by, why, office))

    def plan_return(self, plan_id: int, by: str, why: str = "", office: str = "") -> None:
        """Send a plan back (退回); its codes stay reserved for it."""
        self._move(plan_id, "return", Author(by, why, office))

    def plan_review(self, plan_id: int, by: str, why: str = "", office: str = "") -> None:
        """Approve a submitted plan (审核)."""
        self._move(plan_id, "review", Author(by, why, office))

    def plan_withdraw(self, plan_id: int, by: str, why: str = "", office: str = "") -> None:
        """Give a plan up (撤回); the codes issued to it are burned."""
        self._move(plan_id, "withdraw", Author(by, why, office))

    def _move(self, plan_id: int, action: str, author: Author) -> None:
        with self._book.store.write() as c:
            filing.move(self._book, c, plan_id, action, author)

    def plan_file(self, plan_id: int, by: str, why: str = "", in_force_from: Any = None, office: str = "") -> int:
        """Publish a reviewed plan as one new revision, in one transaction (备案); return its number.

        Parameters
        ----------
        in_force_from
            A day from today on; default today.
        """
        filing.load_engine()
        with self._book.store.write() as c:
            return filing.file_plan(self._book, c, plan_id, Author(by, why, office), in_force_from)

    def recode(self, lineage: Lineage, by: str, why: str = "", in_force_from: Any = None, office: str = "") -> int:
        """Give all grids the codes of a new edition of the region codes, as one revision; return its number.

        Parameters
        ----------
        lineage
            What became of each region (``gridgis regions diff``).

        Raises
        ------
        Rejected
            A grid cannot be mapped, none changes, or communities would share a code; nothing is recoded then.
        Conflict
            A plan of these communities is open.
        """
        with self._book.store.write() as c:
            return recoding.recode_all(self._book, c, lineage, Author(by, why, office), in_force_from)

    def correct(self, wanted: Corrections, based_on: int, by: str, why: str = "", office: str = "") -> int | None:
        """Correct names, leaders, phones and remarks of what is in force, without a plan, all or nothing.

        Parameters
        ----------
        based_on
            The revision that was looked at: another one since is a conflict.

        Returns
        -------
        int or None
            The new revision; None where no name changes, since leaders and remarks are no part of one.
        """
        with self._book.store.write() as c:
            return correcting.correct(self._book, c, wanted, based_on, Author(by, why, office))

    def plans(self) -> pd.DataFrame:
        """Return all plans: id, title, communities, state, made_by, made_at, changed_at, revision, grids."""
        with self._book.store.read() as c:
            return plan_rows.list_plans(c)

    def plan(self, plan_id: int) -> dict[str, Any]:
        """Return a plan's papers: title, state, possible actions, rules, report, events."""
        with self._book.store.read() as c:
            return plan_rows.describe_plan(c, plan_id)

    def plan_grids(self, plan_id: int) -> gpd.GeoDataFrame:
        """Return a plan's grids, stored coordinates."""
        with self._book.store.read() as c:
            plan_rows.plan_row(c, plan_id)
            return plan_rows.drafts(c, plan_id).drop(columns=["fid", "plan_id"])

    def plan_diff(self, plan_id: int) -> pd.DataFrame:
        """Compare a plan with the last revision: old, new (codes), households_share, area_share, relation.

        Relations are those of lineage, and "new" (old is null) and "gone" (new is null).
        """
        with self._book.store.read() as c:
            row = plan_rows.plan_row(c, plan_id)
            settled = row.state in ("submitted", "reviewed", "filed", "superseded")
            return plans.diff(plans.code_plan(self._book, c, plan_id, issued_only=settled))

    def changes(self, a: str | int, b: str | int) -> Changes:
        """Compare two states: each a plan's number, a revision as ``r2``, or a day as ``2026-03-01``.

        A plan is compared in its own communities only; a draft by its preview codes.

        Raises
        ------
        NotFound
            There is no such plan or revision.
        InvalidInput
            It is none of these.
        """
        with self._book.store.read() as c:
            return states.compare(self._book, c, str(a), str(b))

    @property
    def powers(self) -> Powers:
        """Who may do what with plans."""
        with self._book.store.read() as c:
            return plans.powers_of(c)

    def set_powers(self, powers: Powers) -> None:
        """Choose who may do what with plans, from now on."""
        with self._book.store.write() as c:
            c.execute(sa.update(tables.registry_meta).values(powers=powers.toml or None))
