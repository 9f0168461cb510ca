"""The whole service as one function from request to response."""

import secrets
from collections.abc import Callable
from dataclasses import replace

from .access import Access
from .apis import APIS
from .apps import App
from .faults import Faults
from .journal import Journal
from .media import Media
from .messages import Request, Response, json_response
from .orders import Orders
from .problems import INTERNAL, NO_METHOD, NOT_FOUND, Problem, media_body, s3_body, token_body
from .storage import Storage

TOKEN_PATH = "/v1/auth/token"  # noqa: S105 - a path
Call = Callable[[App, Request], Response]


class Service:
    """Routes, and the one place where a refusal becomes an answer."""

    def __init__(
        self,
        access: Access,
        media: Media,
        storage: Storage,
        faults: Faults,
        orders: Orders,
        journal: Journal,
    ) -> None:
        self._access = access
        self._storage = storage
        self._faults = faults
        self._orders = orders
        self._journal = journal
        self._routes = _routes(media)

    def handle(self, request: Request) -> Response:
        """Answer a request of either port."""
        if request.path == TOKEN_PATH and request.at == "media":
            request = replace(request, at="token")
        act = self._orders.take(request)
        self._journal.note(request)
        request_id = secrets.token_urlsafe(12)
        try:
            response = act(request, self._serve)
        except Problem as problem:
            response = self._refusal(problem, request, request_id)
        except (ConnectionError, TimeoutError):
            raise  # the client went away in the middle of its request
        except Exception:
            unforeseen = Problem(INTERNAL, "The sandbox met an error of its own")
            response = self._refusal(unforeseen, request, request_id)
        name = "x-amz-request-id" if request.at == "storage" else "Apigw-Requestid"
        return response.with_header(name, request_id)

    def refuse(self, problem: Problem, request: Request) -> Response:
        """The answer to a request that never got as far as `handle`."""
        return self._refusal(problem, request, secrets.token_urlsafe(12))

    def _serve(self, request: Request) -> Response:
        if request.at == "storage":
            return self._storage.handle(request)
        if request.at == "token":
            if request.method != "POST":
                raise Problem(NO_METHOD, "Use POST")
            return self._access.grant(request)
        app = self._access.admit(request)
        methods = self._routes.get(request.path)
        if methods is None:
            raise Problem(NOT_FOUND, "There is no such API")
        if request.method not in methods:
            raise Problem(NO_METHOD, f"Use {' or '.join(methods)}")
        return methods[request.method](app, request)

    def _refusal(self, problem: Problem, request: Request, request_id: str) -> Response:
        answer = self._spelled(problem, request, request_id)
        return answer.with_header("Retry-After", problem.retry_after) if problem.retry_after else answer

    def _spelled(self, problem: Problem, request: Request, request_id: str) -> Response:
        status = problem.row.status
        if request.at == "storage":
            return Response(status, {"Content-Type": "application/xml"}, s3_body(problem, request_id))
        if request.at == "token":
            return json_response(token_body(problem, self._faults.error_style), status)
        return json_response(media_body(problem, request.path), status)


def _routes(media: Media) -> dict[str, dict[str, Call]]:
    jobs: dict[str, dict[str, Call]] = {path: {"POST": media.start, "GET": media.poll} for path in APIS}
    return jobs | {
        "/media/input": {"POST": media.upload_url},
        "/media/output": {"GET": media.download, "POST": media.download_url},
        "/media/jobs": {"GET": media.jobs},
        "/media/jobs/cancel": {"POST": media.cancel},
        "/media/webhooks": {
            "POST": media.add_webhook,
            "PUT": media.change_webhook,
            "GET": media.webhook,
            "DELETE": media.remove_webhook,
        },
    }
