"""Argon2id (RFC 9106) in a pool of its own, so that log-ins never starve other work."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from studium.services.auth.weak import weakness

# Two at a time: each takes 64 MiB and ~50 ms of a core (argon2-cffi's RFC 9106 low-memory profile).
_POOL = ThreadPoolExecutor(max_workers=2, thread_name_prefix="argon2")
_HASHER = PasswordHasher()
_NOBODY = _HASHER.hash("an account that does not exist")


async def hash_password(password: str) -> str:
    return await asyncio.get_running_loop().run_in_executor(_POOL, _HASHER.hash, password)


def is_outdated(password_hash: str) -> bool:
    """Made with weaker parameters than a new one would be."""
    return _HASHER.check_needs_rehash(password_hash)


async def is_weak(password: str, email: str, name: str) -> str | None:
    """`weakness`, off the event loop: the first call reads a long list."""
    loop = asyncio.get_running_loop()
    return await loop.run_in_executor(_POOL, weakness, password, email, name)


async def password_matches(password: str, password_hash: str | None) -> bool:
    """Takes as long for an unknown account (None) as for a known one."""
    loop = asyncio.get_running_loop()
    good = await loop.run_in_executor(_POOL, _verify, password_hash or _NOBODY, password)
    return good and password_hash is not None


def _verify(password_hash: str, password: str) -> bool:
    try:
        return _HASHER.verify(password_hash, password)
    except (VerificationError, InvalidHashError):
        return False
