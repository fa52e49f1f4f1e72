from __future__ import annotations

from pathlib import Path

import pytest

from gridgis.errors import Forbidden, InvalidInput, NotFound
from gridgis.ledger.powers import OPEN, STEPS, Powers

OWN = "\n".join(f'{step} = ["*"]' for step in STEPS)


@pytest.mark.parametrize(("name", "submits", "files"), [("township-divides", "township", "county"),
                                                         ("county-divides", "county", "county")])  # fmt: skip
def test_shipped_powers_name_an_office_for_each_step(name: str, submits: str, files: str) -> None:
    powers = Powers.load(name)
    assert (powers.offices["submit"], powers.offices["file"]) == ((submits,), (files,))


def test_without_powers_anybody_may_do_anything() -> None:
    for step in STEPS:
        OPEN.need(step, "")


def test_a_step_of_another_office_is_forbidden_and_says_whose_it_is() -> None:
    with pytest.raises(Forbidden, match=r"county.*--office"):
        Powers.load("township-divides").need("review", "")


def test_a_star_is_anybody() -> None:
    Powers.from_text(OWN).need("file", "whoever")


def test_own_powers_are_read_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text(OWN, encoding="utf-8")
    assert Powers.load(tmp_path / "mine.toml").toml == OWN


@pytest.mark.parametrize(
    ("text", "word"),
    [("new = [", "TOML"), (OWN.replace("file =", "fly ="), "fly"), (OWN.replace('new = ["*"]', "new = []"), "new"),
     (OWN.replace('new = ["*"]', 'new = "county"'), "new")],
    ids=["no toml", "unknown step", "empty", "no list"],
)  # fmt: skip
def test_wrong_powers_are_refused(text: str, word: str) -> None:
    with pytest.raises(InvalidInput, match=word):
        Powers.from_text(text)


def test_unknown_powers_are_not_found() -> None:
    with pytest.raises(NotFound, match="township-divides"):
        Powers.load("nobody")
