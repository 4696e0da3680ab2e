import pytest

from integrations.github.addresses import clone_address, full_name, site_of

API = "https://api.github.com"
ENTERPRISE = "https://git.example.com/api/v3"


@pytest.mark.parametrize(
    "address",
    [
        "https://github.com/acme/shop.git",
        "https://github.com/acme/shop",
        "https://github.com/acme/shop/",
        "https://me:secret@github.com/acme/shop.git",
        "git@github.com:acme/shop.git",
        "ssh://git@github.com/acme/shop.git",
        "ssh://git@github.com:22/acme/shop",
    ],
)
def test_a_repository_there_is_known_by_any_address(address: str) -> None:
    assert full_name(address, API) == "acme/shop"
    assert full_name(address, ENTERPRISE) == ""
    assert full_name(address.replace("github.com", "git.example.com"), ENTERPRISE) == "acme/shop"


@pytest.mark.parametrize(
    "address",
    [
        "/srv/git/github.com/acme/shop.git",
        "https://github.com.evil.example/acme/shop.git",
        "https://github.com@evil.example/acme/shop.git",
        "https://evil.example/github.com/acme/shop",
        "https://github.com/acme",
        "https://github.com/acme/shop/tree/main",
        "https://github.com/acme/../shop",
        "git@gitlab.com:acme/shop.git",
        "",
    ],
)
def test_anything_else_is_elsewhere(address: str) -> None:
    assert full_name(address, API) == ""


def test_the_site_and_where_it_is_cloned_from() -> None:
    assert site_of(API) == "https://github.com"
    assert site_of("http://127.0.0.1:8080") == "http://127.0.0.1:8080"
    assert clone_address("acme/shop", ENTERPRISE) == "https://git.example.com/acme/shop.git"
