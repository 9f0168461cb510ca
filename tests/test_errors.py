"""Errors speak to people in one to three lines."""

import builtins
import re
from collections.abc import Iterator
from typing import Any

import pytest

import dolbyio_nb
from dolbyio_nb import errors
from dolbyio_nb.errors import ApiError, DolbyError, ErrorResponse, TokenRefused

EXPIRED = ErrorResponse(
    401, "Authentication Failure", "Access Token expired", "/problems/access-token-expired", "id-1"
)


def tree_in_the_docstring() -> Iterator[Any]:
    """Read the drawn tree: each error with the one above it and the built-in beside it."""
    above: list[str] = []
    for line in errors.__doc__.splitlines():
        if match := re.match(r"([│├└─ ]*)(?!Error tree)([A-Z]\w+) *(.*)", line):
            depth = len(match[1]) // 4
            above[depth:] = [match[2]]
            built_in = re.search(r"\((\w+)\)$", match[3])
            yield match[2], above[depth - 1] if depth else None, built_in and built_in[1]


def test_the_tree_is_drawn_whole() -> None:
    """Every error stands in the picture, below its parent and beside its built-in, and is exported."""
    drawn = {name: (parent, built_in) for name, parent, built_in in tree_in_the_docstring()}
    there = {name: kind for name, kind in vars(errors).items() if name in drawn or is_error(kind)}
    assert set(drawn) == set(there)
    assert set(there) <= set(dolbyio_nb.__all__)
    for name, (parent, built_in) in drawn.items():
        bases = [base.__name__ for base in there[name].__bases__]
        assert bases == [parent or "Exception", *([built_in] if built_in else [])]


def is_error(kind: object) -> bool:
    return isinstance(kind, type) and issubclass(kind, DolbyError)


def test_text_is_what_why_next() -> None:
    """The text of an error is what failed, why, and what to do next, a line each."""
    error = DolbyError("No sound.", "The file is empty.", "Choose another.")
    assert str(error) == "No sound.\nThe file is empty.\nChoose another."
    assert str(DolbyError("No sound.")) == "No sound."


def test_notebook_shows_only_the_text() -> None:
    """IPython is given the text, and not a traceback, unless the whole one was asked for."""
    error = TokenRefused("No token.", "It said no.", status=401)
    assert error._render_traceback_() == ["TokenRefused: No token.", "It said no."]
    error.whole_traceback = True
    assert error._render_traceback_()[-1] == "It said no."


def test_api_errors_quote_the_answer() -> None:
    """An API error shows status, title and detail, and keeps the rest for a program."""
    error = ApiError("The job was not started.", EXPIRED)
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
        ("SourceNotFound", "FileNotFoundError"),
        ("JobTimeout", "TimeoutError"),
        ("MissingPackage", "ImportError"),
    ],
)
def test_errors_are_the_built_in_that_fits(name: str, builtin: str) -> None:
    """Code that catches the built-in error catches ours."""
    assert issubclass(getattr(dolbyio_nb, name), (getattr(builtins, builtin)))
    assert issubclass(getattr(dolbyio_nb, name), DolbyError)


@pytest.mark.parametrize(
    ("response", "text"),
    [
        (ErrorResponse(503, "Service Unavailable", "503 Service Unavailable"), "503 Service Unavailable"),
        (
            ErrorResponse(503, "Service Unavailable", "503 Service Unavailable: later"),
            "503 Service Unavailable: later",
        ),
        (ErrorResponse(401, "Failure", "Token expired"), "401 Failure: Token expired"),
        (ErrorResponse(500), "500 without an explanation"),
        (ErrorResponse(0, "No answer"), "No answer"),
    ],
)
def test_an_error_response_says_nothing_twice(response: ErrorResponse, text: str) -> None:
    """A gateway's page repeats status and title; the sentence does not."""
    assert str(response) == text
