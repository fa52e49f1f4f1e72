"""Which encoding a file's texts are in, decided over the whole file by its content.

Strict UTF-8 comes first: text in another encoding hardly ever is valid UTF-8. Then GB18030, which holds GBK and GB2312.
What a file says of itself (.cpg, the language byte of a DBF) is often wrong, so it only decides where the content does
not. Two traps:

- GBK text of few characters may be valid UTF-8: 路 is the bytes of "·", 小学 those of "Сѧ". Where the GBK reading
  consists of common characters and the UTF-8 one holds not one common Chinese character, GB18030 is taken.
- UTF-8 text mostly is valid GBK too: 人大 reads 浜哄ぇ. Being valid UTF-8 it stays UTF-8.

In both cases the doubt is reported with both readings where the other one would make sense.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass

from gridgis.errors import InvalidInput
from gridgis.io.notes import Notes

UTF8, GB = "utf-8", "gb18030"
_ASIAN = {"utf-8", "gbk", "gb2312", "gb18030", "big5", "cp950", "shift_jis", "cp932", "euc_kr", "cp949", "hz"}
_CHINESE = {"gbk", "gb2312", "gb18030"}
_CODE_PAGES = {"936": "gbk", "950": "big5", "65001": "utf-8", "932": "cp932", "949": "cp949", "88591": "latin-1"}
_TOUCHING = re.compile(r"[a-z][^\x00-\x7f]|[^\x00-\x7f][a-z]|[A-Z]{2}[^\x00-\x7f]|[^\x00-\x7f][A-Z]{2}")
_MEASURES = re.compile(r"(?:[\x00-\x7f]*[0-9A-Za-z][°²³µ×±½])+[\x00-\x7f]*")
SHOWN = 3
"""So many texts are shown as a sample."""


@dataclass(frozen=True)
class Choice:
    """An encoding, why it was taken, and the other one that would make sense too."""

    encoding: str
    zh: str
    en: str
    other: str | None = None


def codec_name(label: str) -> str | None:
    """Return Python's name of an encoding as .cpg files and users write it; None where it is not known.

    Examples
    --------
    >>> [codec_name(label) for label in ("UTF-8", "936", "CP936", "GBK", "ANSI 1252", "8859_1", "OEM")]
    ['utf-8', 'gbk', 'gbk', 'gbk', 'cp1252', 'iso8859-1', None]
    """
    text = label.strip().lower().replace("ansi", "").replace("windows", "").strip(" -_")
    if number := re.fullmatch(r"(?:cp)?([0-9]+)[ _-]?([0-9]*)", text):
        page = number[1] + number[2]
        text = _CODE_PAGES.get(page, f"cp{page}")
    try:
        return codecs.lookup(text).name
    except (LookupError, ValueError):
        return None


def stated(label: str) -> str:
    """Return the codec of an encoding that the user states.

    Raises
    ------
    InvalidInput
        No such encoding.
    """
    if (name := codec_name(label)) is None:
        raise InvalidInput(
            f"不认识编码“{label}”；常用：UTF-8、GBK、GB18030、Big5",
            f"unknown encoding '{label}'; usual are UTF-8, GBK, GB18030, Big5",
            encoding=label,
        )
    return name


def choose(cells: Sequence[bytes], hint: str | None = None, full: Container[bytes] = frozenset()) -> Choice:
    r"""Choose the encoding of texts.

    Parameters
    ----------
    cells
        All texts, each cut where its field ends (cells of a table, or lines of a file).
    hint
        Codec that the file says it is in.
    full
        Those of the cells that fill their field: their last character may be cut.

    Examples
    --------
    >>> choose(["西大街".encode("gbk")]).encoding, choose(["西大街".encode()]).encoding
    ('gb18030', 'utf-8')
    >>> doubtful = choose(["小学".encode("gbk")])
    >>> doubtful.encoding, doubtful.other
    ('gb18030', 'utf-8')
    """
    foreign = [c for c in cells if not c.isascii()]
    if reads(foreign, UTF8, full):
        return _utf8_or_both(foreign, hint, full)
    if hint in _ASIAN - _CHINESE - {UTF8} and reads(foreign, hint, full):
        return Choice(hint, "内容不是 UTF-8；文件自称", "the content is no UTF-8; the file says so")
    if reads(foreign, GB, full):
        return _gb_or_hint(foreign, hint, full)
    if hint is not None and hint not in _ASIAN and reads(foreign, hint):
        return Choice(hint, "内容不是 UTF-8 或 GB18030；文件自称", "the content is neither; the file says so")
    best = min((UTF8, GB), key=lambda codec: sum(not reads([c], codec, full) for c in foreign))
    return Choice(best, "没有编码能解读全部文字，取错误最少的", "no encoding reads all texts; this one fails least")


def _utf8_or_both(cells: Sequence[bytes], hint: str | None, full: Container[bytes]) -> Choice:
    zh, en = "内容是有效的 UTF-8", "the content is valid UTF-8"
    both = bool(cells) and reads(cells, GB, full) and looks_chinese(_decoded(cells, GB, full))
    texts = _decoded(cells, UTF8, full) if both else []
    if not both or all(map(_MEASURES.fullmatch, texts)):  # "109.02°", "25 m²": signs of measures are no Chinese
        return Choice(UTF8, zh, en)
    if hint == UTF8 or any(_is_common(c) and c > "\u2e7f" for text in texts for c in text):
        return Choice(UTF8, zh, en, GB)
    zh, en = (
        "内容两种编码都可解读，按 UTF-8 没有一个常用汉字",
        "both encodings read it; as UTF-8 it holds no common Chinese character",
    )
    return Choice(GB, zh, en, UTF8)


def _gb_or_hint(cells: Sequence[bytes], hint: str | None, full: Container[bytes]) -> Choice:
    texts = _decoded(cells, GB, full)
    zh, en = "内容不是 UTF-8，是有效的 GB18030", "the content is no UTF-8, and valid GB18030"
    if looks_chinese(texts) or hint in _CHINESE:
        return Choice(GB, zh, en)
    if hint is not None and hint not in _ASIAN and reads(cells, hint):
        return Choice(hint, "内容不像中文；文件自称", "the content does not look Chinese; the file says so", GB)
    common = sum(_is_common(c) for text in texts for c in text if not c.isascii())
    total = sum(not c.isascii() for text in texts for c in text)
    return Choice(GB, zh, en, "big5" if common < 0.9 * total and reads(cells, "big5", full) else None)


def read_cell(cell: bytes, codec: str, cut: bool = False, errors: str = "strict") -> str:
    """Decode a text; where it may be cut, without the bytes of a last character that is not whole."""
    if not cut:
        return cell.decode(codec, errors)
    return str(codecs.getincrementaldecoder(codec)(errors).decode(cell))


def reads(cells: Iterable[bytes], codec: str, full: Container[bytes] = frozenset()) -> bool:
    """Tell whether an encoding reads all the texts; of those that are ``full`` the last character may be cut."""
    try:
        _decoded(cells, codec, full)
    except ValueError:
        return False
    return True


def _decoded(cells: Iterable[bytes], codec: str, full: Container[bytes]) -> list[str]:
    return [read_cell(cell, codec, cell in full) for cell in cells]


def looks_chinese(texts: Iterable[str]) -> bool:
    """Tell whether all that is not ASCII is common Chinese (GB 2312), and stands apart from Latin words."""
    return all(_TOUCHING.search(t) is None and all(map(_is_common, t)) for t in texts)


def _is_common(character: str) -> bool:
    try:
        character.encode("gb2312")
    except ValueError:
        return False
    return True


def note_choice(choice: Choice, cells: Sequence[bytes], said: str, subject: str, notes: Notes) -> None:
    """Report an encoding with a sample of the texts, and in a row of its own a doubt with the other reading."""
    sample = list(dict.fromkeys(c for c in cells if not c.isascii()))[:SHOWN]
    if not sample:
        return

    def shown(codec: str) -> str:
        return "、".join(c.decode(codec, "replace").strip()[:30] for c in sample)

    name, says = choice.encoding.upper(), f"（文件自称：{said}）" if said else ""
    zh = f"文字按 {name} 解读：{choice.zh}{says}；例：{shown(choice.encoding)}"
    says = f" (the file says: {said})" if said else ""
    en = f"texts are read as {name}: {choice.en}{says}; e.g. {shown(choice.encoding)}"
    notes.add("info", subject, "encoding", name, zh, en)
    if choice.other is not None:
        other = choice.other.upper()
        zh = f"编码有疑问：按 {other} 读作“{shown(choice.other)}”，也说得通；如不对，请指明编码（--encoding）"
        en = f"the encoding is in doubt: {other} would read '{shown(choice.other)}'; if that is right, state --encoding"
        notes.add("warning", subject, "encoding-doubt", other, zh, en)
