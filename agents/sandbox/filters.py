"""Which system calls a cell is refused: what reaches for the kernel, for other processes or for a network.

The rest is allowed, so that interpreters and compilers work. Needs libseccomp.
"""

import errno
import os
from typing import Any

from agents.words import _

_KEYS = "keyctl add_key request_key"
_PROCESSES = "ptrace process_vm_readv process_vm_writev kcmp"
_KERNEL = (
    "bpf perf_event_open userfaultfd io_uring_setup io_uring_enter io_uring_register fanotify_init "
    "lookup_dcookie personality"
)
_MOUNTS = (
    "mount umount2 pivot_root move_mount open_tree fsopen fsconfig fsmount fspick mount_setattr setns unshare "
    "chroot open_by_handle_at name_to_handle_at"
)
_MACHINE = (
    "kexec_load kexec_file_load init_module finit_module delete_module swapon swapoff reboot acct quotactl "
    "syslog vhangup iopl ioperm sethostname setdomainname nfsservctl"
)
_CLOCK = "clock_settime settimeofday adjtimex clock_adjtime"
_REFUSED = " ".join((_KEYS, _PROCESSES, _KERNEL, _MOUNTS, _MACHINE, _CLOCK)).split()

_NAMESPACE_FLAGS = (0x00020000, 0x02000000, 0x04000000, 0x08000000, 0x10000000, 0x20000000, 0x40000000)
_FAMILIES = 46
_FAMILIES_ALLOWED = {1, 2, 10}  # AF_UNIX, AF_INET, AF_INET6: within a network namespace that is empty
_TERMINAL_INJECTION = (0x5412, 0x541C)  # TIOCSTI, TIOCLINUX
_LOW_HALF = 0xFFFFFFFF


class NoFilter(Exception):
    """System calls cannot be filtered here; the text says what is missing."""


def program() -> tuple[int, list[str]]:
    """A descriptor of the compiled filter, to be closed by the caller, and the calls this machine has no name for.

    Raises NoFilter. A call without a name here cannot be made under it either; it is told all the same.
    """
    try:
        # Not at the top: it loads a C library, which may be missing.
        import pyseccomp
    except (ImportError, RuntimeError, OSError) as error:
        raise NoFilter(_("libseccomp is missing. Install it (apt install libseccomp2).")) from error
    rules = pyseccomp.SyscallFilter(defaction=pyseccomp.ALLOW)
    unknown = [name for name in _REFUSED if not _refuse(pyseccomp, rules, name)]
    _add_shaped(pyseccomp, rules)
    memory = os.memfd_create("filter")
    with os.fdopen(os.dup(memory), "wb") as file:
        rules.export_bpf(file)
    os.lseek(memory, 0, os.SEEK_SET)
    return memory, unknown


def _refuse(lib: Any, rules: Any, name: str) -> bool:
    try:
        rules.add_rule(lib.ERRNO(errno.EPERM), name)
    except OSError:
        return False
    return True


def _add_shaped(lib: Any, rules: Any) -> None:
    """Calls that are refused by what they ask for."""
    # The C library falls back to clone, whose flags can be seen by a filter.
    rules.add_rule(lib.ERRNO(errno.ENOSYS), "clone3")
    for flag in _NAMESPACE_FLAGS:
        rules.add_rule(lib.ERRNO(errno.EPERM), "clone", lib.Arg(0, lib.MASKED_EQ, flag, flag))
    for family in set(range(_FAMILIES)) - _FAMILIES_ALLOWED:
        rules.add_rule(lib.ERRNO(errno.EAFNOSUPPORT), "socket", lib.Arg(0, lib.EQ, family))
    for request in _TERMINAL_INJECTION:
        rules.add_rule(lib.ERRNO(errno.EPERM), "ioctl", lib.Arg(1, lib.MASKED_EQ, _LOW_HALF, request))
