"""The random code of a case: eight characters of a base32 alphabet without I, L, O and U, and a check character (Crockford, mod 37).

A code whose check value is 32 or more is drawn again, so that the check character stays inside the alphabet. It carries nothing.
"""

from __future__ import annotations

import secrets

from reintegration.models import Case

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LENGTH = 8
CHECK = 37
_HEARD = str.maketrans({"I": "1", "L": "1", "O": "0"})


def mint() -> str:
    """A code that no case has. That it is asked of every case says nothing to anybody: the code is drawn, not chosen."""
    while True:
        drawn = "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))
        check = check_value(drawn)
        if check < len(ALPHABET) and not Case.objects.filter(code=drawn + ALPHABET[check]).exists():
            return drawn + ALPHABET[check]


def check_value(body: str) -> int:
    """The number that the characters write in base 32, modulo 37."""
    value = 0
    for letter in body:
        value = value * 32 + ALPHABET.index(letter)
    return value % CHECK


def typed(text: str) -> str | None:
    """A code as somebody typed it (lower case, dashes, O for 0), or None where its check character does not fit."""
    code = "".join(letter for letter in text.upper().translate(_HEARD) if letter not in " -–")
    if len(code) != LENGTH + 1 or any(letter not in ALPHABET for letter in code):
        return None
    value = check_value(code[:LENGTH])
    return code if value < len(ALPHABET) and ALPHABET[value] == code[LENGTH] else None
