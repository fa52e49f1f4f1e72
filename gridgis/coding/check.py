"""Check characters: the hybrid systems of ISO/IEC 7064:2003, which is GB/T 17710-2008 too."""

from __future__ import annotations

DIGITS = "0123456789"
ALPHANUMERIC = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def iso7064_hybrid(text: str, alphabet: str) -> str:
    """Return the ISO/IEC 7064 MOD M+1,M check character of a text, where M is the size of the alphabet.

    It finds every single wrong character and nearly all swaps of neighbours, and is itself of the alphabet.

    Examples
    --------
    >>> iso7064_hybrid("0794", DIGITS)  # MOD 11,10: the standard's own example
    '5'
    >>> iso7064_hybrid("A12425GABC1234002", ALPHANUMERIC)  # MOD 37,36
    'M'
    """
    size = len(alphabet)
    product = size
    for character in text:
        product = 2 * ((product + alphabet.index(character)) % size or size) % (size + 1)
    return alphabet[(1 - product) % size]


ALGORITHMS = {"iso7064-mod-11-10": DIGITS, "iso7064-mod-37-36": ALPHANUMERIC}
"""Name in a scheme file -> the characters that it covers, and of which the check character is one."""


def check_character(algorithm: str, text: str) -> str:
    """Return the check character of the characters before it."""
    return iso7064_hybrid(text, ALGORITHMS[algorithm])
