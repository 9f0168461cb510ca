"""Causes of having no answer, whole, a row each: why, what to do, and what follows for the next attempt."""

import socket
import ssl
from pathlib import Path
from typing import Any

import pytest
import requests
from requests import exceptions
from urllib3.exceptions import MaxRetryError, NewConnectionError

from dolbyio_nb._util.place import PROXIES
from dolbyio_nb.config import sandbox_gone
from dolbyio_nb.http.connections import BUNDLES, TooLarge
from dolbyio_nb.http.error_response import NETWORK, Cause, InsecureAddress, cause_of, proxy_wants_password
from dolbyio_nb.http.limits import OutOfTime

HOST = "https://api.test/media/jobs?secret=1"
LOCAL = "http://127.0.0.1:9/media"


@pytest.fixture(autouse=True)
def no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    """No proxy and no authorities are named."""
    for name in (*PROXIES, *BUNDLES, "NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)


def not_verified(code: int) -> requests.RequestException:
    inner = ssl.SSLCertVerificationError("certificate verify failed")
    inner.verify_code = code
    return exceptions.SSLError(inner)


def not_connected(text: str, before: Exception | None = None) -> requests.RequestException:
    """As requests raises it: around urllib3's, which was raised while the system's was handled."""
    try:
        try:
            raise before or OSError("x")
        except OSError:
            raise NewConnectionError(None, text)  # type: ignore[arg-type]  # noqa: B904
    except NewConnectionError as error:
        return requests.ConnectionError(MaxRetryError(None, "/", error))  # type: ignore[arg-type]


def tunnel(text: str) -> requests.RequestException:
    return exceptions.ProxyError(OSError(text))


AGAIN = "Try again in a minute."
LATER: dict[str, Any] = {"may_have_arrived": True, "passes": True}
CLOCK, TLS = "Check this computer's clock.", "The TLS certificate of api.test"
COMPANY = "In a company's network, name the file of its authorities in REQUESTS_CA_BUNDLE."
PORTAL = "A sign-in page may stand in between: open a web page in a browser."
BROKE: dict[str, Any] = {"may_have_arrived": True, "passes": True, "closed": True}
AWAY: dict[str, Any] = {"passes": True, "closed": True}
UNSET = "Correct the variable, or unset it where no proxy is needed."
CERTIFI = Cause("The certificate authorities cannot be read.", "Install them again: %pip install certifi")
NO_TLS = Cause("api.test does not speak TLS there.", "Check the address, and what stands in between.")

# error, cause
TABLE: list[tuple[BaseException, Cause]] = [
    (
        InsecureAddress(),
        Cause(
            "The address at api.test is plain http, where anybody on the way reads along.",
            "Nothing was sent there. Try again, and report it to Dolby.io if it stays so.",
        ),
    ),
    (not_verified(9), Cause(f"{TLS} is not valid yet.", CLOCK)),
    (
        not_verified(10),
        Cause(f"{TLS} has expired.", "Check this computer's clock; if that is right, report it."),
    ),
    *(
        (not_verified(code), Cause(f"{TLS} is of an authority that is not known here.", COMPANY))
        for code in (2, 18, 19, 20, 21)
    ),
    *((not_verified(code), Cause(f"{TLS} is for another host.", PORTAL)) for code in (62, 64)),
    (exceptions.SSLError("hostname 'a' doesn't match 'b'"), Cause(f"{TLS} is for another host.", PORTAL)),
    (not_verified(99), Cause(f"{TLS} could not be checked.", NETWORK)),
    (exceptions.SSLError("CERTIFICATE_REVOKED"), Cause(f"{TLS} could not be checked.", NETWORK)),
    (exceptions.SSLError("[X509] PEM lib"), CERTIFI),
    (exceptions.SSLError("NO_CERTIFICATE_OR_CRL_FOUND"), CERTIFI),
    (exceptions.SSLError("[Errno 2] No such file"), CERTIFI),
    (exceptions.SSLError("WRONG_VERSION_NUMBER"), NO_TLS),
    (exceptions.SSLError("UNKNOWN_PROTOCOL"), NO_TLS),
    (exceptions.SSLError("UNEXPECTED_EOF"), Cause("The TLS connection to api.test broke.", **BROKE)),
    (OSError("Could not find a suitable TLS CA certificate bundle"), CERTIFI),
    (
        TooLarge("Its answer is larger than 20 MiB"),
        Cause(
            "Its answer is larger than 20 MiB: something else than the service may answer there.",
            "Ask for less at a time, or check the network.",
            may_have_arrived=True,
        ),
    ),
    (OutOfTime(60), Cause("No whole answer within 60 s.", AGAIN, **LATER)),
    (
        exceptions.ConnectTimeout("(connect timeout=3.05)"),
        Cause("api.test took no connection within 3.05 s.", **AWAY),
    ),
    (exceptions.ConnectTimeout("no number"), Cause("api.test took no connection in time.", **AWAY)),
    (
        exceptions.ReadTimeout("(read timeout=60.0)"),
        Cause("api.test did not answer within 60 s.", AGAIN, **LATER),
    ),
    (
        exceptions.ReadTimeout("within 0.25 s"),
        Cause("api.test did not answer within 0.25 s.", AGAIN, **LATER),
    ),
    (exceptions.ReadTimeout("no number"), Cause("api.test did not answer in time.", AGAIN, **LATER)),
    (
        not_connected("[Errno -2]", socket.gaierror(-2, "Name or service not known")),
        Cause(
            "The name api.test is not known here (DNS).", "Check the network, and the host's name.", **AWAY
        ),
    ),
    (
        not_connected("[Errno 111] Connection refused"),
        Cause(
            "api.test refuses the connection.",
            "Check the network, and that it lets you reach api.test.",
            **AWAY,
        ),
    ),
    (
        not_connected("[Errno 113] No route to host"),
        Cause(
            "api.test cannot be reached.", "Check the network, and that it lets you reach api.test.", **AWAY
        ),
    ),
    (
        requests.ConnectionError("('Connection aborted.')"),
        Cause("The connection to api.test broke.", **BROKE),
    ),
    (
        exceptions.InvalidProxyURL("no host"),
        Cause("The proxy in HTTPS_PROXY has no address.", "Write it as http://host:port."),
    ),
    (
        exceptions.InvalidSchema("Missing dependencies for SOCKS support."),
        Cause(
            "The proxy in HTTPS_PROXY speaks SOCKS, which needs the package PySocks.",
            "Install it: %pip install pysocks",
        ),
    ),
    (exceptions.InvalidSchema("No adapter"), Cause("The connection to api.test broke.", **BROKE)),
    (tunnel("refused"), Cause("The proxy in HTTPS_PROXY cannot be reached.", UNSET)),
    (
        exceptions.ProxyError(not_connected("x", socket.gaierror(-2, "x"))),
        Cause("The proxy in HTTPS_PROXY has a name that is not known here.", UNSET),
    ),
    (
        tunnel("Tunnel connection failed: 403 Forbidden"),
        Cause(
            "The proxy in HTTPS_PROXY does not let api.test through (403).",
            "Have api.test allowed there.",
            closed=True,
        ),
    ),
    (
        tunnel("Tunnel connection failed: 502 Bad Gateway"),
        Cause(
            "The proxy in HTTPS_PROXY cannot reach api.test (502).",
            "Have api.test allowed there.",
            closed=True,
        ),
    ),
    (tunnel("Tunnel connection failed: 407 Proxy"), proxy_wants_password(HOST)),
]


@pytest.mark.parametrize(("error", "cause"), TABLE, ids=[str(number) for number in range(len(TABLE))])
def test_a_cause_is_told_whole(error: BaseException, cause: Cause) -> None:
    """Every word of it, without the query of the address."""
    assert cause_of(error, HOST) == cause


def test_what_has_no_host_is_the_service() -> None:
    """An address that cannot be read still has a name in the sentence."""
    assert cause_of(requests.ConnectionError("x"), "").why == "The connection to the service broke."


def test_a_sandbox_that_has_ended_is_told_whole() -> None:
    """Nothing answers on this computer."""
    for text in ("[Errno 111] Connection refused", "[Errno 113] No route"):
        told = cause_of(not_connected(text), LOCAL)
        assert told == Cause("Nothing on this computer answers at 127.0.0.1:9.", sandbox_gone(), passes=True)


def test_a_password_for_the_proxy_is_told_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the variable and where it leads, without what it holds beside."""
    monkeypatch.setenv("HTTPS_PROXY", "http://me:password-of-the-test@proxy.test:3128")
    assert proxy_wants_password(HOST) == Cause(
        "The proxy in HTTPS_PROXY (proxy.test:3128) wants a password (407).",
        "Write both into the variable: http://user:password@host:port.",
    )


@pytest.mark.parametrize(("name", "second"), list(zip(BUNDLES, (*BUNDLES[1:], ""), strict=True)))
def test_authorities_that_cannot_be_read_are_told_whole(
    name: str, second: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The first variable that is set names the file."""
    monkeypatch.setenv(name, str(tmp_path / "company.pem"))
    if second:
        monkeypatch.setenv(second, "another")
    why = f"{name} names {tmp_path / 'company.pem'}, whose certificates cannot be read."
    assert cause_of(OSError("x"), HOST) == Cause(why, "Correct it, or unset it.")


def test_a_cause_says_nothing_that_was_not_said() -> None:
    """Without more, nothing was sent, nothing passes, and the network is open."""
    told: Any = Cause("x")
    assert (told.advice, told.may_have_arrived, told.passes, told.closed) == (
        "Check the network and try again.",
        False,
        False,
        False,
    )
