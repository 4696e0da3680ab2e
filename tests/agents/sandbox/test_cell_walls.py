"""What a cell refuses: network, the host's files and processes, writing, powers. Real cells."""

import os
import select
import socket
from pathlib import Path

import pytest

from tests.agents.sandbox.conftest import Run, python

pytestmark = pytest.mark.cell


class TestNetwork:
    def test_a_listener_of_this_machine_is_not_reached(self, cell: Run) -> None:
        with socket.create_server(("127.0.0.1", 0)) as server:
            port = server.getsockname()[1]
            source = f"""
            import socket
            for family, place in ((socket.AF_INET, ("127.0.0.1", {port})), (socket.AF_INET, ("192.0.2.1", 80)),
                                  (socket.AF_INET6, ("2001:db8::1", 80))):
                with socket.socket(family) as s:
                    s.settimeout(3)
                    print(s.connect_ex(place) != 0)
            try: socket.getaddrinfo("example.com", 80)
            except OSError: print("no name")
            """
            assert cell(python(source)).output.split("\n") == ["True", "True", "True", "no name", ""]
            assert select.select([server], [], [], 0)[0] == []

    def test_an_abstract_socket_of_this_machine_is_not_reached(self, cell: Run) -> None:
        name = f"nightdesk-test-{os.getpid()}"
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(f"\0{name}")
            server.listen()
            source = f"import socket; print(socket.socket(socket.AF_UNIX).connect_ex('\\0{name}') != 0)"
            assert cell(python(source)).output == "True\n"

    @pytest.mark.parametrize("family", [17, 16, 40, 38, 31], ids=["packet", "netlink", "vsock", "alg", "bt"])
    def test_other_families_of_sockets_do_not_exist(self, cell: Run, family: int) -> None:
        source = f"""
        import errno, socket
        try: socket.socket({family}, socket.SOCK_RAW)
        except OSError as error: print(error.errno == errno.EAFNOSUPPORT)
        """
        assert cell(python(source)).output == "True\n"


class TestReading:
    def test_no_file_of_the_host_but_its_programs_is_there(self, cell: Run) -> None:
        assert cell("ls / | tr '\\n' ' '").output == "bin dev etc home lib lib64 proc sbin tmp tree usr "
        assert set(cell("ls /etc").output.split()) <= {"alternatives", "ld.so.cache"}
        outcome = cell("ls /root /home/* /var /opt /srv /etc/passwd /etc/shadow")
        for place in ("/root", "/var", "/opt", "/srv", "/etc/passwd", "/etc/shadow"):
            assert f"'{place}': No such file" in outcome.output

    def test_a_link_out_of_the_tree_leads_nowhere(self, cell: Run, tree: Path, tmp_path: Path) -> None:
        secret = tmp_path / "secret"
        secret.write_text("the secret")
        (tree / "link").symlink_to(secret)
        (tree / "folder").symlink_to(tmp_path)
        outcome = cell("cat link folder/secret")
        assert "the secret" not in outcome.output
        assert outcome.status == 1

    def test_no_secret_of_this_process_is_in_any_environment(
        self, cell: Run, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-canary-in-the-environment")
        outcome = cell("env; cat /proc/*/environ /proc/*/cmdline | tr '\\0' '\\n'")
        assert "PATH=/usr/local/bin" in outcome.output
        assert "canary" not in outcome.output
        assert "ANTHROPIC" not in outcome.output
        assert "--ro-bind" not in outcome.output

    def test_no_open_file_of_this_process_is_inherited(self, cell: Run, tmp_path: Path) -> None:
        secret = tmp_path / "secret"
        secret.write_text("the secret")
        with secret.open() as file:
            os.set_inheritable(file.fileno(), True)
            assert cell("ls /proc/self/fd; cat /proc/self/fd/* 2>/dev/null").output.split() == ["0", "1", "2", "3"]

    def test_no_process_of_the_host_is_seen(self, cell: Run) -> None:
        outcome = cell("ls -d /proc/[0-9]* | wc -l; cat /proc/[0-9]*/comm")
        assert int(outcome.output.split()[0]) <= 6
        assert Path("/proc/self/comm").read_text().strip() not in outcome.output.split()[1:]


class TestWriting:
    @pytest.mark.parametrize(
        "place",
        [
            *("/x", "/usr/x", "/usr/bin/x", "/etc/x", "/dev/x", "/home/x", "/bin/x"),
            *("/proc/sys/kernel/core_pattern", "/proc/sys/kernel/hostname", "/proc/sys/vm/drop_caches"),
            *("/proc/sysrq-trigger", "/proc/sys/kernel/modprobe", "/proc/sys/kernel/randomize_va_space"),
        ],
    )
    def test_nothing_outside_of_its_own_places_can_be_opened_for_writing(self, cell: Run, place: str) -> None:
        assert cell(f"( : >>{place} ) 2>/dev/null && echo open").output == ""

    def test_its_own_places_can(self, cell: Run) -> None:
        for place in ("/tree/x", "/tmp/x", "$HOME/x", "/dev/shm/x", "/dev/null"):
            assert cell(f"echo y >{place}").passed, place


class TestPowers:
    def test_it_has_none(self, cell: Run) -> None:
        status = cell("id -u; grep -E '^(Cap|NoNewPrivs|Seccomp:)' /proc/self/status").output
        assert status.startswith("65534\n")
        assert all(line.split()[1].strip("0") == "" for line in status.splitlines() if line.startswith("Cap"))
        assert "NoNewPrivs:\t1" in status
        assert "Seccomp:\t2" in status

    @pytest.mark.parametrize(
        "command",
        [
            *(
                "unshare -U true",
                "unshare -r true",
                "mount -t tmpfs x /tmp",
                "/usr/sbin/chroot / true",
                "mknod /tmp/b b 8 0",
            ),
            *("hostname other", "setpriv --reuid 0 true", "date -s 2020-01-01", "bwrap --ro-bind / / true"),
        ],
    )
    def test_what_would_need_power_is_refused(self, cell: Run, command: str) -> None:
        outcome = cell(f"command -v {command.split()[0]} >/dev/null || exit 126; {command}")
        if outcome.status == 126:
            pytest.skip(f"{command.split()[0]} is not on this machine")
        assert outcome.status not in {0, None}

    # x86-64 and arm64 disagree on numbers: names are looked up where the filter looks them up.
    @pytest.mark.parametrize(
        "name",
        [
            "keyctl",
            "add_key",
            "bpf",
            "ptrace",
            "userfaultfd",
            "io_uring_setup",
            "perf_event_open",
            "process_vm_readv",
        ],
    )
    def test_calls_that_reach_for_the_kernel_are_refused(self, cell: Run, name: str) -> None:
        pyseccomp = pytest.importorskip("pyseccomp")
        number = pyseccomp.resolve_syscall(pyseccomp.system_arch(), name)
        source = f"""
        import ctypes, errno
        libc = ctypes.CDLL(None, use_errno=True)
        print(libc.syscall({number}, 0, 0, 0, 0, 0), ctypes.get_errno() == errno.EPERM)
        """
        assert cell(python(source)).output == "-1 True\n"

    def test_a_new_namespace_is_refused_by_clone_too(self, cell: Run) -> None:
        source = """
        import ctypes, errno
        libc = ctypes.CDLL(None, use_errno=True)
        for flag in (0x10000000, 0x40000000, 0x20000000, 0x02000000):
            print(libc.syscall(56, flag | 17, 0, 0, 0, 0), ctypes.get_errno() == errno.EPERM)
        """
        if os.uname().machine != "x86_64":
            pytest.skip("the number of clone is that of x86-64")
        assert cell(python(source)).output == "-1 True\n" * 4
