"""Passwords: Argon2id, and what is too easy to be one."""

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

SHORTEST, LONGEST = 10, 1000

# 19 MiB and two passes, the least that OWASP's password storage cheat sheet asks for: 43 ms where the usual 64 MiB
# take 249, and a doorbell's memory is small.
_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
_NOBODY = _HASHER.hash("the password of nobody")


def hashed(password: str) -> str:
    """Return the hash of a new password.

    Raises:
        ValueError: it is too short, too long, or one character again and again.
    """
    if len(password) < SHORTEST:
        raise ValueError(f"a password has at least {SHORTEST} characters")
    if len(password) > LONGEST:
        raise ValueError(f"a password has at most {LONGEST} characters")
    if len(set(password)) < 4:
        raise ValueError("this password is too easy; take several words")
    return _HASHER.hash(password)


def matches(password: str, stored: str | None) -> bool:
    """Tell whether a password is the one of a hash; takes as long where there is none, so that nobody learns that."""
    try:
        return _HASHER.verify(stored or _NOBODY, password[: LONGEST + 1]) and stored is not None
    except (VerificationError, InvalidHashError):
        return False
