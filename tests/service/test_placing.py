"""From the numbers of a file to stored coordinates: what is stated, what is asked for, what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pytest
import shapely

from gridgis.errors import InvalidInput
from gridgis.geometry.crs import STORED_CRS, transform_xy
from gridgis.geometry.local import Affine
from gridgis.geometry.shift import wgs84_to_bd09, wgs84_to_gcj02
from gridgis.io.notes import Notes
from gridgis.service.placing import Stated, place
from tests.geometry.test_offset import shifted, town

SHIFTS: dict[str, Any] = {"GCJ-02": wgs84_to_gcj02, "BD-09": wgs84_to_bd09}


def frame(geoms: Any, crs: Any = STORED_CRS) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame({"name": range(len(geoms))}, geometry=list(geoms), crs=crs)


def with_holes() -> Any:
    """Return a polygon of two parts, one with a hole, in lon/lat."""
    outer = shapely.Polygon(
        shapely.box(109.0, 32.6, 109.01, 32.61).exterior, [shapely.box(109.003, 32.603, 109.005, 32.605).exterior]
    )
    return shapely.MultiPolygon([outer, shapely.box(109.02, 32.6, 109.03, 32.61)])


def moved(geoms: Any, crs: str) -> Any:
    return shapely.transform(geoms, lambda xy: transform_xy(xy, STORED_CRS, crs))


def placed(layer: gpd.GeoDataFrame, **stated: Any) -> tuple[gpd.GeoDataFrame, dict[str, str]]:
    notes = Notes("import")
    out = place(layer, Stated(**stated), "a.shp", notes)
    return out, dict(zip(notes.frame()["rule"], notes.frame()["en"], strict=True))


def off_deg(a: Any, b: Any) -> float:
    return float(np.abs(shapely.get_coordinates(a) - shapely.get_coordinates(b)).max())


@pytest.mark.parametrize("crs", ["EPSG:4490", "EPSG:4326", "EPSG:4524", "EPSG:4545", "EPSG:4507", "EPSG:4496"])
def test_parts_and_holes_survive_every_crs(crs: str) -> None:
    shape = with_holes() if crs != "EPSG:4496" else shapely.transform(with_holes(), lambda xy: xy - (4.0, 0.0))
    out, _ = placed(frame(moved([shape], crs), crs))
    got = out.geometry.iloc[0]
    assert (len(got.geoms), len(got.geoms[0].interiors)) == (2, 1)
    assert off_deg([got], [shape]) < 1e-9


def test_a_file_that_says_4524_of_eastings_without_prefix_is_refused_and_4545_named() -> None:
    layer = frame(moved(town(), "EPSG:4545"), "EPSG:4524")
    with pytest.raises(InvalidInput, match="EPSG:4545（"):
        placed(layer)


def test_what_the_user_states_comes_before_the_file_and_is_told() -> None:
    layer = frame(moved(town(), "EPSG:4545"), "EPSG:4524")
    out, rows = placed(layer, crs="EPSG:4545")
    assert off_deg(out.geometry, town()) < 1e-9
    assert "EPSG:4524" in rows["crs-overruled"]


@pytest.mark.parametrize("crs", [None, 'LOCAL_CS["Undefined Cartesian SRS",UNIT["metre",1]]'])
def test_a_missing_crs_is_asked_for(crs: str | None) -> None:
    with pytest.raises(InvalidInput, match="EPSG:4524"):
        placed(frame(moved(town(), "EPSG:4524"), crs))


def test_the_reference_narrows_what_is_asked_for() -> None:
    with pytest.raises(InvalidInput) as refused:
        placed(frame(moved(town(), "EPSG:4545"), None), reference=frame(town()))
    assert [c["crs"] for c in refused.value.fields["candidates"]] == ["EPSG:4545"]


def test_a_northing_written_first_is_turned_where_the_user_says_so() -> None:
    turned = shapely.transform(moved(town(), "EPSG:4545"), lambda xy: xy[:, ::-1])
    out, rows = placed(frame(turned, None), crs="EPSG:4545", swap=True)
    assert off_deg(out.geometry, town()) < 1e-9
    assert "swap" in rows["swapped"]


@pytest.mark.parametrize("label", SHIFTS)
def test_a_stated_shift_is_undone_and_told(label: str) -> None:
    out, rows = placed(frame(shifted(town(), label), "EPSG:4326"), shifted=label)
    assert off_deg(out.geometry, town()) < 1e-9
    assert label in rows["unshifted"]


@pytest.mark.parametrize("label", SHIFTS)
def test_a_shifted_layer_labelled_4326_is_refused_by_the_lines_of_the_reference(label: str) -> None:
    with pytest.raises(InvalidInput, match=f"--shifted {label}") as refused:
        placed(frame(shifted(town(), label), "EPSG:4326"), reference=frame(town()))
    assert refused.value.fields["shifted"] == label


@pytest.mark.parametrize("label", SHIFTS)
def test_auto_undoes_what_the_lines_decide(label: str) -> None:
    out, rows = placed(frame(shifted(town(), label), "EPSG:4326"), reference=frame(town()), shifted="auto")
    assert off_deg(out.geometry, town()) < 1e-9
    assert label in rows["offset"]


def test_auto_leaves_alone_what_is_not_shifted() -> None:
    out, rows = placed(frame(town(), "EPSG:4326"), reference=frame(town()), shifted="auto")
    assert off_deg(out.geometry, town()) == 0
    assert "unshifted" not in rows


def test_auto_refuses_what_the_lines_do_not_decide() -> None:
    with pytest.raises(InvalidInput, match="cannot be told"):
        placed(frame(town(seed=3)), reference=frame(town(seed=4)), shifted="auto")


def test_auto_needs_a_reference() -> None:
    with pytest.raises(InvalidInput, match="--reference"):
        placed(frame(town()), shifted="auto")


def test_none_keeps_a_layer_that_looks_shifted_and_warns() -> None:
    layer = frame(shifted(town(), "GCJ-02"), "EPSG:4326")
    out, rows = placed(layer, reference=frame(town()), shifted="none")
    assert off_deg(out.geometry, layer.geometry) == 0
    assert "not what --shifted none says" in rows["offset"]


def test_a_stated_shift_that_the_lines_deny_is_warned_of() -> None:
    _, rows = placed(frame(shifted(town(), "BD-09")), reference=frame(town()), shifted="GCJ-02")
    assert "not what --shifted GCJ-02 says" in rows["offset"]


def test_what_the_lines_do_not_tell_is_noted_where_the_user_gave_them() -> None:
    layer, other = frame(town(seed=3)), frame(town(seed=4))
    assert "cannot be told" in placed(layer, reference=other, asked=True)[1]["offset"]
    assert "offset" not in placed(layer, reference=other)[1]


def test_points_are_placed_beside_a_reference_too() -> None:
    spots = frame(shapely.points([[109.04, 32.7]]))
    assert off_deg(placed(spots, reference=frame(town()))[0].geometry, spots.geometry) == 0


def test_a_projected_layer_of_shifted_numbers_is_unshifted_after_it() -> None:
    layer = frame(moved(shifted(town(), "GCJ-02"), "EPSG:3857"), "EPSG:3857")
    assert off_deg(placed(layer, shifted="gcj02")[0].geometry, town()) < 1e-9


def test_an_unknown_shift_is_refused() -> None:
    with pytest.raises(InvalidInput, match="BD-09"):
        placed(frame(town()), shifted="Mars")


# --- systems of the user's own --------------------------------------------------------------------------------------

LOCAL = "+proj=tmerc +lat_0=0 +lon_0=109.05 +k=1 +x_0=50000 +y_0=-3600000 +units=m"


@pytest.mark.parametrize("ellipsoid", ["+ellps=GRS80", "+a=6378137 +rf=298.257222101", "+ellps=WGS84", "+datum=WGS84"])
def test_a_proj_string_of_srid_0_is_taken_on_cgcs2000(ellipsoid: str) -> None:
    import pyproj

    to = pyproj.Transformer.from_crs("EPSG:4326", f"{LOCAL} +datum=WGS84", always_xy=True)
    local = shapely.transform(town(), lambda xy: np.column_stack(to.transform(xy[:, 0], xy[:, 1])))
    out, rows = placed(frame(local, None), crs=f"{LOCAL} {ellipsoid}")
    assert off_deg(out.geometry, town()) < 1e-9
    assert ("datum" in rows) == ("datum" not in ellipsoid)


def test_a_proj_string_on_another_ellipsoid_without_a_way_is_refused() -> None:
    with pytest.raises(InvalidInput, match="没有从坐标系"):
        placed(frame(moved(town(), "EPSG:4545"), None), crs="+proj=tmerc +lon_0=108 +x_0=500000 +ellps=krass")


def test_a_pipeline_to_lon_lat_is_applied() -> None:
    pipe = "+proj=pipeline +step +inv +proj=tmerc +lon_0=108 +x_0=500000 +ellps=GRS80"
    for tail in ("", " +step +proj=unitconvert +xy_in=rad +xy_out=deg"):
        out, rows = placed(frame(moved(town(), "EPSG:4545"), None), crs=pipe + tail)
        assert off_deg(out.geometry, town()) < 1e-9
        assert "pipeline" in rows["crs"]


def test_a_pipeline_to_metres_is_refused() -> None:
    pipe = "+proj=pipeline +step +proj=affine +xoff=1000"
    with pytest.raises(InvalidInput, match="lon/lat"):
        placed(frame(moved(town(), "EPSG:4545"), None), crs=pipe)


@pytest.mark.parametrize("crs", ["EPSG:99999", "西安城建坐标系", "+proj=pipeline +step +proj=nothing"])
def test_a_crs_that_nobody_knows_is_refused(crs: str) -> None:
    with pytest.raises(InvalidInput):
        placed(frame(town(), None), crs=crs)


def test_an_epsg_number_may_stand_alone() -> None:
    assert off_deg(placed(frame(moved(town(), "EPSG:4545"), None), crs="4545")[0].geometry, town()) < 1e-9


def test_a_local_system_by_control_points_brings_a_layer_home(tmp_path: Path) -> None:
    city = Affine.similarity(dx=400_000.0, dy=3_600_000.0, rotation_deg=1.2, scale=1.00001)
    spots = np.array([[190_000.0, 10_000.0], [199_000.0, 12_000.0], [193_000.0, 18_000.0]])
    rows = [
        f'[[points]]\nname = "K{n}"\nx = {x}\ny = {y}\neast = {e!r}\nnorth = {m!r}\n'
        for n, ((x, y), (e, m)) in enumerate(zip(spots.tolist(), city.move(spots).tolist(), strict=True))
    ]
    (tmp_path / "city.toml").write_text('name = "城建"\ntarget = "EPSG:4545"\n' + "".join(rows), "utf-8")
    known = shapely.transform(shapely.box(195_000, 13_000, 196_000, 14_000), city.move)
    layer = frame([shapely.box(195_000, 13_000, 196_000, 14_000)], 'LOCAL_CS["x",UNIT["metre",1]]')
    out, told = placed(layer, crs=str(tmp_path / "city.toml"))
    assert off_deg(moved(out.geometry.to_numpy(), "EPSG:4545"), [known]) < 1e-4
    assert "K0 0.000 m" in told["crs"]
