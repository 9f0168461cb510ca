"""Namespace bindings: the names that a log-in has in the notebook."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, NoReturn

from dolbyio_nb.auth.access_token import AccessToken
from dolbyio_nb.errors import NotLoggedIn

if TYPE_CHECKING:
    from dolbyio_nb.client import Dolby


class LoginPlaceholder:
    """Stands under a name until the log-in is done: using it raises NotLoggedIn, which stops Run All."""

    def _refuse(self, *_: object) -> NoReturn:
        raise NotLoggedIn(
            "There is no log-in.",
            "The form is waiting to be filled in.",
            "Log in there, then run this cell again.",
        )

    __add__ = __radd__ = __call__ = __getitem__ = __iter__ = __len__ = _refuse
    __bool__ = __float__ = __int__ = __bytes__ = _refuse

    def __format__(self, spec: str) -> str:
        self._refuse()

    def __str__(self) -> str:
        self._refuse()

    def __getattr__(self, name: str) -> NoReturn:
        self._refuse()

    def __repr__(self) -> str:
        return "<not logged in yet>"


class NamespaceBinding:
    """Binds names in a namespace, and never touches what somebody else has put under one.

    Args:
        namespace: the kernel's variables.
        client, token: the two names to bind.
    """

    def __init__(self, namespace: dict[str, object], client: str, token: str) -> None:
        self._namespace = namespace
        self._client, self._token = client, token
        self.taken: set[str] = set()
        self._reported: set[str] = set()

    def expect(self) -> None:
        """Bind both names to something that asks for the log-in."""
        self._bind(self._client, LoginPlaceholder())
        self._bind(self._token, LoginPlaceholder())

    def bind(self, dolby: Dolby, token: AccessToken) -> None:
        """Bind both names."""
        self._bind(self._client, dolby)
        self._bind(self._token, token)

    def renew(self, token: AccessToken) -> None:
        """Bind the token's name to a newer token."""
        self._bind(self._token, token)

    def clear(self) -> None:
        """Remove both names, where they are still ours."""
        for name in (self._client, self._token):
            if _is_ours(self._namespace.get(name)):
                del self._namespace[name]

    @property
    def missing(self) -> set[str]:
        """The names that are nobody's at present."""
        return {self._client, self._token} - set(self._namespace)

    def lost(self) -> str:
        """Name those that went missing since the last question, "" for none."""
        new, self._reported = self.missing - self._reported, self.missing
        return " and ".join(sorted(new))

    @property
    def note(self) -> str:
        """Say which names were left alone because somebody else uses them."""
        names = " and ".join(sorted(self.taken))
        return f"{names}: your own variable, left alone" if names else ""

    def _bind(self, name: str, value: object) -> None:
        if name in self._namespace and not _is_ours(self._namespace[name]):
            self.taken.add(name)
        else:
            self.taken.discard(name)
            self._namespace[name] = value


def _is_ours(value: object) -> bool:
    client = sys.modules.get("dolbyio_nb.client")  # not loaded for the question: it would load requests
    return isinstance(value, (AccessToken, LoginPlaceholder, *([client.Dolby] if client else [])))
