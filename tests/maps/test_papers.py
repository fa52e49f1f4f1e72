"""The public notice and the verdict, as they are printed."""

from __future__ import annotations

import json
from dataclasses import replace

import pandas as pd
import pypdfium2
import pytest

from gridgis.checks.verify import RULES as TRIED
from gridgis.errors import InvalidInput
from gridgis.model import VerifyReport
from gridgis.service.package import Stated
from maps.sheets import draw_package, find_font
from maps.sheets.fonts import Font
from maps.sheets.notice import draw_notice
from maps.sheets.verdict import RULES, SHOWN, draw_verdict, verdict_json
from tests.maps.small_package import COMMUNITY, SHAPE, cells, small_package


@pytest.fixture(scope="module")
def font() -> Font:
    try:
        return find_font()
    except InvalidInput as e:
        pytest.skip(e.en)


def pages(data: bytes) -> list[str]:
    with pypdfium2.PdfDocument(data) as book:
        return ["".join(page.get_textpage().get_text_range().split()) for page in book]


def report(broken: int) -> VerifyReport:
    rows = [("band-2", f"{COMMUNITY}{k:03d}", 612.0, "612 户 / 612 households") for k in range(broken)]
    table = pd.DataFrame(rows, columns=["rule", "grid", "measure", "why"])
    return VerifyReport(table, table.iloc[:0], {"schema": 6, "band-2": 400})


def test_a_notice_is_one_page_with_grids_people_and_phones(font: Font) -> None:
    stated = Stated("", "2026年3月1日", "澄湾街道办事处", "0915-1", "0915-2", "2026年3月1日", "2026年3月10日")
    package = small_package(stated=stated, workers="张三（100****1111）")
    (text,) = pages(draw_notice(package, COMMUNITY, "甲社区", font))
    for word in (
        "甲社区网格划分公示", "公示期为2026年3月1日至2026年3月10日", "甲社区第1网格", f"{COMMUNITY}001", "12.00",
        "欧阳明", "张三（100****1111）", "联系电话：0915-1", "监督电话：0915-2", "公示单位：澄湾街道办事处",
    ):  # fmt: skip
        assert word in text, word


def test_a_notice_lists_no_grid_of_level_3(font: Font) -> None:
    (text,) = pages(draw_notice(small_package(), COMMUNITY, "甲社区", font))
    assert "微网格" not in text


def test_an_unstated_period_is_a_line(font: Font) -> None:
    (text,) = pages(draw_notice(small_package(), COMMUNITY, "甲社区", font))
    assert "公示期为＿＿＿＿＿＿＿＿至＿＿＿＿＿＿＿＿" in text


def test_the_verdict_says_that_every_rule_holds(font: Font) -> None:
    (text,) = pages(draw_verdict(replace(small_package(), checks=report(0)), font))
    assert "逐条核查2项规则，全部满足" in text


def test_the_verdict_names_what_is_broken_and_where(font: Font) -> None:
    text = "".join(pages(draw_verdict(replace(small_package(), checks=report(2)), font)))
    assert "其中有2处违反" in text
    assert f"{COMMUNITY}001612612户/612households" in text


def test_a_long_verdict_runs_over_numbered_pages_and_counts_what_is_left_out(font: Font) -> None:
    found = pages(draw_verdict(replace(small_package(), checks=report(SHOWN + 7)), font))
    assert len(found) > 3
    assert all(f"第{k}页，共{len(found)}页" in text for k, text in enumerate(found, start=1))
    assert "另有7条" in found[-1]


def test_the_verdict_as_data_holds_all() -> None:
    value = json.loads(verdict_json(replace(small_package(), checks=report(3))))
    assert (value["ok"], len(value["violations"]), value["checked"]["band-2"]) == (False, 3, 400)


def test_every_rule_of_the_verifier_has_its_words() -> None:
    assert set(RULES) == set(TRIED)


def test_a_package_holds_each_paper_once_and_counts_as_it_draws() -> None:
    told: list[tuple[str, int, int]] = []
    package = small_package(parts=cells(SHAPE, 2, 1))
    paths = [path for path, _, _ in draw_package(package, lambda *step: told.append(step))]
    assert len(set(paths)) == len(paths)
    folder = f"图纸/{COMMUNITY}/{COMMUNITY}"
    assert paths == [
        f"{folder}_甲社区_总图.pdf", f"{folder}_甲社区_总图.png", f"{folder}001_甲社区第1网格.pdf",
        f"{folder}001_甲社区第1网格.png", f"公示/{COMMUNITY}_公示.pdf", "核查/核查报告.pdf", "核查/核查报告.json",
    ]  # fmt: skip
    assert told == [("sheets", 0, 2), ("sheets", 1, 2), ("sheets", 2, 2)]
