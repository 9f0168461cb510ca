"""Page of error texts: each error class with every text that the package raises it with."""

import ast
import inspect
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import dolbyio_nb
from dolbyio_nb import errors

PACKAGE = Path(dolbyio_nb.__file__).parent
TREE = inspect.cleandoc(errors.__doc__ or "").partition("\n\n")[2]
TEXT = """# Errors, and their texts

Every error of this package is a `DolbyError`: what failed, why, and what to do next, in one to three lines.
Search for the words that you see; `…` stands for a name or a number.

```text
{tree}
```

{classes}
"""


def write_page(path: Path) -> None:
    texts = raised()
    kinds = [kind for kind in vars(errors).values() if is_error(kind)]
    classes = "\n\n".join(section(kind, texts[kind.__name__]) for kind in kinds)
    path.write_text(TEXT.format(tree=TREE, classes=classes), "utf-8")


def is_error(kind: object) -> bool:
    return inspect.isclass(kind) and issubclass(kind, errors.DolbyError)


def section(kind: type, texts: list[str]) -> str:
    """Write about one class: when it is raised, what else it is, and what it says."""
    also = [f"`{base.__name__}`" for base in kind.__mro__[1:] if base.__module__ == "builtins"]
    also = [name for name in also if name not in ("`object`", "`Exception`", "`BaseException`")]
    lines = [f"## {kind.__name__}", "", " ".join((inspect.getdoc(kind) or "").split())]
    lines += ["", f"It can be caught as {' and '.join(also)}, too."] if also else []
    lines += ["", "Its texts:", ""] if texts else []
    return "\n".join([*lines, *(f"- {text}" for text in dict.fromkeys(texts))])


def raised() -> dict[str, list[str]]:
    """Collect the texts that classes are called with, by the name of the class."""
    found = defaultdict(list)
    for path in sorted(PACKAGE.rglob("*.py")):
        for call in calls(path):
            words = [shown(argument) for argument in call.args[:3]]
            if words and words[0].strip("…. "):
                name = ast.unparse(call.func).rpartition(".")[2]
                found[name].append("\\\n  ".join(quoted(text) for text in words if text.strip("…. ")))
    return found


def calls(path: Path) -> Iterator[ast.Call]:
    tree = ast.parse(path.read_text("utf-8"))
    names = {name for name, kind in vars(errors).items() if is_error(kind)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] in names:
            yield node


def shown(node: ast.expr) -> str:
    """Give the words of a text, with `…` for what is only known when it is raised."""
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.JoinedStr(values=parts):
            return "".join(shown(part) for part in parts)
        case ast.BinOp(left=left, right=right):
            return shown(left) + shown(right)
        case _:
            return "…"


def quoted(text: str) -> str:
    line = " ".join(text.split()).replace("`", "'")
    return f"`{line}`"
