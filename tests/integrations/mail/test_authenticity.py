import pytest

from integrations.mail.authenticity import judge

OURS = "mx.example.org"


def verdict(*written: str, senders: tuple[str, ...] = ("marta@example.com",), trusted: tuple[str, ...] = (OURS,)):
    return judge([("authentication-results", one) for one in written], senders, authserv_ids=trusted)


@pytest.mark.parametrize(
    "written",
    [
        f"{OURS}; dmarc=pass header.from=example.com",
        f"{OURS} 1; spf=fail; dmarc=pass (p=REJECT) header.from=Example.COM",
        'MX.example.ORG; dkim=pass (2048-bit; a ; in it) header.d=x.example; dmarc=pass header.from="example.com"',
        f"{OURS}; dkim=pass header.i=@example.com header.s=a; dmarc=none",
        f"{OURS}; dkim=fail header.d=example.com; dkim=pass header.d=example.com",
    ],
)
def test_what_our_provider_proves_is_proven(written: str) -> None:
    assert verdict(written).verified, verdict(written).says


@pytest.mark.parametrize(
    "written",
    [
        "",
        ";",
        "mx.evil.example; dmarc=pass header.from=example.com",
        f"{OURS}.evil.example; dmarc=pass header.from=example.com",
        f"{OURS}; dmarc=fail header.from=example.com; dkim=pass header.d=example.com",
        f"{OURS}; dmarc=pass header.from=evil.example",
        f"{OURS}; dkim=pass header.d=evil.example",
        f"{OURS}; dkim=pass header.d=com",
        f"{OURS}; spf=pass smtp.mailfrom=example.com",
        f"{OURS}; none",
        f'{OURS}; x="; dmarc=pass header.from=example.com"',
        f"{OURS} (; dmarc=pass header.from=example.com)",
        f"(comment {OURS}; dmarc=pass header.from=example.com",
        f"{OURS}; dmarc = passed header.from=example.com",
    ],
)
def test_anything_else_proves_nothing(written: str) -> None:
    found = verdict(written)
    assert not found.verified
    assert found.says.startswith("unverified: ")


def test_only_the_topmost_word_counts() -> None:
    good, other = f"{OURS}; dmarc=pass header.from=example.com", "mx.evil.example; dmarc=pass"
    assert verdict(good, other).verified
    assert not verdict(other, good).verified
    assert not verdict(f"{OURS}; dmarc=fail", good).verified


def test_without_a_provider_or_with_two_senders_nobody_is_proven() -> None:
    good = f"{OURS}; dmarc=pass header.from=example.com"
    assert "MAIL_AUTHSERV_ID" in verdict(good, trusted=()).says
    assert not verdict(good, senders=("marta@example.com", "x@evil.example")).verified
    assert not verdict(good, senders=()).verified
