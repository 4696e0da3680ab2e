"""The arguments in which an order or a missing one would open the cell."""

from agents.sandbox import profile
from agents.sandbox.limits import Limits


def arguments() -> list[str]:
    return profile.arguments(Limits(), seccomp=7, status=8, gate=9)


def test_sizes_and_modes_stand_directly_before_their_mount() -> None:
    given = arguments()
    for place, size in (("/tmp", 64), ("/home/agent", 64), ("/dev/shm", 16), ("/tree", 128)):
        index = next(i for i, word in enumerate(given) if word == "--tmpfs" and given[i + 1] == place)
        assert given[index - 4] == "--size"
        assert int(given[index - 3]) == size * 1024 * 1024
        assert given[index - 2] == "--perms"


def test_the_root_is_closed_after_everything_was_mounted() -> None:
    given = arguments()
    mounts = [index for index, word in enumerate(given) if word in {"--tmpfs", "--ro-bind", "--dev", "--proc"}]
    assert given.index("--remount-ro") > max(mounts)


def test_nothing_of_the_host_is_bound_for_writing() -> None:
    given = arguments()
    assert not {"--bind", "--dev-bind", "--bind-try", "--share-net"} & {*given}
    bound = [given[index + 1] for index, word in enumerate(given) if word.startswith("--ro-bind")]
    assert bound == ["/usr", "/etc/ld.so.cache", "/etc/alternatives"]


def test_every_layer_is_asked_for() -> None:
    wanted = {"--unshare-user", "--disable-userns", "--unshare-pid", "--unshare-net", "--unshare-ipc", "--clearenv"}
    wanted |= {"--die-with-parent", "--new-session", "--cap-drop", "--seccomp", "--block-fd"}
    assert wanted <= {*arguments()}


def test_the_command_is_handed_over_as_one_word() -> None:
    assert profile.command("rm -rf '$HOME'; x", Limits())[-2:] == ["cell", "rm -rf '$HOME'; x"]
