"""The collection of garbage goes on as before, after all that may happen while it is paused."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from gridgis.geometry.uncollected import uncollected


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    was_on = gc.isenabled()
    yield
    (gc.enable if was_on else gc.disable)()


@uncollected()
def seen_inside(fail: bool = False) -> bool:
    if fail:
        raise ValueError("no")
    return gc.isenabled()


def test_a_call_is_paused_and_only_that_call() -> None:
    gc.enable()
    assert [seen_inside(), seen_inside()] == [False, False]
    assert gc.isenabled()


def test_it_goes_on_after_an_error() -> None:
    gc.enable()
    with pytest.raises(ValueError, match="no"):
        seen_inside(fail=True)
    assert gc.isenabled()


def test_a_pause_in_a_pause_does_not_end_it() -> None:
    gc.enable()
    with uncollected():
        seen_inside()
        assert not gc.isenabled()
    assert gc.isenabled()


def test_who_switched_it_off_finds_it_off() -> None:
    gc.disable()
    with uncollected():
        pass
    assert not gc.isenabled()
