"""Who answers: teams, events and the way from a hit to a leader. Pure: values in, values out."""

from __future__ import annotations

from gridgis.dispatch.days import SHANGHAI, day_of
from gridgis.dispatch.events import EVENT_COLUMNS, parse_events
from gridgis.dispatch.route import Assignment, Step, route
from gridgis.dispatch.team import ROLES, TEAM_COLUMNS, Person, acting, check_team, leader_of, mask_phone, team_problems

__all__ = [
    "EVENT_COLUMNS",
    "ROLES",
    "SHANGHAI",
    "TEAM_COLUMNS",
    "Assignment",
    "Person",
    "Step",
    "acting",
    "check_team",
    "day_of",
    "leader_of",
    "mask_phone",
    "parse_events",
    "route",
    "team_problems",
]
