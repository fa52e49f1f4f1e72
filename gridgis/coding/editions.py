"""What became of each region from one edition of the code list to the next.

Nobody publishes the pairs: a county that becomes a city leaves the list with all below it, and comes again under other
codes. The pairs are found by rules that can be read and overruled; what they do not find is told, never guessed.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from gridgis.coding.regions import WIDTHS, Key, Region, RegionList, level_of
from gridgis.errors import InvalidInput

HOW = {
    "same": ("未变", "same code and name"),
    "renamed": ("更名，代码未变", "same code, another name"),
    "table": ("用户对照表", "the user's table"),
    "prefix": ("随上级换码，本级代码和名称相同", "new digits above, the same own digits and name"),
    "name": ("上级相同，名称相同", "the same parent and name, other digits"),
    "stem": (
        "上级相同，名称仅通名不同（请核对）",
        "the same parent, names differ in the generic part only: look at it",
    ),
    "gone": ("无对应，不能自动换码", "no heir is known"),
    "new": ("新增", "new"),
}
"""How a region came from the old edition to the new one, in both languages."""

SUFFIXES = {
    1: ("维吾尔自治区", "壮族自治区", "回族自治区", "自治区", "省", "市"),
    2: ("自治州", "地区", "盟", "市"),
    3: ("自治县", "自治旗", "林区", "特区", "县", "区", "市", "旗"),
    4: ("街道办事处", "地区办事处", "办事处", "街道", "镇", "乡"),
    5: (
        "社区居民委员会", "社区居委会", "居民委员会", "居委会", "社区", "村民委员会", "村委会", "村",
    ),
}  # fmt: skip
"""Generic parts of names, by level; the longest comes first."""


@dataclass(frozen=True)
class Step:
    """What became of one region: old is None for a new one, new is None where no heir is known.

    Parameters
    ----------
    level
        As `Region`.
    how
        A key of HOW.
    note_zh, note_en
        Why there is no heir, and who might be it.
    """

    level: int
    old: str | None
    new: str | None
    how: str
    old_name: str = ""
    new_name: str = ""
    note_zh: str = ""
    note_en: str = ""


@dataclass(frozen=True)
class Lineage:
    """The way from one edition to another: one step for each region of either.

    Parameters
    ----------
    steps
        By level, old code, new code.
    old_day, new_day
        The days of the two editions.
    """

    steps: tuple[Step, ...]
    old_day: date
    new_day: date
    _heirs: Mapping[Key, list[Step]] = field(init=False, repr=False, compare=False)
    _forebears: Mapping[Key, list[Step]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        heirs, forebears = defaultdict(list), defaultdict(list)
        for step in self.steps:
            if step.old is not None:
                heirs[step.level, step.old].append(step)
            if step.old is not None and step.new is not None:
                forebears[step.level, step.new].append(step)
        object.__setattr__(self, "_heirs", dict(heirs))
        object.__setattr__(self, "_forebears", dict(forebears))

    def heirs(self, code: str) -> list[Step]:
        """Return the steps of an old region: one with new = None where no heir is known; none if it was not listed."""
        return self._heirs.get((level_of(code), code), [])

    def forebears(self, code: str) -> list[Step]:
        """Return the steps that lead to a new region."""
        return self._forebears.get((level_of(code), code), [])

    def counts(self) -> dict[str, int]:
        """Count the steps by how."""
        counts = Counter(step.how for step in self.steps)
        return {how: counts[how] for how in HOW if counts[how]}


def compare(old: RegionList, new: RegionList, pairs: Iterable[tuple[str, str]] = ()) -> Lineage:
    """Find what became of each region.

    From provinces down to communities, in this order: (1) the pairs of the user's table, of any level, which overrule
    the rest; (2) a code in both lists is the same region, renamed or not; (3) among the children of a region and of
    its heir, in the old list only and in the new list only: the same own digits and the same name ("prefix"); the same
    name, where only one has it ("name"); the same name but for its generic part, as 县 and 市, where only one has it
    ("stem"). A pair of the table for a county is thereby a rule for the prefix of all codes in it.

    Parameters
    ----------
    old, new
        The two editions.
    pairs
        (old code, new code), of the same level; one old code may have several new ones, and the reverse.

    Raises
    ------
    InvalidInput
        A pair names a code that is in neither list, two levels, or an edition older than the other comes second.

    Examples
    --------
    >>> old = RegionList([Region(3, "610928", "旬阳县"), Region(4, "610928100", "城关镇")], date(2020, 6, 30))
    >>> new = RegionList([Region(3, "610981", "旬阳市"), Region(4, "610981100", "城关镇")], date(2023, 6, 30))
    >>> [(s.old, s.new, s.how) for s in compare(old, new).steps]
    [('610928', '610981', 'stem'), ('610928100', '610981100', 'prefix')]
    """
    if new.day < old.day:
        raise InvalidInput(
            f"新清单的日期 {new.day} 早于旧清单 {old.day}；请核对两者的先后",
            f"the new list is of {new.day}, before the old one of {old.day}: look which is which",
        )
    table = _table(old, new, pairs)
    heir: dict[str, str] = {}
    steps: list[Step] = []
    for level in WIDTHS:
        found = _Level(level, old, new, table.get(level, []), heir)
        steps += found.steps()
        heir |= found.heir
    return Lineage(tuple(steps), old.day, new.day)


def stem(name: str, level: int) -> str:
    """Return a name without its generic part.

    Examples
    --------
    >>> stem("果园村委会", 5), stem("果园社区居委会", 5), stem("旬阳县", 3)
    ('果园', '果园', '旬阳')
    """
    for suffix in SUFFIXES[level]:
        if name.endswith(suffix) and len(name) > len(suffix):
            return name.removesuffix(suffix)
    return name


def _table(old: RegionList, new: RegionList, pairs: Iterable[tuple[str, str]]) -> dict[int, list[tuple[str, str]]]:
    """Return the user's pairs by level, each once and in order."""
    out: dict[int, list[tuple[str, str]]] = defaultdict(list)
    for a, b in sorted(set(pairs)):
        level = level_of(a)
        for code, regions, zh, en in ((a, old, "旧", "old"), (b, new, "新", "new")):
            if (level, code) not in regions:
                raise InvalidInput(
                    f"对照表 {a} → {b}：{code} 不在{zh}清单（{regions.day}）中，或级别与 {a} 不同",
                    f"pair {a} -> {b}: {code} is not in the {en} list ({regions.day}), or not of the level of {a}",
                    old=a,
                    new=b,
                )
        out[level].append((a, b))
    return out


class _Level:
    """The regions of one level, matched under the heirs of their parents."""

    def __init__(
        self, level: int, old: RegionList, new: RegionList, table: Sequence[tuple[str, str]], above: Mapping[str, str]
    ) -> None:
        self.level, self.all_old, self.above = level, old, above
        self.old = {r.code: r for r in old.at(level)}
        self.new = {r.code: r for r in new.at(level)}
        self.pairs: list[tuple[str, str, str]] = [(a, b, "table") for a, b in table]
        told = {a for a, _ in table}
        for code in sorted(self.old.keys() & self.new.keys() - told):
            same = self.old[code].name == self.new[code].name
            self.pairs.append((code, code, "same" if same else "renamed"))
        for how in ("prefix", "name", "stem"):
            self.pairs += self._alike(how)
        ends = Counter(a for a, _, _ in self.pairs)
        self.heir = {a: b for a, b, _ in self.pairs if ends[a] == 1}
        self.gone, self.come = self._left()
        self.by_tail = {(r.parent, r.tail): r for r in self.come}
        self.by_stem: dict[str, list[Region]] = defaultdict(list)
        for r in self.come:
            self.by_stem[stem(r.name, level)].append(r)

    def _left(self) -> tuple[list[Region], list[Region]]:
        """Return the regions without a pair: those of the old list, those of the new one."""
        olds, news = {a for a, _, _ in self.pairs}, {b for _, b, _ in self.pairs}
        return (
            [r for code, r in self.old.items() if code not in olds],
            [r for code, r in self.new.items() if code not in news],
        )

    def _alike(self, how: str) -> list[tuple[str, str, str]]:
        """Pair the regions that are alike in one way, where only one old and one new region are alike."""
        gone, come = self._left()
        by_old, by_new = defaultdict(list), defaultdict(list)
        for r in gone:
            if (parent := self._parents_heir(r)) is not None:
                by_old[self._likeness(r, parent, how)].append(r.code)
        for r in come:
            by_new[self._likeness(r, r.parent, how)].append(r.code)
        both = [(olds, by_new.get(likeness, [])) for likeness, olds in by_old.items()]
        return [(olds[0], news[0], how) for olds, news in both if len(olds) == len(news) == 1]

    def _parents_heir(self, region: Region) -> str | None:
        """Return the heir of an old region's parent, None where none is known; a parent not listed stays what it is."""
        listed = (self.level - 1, region.parent) in self.all_old
        return self.above.get(region.parent) if listed else region.parent

    def _likeness(self, region: Region, parent: str, how: str) -> tuple[str, ...]:
        if how == "prefix":
            return parent, region.tail, region.name
        return parent, region.name if how == "name" else stem(region.name, self.level)

    def steps(self) -> list[Step]:
        """Return one step for each pair, each region without heir and each new one; by old code, then new code."""
        out = [Step(self.level, a, b, how, self.old[a].name, self.new[b].name) for a, b, how in self.pairs]
        out += [Step(self.level, r.code, None, "gone", r.name, "", *self._why(r)) for r in self.gone]
        out += [Step(self.level, None, r.code, "new", "", r.name) for r in self.come]
        return sorted(out, key=lambda s: (s.old is None, s.old or "", s.new or ""))

    def _why(self, region: Region) -> tuple[str, str]:
        """Tell why a region has no heir, and which new regions might be it."""
        parent = self._parents_heir(region)
        if parent is None:
            return f"上级 {region.parent} 无对应", f"its parent {region.parent} has no heir"
        if (parent, region.tail) in self.by_tail:
            twin = self.by_tail[parent, region.tail]
            seen = f"{twin.code} {twin.name}"
            return f"本级代码相同但名称不同：{seen}", f"the same own digits, another name: {seen}"
        alike = self.by_stem.get(stem(region.name, self.level), [])
        inside = [r for r in alike if r.parent == parent]
        if inside or alike:
            seen = "、".join(f"{r.code} {r.name}" for r in (inside or alike)[:3])
            zh, en = (
                ("同名者不止一个", "names are not unique") if inside else ("上级不同但同名", "of the name elsewhere")
            )
            return f"{zh}：{seen}", f"{en}: {seen}"
        return f"{parent} 下没有新的同名区划", f"nothing new of this name in {parent}"
