"""New codes for grids whose community got another code in a new edition of the region codes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gridgis.coding.build import rewrite
from gridgis.coding.code import Code
from gridgis.coding.editions import Lineage
from gridgis.errors import InvalidInput, Rejected

if TYPE_CHECKING:
    from gridgis.coding.scheme import Scheme

OUTCOMES = {
    "kept": ("不变", "its region has the same code"),
    "recoded": ("换码，序号不变", "a new region, the same number"),
    "renumbered": (
        "换码换号（原序号在新区划中已发放）",
        "a new region and number: the old one was issued there before",
    ),
    "unmapped": ("不能自动换码", "cannot be recoded"),
}
"""What becomes of a code, in both languages."""


@dataclass(frozen=True)
class Recoded:
    """What becomes of one grid's code; ``new`` is None where it is "unmapped"."""

    old: str
    new: str | None
    outcome: str
    why_zh: str = ""
    why_en: str = ""


def recode(scheme: Scheme, codes: Iterable[str], lineage: Lineage, issued: Iterable[str] = ()) -> list[Recoded]:
    """Find the new codes of grids after a change of edition: their own digits stay, those of the region change.

    A region with one heir whose only forebear it is passes its grids on. A region that was divided, or merged with
    others, or has no known heir, is a matter for a new division, and its grids are reported: a code tells no place.
    Where a number was issued in the new region before, all numbers of the old region move up by the highest one issued
    there, so that their order and ancestry stay.

    Parameters
    ----------
    scheme
        The coding scheme.
    codes
        The codes in force.
    lineage
        From `gridgis.coding.editions.compare`.
    issued
        All codes ever issued; ``codes`` need not be among them.

    Returns
    -------
    list of Recoded
        One for each code, in their order. No number is given that was ever issued; the code of a whole region is that
        region's own, and is refused only while another grid has it.

    Raises
    ------
    InvalidInput
        A code is none of the scheme, or the scheme's regions are not those of a list of region codes.

    Examples
    --------
    >>> from datetime import date
    >>> from gridgis.coding import Scheme
    >>> from gridgis.coding.editions import Step
    >>> lineage = Lineage((Step(5, "610928100004", "610981100004", "prefix"),), date(2020, 6, 30), date(2023, 6, 30))
    >>> [r.new for r in recode(Scheme.load("national-15"), ["610928100004012"], lineage)]
    ['610981100004012']
    """
    parsed = [scheme.parse(text) for text in codes]
    present = {code.text for code in parsed}
    ever = present.union(issued)
    groups: dict[str, list[Code]] = defaultdict(list)
    for code in parsed:
        groups[code.region].append(code)
    found: dict[str, Recoded] = {}
    for region in sorted(groups):
        for one in _of_region(scheme, region, groups[region], lineage, ever, present):
            found[one.old] = one
            ever |= {one.new} if one.new else set()
    return [found[code.text] for code in parsed]


def _of_region(
    scheme: Scheme, region: str, codes: Sequence[Code], lineage: Lineage, ever: set[str], present: set[str]
) -> list[Recoded]:
    target, why = _target(region, lineage)
    if target == region:
        return [Recoded(c.text, c.text, "kept") for c in codes]
    if target is None:
        return [Recoded(c.text, None, "unmapped", *why) for c in codes]
    try:
        new, outcome = _rewritten(scheme, target, codes, ever)
    except (InvalidInput, Rejected) as e:
        return [Recoded(c.text, None, "unmapped", e.zh, e.en) for c in codes]
    if taken := sorted(present.intersection(new.values())):
        why = (
            f"新编码 {taken[0]} 现属另一网格（{target} 原为另一社区的代码），须重新划分",
            f"the new code {taken[0]} is another grid's now ({target} was another community's code): divide it anew",
        )
        return [Recoded(c.text, None, "unmapped", *why) for c in codes]
    return [Recoded(old, text, outcome) for old, text in new.items()]


def _rewritten(scheme: Scheme, target: str, codes: Sequence[Code], ever: set[str]) -> tuple[dict[str, str], str]:
    """Return old code -> new code, and how: with the old numbers, or with numbers above all that were issued."""
    new = {c.text: rewrite(scheme, c, target) for c in codes}
    if not any(new[c.text] in ever for c in codes if scheme.numbers(c)):
        return new, "recoded"
    used = (scheme.numbers(scheme.parse(text)) for text in scheme.of_regions(ever, [target]))
    highest = max(numbers[0] for numbers in used if numbers)
    return {c.text: rewrite(scheme, c, target, highest) for c in codes}, "renumbered"


def _target(region: str, lineage: Lineage) -> tuple[str | None, tuple[str, str]]:
    """Return the one heir of a region, or None and why there is none."""
    steps = lineage.heirs(region)
    if not steps:
        return None, (f"{region} 不在旧区划清单中", f"{region} is not in the old list of regions")
    if len(steps) > 1:
        heirs = "、".join(str(s.new) for s in steps)
        return None, (f"{region} 已拆分为 {heirs}，须重新划分", f"{region} was divided into {heirs}: divide it anew")
    step = steps[0]
    if step.new is None:
        return None, (f"{region} {step.old_name}：{step.note_zh}", f"{region} {step.old_name}: {step.note_en}")
    others = [str(s.old) for s in lineage.forebears(step.new) if s.old != region]
    if others and step.new != region:
        told = "、".join(others)
        return None, (
            f"{region} 与 {told} 合并为 {step.new}，须重新划分",
            f"{region} and {told} were merged into {step.new}: divide it anew",
        )
    return step.new, ("", "")
