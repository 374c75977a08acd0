"""Landlock (Linux ≥ 5.13, landlock(7)): this process opens no file, connects to no port, and from
ABI 6 on signals nobody outside.
"""

import ctypes
import os

from studium.runtime.jail.kernel import syscall

# The same numbers on every architecture (asm-generic/unistd.h).
CREATE_RULESET, RESTRICT_SELF = 444, 446
CREATE_RULESET_VERSION = 1

FILE_RIGHTS = {1: 13, 2: 14, 3: 15, 5: 16}
"""ABI → how many rights over files it knows: everything from `execute` to `ioctl` on devices."""
PORTS_SINCE, SCOPES_SINCE = 4, 6
BIND_AND_CONNECT = ABSTRACT_SOCKETS_AND_SIGNALS = 0b11


class _Ruleset(ctypes.Structure):
    """The kernel's `struct landlock_ruleset_attr`."""

    _fields_ = (("files", ctypes.c_uint64), ("ports", ctypes.c_uint64), ("scopes", ctypes.c_uint64))


def abi() -> int:
    """The version this kernel speaks; 0 where it has none, or none for us."""
    try:
        return syscall(CREATE_RULESET, None, 0, CREATE_RULESET_VERSION)
    except OSError:
        return 0


def restrict() -> None:
    """Takes away every right that Landlock handles; no path is excepted. Needs `no_new_privs`.

    Raises `OSError`.
    """
    version = abi()
    rights = max(count for since, count in FILE_RIGHTS.items() if since <= version)
    ruleset = _Ruleset(
        files=(1 << rights) - 1,
        ports=BIND_AND_CONNECT if version >= PORTS_SINCE else 0,
        scopes=ABSTRACT_SOCKETS_AND_SIGNALS if version >= SCOPES_SINCE else 0,
    )
    # An older kernel takes a shorter structure.
    size = 8 * (1 + (version >= PORTS_SINCE) + (version >= SCOPES_SINCE))
    handle = syscall(CREATE_RULESET, ctypes.byref(ruleset), size, 0)
    try:
        syscall(RESTRICT_SELF, handle, 0)
    finally:
        os.close(handle)
