"""XML read safely: one pass with expat, in which a document type, entities or a deep nest end the reading."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import IO
from xml.parsers import expat

from gridgis.errors import InvalidInput

MAX_DEPTH = 200
_BLOCK = 2**20
_DECLARED = re.compile(r"""<\?xml[^>]*encoding=["']([A-Za-z0-9._-]+)["']""")

Start = Callable[[str, dict[str, str]], None]
End = Callable[[str], None]


def parse_xml(
    blocks: Iterable[str | bytes], shown: str, start: Start | None = None, end: End | None = None,
    text: Callable[[str], None] | None = None,
) -> None:  # fmt: skip
    """Parse XML, calling back for each element and its text.

    Raises
    ------
    InvalidInput
        A document type or entity (of which XML bombs are made, and which data never need), too deep a nest.
    expat.ExpatError
        No XML.
    """
    parser = expat.ParserCreate("utf-8")  # comes before what the file declares: texts arrive decoded
    parser.buffer_text = True
    depth = 0

    def refuse(*_: object) -> None:
        raise InvalidInput(
            f"{shown} 含有文档类型或实体定义（<!DOCTYPE、<!ENTITY，XML 炸弹即由此构成），不予读取；请重新导出",
            f"{shown} defines a document type or entities (<!DOCTYPE, <!ENTITY: XML bombs are made of these) and is "
            "not read: export it anew",
            path=shown,
        )

    def opened(name: str, attributes: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        if depth > MAX_DEPTH:
            raise InvalidInput(
                f"{shown} 的 XML 嵌套超过 {MAX_DEPTH} 层，不予读取",
                f"{shown}: XML nested deeper than {MAX_DEPTH} is not read",
                path=shown,
            )
        if start is not None:
            start(name, attributes)

    def closed(name: str) -> None:
        nonlocal depth
        depth -= 1
        if end is not None:
            end(name)

    parser.StartDoctypeDeclHandler = refuse
    parser.EntityDeclHandler = refuse
    parser.StartElementHandler = opened
    parser.EndElementHandler = closed
    if text is not None:
        parser.CharacterDataHandler = text
    for block in blocks:
        parser.Parse(block, False)
    parser.Parse(b"", True)


def file_blocks(file: IO[bytes]) -> Iterable[bytes]:
    """Read a file a part at a time."""
    return iter(lambda: file.read(_BLOCK), b"")


def declared_encoding(start: bytes) -> str:
    """Return the encoding that an XML declaration states; empty for none."""
    found = _DECLARED.search(start[:200].decode("latin-1"))
    return found.group(1) if found else ""
