"""What the code in a cell sees: the system's programs to read, four small memory file systems to write, no more."""

import shutil

from agents.sandbox.limits import Limits

SHELL = "/bin/sh"
# What has to be there for the profile: the cell itself, and what runs first inside of it.
PROGRAMS = ("bwrap", "git")
INSIDE = ("/bin/sh", "/usr/bin/tar", "/usr/bin/prlimit")

_ENVIRONMENT = {
    "PATH": "/usr/local/bin:/usr/bin:/bin",
    "HOME": "/home/agent",
    "LANG": "C.UTF-8",
    "TMPDIR": "/tmp",  # noqa: S108 - a memory file system of the cell's own
    "PYTHONDONTWRITEBYTECODE": "1",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_ALLOW_PROTOCOL": "none",
}
# The work tree comes in through stdin, so that no path of the host is bound and no right to read one is needed.
_SCRIPT = (
    "tar -x -f - -C /tree || { echo 'The repository does not fit into the cell.' >&2; exit 125; }\n"
    'exec /bin/sh -c "$1" </dev/null'
)


def bwrap() -> str:
    """Where bubblewrap is; the usual place if it is not found."""
    return shutil.which("bwrap") or "/usr/bin/bwrap"


def arguments(limits: Limits, *, seccomp: int, status: int, gate: int) -> list[str]:
    """All of bubblewrap's options. The three numbers are open descriptors."""
    return [
        *_namespaces(),
        *(part for name, value in _ENVIRONMENT.items() for part in ("--setenv", name, value)),
        *_mounts(limits),
        *("--seccomp", str(seccomp), "--json-status-fd", str(status), "--block-fd", str(gate)),
    ]


def command(line: str, limits: Limits) -> list[str]:
    """What the cell executes: limits first, then the files, then `line` in a shell, without an input."""
    return [*limits.prlimit(), SHELL, "-c", _SCRIPT, "cell", line]


def _namespaces() -> list[str]:
    return [
        *("--unshare-user", "--disable-userns", "--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts"),
        *("--unshare-cgroup-try", "--hostname", "sandbox", "--uid", "65534", "--gid", "65534"),
        *("--die-with-parent", "--new-session", "--cap-drop", "ALL", "--clearenv"),
    ]


def _mounts(limits: Limits) -> list[str]:
    """The file system. The root is made read-only after every mount that needs it writable."""
    return [
        *("--ro-bind", "/usr", "/usr"),
        *("--symlink", "usr/bin", "/bin", "--symlink", "usr/sbin", "/sbin"),
        *("--symlink", "usr/lib", "/lib", "--symlink", "usr/lib64", "/lib64", "--dir", "/etc"),
        *("--ro-bind-try", "/etc/ld.so.cache", "/etc/ld.so.cache"),
        *("--ro-bind-try", "/etc/alternatives", "/etc/alternatives"),
        *("--proc", "/proc", "--dev", "/dev"),
        *_memory("/tmp", limits.tmp_bytes, "1777"),  # noqa: S108 - a mount point inside of the cell
        *_memory("/home/agent", limits.home_bytes, "0700"),
        *_memory("/dev/shm", limits.shm_bytes, "1777"),  # noqa: S108 - the same
        *_memory("/tree", limits.tree_bytes, "0755"),
        *("--chdir", "/tree", "--remount-ro", "/", "--remount-ro", "/dev"),
    ]


def _memory(place: str, size: int, mode: str) -> list[str]:
    return ["--size", str(size), "--perms", mode, "--tmpfs", place]
