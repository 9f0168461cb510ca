"""Error tree: everything that can go wrong, in one to three lines a person can act on.

DolbyError
├── NotLoggedIn             there is no log-in to use               (RuntimeError)
├── CredentialsError        a key or secret cannot be used          (ValueError)
│   └── CredentialsNotFound     no source has them                  (LookupError)
├── InvalidOption           an option or setting cannot be that     (ValueError)
├── TokenError              no token could be had
│   ├── TokenRefused            the service said no                 (PermissionError)
│   └── TokenUnavailable        the service did not answer          (ConnectionError)
├── ApiError                a Media API call had an error for an answer, or none
│   ├── InvalidRequest          400                                 (ValueError)
│   ├── Unauthorized            401, 403                            (PermissionError)
│   ├── NotFound                404                                 (LookupError)
│   ├── RateLimited             429
│   └── ServiceUnavailable      5xx, or no answer                   (ConnectionError)
│       └── NotSent                 it never reached the service
├── TransferError           an upload or download broke             (OSError)
│   └── SourceNotFound          there is no such file               (FileNotFoundError)
├── SoundError              a file cannot be worked on as sound
│   ├── SoundUnreadable         what it holds is not read as sound
│   ├── SoundTooLarge           it has more than is taken
│   └── SoundUnwritable         that kind of file is not written
├── JobError                a job has no result
│   ├── JobFailed               the service could not do it
│   ├── JobCancelled            somebody stopped it
│   └── JobTimeout              it was not ready in time            (TimeoutError)
├── BatchError              a run of many files cannot go on    (RuntimeError)
└── MissingPackage          an optional package is not there        (ImportError)
"""

import traceback
from collections.abc import Callable
from dataclasses import dataclass

Scrubber = Callable[[str], str]
_scrubbers: list[Scrubber] = []


def use_scrubber(scrubber: Scrubber) -> None:
    """Have every text of an error go through `scrubber`, which `http.redact` has to offer."""
    _scrubbers[:] = [scrubber]


def _scrubbed(text: str) -> str:
    for scrubber in _scrubbers:
        text = scrubber(text)
    return text


class DolbyError(Exception):
    """The base of every error here: what failed, why, and what to do next."""

    whole_traceback = False

    def __init__(self, what: str, why: str = "", next_step: str = "") -> None:
        self.what, self.why, self.next_step = map(_scrubbed, (what, why, next_step))
        super().__init__(self.what, self.why, self.next_step)

    def __str__(self) -> str:
        return "\n".join(line for line in (self.what, self.why, self.next_step) if line)

    def _render_traceback_(self) -> list[str]:
        """IPython shows these lines instead of a traceback; the cell still counts as failed."""
        if self.whole_traceback:
            return "".join(traceback.format_exception(self)).splitlines()
        first, *rest = str(self).splitlines()
        return [f"{type(self).__name__}: {first}", *rest]


class NotLoggedIn(DolbyError, RuntimeError):
    """Raised when something needs a log-in and there is none."""


class CredentialsError(DolbyError, ValueError):
    """Raised when an App key or App secret cannot be used as it is."""


class CredentialsNotFound(CredentialsError, LookupError):
    """Raised when no source has both an App key and an App secret."""


class InvalidOption(DolbyError, ValueError):
    """Raised when an option, a setting or a file's place cannot be what it is."""


class TokenError(DolbyError):
    """Raised when no token could be had.

    `status` is the HTTP status, or None when there was no answer;
    `retry_after` is the time in seconds for which the service asked to be left alone, or None.
    """

    def __init__(
        self,
        what: str,
        why: str = "",
        next_step: str = "",
        *,
        status: int | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(what, why, next_step)
        self.status, self.retry_after = status, retry_after


class TokenRefused(TokenError, PermissionError):
    """Raised when the service refuses the credentials: asking again will not help."""


class TokenUnavailable(TokenError, ConnectionError):
    """Raised when the token service cannot be reached or is in trouble: asking again may help."""


@dataclass(frozen=True)
class ErrorResponse:
    """What an error answer says, whatever its spelling; empty strings where it is silent, 0 for no answer."""

    status: int
    title: str = ""
    detail: str = ""
    type: str = ""
    request_id: str = ""
    retry_after: float | None = None
    from_json: bool = False

    def __str__(self) -> str:
        """Read as a sentence: `401 Authentication Failure: Access Token expired`."""
        status, detail = str(self.status or ""), self.detail
        for said_already in (status, self.title):  # as a gateway's page does
            detail = detail.removeprefix(said_already).lstrip(" :")
        words = ": ".join(part for part in (self.title, detail) if part) or "without an explanation"
        return f"{status} {words}".lstrip()


class ApiError(DolbyError):
    """Raised when a Media API call is answered with an error; `response` is the answer, read."""

    def __init__(self, what: str, response: ErrorResponse, next_step: str = "") -> None:
        super().__init__(what, str(response), next_step)
        self.response = response

    @property
    def status(self) -> int:
        """The HTTP status."""
        return self.response.status

    @property
    def title(self) -> str:
        """The service's short name for what is wrong."""
        return self.response.title

    @property
    def detail(self) -> str:
        """The service's explanation."""
        return self.response.detail

    @property
    def type(self) -> str:
        """The kind of error, such as `/problems/validation-error`."""
        return self.response.type

    @property
    def request_id(self) -> str:
        """The service's id of the request, to quote to its support."""
        return self.response.request_id


class InvalidRequest(ApiError, ValueError):
    """Raised when the service does not accept what was asked (400)."""


class Unauthorized(ApiError, PermissionError):
    """Raised when the service does not accept the token (401), or not for this call (403)."""


class NotFound(ApiError, LookupError):
    """Raised when the service does not know the job, file or webhook (404)."""


class RateLimited(ApiError):
    """Raised when the service asks to be called less often (429)."""

    @property
    def retry_after(self) -> float | None:
        """The time in seconds for which the service asked to be left alone, or None."""
        return self.response.retry_after


class ServiceUnavailable(ApiError, ConnectionError):
    """Raised when the service itself is in trouble (5xx), or does not answer."""


class NotSent(ServiceUnavailable):
    """Raised when a request cannot have reached the service, so that nothing has happened there."""


class TransferError(DolbyError, OSError):
    """Raised when an upload or a download did not arrive whole."""


class SourceNotFound(TransferError, FileNotFoundError):
    """Raised when the file to send is not there."""


class SoundError(DolbyError):
    """Raised when a file cannot be worked on as sound.

    The file is named in `what` alone: `why` and `next_step` hold for it under any name.
    """


class SoundUnreadable(SoundError):
    """Raised when what a file holds cannot be read as sound."""


class SoundTooLarge(SoundError):
    """Raised when a file has more bytes or more sound than is taken."""


class SoundUnwritable(SoundError):
    """Raised when sound cannot be written to that kind of file."""


class JobError(DolbyError):
    """Raised when a job has no result; `job_id` names the job, `response` is its own error if it has one."""

    def __init__(
        self,
        what: str,
        why: str = "",
        next_step: str = "",
        *,
        job_id: str = "",
        response: ErrorResponse | None = None,
    ) -> None:
        super().__init__(what, why, next_step)
        self.job_id, self.response = job_id, response


class JobFailed(JobError):
    """Raised when a job ended without a result."""


class JobCancelled(JobError):
    """Raised when a job was cancelled before it had a result."""


class JobTimeout(JobError, TimeoutError):
    """Raised when a job was not ready in the time given; it goes on at the service."""


class BatchError(DolbyError, RuntimeError):
    """Raised when a run of many files cannot go on; what was done is kept for the next run."""


class MissingPackage(DolbyError, ImportError):
    """Raised when a feature needs an optional package that is not installed."""
