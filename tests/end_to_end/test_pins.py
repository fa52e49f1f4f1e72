"""The example of docs/pins.md, on the sample street."""

from __future__ import annotations

from pathlib import Path

import pytest

import sample_shapes
from gridgis.checks import verify
from gridgis.io import read_pins, read_town
from gridgis.partition import divide

ROOT = Path(sample_shapes.__file__).parent.parent


@pytest.mark.heavy
def test_the_documented_pins_are_obeyed(tmp_path: Path) -> None:
    text = (ROOT / "docs" / "pins.md").read_text(encoding="utf-8")
    (tmp_path / "pins.csv").write_text(text.split("```csv\n")[1].split("```")[0], encoding="utf-8")
    pins = read_pins(tmp_path / "pins.csv")
    wanted = ("990001001001", "990001001003")
    town = [c for c in read_town(ROOT / "sample_shapes" / "town").to_communities() if c.code in wanted]
    plan = divide(town, pins=pins)
    report = verify(plan, town)
    assert report.ok, report.violations.to_string()
    assert report.checked["pins"] == len(pins) == 6
