from __future__ import annotations

import pytest

from gridgis.errors import Conflict, InvalidInput
from gridgis.ledger.states import ACTIONS, STATES, TRANSITIONS, actions, next_state


def test_the_straight_way_leads_from_draft_to_filed() -> None:
    state = "draft"
    for action in ("submit", "review", "file"):
        state = next_state(state, action)
    assert state == "filed"


def test_a_returned_plan_may_be_submitted_again() -> None:
    assert next_state(next_state("submitted", "return"), "submit") == "submitted"


@pytest.mark.parametrize(
    ("state", "action"), [(s, a) for s in STATES for a in ACTIONS if (s, a) not in TRANSITIONS], ids="-".join
)
def test_every_other_action_is_a_conflict_that_names_state_and_action(state: str, action: str) -> None:
    with pytest.raises(Conflict) as caught:
        next_state(state, action, 7)
    assert (caught.value.fields["state"], caught.value.fields["action"]) == (state, action)


def test_a_conflict_says_what_is_possible() -> None:
    with pytest.raises(Conflict, match=r"上报、撤回.*submit, withdraw"):
        next_state("draft", "file")


def test_an_unknown_action_is_refused() -> None:
    with pytest.raises(InvalidInput, match="approve"):
        next_state("draft", "approve")


@pytest.mark.parametrize("state", ["superseded", "withdrawn", "filed"])
def test_nobody_can_act_on_a_plan_that_is_done(state: str) -> None:
    assert actions(state) == []
