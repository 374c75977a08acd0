"""`studium`, with password hashes that cost what those of `bench/population.py` cost: next to
nothing. With its own parameters each of them would be outdated, and a log-in would make a new one.
"""

from argon2 import PasswordHasher

from studium.__main__ import main
from studium.services.auth import passwords

passwords._HASHER = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1, salt_len=18)  # noqa: SLF001

if __name__ == "__main__":
    main()
