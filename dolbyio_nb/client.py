"""One log-in: credentials, a token that stays fresh, and the Media APIs behind it."""

import hashlib
import os
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Self

from dolbyio_nb._util.place import no_proxy, variable
from dolbyio_nb._util.threads import brief_interrupt
from dolbyio_nb.auth.access_token import DEFAULT_LIFE, AccessToken
from dolbyio_nb.auth.bearer import BearerAuth, bearer_auth
from dolbyio_nb.auth.credentials import AppCredentials, Finding, find_credentials, read_arguments
from dolbyio_nb.auth.keeper import TokenKeeper
from dolbyio_nb.auth.login_options import LoginOptions
from dolbyio_nb.auth.refresh_state import LoginStatus
from dolbyio_nb.auth.token_request import TokenRequest
from dolbyio_nb.config import Origin, auth_url, is_local, media_url
from dolbyio_nb.errors import CredentialsNotFound, NotLoggedIn
from dolbyio_nb.http import redact
from dolbyio_nb.http.session import open_session
from dolbyio_nb.media.media import Media

if TYPE_CHECKING:
    from dolbyio_nb.sandbox.sandbox import Sandbox


TOKEN_VARIABLE = "DOLBYIO_API_TOKEN"  # noqa: S105 - the variable's name
DELEGATED_LIFE = 600  # seconds; long enough for another program to start and finish a few calls


class Dolby:
    """A log-in to Dolby.io, made by `login()`.

    Attributes:
        media: the Media APIs.
        session: a `requests.Session` that authenticates, repeats what is safe to repeat, and has time limits.
        auth_url, media_url: the origins in use.
    """

    def __init__(self, request: TokenRequest, media_url: str, *, sandbox: "Sandbox | None" = None) -> None:
        self._request: TokenRequest | None = request
        self._sandbox = sandbox
        self._keeper = TokenKeeper(request, identity=request.identity)
        self._about = LoginStatus(
            source=request.credentials.source,
            key_hint=request.credentials.key_hint,
            sandbox=Origin.of(request.auth_url).is_local,
            note=request.credentials.caution,
        )
        self._app = hashlib.sha256(request.credentials.app_key.encode(errors="surrogatepass")).hexdigest()
        self._connect(request.auth_url, media_url)

    def _connect(self, auth_url: str, media_url: str) -> None:
        self.auth_url, self.media_url = auth_url, media_url
        self._auth = BearerAuth(self._keeper, (auth_url, media_url))
        self.session = open_session(self._auth)
        self.media = Media(self.session, media_url)
        self._direct = ExitStack()  # clients of one's own, and curl, go past a proxy to this computer too
        hosts = {Origin.of(url).host for url in (auth_url, media_url) if is_local(url)}
        self._direct.enter_context(no_proxy(hosts))

    @property
    def token(self) -> AccessToken:
        """A token that is valid now, renewed first if need be; see `AccessToken` for how it shows itself.

        Raises:
            NotLoggedIn: after `logout()`.
            TokenError: there is no valid token and none could be had.
        """
        return self._keeper.token()

    async def token_async(self) -> AccessToken:
        """Give a token that is valid now, as `token` does, without blocking the event loop."""
        return await self._keeper.token_async()

    @property
    def auth(self) -> BearerAuth:
        """The authentication alone, for requests, `httpx.Client` and `httpx.AsyncClient` of your own.

        It adds the token for Dolby's hosts only, and sends a request once more when its token is refused.
        """
        if "httpx" in sys.modules and type(self._auth) is BearerAuth:
            self._auth = bearer_auth(self._keeper, (self.auth_url, self.media_url))
        return self._auth

    @property
    def keeper(self) -> TokenKeeper:
        """What keeps the token fresh."""
        return self._keeper

    @brief_interrupt
    def refresh(self) -> AccessToken:
        """Renew the token now, and return the new one."""
        return self._keeper.refresh()

    def status(self) -> LoginStatus:
        """Say how the log-in is doing."""
        return replace(self._about, **vars(self._keeper.status()))

    @brief_interrupt
    def delegate(self, expires_in: int = DELEGATED_LIFE) -> AccessToken:
        """Ask for a separate token of its own life, to hand to another program; the secret stays here.

        It is not renewed, and logging out here does not end it.

        Args:
            expires_in: seconds, 1 to 86400; 600 by default. Give as little as the other program needs.

        Raises:
            InvalidOption: `expires_in` is out of range.
            TokenError: no token could be had.
        """
        if self._request is None:
            raise NotLoggedIn(
                "This log-in cannot make another token.",
                "It was logged out, or it is a copy in another process, which has no App secret.",
                "Delegate where the log-in was made.",
            )
        request = replace(self._request, expires_in=expires_in)
        keeper = TokenKeeper(request)  # which sees to the time limit, and to Ctrl-C
        try:
            return keeper.refresh()
        finally:
            keeper.close()

    @contextmanager
    def environ(self) -> Iterator[None]:
        """Put the token into `os.environ` as `DOLBYIO_API_TOKEN`, for programs started in this block.

        Blocks may overlap: when the last has ended, the variable is as it was before the first.
        """
        with variable(TOKEN_VARIABLE, self.token):
            yield

    def unmasked(self) -> AbstractContextManager[None]:
        """Let a notebook show secrets and tokens in this block, of every log-in; elsewhere they are masked.

        While it is open, what other threads of the kernel put out is not masked either.
        """
        return redact.unmasked()

    def logout(self) -> None:
        """Forget the token and the App secret, and stop renewing. A second call does nothing."""
        self._keeper.close()
        self._request = None
        self.session.close()
        self._direct.close()
        self.media.close()
        if self._sandbox:
            self._sandbox.stop()
            self._sandbox = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.logout()

    def __repr__(self) -> str:
        status = self.status()
        where = "the Dolby.io sandbox" if status.sandbox else "Dolby.io"
        return f"<{where}, App key {status.key_hint} from {status.source}, token {status.state}>"

    def __dask_tokenize__(self) -> tuple[str, ...]:
        """Name this log-in for Dask's keys: the app and the origins, so that a renewal changes none."""
        return "dolbyio_nb.Dolby", self._app, self.auth_url, self.media_url

    def __getstate__(self) -> dict[str, Any]:
        """Travel to another process with the token and what is left of its life, never with the secret."""
        return {
            "keeper": self._keeper,
            "about": self._about,
            "app": self._app,
            "origins": (self.auth_url, self.media_url),
        }

    def __setstate__(self, state: dict[str, Any]) -> None:
        self._request = self._sandbox = None
        self._keeper, self._about, self._app = state["keeper"], state["about"], state["app"]
        self._connect(*state["origins"])


def login(
    app_key: str | None = None,
    app_secret: str | None = None,
    *,
    env_file: str | os.PathLike[str] | None = None,
    profile: str | None = None,
    expires_in: int = DEFAULT_LIFE,
    sandbox: "bool | Sandbox | None" = None,
) -> Dolby:
    """Log in, and return the log-in once a first token is there.

    Args:
        app_key, app_secret: the App's credentials; by default they are looked for in the named file, the
            environment, `.env`, this place's secrets and the keyring, in this order.
        env_file: a file in `.env` format to look in before the environment.
        profile: the same for the file `.env.<profile>`.
        expires_in: seconds of life to ask for each token, 1 to 86400; 1800 by default, as at the service.
        sandbox: True for the embedded sandbox, a running `Sandbox` to use that one, False for never. By
            default `DOLBYIO_SANDBOX` decides: `1` always, `auto` when no credentials are found. It has
            credentials of its own, so others are refused where it is used in any case.

    Raises:
        CredentialsError: no place has both an App key and an App secret.
        InvalidOption: an argument or environment variable has a value that cannot be used.
        TokenRefused: the service refuses the credentials.
        TokenUnavailable: the service cannot be reached.
    """
    given = read_arguments(app_key, app_secret)
    del app_key, app_secret  # a Verbose traceback would show them
    options = LoginOptions(
        env_file=env_file, profile=profile, expires_in=expires_in, sandbox=sandbox, typed=False
    )
    if given.holds_something:
        options.refuse_given()
    return log_in(options, given)


def log_in(options: LoginOptions, given: Finding | None = None) -> Dolby:
    """Log in with what was given or is found, or to the sandbox; see `login()`."""
    if options.sandbox_mode == "1":
        return _open_sandbox(options)
    try:
        credentials = find_credentials(given, env_file=options.env_file, profile=options.profile)
    except CredentialsNotFound:
        if options.sandbox_mode != "auto":
            raise
        return _open_sandbox(options)
    return enter(credentials, options)


def enter(credentials: AppCredentials, options: LoginOptions) -> Dolby:
    """Log in with these credentials, at the origins that their file names or at those in use."""
    auth, media = credentials.origins or (auth_url(), media_url())
    return _checked(Dolby(TokenRequest(credentials, auth, options.expires_in), media))


def _open_sandbox(options: LoginOptions) -> Dolby:
    from dolbyio_nb.sandbox.sandbox import Sandbox

    given = options.sandbox
    running = given if isinstance(given, Sandbox) else Sandbox()
    running.start()
    credentials = AppCredentials(running.app_key, running.app_secret, "the sandbox")
    request = TokenRequest(credentials, running.auth_url, options.expires_in)
    return _checked(Dolby(request, running.media_url, sandbox=None if running is given else running))


def _checked(dolby: Dolby) -> Dolby:
    try:
        dolby.refresh()  # which fails at the first failure, as a person who waits would like
    except BaseException:
        dolby.logout()
        raise
    return dolby
