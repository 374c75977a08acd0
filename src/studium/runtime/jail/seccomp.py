"""seccomp(2): from here on this process may compute, use its memory and its open descriptors.

A list of what is allowed, not of what is forbidden: a kernel learns new calls every year. All else
answers "not permitted", so that a library that only tries something goes on.
"""

import ctypes
import platform
import struct

from studium.runtime.jail.kernel import syscall

SECCOMP_SET_MODE_FILTER = 1
SECCOMP_GET_ACTION_AVAIL = 2
ALLOW, KILL_PROCESS, REFUSE = 0x7FFF0000, 0x80000000, 0x00050000
EPERM = 1
PROT_EXEC = 4

# Classic BPF (linux/bpf_common.h): load a word, jump if equal / greater or equal / bit set, return.
LOAD, IF_EQUAL, IF_AT_LEAST, IF_BIT, RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
NUMBER, ARCHITECTURE, THIRD_ARGUMENT, FIRST_ARGUMENT = 0, 4, 32, 16
"""Offsets in struct seccomp_data; the lower halves of the arguments."""
X32 = 0x40000000

AUDIT = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
SECCOMP = {"x86_64": 317, "aarch64": 277}
"""The number of seccomp(2) itself."""

# (x86_64, aarch64), from asm/unistd_64.h and asm-generic/unistd.h.
ALLOWED = {
    "read": (0, 63),
    "write": (1, 64),
    "close": (3, 57),
    "fstat": (5, 80),
    "lseek": (8, 62),
    "munmap": (11, 215),
    "brk": (12, 214),
    "mremap": (25, 216),
    "madvise": (28, 233),
    "futex": (202, 98),
    "getrandom": (318, 278),
    "clock_gettime": (228, 113),
    "clock_getres": (229, 114),
    "gettimeofday": (96, 169),
    "sched_yield": (24, 124),
    "rt_sigaction": (13, 134),
    "rt_sigprocmask": (14, 135),
    "rt_sigreturn": (15, 139),
    "sigaltstack": (131, 132),
    "restart_syscall": (219, 128),
    "getpid": (39, 172),
    "gettid": (186, 178),
    "getrusage": (98, 165),
    "exit": (60, 93),
    "exit_group": (231, 94),
}
MAPPING = {"mmap": (9, 222), "mprotect": (10, 226)}
"""Allowed for data; never for code."""
SIGNALLING = {"tgkill": (234, 131)}
"""Allowed to this process itself: abort(3)."""

Instruction = tuple[int, int, int, int]
"""Code, jump if true, jump if false, operand."""


class _Program(ctypes.Structure):
    """The kernel's `struct sock_fprog`."""

    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_char_p))


def available() -> bool:
    """Whether the kernel and this architecture have it."""
    machine = platform.machine()
    if machine not in AUDIT:
        return False
    try:
        action = ctypes.c_uint32(KILL_PROCESS)
        syscall(SECCOMP[machine], SECCOMP_GET_ACTION_AVAIL, 0, ctypes.byref(action))
    except OSError:
        return False
    return True


def restrict(pid: int) -> None:
    """Needs `no_new_privs`. `pid`: of this process. Raises `OSError`."""
    machine = platform.machine()
    code = b"".join(struct.pack("=HBBI", *each) for each in _instructions(machine, pid))
    program = _Program(len(code) // 8, code)
    syscall(SECCOMP[machine], SECCOMP_SET_MODE_FILTER, 0, ctypes.byref(program))


def _instructions(machine: str, pid: int) -> list[Instruction]:
    own = list(AUDIT).index(machine)
    allow, refuse, kill = (
        (RETURN, 0, 0, action) for action in (ALLOW, REFUSE | EPERM, KILL_PROCESS)
    )
    lines: list[Instruction] = [
        (LOAD, 0, 0, ARCHITECTURE),
        (IF_EQUAL, 1, 0, AUDIT[machine]),
        kill,
        (LOAD, 0, 0, NUMBER),
        (IF_AT_LEAST, 0, 1, X32),
        kill,
    ]
    for numbers in ALLOWED.values():
        lines += [(IF_EQUAL, 0, 1, numbers[own]), allow]
    for numbers in MAPPING.values():
        code = (IF_BIT, 0, 1, PROT_EXEC)
        lines += [(IF_EQUAL, 0, 4, numbers[own]), (LOAD, 0, 0, THIRD_ARGUMENT), code, refuse, allow]
    for numbers in SIGNALLING.values():
        itself = (IF_EQUAL, 1, 0, pid)
        lines += [
            (IF_EQUAL, 0, 4, numbers[own]),
            (LOAD, 0, 0, FIRST_ARGUMENT),
            itself,
            refuse,
            allow,
        ]
    return [*lines, refuse]
