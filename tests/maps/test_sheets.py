"""Drawing sheets: ink where the border must be, words that can be found, the scale that is stated, the same bytes."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pypdfium2
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image
from shapely import affinity

from gridgis.errors import InvalidInput
from gridgis.service.package import Package, Stated
from maps.sheets import draw_package, find_font
from maps.sheets.content import Sheet, sheets
from maps.sheets.drawing import BOTTOM, LEFT, MAP_WIDTH, TOP, draw_sheet
from maps.sheets.fonts import UNKNOWN, Font
from maps.sheets.labels import Labels, Style
from maps.sheets.paper import DPI, LANDSCAPE, Paper
from maps.sheets.window import LARGEST, open_window, round_scale
from tests.maps.small_package import SHAPE, cells, small_package

Pixels = NDArray[np.uint8]


@pytest.fixture(scope="module")
def font() -> Font:
    try:
        return find_font()
    except InvalidInput as e:
        pytest.skip(e.en)


def grid_sheet(package: Package) -> Sheet:
    return next(s for s in sheets(package) if s.part_level == 3)


def pixels(paper: Paper) -> Pixels:
    with Image.open(io.BytesIO(paper.png())) as image:
        return np.asarray(image.convert("RGB"))


def pdf_text(data: bytes) -> str:
    with pypdfium2.PdfDocument(data) as book:
        return "".join(page.get_textpage().get_text_range() for page in book)


def pdf_pixels(data: bytes) -> Pixels:
    with pypdfium2.PdfDocument(data) as book:
        return np.asarray(book[0].render(scale=DPI / 72).to_pil().convert("RGB"))


def is_red(picture: Pixels, x_mm: float, y_mm: float) -> bool:
    """Tell whether a pixel within half a millimetre of a place is of the colour of the heavy border."""
    per_mm = picture.shape[1] / LANDSCAPE[0]
    x, y, reach = round(x_mm * per_mm), round((LANDSCAPE[1] - y_mm) * per_mm), round(0.5 * per_mm)
    seen = picture[y - reach : y + reach + 1, x - reach : x + reach + 1].reshape(-1, 3).astype(int)
    return bool(((seen[:, 0] > 150) & (seen[:, 1] < 70) & (seen[:, 2] < 80)).any())


@pytest.mark.parametrize("kind", ["png", "pdf"])
def test_the_border_of_the_grid_is_drawn_where_it_lies_at_the_stated_scale(font: Font, kind: str) -> None:
    package = small_package(affinity.translate(SHAPE, 36_500_000, 3_600_000))
    sheet = grid_sheet(package)
    paper = draw_sheet(sheet, package, font)
    picture = pixels(paper) if kind == "png" else pdf_pixels(paper.pdf())
    scale = round_scale(1000 * 400 / (MAP_WIDTH - 18))
    middle = np.array([LEFT + MAP_WIDTH / 2, (BOTTOM + TOP) / 2])
    ring = np.linspace(0, 1, 40, endpoint=False)
    edge = shapely.get_coordinates(shapely.line_interpolate_point(sheet.shape.exterior, ring, normalized=True))
    on_page = (edge - shapely.get_coordinates(sheet.shape.centroid)) * 1000 / scale + middle
    assert all(is_red(picture, x, y) for x, y in on_page)


def test_no_border_is_drawn_inside_a_part(font: Font) -> None:
    package = small_package()
    picture = pixels(draw_sheet(grid_sheet(package), package, font))
    assert not is_red(picture, LEFT + MAP_WIDTH / 2 - 40, (BOTTOM + TOP) / 2 + 45)


def test_the_pdf_can_be_searched_for_all_that_is_filed(font: Font) -> None:
    stated = Stated(approval="陕S(2026)001号", day="2026年3月1日", office="澄湾街道办事处")
    package = small_package(stated=stated)
    text = "".join(pdf_text(draw_sheet(grid_sheet(package), package, font).pdf()).split())
    for word in (
        "甲社区第1网格", "990001001001001", "二级网格", "400户", "120000平方米", "欧阳明100****1234", "东至文昌路",
        "陕S(2026)001号", "2026年3月1日", "澄湾街道办事处", "比例尺1:2200", "北", "图例", "本网格界", "EPSG:4545",
        "第1微网格", "文昌路",
    ):  # fmt: skip
        assert word in text, word


def test_what_is_not_stated_is_a_line_to_fill_in(font: Font) -> None:
    package = small_package()
    sheet = grid_sheet(package)
    blank, filled = (
        pixels(draw_sheet(sheet, small_package(stated=s), font)) for s in (Stated(), Stated(approval="陕S(2026)001号"))
    )
    rows = slice(round((210 - 16) * DPI / 25.4), round((210 - 12) * DPI / 25.4))
    columns = slice(round((LEFT + 13) * DPI / 25.4), round((LEFT + 60) * DPI / 25.4))
    assert (blank[rows, columns] > 200).all()
    assert (filled[rows, columns] < 100).any()


def test_a_vacant_grid_says_so(font: Font) -> None:
    package = small_package(leader="", phone="")
    assert "空缺" in pdf_text(draw_sheet(grid_sheet(package), package, font).pdf())


def test_the_fonts_are_embedded_and_nothing_tells_of_the_time(font: Font) -> None:
    data = draw_sheet(grid_sheet(small_package()), small_package(), font).pdf()
    assert b"/Type3" in data
    assert b"CreationDate" not in data


def test_the_same_package_gives_the_same_bytes() -> None:
    first, second = (list(draw_package(small_package())) for _ in range(2))
    assert first == second


def test_a_png_says_nothing_but_its_size() -> None:
    data = next(data for path, data, _ in draw_package(small_package()) if path.endswith(".png"))
    with Image.open(io.BytesIO(data)) as image:
        assert set(image.info) == {"dpi"}


def test_without_a_chinese_font_nothing_is_drawn() -> None:
    with pytest.raises(InvalidInput, match=r"没有找到中文字体.*no Chinese font is installed") as e:
        find_font(["Nowhere Sans"])
    assert e.value.fields["families"] == ["Nowhere Sans"]


def test_a_character_that_the_font_lacks_is_marked_and_told() -> None:
    papers = {path: data for path, data, _ in draw_package(small_package(name="\ue123社区"))}
    assert "\ue123" in papers["说明.txt"].decode()
    grid = next(data for path, data in papers.items() if path.endswith("第1网格.pdf"))
    assert UNKNOWN in pdf_text(grid)


@pytest.mark.parametrize("name", ["甲$x^2$社区", "甲<b>&\\t%", "甲" * 80, "Ångström–Straße " * 8, "甲\n乙\t丙"])
def test_odd_and_long_names_are_drawn_as_they_are(font: Font, name: str) -> None:
    package = small_package(name=name)
    text = "".join(pdf_text(draw_sheet(grid_sheet(package), package, font).pdf()).split())
    assert "".join(name.split())[:20] in text


@pytest.mark.parametrize(
    "shape",
    [
        shapely.box(0, 0, 4, 3), shapely.box(0, 0, 48_000, 30_000), shapely.box(0, 0, 5000, 40),
        affinity.rotate(shapely.box(0, 0, 60, 3000), 20), SHAPE.difference(shapely.box(100, 100, 300, 200)),
        shapely.MultiPolygon([shapely.box(0, 0, 9, 9), shapely.box(900, 900, 990, 990)]),
    ],
    ids=["tiny", "huge", "elongated", "slanting", "with a hole", "in two parts"],
)  # fmt: skip
def test_shapes_of_every_kind_are_drawn_whole(font: Font, shape: Any) -> None:
    package = small_package(shape, [shape])
    sheet = grid_sheet(package)
    window = open_window(LEFT, BOTTOM, MAP_WIDTH, TOP - BOTTOM, sheet.shape)
    assert window.frame.buffer(-8).contains(window.to_page([sheet.shape])[0])
    assert window.scale >= LARGEST
    x, y = shapely.get_coordinates(window.to_page([sheet.shape])[0])[0]
    assert is_red(pixels(draw_sheet(sheet, package, font)), x, y)


def test_every_part_is_named_or_has_its_number(font: Font) -> None:
    package = small_package(parts=cells(SHAPE, 10, 8))
    text = pdf_text(draw_sheet(grid_sheet(package), package, font).pdf())
    names = [f"第{k}微网格" for k in range(1, 81)]
    assert all(name in text or f"{k + 1:03d}" in text for k, name in enumerate(names, start=1))


def test_rows_that_have_no_room_are_counted(font: Font) -> None:
    package = small_package(parts=cells(SHAPE, 10, 8))
    assert "见备案表" in pdf_text(draw_sheet(grid_sheet(package), package, font).pdf())


@given(
    places=st.lists(st.tuples(st.floats(5, 190), st.floats(5, 150), st.floats(1, 30)), min_size=1, max_size=12),
    points=st.sampled_from([5.5, 8.0, 12.0]),
)
@settings(max_examples=25, deadline=None)
def test_names_lie_inside_the_frame_and_never_on_one_another(
    places: list[tuple[float, float, float]], points: float
) -> None:
    frame = shapely.box(0, 0, 200, 160)
    labels = Labels(Paper(find_font()), frame)
    for k, (x, y, size) in enumerate(places):
        labels.area(shapely.box(x, y, x + size, y + size), [f"第{k}微网格\n30户", str(k)], Style(points))
        line = shapely.LineString([(x, y), (x + 3 * size, y + size)])
        labels.line([shapely.intersection(line, frame)], f"{k}号路", Style(points))
    boxes = np.array(labels.taken)
    assert shapely.contains(frame.buffer(0.3), boxes).all()
    meet = np.triu(shapely.area(shapely.intersection(boxes[:, None], boxes[None, :])) > 0.3, 1)
    assert not meet.any()


def test_a_name_that_has_no_room_inside_stands_beside_with_a_line(font: Font) -> None:
    labels = Labels(Paper(font), shapely.box(0, 0, 100, 100))
    assert labels.area(shapely.box(50, 50, 50.5, 50.5), ["很长的名称"], Style(8))
    assert len(labels.taken) == 2


def test_where_there_is_no_room_at_all_a_name_is_left_off(font: Font) -> None:
    labels = Labels(Paper(font), shapely.box(0, 0, 5, 5))
    assert not labels.area(shapely.box(1, 1, 2, 2), ["很长的名称"], Style(8))


@given(st.text(min_size=0, max_size=60), st.sampled_from([5.0, 9.0]), st.floats(12, 80))
@settings(max_examples=60, deadline=None)
def test_broken_lines_hold_the_whole_text_and_are_not_too_wide(text: str, points: float, width_mm: float) -> None:
    font = find_font()
    lines = font.wrap(text, points, width_mm)
    assert "".join("".join(lines).split()) == "".join(font.plain(text).split())
    assert all(font.width_mm(line, points) <= width_mm + 1e-6 for line in lines)


@given(st.floats(0.01, 1e7))
def test_a_scale_is_round_and_not_too_large(needed: float) -> None:
    scale = round_scale(needed)
    assert scale >= max(needed, LARGEST) * (1 - 1e-9)
    assert scale <= max(1.26 * needed, LARGEST)
    assert float(f"{scale:.2g}") == scale
