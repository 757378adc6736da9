"""Tokens are strong, and only their hash is kept."""

from __future__ import annotations

import stat
from base64 import urlsafe_b64decode
from pathlib import Path

import pytest

from hilum.errors import HilumError
from hilum.web.tokens import digest, is_right, new_token, token_digest
from web_client import TOKEN


def test_new_token_has_256_bits_and_is_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "token.txt"
    new_token(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert len(urlsafe_b64decode(path.read_text().strip() + "=")) == 32
    assert token_digest(path, {}) == digest(path.read_text().strip())


def test_a_file_that_is_there_is_not_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "token.txt"
    path.write_text("mine")
    with pytest.raises(HilumError, match="exists"):
        new_token(path)
    assert path.read_text() == "mine"


@pytest.mark.parametrize(
    "weak",
    [
        "",
        "secret",
        "correct-horse-battery",
        "0" * 64,
        "secret" * 10,
        "0123456789" * 3,
        "123e4567-e89b-42d3-a456-426614174000",
        "a1" * 40,
        "0123456789abcdef" * 2,
        "two words and a long line of them that is easy to say",
        "Zk3vQ9xT1mB7cR5yH2nW8pL4sD6fG0jA\nanother",
        "x" * 2000,
        "Zk3vQ9xT1mB7cR5yH2nWé8pL4sD6fG0jA",
    ],
)
def test_weak_or_odd_tokens_are_refused_in_words(tmp_path: Path, weak: str) -> None:
    path = tmp_path / "token.txt"
    path.write_text(weak)
    for file, environment in ((path, {}), (None, {"HILUM_TOKEN": weak})):
        with pytest.raises(HilumError, match="--new-token") as error:
            token_digest(file, environment)
        assert len(weak) < 8 or weak not in str(error.value)  # an error may end up in a log


@pytest.mark.parametrize("good", [TOKEN, "9f86d081884c7d659a2feaa0c55ad015", "  " + TOKEN + "\n"])
def test_random_tokens_are_taken(tmp_path: Path, good: str) -> None:
    path = tmp_path / "token.txt"
    path.write_text(good)
    assert token_digest(path, {}) == digest(good.strip())


def test_the_file_goes_before_the_environment(tmp_path: Path) -> None:
    path = tmp_path / "token.txt"
    path.write_text(TOKEN)
    other = TOKEN[::-1]
    assert token_digest(path, {"HILUM_TOKEN": other}) == digest(TOKEN)
    assert token_digest(None, {"HILUM_TOKEN": other}) == digest(other)
    assert token_digest(None, {}) is None


def test_only_the_token_itself_is_right() -> None:
    assert is_right(TOKEN, digest(TOKEN))
    assert not any(is_right(wrong, digest(TOKEN)) for wrong in ("", TOKEN.lower(), TOKEN + " ", TOKEN + "\x00", "ü"))
