"""One table of places: each row is found where it is, and answers what was seen there."""

import os
import re
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import dolbyio_nb
from dolbyio_nb._util.place import (
    NONE,
    PANEL,
    PLACES,
    PROMPT,
    VSCODE_FILE,
    current_place,
    login_words,
    person_watches,
)
from dolbyio_nb.auth.credentials import find_credentials
from dolbyio_nb.client import Dolby, login
from dolbyio_nb.errors import DolbyError

KERNEL = SimpleNamespace(_allow_stdin=True)
SILENT = SimpleNamespace(_allow_stdin=False)
ELSEWHERE = ("KAGGLE_KERNEL_RUN_TYPE", "DATABRICKS_RUNTIME_VERSION", "SERVER_SOFTWARE", "PYCHARM_HOSTED")
MARIMO = SimpleNamespace(running_in_notebook=lambda: True)
VSCODE = {VSCODE_FILE: "/home/me/talks/a.ipynb"}
HERE = "here"  # the folder in which the kernel was started

# what is there -> the place, how it asks, the folder of relative URLs, updates, magics, stores
ROWS = {
    "marimo": ({"modules": {"marimo": MARIMO}}, PANEL, None, True, False, ()),
    "Pyodide": ({"kernel": KERNEL, "platform": "emscripten"}, PANEL, None, True, True, ()),
    "Colab": ({"kernel": KERNEL, "modules": {"google.colab": 1}}, PANEL, None, True, True, ("Colab",)),
    "Kaggle": (
        {"kernel": KERNEL, "environ": {"KAGGLE_KERNEL_RUN_TYPE": "Interactive"}},
        PANEL, None, True, True, ("Kaggle",),
    ),
    "Databricks": (
        {"kernel": KERNEL, "environ": {"DATABRICKS_RUNTIME_VERSION": "15.4"}},
        PANEL, None, True, True, ("Databricks",),
    ),
    "VS Code": ({"kernel": KERNEL, "names": VSCODE}, PROMPT, "/home/me/talks", False, True, ()),
    "Voila": ({"kernel": SILENT, "environ": {"SERVER_SOFTWARE": "voila/0.5"}}, PANEL, None, True, True, ()),
    "Spyder": ({"kernel": KERNEL, "modules": {"spyder_kernels": 1}}, PROMPT, None, False, True, ()),
    "PyCharm": ({"kernel": KERNEL, "environ": {"PYCHARM_HOSTED": "1"}}, PROMPT, None, False, True, ()),
    "Binder": ({"kernel": KERNEL, "environ": {"BINDER_SERVICE_HOST": "h"}}, PANEL, HERE, True, True, ()),
    "notebook": ({"kernel": KERNEL}, PANEL, HERE, True, True, ()),
    "IPython": ({"shell": True, "typing": True}, PROMPT, HERE, True, True, ()),
    "Python": ({"typing": True}, PROMPT, HERE, True, False, ()),
}  # fmt: skip


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., Any]:
    """Return the function that sets a place up."""

    def set_up(
        kernel: Any = None,
        shell: bool = False,
        modules: Any = None,
        environ: Any = None,
        names: Any = None,
        platform: str = "linux",
        typing: bool = False,
    ) -> None:
        for name in ELSEWHERE:
            monkeypatch.delenv(name, raising=False)
        for name in ("marimo", "google.colab", "spyder_kernels", "IPython"):
            monkeypatch.delitem(sys.modules, name, raising=False)
        for name, module in (modules or {}).items():
            monkeypatch.setitem(sys.modules, name, module)
        for name, value in (environ or {}).items():
            monkeypatch.setenv(name, value)
        if kernel or shell:
            running = SimpleNamespace(user_ns=names or {}, starting_dir=str(tmp_path))
            if kernel:
                running.kernel = kernel
            monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: running))
        monkeypatch.setattr(sys, "platform", platform)
        monkeypatch.setattr(sys, "stdin", SimpleNamespace(isatty=lambda: typing))
        monkeypatch.chdir(tmp_path)

    return set_up


def test_every_place_has_a_row() -> None:
    """A new place in the table needs a row here."""
    assert [place.name for place in PLACES] == list(ROWS)


@pytest.mark.parametrize("name", ROWS)
def test_a_place_is_found_and_answers(stage: Callable[..., Any], tmp_path: Path, name: str) -> None:
    """Each place is told from what is loaded and the environment, and answers as it was seen to be."""
    there, ui, folder, updates, magics, stores = ROWS[name]
    stage(**there)  # type: ignore[arg-type]
    place = current_place()
    assert place.name == name
    assert place.ui == ui
    assert place.folder() == {None: None, HERE: tmp_path.resolve()}.get(folder, Path(folder or ""))
    assert (place.updates, place.magics, place.stores) == (updates, magics, stores)
    assert place.login_line == ("%dolby_login" if magics else "dolbyio_nb.login()")


@pytest.mark.parametrize("name", [name for name in ROWS if name not in ("marimo", "Voila")])
def test_where_nobody_answers_nobody_is_asked(stage: Callable[..., Any], name: object) -> None:
    """papermill and pipes run in any of these places; only what has no prompt at all still has a form."""
    there = dict(ROWS[name][0], typing=False)  # type: ignore[call-overload,index]
    if "kernel" in there:
        there["kernel"] = SILENT
    stage(**there)
    assert current_place().ui == NONE
    assert not current_place().can_type


def test_a_kernel_that_does_not_say_may_ask(stage: Callable[..., Any]) -> None:
    """An older kernel has no word for it."""
    stage(kernel=SimpleNamespace())
    assert current_place().ui == PANEL
    assert person_watches()


def test_asking_loads_nothing(stage: Callable[..., Any]) -> None:
    """Whoever asks for the place gets no IPython with the answer."""
    stage()
    current_place()
    assert "IPython" not in sys.modules
    assert os.environ.get("SERVER_SOFTWARE") is None


DETECTS = re.compile(
    r"get_ipython|_allow_stdin|isatty|__vsc|sys\.platform\b.*emscripten|running_in_notebook|sys\.modules\W+"
    r"(google|marimo|spyder|IPython)|(KAGGLE_KERNEL|DATABRICKS_R|PYCHARM_H|BINDER_S|COLAB_|SPYDER_|VSCODE_[A-Z])|SERVER_SOFTWARE"
)


def test_nothing_else_asks_where_it_is() -> None:
    """The table is the only place that looks; all others ask it."""
    package = Path(dolbyio_nb.__file__).parent
    asking = [
        path.relative_to(package).as_posix()
        for path in package.rglob("*.py")
        if any(DETECTS.search(line) for line in path.read_text("utf-8").splitlines())
    ]
    assert asking == ["_util/place.py"]


MAGIC = re.compile(r"%dolby_\w+")
WORDS = {
    ("", ""): ("%dolby_login", "dolbyio_nb.login()"),
    ("--sandbox", ""): ("%dolby_login --sandbox", "dolbyio_nb.login(sandbox=True)"),
    ("--form", ""): ("%dolby_login --form", "dolbyio_nb.login_panel()"),
    ("--env-file", "a b"): ("%dolby_login --env-file a b", "dolbyio_nb.login(env_file='a b')"),
}


@pytest.mark.parametrize("words", WORDS)
def test_a_magic_is_named_where_it_is_loaded(stage: Callable[..., Any], words: tuple[str, str]) -> None:
    """Elsewhere it is the call that does the same."""
    stage(kernel=KERNEL)
    assert login_words(*words) == WORDS[words][1]
    sys.modules["IPython"].get_ipython().find_line_magic = lambda name: name == "dolby_login"
    assert login_words(*words) == WORDS[words][0]
    stage(kernel=KERNEL, modules={"marimo": MARIMO})
    assert login_words(*words) == WORDS[words][1]


def fails_of_a_program() -> list[Callable[[], object]]:
    """Log-ins that fail where there is no magic, each in its way."""
    return [
        find_credentials,
        lambda: find_credentials(env_file="missing"),
        lambda: find_credentials(profile="missing"),
        lambda: login(env_file="a", profile="b"),
        lambda: login("a", "b", sandbox=True),
        lambda: login(sandbox=True, expires_in=0),
        lambda: login("a", "b"),
        lambda: logged_out().token,
    ]


def logged_out() -> Dolby:
    """A log-in that has ended."""
    dolby = login(sandbox=True)
    dolby.logout()
    return dolby


@pytest.mark.parametrize("number", range(8))
def test_where_there_are_no_magics_no_error_names_one(
    stage: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    """What a program is told can be typed there."""
    stage()
    monkeypatch.setenv("DOLBYIO_AUTH_URL", "http://127.0.0.1:9")
    with pytest.raises(DolbyError) as caught:
        fails_of_a_program()[number]()
    assert not MAGIC.search(str(caught.value))
    assert not re.search("--(env-file|profile|sandbox|form)", str(caught.value))
