"""The spatial order, by vectors and against a slow oracle that lays the rows one by one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridgis.coding import default_row_height, spatial_order
from gridgis.errors import InvalidInput
from tests.coding.vectors_file import read_vectors

Point = tuple[str, float, float]


def read_points(text: str) -> list[Point]:
    return [(name, float(x), float(y)) for name, x, y in (p.split(":") for p in text.split())]


@pytest.mark.parametrize(("points", "height", "order"), [v for v in read_vectors("order") if v[2]])
def test_the_order_is_that_of_the_vector(points: str, height: str, order: str) -> None:
    assert spatial_order(read_points(points), float(height) if height else None) == order.split()


@pytest.mark.parametrize(("points", "height"), [v[:2] for v in read_vectors("order") if not v[2]])
def test_what_cannot_be_ordered_is_refused(points: str, height: str) -> None:
    with pytest.raises(InvalidInput):
        spatial_order(read_points(points), float(height))


def slow_order(points: list[Point], height: float) -> list[str]:
    """Take the northernmost point left, then all that share its row, one after the other; again."""
    left, out = list(points), []
    while left:
        top = max(y for _, _, y in left)
        row = [p for p in left if top - p[2] <= height / 2]
        left = [p for p in left if p not in row]
        while row:
            west = min(p[1] for p in row)
            north = max(p[2] for p in row if p[1] == west)
            first = min(p[0] for p in row if p[1:] == (west, north))
            out.append(first)
            row = [p for p in row if p[0] != first]
    return out


SMALL = st.integers(-12, 12).map(lambda n: n / 2)
POINTS = st.lists(st.tuples(SMALL, SMALL), max_size=25).map(lambda xy: [(f"g{i:02}", *p) for i, p in enumerate(xy)])
HEIGHT = st.integers(0, 10).map(float)


@given(POINTS, HEIGHT)
def test_the_order_is_that_of_the_slow_oracle(points: list[Point], height: float) -> None:
    assert spatial_order(points, height) == slow_order(points, height)


@given(POINTS, st.none() | HEIGHT, st.randoms())
def test_the_order_of_the_input_does_not_matter(points: list[Point], height: float | None, random) -> None:  # type: ignore[no-untyped-def]
    shuffled = list(points)
    random.shuffle(shuffled)
    assert spatial_order(shuffled, height) == spatial_order(points, height)


@given(POINTS)
def test_the_default_height_is_the_median_distance_to_the_nearest_other_place(points: list[Point]) -> None:
    places = {p[1:] for p in points}
    nearest = sorted(
        min(((x - u) ** 2 + (y - v) ** 2) ** 0.5 for u, v in places - {(x, y)}) for x, y in places if len(places) > 1
    )
    want = nearest[(len(nearest) - 1) // 2] if nearest else 0.0
    assert default_row_height(points) == pytest.approx(want, rel=1e-12)


@given(st.integers(1, 6), st.integers(2, 6), st.randoms(use_true_random=False))
def test_a_scattered_block_of_houses_is_numbered_row_by_row(rows: int, columns: int, random) -> None:  # type: ignore[no-untyped-def]
    points = [
        (f"{r}{c}", 100.0 * c + random.uniform(-9, 9), -100.0 * r + random.uniform(-9, 9))
        for r in range(rows)
        for c in range(columns)
    ]
    assert spatial_order(points) == sorted(p[0] for p in points)


def test_numbers_and_texts_as_ids_can_be_mixed() -> None:
    assert spatial_order([("a", 0, 0), (7, 0, 0), (3, 0, 0)], 1) == [3, 7, "a"]
