"""Patients and films as a model folder knows them: hashes that whoever has the name or the file can compare."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Iterable
from functools import partial

from hilum.errors import HilumError

LOG2_COST = 10
"""scrypt's n is 2 to this power. Measured on two cores: 1.1 ms a name, 4 s for 3,669 patients, 1 MiB at a time."""

MOST_LOG2_COST = 14
"""What OpenSSL gives the memory for; a file from elsewhere cannot ask for more."""

_SLOW_SALT = re.compile(r"scrypt-([0-9]{1,2})-[0-9a-f]{32}")


def new_salt() -> str:
    """A fresh salt, which names the cost of its hashes, so that a later hilum may raise it.

    >>> new_salt()[:10], len(new_salt())
    ('scrypt-10-', 42)
    """
    return f"scrypt-{LOG2_COST}-{secrets.token_hex(16)}"


def salted_hash(salt: str, text: str) -> str:
    """A patient as a model folder knows it; see `salted_hashes`.

    >>> salted_hash("a", "kermany/IM-0001") == salted_hash("b", "kermany/IM-0001")
    False
    """
    return salted_hashes(salt, [text])[0]


def salted_hashes(salt: str, texts: Iterable[str]) -> list[str]:
    """The texts as a model folder knows them, in their order; each different text is hashed once.

    Whoever has a patient's key can look whether it is there. The salt lies in the same file, so whoever has only
    the folder can try keys out: the slow function makes a try cost two milliseconds of a core instead of a
    microsecond, which puts long or random keys out of reach and short ones not: all keys of seven digits take three
    hours on two cores. See docs/decisions/0004-hashed-patients.md.

    Args:
        salt: of `new_salt`; under a plain one, as the first model folders have it, the hash is a fast SHA-256.
        texts: such as "kermany/person1".

    Raises:
        HilumError: the salt names a cost beyond `MOST_LOG2_COST`.

    Source: RFC 7914, "The scrypt Password-Based Key Derivation Function".
    """
    listed = list(texts)
    names = list(dict.fromkeys(listed))
    cost = _SLOW_SALT.fullmatch(salt)
    if not cost:
        return [salted_film_hash(salt, name) for name in listed]
    if not 1 <= int(cost[1]) <= MOST_LOG2_COST:
        raise HilumError(
            f"The model folder's salt asks for hashes of the cost 2^{cost[1]}.",
            expected=f"at most 2^{MOST_LOG2_COST}",
            do="Copy or export the model again.",
        )
    one = partial(_slow_hash, salt, 2 ** int(cost[1]))
    if len(names) < 8:  # a pool costs more than it saves
        known = dict(zip(names, map(one, names), strict=True))
    else:
        from multiprocessing.pool import ThreadPool  # a reader of films never needs it

        with ThreadPool() as pool:  # scrypt lets other threads run
            known = dict(zip(names, pool.map(one, names), strict=True))
    return [known[name] for name in listed]


def salted_film_hash(salt: str, sha256: str) -> str:
    """A film as a model folder knows it, from the SHA-256 of its file.

    A fast function is enough: nobody can try all files out, and whoever has the file may know that it served.
    """
    return hashlib.sha256(f"{salt}\0{sha256}".encode()).hexdigest()[:32]


def _slow_hash(salt: str, cost: int, text: str) -> str:
    return hashlib.scrypt(text.encode(), salt=salt.encode(), n=cost, r=8, p=1, dklen=16).hex()
