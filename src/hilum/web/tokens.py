"""Tokens: made, read from a file or the environment, refused where they are weak; only their hash is kept."""

from __future__ import annotations

import hashlib
import hmac
import math
import os
import re
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from hilum.errors import HilumError
from hilum.files import explained, printable, read_text

VARIABLE: Final = "HILUM_TOKEN"

_LEAST_BITS: Final = 128
_LEAST_DIFFERENT: Final = 8  # of 32 random hexadecimal digits, fewer differ once in 100 million tokens
_MADE_BYTES: Final = 32
_LONGEST: Final = 1024
_MAKE_ONE: Final = "Make one: hilum serve --new-token FILE"
_ALPHABETS: Final = (
    (r"[0-9]+", 10),
    (r"[0-9a-f]+|[0-9A-F]+", 16),
    (r"[a-z]+|[A-Z]+", 26),
    (r"[0-9a-z]+|[0-9A-Z]+", 36),
)
_OTHERWISE: Final = 62
_UUID: Final = r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"  # of its 128 bits 6 are fixed


def digest(token: str) -> bytes:
    """What is kept of a token."""
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).digest()


def is_right(given: str, of: bytes) -> bool:
    """True where the digest is that of the given token; takes as long for a wrong one, whatever is wrong."""
    return hmac.compare_digest(digest(given), of)


def new_token(path: Path) -> None:
    """Write a token of 256 bits into a new file that only its owner may read.

    Raises:
        HilumError: the file exists, or cannot be written.
    """
    with explained(path, "write"):
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secrets.token_urlsafe(_MADE_BYTES) + "\n")


def token_digest(file: Path | None, environment: Mapping[str, str]) -> bytes | None:
    """The digest of the token in the file, or else in the variable HILUM_TOKEN; None where neither is given.

    Raises:
        HilumError: the file cannot be read, or the token is weak.
    """
    if file is not None:
        token, source = read_text(file).strip(), f"The token in '{printable(file)}'"
    elif VARIABLE in environment:
        token, source = environment[VARIABLE].strip(), f"The token in {VARIABLE}"
    else:
        return None
    _refuse_weak(token, source)
    return digest(token)


def _refuse_weak(token: str, source: str) -> None:
    """Refuse what somebody could guess. What looks random need not be, but what is short or repeats itself is not."""
    if not re.fullmatch(r"[A-Za-z0-9._~+/=-]*", token) or len(token) > _LONGEST:
        raise HilumError(
            f"{source} is no token.",
            expected=f"one line of at most {_LONGEST} letters, digits and signs among . _ ~ + / = -",
            do=_MAKE_ONE,
        )
    if bits(token) < _LEAST_BITS or len(set(token)) < _LEAST_DIFFERENT or _repeats(token):
        raise HilumError(
            f"{source} could be guessed: it has {len(token)} signs, {len(set(token))} of them different.",
            expected=f"at least {_LEAST_BITS} random bits, such as 32 hexadecimal digits",
            do=_MAKE_ONE,
        )


def bits(token: str) -> int:
    """Bits of a token if each of its signs was drawn from the smallest usual alphabet that holds all.

    >>> bits("0123456789abcdef" * 2), bits("0" * 32)
    (128, 106)
    """
    if re.fullmatch(_UUID, token):
        return 122
    letters = re.sub(r"[^0-9A-Za-z]", "", token)
    size = next((size for pattern, size in _ALPHABETS if re.fullmatch(pattern, letters)), _OTHERWISE)
    return int(len(letters) * math.log2(size))


def _repeats(token: str) -> bool:
    """True where the token is a shorter text several times, such as secretsecretsecret."""
    return token in (token + token)[1:-1]
