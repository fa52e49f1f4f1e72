"""Check digits."""

from __future__ import annotations

from collections.abc import Callable


def iso7064_mod_11_10(digits: str) -> str:
    """Return the ISO/IEC 7064 MOD 11,10 check digit of some decimal digits.

    It finds every single wrong digit and nearly all swaps of neighbours, and is itself a digit.

    Examples
    --------
    >>> iso7064_mod_11_10("0794")  # the standard's own example
    '5'
    """
    product = 10
    for digit in digits:
        product = 2 * ((product + int(digit)) % 10 or 10) % 11
    return str((11 - product) % 10)


ALGORITHMS: dict[str, Callable[[str], str]] = {"iso7064-mod-11-10": iso7064_mod_11_10}
"""Name in a scheme file -> function from the characters before the check segment to its character."""
