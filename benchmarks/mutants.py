"""Mutants of `auth/` and `http/`: how many faults, put in one at a time, the tests notice.

    pip install -e '.[coverage]'
    python benchmarks/mutants.py [HOW MANY] [SEED]

A run of the tests first tells which of them run which line, and how long each takes. Then each mutant, a
change of one place in a copy of the repository, meets the tests of its line, the quickest first, up to
30 seconds of them. What no test noticed is printed.
"""

import ast
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import coverage

ROOT = Path(__file__).resolve().parents[1]
ROOMS = ("auth", "http")
TESTS = ("tests/auth", "tests/http", "tests/media", "tests/notebook/test_magics.py", "tests/test_client.py")
BUDGET = 30  # seconds of tests, as they took without a mutant
COPIED = ("dolbyio_nb", "tests", "notebooks", "docs", "pyproject.toml", "README.md")
PYTEST = (sys.executable, "-m", "pytest", "-q", "-x", "--no-header", "-p", "no:cacheprovider")

SWAPS: dict[type[ast.AST], type[ast.AST]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.And: ast.Or,
    ast.Or: ast.And,
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.BitOr: ast.BitAnd,
    ast.BitAnd: ast.BitOr,
}


@dataclass(frozen=True)
class Mutant:
    """One changed place: the file, its line, what stood there and what stands there now."""

    file: Path
    line: int
    before: str
    after: str
    source: str


def mutants_of(file: Path) -> Iterator[Mutant]:
    """Give every mutant of a file."""
    tree = ast.parse(file.read_text("utf-8"))
    for number, (_, place) in enumerate(places(tree)):
        before = shown(place)
        changed = deepcopy(tree)
        other, there = list(places(changed))[number]
        mutate(other)
        yield Mutant(file, place.lineno, before, shown(there), ast.unparse(changed))


def shown(place: Any) -> str:
    """Write a place in one line: of what has a condition, the condition."""
    return " ".join(ast.unparse(getattr(place, "test", place)).split())


def places(tree: ast.Module) -> Iterator[tuple[ast.AST, Any]]:
    """Give each node that can be changed, with the statement or expression to show for it."""
    for parent, child in walk(tree):
        if isinstance(child, (*SWAPS, ast.Not)):
            yield (parent if isinstance(child, ast.Not) else Swap(parent, child)), parent
        elif isinstance(child, ast.Constant) and isinstance(child.value, bool | int | float | str):
            yield child, child if hasattr(child, "lineno") else parent
        elif isinstance(child, ast.If | ast.While | ast.IfExp):
            yield Negation(child), child
        elif does_something(child):
            yield child, child


def does_something(node: ast.AST) -> bool:
    """Tell whether it is a call by itself, or gives a value back."""
    if isinstance(node, ast.Return):
        return bool(node.value) and ast.unparse(node) != "return None"
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Call | ast.Await)


class Swap(ast.AST):
    """An operator and what it is in."""

    def __init__(self, parent: ast.AST, operator: ast.AST) -> None:
        self.parent, self.operator = parent, operator


class Negation(ast.AST):
    """A condition."""

    def __init__(self, owner: Any) -> None:
        self.owner = owner


def walk(node: ast.AST) -> Iterator[tuple[ast.AST, ast.AST]]:
    """Give parents with their children, without annotations, docstrings and public names."""
    for name, value in ast.iter_fields(node):
        if name in ("annotation", "returns", "decorator_list", "bases"):
            continue
        for child in value if isinstance(value, list) else [value]:
            if not isinstance(child, ast.AST) or is_talk(child):
                continue
            yield node, child
            yield from walk(child)


def is_talk(node: ast.AST) -> bool:
    """Tell whether nothing runs there: a docstring, `__all__`, imports for types."""
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return True
    if isinstance(node, ast.Assign):
        return any(isinstance(one, ast.Name) and one.id in ("__all__", "__slots__") for one in node.targets)
    return isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"


def mutate(node: Any) -> None:
    """Change one node where it stands."""
    match node:
        case Swap():
            swap(node.parent, node.operator)
        case Negation():
            node.owner.test = ast.UnaryOp(ast.Not(), node.owner.test)
        case ast.UnaryOp():
            node.op, node.operand = ast.Not(), ast.UnaryOp(ast.Not(), node.operand)
        case ast.Constant():
            node.value = other_value(node.value)
        case ast.Return():
            node.value = ast.Constant(None)
        case ast.Expr():
            node.value = ast.Constant(None)


def swap(parent: Any, operator: ast.AST) -> None:
    other = SWAPS[type(operator)]()
    if isinstance(parent, ast.Compare):
        parent.ops[parent.ops.index(operator)] = other  # type: ignore[arg-type]
    else:
        parent.op = other


def other_value(value: Any) -> Any:
    if isinstance(value, bool):
        return not value
    return f"XX{value}XX" if isinstance(value, str) else value + 1


@dataclass(frozen=True)
class Timed:
    """The tests of each line of each file, and the seconds of each test."""

    lines: dict[Path, dict[int, list[str]]]
    seconds: dict[str, float]

    def tests_of(self, mutant: Mutant) -> list[str]:
        """Give the tests that run the mutant's line, the quickest first, up to the budget.

        What runs when the file is imported, such as its tables, meets all tests of the file.
        """
        lines = self.lines[mutant.file]
        begins = max((line for line in lines if line <= mutant.line), default=0)  # of what takes many lines
        names = named(lines.get(begins, ())) or named(name for some in lines.values() for name in some)
        chosen, left = [], float(BUDGET)
        for name in sorted(names, key=self.seconds_of):
            left -= self.seconds_of(name)
            if chosen and left < 0:
                break
            chosen.append(name)
        return chosen

    def seconds_of(self, name: str) -> float:
        """Give how long a test takes."""
        return self.seconds.get(name, 0.01)


def named(contexts: Iterable[str]) -> set[str]:
    """Name the tests of contexts, which also tell a test's phase; that of an import is empty."""
    return {context.partition("|")[0] for context in contexts} - {""}


def run_all(folder: Path) -> Timed:
    """Run the tests once, with what they run and how long they take."""
    data = folder / "coverage"
    options = ["-n", "0", "--cov", "--cov-context=test", "--cov-report=", "--durations=0", "-vv"]
    command = [*PYTEST[:3], *options, *TESTS]
    run = subprocess.run(
        command, cwd=ROOT, env=os.environ | {"COVERAGE_FILE": str(data)}, capture_output=True, text=True
    )
    if run.returncode:
        sys.exit(run.stdout[-3000:])
    seconds: dict[str, float] = defaultdict(float)
    for took, name in re.findall(r"(?m)^([\d.]+)s (?:call|setup|teardown) +(.+)$", run.stdout):
        seconds[name.strip()] += float(took)
    kept = coverage.CoverageData(str(data))
    kept.read()
    return Timed({Path(file): kept.contexts_by_lineno(file) for file in kept.measured_files()}, seconds)


def copy_of_everything(folder: Path) -> Path:
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            folder.mkdir(exist_ok=True)
            shutil.copy(source, folder / name)
    return folder


def is_noticed(mutant: Mutant, tests: list[str], copy: Path, seconds: float) -> bool:
    """Run the tests beside a mutant; what hangs has been noticed as well."""
    place = copy / mutant.file.relative_to(ROOT)
    before = place.read_text("utf-8")
    place.write_text(mutant.source, "utf-8")
    environment = os.environ | {"PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1"}
    process = subprocess.Popen(
        [*PYTEST, *tests],
        cwd=copy,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        return process.wait(20 + 4 * seconds) != 0
    except subprocess.TimeoutExpired:
        return True
    finally:
        end(process)
        place.write_text(before, "utf-8")


def end(process: subprocess.Popen[bytes]) -> None:
    """End a run with all that it started."""
    if process.poll() is None:
        os.killpg(process.pid, 9)
        process.wait()


def try_all(chosen: list[Mutant], timed: Timed, folder: Path) -> Iterator[tuple[Mutant, bool]]:
    """Try mutants side by side, each core with a copy of its own; tell which were noticed."""
    cores = os.cpu_count() or 1
    copies: SimpleQueue[Path] = SimpleQueue()
    for number in range(cores):
        copies.put(copy_of_everything(folder / f"copy-{number}"))

    def noticed(mutant: Mutant) -> bool:
        tests = timed.tests_of(mutant)
        copy = copies.get()
        try:
            return bool(tests) and is_noticed(mutant, tests, copy, sum(map(timed.seconds_of, tests)))
        finally:
            copies.put(copy)

    with ThreadPoolExecutor(cores) as pool:
        yield from zip(chosen, pool.map(noticed, chosen), strict=True)


def main(how_many: int = 200, seed: int = 2026) -> None:
    """Print each mutant that no test noticed, and the share that were."""
    started = time.monotonic()
    files = sorted(path for room in ROOMS for path in (ROOT / "dolbyio_nb" / room).glob("*.py"))
    every = [mutant for file in files for mutant in mutants_of(file)]
    chosen = random.Random(seed).sample(every, min(how_many, len(every)))
    print(f"{len(every)} mutants are possible, {len(chosen)} are tried (seed {seed}).", flush=True)
    killed = 0
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        timed = run_all(Path(folder))
        print(f"The tests took {time.monotonic() - started:.0f} s. Not noticed:", flush=True)
        for number, (mutant, noticed) in enumerate(try_all(chosen, timed, Path(folder)), 1):
            killed += noticed
            if not noticed:
                place = f"{mutant.file.relative_to(ROOT)}:{mutant.line}"
                print(f"{number:4} {place}: {mutant.before}  ->  {mutant.after}", flush=True)
    minutes = (time.monotonic() - started) / 60
    print(f"{killed} of {len(chosen)} noticed ({killed / len(chosen):.0%}), in {minutes:.0f} min.")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
