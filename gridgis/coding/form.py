"""The form of a coding scheme: its segments, and what they say of the codes made of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from gridgis.coding.code import Code
from gridgis.coding.segment import Segment
from gridgis.errors import InvalidInput


@dataclass(frozen=True)
class Form:
    """What a scheme file says; `gridgis.coding.scheme.Scheme` is this with all that is done by it.

    Parameters
    ----------
    name, title_zh, title_en, source, not_found
        What it is called, where it comes from, and what of its source nobody here has read.
    segments
        The segments, in the order of the code.
    whole_level
        The level of the grid that is the whole region (all sequences zero); None where there is none.
    ancestors
        Level of administration -> how many characters of the region belong to it.
    union
        The ancestor (a street) whose whole ground may be a grid too: its characters, then zeros; None for none.
    community_width
        Number of characters of a community's code where the region is only its beginning (the street); else None.
    toml
        The text of the scheme file, for whoever keeps the scheme beside its codes.
    """

    name: str
    segments: tuple[Segment, ...]
    title_zh: str = ""
    title_en: str = ""
    source: str = ""
    not_found: str = ""
    whole_level: int | None = None
    ancestors: Mapping[str, int] = field(default_factory=dict, hash=False)
    union: str | None = None
    community_width: int | None = None
    toml: str = field(default="", compare=False, repr=False)

    @cached_property
    def length(self) -> int:
        """Number of characters of a code."""
        return sum(s.width for s in self.segments)

    @cached_property
    def region_length(self) -> int:
        """Number of characters of a region (community)."""
        return sum(s.width for s in self.regions)

    @cached_property
    def sequences(self) -> tuple[Segment, ...]:
        """The sequence segments."""
        return tuple(s for s in self.segments if s.role == "sequence")

    @cached_property
    def regions(self) -> tuple[Segment, ...]:
        """The segments of the region."""
        return tuple(s for s in self.segments if s.role == "region")

    @cached_property
    def region_start(self) -> int | None:
        """Number of characters before the region; None where it does not stand in one piece.

        Examples
        --------
        >>> from gridgis.coding import Scheme
        >>> [Scheme.load(name).region_start for name in ("national-15", "cjt349-20")]
        [0, 6]
        """
        roles = ["r" if s.role == "region" else "-" for s in self.segments]
        first = roles.index("r")
        whole = "".join(roles[first : first + len(self.regions)]) == "r" * len(self.regions)
        return sum(s.width for s in self.segments[:first]) if whole else None

    @property
    def last_region(self) -> Segment:
        """The last segment of the region."""
        return self.regions[-1]

    @cached_property
    def street_width(self) -> int | None:
        """Number of characters of the region before a segment that can name a merged community; else None."""
        last = self.last_region
        return self.region_length - last.width if last.merged_from else None

    def names_region(self, text: object) -> bool:
        """Tell whether a text is as long as the code of a community or of a region, so that it is no grid's code."""
        lengths = {self.region_length, self.community_width, self.street_width}
        return isinstance(text, str) and len(text) in lengths

    def merged_number(self, region: str) -> int:
        """Return the number of a region merged from several communities in its street; 0 for a community. Unchecked."""
        last = self.last_region
        if not last.merged_from or len(region) != self.region_length:
            return 0
        number = last.number(region[-last.width :])
        return number if number >= last.merged_from else 0

    @property
    def union_width(self) -> int:
        """Number of characters of the region that name the union; 0 without one."""
        return 0 if self.union is None else self.ancestors[self.union]

    @cached_property
    def below_union(self) -> set[str]:
        """Names of the region segments that are zero in the code of a union."""
        below, start = set(), 0
        for s in self.segments:
            if s.role == "region":
                below |= {s.name} if start >= self.union_width else set()
                start += s.width
        return below

    def is_union(self, text: str) -> bool:
        """Tell whether a text is the code of a union: zeros wherever a community or a grid in it would be named."""
        if self.union is None or not isinstance(text, str) or len(text) != self.length:
            return False
        start = 0
        for s in self.segments:
            zero = s.role == "sequence" or s.name in self.below_union
            if zero and not s.is_zero(text[start : start + s.width]):
                return False
            start += s.width
        return True

    def numbers(self, code: Code) -> tuple[int, ...]:
        """Return the numbers of a code's sequences from the top down; none for the whole region.

        Examples
        --------
        >>> from gridgis.coding import Scheme
        >>> scheme = Scheme.load("nested-18")
        >>> scheme.numbers(scheme.parse("610902001003020512")), scheme.numbers(scheme.parse("610902001003000010"))
        ((2, 5), ())
        """
        numbers = (s.number(code.values[s.name]) for s in self.sequences)
        return tuple(n for n in numbers if n)

    def depth(self, level: int | None, kind: str) -> int:
        """Return how many sequences a grid of this level and kind uses: 0 for the whole region.

        Raises
        ------
        InvalidInput
            The scheme has no place for such a grid.
        """
        if kind == "comprehensive" and level is not None and level == self.whole_level:
            return 0
        for i, s in enumerate(self.sequences, start=1):
            if (s.dedicated and level is None) if kind == "dedicated" else level in s.levels:
                return i
        raise InvalidInput(
            f"编码规则 {self.name} 不能给这样的网格编码：级别 {level}，类别 {kind}（综合网格有级别，专属网格没有级别）",
            f"scheme {self.name} has no code for a grid of level {level} and kind {kind}"
            " (a comprehensive grid has a level, a dedicated one has none)",
            level=level,
            kind=kind,
        )
