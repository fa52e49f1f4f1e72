"""The public notice (公示) of a community: its grids, their areas and people, whom to call, until when."""

from __future__ import annotations

from gridgis.service.package import Package
from maps.sheets.fonts import Font
from maps.sheets.grids import VACANT, grids_of
from maps.sheets.pages import LEFT, RIGHT, Pages

BLANK = "＿＿＿＿＿＿＿＿"
HEADS = ("序号", "网格名称", "网格编码", "面积/公顷", "户数", "网格长", "网格员")
WIDTHS = (10, 37, 30, 18, 12, 18, 45)


def draw_notice(package: Package, code: str, name: str, font: Font) -> bytes:
    """Return the notice of a community as PDF: one page where its grids fit on one.

    Its rows are the grids of level 2 and the dedicated grids. What the user has not stated is left as a line.
    """
    said = package.stated
    pages = Pages(font, f"{package.crs_words}；{package.source}")
    pages.title(f"{name}网格划分公示")
    since, until = said.notice_from or BLANK, said.notice_to or BLANK
    pages.paragraph(
        f"现将{name}（社区代码{code}）的网格划分情况予以公示，公示期为{since}至{until}。对网格的界线、名称或工作人员"
        "有意见的，请在公示期内通过下列电话反映。"
    )
    here = [g for g in grids_of(package) if g.community == code and g.level in (2, None)]
    rows = [
        (str(k), f"{g.name}（{g.category}）" if g.category else g.name, g.code, g.hectares, g.counted,
         g.leader or VACANT, g.workers) for k, g in enumerate(here, start=1)
    ]  # fmt: skip
    many = len(rows) > 26
    pages.table(HEADS, WIDTHS, rows, right=(0, 3, 4), points=7.5 if many else 9, pad=0.5 if many else 1.3)
    _foot(pages, package)
    return pages.pdf()


def _foot(pages: Pages, package: Package) -> None:
    """Write the phones, the office and the day: stated, or lines to fill in."""
    said = package.stated
    pages.need(48)
    pages.y -= 12
    rows = (
        ("联系电话：", said.contact, LEFT, 85), ("监督电话：", said.supervision, LEFT + 88, RIGHT - LEFT - 88),
        ("公示单位：", said.office, LEFT + 68, RIGHT - LEFT - 68),
        ("公示日期：", said.day, LEFT + 68, RIGHT - LEFT - 68),
    )  # fmt: skip
    for k, (label, value, x, width) in enumerate(rows):
        pages.y -= (0, 0, 14, 10)[k]
        pages.paper.blank(x, pages.y, label, value, x + width, 10.5)
