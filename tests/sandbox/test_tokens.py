"""The token endpoint, and who may come in with what it gives."""

import base64
from typing import Any

import jwt
import pytest
import requests

from dolbyio_nb.sandbox import Sandbox

from .conftest import Caller, Clock


def ask(
    sandbox: Sandbox,
    *,
    data: str | None = None,
    headers: dict[str, str] | None = None,
    method: str = "POST",
) -> requests.Response:
    pair = base64.b64encode(f"{sandbox.app_key}:{sandbox.app_secret}".encode()).decode()
    known = {"Authorization": f"Basic {pair}", "Content-Type": "application/x-www-form-urlencoded"}
    body = "grant_type=client_credentials" if data is None else data
    url = f"{sandbox.auth_url}/v1/auth/token"
    return requests.request(method, url, data=body, headers={**known, **(headers or {})}, timeout=10)


def test_credentials_have_the_usual_shape(sandbox: Sandbox) -> None:
    """Made-up credentials look like Dolby's: 24 and 44 characters of base64."""
    assert (len(sandbox.app_key), len(sandbox.app_secret)) == (24, 44)
    assert len(base64.b64decode(sandbox.app_key)) == 16
    assert len(base64.urlsafe_b64decode(sandbox.app_secret)) == 32


def test_a_token_lives_half_an_hour_unless_told(caller: Caller) -> None:
    """The answer holds the token, its type and a life of 1800 s."""
    answer = caller.ask_token().json()
    assert set(answer) == {"access_token", "token_type", "expires_in"}
    assert (answer["token_type"], answer["expires_in"]) == ("Bearer", 1800)


@pytest.mark.parametrize("life", [1, 600, 86400])
def test_a_life_within_the_limits_is_granted(caller: Caller, life: int) -> None:
    """From one second to a day, what is asked for is given."""
    assert caller.ask_token(expires_in=str(life)).json()["expires_in"] == life


@pytest.mark.parametrize("life", ["0", "-1", "86401", "1.5", "1e3", "", " 60", "soon", "9" * 400])
def test_a_life_beyond_the_limits_is_refused(caller: Caller, life: str) -> None:
    """Anything that is no whole number from 1 to 86400 is refused with the limit in words."""
    answer = caller.ask_token(expires_in=life)
    assert answer.status_code == 400
    assert "86400" in answer.json()["message"]


def test_pyjwt_reads_the_token(sandbox: Sandbox, caller: Caller, clock: Clock) -> None:
    """PyJWT finds HS256 and the six claims, timed by the sandbox's clock."""
    token = caller.log_in(expires_in="600")
    assert jwt.get_unverified_header(token) == {"alg": "HS256", "typ": "JWT"}
    claims = jwt.decode(token, options={"verify_signature": False})
    assert set(claims) == {"iss", "sub", "iat", "exp", "scope", "jti"}
    assert (claims["sub"], claims["iat"], claims["exp"]) == (sandbox.app_key, clock.now, clock.now + 600)


def test_no_two_tokens_are_equal(caller: Caller) -> None:
    """Tokens asked for within the same second differ."""
    assert caller.log_in() != caller.log_in()


@pytest.mark.parametrize(
    "header",
    ["", "Basic", "Basic !!!", "Basic bm9jb2xvbg==", "Basic /w==", "Bearer abc", "Basic " + "QUFB" * 20],
)
def test_a_garbled_basic_header_is_unauthorised(sandbox: Sandbox, header: str) -> None:
    """No pair, no token: 401 in the token endpoint's spelling."""
    answer = ask(sandbox, headers={"Authorization": header})
    assert answer.status_code == 401
    assert answer.json()["type"] == "UNAUTHORIZED"


@pytest.mark.parametrize(("key", "secret"), [(1, 0), (0, "x"), ("x", 1)])
def test_a_wrong_pair_is_unauthorised(sandbox: Sandbox, key: int, secret: int | str) -> None:
    """Swapped, wrong secret, unknown key: all the same 401."""
    pair = (sandbox.app_key, sandbox.app_secret)
    user, password = (pair[part] if isinstance(part, int) else part for part in (key, secret))
    encoded = base64.b64encode(f"{user}:{password}".encode()).decode()
    assert ask(sandbox, headers={"Authorization": f"Basic {encoded}"}).status_code == 401


def test_only_a_form_is_read(sandbox: Sandbox) -> None:
    """A JSON body is answered 415."""
    answer = ask(
        sandbox, data='{"grant_type":"client_credentials"}', headers={"Content-Type": "application/json"}
    )
    assert answer.status_code == 415


def test_the_content_type_may_carry_parameters(sandbox: Sandbox) -> None:
    """`; charset=utf-8` changes nothing."""
    with_charset = {"Content-Type": "application/x-www-form-urlencoded; charset=UTF-8"}
    assert ask(sandbox, headers=with_charset).status_code == 200


@pytest.mark.parametrize("body", ["", "grant_type=password", "grant_type", "%%%"])
def test_another_grant_is_refused(sandbox: Sandbox, body: str) -> None:
    """Only `client_credentials` is documented."""
    answer = ask(sandbox, data=body)
    assert (answer.status_code, answer.json()["type"]) == (400, "INVALID_REQUEST")
    assert answer.json()["error"] == "Bad Request"


def test_the_endpoint_takes_post_only(sandbox: Sandbox) -> None:
    """GET is answered 405."""
    assert ask(sandbox, method="GET").status_code == 405


def test_errors_carry_the_keys_that_every_published_client_reads(sandbox: Sandbox) -> None:
    """type, status, title and detail for new clients, error and message for old ones."""
    body = ask(sandbox, headers={"Authorization": ""}).json()
    assert {"type", "status", "title", "detail", "error", "message"} <= set(body)


@pytest.mark.parametrize(
    ("style", "keys"),
    [
        ("status", {"type", "status", "error", "message"}),
        ("code", {"type", "error_code", "error_reason", "error_description"}),
        ("oauth", {"error", "error_description"}),
    ],
)
def test_errors_have_other_spellings_to_order(sandbox: Sandbox, style: Any, keys: set[str]) -> None:
    """`faults.error_style` switches to a spelling that clients must read too."""
    sandbox.faults.error_style = style
    assert set(ask(sandbox, headers={"Authorization": ""}).json()) == keys


def test_the_scope_shows_what_was_granted(caller: Caller) -> None:
    """Unknown scope names are dropped without a word."""
    answer = caller.ask_token(scope="comms:conf:admin nonsense comms:*").json()
    assert answer["scope"] == "comms:conf:admin comms:*"


def test_a_scope_without_media_does_not_open_media(caller: Caller) -> None:
    """A token for Communications is answered 403 by the Media APIs."""
    caller.token = caller.log_in(scope="comms:*")
    answer = caller.get("/media/jobs")
    assert (answer.status_code, answer.json()["type"]) == (403, "/problems/forbidden")


def test_a_token_expires_by_the_sandboxs_clock(caller: Caller, clock: Clock) -> None:
    """Valid until the last second, then exactly the documented answer."""
    caller.token = caller.log_in(expires_in="60")
    clock.move(59.9)
    assert caller.get("/media/jobs").status_code == 200
    clock.move(0.1)
    answer = caller.get("/media/jobs")
    assert answer.status_code == 401
    assert answer.json() == {
        "type": "/problems/access-token-expired",
        "title": "Authentication Failure",
        "status": 401,
        "instance": "/media/jobs",
        "detail": "Access Token expired",
    }


def test_an_older_token_lives_on_beside_a_new_one(caller: Caller) -> None:
    """Nothing says that a new token revokes an old one."""
    old = caller.token
    caller.log_in()
    assert caller.get("/media/jobs").status_code == 200
    assert caller.token == old


@pytest.mark.parametrize("change", ["none", "alg", "signature", "empty"])
def test_an_altered_token_is_not_known(caller: Caller, change: str) -> None:
    """No algorithm to confuse: any change makes it a token never issued."""
    head, claims, signature = caller.token.split(".")
    none = base64.urlsafe_b64encode(b'{"alg":"none","typ":"JWT"}').decode().rstrip("=")
    forged = {
        "none": f"{none}.{claims}.",
        "alg": jwt.encode(jwt.decode(caller.token, options={"verify_signature": False}), "k" * 32),
        "signature": f"{head}.{claims}.{signature[::-1]}",
        "empty": "",
    }
    caller.token = forged[change]
    answer = caller.get("/media/jobs")
    assert (answer.status_code, answer.json()["type"]) == (401, "/problems/authentication-failure")


def test_the_secret_is_no_bearer_token(sandbox: Sandbox, caller: Caller) -> None:
    """A pasted secret in place of a token is refused."""
    caller.token = sandbox.app_secret
    assert caller.get("/media/jobs").status_code == 401


def test_reprs_show_no_secret(sandbox: Sandbox) -> None:
    """Neither the sandbox nor an app shows its secret."""
    app = sandbox.add_app()
    assert app.app_secret not in repr(app)
    assert sandbox.app_secret not in repr(sandbox)
    assert sandbox.app_key not in repr(sandbox)
