"""The Media calls, one method each, for an app that was let in."""

from .apis import APIS, check
from .apps import App
from .callbacks import Webhooks, passed_headers
from .jobs import JobBook
from .listing import page
from .messages import Request, Response, json_response
from .problems import NOT_FOUND, VALIDATION, Problem
from .storage import Storage
from .store import Store, object_key
from .workshop import Workshop


class Media:
    """What one sandbox answers under `/media`."""

    def __init__(
        self, store: Store, storage: Storage, book: JobBook, workshop: Workshop, webhooks: Webhooks
    ) -> None:
        self._store = store
        self._storage = storage
        self._book = book
        self._workshop = workshop
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
        job = self._book.add(app, request.path, APIS[request.path].version, body, passed)
        self._workshop.take(job)
        return json_response({"job_id": job.job_id})

    def poll(self, app: App, request: Request) -> Response:
        return json_response(self._book.find(app, _job_id(request), request.path).answer())

    def jobs(self, app: App, request: Request) -> Response:
        return json_response(page(self._book.of(app), request.query))

    def cancel(self, app: App, request: Request) -> Response:
        """Whatever the body: Python clients send `{}`, Node's sends none."""
        job = self._book.find(app, _job_id(request))
        self._book.cancel(job)
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
            raise Problem(NOT_FOUND, "There is no such object in temporary storage")
        return key


def _key(url: object) -> str:
    try:
        return object_key(url)
    except ValueError as error:
        raise Problem(VALIDATION, str(error)) from None


def _job_id(request: Request) -> str:
    job_id = request.query.get("job_id")
    if not job_id:
        raise Problem(VALIDATION, "job_id is required")
    return job_id
