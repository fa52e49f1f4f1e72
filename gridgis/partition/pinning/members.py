"""What the planner's pins speak of: members found on the ground, drawn borders found among the edges of the atoms."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from gridgis.errors import InvalidInput
from gridgis.geometry.arrays import Ints, geometries, lines, points
from gridgis.geometry.coverage import Row, report_row
from gridgis.geometry.crs import STORED_CRS, transform_xy
from gridgis.model import PIN_KINDS, Pin
from gridgis.partition.ground import Ground
from gridgis.partition.noding.atoms import TOUCH_M, Atoms
from gridgis.partition.pinning.lines import FREE_END_M

GRAZE_M = 0.01
"""A drawn border this little inside a building runs along its wall."""
SIDE_M = 0.01
"""What lies so far beside a drawn border is on that side of it."""
SHOWN = 5


@dataclass(frozen=True)
class Word:
    """A pin on the ground: the atoms of each member, (k,) arrays, and the position of their one community.

    A border has no members; ``pairs`` (p, 2) are the atoms that touch along it, over one or several communities.
    """

    pin: Pin
    members: tuple[Ints, ...]
    community: int
    pairs: Ints

    @property
    def atoms(self) -> Ints:
        """All atoms of the members."""
        return np.unique(np.concatenate(self.members)) if self.members else np.empty(0, dtype=np.int64)


def refuse(rows: Iterable[int], zh: str, en: str) -> InvalidInput:
    """Make the error that names the pins at fault."""
    numbers = sorted(set(rows))
    listed = ", ".join(str(n) for n in numbers)
    return InvalidInput(f"划分要求第 {listed.replace(', ', '、')} 条：{zh}", f"pin {listed}: {en}", pins=numbers)


def need_sensible(pins: Sequence[Pin]) -> None:
    """Refuse pins that say too little or too much.

    Raises
    ------
    InvalidInput
        Names the pin and what it lacks, or what it has and would be passed over.
    """
    rows = [p.row for p in pins]
    if twice := sorted({n for n in rows if rows.count(n) > 1}):
        raise refuse(twice, "编号重复，无法指明是哪一条", "the number is given twice, and pins are known by it")
    for p in pins:
        if p.kind not in PIN_KINDS or p.level not in (2, 3):
            raise refuse(
                [p.row], f"类型“{p.kind}”或级别 {p.level} 不认识", f"kind '{p.kind}', level {p.level}: unknown"
            )
        given = {"members": bool(p.members), "grid": p.grid is not None, "geometry": p.line is not None}
        wanted = {"together": {"members"}, "apart": {"members"}, "grid": {"members", "grid"}, "border": {"geometry"}}
        there = {name for name, value in given.items() if value}
        if there != wanted[p.kind]:
            need, has = sorted(wanted[p.kind]), sorted(there)
            raise refuse(
                [p.row], f"“{PIN_KINDS[p.kind]}”应填 {need}，现填 {has}", f"kind {p.kind} takes {need}, not {has}"
            )
        if p.kind == "apart" and len(p.members) < 2:
            raise refuse([p.row], "“分开”至少要两个成员", "kind apart takes two members or more")


def find_words(
    pins: Sequence[Pin], borders: Mapping[int, BaseGeometry], ground: Ground, atoms: Atoms, rows: list[Row]
) -> list[Word]:
    """Find the members and borders (`pin_lines`) of pins on the ground; report rows are appended to ``rows``.

    Raises
    ------
    InvalidInput
        An id that is unknown, or means a building and an estate; a member on a carved site or
        without buildings; members in several communities; a border through a building, outside of all communities, or
        that ends in the middle of a block.
    """
    known = _Known.of(ground, atoms)
    out = []
    for p in pins:
        if p.row in borders:
            out.append(Word(p, (), -1, _pairs_along(p, borders[p.row], ground, atoms, rows)))
            continue
        members = tuple(known.atoms_of(p, m) for m in p.members)
        out.append(Word(p, members, _one_community(p, members, ground, atoms), np.empty((0, 2), dtype=np.int64)))
    return out


def _one_community(pin: Pin, members: tuple[Ints, ...], ground: Ground, atoms: Atoms) -> int:
    found = np.concatenate(members)
    of = np.unique(atoms.community[found])
    if len(of) > 1:
        names = [str(n) for n in ground.base["name"].iloc[of]]
        raise refuse(
            [pin.row],
            f"成员分属社区 {'、'.join(names)}；网格不跨社区",
            f"its members lie in the communities {', '.join(names)}; no grid reaches over two",
        )
    if (atoms.site[found] >= 0).any():
        site = ground.sites["id"].iloc[int(atoms.site[found].max())]
        raise refuse(
            [pin.row],
            f"成员在专属场所 {site} 之内，归其专属网格",
            f"a member lies on the carved site {site} and belongs to its dedicated grid",
        )
    return int(of[0])


@dataclass(frozen=True)
class _Known:
    """Atoms by the ids of buildings, and of estates."""

    buildings: Mapping[str, Ints]
    compounds: Mapping[str, Ints]

    @classmethod
    def of(cls, ground: Ground, atoms: Atoms) -> _Known:
        ids = [_key(i) for i in ground.buildings["id"]]
        buildings = {i: atoms.building_atom[[n]] for n, i in enumerate(ids)}
        estate = estates_of_atoms(ground, atoms)[atoms.building_atom]
        compounds = {_key(i): np.unique(atoms.building_atom[estate == n]) for n, i in enumerate(ground.compounds["id"])}
        return cls(buildings, compounds)

    def atoms_of(self, pin: Pin, member: str) -> Ints:
        sort, colon, rest = member.partition(":")
        tables = {"building": self.buildings, "compound": self.compounds}
        chosen = {sort: tables[sort]} if colon and sort in tables else tables
        key = rest if colon and sort in tables else member
        found = {name: table[key] for name, table in chosen.items() if key in table}
        if not found:
            raise refuse(
                [pin.row], f"没有编号为 {member} 的楼栋或小区", f"there is no building or estate with the id {member}"
            )
        if len(found) > 1:
            raise refuse(
                [pin.row],
                f"编号 {member} 既是楼栋也是小区；请写作 楼:{member} 或 小区:{member}",
                f"{member} is the id of a building and of an estate; write building:{member} or compound:{member}",
            )
        (atoms,) = found.values()
        if not len(atoms):
            raise refuse([pin.row], f"小区 {key} 中没有楼栋", f"there is no building in the estate {key}")
        return atoms


def _key(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def estates_of_atoms(ground: Ground, atoms: Atoms) -> Ints:
    """Return the position of the estate that each atom is a piece of, (n,), -1 for none; the smallest where several."""
    out = np.full(len(atoms.polygons), -1, dtype=np.int64)
    own = np.flatnonzero(atoms.compound >= 0)
    areas = geometries(ground.compounds.geometry.to_numpy())
    if len(own):
        p, a = shapely.STRtree(areas).query(shapely.point_on_surface(atoms.polygons[own]), predicate="within")
        order = np.lexsort((a, shapely.area(areas)[a]))[::-1]
        out[own[p[order]]] = a[order]
    return out


def _pairs_along(pin: Pin, line: BaseGeometry, ground: Ground, atoms: Atoms, rows: list[Row]) -> Ints:
    """Return the atoms on both sides of a drawn border, (p, 2), without the edges of communities and sites."""
    _need_off_buildings(pin, line, ground)
    along = np.flatnonzero(_runs_along(line, atoms))
    _need_covered(pin, line, ground, atoms.seg[along], rows)
    return _both_sides(atoms, along)


def _both_sides(atoms: Atoms, along: Ints) -> Ints:
    """Return the atoms on both sides of some segments, (p, 2), each pair once.

    Noding leaves slivers of a millimetre on a line: what lies SIDE_M beside the line counts, and a sliver goes with
    the atom that it touches longest.
    """
    seg = atoms.seg[along]
    middle, way = (seg[:, :2] + seg[:, 2:]) / 2, seg[:, 2:] - seg[:, :2]
    normal = np.column_stack([-way[:, 1], way[:, 0]]) / np.hypot(*way.T)[:, None]
    tree = shapely.STRtree(atoms.polygons)
    side = np.full((2, len(along)), -1, dtype=np.int64)
    for k, spots in enumerate((middle + SIDE_M * normal, middle - SIDE_M * normal)):
        at, atom = tree.query(points(spots), predicate="within")
        side[k, at] = atom
    pairs = {(min(p), max(p)) for p in side.T.tolist() if _parted(atoms, *p)}
    metres: dict[int, dict[int, float]] = {}
    for one, other, n in zip(atoms.left[along], atoms.right[along], np.hypot(*way.T), strict=True):
        for a, b in ((int(one), int(other)), (int(other), int(one))):
            if a >= 0 and b >= 0 and a not in side:
                metres.setdefault(a, {}).setdefault(b, 0.0)
                metres[a][b] += float(n)
    for sliver, near in sorted(metres.items()):
        own = max(sorted(near), key=lambda a: near[a])
        foes = [b for b in near if (min(own, b), max(own, b)) in pairs]
        pairs |= {(min(sliver, b), max(sliver, b)) for b in foes}
    return np.array(sorted(pairs), dtype=np.int64).reshape(-1, 2)


def _parted(atoms: Atoms, a: int, b: int) -> bool:
    """Tell whether a border between two atoms is one of comprehensive grids of one community."""
    inside = a >= 0 and b >= 0 and a != b
    return inside and atoms.community[a] == atoms.community[b] and atoms.site[a] < 0 and atoms.site[b] < 0


def _runs_along(line: BaseGeometry, atoms: Atoms) -> Any:
    """Tell which segments of the atoms lie on a line, (s,): both ends and the middle are within TOUCH_M of it."""
    seg = atoms.seg
    shapely.prepare(line)
    ends = (seg[:, :2], seg[:, 2:], (seg[:, :2] + seg[:, 2:]) / 2)
    low, high = np.array(line.bounds)[:2] - TOUCH_M, np.array(line.bounds)[2:] + TOUCH_M
    rows = np.flatnonzero(((ends[2] >= low) & (ends[2] <= high)).all(axis=1))
    for xy in ends:
        rows = rows[shapely.dwithin(points(xy[rows]), line, TOUCH_M)]
    out = np.zeros(len(seg), dtype=np.bool_)
    out[rows] = True
    return out


def _need_off_buildings(pin: Pin, line: BaseGeometry, ground: Ground) -> None:
    shapes = ground.buildings.geometry.to_numpy()
    near = np.sort(shapely.STRtree(shapes).query(line, predicate="intersects"))
    inside = shapely.length(shapely.intersection(shapely.buffer(shapes[near], -GRAZE_M, join_style="mitre"), line))
    if (inside > 0).any():
        ids = [_key(i) for i in ground.buildings["id"].iloc[near[inside > 0]]][:SHOWN]
        raise refuse(
            [pin.row],
            f"边界穿过楼栋 {'、'.join(ids)}；楼栋不能分割，请把线画在楼外",
            f"the border runs through the buildings {', '.join(ids)}, which are not cut: draw it beside them",
        )


def _need_covered(pin: Pin, line: BaseGeometry, ground: Ground, seg: Any, rows: list[Row]) -> None:
    """Refuse a border of which more than its free ends lies along no edge of an atom; report those ends."""
    street = shapely.union_all(ground.base.geometry.to_numpy())
    if shapely.length(shapely.intersection(line, street)) <= FREE_END_M:
        raise refuse([pin.row], "边界不在任何社区之内", "the border lies in no community")
    rest = shapely.difference(line, shapely.buffer(shapely.multilinestrings(lines(seg)), TOUCH_M * 2))
    bits = shapely.get_parts(shapely.intersection(rest, street))
    long = bits[shapely.length(bits) > FREE_END_M] if len(bits) else bits
    if len(long):
        ((lon, lat),) = transform_xy(shapely.get_coordinates(long[0])[:1], ground.work_crs, STORED_CRS)
        open_m = float(shapely.length(long).sum())
        raise refuse(
            [pin.row],
            f"边界在 ({lon:.6f}, {lat:.6f}) 附近有 {open_m:.0f} 米围不出地块；请把线画到下一条路、边界或保留边界",
            f"{open_m:.0f} m of the border near ({lon:.6f}, {lat:.6f}) close no block: draw it on to the next road, "
            "boundary or other pinned border",
        )
    metres = float(shapely.length(bits).sum()) if len(bits) else 0.0
    if metres > 1.0:
        rows.append(
            report_row(
                "info", "pins", str(pin.row), "free end", metres,
                f"划分要求第 {pin.row} 条：线端有 {metres:.1f} 米未作边界",
                f"pin {pin.row}: {metres:.1f} m at the ends of the line are no border",
            )
        )  # fmt: skip
