"""A job and a log-in show themselves, as they stood, wherever an object is asked for its HTML."""

from types import SimpleNamespace

import pytest

from dolbyio_nb.auth.refresh_state import LoginStatus
from dolbyio_nb.client import login
from dolbyio_nb.display.status_cards import job_card, login_card
from dolbyio_nb.media.polling import JobSnapshot
from dolbyio_nb.sandbox import Sandbox

from .checks import sound_html

SEEN = [
    (JobSnapshot(), "", ["Started", "job.result() waits"], []),
    (JobSnapshot("Running", 40.0), "", ["Running", "job.result() waits"], ["problem"]),
    (JobSnapshot("Success", 100.0), "", ["Success"], ["job.result()", "problem"]),
    (JobSnapshot("Failed", 3.0), "It is <b>no</b> sound.", ["Failed", "It is <b>no</b> sound."], ["waits"]),
    (JobSnapshot("<i>New</i>"), "", ["<i>New</i>", "job.result() waits"], []),
]


@pytest.mark.parametrize(("seen", "problem", "said", "unsaid"), SEEN)
def test_a_job_shows_what_the_last_look_saw(
    seen: JobSnapshot, problem: str, said: list[str], unsaid: list[str]
) -> None:
    """Status, bar, id and reason; what is somebody else's text is text."""
    text = sound_html(job_card("<Job>", "enhance of a.wav", "0123", seen, problem)._repr_html_()).text
    assert "job 0123" in text
    assert all(words in text for words in said)
    assert not any(words in text for words in unsaid)


def test_a_job_is_shown_without_another_look(sandbox: Sandbox) -> None:
    """To show a job asks nobody, so it works after the log-in has ended too."""
    with login(sandbox=sandbox) as dolby:
        job = dolby.media.diagnose("dlb://in/nothing.wav")
    sandbox.stop()
    assert f"job {job.id}" in job._repr_html_()


def test_a_log_in_shows_how_it_stood(sandbox: Sandbox) -> None:
    """Whose it is and its times, never the token or the secret."""
    with login(sandbox=sandbox) as dolby:
        shown = dolby.status()._repr_html_()
        text = sound_html(shown).text
        assert "Log-in to the sandbox on this computer" in text
        assert f"App key {sandbox.app_key[:4]}… from the sandbox" in text
        assert "Token expires" in text
        assert dolby.token.value not in shown
        assert sandbox.app_secret not in shown
    assert "logged out" in sound_html(LoginStatus()._repr_html_()).text


def test_trouble_and_notes_are_shown() -> None:
    """What went wrong, when it is tried again, and what else is worth knowing."""
    status = SimpleNamespace(
        **{**vars(LoginStatus("stale")), "last_error": "<Down>", "next_try": 0.0, "note": "x & y"}
    )
    text = sound_html(login_card("words", status)._repr_html_()).text
    assert all(words in text for words in ("stale", "<Down>", "Next try", "x & y"))
