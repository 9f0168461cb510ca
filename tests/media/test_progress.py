"""Progress bars, for as long as a person watches."""

import io
import sys
import types
from concurrent.futures import ThreadPoolExecutor

import pytest

from dolbyio_nb._util.place import person_watches
from dolbyio_nb.media import progress
from dolbyio_nb.media.progress import progress_bar


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def notebook(monkeypatch: pytest.MonkeyPatch, allow_stdin: bool) -> None:
    kernel = types.SimpleNamespace(_allow_stdin=allow_stdin)
    shell = types.SimpleNamespace(kernel=kernel)
    monkeypatch.setitem(sys.modules, "IPython", types.SimpleNamespace(get_ipython=lambda: shell))


@pytest.mark.parametrize("allowed", [True, False])
def test_a_notebook_is_watched_when_its_front_end_can_be_asked(
    monkeypatch: pytest.MonkeyPatch, allowed: bool
) -> None:
    """papermill and nbclient run notebooks that nobody sees, and say so in each request."""
    notebook(monkeypatch, allowed)
    assert person_watches() is allowed


def test_a_terminal_is_watched_and_a_log_file_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    """A bar in a file is noise."""
    monkeypatch.delitem(sys.modules, "IPython", raising=False)
    monkeypatch.setattr(sys, "stderr", Terminal())
    assert person_watches()
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    assert not person_watches()
    monkeypatch.setattr(sys, "stderr", None)
    assert not person_watches()


def test_threads_side_by_side_show_no_bars(monkeypatch: pytest.MonkeyPatch) -> None:
    """Many files at once have one bar, that of whoever started the threads."""
    notebook(monkeypatch, allow_stdin=True)
    assert person_watches()
    with ThreadPoolExecutor(1) as pool:
        assert not pool.submit(person_watches).result()


def test_a_bar_shows_what_it_is_told_also_when_it_goes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """A transfer that is tried again begins at nothing."""
    screen = Terminal()
    monkeypatch.delitem(sys.modules, "IPython", raising=False)
    monkeypatch.setattr(sys, "stderr", screen)
    monkeypatch.setattr(progress, "PATIENCE", 0)
    with progress_bar("Sending a.wav", 100, mininterval=0) as show:
        for done in (30, 70, 0, 100):
            show(done)
    assert "Sending a.wav" in screen.getvalue()
    assert all(part in screen.getvalue() for part in ("30/100", "70/100", "0/100", "100/100"))


def test_an_unwatched_bar_loads_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """tqdm is not imported for a program that nobody sees."""
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    monkeypatch.delitem(sys.modules, "IPython", raising=False)
    monkeypatch.setitem(sys.modules, "tqdm.std", None)
    with progress_bar("Sending", 1) as show:
        show(1)
