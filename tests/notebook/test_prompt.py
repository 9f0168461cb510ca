"""The masked prompt, and what is said before a secret is typed."""

import getpass
import traceback
from typing import Any

import pytest

from dolbyio_nb.notebook.prompt import ask, warning_of_place


def test_binder_comes_with_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    """On Binder a person is told whose computer it is; elsewhere there is nothing to say."""
    assert warning_of_place() == ""
    monkeypatch.setenv("BINDER_SERVICE_HOST", "hub")
    assert "somebody else" in warning_of_place()


def test_an_interrupted_prompt_forgets_what_was_typed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C at the second question is one line, and no frame of its traceback holds the first answer."""

    def type_one(question: Any) -> str:
        if "secret" in question:
            raise KeyboardInterrupt
        return "key-needle"

    monkeypatch.setattr(getpass, "getpass", type_one)
    with pytest.raises(KeyboardInterrupt) as caught:
        ask()
    assert caught.value._render_traceback_() == ["KeyboardInterrupt: stopped."]  # type: ignore[attr-defined]
    frames = [frame for frame, _ in traceback.walk_tb(caught.value.__traceback__)]
    assert not [frame for frame in frames[1:] if "key-needle" in repr(frame.f_locals)]
