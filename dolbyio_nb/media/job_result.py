"""Job result: the table of operations, what a job was asked, and the result made of it."""

import json
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Self

from dolbyio_nb.errors import JobFailed, TransferError
from dolbyio_nb.http.connections import CALL_SIZE, parse_json
from dolbyio_nb.media.analyses import Analysis, Diagnosis, MusicAnalysis, SpeechAnalysis
from dolbyio_nb.media.api import dig
from dolbyio_nb.media.ledger import LedgerEntry
from dolbyio_nb.media.locations import address_of, is_temporary, name_of, plain
from dolbyio_nb.media.outputs import Target
from dolbyio_nb.media.results import MediaResult, Output, Result
from dolbyio_nb.media.transfer import Storage


@dataclass(frozen=True)
class Operation:
    """One API that starts jobs: its path, what comes out, and whether that is a report in a file."""

    path: str
    result: type[Result] = MediaResult
    report: bool = False


PREVIEW = "/media/master/preview"
OPERATIONS = {
    one.path: one
    for one in (
        Operation("/media/enhance"),
        Operation("/media/diagnose", result=Diagnosis),
        Operation("/media/analyze", result=Analysis, report=True),
        Operation("/media/analyze/speech", result=SpeechAnalysis, report=True),
        Operation("/media/analyze/music", result=MusicAnalysis, report=True),
        Operation("/media/transcode"),
        Operation("/media/master"),
        Operation(PREVIEW),
    )
}
"""Every operation. A path that is not in it, of an API newer than this code, gives a `MediaResult`."""
LONGEST_STEM = 60
"""Characters of the original's name in a result's: a file system takes 255 bytes for a whole name."""


@dataclass(frozen=True)
class JobSpec:
    """What a job was asked, as far as its result depends on it.

    Attributes:
        path: the API's path, such as `/media/enhance`.
        source: the original, when it is a file on this computer.
        name: the original's file name, or nothing when it is not known.
        targets: where the job writes, and where that is wanted on this computer.
    """

    path: str
    source: Path | None = None
    name: str = ""
    targets: tuple[Target, ...] = ()

    @property
    def operation(self) -> str:
        """The path as a word, such as `enhance` or `analyze-speech`."""
        return self.path.removeprefix("/media/").replace("/", "-")

    @property
    def about(self) -> str:
        """What is done to what, for people."""
        return f"{self.operation} of {self.name}" if self.name else self.operation

    @classmethod
    def of(cls, entry: LedgerEntry) -> Self:
        """Read it from the ledger."""
        targets = tuple(Target(place, Path(path) if path else None) for place, path in entry.outputs)
        return cls(entry.path, Path(entry.source) if entry.source else None, entry.name, targets)

    def arguments(self) -> list[str]:
        """Write what `media.job()` needs beyond the id to give the same result, as it is typed."""
        places = (target.location for target in self.targets)
        temporary = [address_of(place) for place in places if is_temporary(place)]
        output = temporary[0] if len(temporary) == 1 else temporary
        given = {"output": output, "source": str(self.source) if self.source else None}
        return [f"{name}={json.dumps(value)}" for name, value in given.items() if value]


def make_result(spec: JobSpec, job_id: str, answer: Mapping[str, Any], storage: Storage) -> Result:
    """Make the result of a job that succeeded; a report is fetched, and so is a file that is wanted here."""
    outputs = _outputs(spec, job_id, storage)
    raw = dig(answer, "result")
    raw = raw if isinstance(raw, dict) else {}
    operation = OPERATIONS.get(spec.path, Operation(spec.path))
    if operation.report and not raw and outputs and is_temporary(outputs[0].location):
        raw = _report(outputs[0], job_id, storage)
    return operation.result(raw, spec.operation, job_id, spec.source, outputs)


def _outputs(spec: JobSpec, job_id: str, storage: Storage) -> list[Output]:
    """Name the files the job wrote, each with its mark when several, and fetch those that are wanted here."""
    outputs = []
    for mark, target in zip(_marks(spec), spec.targets, strict=True):
        number = f"-{mark}" if mark else ""
        suffix = PurePosixPath(name_of(target.location)).suffix
        stem = PurePosixPath(spec.name).stem[:LONGEST_STEM] or "audio"
        name = f"{stem}-{spec.operation}-{plain(job_id[:8])}{number}{suffix}"
        label = f"Preset {mark}" if mark.isalpha() else f"After {mark}" * bool(mark)
        outputs.append(Output(target.location, name, storage.download, label))
        if target.save_to:
            _save(outputs[-1], target.save_to, job_id)
    return outputs


def _marks(spec: JobSpec) -> list[str]:
    """Tell several files of one job apart: previews by the letters of their presets, others by numbers."""
    marks = [str(count + 1) for count in range(len(spec.targets))] if len(spec.targets) > 1 else [""]
    letters = [PurePosixPath(name_of(one.location)).stem.rpartition("-")[2] for one in spec.targets]
    are_presets = spec.path == PREVIEW and all(len(one) == 1 and one.isalpha() for one in letters)
    return letters if are_presets and len({*letters}) == len(letters) else marks[: len(letters)]


def _save(output: Output, path: Path, job_id: str) -> None:
    try:
        output.save(path)
        return
    except TransferError as error:
        what, why, advice = error.what, error.why, error.next_step
    again = f"dolby.media.job({json.dumps(job_id)}, output=…).result()"
    raise TransferError(what, why, f"{advice} The job is done: {again} fetches its result.")


def _report(output: Output, job_id: str, storage: Storage) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        address, path = address_of(output.location) or "", Path(folder, "report.json")
        path = output.path or storage.download(address, path, CALL_SIZE)
        text = path.read_bytes()
    try:
        report = parse_json(text)
    except (ValueError, RecursionError):
        report = None
    if isinstance(report, dict):
        return report
    raise JobFailed(f"The report of job {job_id} cannot be read.", "It is not a JSON object.", job_id=job_id)
