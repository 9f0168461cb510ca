"""The names in the namespace hold what is valid, and never take away what is somebody else's."""

from collections.abc import Callable
from typing import Any

import pytest

from dolbyio_nb.auth.access_token import AccessToken
from dolbyio_nb.errors import NotLoggedIn
from dolbyio_nb.notebook.namespace import LoginPlaceholder, NamespaceBinding

OLD, NEW = AccessToken("old-token-0123456789"), AccessToken("new-token-0123456789")


def test_token_is_rebound() -> None:
    """A renewal puts the new token under the name."""
    space: dict[str, Any] = {}
    names = NamespaceBinding(space, "dolby", "dolby_token")
    names.renew(OLD)
    names.renew(NEW)
    assert space["dolby_token"] is NEW


def test_users_own_variable_is_left_alone() -> None:
    """What the user put under a name stays there, and the note says so until it is gone."""
    space = {"dolby_token": "mine"}
    names = NamespaceBinding(space, "dolby", "dolby_token")  # type: ignore[arg-type]
    names.renew(NEW)
    assert space["dolby_token"] == "mine"
    assert "dolby_token" in names.note
    del space["dolby_token"]
    names.renew(NEW)
    assert space["dolby_token"] is NEW
    assert names.note == ""


def test_clear_removes_only_ours() -> None:
    """Logging out removes our names, and nothing that the user put under one."""
    space = {"other": 1}
    names = NamespaceBinding(space, "dolby", "dolby_token")  # type: ignore[arg-type]
    names.expect()
    space["dolby"] = "mine"  # type: ignore[assignment]
    names.clear()
    assert space == {"other": 1, "dolby": "mine"}


@pytest.mark.parametrize(
    "use",
    [
        lambda x: x.media,
        lambda x: f"Bearer {x}",
        lambda x: "Bearer " + x,
        lambda x: str(x),
        lambda x: bool(x),
        lambda x: x.encode(),
    ],
)
def test_using_a_name_too_early_says_so(
    use: Callable[..., Any] | Callable[..., bool] | Callable[..., str],
) -> None:
    """Whatever uses a name before the log-in is done raises NotLoggedIn; looking at it does not."""
    assert repr(LoginPlaceholder()) == "<not logged in yet>"
    with pytest.raises(NotLoggedIn, match="form"):
        use(LoginPlaceholder())
