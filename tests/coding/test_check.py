"""The check digit against the closed form of its definition, and what it finds."""

from hypothesis import given
from hypothesis import strategies as st

from gridgis.coding.check import iso7064_mod_11_10

DIGITS = st.text("0123456789", min_size=1, max_size=20)


def satisfies_the_standard(digits: str) -> bool:
    """Tell whether a string with its check digit keeps ISO/IEC 7064, 7.1: the hybrid recursion ends at 1."""
    s = 10
    for i, digit in enumerate(digits):
        s = s + int(digit)
        if i == len(digits) - 1:
            return s % 10 == 1
        s = s % 10
        s = (10 if s == 0 else s) * 2 % 11
    return False


@given(DIGITS)
def test_a_number_with_its_check_digit_keeps_the_standard(digits: str) -> None:
    assert satisfies_the_standard(digits + iso7064_mod_11_10(digits))


@given(DIGITS, st.data())
def test_no_other_digit_would_do(digits: str, data: st.DataObject) -> None:
    right = iso7064_mod_11_10(digits)
    other = data.draw(st.sampled_from([d for d in "0123456789" if d != right]))
    assert not satisfies_the_standard(digits + other)


@given(DIGITS, st.data())
def test_a_single_wrong_digit_changes_the_check_digit(digits: str, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(digits) - 1))
    other = data.draw(st.sampled_from([d for d in "0123456789" if d != digits[at]]))
    assert iso7064_mod_11_10(digits[:at] + other + digits[at + 1 :]) != iso7064_mod_11_10(digits)
