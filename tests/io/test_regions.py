"""Lists of region codes, pairs and lineages as CSV."""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path

import pytest

from gridgis.coding.editions import compare
from gridgis.coding.recode import Recoded
from gridgis.coding.regions import Region, RegionList
from gridgis.errors import InvalidInput, NotFound
from gridgis.io.regions import read_lineage, read_pairs, read_regions, write_lineage, write_recoded

OLD, NEW = date(2020, 6, 30), date(2023, 6, 30)
PADDED = "code12,level,name\n610000000000,1,陕西省\n610902000000,3,汉滨区\n610902001003,5,西大街社区居委会\n"


def written(tmp_path: Path, text: str, encoding: str = "utf-8") -> Path:
    (tmp_path / "list.csv").write_bytes(text.encode(encoding))
    return tmp_path / "list.csv"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_padded_codes_lose_their_zeros_by_level(tmp_path: Path, encoding: str) -> None:
    regions = read_regions(written(tmp_path, PADDED, encoding), NEW)
    assert [(r.level, r.code) for r in regions] == [(1, "61"), (3, "610902"), (5, "610902001003")]
    assert (regions[3, "610902"].name, regions.day) == ("汉滨区", NEW)


def test_codes_without_padding_need_no_level(tmp_path: Path) -> None:
    regions = read_regions(written(tmp_path, "区划代码,名称\n6109,安康市\n610902001,老城街道\n"), NEW)
    assert [(r.level, r.name) for r in regions] == [(2, "安康市"), (4, "老城街道")]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "没有数据行"),
        ("code,name\n", "没有数据行"),
        ("code,level\n61,1\n", r"缺少列 name/名称.*there are code, level"),
        ("代号,名称\n61,陕西省\n", "缺少列 short/code"),
        ("code,name\n441900000000,东莞市\n", r"第2行.*须有级别列.*a column level is needed"),
        ("code,level,name\n61,省,陕西省\n", r"第2行：级别“省”不对.*line 2: level '省'"),
        ("code,level,name\n610902000000,2,汉滨区\n", "地级代码应为4位数字"),
        ("code,level,name\n6.10902E+11,5,甲\n", "村级代码应为12位数字"),
        ("code,level,name\n61,1,陕西省,多\n", r"第2行有 4 列，表头有 3 列.*4 columns, the heading has 3"),
        ("code,level,name\n61,1,甲\n61,1,乙\n", "出现两次"),
    ],
)
def test_a_list_that_cannot_be_read_is_refused(tmp_path: Path, text: str, why: str) -> None:
    with pytest.raises(InvalidInput, match=why):
        read_regions(written(tmp_path, text), NEW)


def test_a_list_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match=r"区划清单.*nowhere\.csv"):
        read_regions(tmp_path / "nowhere.csv", NEW)


@pytest.mark.parametrize("heading", ["old,new", "旧代码,新代码", "原代码,现代码"])
def test_pairs_are_read_and_rows_of_one_side_say_nothing(tmp_path: Path, heading: str) -> None:
    path = written(tmp_path, f"{heading}\n610928,610981\n610929,\n,610982\n")
    assert read_pairs(path) == [("610928", "610981")]


def regions(day: date, *rows: tuple[int, str, str]) -> RegionList:
    return RegionList([Region(*row) for row in rows], day)


LINEAGE = compare(
    regions(OLD, (3, "610928", "旬阳县"), (4, "610928100", "城关镇"), (4, "610928101", "棕溪镇")),
    regions(NEW, (3, "610981", "旬阳市"), (4, "610981100", "城关镇"), (4, "610981201", "新镇")),
)


def test_a_lineage_is_read_as_it_was_written(tmp_path: Path) -> None:
    write_lineage(LINEAGE, tmp_path / "lineage.csv")
    assert read_lineage(tmp_path / "lineage.csv") == LINEAGE


def test_a_lineage_that_was_filled_in_counts_as_the_users_table(tmp_path: Path) -> None:
    path = tmp_path / "lineage.csv"
    write_lineage(LINEAGE, path)
    text = path.read_text(encoding="utf-8-sig").replace("610928101,棕溪镇,,,gone", "610928101,棕溪镇,610981201,,gone")
    path.write_text(text, encoding="utf-8")
    assert [(s.new, s.how) for s in read_lineage(path).heirs("610928101")] == [("610981201", "table")]
    assert ("610928101", "610981201") in read_pairs(path)


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        (",gone,", ",lost,", "how 应为 same、renamed"),
        ("3,610928,", "4,610928,", "代码须与级别相符"),
        ("610981201,新镇", ",新镇", "第5行不对"),
        ("2020-06-30,2023-06-30", "2020-06-31,2023-06-30", "应各为同一日期"),
        ("old_day", "day", "缺少列 old_day"),
    ],
)
def test_a_lineage_that_was_spoilt_is_refused(tmp_path: Path, old: str, new: str, why: str) -> None:
    path = tmp_path / "lineage.csv"
    write_lineage(LINEAGE, path)
    text = path.read_text(encoding="utf-8-sig")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(InvalidInput, match=why):
        read_lineage(path)


def test_recoded_codes_are_written_for_excel(tmp_path: Path) -> None:
    write_recoded([Recoded("1", "2", "recoded"), Recoded("3", None, "unmapped", "因", "why")], tmp_path / "o.csv")
    assert (tmp_path / "o.csv").read_bytes() == (
        "\ufeffcode,new_code,outcome,why_zh,why_en\n1,2,recoded,,\n3,,unmapped,因,why\n".encode()
    )


def test_a_failed_write_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "o.csv").mkdir()
    with pytest.raises(InvalidInput):
        write_recoded([], tmp_path / "o.csv")
    assert [p.name for p in tmp_path.iterdir()] == ["o.csv"]


@pytest.mark.realdata
def test_the_list_of_ankang_reads_as_it_is() -> None:
    folder = os.environ.get("GRIDGIS_REAL_DATA")
    if not folder:
        pytest.skip("GRIDGIS_REAL_DATA is not set: no real codes to read")
    read = read_regions(Path(folder) / "codes" / "cn_codes_2023_ankang.csv", NEW)
    assert [len(read.at(level)) for level in range(1, 6)] == [1, 1, 10, 139, 1924]
    odd = read_regions(Path(folder) / "codes" / "cn_codes_2023_edge_names.csv", NEW)
    assert [r.name for r in odd if r.is_placeholder] == ["金门县"]
    assert odd[5, "110108005003"].name == "三0四医院社区居委会"
