"""That tests which share a costly fixture run in one worker."""

from __future__ import annotations

import pytest


@pytest.mark.xdist_group("together")
def test_groups_reach_the_scheduler(request: pytest.FixtureRequest) -> None:
    """Where they do not (pytest-xdist 3.8 with pytest 9.2, its issue 1386), nothing fails, but all takes longer."""
    if not request.config.getoption("loadgroup", default=False):
        pytest.skip("only of tests run with --dist loadgroup")
    assert request.node.nodeid.endswith("@together")
