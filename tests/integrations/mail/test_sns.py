"""The webhook's tests spoil notifications; here is what never reaches them."""

import http.server
import threading

import pytest

from integrations.contracts import BadSignature
from integrations.mail import sns
from tests.emulators.sns import CERTIFICATE_URL, TOPIC, Sns


@pytest.mark.parametrize(
    "address",
    [
        "",
        None,
        7,
        "https://sns.eu-west-1.amazonaws.com:8443/x",
        "https://user@sns.eu-west-1.amazonaws.com/x",
        "https://sns.eu-west-1.amazonaws.com.evil.example/x",
        "https://evil.example/sns.eu-west-1.amazonaws.com",
        "https://s3.eu-west-1.amazonaws.com/x",
        "https://sns.eu-west-1.amazonaws.com\\@127.0.0.1/x",
        "https://sns.eu-west-1.amazonaws.com\n.evil.example/x",
        "file:///etc/passwd",
        "https://[::1/x",
    ],
)
def test_nobody_but_amazons_sns_is_asked(address: object) -> None:
    with pytest.raises(BadSignature):
        sns.amazon(address)


def test_amazons_own_addresses_are_taken() -> None:
    for address in (CERTIFICATE_URL, "https://sns.cn-north-1.amazonaws.com.cn/x.pem"):
        assert sns.amazon(address) == address


@pytest.mark.parametrize("type_", ["Notification", "SubscriptionConfirmation", "UnsubscribeConfirmation"])
def test_each_type_is_signed_over_its_own_parts(type_: str) -> None:
    amazon = Sns()
    more = {} if type_ == "Notification" else {"Token": "t", "SubscribeURL": "https://sns.eu-west-1.amazonaws.com/"}
    notice = amazon.signed({"Type": type_, "Message": "m", **more})
    sns.verify(notice, topics=[TOPIC], fetch=amazon.fetch)
    with pytest.raises(BadSignature):
        sns.verify({**notice, "Type": "Notification" if more else "Other"}, topics=[], fetch=amazon.fetch)


def test_a_certificate_that_is_none_proves_nothing() -> None:
    notice = Sns().signed({"Type": "Notification", "Message": "m"})
    with pytest.raises(BadSignature):
        sns.verify(notice, topics=[], fetch=lambda _: b"<html>")


def test_no_redirect_is_followed_and_no_answer_is_no_certificate() -> None:
    class Redirects(http.server.BaseHTTPRequestHandler):
        asked: list[str] = []

        def do_GET(self) -> None:
            self.asked.append(self.path)
            self.send_response(302)
            self.send_header("Location", "/elsewhere")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Nothing."""

    server = http.server.HTTPServer(("127.0.0.1", 0), Redirects)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        with pytest.raises(sns.Unreachable):
            sns.ask_amazon(f"http://127.0.0.1:{server.server_port}/x")
        assert Redirects.asked == ["/x"]
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
    with pytest.raises(sns.Unreachable):
        sns.ask_amazon(f"http://127.0.0.1:{server.server_port}/x")
