"""Coding schemes: what the characters of a grid's code mean. Standard library only; no database is needed.

A scheme is data, one TOML file (gridgis/coding/schemes/ holds those shipped): segments in the order of the code.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from itertools import accumulate
from pathlib import Path
from typing import TypeVar

from gridgis.coding.allocate import Item, RowHeight, allocate
from gridgis.coding.build import build
from gridgis.coding.code import Code
from gridgis.coding.faults import Fault
from gridgis.coding.files import read_scheme, scheme_names, shipped_scheme, wrong
from gridgis.coding.form import Form
from gridgis.coding.parse import parse, region_of
from gridgis.errors import InvalidInput, NotFound

Id = TypeVar("Id", bound=Hashable)


class Scheme(Form):
    """A coding scheme: parses, prints, checks and allocates codes.

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
            raise wrong(path.name, [Fault("文件须为 UTF-8 编码；请另存为 UTF-8", "the file must be UTF-8")]) from e

    @classmethod
    def from_text(cls, text: str, source: str = "scheme") -> Scheme:
        """Read a scheme from the text of a scheme file; ``source`` names it in errors."""
        return cls(**read_scheme(text, source))

    def parse(self, text: str) -> Code:
        """Read a code; nothing is repaired.

        Raises
        ------
        InvalidInput
            Says which characters are wrong, and why.
        """
        return parse(self, text)

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
        self.region_of(code)
        return code

    def region_of(self, community: str) -> str:
        """Return the part of a community's code that stands in the codes of its grids: all of it, or its beginning.

        A region's own code is returned as it is.

        Raises
        ------
        InvalidInput
            Wrong length or characters, or a shorter code padded with zeros.

        Examples
        --------
        >>> Scheme.load("national-15").region_of("610902001003")
        '610902001003'
        """
        return region_of(self, community)

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
        region = self.region_of(code) if self.names_region(code) else self.parse(code).region
        return {name: region[:width] for name, width in self.ancestors.items() if width <= len(region)}

    def of_regions(self, codes: Iterable[str], regions: Iterable[str]) -> list[str]:
        """Return the codes of some regions (communities) out of many, reading their region only.

        Raises
        ------
        InvalidInput
            A code is not as long as the scheme's. What else may be wrong with a code is left to `parse`.

        Examples
        --------
        >>> Scheme.load("national-15").of_regions(["610902001003012", "610902001004001"], ["610902001004"])
        ['610902001004001']
        """
        starts = list(accumulate((s.width for s in self.segments), initial=0))
        cuts = [(a, a + s.width) for a, s in zip(starts, self.segments, strict=False) if s.role == "region"]
        wanted, out = set(regions), []
        for text in codes:
            if len(text) != self.length:
                self.parse(text)
            if "".join(text[a:b] for a, b in cuts) in wanted:
                out.append(text)
        return out

    def grids_above(self, code: Code) -> tuple[str, ...]:
        """Return the codes of the numbered grids that a grid lies in, as far as its digits tell: from the top down.

        Examples
        --------
        >>> scheme = Scheme.load("nested-18")
        >>> scheme.grids_above(scheme.parse("610902001003020512"))
        ('610902001003020019',)
        """
        numbers = self.numbers(code)
        out = []
        for depth in range(1, len(numbers)):
            levels = self.sequences[depth - 1].levels
            out.append(self.build(code.region, numbers[:depth], level=levels[0] if len(levels) == 1 else None))
        return tuple(out)

    def is_merged(self, region: str) -> bool:
        """Tell whether a region is none of the communities but was made of several.

        Examples
        --------
        >>> Scheme.load("cjt349-20").is_merged("610902001601")
        True
        """
        return self.merged_number(self.region_of(region)) > 0

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
        return self.build(self.region_of(region)[: self.union_width])

    def build(
        self, region: str, numbers: Iterable[int] = (), kind: str = "comprehensive", level: int | None = None
    ) -> str:
        """Write the code of a grid from its region (a community, a street) and the numbers of its sequences (or zero).

        Parameters
        ----------
        level
            Needed only where the code has a digit for it that the numbers do not tell.

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
        return build(self, region, tuple(numbers), kind, level)

    def allocate(self, items: Iterable[Item[Id]], issued: Iterable[str], row_height: RowHeight = None) -> dict[Id, str]:
        """Give new codes to new grids; see `gridgis.coding.allocate.allocate`."""
        return allocate(self, items, issued, row_height)
