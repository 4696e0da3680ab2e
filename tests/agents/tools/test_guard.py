import socket

import pytest

from agents.tools.guard import MAX_URL, Refused, is_public, parse, pin, system_resolve

PUBLIC = "93.184.215.14"


def wide(name: str) -> str:
    """The name in full-width characters, which IDNA folds back to plain ones."""
    return "".join(char if char == "." else chr(ord(char) + 0xFEE0) for char in name)


@pytest.mark.parametrize(
    ("url", "host", "port", "target"),
    [
        ("https://example.com", "example.com", 443, "/"),
        ("http://example.com/a/b?c=d&e=%20#part", "example.com", 80, "/a/b?c=d&e=%20"),
        ("https://EXAMPLE.com.:443/Way", "example.com", 443, "/Way"),
        ("https://example.com?q=1", "example.com", 443, "/?q=1"),
        ("https://bücher.example.com/menü", "xn--bcher-kva.example.com", 443, "/men%C3%BC"),
        ("https://a_b.example.com/", "a_b.example.com", 443, "/"),
        ("https://1and1.com/", "1and1.com", 443, "/"),
        ("https://0x.org/", "0x.org", 443, "/"),
    ],
)
def test_a_public_address_is_taken_apart(url: str, host: str, port: int, target: str) -> None:
    place = parse(url)
    assert (place.host, place.port, place.target) == (host, port, target)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "example.com",
        "//example.com/",
        "ftp://example.com/",
        "file:///etc/passwd",
        "gopher://example.com/",
        "HTTPS://example.com/",
        "http:/example.com",
        "http:///example.com",
        "http://",
        "http://user@example.com/",
        "http://user:pass@example.com/",
        "http://example.com@127.0.0.1/",
        "http://127.0.0.1#@example.com/",
        "http://example.com\\@127.0.0.1/",
        "http://example.com\\.internal/",
        "http://example.com/a\\b",
        "http://exam ple.com/",
        "http://example.com/a b",
        "http://example.com/\r\nHost: x",
        "http://example.com/\x00",
        "http://example.com\u2003/",
        "http://exam\u00adple.com\u200b/",
        "http://example.com:8080/",
        "http://example.com:22/",
        "http://example.com:0/",
        "http://example.com:/",
        "http://example.com:443:80/",
        "http://%65xample.com/",
        "http://-example.com/",
        "http://example..com/",
        "http://.example.com/",
        "http://exa!mple.com/",
        "http://" + "a" * 64 + ".com/",
        "http://" + ".".join(["abc"] * 70) + ".com/",
    ],
)
def test_what_is_not_plainly_an_address_is_refused(url: str) -> None:
    with pytest.raises(Refused):
        parse(url)


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "127.1",
        "0177.0.0.1",
        "0x7f.0.0.1",
        "0x7f000001",
        "2130706433",
        "017700000001",
        "127.0.0.0x1",
        "0",
        "0x",
        "10.1.2.3.",
        "8.8.8.8",
        "169.254.169.254",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[fe80::1%25eth0]",
        wide("127.0.0.1"),
        "①②⑦.⓪.⓪.①",
        "127。0。0。1",
    ],
)
def test_an_address_in_numbers_is_refused_in_every_notation(host: str) -> None:
    with pytest.raises(Refused):
        parse(f"http://{host}/")


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "LOCALHOST",
        "localhost.",
        wide("localhost"),
        "web",
        "a.localhost",
        "printer.local",
        "metadata.google.internal",
        "metadata.google.internal.",
        "box.localdomain",
        "router.home.arpa",
        "redis.service.consul",
        "api.default.svc",
        "api.default.svc.cluster.local",
        "1.0.0.127.in-addr.arpa",
        "hidden.onion",
    ],
)
def test_a_private_name_is_refused(host: str) -> None:
    with pytest.raises(Refused):
        parse(f"http://{host}/")


def test_an_overlong_address_is_refused() -> None:
    start = "https://example.com/"
    assert parse(start + "a" * (MAX_URL - len(start))).host == "example.com"
    with pytest.raises(Refused, match="longer"):
        parse(start + "a" * (MAX_URL - len(start) + 1))


def test_loopback_is_open_on_permitted_ports_alone() -> None:
    place = parse("http://127.0.0.1:8123/page", loopback_ports=[8123])
    assert pin(place, _never).addresses == ("127.0.0.1",)
    assert place.authority == "127.0.0.1:8123"
    for url in (
        "http://127.0.0.1:8124/",
        "https://127.0.0.1:8123/",
        "http://localhost:8123/",
        "http://127.1:8123/",
    ):
        with pytest.raises(Refused):
            parse(url, loopback_ports=[8123])


@pytest.mark.parametrize(
    "address", [PUBLIC, "8.8.8.8", "2606:4700:4700::1111", "::ffff:8.8.8.8", "2002:0808:0808::1"]
)
def test_public_addresses(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "0.0.0.0", "255.255.255.255"),
        *(
            "100.64.0.1",
            "100.100.100.200",
            "168.63.129.16",
            "192.0.0.192",
            "192.88.99.1",
            "198.18.0.1",
            "224.0.0.1",
        ),
        *(
            "240.0.0.1",
            "203.0.113.9",
            "::",
            "::1",
            "::7f00:1",
            "::ffff:10.0.0.1",
            "fe80::1",
            "fe80::1%eth0",
            "fc00::1",
        ),
        *(
            "fd00:ec2::254",
            "fd20:ce::254",
            "fec0::1",
            "ff02::1",
            "64:ff9b::8.8.8.8",
            "64:ff9b:1::1",
            "2002:7f00:1::",
        ),
        *("2001:0:7f00:1::", "2001:db8::1", "3fff::1", "5f00::1", "100::1", "nonsense", ""),
    ],
)
def test_other_addresses_are_not_public(address: str) -> None:
    assert not is_public(address)


def test_a_name_is_pinned_to_its_answers() -> None:
    place = pin(parse("https://example.com/"), lambda host, port: [PUBLIC, "8.8.8.8"])
    assert (place.addresses, place.authority) == ((PUBLIC, "8.8.8.8"), "example.com")


@pytest.mark.parametrize("answers", [["127.0.0.1"], [PUBLIC, "10.0.0.1"], ["::ffff:127.0.0.1"], []])
def test_one_answer_that_is_not_public_refuses_all(answers: list[str]) -> None:
    with pytest.raises(Refused):
        pin(parse("https://example.com/"), lambda host, port: answers)


@pytest.mark.parametrize("fault", [socket.gaierror(-2, "unknown"), UnicodeError("label too long"), TimeoutError()])
def test_a_name_that_does_not_resolve_is_a_clear_refusal(fault: Exception) -> None:
    def failing(host: str, port: int) -> list[str]:
        raise fault

    with pytest.raises(Refused, match="does not resolve"):
        pin(parse("https://example.com/"), failing)


def test_the_systems_resolver_gives_each_address_once() -> None:
    assert system_resolve("127.0.0.1", 80) == ["127.0.0.1"]


def _never(host: str, port: int) -> list[str]:
    raise AssertionError("loopback needs no resolver")
