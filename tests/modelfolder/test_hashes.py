"""Patients and films can be compared by whoever knows them."""

from __future__ import annotations

import hashlib

import pytest

from hilum.errors import HilumError
from hilum.modelfolder import new_salt, salted_film_hash, salted_hash, salted_hashes
from hilum.modelfolder.hashes import LOG2_COST


def test_one_and_many_give_the_same_hashes_in_order() -> None:
    salt, names = new_salt(), [f"kermany/person{number % 12}" for number in range(30)]
    assert salted_hashes(salt, names) == [salted_hash(salt, name) for name in names]
    assert salted_hashes(salt, []) == []


def test_patient_is_hashed_by_scrypt_at_the_cost_that_the_salt_names() -> None:
    for log2_cost in (4, LOG2_COST):
        salt = f"scrypt-{log2_cost}-{'0' * 32}"
        by_hand = hashlib.scrypt(b"kermany/person1", salt=salt.encode(), n=2**log2_cost, r=8, p=1, dklen=16)
        assert salted_hash(salt, "kermany/person1") == by_hand.hex()


def test_salt_is_new_each_time_and_changes_every_hash() -> None:
    one, other = new_salt(), new_salt()
    assert one != other
    assert salted_hash(one, "kermany/person1") != salted_hash(other, "kermany/person1")
    assert salted_film_hash(one, "0" * 64) != salted_film_hash(other, "0" * 64)


def test_cost_out_of_all_measure_is_refused() -> None:
    with pytest.raises(HilumError, match=r"cost 2\^30"):
        salted_hash(f"scrypt-30-{'0' * 32}", "kermany/person1")


def test_folder_with_a_plain_salt_is_compared_as_it_was_written() -> None:
    by_hand = hashlib.sha256(b"00ff\0kermany/person1").hexdigest()[:32]
    assert salted_hash("00ff", "kermany/person1") == by_hand == salted_film_hash("00ff", "kermany/person1")
