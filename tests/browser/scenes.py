"""What the panel can be asked to show, by name: the values of its traits, times relative to now."""

import time
from typing import Any

from dolbyio_nb.auth.login_options import LIVES

LOGGED_OUT = {
    "state": "logged out",
    "source": "",
    "key_hint": "",
    "expires_at": None,
    "renews_at": None,
    "next_try": None,
    "life": None,
    "last_error": "",
    "sandbox": False,
    "note": "",
}
UNREACHABLE = (
    "No token could be had.\nThe service at api.dolby.io did not answer within 10 s.\nCheck the network."
)
REFUSED = (
    "The service refuses this App key and App secret.\n"
    "https://api.dolby.io/v1/auth/token answered 401.\n"
    "Check both values at dashboard.dolby.io."
)
BINDER = (
    "This notebook runs on other people's servers. Do not type a secret here that you would not show them."
)


def traits(**changed: Any) -> dict[str, Any]:
    """The panel's traits, logged out unless `changed` says otherwise."""
    usual = {
        "status": LOGGED_OUT,
        "doing": "",
        "error": "",
        "done": "",
        "now": time.time() - 60,  # as in a page that is opened again: the kernel is asked at once
        "found": "",
        "sandbox_offer": True,
        "warning": "",
        "lives": list(LIVES.items()),
        "expires_in": 1800,
        "save": False,
    }
    return usual | changed


def logged_in(**changed: Any) -> dict[str, Any]:
    """A status with a token that has 27:41 of its 30 minutes left."""
    now = time.time()
    usual = {
        "state": "fresh",
        "source": ".env at ~/work/.env",
        "key_hint": "dGVz…",
        "expires_at": now + 1661,
        "renews_at": now + 1200,
        "life": 1800,
    }
    return LOGGED_OUT | usual | changed


def scenes() -> dict[str, dict[str, Any]]:
    """Every face of the panel; "link" is what the kernel does: answers, stays silent or is gone."""
    now = time.time()
    return {
        "form": traits(),
        "form with everything": traits(found=".env at ~/work/.env", warning=BINDER),
        "form after an error": traits(error=REFUSED),
        "logging in": traits(doing="login"),
        "fresh": traits(status=logged_in()),
        "sandbox": traits(status=logged_in(source="the sandbox", sandbox=True)),
        "with a note": traits(
            status=logged_in(note="The name dolby_token holds something of yours and was left alone.")
        ),
        "renewing": traits(status=logged_in(state="renewing")),
        "due": traits(status=logged_in(state="stale", renews_at=None)),
        "failing": traits(
            status=logged_in(
                state="stale", expires_at=now + 312, renews_at=None, next_try=now + 21, last_error=UNREACHABLE
            )
        ),
        "failing early": traits(status=logged_in(next_try=now + 4, last_error=UNREACHABLE)),
        "refused": traits(
            status=logged_in(
                state="refused", expires_at=now + 312, renews_at=None, next_try=now + 60, last_error=REFUSED
            )
        ),
        "expired": traits(status=logged_in(state="stale", expires_at=now - 60, renews_at=None)),
        "silent": traits(status=logged_in()) | {"link": "silent"},
        "gone": traits(status=logged_in()) | {"link": "gone"},
        "form, gone": traits() | {"link": "gone"},
    }
