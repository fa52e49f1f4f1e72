"""Coding schemes: what the characters of a grid's code mean. Standard library only; no database is needed.

A scheme is data, one TOML file (gridgis/coding/schemes/ holds those shipped): segments in the order of the code.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import TypeVar

from gridgis.coding.allocate import Item, RowHeight, allocate
from gridgis.coding.check import ALGORITHMS
from gridgis.coding.code import Code
from gridgis.coding.files import read_scheme, scheme_names, shipped_scheme
from gridgis.coding.segment import Segment, check_characters, fail, wrong
from gridgis.errors import InvalidInput, NotFound, Rejected

Id = TypeVar("Id", bound=Hashable)


@dataclass(frozen=True)
class Scheme:
    """A coding scheme: parses, prints, checks and allocates codes.

    Parameters
    ----------
    name, title_zh, title_en, source
        What it is called, and where it comes from.
    segments
        The segments, in the order of the code.
    whole_level
        The level of the grid that is the whole region (all sequences zero); None where there is none.
    ancestors
        Level of administration -> how many characters of the region belong to it.
    union
        The ancestor (a street) whose whole ground may be a grid too: its characters, then zeros; None for none.
    toml
        The text of the scheme file, for whoever keeps the scheme beside its codes.

    Examples
    --------
    >>> scheme = Scheme.load("national-15")
    >>> code = scheme.parse("610902001003012")
    >>> str(code), code.region, code.sequence
    ('610902001003012', '610902001003', '012')
    >>> scheme.is_valid("61090200100301")
    False
    >>> scheme.allocate([("a", 0, 0, 2, "comprehensive", "610902001003")], issued=["610902001003012"])
    {'a': '610902001003013'}
    """

    name: str
    segments: tuple[Segment, ...]
    title_zh: str = ""
    title_en: str = ""
    source: str = ""
    whole_level: int | None = None
    ancestors: Mapping[str, int] = field(default_factory=dict, hash=False)
    union: str | None = None
    toml: str = field(default="", compare=False, repr=False)

    @classmethod
    def load(cls, name: str) -> Scheme:
        """Load a shipped scheme by its name, or a scheme file by its path (a name that ends in ".toml").

        Raises
        ------
        NotFound
            There is no such scheme; lists those shipped.
        """
        if name.endswith(".toml"):
            return cls.from_toml(name)
        if name not in scheme_names():
            raise NotFound(
                f"没有名为“{name}”的编码规则；可用：{'、'.join(scheme_names())}，或 .toml 文件",
                f"no coding scheme '{name}'; there are: {', '.join(scheme_names())}, or give a .toml file",
                name=name,
            )
        return cls.from_text(shipped_scheme(name), name)

    @classmethod
    def from_toml(cls, path: str | Path) -> Scheme:
        """Load a user's scheme file.

        Raises
        ------
        NotFound
            The file does not exist.
        InvalidInput
            It is no valid TOML, or no valid scheme; says what and where.
        """
        path = Path(path)
        if not path.is_file():
            raise NotFound(f"没有编码规则文件 {path}", f"no scheme file {path}", path=str(path))
        try:
            return cls.from_text(path.read_text(encoding="utf-8-sig"), path.name)
        except UnicodeDecodeError as e:
            raise wrong(path.name, "文件须为 UTF-8 编码", "the file must be UTF-8") from e

    @classmethod
    def from_text(cls, text: str, source: str = "scheme") -> Scheme:
        """Read a scheme from the text of a scheme file; ``source`` names it in errors."""
        return cls(**read_scheme(text, source))

    @property
    def length(self) -> int:
        """Number of characters of a code."""
        return sum(s.width for s in self.segments)

    @property
    def region_length(self) -> int:
        """Number of characters of a region (community)."""
        return sum(s.width for s in self.segments if s.role == "region")

    @property
    def sequences(self) -> tuple[Segment, ...]:
        """The sequence segments."""
        return tuple(s for s in self.segments if s.role == "sequence")

    def parse(self, text: str) -> Code:
        """Read a code; nothing is repaired.

        Raises
        ------
        InvalidInput
            Says which characters are wrong, and why.
        """
        of_union, segments = self._is_union(text), self.segments
        if of_union:
            segments = tuple(replace(s, zero=s.zero or s.name in self._below_union) for s in segments)
        values = self._split(text, segments, "编码", "code")
        self._check_digits(text, values)
        kind, level = self._kind_level(text, values)
        region = self._join(values, "region")[: self._union_width if of_union else None]
        return Code(text, self.name, region, self._join(values, "sequence"), level, kind, MappingProxyType(values))

    def is_valid(self, text: str) -> bool:
        """Tell whether `parse` accepts the text."""
        try:
            self.parse(text)
        except InvalidInput:
            return False
        return True

    def check_region(self, code: str) -> str:
        """Return the code of a region (a community) as it is, if it fits this scheme.

        Raises
        ------
        InvalidInput
            Wrong length or characters, or a shorter code padded with zeros.

        Examples
        --------
        >>> Scheme.load("national-15").check_region("61090200100")
        Traceback (most recent call last):
        ...
        gridgis.errors.InvalidInput: 社区代码“61090200100”有11位，应为12位...
        """
        self._split(code, tuple(s for s in self.segments if s.role == "region"), "社区代码", "community code")
        return code

    def ancestors_of(self, code: str) -> dict[str, str]:
        """Return the regions that a code, or a region's code, lies in: level of administration -> code.

        Raises
        ------
        InvalidInput
            It is neither a code nor a region of this scheme.

        Examples
        --------
        >>> list(Scheme.load("national-15").ancestors_of("610902001003012").items())[2:4]
        [('county', '610902'), ('street', '610902001')]
        """
        region = self.check_region(code) if len(code) == self.region_length else self.parse(code).region
        return {name: region[:width] for name, width in self.ancestors.items() if width <= len(region)}

    def union_of(self, region: str) -> str:
        """Return the code of the grid that is the union of a community and its sisters: of the whole street.

        Raises
        ------
        InvalidInput
            The scheme has no code for such a grid; or the community's code is wrong.

        Examples
        --------
        >>> Scheme.load("national-15").union_of("610902001003")
        '610902001000000'
        """
        if self.union is None:
            raise InvalidInput(
                f"编码规则 {self.name} 没有高于社区的网格的编码（缺 union）；请改用 national-15 或社区为一级的划分规则",
                f"scheme {self.name} has no code for a grid above the community (no key union): use national-15, or "
                "divide by rules in which the community is level 1",
            )
        return self.build(self.check_region(region)[: self._union_width])

    @property
    def _union_width(self) -> int:
        """Number of characters of the region that name the union; 0 without one."""
        return 0 if self.union is None else self.ancestors[self.union]

    @cached_property
    def _below_union(self) -> set[str]:
        """Names of the region segments that are zero in the code of a union."""
        below, start = set(), 0
        for s in self.segments:
            if s.role == "region":
                below |= {s.name} if start >= self._union_width else set()
                start += s.width
        return below

    def _is_union(self, text: str) -> bool:
        """Tell whether a text is the code of a union: zeros wherever a community or a grid in it would be named."""
        if self.union is None or not isinstance(text, str) or len(text) != self.length:
            return False
        start = 0
        for s in self.segments:
            zero = s.role == "sequence" or s.name in self._below_union
            if zero and not s.is_zero(text[start : start + s.width]):
                return False
            start += s.width
        return True

    def build(self, region: str, numbers: Iterable[int] = (), kind: str = "comprehensive") -> str:
        """Write the code of a grid from its region (a community, a street) and the numbers of its sequences (or zero).

        Raises
        ------
        InvalidInput
            The result is no valid code.
        Rejected
            A number does not fit its segment.

        Examples
        --------
        >>> Scheme.load("nested-18").build("610902001003", [2, 5])
        '610902001003020512'
        """
        if self.union is not None and len(region) == self._union_width:
            region += "".join(s.print(0) for s in self.segments if s.name in self._below_union)
        else:
            self.check_region(region)
        rest, text, given = region, "", iter(numbers)
        for s in self.segments:
            if s.role == "region":
                text, rest = text + rest[: s.width], rest[s.width :]
            elif s.role == "sequence":
                text += _print(s, next(given, 0), region)
            elif s.role == "kind":
                text += s.values[kind]
            else:
                text += s.value or ALGORITHMS[s.algorithm](text)
        self.parse(text)
        return text

    def numbers(self, code: Code) -> tuple[int, ...]:
        """Return the numbers of a code's sequences from the top down; none for the whole region.

        Examples
        --------
        >>> scheme = Scheme.load("nested-18")
        >>> scheme.numbers(scheme.parse("610902001003020512")), scheme.numbers(scheme.parse("610902001003000010"))
        ((2, 5), ())
        """
        numbers = (s.number(code.values[s.name]) for s in self.sequences)
        return tuple(n for n in numbers if n)

    def allocate(self, items: Iterable[Item[Id]], issued: Iterable[str], row_height: RowHeight = None) -> dict[Id, str]:
        """Give new codes to new grids; see `gridgis.coding.allocate.allocate`."""
        return allocate(self, items, issued, row_height)

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

    @staticmethod
    def _take(values: Mapping[str, str], segments: Iterable[Segment]) -> str:
        return "".join(values[s.name] for s in segments)

    def _join(self, values: Mapping[str, str], role: str) -> str:
        return self._take(values, (s for s in self.segments if s.role == role))

    def _split(self, text: str, segments: tuple[Segment, ...], zh: str, en: str) -> dict[str, str]:
        """Cut a text into segments, and check its length and characters."""
        width = sum(s.width for s in segments)
        if not isinstance(text, str):
            fail(
                f"{zh} {text!r} 不是文本；数字会丢失前导零",
                f"{en} {text!r} is no text; numbers lose leading zeros",
                text,
            )
        if len(text) != width:
            parts_zh = "+".join(f"{s.label}{s.width}" for s in segments)
            parts_en = " + ".join(f"{s.width} {s.name}" for s in segments)
            fail(
                f"{zh}“{text}”有{len(text)}位，应为{width}位（{parts_zh}，规则 {self.name}）；请核对有无缺漏或多余字符",
                f"{en} '{text}' has {len(text)} characters, {width} are needed ({parts_en}; scheme {self.name});"
                " look for missing or extra characters",
                text,
            )
        out, start = {}, 0
        for s in segments:
            part = text[start : start + s.width]
            check_characters(text, s, start, zh, en)
            out[s.name] = part
            start += s.width
        return out

    def _check_digits(self, text: str, values: Mapping[str, str]) -> None:
        if not self.segments[-1].algorithm:
            return
        check = self.segments[-1]
        right = ALGORITHMS[check.algorithm](text[: -check.width])
        if values[check.name] != right:
            fail(
                f"编码“{text}”的校验码是“{values[check.name]}”，应为“{right}”；其中有一位抄错了",
                f"code '{text}': the check digit is '{values[check.name]}' but must be '{right}'; some digit is wrong",
                text,
            )

    def _kind_level(self, text: str, values: Mapping[str, str]) -> tuple[str | None, int | None]:
        """Return what the digits say of kind and level; refuse sequences that no grid can have."""
        kind = self._kind(text, values)
        zeros = [s.is_zero(values[s.name]) for s in self.sequences]
        depth = zeros.index(True) if True in zeros else len(zeros)
        used = self._take(values, self.sequences)
        if not all(zeros[depth:]):
            fail(
                f"编码“{text}”的序号“{used}”不对：上一级序号为零而下一级不为零",
                f"code '{text}': sequence '{used}' is wrong: a number below a zero",
                text,
            )
        if depth == 0:
            if self.whole_level is None or kind == "dedicated":
                fail(
                    f"编码“{text}”的序号“{used}”不对：序号从1起",
                    f"code '{text}': sequence '{used}': numbers start at 1",
                    text,
                )
            return "comprehensive", self.whole_level
        segment = self.sequences[depth - 1]
        if (kind == "dedicated" and not segment.dedicated) or (kind == "comprehensive" and not segment.levels):
            fail(
                f"编码“{text}”的序号“{used}”与类别不符：{kind} 在“{segment.label}”段没有编号",
                f"code '{text}': sequence '{used}' does not go with its kind: no {kind} grid has a number in"
                f" '{segment.name}'",
                text,
            )
        sure = (kind == "comprehensive" or not segment.dedicated) and len(segment.levels) == 1
        return ("comprehensive", segment.levels[0]) if sure else (kind, None)

    def _kind(self, text: str, values: Mapping[str, str]) -> str | None:
        for s in self.segments:
            if s.role == "kind":
                names = {v: k for k, v in s.values.items()}
                if values[s.name] not in names:
                    fail(
                        f"编码“{text}”的{s.label}是“{values[s.name]}”，应为 {sorted(names)} 之一",
                        f"code '{text}': {s.name} is '{values[s.name]}', must be one of {sorted(names)}",
                        text,
                    )
                return names[values[s.name]]
        return None


def _print(segment: Segment, number: int, region: str) -> str:
    if not 0 <= number <= segment.capacity:
        raise Rejected(
            f"{region} 的编号已满：“{segment.label}”段最大{segment.capacity}号，不能写 {number}",
            f"{region} has no numbers left: segment '{segment.name}' ends at {segment.capacity}, {number} does not fit",
            region=region,
            needed=number,
            capacity=segment.capacity,
        )
    return segment.print(number)
