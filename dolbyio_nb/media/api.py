"""One call to the Media API: its answer as JSON, or an error that says what to do."""

from typing import Any
from urllib.parse import urlsplit

import requests

from dolbyio_nb.errors import ApiError, Problem, ServiceUnavailable
from dolbyio_nb.interrupts import brief_interrupt
from dolbyio_nb.media.refusals import NotSent, maybe_started, no_answer, no_json, refusal
from dolbyio_nb.problems import read_problem


class Api:
    """The Media API at one origin, called through a session that adds the token."""

    def __init__(self, session: requests.Session, origin: str) -> None:
        self._session, self.origin = session, origin.rstrip("/")

    def __repr__(self) -> str:
        return f"<{type(self).__name__} at {self.origin}>"

    def get(self, path: str, **query: str | None) -> Any:
        """Read something."""
        return self._call("GET", path, query)

    def post(self, path: str, body: dict[str, Any] | None = None, **query: str | None) -> Any:
        """Ask for something; an empty body is sent as `{}`, which the service wants."""
        return self._call("POST", path, query, body or {})

    def put(self, path: str, body: dict[str, Any], **query: str | None) -> Any:
        """Replace something."""
        return self._call("PUT", path, query, body)

    def delete(self, path: str, **query: str | None) -> Any:
        """Remove something."""
        return self._call("DELETE", path, query)

    def start(self, path: str, body: dict[str, Any]) -> str:
        """Start a job and give its id; asked once only, since asking twice could start and bill two jobs."""
        try:
            answer = self.post(path, body)
        except NotSent:
            raise
        except ServiceUnavailable as error:
            raise maybe_started(path, error.problem) from None
        job_id = answer.get("job_id") if isinstance(answer, dict) else None
        if isinstance(job_id, str) and job_id:
            return job_id
        raise maybe_started(path, Problem(200, "An answer without a job id"))

    @brief_interrupt
    def _call(self, method: str, path: str, query: dict[str, str | None], body: Any = None) -> Any:
        answer = self._ask(method, path, query, body)
        if isinstance(answer, ApiError):
            raise answer
        return answer

    def _ask(self, method: str, path: str, query: dict[str, str | None], body: Any) -> Any:
        """Give the answer's JSON, or the error to raise: raised here, its frame would hold the token."""
        call, host = f"{method} {path}", urlsplit(self.origin).netloc
        headers = {"Accept": "application/json"}
        try:
            response = self._session.request(
                method, self.origin + path, params=query, json=body, headers=headers
            )
        except requests.RequestException as error:
            return no_answer(call, host, error)
        if not response.ok:
            return refusal(call, host, read_problem(response))
        try:
            return response.json()
        except (ValueError, RecursionError):
            return no_json(call, read_problem(response))
