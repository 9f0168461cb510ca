"""Each place has the door that works there."""

import getpass
import traceback
from types import SimpleNamespace

import pytest

from dolbyio_nb._util.place import door_of
from dolbyio_nb.notebook.login import ask, warning_of_place

KERNEL = SimpleNamespace(_allow_stdin=True)


@pytest.mark.parametrize(
    ("place", "door"),
    [
        (SimpleNamespace(kernel=KERNEL, user_ns={}), "panel"),
        (SimpleNamespace(kernel=SimpleNamespace(), user_ns={}), "panel"),
        (SimpleNamespace(kernel=KERNEL, user_ns={"__vsc_ipynb_file__": "a.ipynb"}), "prompt"),
        (SimpleNamespace(kernel=SimpleNamespace(_allow_stdin=False), user_ns={}), "none"),
        (SimpleNamespace(user_ns={}), "none"),
    ],
)
def test_door_suits_the_place(place, door):
    """A notebook gets the panel, VS Code a prompt, a run that nobody watches (as this test) neither."""
    assert door_of(place) == door


def test_binder_comes_with_a_warning(monkeypatch):
    """On Binder a person is told whose computer it is; elsewhere there is nothing to say."""
    assert warning_of_place() == ""
    monkeypatch.setenv("BINDER_SERVICE_HOST", "hub")
    assert "somebody else" in warning_of_place()


def test_an_interrupted_prompt_forgets_what_was_typed(monkeypatch):
    """Ctrl-C at the second question is one line, and no frame of its traceback holds the first answer."""

    def type_one(question):
        if "secret" in question:
            raise KeyboardInterrupt
        return "key-needle"

    monkeypatch.setattr(getpass, "getpass", type_one)
    with pytest.raises(KeyboardInterrupt) as caught:
        ask()
    assert caught.value._render_traceback_() == ["KeyboardInterrupt: stopped."]
    frames = [frame for frame, _ in traceback.walk_tb(caught.value.__traceback__)]
    assert not [frame for frame in frames[1:] if "key-needle" in repr(frame.f_locals)]
