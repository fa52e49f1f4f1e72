"""Events as a hotline would send them, and invented people for the teams."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path

import numpy as np
import shapely

from gridgis.geometry.shift import wgs84_to_bd09, wgs84_to_gcj02
from sample_shapes.plan import Building, Town
from sample_shapes.write import to_lonlat, write_table

COUNT = 400
PLACE_ONLY = range(20, 395, 25)
GCJ = range(11, 400, 40)
BD = range(31, 400, 40)
OUTSIDE = {133: (0.0, 0.0), 266: (109.0871234, 32.7402345)}
"""Two points outside the town: one that was never set, one from the next county."""
ZONE = timezone(timedelta(hours=8))
START = datetime(2026, 10, 12, tzinfo=ZONE)
SOURCES = (("12345热线", 0.42), ("网格员上报", 0.28), ("随手拍", 0.22), ("摄像头", 0.08))
CAMERA_ITEMS = ("违章停车", "环境卫生", "占道经营", "道路破损")

# item -> (near a building or on a road, what happened, what is asked)
ITEMS: dict[str, tuple[str, tuple[str, ...], tuple[str, ...]]] = {
    "环境卫生": (
        "any",
        ("垃圾桶满溢两天没人清运", "有人把装修垃圾堆在路边", "路面有大片油污", "绿化带里扔了很多塑料袋", "下水口堵了，污水漫出来", "楼道里堆着旧家具和纸箱"),
        ("请尽快安排清理。", "味道很大，影响居民出行。", "希望联系环卫来处理。", "小孩老人经过容易滑倒。"),
    ),
    "违章停车": (
        "road",
        ("有面包车长期占用人行道", "几辆小车停在消防通道上", "货车占道卸货堵住了路口", "夜里有人把车横在出口", "盲道被电动车占满"),
        ("请派人劝离。", "上学时段尤其堵。", "已经联系不上车主。", "希望补划禁停线。"),
    ),
    "占道经营": (
        "road",
        ("烧烤摊摆到了机动车道上", "水果摊占了半条路", "早点摊收摊后留下污水", "店家把货架摆到人行道上"),
        ("请城管协助处理。", "行人只能走到马路中间。", "油烟也很大。"),
    ),
    "设施损坏": (
        "any",
        ("路灯连续三晚不亮", "井盖松动，车一过就响", "健身器材断了一根横杆", "单元门的门禁坏了", "公交站的座椅翘起来了", "围墙的栏杆掉了两根"),
        ("存在安全隐患，请维修。", "晚上一片漆黑。", "请通知产权单位。", "已经放了个凳子提醒路人。"),
    ),
    "道路破损": (
        "road",
        ("路面塌了一个坑，约半米深", "人行道地砖大面积松动", "雨后积水没过脚踝", "减速带的螺丝露在外面", "挖开的沟槽回填不平"),
        ("电动车差点摔倒。", "请尽快修补。", "希望先围挡起来。"),
    ),
    "噪音扰民": (
        "home",
        ("楼上半夜还在装修", "楼下广场舞音响开得太大", "邻居家的狗整夜叫", "一楼的排风机嗡嗡响", "凌晨有人唱卡拉OK"),
        ("老人休息不好。", "孩子要中考了。", "沟通过两次没有用，请协调。", "请上门提醒。"),
    ),
    "邻里纠纷": (
        "home",
        ("因为楼上漏水和邻居吵了起来", "两家为公共过道堆物争执", "为加装电梯的事意见不合", "邻居在门口装摄像头对着我家", "为停车位起了口角"),
        ("请网格员上门调解。", "希望社区主持协商。", "双方情绪都比较激动。"),
    ),
    "消防隐患": (
        "home",
        ("有人从窗户拉线给电动车充电", "楼道里停了三辆电瓶车", "消防栓箱里没有水带", "安全出口被杂物堵死", "楼顶私自堆放了煤气罐"),
        ("请消防和社区来检查。", "非常危险。", "上次检查后又复发了。"),
    ),
    "供水供电": (
        "home",
        ("从早上开始停水", "水压很低，五楼以上上不了水", "水龙头放出来的水发黄", "整栋楼跳闸了", "电表箱冒火花", "入户水管爆了"),
        ("请问几时恢复？", "家里有老人孩子，急。", "请联系供水公司。", "物业说不归他们管。"),
    ),
    "老人关怀": (
        "home",
        ("独居老人两天没有出门", "八旬老人想申请居家养老服务", "行动不便的老人需要代办证件", "老人走失后在附近找到，需要联系家属", "老人家里的燃气报警器没装好"),
        ("请网格员上门看看。", "家属在外地，请多照应。", "希望社区跟进。"),
    ),
    "物业服务": (
        "home",
        ("电梯一周坏了三次", "物业保洁半个月没来", "地下车库积水没人抽", "小区大门的道闸坏了没人修", "楼顶漏水报修一个月没动静"),
        ("请督促物业。", "业主群里意见很大。", "希望给个答复。"),
    ),
    "违法建设": (
        "home",
        ("有人在楼顶搭彩钢棚", "一楼住户把阳台外扩了", "有人在院子里私自加盖", "绿地被圈起来种菜"),
        ("请核实处理。", "已经影响到采光。", "刚开始动工，请尽快制止。"),
    ),
    "农事服务": (
        "farm",
        ("机耕路塌方，收割机过不去", "水塘的闸门关不上", "有人焚烧秸秆", "灌溉渠被垃圾堵住", "鸡舍的粪水流到路上"),
        ("请村里组织清理。", "正赶上抢收。", "请派人来看看。"),
    ),
}  # fmt: skip
OPENINGS = ("", "", "", "来电人反映：", "市民反映：", "居民来电：", "您好，", "巡查发现：", "群众反映，")
WHEN = ("", "", "今天早上", "昨晚", "这几天", "中午前后", "刚才", "从上周起")


@dataclass(frozen=True)
class Spot:
    """Where an event is: a point in plane metres, how people say it, and the name to be looked up."""

    x: float
    y: float
    words: str
    place: str


def _pick(rng: np.random.Generator, options: tuple[str, ...]) -> str:
    return options[int(rng.integers(len(options)))]


def _source(rng: np.random.Generator, item: str) -> str:
    names, weights = zip(*SOURCES, strict=True)
    source = str(rng.choice(names, p=weights))
    return "随手拍" if source == "摄像头" and item not in CAMERA_ITEMS else source


class _Spots:
    """Chooses spots near buildings and on roads, and says them as people do."""

    def __init__(self, town: Town) -> None:
        self.rng = town.rng
        self.roads = [r for r in town.roads if r.klass != "motorway"]
        self.length = np.array([r.line.length for r in self.roads])
        self.tree = shapely.STRtree([r.line for r in self.roads])
        self.named = [b for b in town.buildings if b.name and b.households]
        village = next(s for c, _, s in town.communities if c.endswith("201"))
        self.homes = [b for b in town.buildings if b.households]
        self.rural = [b for b in self.homes if village.covers(b.shape.centroid)]
        self.weight = np.array([float(b.households) for b in self.homes])
        self.compounds = town.compounds

    def at(self, kind: str) -> Spot:
        if kind == "any":
            kind = str(self.rng.choice(["home", "road"]))
        if kind == "road":
            return self._road()
        pool = self.rural if kind == "farm" else self.homes
        weight = None if kind == "farm" else self.weight / self.weight.sum()
        return self._near(pool[int(self.rng.choice(len(pool), p=weight))])

    def place_only(self, k: int) -> Spot:
        """Return a spot that is only a name: every third one an estate, the others a building."""
        if k % 3 == 0:
            name = self.compounds[int(self.rng.integers(len(self.compounds)))].name
            return Spot(np.nan, np.nan, name, name)
        name = str(self.named[int(self.rng.integers(len(self.named)))].name)
        return Spot(np.nan, np.nan, name, name)

    def _road(self) -> Spot:
        road = self.roads[int(self.rng.choice(len(self.roads), p=self.length / self.length.sum()))]
        p = road.line.interpolate(float(self.rng.uniform(0.02, 0.98)), normalized=True)
        x, y = p.x + self.rng.normal(0, 2.5), p.y + self.rng.normal(0, 2.5)
        near = [self.roads[int(i)].name for i in self.tree.query(p.buffer(60.0), predicate="intersects")]
        others = [n for n in near if n != road.name]
        words = f"{road.name}与{others[0]}路口附近" if others and self.rng.random() < 0.6 else f"{road.name}{self._side()}"
        return Spot(x, y, words, "")

    def _side(self) -> str:
        return _pick(self.rng, ("路段", "中段", "北侧", "人行道边", "公交站旁", "沿线"))

    def _near(self, b: Building) -> Spot:
        c = b.shape.representative_point()
        x, y = c.x + self.rng.normal(0, 3.0), c.y + self.rng.normal(0, 3.0)
        if b.name:
            unit = f"{int(self.rng.integers(1, 4))}单元" if b.storeys >= 5 and self.rng.random() < 0.6 else ""
            return Spot(x, y, b.name + unit, "")
        road = self.roads[int(self.tree.nearest(c))]
        return Spot(x, y, f"{road.name}{int(self.rng.integers(1, 90))}号", "")


def _text(rng: np.random.Generator, item: str, spot: Spot, source: str) -> str:
    _, what, asks = ITEMS[item]
    happened = _pick(rng, what)
    if source == "摄像头":
        return f"视频巡查：{spot.words}，{happened}。"
    opening = _pick(rng, OPENINGS) if source == "12345热线" else ("巡查发现：" if source == "网格员上报" else "")
    tail = _pick(rng, asks) if rng.random() < 0.8 else ""
    return f"{opening}{_pick(rng, WHEN)}{spot.words}{happened}。{tail}"


def _time(rng: np.random.Generator) -> datetime:
    hour = float(np.clip(rng.choice([rng.normal(9.5, 1.8), rng.normal(16, 2.2), rng.normal(20.5, 1.5)]), 0.2, 23.8))
    return START + timedelta(days=int(rng.integers(14)), seconds=int(hour * 3600) + int(rng.integers(60)))


def _shift(k: int) -> tuple[str, Callable[..., tuple[np.ndarray, np.ndarray]] | None]:
    if k in GCJ:
        return "GCJ-02", wgs84_to_gcj02
    if k in BD:
        return "BD-09", wgs84_to_bd09
    return "EPSG:4490", None


def _coordinates(k: int, spot: Spot) -> tuple[str, str, str]:
    """Return lon, lat and the label of their coordinates, as text; empty where only a place is given."""
    if spot.place:
        return "", "", "EPSG:4490"
    lon, lat = OUTSIDE.get(k) or to_lonlat(np.array([[spot.x, spot.y]]))[0]
    label, shift = _shift(k)
    if shift is not None:
        moved = shift(np.array([lon]), np.array([lat]))
        lon, lat = float(moved[0][0]), float(moved[1][0])
    return f"{lon:.7f}", f"{lat:.7f}", label


def write_events(town: Town, folder: Path) -> None:
    """Write events.csv: COUNT events in order of time."""
    rng, spots = town.rng, _Spots(town)
    items = [*ITEMS]
    weights = np.array([3.0 if i in ("环境卫生", "设施损坏", "违章停车") else 0.8 if i == "农事服务" else 1.6 for i in items])
    times = sorted(_time(rng) for _ in range(COUNT))
    rows = []
    for k, time in enumerate(times, 1):
        item = str(rng.choice(items, p=weights / weights.sum()))
        source = _source(rng, item)
        if k in PLACE_ONLY:
            item, source = "物业服务", "12345热线"
            spot = spots.place_only(k)
        else:
            spot = spots.at(ITEMS[item][0])
        rows.append((k, time.isoformat(), source, item, _text(rng, item, spot, source), *_coordinates(k, spot), spot.place))
    write_table(folder / "events.csv", ("id", "time", "source", "item", "text", "lon", "lat", "crs", "place"), rows)


SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏钟汪田任姜范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段雷钱汤尹黎易常武乔贺赖龚文"
GIVEN = "伟芳娜秀敏静丽强磊军洋勇艳杰娟涛明超兰霞平刚桂英华玉萍红鹏辉玲建国志文海波春梅雪晨宇佳欣怡嘉诚思远书瑶子涵浩然一凡若晴景行安宁清和立新学礼守信云舒"
PEOPLE = 450


def write_people(town: Town, folder: Path) -> None:
    """Write people.csv: invented persons; their numbers begin with 100, which no mobile network has."""
    rng = town.rng
    rows: list[tuple[str, str]] = []
    names: set[str] = set()
    for k in range(PEOPLE):
        tail = k * 199_999 + int(rng.integers(199_999))  # never the same number twice
        while True:
            given = "".join(GIVEN[int(i)] for i in rng.integers(len(GIVEN), size=int(rng.choice([1, 2, 2, 2]))))
            name = SURNAMES[int(rng.integers(len(SURNAMES)))] + given
            if name not in names:
                break
        names.add(name)
        rows.append((name, f"100{tail:08d}"))
    write_table(folder / "people.csv", ("name", "phone"), rows)
