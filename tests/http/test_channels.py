"""Channels of texts from outside: whichever brings a secret or a control character, nobody is shown it."""

import base64
import io
import json
import sys
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast
from urllib.parse import quote

import pytest

from dolbyio_nb.auth.credentials import AppCredentials, Finding
from dolbyio_nb.auth.keeper import TokenKeeper
from dolbyio_nb.auth.refresh_state import LoginStatus
from dolbyio_nb.auth.token_request import TokenRequest
from dolbyio_nb.batch.item import Item, Reason, State
from dolbyio_nb.display.status_cards import login_card
from dolbyio_nb.errors import DolbyError, use_scrubber
from dolbyio_nb.http import redact
from dolbyio_nb.http.session import open_session
from dolbyio_nb.media import progress
from dolbyio_nb.media.api import Api
from dolbyio_nb.media.inputs import read_content
from dolbyio_nb.media.job_result import JobSpec
from dolbyio_nb.media.jobs import Job
from dolbyio_nb.media.listing import JobRecord, Webhook, list_jobs, list_usage
from dolbyio_nb.media.models import Section, in_words
from dolbyio_nb.media.polling import PollSchedule
from dolbyio_nb.media.results import Output, Result
from dolbyio_nb.media.transfer import Storage
from dolbyio_nb.notebook.prompt import explain, status_text

from .hostile import NoAuth, hostile, page, says

KEY, SECRET, TOKEN = "app-key-of-a-test", "Vq7_w+Zr3^Kx9~Lm2=Pd5", "tok.Jh6_fE2-bN8wQ4.sY1"
LIVE = AppCredentials(KEY, SECRET)
redact.register(TOKEN)
FORMS = {
    "raw": SECRET,
    "percent-encoded": quote(SECRET, safe=""),
    "base64": base64.b64encode(f"{KEY}:{SECRET}".encode()).decode(),
    "token": TOKEN,
    "bearer": "Bearer 8c1f6e0d9b7a4c25",
    "basic": "Basic c29tZTpib2R5LWVsc2U=",
}
CONTROLS = {
    "colour": "\x1b[31m",
    "clipboard": "\x1b]52;c;ZXZpbA==\x07",
    "C1": "\x9b31m",
    "bidi": "\u202e",
    "zero width": "\u200b",
    "bell": "\x07",
    "back": "\x08\x08",
}


def failed(call: Callable[[], object]) -> str:
    """What an error says, in every way."""
    with pytest.raises(DolbyError) as error:
        call()
    raised = cast(Any, error.value)
    return f"{raised}{'|'.join(raised._render_traceback_())}{Reason.of(raised).in_a_line}"


def answered(answer: bytes, call: Callable[[str], object]) -> str:
    with hostile(says(answer)) as server:
        return failed(lambda: call(server.url))


def asked(answer: object, call: Callable[[Api], object]) -> Any:
    """What a call makes of an answer's JSON."""
    with hostile(says(page("200 OK", json.dumps(answer).encode()))) as server:
        return call(Api(open_session(NoAuth()), server.url))


def token(url: str) -> object:
    return TokenRequest(LIVE, url)()


def jobs(url: str) -> object:
    return Api(open_session(NoAuth()), url).post("/media/jobs")


class Presigning:
    """An API that gives the same address for every file."""

    def __init__(self, url: str) -> None:
        self._url = url

    def post(self, path: str, body: object) -> dict[str, str]:
        return {"url": f"{self._url}/file"}


def put(url: str) -> None:
    storage = Storage(cast(Api, Presigning(url)), lambda seconds: None)
    storage.upload(read_content(b"sound"), "dlb://in/talk.wav")


class Answering:
    """An API whose job stands as it is told."""

    origin = "https://api.test"

    def __init__(self, answer: object) -> None:
        self._answer = answer

    def get(self, path: str, **query: object) -> object:
        return self._answer


class Hurried:
    """Time that passes in its sleep."""

    now = 0.0

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def job(answer: object, name: str = "a.wav") -> Job:
    time, api = Hurried(), cast(Api, Answering(answer))
    schedule = PollSchedule(clock=time.clock, sleep=time.sleep)
    return Job(api, cast(Storage, None), JobSpec("/media/enhance", name=name), "a-job", schedule)


def ended(text: str, status: str = "Failed") -> str:
    one = job({"status": status, "error": {"title": text, "detail": text, "type": text}})
    return failed(one.result) + repr(one) + one._repr_html_() + one.status


def result(text: str) -> str:
    one = Result({"notes": [text], text: {text: text}, "a": text}, "enhance", text)
    return f"{one!r}{one.summary}{one.notes}{''.join(one.notes)}{''.join(map(str, one.summary.values()))}"


def music(text: str) -> str:
    section = Section.read({"start": 0, "duration": 1, "genre": [[text, 0.5], text, {"name": text}]})
    return f"{section}{in_words(section.genre)}"


def named(text: str) -> str:
    """A file of that name: people unpack what strangers have packed."""
    file = Output("dlb://out/a.wav", "a.wav", lambda *given: Path())
    file.path = Path(text)
    one, item = Result({}, "enhance", "", Path(text), [file]), Item("", text, text, None)
    return repr(one) + repr(file) + repr(job({}, text)) + repr(item) + bar(f"Sending {text}")


def bar(label: str) -> str:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    with pytest.MonkeyPatch.context() as patched:
        screen = Terminal()
        patched.delitem(sys.modules, "IPython", raising=False)
        patched.setattr(sys, "stderr", screen)
        patched.setattr(progress, "PATIENCE", 0)
        with progress.progress_bar(label, 100, mininterval=0) as show:
            show(50)
    assert "Sending" in screen.getvalue()
    return screen.getvalue().replace("\x1b[A", "")  # tqdm's own


def listed(text: str) -> str:
    record = {"job_id": text, "status": text, "path": text, "time_submitted": text}
    rows = asked({"jobs": [record]}, lambda api: list(list_jobs(api)))
    usage = asked([{text: text, "list": [text]}], lambda api: list(list_usage(api, None, None)))
    hook = asked(
        {"webhook_id": "one", "callback": {"url": f"https://a.test/{text}"}}, lambda api: Webhook(api).get()
    )
    return f"{rows}{usage}{hook}{rows[0].status}{''.join(map(str, usage[0]))}{JobRecord.read(record).path}"


def status(text: str) -> str:
    """A renewal that failed: `%dolby_status`, the panel's traits, the card."""
    answer = page("503 Unavailable", json.dumps({"title": text, "detail": text}).encode())
    with hostile(says(answer)) as server:
        keeper = TokenKeeper(TokenRequest(LIVE, server.url))
        told = failed(keeper.refresh)
        seen = LoginStatus(**vars(keeper.status()), source=text, note=text)
        keeper.close()
    finding = Finding(f"file {text}", text)
    return told + status_text(seen) + login_card("", seen)._repr_html_() + explain([finding], "log in")


def row(text: str) -> str:
    item = Item(
        "", "a.wav", "a.wav", None, state=State.FAILED, reason=Reason.of(DolbyError(text, text, text))
    )
    return f"{item!r}{item.error}{item.reason and item.reason.in_a_line}"


def as_json(**said: str) -> bytes:
    return json.dumps(said).encode()


def xml(text: str) -> bytes:
    quoted = text.replace("&", "&amp;")
    return f"<Error><Code>{quoted}</Code><Message>{quoted}</Message></Error>".encode()


CHANNELS: dict[str, Callable[[str], str]] = {
    "token: refusal": lambda text: answered(page("403 No", as_json(title=text, detail=text)), token),
    "token: OAuth": lambda text: answered(page("401 No", as_json(error=text, error_description=text)), token),
    "token: page": lambda text: answered(page("502 No", f"<h1>{text}</h1>".encode()), token),
    "token: reason": lambda text: answered(page(f"500 {one_line(text)}"), token),
    "API: JSON": lambda text: answered(page("400 No", as_json(title=text, detail=text, type=text)), jobs),
    "API: envelope": lambda text: answered(page("400 No", b'{"data": %s}' % as_json(message=text)), jobs),
    "API: page": lambda text: answered(page("404 No", f"<p>{text}</p>".encode()), jobs),
    "API: plain": lambda text: answered(page("500 No", text.encode()), jobs),
    "API: reason": lambda text: answered(page(f"400 {one_line(text)}"), jobs),
    "API: request id": lambda text: answered(page("500 No", b"", f"X-Request-Id: {one_line(text)}"), jobs),
    "storage: XML": lambda text: answered(page("400 No", xml(text)), put),
    "job: error": ended,
    "job: status": lambda text: ended(text, text),
    "result": result,
    "result: music": music,
    "lists": listed,
    "file names": named,
    "status": status,
    "batch": row,
    "error": lambda text: failed(lambda: raise_it(text)),
}


def raise_it(text: str) -> None:
    raise DolbyError(text, text, text)


def one_line(text: str) -> str:
    """What can stand in a status line or a header at all."""
    for control in CONTROLS.values():
        text = text.replace(control, "")
    return text


def windows(text: str, length: int = 8) -> set[str]:
    return {text[at : at + length] for at in range(len(text) - length + 1)}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("channel", CHANNELS)
def test_no_channel_shows_a_secret_or_obeys_a_control(channel: str, form: str) -> None:
    """Each form of a secret, among everything that a terminal would obey."""
    planted = FORMS[form].removeprefix("Bearer ").removeprefix("Basic ")
    planted = planted[-len(SECRET) :] if form == "base64" else planted  # the App key is no secret
    text = "".join(CONTROLS.values()).join(["You sent ", FORMS[form], " here"])
    seen = CHANNELS[channel](text)
    assert "You sent" in seen
    assert not [part for part in windows(planted) if part in seen]
    assert not [name for name, control in CONTROLS.items() if control in seen]
    assert {sign for sign in seen if unicodedata.category(sign) in ("Cc", "Cf")} <= {"\n", "\r", "\t"}
    assert "ZXZpbA" not in seen


def test_the_table_finds_what_is_let_through() -> None:
    """Without the scrubber the same texts are seen, so that a channel that shows nothing proves nothing."""
    use_scrubber(str)
    try:
        assert SECRET in failed(lambda: raise_it(SECRET))
    finally:
        use_scrubber(redact.scrub)
