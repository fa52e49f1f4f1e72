"""The zip of a filing package: written in one step, the same bytes, and whatever was changed in it is found."""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridgis.errors import InvalidInput
from gridgis.io.archive import CONTENTS, MANIFEST, check_archive, write_archive

ITEMS = [("图纸/总图.pdf", b"%PDF" * 300, "图纸 drawing"), ("备案表.xlsx", b"PK" * 50, "备案表 register")]
ABOUT = {"范围": "澄湾街道", "来源": "划分方案"}


def rewritten(path: Path, change: dict[str, bytes | None]) -> Path:
    """Copy a zip with files replaced, added, or (None) left out."""
    with zipfile.ZipFile(path) as old:
        files: dict[str, bytes | None] = {n: old.read(n) for n in old.namelist()}
    out = path.with_name("changed.zip")
    with zipfile.ZipFile(out, "w") as new:
        for name, data in {**files, **change}.items():
            if data is not None:
                new.writestr(name, data)
    return out


@pytest.fixture
def package(tmp_path: Path) -> Path:
    write_archive(tmp_path / "p.zip", ITEMS, ABOUT)
    return tmp_path / "p.zip"


def test_what_was_written_checks(package: Path) -> None:
    assert check_archive(package) == []


def test_the_manifest_tells_size_checksum_and_what_it_is(package: Path) -> None:
    with zipfile.ZipFile(package) as archive:
        value = json.loads(archive.read(MANIFEST))
    assert value["about"] == ABOUT
    expected = {"file": "图纸/总图.pdf", "bytes": 1200, "sha256": hashlib.sha256(ITEMS[0][1]).hexdigest(),
                "what": "图纸 drawing"}  # fmt: skip
    assert value["files"][0] == expected
    assert [row["file"] for row in value["files"]] == ["图纸/总图.pdf", "备案表.xlsx", CONTENTS]


def test_the_list_for_people_names_every_file_and_opens_in_notepad(package: Path) -> None:
    with zipfile.ZipFile(package) as archive:
        data = archive.read(CONTENTS)
    text = data.decode("utf-8-sig")
    assert data.startswith(b"\xef\xbb\xbf")
    assert "\r\n" in text
    assert all(name in text and hashlib.sha256(body).hexdigest() in text for name, body, _ in ITEMS)


def test_names_say_that_they_are_utf8(package: Path) -> None:
    with zipfile.ZipFile(package) as archive:
        assert all(info.flag_bits & 0x800 for info in archive.infolist() if not info.filename.isascii())


def test_the_same_files_give_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a.zip", "b.zip"):
        write_archive(tmp_path / name, iter(ITEMS), ABOUT)
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()


@pytest.mark.parametrize(
    ("change", "rule", "file"),
    [
        ({"备案表.xlsx": b"PK" * 49 + b"XX"}, "changed", "备案表.xlsx"),
        ({"备案表.xlsx": b"PK" * 51}, "changed", "备案表.xlsx"),
        ({"备案表.xlsx": b""}, "changed", "备案表.xlsx"),
        ({"图纸/总图.pdf": None}, "missing", "图纸/总图.pdf"),
        ({"另加.txt": b"x"}, "added", "另加.txt"),
        ({CONTENTS: b"x"}, "changed", CONTENTS),
    ],
)
def test_what_was_changed_is_named(package: Path, change: dict[str, bytes | None], rule: str, file: str) -> None:
    (row,) = check_archive(rewritten(package, change))
    assert (row["rule"], row["file"]) == (rule, file)
    assert file in row["zh"]
    assert file in row["en"]


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_file_that_is_there_twice_is_named(package: Path) -> None:
    with zipfile.ZipFile(package, "a") as archive:
        archive.writestr("备案表.xlsx", b"PK" * 50)
    assert check_archive(package)[0]["rule"] == "twice"


def test_a_file_that_unpacks_to_gigabytes_is_not_read_to_its_end(package: Path) -> None:
    bomb = rewritten(package, {"备案表.xlsx": b""})
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive, zipfile.ZipFile(package) as good:
        archive.writestr(MANIFEST, good.read(MANIFEST))
        for name in (CONTENTS, "图纸/总图.pdf"):
            archive.writestr(name, good.read(name))
        with archive.open("备案表.xlsx", "w") as file:
            for _ in range(64):
                file.write(bytes(2**20))
    assert [row["file"] for row in check_archive(bomb)] == ["备案表.xlsx"]


@given(st.integers(0, 10**6), st.integers(1, 255))
@settings(max_examples=300, deadline=None)
def test_any_changed_byte_of_the_zip_is_found_or_changes_nothing(
    tmp_path_factory: pytest.TempPathFactory, at: int, flip: int
) -> None:
    path = tmp_path_factory.mktemp("flip") / "p.zip"
    write_archive(path, ITEMS, ABOUT)
    data = bytearray(path.read_bytes())
    data[at % len(data)] ^= flip
    path.write_bytes(data)
    try:
        told = check_archive(path)
    except InvalidInput:
        return
    if not told:
        with zipfile.ZipFile(path) as archive:
            assert {n: archive.read(n) for n, _, _ in ITEMS} == {n: body for n, body, _ in ITEMS}


@pytest.mark.parametrize(
    "name",
    ["", "/etc/x", "../x", "a/../x", "a//b", "a\\b", "C:x", MANIFEST, CONTENTS, "图纸/总图.pdf", "./a"],
)
def test_a_path_that_leads_astray_is_refused_and_nothing_is_left(tmp_path: Path, name: str) -> None:
    with pytest.raises(InvalidInput, match=r"压缩包内的路径.*the path"):
        write_archive(tmp_path / "p.zip", [*ITEMS, (name, b"", "")], ABOUT)
    assert list(tmp_path.iterdir()) == []


def test_an_error_while_drawing_leaves_what_was_there(package: Path) -> None:
    before = package.read_bytes()

    def broken() -> Iterator[tuple[str, bytes, str]]:
        yield ITEMS[0]
        raise InvalidInput("没有字体", "no font")

    with pytest.raises(InvalidInput, match="no font"):
        write_archive(package, broken(), ABOUT)
    assert package.read_bytes() == before
    assert [p.name for p in package.parent.iterdir()] == ["p.zip"]


def test_a_package_must_be_named_zip(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"\.zip"):
        write_archive(tmp_path / "p.tar", ITEMS, ABOUT)


@pytest.mark.parametrize("content", [b"", b"no zip", b"PK\x03\x04 torn"])
def test_what_is_no_zip_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "p.zip"
    path.write_bytes(content)
    with pytest.raises(InvalidInput, match=r"不是完好的 zip.*no sound zip"):
        check_archive(path)


def test_a_zip_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="there is no file"):
        check_archive(tmp_path / "p.zip")


@pytest.mark.parametrize("manifest", [None, b"{", b"[]", b'{"files": [{"file": 1}]}', b'{"files": 3}', b"\xff"])
def test_a_zip_without_a_manifest_that_can_be_read_is_refused(package: Path, manifest: bytes | None) -> None:
    with pytest.raises(InvalidInput, match=r"没有可读的 manifest\.json"):
        check_archive(rewritten(package, {MANIFEST: manifest}))
