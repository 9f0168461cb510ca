"""Webhooks, sent when jobs end."""

import json
import threading
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from dolbyio_nb.sandbox.accounts import App
from dolbyio_nb.sandbox.http_error import CONFLICT, NOT_FOUND, VALIDATION, HttpError, JobFailure
from dolbyio_nb.sandbox.job_files import local_url, post
from dolbyio_nb.sandbox.job_runner import WorkerPool
from dolbyio_nb.sandbox.jobs import JobRecord
from dolbyio_nb.sandbox.routes import callback_place

JOB_ID_HEADER = "x-job-id"
_NOT_PASSED_ON = frozenset({"authorization", "host", "content-length", "transfer-encoding", "connection"})


@dataclass(frozen=True)
class WebhookRecord:
    """One registered address."""

    webhook_id: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)

    def answer(self) -> dict[str, Any]:
        callback = {"url": self.url, "headers": dict(self.headers)}
        return {"webhook_id": self.webhook_id, "callback": callback}


class Webhooks:
    """One webhook per app."""

    def __init__(self) -> None:
        self._hooks: dict[str, WebhookRecord] = {}
        self._lock = threading.Lock()

    def add(self, app: App, body: Mapping[str, Any]) -> WebhookRecord:
        hook = _webhook(f"webhook-{uuid.uuid4().hex}", body)
        with self._lock:
            if app.app_key in self._hooks:
                raise HttpError(CONFLICT, "This app has a webhook already; change it with PUT")
            self._hooks[app.app_key] = hook
        return hook

    def change(self, app: App, webhook_id: str | None, body: Mapping[str, Any]) -> WebhookRecord:
        hook = replace(_webhook("", body), webhook_id=self.find(app, webhook_id).webhook_id)
        with self._lock:
            self._hooks[app.app_key] = hook
        return hook

    def remove(self, app: App, webhook_id: str | None) -> WebhookRecord:
        hook = self.find(app, webhook_id)
        with self._lock:
            self._hooks.pop(app.app_key, None)
        return hook

    def find(self, app: App, webhook_id: str | None) -> WebhookRecord:
        hook = self._hooks.get(app.app_key)
        if hook is None or webhook_id != hook.webhook_id:
            raise HttpError(NOT_FOUND, "There is no such webhook")
        return hook

    def of(self, app: App) -> WebhookRecord | None:
        return self._hooks.get(app.app_key)


class WebhookSender:
    """Calls the addresses that wait for a job, once each, from a thread of its own."""

    def __init__(self, webhooks: Webhooks) -> None:
        self._webhooks = webhooks
        self._pool: WorkerPool | None = None

    def start(self) -> None:
        self._pool = WorkerPool("callbacks", 1)

    def stop(self) -> None:
        if self._pool:
            self._pool.stop(0.2)

    def notify(self, job: JobRecord) -> None:
        """Queue the calls for a job that has ended."""
        event = json.dumps({"job_id": job.job_id, **job.answer()})
        if hook := self._webhooks.of(job.app):
            self._send(hook.url, event, hook.headers)
        for place in callback_place(job.body):
            self._send(place.url, _own_body(job) or event, _callback_headers(job))

    def _send(self, url: str, body: str, headers: Mapping[str, str]) -> None:
        if self._pool:
            self._pool.submit(lambda: _deliver(url, body, headers))


def passed_headers(on_complete: object, headers: Mapping[str, str]) -> dict[str, str]:
    """The headers of the callback: a list names some of the starting request's, a map gives them whole."""
    wanted = on_complete.get("headers") if isinstance(on_complete, Mapping) else None
    if isinstance(wanted, Mapping):
        return _text_headers(wanted)
    if not isinstance(wanted, list):
        return {}
    names = [name for name in wanted if isinstance(name, str) and name.lower() not in _NOT_PASSED_ON]
    return {name: headers[name.lower()] for name in names if name.lower() in headers}


def _callback_headers(job: JobRecord) -> dict[str, str]:
    """Where the list names `x-job-id`, it is the job's id, whatever the starting request called so."""
    on_complete = job.body["on_complete"]
    wanted = on_complete.get("headers") if isinstance(on_complete, Mapping) else None
    headers = {name: value for name, value in job.passed_headers.items() if name.lower() != JOB_ID_HEADER}
    if isinstance(wanted, list) and any(str(name).lower() == JOB_ID_HEADER for name in wanted):
        return {**headers, JOB_ID_HEADER: job.job_id}
    return dict(job.passed_headers)


def _own_body(job: JobRecord) -> str | None:
    on_complete = job.body["on_complete"]
    own = on_complete.get("body") if isinstance(on_complete, Mapping) else None
    return own if isinstance(own, str) else None


def _webhook(webhook_id: str, body: Mapping[str, Any]) -> WebhookRecord:
    callback = body.get("callback")
    if not isinstance(callback, Mapping) or not isinstance(callback.get("url"), str):
        raise HttpError(VALIDATION, "callback is required: an object with url")
    try:
        local_url(callback["url"])
    except JobFailure as reason:
        raise HttpError(VALIDATION, f"callback.url: {reason}") from None
    headers = callback.get("headers")
    return WebhookRecord(
        webhook_id, callback["url"], _text_headers(headers if isinstance(headers, Mapping) else {})
    )


def _text_headers(headers: Mapping[Any, Any]) -> dict[str, str]:
    return {
        str(name): str(value) for name, value in headers.items() if str(name).lower() not in _NOT_PASSED_ON
    }


def _deliver(url: str, body: str, headers: Mapping[str, str]) -> None:
    """One try; nobody waits for the outcome, as with the service."""
    try:
        post(url, body.encode(), {"Content-Type": "application/json", **headers})
    except (JobFailure, ValueError):
        return
