"""Log in to Dolby.io from a notebook, and explore sound with its Media APIs.

    %load_ext dolbyio_nb
    %dolby_login

or, in plain Python:

    from dolbyio_nb import login
    dolby = login()
    better = dolby.media.enhance("talk.wav").result()
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from dolbyio_nb._version import __version__

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from dolbyio_nb.auth.access_token import AccessToken
    from dolbyio_nb.auth.credentials import AppCredentials
    from dolbyio_nb.auth.keeper import TokenKeeper
    from dolbyio_nb.client import Dolby, login
    from dolbyio_nb.errors import (
        ApiError,
        BatchError,
        CredentialsError,
        CredentialsNotFound,
        DolbyError,
        InvalidOption,
        InvalidRequest,
        JobCancelled,
        JobError,
        JobFailed,
        JobTimeout,
        MissingPackage,
        NotFound,
        NotLoggedIn,
        NotSent,
        RateLimited,
        ServiceUnavailable,
        SoundError,
        SoundTooLarge,
        SoundUnreadable,
        SoundUnwritable,
        SourceNotFound,
        TokenError,
        TokenRefused,
        TokenUnavailable,
        TransferError,
        Unauthorized,
    )
    from dolbyio_nb.notebook.panel import login_panel

__all__ = [
    "AccessToken",
    "ApiError",
    "AppCredentials",
    "BatchError",
    "CredentialsError",
    "CredentialsNotFound",
    "Dolby",
    "DolbyError",
    "InvalidOption",
    "InvalidRequest",
    "JobCancelled",
    "JobError",
    "JobFailed",
    "JobTimeout",
    "MissingPackage",
    "NotFound",
    "NotLoggedIn",
    "NotSent",
    "RateLimited",
    "ServiceUnavailable",
    "SoundError",
    "SoundTooLarge",
    "SoundUnreadable",
    "SoundUnwritable",
    "SourceNotFound",
    "TokenError",
    "TokenKeeper",
    "TokenRefused",
    "TokenUnavailable",
    "TransferError",
    "Unauthorized",
    "__version__",
    "login",
    "login_panel",
]

_HOMES = {
    "AccessToken": "auth.access_token",
    "AppCredentials": "auth.credentials",
    "Dolby": "client",
    "TokenKeeper": "auth.keeper",
    "login": "client",
    "login_panel": "notebook.panel",
}


def __getattr__(name: str) -> Any:
    """Load a public name when it is first used (PEP 562), so that the import itself costs nothing."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES.get(name, 'errors')}"), name)


def load_ipython_extension(shell: "InteractiveShell") -> None:
    """Add the magics, for `%load_ext dolbyio_nb`."""
    from dolbyio_nb.notebook.extension import load

    load(shell)


def unload_ipython_extension(shell: "InteractiveShell") -> None:
    """Log out and take everything back, for `%unload_ext dolbyio_nb`."""
    from dolbyio_nb.notebook.extension import unload

    unload(shell)
