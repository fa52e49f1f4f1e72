"""What stands on each block: estates, old core, schools, works, parks."""

from __future__ import annotations

from collections.abc import Callable

import shapely
from shapely import Point, Polygon

from sample_shapes.estates import Rows, fill, gates_of, grounds, shop_fronts, towers, walk_ups, wall_around
from sample_shapes.network import blocks, buildable, node
from sample_shapes.old_core import houses_in, lanes_of, number_houses
from sample_shapes.plan import CELLS, Building, Site, Town, largest

# cell, (u, v) of a point in the block, name, households, storeys, homes above the shops
ESTATES: list[tuple[str, tuple[float, float], str, int, int, bool]] = [
    ("NW", (0.2, 0.35), "文澜雅苑", 336, 6, False),
    ("NW", (0.5, 0.12), "竹简园", 240, 5, False),
    ("NW", (0.5, 0.36), "书香名邸", 252, 7, False),
    ("NW", (0.84, 0.25), "凤鸣花园", 444, 6, False),
    ("NW", (0.2, 0.62), "麦香家园", 300, 5, True),
    ("NW", (0.5, 0.75), "桂香新城", 630, 8, False),
    ("NW", (0.84, 0.75), "砚台小区", 380, 5, True),
    ("N", (0.25, 0.12), "织锦苑", 320, 6, False),
    ("N", (0.25, 0.4), "锦书华庭", 378, 7, False),
    ("N", (0.75, 0.4), "杏林小区", 312, 6, False),
    ("N", (0.25, 0.75), "栖云里", 420, 6, False),
    ("N", (0.75, 0.75), "锦栖佳苑", 450, 6, False),
    ("NE", (0.25, 0.75), "晚枫苑", 340, 5, True),
    ("NE", (0.78, 0.12), "朝晖小区", 252, 6, False),
    ("CORE", (0.12, 0.75), "古渡新村", 300, 5, True),
    ("CORE", (0.86, 0.75), "渡口花苑", 330, 6, False),
    ("MID", (0.86, 0.25), "听潮苑", 168, 5, False),
    ("E", (0.25, 0.25), "柳岸人家", 378, 6, False),
    ("E", (0.25, 0.75), "育英小区", 300, 5, True),
    ("E", (0.78, 0.12), "停云小筑", 168, 7, False),
    ("SW", (0.15, 0.75), "荷塘月色", 240, 5, False),
    ("SW", (0.15, 0.25), "铁路新村", 180, 5, True),
    ("SW", (0.52, 0.25), "枇杷园", 190, 5, False),
    ("SW", (0.52, 0.75), "澄南小区", 170, 5, True),
    ("SW", (0.85, 0.75), "水岸福邸", 240, 5, False),
    ("S", (0.25, 0.25), "柳堤花园", 440, 6, False),
    ("S", (0.25, 0.75), "南岸名苑", 378, 7, False),
    ("S", (0.75, 0.25), "工人新村", 330, 5, True),
    ("S", (0.75, 0.75), "柳浪小区", 350, 6, False),
]
TOWERS = ("NE", (0.25, 0.25), "锦栖天境", [104, 128, 96, 88, 112, 72, 100, 92, 64, 104])
OLD_CORE = [("CORE", (0.2, 0.2)), ("CORE", (0.75, 0.2)), ("CORE", (0.6, 0.75))]
SELF_BUILT = [("NW", (0.25, 0.9)), ("NE", (0.78, 0.35)), ("E", (0.78, 0.38)), ("SW", (0.85, 0.2))]

Block = Callable[[str, tuple[float, float]], Polygon]


def _finder(town: Town) -> Block:
    found = blocks(town)
    tree = shapely.STRtree(found)

    def block(cell: str, uv: tuple[float, float]) -> Polygon:
        hits = tree.query(Point(CELLS[cell].at(*uv)), predicate="within")
        return found[int(hits[0])]

    return block


def build(town: Town) -> None:
    """Build on all blocks of the town proper: first the lanes of old core and self-built quarters, then the houses."""
    block = _finder(town)
    leaves = [leaf for spot in OLD_CORE for leaf in lanes_of(town, block(*spot))]
    edge = [leaf for spot in SELF_BUILT for leaf in lanes_of(town, block(*spot), 130.0, 50.0)]
    node(town)
    for leaf in leaves:
        houses_in(town, leaf)
    for leaf in edge:
        houses_in(town, leaf, share_shops=0.02)
    number_houses(town)
    for cell, uv, name, households, storeys, homes in ESTATES:
        walk_ups(town, block(cell, uv), name, households, storeys, homes)
    towers(town, block(TOWERS[0], TOWERS[1]), *TOWERS[2:])
    public_places(town, block)


def public_places(town: Town, block: Block) -> None:
    """Build schools, hospital, park, market, government and works, and mark their sites."""
    _school(town, block("NW", (0.17, 0.1)), "文澜小学", "carve")
    _school(town, block("E", (0.78, 0.8)), "澄湾中学", "overlay")
    _hospital(town, block("N", (0.75, 0.14)))
    _park(town, block("MID", (0.3, 0.25)))
    _market(town, block("CORE", (0.36, 0.75)))
    _government(town, block("MID", (0.25, 0.75)))
    _works(town, block("SE", (0.4, 0.5)))
    offices = block("MID", (0.78, 0.75))
    ground, inner = grounds(town, offices)
    fill(town, inner.buffer(-4.0), Rows(46, 26, 22, 58), "commercial", (4, 9), 8, lambda k: f"府前商务楼{k}座")
    shop_fronts(town, offices, ground, [], homes=False)
    sheds = buildable(town, block("SE", (0.88, 0.5))).buffer(-6.0)
    fill(town, sheds, Rows(52, 24, 14, 46), "commercial", (1, 2), 12, lambda k: f"澄南物流{k}号库")
    depot = buildable(town, block("NE", (0.78, 0.88))).buffer(-8.0)
    fill(town, depot, Rows(48, 22, 16, 42), "commercial", (1, 3), 8, lambda k: f"汽配城{k}号楼")
    mall = buildable(town, block("NE", (0.78, 0.62))).buffer(-8.0)
    fill(town, mall, Rows(70, 44, 24, 70), "commercial", (3, 5), 3, lambda k: f"栖霞广场{k}座")


def _site(town: Town, shape: Polygon, name: str, category: str, mode: str) -> None:
    town.sites.append(Site(name, category, mode, largest(shape.simplify(0.5))))


def _school(town: Town, block: Polygon, name: str, mode: str) -> None:
    ground = buildable(town, block, 4.0)
    _site(town, ground, name, "school", mode)
    houses = ("教学楼", "实验楼", "办公楼", "图书楼", "体育馆", "食堂")
    fill(town, ground.buffer(-12.0), Rows(54, 14, 14, 28), "public", (3, 5), 6, lambda k: f"{name}{houses[k - 1]}")


def _hospital(town: Town, block: Polygon) -> None:
    ground = buildable(town, block, 4.0)
    _site(town, ground, "澄湾医院", "hospital", "carve")
    houses = ("门诊楼", "急诊楼", "住院一部", "住院二部", "医技楼", "行政楼")
    fill(town, ground.buffer(-10.0), Rows(56, 22, 20, 44), "public", (4, 11), 6, lambda k: f"澄湾医院{houses[k - 1]}")


def _park(town: Town, block: Polygon) -> None:
    ground = buildable(town, block, 3.0)
    _site(town, ground, "澄水公园", "park", "carve")
    middle = ground.centroid
    pond = shapely.union_all(
        [Point(middle.x + dx, middle.y + dy).buffer(r) for dx, dy, r in ((-50, 8, 34), (0, -4, 40), (48, 14, 26))]
    )
    town.water.append(("pond", "映月池", largest(pond.buffer(12).buffer(-12).simplify(1.2))))
    for name, dx, dy in (("观水亭", -110, 30), ("茶室", 95, -30), ("管理房", 40, 62)):
        hut = Point(middle.x + dx, middle.y + dy).buffer(7.0, quad_segs=2)
        if ground.covers(hut):
            town.buildings.append(Building(hut, "public", 0, 1, f"澄水公园{name}"))


def _market(town: Town, block: Polygon) -> None:
    ground, inner = grounds(town, block)
    _site(town, inner, "渡口农贸市场", "market", "overlay")
    fill(town, inner.buffer(-5.0), Rows(62, 30, 12, 44), "commercial", (1, 2), 4, lambda k: f"渡口农贸市场{k}号大棚")
    shop_fronts(town, block, ground, [], homes=False)


def _government(town: Town, block: Polygon) -> None:
    ground = buildable(town, block, 5.0)
    _site(town, ground, "澄湾街道办事处", "government", "overlay")
    yard = largest(ground.buffer(-2.0).simplify(1.0))
    wall_around(town, yard, gates_of(yard))
    houses = ("主楼", "东配楼", "西配楼", "便民服务中心", "会议中心", "食堂")
    fill(town, ground.buffer(-22.0), Rows(60, 18, 30, 56), "public", (4, 8), 6, lambda k: f"街道办{houses[k - 1]}")


def _works(town: Town, block: Polygon) -> None:
    ground = buildable(town, block, 4.0)
    _site(town, ground, "澄南产业园", "industrial", "carve")
    fill(town, ground.buffer(-12.0), Rows(76, 38, 20, 60), "industrial", (1, 3), 40, lambda k: f"澄南产业园{k}号厂房")
