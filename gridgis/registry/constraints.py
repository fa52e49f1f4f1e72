"""A rule that the database itself keeps, whoever writes: at most one acting leader of a grid at a time (SEMANTICS 22).

The rule that no code is in force twice is a unique index (``tables.py``).
"""

from __future__ import annotations

ONE_LEADER = "one_leader"
"""Name of the rule, as the store's errors tell it."""

_OVERLAP = """EXISTS (SELECT 1 FROM appointment a WHERE a.grid = NEW.grid AND a.role = 'leader' {other}
    AND a.from_day <= coalesce(NEW.to_day, '9999') AND coalesce(a.to_day, '9999') >= NEW.from_day)"""

_TRIGGER = """CREATE TRIGGER {name}_{when} BEFORE {event} ON appointment
    WHEN NEW.role = 'leader' AND {overlap} BEGIN SELECT RAISE(ABORT, '{name}'); END"""

_DAY = "make_date(substr({c}, 1, 4)::int, substr({c}, 6, 2)::int, substr({c}, 9, 2)::int)"


def one_leader(dialect: str) -> list[str]:
    """Return the statements that make the rule: triggers on sqlite, an exclusion constraint on PostgreSQL.

    Days are text (2026-03-01), which sorts as days do. Both days of an appointment are included.
    """
    if dialect == "sqlite":
        insert, update = _OVERLAP.format(other=""), _OVERLAP.format(other="AND a.fid <> OLD.fid")
        return [
            _TRIGGER.format(name=ONE_LEADER, when="insert", event="INSERT", overlap=insert),
            _TRIGGER.format(
                name=ONE_LEADER, when="update", event="UPDATE OF grid, role, from_day, to_day", overlap=update
            ),
        ]
    days = f"daterange({_DAY.format(c='from_day')}, {_DAY.format(c='to_day')}, '[]')"
    return [
        f"ALTER TABLE appointment ADD CONSTRAINT {ONE_LEADER} EXCLUDE USING gist (grid WITH =, {days} WITH &&) "
        "WHERE (role = 'leader')"
    ]
