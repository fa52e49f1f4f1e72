"""What the commands tell of a filing: from which day it is in force, and who did each step."""

from __future__ import annotations

import json
import re

import pytest
from typer.main import get_command

from gridgis.cli.commands import app
from gridgis.registry import Registry
from tests.command_line import run_command as run
from tests.registry.conftest import Address
from tests.registry.hand import A, B, communities, file_through, make_plan, make_registry


@pytest.fixture
def reviewed(address: Address) -> str:
    """Return the address of a registry with revision 1 in force and plans 2 and 3 ready to be filed."""
    at, base = address(), communities()
    with make_registry(at) as made:
        for code, cut in ((A, 300.0), (A, 400.0), (B, 1400.0)):
            plan = make_plan(base[base["code"] == code], [((cut, -5.0), (cut, 905.0))])
            if made.head == 0:
                file_through(made, plan)
                continue
            number = made.plan_new(plan, "方案", "张三", office="东关街道办")
            made.plan_submit(number, "")
            made.plan_review(number, "李四")
    return at


def test_a_filing_tells_its_day_and_why_it_is_later_than_asked(reviewed: str) -> None:
    asked = run("plan", "file", "2", "-r", reviewed, "--in-force-from", "2100-01-01")
    assert "自 2100-01-01 起生效 / in force from 2100-01-01" in asked.out, asked.err
    assert "put off" not in asked.out
    pushed = run("plan", "file", "3", "-r", reviewed)
    assert "自 2100-01-01 起生效 / in force from 2100-01-01" in pushed.out, pushed.err
    assert "revision 2 is in force from 2100-01-01" in pushed.out
    assert "put off to that day" in pushed.out
    shown = run("plan", "show", "3", "-r", reviewed).out
    assert "第 3 版，自 2100-01-01 起生效 / revision 3, in force from 2100-01-01" in shown
    info = run("registry", "info", reviewed).out
    for number, day in ((1, "2026-03-01"), (2, "2100-01-01"), (3, "2100-01-01")):
        assert f"第 {number} 版自 {day} 起生效 / revision {number} is in force from {day}" in info


def test_json_tells_the_days_too(reviewed: str) -> None:
    run("plan", "file", "2", "-r", reviewed, "--in-force-from", "2100-01-01")
    filed = json.loads(run("plan", "file", "3", "-r", reviewed, "--json").out)
    assert (filed["in_force_from"], [row["severity"] for row in filed["report"]]) == ("2100-01-01", ["warning"])
    shown = json.loads(run("plan", "show", "2", "-r", reviewed, "--json").out)
    info = json.loads(run("registry", "info", reviewed, "--json").out)
    later = [{"revision": number, "in_force_from": "2100-01-01"} for number in (2, 3)]
    assert (shown["in_force_from"], info["in_force_from"], info["to_come"]) == ("2100-01-01", "2026-03-01", later)


def test_a_filing_of_today_is_not_called_late(reviewed: str) -> None:
    filed = json.loads(run("plan", "file", "2", "-r", reviewed, "--json").out)
    with Registry.open(reviewed) as opened:
        assert opened.revision == 2
    assert filed["report"] == []


def test_a_plan_that_is_not_filed_has_no_day(reviewed: str) -> None:
    assert json.loads(run("plan", "show", "2", "-r", reviewed, "--json").out)["in_force_from"] is None
    assert "in force from" not in run("plan", "show", "2", "-r", reviewed).out


def test_the_steps_of_a_plan_name_who_and_say_that_nobody_verified_it(reviewed: str) -> None:
    lines = run("plan", "show", "2", "-r", reviewed).out.splitlines()
    at = lines.index("经过（姓名与单位未核实） / steps (names and offices not verified):")
    said = [re.sub(r"^  \S+ \S+Z ", "", line) for line in lines[at + 1 : at + 4]]
    assert said == ["new 张三 东关街道办", "submit （未署名 / no name given）", "review 李四"]


def test_help_names_commands_that_exist() -> None:
    root = get_command(app)
    named = set()
    for family in root.commands.values():  # type: ignore[attr-defined]
        for command in getattr(family, "commands", {}).values():
            texts = [command.help, *(getattr(p, "help", None) for p in command.params)]
            named |= {pair for text in texts for pair in re.findall(r"gridgis ([a-z]+) ([a-z]+)", text or "")}
    assert ("regions", "diff") in named
    for first, second in sorted(named):
        family = root.commands[first]  # type: ignore[attr-defined]
        assert second in getattr(family, "commands", {second: None}), f"gridgis {first} {second}"
