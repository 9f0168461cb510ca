"""The application's webhook: an address that the service calls at the end of every job."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from dolbyio_nb.errors import NotFound
from dolbyio_nb.http.redact import scrub
from dolbyio_nb.media.api import Api, dig, opaque
from dolbyio_nb.media.locations import shown

PATH = "/media/webhooks"


@dataclass(frozen=True)
class WebhookInfo:
    """A webhook as the service has it. Its headers may be secrets, so they are not shown."""

    id: str
    url: str = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)

    def __str__(self) -> str:
        return scrub(f"{self.id} calling {shown(self.url)}")


class Webhook:
    """The one webhook that an application can have."""

    def __init__(self, api: Api) -> None:
        self._api = api

    def get(self, webhook_id: str | None = None) -> WebhookInfo | None:
        """Give the webhook, or None when there is none."""
        try:
            answer = self._api.get(PATH, id=webhook_id)
        except NotFound:
            return None
        # The service's how-to shows a list, its clients read one object.
        return _read(next(iter(answer), None) if isinstance(answer, list) else answer)

    def set(self, url: str, headers: Mapping[str, str] | None = None) -> str:
        """Have the service POST every job's end to `url`, in place of what was set before; gives the id."""
        body = {"callback": {"url": url, "headers": dict(headers or {})}}
        known = self.get()
        answer = self._api.put(PATH, body, id=known.id) if known else self._api.post(PATH, body)
        return opaque(dig(answer, "webhook_id")) or (known.id if known else "")

    def delete(self, webhook_id: str | None = None) -> None:
        """Remove the webhook; nothing happens when there is none."""
        known = webhook_id or getattr(self.get(), "id", None)
        if known:
            self._api.delete(PATH, id=known)


def _read(raw: object) -> WebhookInfo | None:
    webhook_id = opaque(dig(raw, "webhook_id"))
    if not webhook_id:
        return None
    headers = dig(raw, "callback", "headers")
    return WebhookInfo(
        webhook_id,
        opaque(dig(raw, "callback", "url")),
        {str(name): str(value) for name, value in headers.items()} if isinstance(headers, Mapping) else {},
    )
