"""Errors speak to people in one to three lines."""

import builtins

import pytest

import dolbyio_nb
from dolbyio_nb.errors import ApiError, DolbyError, Problem, TokenRefused

PROBLEM = Problem(
    401, "Authentication Failure", "Access Token expired", "/problems/access-token-expired", "id-1"
)


def test_text_is_what_why_next():
    """The text of an error is what failed, why, and what to do next, a line each."""
    error = DolbyError("No sound.", "The file is empty.", "Choose another.")
    assert str(error) == "No sound.\nThe file is empty.\nChoose another."
    assert str(DolbyError("No sound.")) == "No sound."


def test_notebook_shows_only_the_text():
    """IPython is given the text, and not a traceback, unless the whole one was asked for."""
    error = TokenRefused("No token.", "It said no.", status=401)
    assert error._render_traceback_() == ["TokenRefused: No token.", "It said no."]
    error.whole_traceback = True
    assert error._render_traceback_()[-1] == "It said no."


def test_api_errors_quote_the_answer():
    """An API error shows status, title and detail, and keeps the rest for a program."""
    error = ApiError("The job was not started.", PROBLEM)
    assert "401 Authentication Failure: Access Token expired" in str(error)
    assert (error.status, error.type, error.request_id) == (401, "/problems/access-token-expired", "id-1")


@pytest.mark.parametrize(
    ("name", "builtin"),
    [
        ("NotLoggedIn", "RuntimeError"),
        ("CredentialsNotFound", "LookupError"),
        ("InvalidOption", "ValueError"),
        ("TokenRefused", "PermissionError"),
        ("TokenUnavailable", "ConnectionError"),
        ("TransferError", "OSError"),
        ("JobTimeout", "TimeoutError"),
        ("MissingPackage", "ImportError"),
    ],
)
def test_errors_are_the_built_in_that_fits(name, builtin):
    """Code that catches the built-in error catches ours."""
    assert issubclass(getattr(dolbyio_nb, name), (getattr(builtins, builtin)))
    assert issubclass(getattr(dolbyio_nb, name), DolbyError)


@pytest.mark.parametrize(
    ("problem", "text"),
    [
        (Problem(503, "Service Unavailable", "503 Service Unavailable"), "503 Service Unavailable"),
        (
            Problem(503, "Service Unavailable", "503 Service Unavailable: later"),
            "503 Service Unavailable: later",
        ),
        (Problem(401, "Failure", "Token expired"), "401 Failure: Token expired"),
        (Problem(500), "500 without an explanation"),
        (Problem(0, "No answer"), "No answer"),
    ],
)
def test_a_problem_says_nothing_twice(problem, text):
    """A gateway's page repeats status and title; the sentence does not."""
    assert str(problem) == text
