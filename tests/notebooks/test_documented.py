"""Everything a person can type is explained: in the README, or in the text that `?` shows."""

import inspect
import re
from pathlib import Path
from re import Match
from types import ModuleType
from typing import Any

import pytest

import dolbyio_nb
from dolbyio_nb import Dolby, display, media
from dolbyio_nb.auth.keeper import TokenKeeper
from dolbyio_nb.auth.refresh_state import LoginStatus
from dolbyio_nb.media import models
from dolbyio_nb.notebook.magics import DolbyMagics
from dolbyio_nb.sandbox import Sandbox
from dolbyio_nb.sandbox.faults import Faults

VARIABLE = re.compile(r"\b(?:DOLBYIO|APP)_[A-Z_]*[A-Z]\b")
OF_MEDIA = [getattr(media, name) for name in media.__all__]
MEASURED = [value for value in vars(models).values() if inspect.isclass(value)]
VALUES = [kind for kind in (*OF_MEDIA, *MEASURED) if issubclass(kind, models.Model)]  # type: ignore[attr-defined]
CLASSES = [Dolby, LoginStatus, TokenKeeper, Sandbox, Faults, *(k for k in OF_MEDIA if k not in VALUES)]


def explained(kind: Any, name: str) -> bool | Match[str] | None:
    """Tell whether a member has a text of its own, or is named in its class's or module's text."""
    member = inspect.getattr_static(kind, name)
    around = f"{kind.__doc__} {inspect.getmodule(kind).__doc__}"
    return bool(inspect.getdoc(member) and callable_or_property(member)) or re.search(rf"\b{name}\b", around)


def callable_or_property(member: Any) -> bool:
    return isinstance(member, (property, staticmethod, classmethod)) or callable(member)


@pytest.fixture
def readme(root: Path) -> str:
    return (root / "README.md").read_text()


def test_magics_and_options(readme: str) -> None:
    """The README has every magic and every option, and each has a word of help."""
    for name in DolbyMagics.magics["line"]:
        assert f"`%{name}" in readme
        assert getattr(DolbyMagics, name).__doc__
    options = vars(DolbyMagics.dolby_login)["parser"].format_help().partition("\n\n")[2]
    found = re.findall(r"^ +(?:-\w+(?: \w+)?, )*(--[\w-]+)(?: [A-Z_]+)?\s+(\S.*)", options, re.MULTILINE)
    assert len(found) > 5
    for option, help_text in found:
        assert f"`{option}" in readme
        assert not help_text.startswith("-")


def test_traits() -> None:
    """Everything that `%config DolbyMagics` changes says what it is."""
    traits = DolbyMagics.class_own_traits(config=True)
    assert traits
    assert [name for name, trait in traits.items() if not trait.help] == []


def test_environment_variables(readme: str, root: Path) -> None:
    """The README has every variable that the package looks at, or sets."""
    sources = "\n".join(path.read_text() for path in (root / "dolbyio_nb").rglob("*.py"))
    strings = re.findall(r'"(?:DOLBYIO|APP)_[A-Z_]*[A-Z]"', sources)
    names = {VARIABLE.search(text).group() for text in strings}  # type: ignore[union-attr]
    assert len(names) >= 8
    assert sorted(name for name in names if name not in readme) == []


@pytest.mark.parametrize("module", [dolbyio_nb, display, media], ids=["dolbyio_nb", "display", "media"])
def test_exported_names(module: ModuleType) -> None:
    """Everything in `__all__` has a text."""
    named = {name: getattr(module, name) for name in module.__all__ if name != "__version__"}
    assert [name for name, value in named.items() if not inspect.getdoc(value)] == []


@pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.__name__)
def test_members(kind: Any) -> None:
    """A public class and each of its public members have a text."""
    assert kind.__doc__
    members = [name for name in dir(kind) if not name.startswith("_")]
    assert [name for name in members if not explained(kind, name)] == []


def test_values() -> None:
    """What the service tells comes in classes with its own names for the fields, and each says what it is."""
    assert [kind.__name__ for kind in VALUES if not kind.__doc__] == []
