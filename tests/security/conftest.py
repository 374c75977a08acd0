"""The people of tests/services, and their clients."""

from tests.services.conftest import ada, anonymous, ben, register

__all__ = ["ada", "anonymous", "ben", "register"]
