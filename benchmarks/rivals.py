"""The libraries compared: how each is asked for a token, and how it makes an authenticated call."""

import threading
from datetime import UTC, datetime, timedelta
from importlib.metadata import version

import requests

KEY, SECRET = "app-key", "app-secret"


class Ours:
    """This package, as it comes."""

    name, distribution = "dolbyio_nb", "dolbyio_nb"
    renewal_due_life = 100  # seconds of life with which a token is due for renewal, and good for much longer

    def __init__(self, url):
        from dolbyio_nb._util import clock
        from dolbyio_nb.auth.bearer import BearerAuth
        from dolbyio_nb.auth.credentials import AppCredentials
        from dolbyio_nb.auth.keeper import TokenKeeper
        from dolbyio_nb.auth.token_request import TokenRequest
        from dolbyio_nb.http.session import open_session

        self.older = 0.0
        now = lambda: clock.now() + self.older  # noqa: E731
        request = TokenRequest(AppCredentials(KEY, SECRET), url, clock=now)
        self.keeper = TokenKeeper(request, identity=request.identity, clock=now)
        self.token, self.token_async = self.keeper.token, self.keeper.token_async
        self.before_cell, self.portable = self.keeper.before_cell, self.keeper
        self.session = open_session(BearerAuth(self.keeper, [url]))

    def make_due(self):
        """Bring the token to the age at which it is renewed."""
        self.older += 0.851 * self.renewal_due_life - 1

    def token_of(self, keeper):
        """The token of a copy."""
        return keeper.token()

    def hot(self):
        """The call that is made each time, with the clock that is made for it."""
        return type(self.keeper)(self.keeper.token).token


class Google:
    """google-auth: credentials of one's own, as its documents show; renewal in the background."""

    name = distribution = "google-auth"
    renewal_due_life = 100  # its threshold is 3 min 45 s

    def __init__(self, url):
        import google.auth.credentials
        import google.auth.exceptions
        from google.auth.transport.requests import AuthorizedSession, Request

        class Credentials(google.auth.credentials.Credentials):
            def refresh(self, request):
                answer = request(
                    f"{url}/v1/auth/token", "POST", body=b"grant_type=client_credentials", headers=basic()
                )
                if answer.status != 200:
                    raise google.auth.exceptions.RefreshError(str(answer.status))
                import json

                body = json.loads(answer.data)
                self.token = body["access_token"]
                self.expiry = datetime.now(UTC).replace(tzinfo=None) + timedelta(seconds=body["expires_in"])

        globals()["Credentials"], Credentials.__qualname__ = Credentials, "Credentials"  # so that it pickles
        self.credentials, self.request = Credentials(), Request()
        self.credentials.with_non_blocking_refresh()
        self.session, self.portable = AuthorizedSession(self.credentials), self.credentials

    def token(self):
        """A header made ready is its way to say valid."""
        return self.token_of(self.credentials)

    def token_of(self, credentials):
        headers = {}
        credentials.before_request(self.request, "GET", "https://x", headers)
        return headers["authorization"].removeprefix("Bearer ")

    def hot(self):
        return self.token

    def make_due(self):
        pass


class Databricks:
    """databricks-sdk: client credentials, with its asynchronous renewal switched on."""

    name = distribution = "databricks-sdk"
    renewal_due_life = 100

    def __init__(self, url):
        from databricks.sdk.oauth import ClientCredentials

        self.source = ClientCredentials(
            KEY, SECRET, f"{url}/v1/auth/token", use_header=True, disable_async=False
        )
        self.session, self.portable = PlainCalls(self.token), self.source

    def token(self):
        return self.token_of(self.source)

    def token_of(self, source):
        return source.token().access_token

    def hot(self):
        return self.token

    def make_due(self):
        """It renews from half of the life on."""
        self.source._stale_after = datetime.now() - timedelta(seconds=1)


class Authlib:
    """Authlib: its requests session, with client credentials."""

    name = distribution = "Authlib"
    renewal_due_life = 50  # its leeway is 60 s

    def __init__(self, url):
        import warnings

        warnings.simplefilter("ignore")
        from authlib.integrations.requests_client import OAuth2Session

        self.session = OAuth2Session(
            KEY, SECRET, token_endpoint=f"{url}/v1/auth/token", grant_type="client_credentials"
        )
        self.first, self.portable = threading.Lock(), self.session

    def token_of(self, session):
        session.ensure_active_token(session.token)
        return session.token["access_token"]

    def token(self):
        if self.session.token is None:  # the first token has to be fetched by hand
            with self.first:
                if self.session.token is None:
                    self.session.fetch_token()
        return self.token_of(self.session)

    def hot(self):
        return self.token

    def make_due(self):
        pass


class RequestsOAuthlib:
    """requests-oauthlib: fetch_token, and again when it says that the token has expired, as documented."""

    name = distribution = "requests-oauthlib"
    renewal_due_life = 100

    def __init__(self, url):
        import os

        os.environ["OAUTHLIB_INSECURE_TRANSPORT"] = "1"
        from oauthlib.oauth2 import BackendApplicationClient, TokenExpiredError
        from requests_oauthlib import OAuth2Session

        self.expired, self.url = TokenExpiredError, f"{url}/v1/auth/token"
        self.session = OAuth2Session(client=BackendApplicationClient(client_id=KEY))
        self.portable = self.session

    def fetch(self):
        self.session.fetch_token(self.url, client_id=KEY, client_secret=SECRET)

    def token_of(self, session):
        return session._client.add_token("https://x", headers={})[1]["Authorization"].removeprefix("Bearer ")

    def token(self):
        if not self.session.token:
            self.fetch()
        try:
            return self.token_of(self.session)
        except self.expired:
            self.fetch()
            return self.token_of(self.session)

    def hot(self):
        return self.token

    def make_due(self):
        pass


class Botocore:
    """botocore: RefreshableCredentials, whose session token is ours."""

    name = distribution = "botocore"
    renewal_due_life = 700  # advisory renewal from 15 minutes on, mandatory from 10

    def __init__(self, url):
        self.url, self.credentials, self.first = url, None, threading.Lock()
        self.session = PlainCalls(self.token)

    def fetch(self):
        answer = requests.post(
            f"{self.url}/v1/auth/token", {"grant_type": "client_credentials"}, auth=(KEY, SECRET)
        )
        answer.raise_for_status()
        body = answer.json()
        expiry = datetime.now(UTC) + timedelta(seconds=body["expires_in"])
        keys = {"access_key": "a", "secret_key": "b"}
        return {**keys, "token": body["access_token"], "expiry_time": expiry.isoformat()}

    def token(self):
        from botocore.credentials import RefreshableCredentials

        if self.credentials is None:
            with self.first:
                if self.credentials is None:
                    self.credentials = RefreshableCredentials.create_from_metadata(
                        self.fetch(), refresh_using=self.fetch, method="bench"
                    )
        return self.token_of(self.credentials)

    @property
    def portable(self):
        return self.credentials

    def token_of(self, credentials):
        return credentials.get_frozen_credentials().token

    def hot(self):
        self.token()
        credentials = self.credentials
        return lambda: credentials.get_frozen_credentials().token

    def make_due(self):
        pass


class PlainCalls:
    """A call with the token in the header, for libraries that have no session of their own."""

    def __init__(self, token):
        self.token = token

    def request(self, method, url, **options):
        """Send one request."""
        headers = {"Authorization": f"Bearer {self.token()}"}
        return requests.request(method, url, headers=headers, timeout=30, **options)


def basic():
    """The Basic header."""
    from base64 import b64encode

    return {
        "Authorization": "Basic " + b64encode(f"{KEY}:{SECRET}".encode()).decode(),
        "Content-Type": "application/x-www-form-urlencoded",
    }


RIVALS = {rival.name: rival for rival in (Ours, Google, Databricks, Authlib, RequestsOAuthlib, Botocore)}


def versions():
    """The version of each."""
    return {name: version(rival.distribution) for name, rival in RIVALS.items()}
