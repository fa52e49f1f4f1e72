"""The way of a division plan through filing (网格备案): states, actions, and which action is possible where.

draft ──submit──> submitted ──review──> reviewed ──file──> filed ──supersede──> superseded
  ^                  │ return              │ return
  └── (corrected) returned <───────────────┘          withdraw: from draft, submitted, returned
"""

from __future__ import annotations

from gridgis.errors import Conflict, InvalidInput

STATES = {
    "draft": "草案",
    "submitted": "上报",
    "reviewed": "审核",
    "filed": "备案（生效）",
    "superseded": "废止",
    "returned": "退回",
    "withdrawn": "撤回",
}
"""States of a plan, with their Chinese names."""

ACTIONS = {
    "submit": "上报",
    "review": "审核",
    "return": "退回",
    "file": "备案",
    "withdraw": "撤回",
    "supersede": "废止",
}
"""Actions on a plan, with their Chinese names."""

TRANSITIONS = {
    ("draft", "submit"): "submitted",
    ("draft", "withdraw"): "withdrawn",
    ("submitted", "review"): "reviewed",
    ("submitted", "return"): "returned",
    ("submitted", "withdraw"): "withdrawn",
    ("reviewed", "file"): "filed",
    ("reviewed", "return"): "returned",
    ("returned", "submit"): "submitted",
    ("returned", "withdraw"): "withdrawn",
    ("filed", "supersede"): "superseded",
}
"""(state, action) -> next state. What is not here is not possible."""

CODE_STATES = {"issued": "已赋码", "in_force": "使用中", "burned": "作废", "retired": "停用"}
"""States of an issued code: given at submission, in force by filing, burned unused, retired after use."""


AUTOMATIC = frozenset({"supersede"})
"""Actions that nobody takes: they follow from a later filing."""


def actions(state: str) -> list[str]:
    """List the actions that somebody can take in a state.

    Examples
    --------
    >>> actions("submitted")
    ['review', 'return', 'withdraw']
    """
    return [action for (s, action) in TRANSITIONS if s == state and action not in AUTOMATIC]


def next_state(state: str, action: str, plan: object = "") -> str:
    """Return the state that an action leads to.

    Raises
    ------
    InvalidInput
        There is no such action.
    Conflict
        The action is not possible in this state; names both and what is possible.

    Examples
    --------
    >>> next_state("reviewed", "file")
    'filed'
    """
    if action not in ACTIONS:
        raise InvalidInput(f"没有“{action}”这个操作；可用：{list(ACTIONS)}", f"no action '{action}': {list(ACTIONS)}")
    if (state, action) not in TRANSITIONS:
        can = actions(state)
        zh = "、".join(ACTIONS[a] for a in can) or "无"
        raise Conflict(
            f"方案 {plan} 处于“{STATES.get(state, state)}”，不能{ACTIONS[action]}；可做的操作：{zh}",
            f"plan {plan} is {state}: cannot {action}; possible: {', '.join(can) or 'nothing'}",
            plan=str(plan), state=state, action=action, possible=can,
        )  # fmt: skip
    return TRANSITIONS[state, action]
