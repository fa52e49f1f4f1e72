"""The check digit against the closed form of its definition, and what it finds."""

from hypothesis import given
from hypothesis import strategies as st

from gridgis.coding import Scheme
from gridgis.coding.check import ALPHANUMERIC, DIGITS, iso7064_hybrid
from tests.coding.vectors_file import HERE

CASES = st.sampled_from([DIGITS, ALPHANUMERIC]).flatmap(
    lambda known: st.tuples(st.just(known), st.text(known, min_size=1, max_size=20))
)
"""An alphabet, and a text in it."""


def satisfies_the_standard(text: str, known: str) -> bool:
    """Tell whether a text with its check character keeps ISO/IEC 7064, 7.1: the hybrid recursion ends at 1."""
    size = s = len(known)
    for i, character in enumerate(text):
        s = s + known.index(character)
        if i == len(text) - 1:
            return s % size == 1
        s = s % size
        s = (size if s == 0 else s) * 2 % (size + 1)
    return False


@given(CASES)
def test_a_text_with_its_check_character_keeps_the_standard(case: tuple[str, str]) -> None:
    known, text = case
    assert satisfies_the_standard(text + iso7064_hybrid(text, known), known)


@given(CASES, st.data())
def test_no_other_character_would_do(case: tuple[str, str], data: st.DataObject) -> None:
    known, text = case
    right = iso7064_hybrid(text, known)
    other = data.draw(st.sampled_from([c for c in known if c != right]))
    assert not satisfies_the_standard(text + other, known)


@given(CASES, st.data())
def test_a_single_wrong_character_changes_the_check_character(case: tuple[str, str], data: st.DataObject) -> None:
    known, text = case
    at = data.draw(st.integers(0, len(text) - 1))
    other = data.draw(st.sampled_from([c for c in known if c != text[at]]))
    assert iso7064_hybrid(text[:at] + other + text[at + 1 :], known) != iso7064_hybrid(text, known)


def test_a_scheme_of_letters_can_have_a_check_character() -> None:
    text = (HERE.parents[1] / "docs" / "zh-13.toml").read_text(encoding="utf-8")
    check = '\n[[segment]]\nname = "check"\nrole = "check"\nwidth = 1\nalgorithm = "iso7064-mod-37-36"\n'
    scheme = Scheme.from_text(text + check)
    code = scheme.build("310101013", [1])
    assert code == "ZH31010101301" + iso7064_hybrid("ZH31010101301", ALPHANUMERIC)
    assert scheme.parse(code).sequence == "01"
    assert not any(scheme.is_valid(code[:-1] + c) for c in ALPHANUMERIC if c != code[-1])
