"""Service: from a request to its response."""

import secrets
from collections.abc import Callable
from dataclasses import replace

from dolbyio_nb.sandbox.accounts import App
from dolbyio_nb.sandbox.authentication import Authentication
from dolbyio_nb.sandbox.faults import Faults, Rules
from dolbyio_nb.sandbox.http_error import (
    INTERNAL,
    NO_METHOD,
    NOT_FOUND,
    VALIDATION,
    HttpError,
    media_body,
    s3_body,
    token_body,
)
from dolbyio_nb.sandbox.http_messages import Request, RequestLog, Response, json_response
from dolbyio_nb.sandbox.job_runner import JobRunner
from dolbyio_nb.sandbox.jobs import JobRecords, page, usage
from dolbyio_nb.sandbox.routes import ENDPOINTS, check
from dolbyio_nb.sandbox.storage import ObjectStore, StorageRoutes, object_key
from dolbyio_nb.sandbox.webhooks import Webhooks, passed_headers

METHODS = "GET, POST, PUT, DELETE"
EXPOSED = "ETag, Apigw-Requestid, x-amz-request-id"
USUAL = "authorization, content-type"


def preflight(request: Request) -> Response | None:
    """The answer to a browser that asks before it calls; None for any other request."""
    if request.method != "OPTIONS" or "access-control-request-method" not in request.headers:
        return None
    wanted = request.headers.get("access-control-request-headers", USUAL)
    headers = {
        "Access-Control-Allow-Methods": METHODS,
        "Access-Control-Allow-Headers": wanted,
        "Access-Control-Max-Age": "600",
    }
    return allowed(request, Response(204, headers))


def allowed(request: Request, response: Response) -> Response:
    """The answer with leave for the page that asked, if a page did."""
    origin = request.headers.get("origin")
    if not origin or not origin.isprintable():
        return response
    leave = {
        "Access-Control-Allow-Origin": origin,
        "Access-Control-Expose-Headers": EXPOSED,
        "Vary": "Origin",
    }
    return replace(response, headers={**response.headers, **leave})


TOKEN_PATH = "/v1/auth/token"  # noqa: S105 - a path
RETIRED_TOKEN_PATH = "/media/oauth2/token"  # noqa: S105 - a path
Call = Callable[[App, Request], Response]


class MediaRoutes:
    """What one sandbox answers under `/media`."""

    def __init__(
        self,
        store: ObjectStore,
        storage: StorageRoutes,
        jobs: JobRecords,
        runner: JobRunner,
        webhooks: Webhooks,
    ) -> None:
        self._store = store
        self._storage = storage
        self._jobs = jobs
        self._runner = runner
        self._webhooks = webhooks

    def upload_url(self, app: App, request: Request) -> Response:
        key = _key(request.json().get("url"))
        return json_response({"url": self._storage.presign("PUT", app, key)})

    def download_url(self, app: App, request: Request) -> Response:
        key = self._stored_key(app, request.json().get("url"))
        return json_response({"url": self._storage.presign("GET", app, key)})

    def download(self, app: App, request: Request) -> Response:
        key = self._stored_key(app, request.query.get("url"))
        return Response(302, {"Location": self._storage.presign("GET", app, key)})

    def start(self, app: App, request: Request) -> Response:
        body = request.json()
        check(request.path, body)
        passed = passed_headers(body.get("on_complete"), request.headers)
        job = self._jobs.add(app, request.path, ENDPOINTS[request.path].version, body, passed)
        self._runner.submit(job)
        return json_response({"job_id": job.job_id})

    def poll(self, app: App, request: Request) -> Response:
        return json_response(self._jobs.find(app, _job_id(request), request.path).answer())

    def jobs(self, app: App, request: Request) -> Response:
        return json_response(page(self._jobs, app, request.query))

    def usage(self, app: App, request: Request) -> Response:
        return json_response(usage(self._jobs, app, request.query))

    def cancel(self, app: App, request: Request) -> Response:
        """Whatever the body: Python clients send `{}`, Node's sends none."""
        job = self._jobs.find(app, _job_id(request))
        self._jobs.cancel(job)
        detail = "The job has ended already" if job.ended else "An attempt to cancel the job will be made"
        return json_response({"status": 200, "title": "Cancel request accepted", "detail": detail})

    def add_webhook(self, app: App, request: Request) -> Response:
        return json_response({"webhook_id": self._webhooks.add(app, request.json()).webhook_id})

    def change_webhook(self, app: App, request: Request) -> Response:
        hook = self._webhooks.change(app, request.query.get("id"), request.json())
        return json_response({"webhook_id": hook.webhook_id})

    def remove_webhook(self, app: App, request: Request) -> Response:
        hook = self._webhooks.remove(app, request.query.get("id"))
        return json_response({"webhook_id": hook.webhook_id})

    def webhook(self, app: App, request: Request) -> Response:
        """With `id` the one object that Dolby's clients read, without it the list that the how-to shows."""
        if "id" in request.query:
            return json_response(self._webhooks.find(app, request.query["id"]).answer())
        hook = self._webhooks.of(app)
        return json_response([hook.answer()] if hook else [])

    def _stored_key(self, app: App, url: object) -> str:
        key = _key(url)
        if self._store.find(app, key) is None:
            raise HttpError(NOT_FOUND, "There is no such object in temporary storage")
        return key


def _key(url: object) -> str:
    try:
        return object_key(url)
    except ValueError as error:
        raise HttpError(VALIDATION, str(error)) from None


def _job_id(request: Request) -> str:
    job_id = request.query.get("job_id")
    if not job_id:
        raise HttpError(VALIDATION, "job_id is required")
    return job_id


class Service:
    """Routes, and the one place where a refusal becomes an answer."""

    def __init__(
        self,
        authentication: Authentication,
        media: MediaRoutes,
        storage: StorageRoutes,
        faults: Faults,
        rules: Rules,
        request_log: RequestLog,
        *,
        cors: bool = False,
    ) -> None:
        self._authentication = authentication
        self._storage = storage
        self._faults = faults
        self._rules = rules
        self._request_log = request_log
        self._cors = cors
        self._routes = _routes(media)

    def handle(self, request: Request) -> Response:
        """Answer a request of either port."""
        if not self._cors:
            return self._handle(request)
        return preflight(request) or allowed(request, self._handle(request))

    def _handle(self, request: Request) -> Response:
        if request.path == TOKEN_PATH and request.at == "media":
            request = replace(request, at="token")
        act = self._rules.take(request)
        self._request_log.note(request)
        request_id = secrets.token_urlsafe(12)
        try:
            response = act(request, self._serve)
        except HttpError as error:
            response = self._refusal(error, request, request_id)
        except (ConnectionError, TimeoutError):
            raise  # the client went away in the middle of its request
        except Exception:
            unforeseen = HttpError(INTERNAL, "The sandbox met an error of its own")
            response = self._refusal(unforeseen, request, request_id)
        name = "x-amz-request-id" if request.at == "storage" else "Apigw-Requestid"
        return response.with_header(name, request_id)

    def refuse(self, error: HttpError, request: Request) -> Response:
        """The answer to a request that never got as far as `handle`."""
        return self._refusal(error, request, secrets.token_urlsafe(12))

    def _serve(self, request: Request) -> Response:
        if request.at == "storage":
            return self._storage.handle(request)
        if request.at == "token":
            if request.method != "POST":
                raise HttpError(NO_METHOD, "Use POST")
            return self._authentication.issue_token(request)
        if request.path == RETIRED_TOKEN_PATH:
            raise HttpError(NOT_FOUND, f"{RETIRED_TOKEN_PATH} is retired: ask POST {TOKEN_PATH} for a token")
        app = self._authentication.authenticate(request)
        methods = self._routes.get(request.path)
        if methods is None:
            raise HttpError(NOT_FOUND, "There is no such API")
        if request.method not in methods:
            raise HttpError(NO_METHOD, f"Use {' or '.join(methods)}")
        return methods[request.method](app, request)

    def _refusal(self, error: HttpError, request: Request, request_id: str) -> Response:
        answer = self._spelled(error, request, request_id)
        return answer.with_header("Retry-After", error.retry_after) if error.retry_after else answer

    def _spelled(self, error: HttpError, request: Request, request_id: str) -> Response:
        status = error.row.status
        if request.at == "storage":
            return Response(status, {"Content-Type": "application/xml"}, s3_body(error, request_id))
        if request.at == "token":
            return json_response(token_body(error, self._faults.error_style), status)
        return json_response(media_body(error, request.path), status)


def _routes(media: MediaRoutes) -> dict[str, dict[str, Call]]:
    jobs: dict[str, dict[str, Call]] = {path: {"POST": media.start, "GET": media.poll} for path in ENDPOINTS}
    return jobs | {
        "/media/input": {"POST": media.upload_url},
        "/media/output": {"GET": media.download, "POST": media.download_url},
        "/media/jobs": {"GET": media.jobs},
        "/media/jobs/cancel": {"POST": media.cancel},
        "/media/usage": {"GET": media.usage},
        "/media/webhooks": {
            "POST": media.add_webhook,
            "PUT": media.change_webhook,
            "GET": media.webhook,
            "DELETE": media.remove_webhook,
        },
    }
