"""Outputs of jobs: where they go, and the result made of them."""

import json
import os
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, cast

from dolbyio_nb.errors import InvalidOption, JobFailed
from dolbyio_nb.media.analyses import Analysis, Diagnosis, MusicAnalysis, SpeechAnalysis
from dolbyio_nb.media.inputs import Input
from dolbyio_nb.media.locations import (
    Location,
    address_of,
    from_here,
    is_temporary,
    local_path,
    name_of,
    new_output,
    remote_location,
)
from dolbyio_nb.media.options import Options, kind_of, suffix_of
from dolbyio_nb.media.parse import dig
from dolbyio_nb.media.results import MediaResult, Output, Result
from dolbyio_nb.media.transfer import Storage


@dataclass(frozen=True)
class Target:
    """Where a job writes, and where that is wanted on this computer."""

    location: Location
    save_to: Path | None = None


Destination = str | os.PathLike[str] | Location
"""Where a result is wanted: a path on this computer, or a location the service writes to by itself."""


def choose_target(output: Destination | None, read: Input, suffix: str) -> Target:
    """Choose where a job writes: where the person says, or a new place in temporary storage."""
    if output is None:
        return Target(new_output(read.stem, suffix))
    if (location := remote_location(output)) is not None:
        return Target(location)
    path = from_here(_file_for(cast("str | os.PathLike[str]", output), read.stem, suffix))
    if read.path and path.resolve() == read.path:
        raise InvalidOption(
            f"{path} would be replaced by its own result.", "", "Give `output` another name than the source."
        )
    return Target(new_output(path.stem, path.suffix), path)


def choose_renditions(wanted: Iterable[Options], read: Input) -> tuple[list[Target], list[dict[str, Any]]]:
    """Choose where each of several outputs is written, and complete what is asked for it."""
    targets, asked = [], []
    for one in wanted:
        suffix = suffix_of(one["kind"]) if one.get("kind") else ""
        target = choose_target(one.get("destination"), read, suffix)
        kind = one.get("kind") or kind_of(PurePosixPath(name_of(target.location)).suffix)
        if not kind:
            raise InvalidOption(
                "It is not clear which format to write.",
                "Neither `kind` nor the output's suffix says so.",
                'Give `kind="mp3"`, or an output with a suffix.',
            )
        targets.append(target)
        asked.append({**one, "destination": target.location, "kind": kind})
    return targets, asked


def _file_for(output: str | os.PathLike[str], stem: str, suffix: str) -> Path:
    path = local_path(output)
    if os.path.isdir(path) or os.fspath(output).endswith(("/", os.sep)):
        return path / f"{stem}{suffix}"
    return path if path.suffix else path.with_name(path.name + suffix)


REPORTS: dict[str, type[Result]] = {
    "/media/analyze": Analysis,
    "/media/analyze/speech": SpeechAnalysis,
    "/media/analyze/music": MusicAnalysis,
}
"""The jobs whose result is a JSON file."""
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
    kind = REPORTS.get(spec.path)
    if kind and not raw and outputs and is_temporary(outputs[0].location):
        raw = _report(outputs[0], job_id, storage)
    kind = kind or (Diagnosis if spec.path == "/media/diagnose" else MediaResult)
    return kind(raw, spec.operation, job_id, spec.source, outputs)


def _outputs(spec: JobSpec, job_id: str, storage: Storage) -> list[Output]:
    """Name the files the job wrote, numbered when several, and fetch those that are wanted here."""
    outputs = []
    for count, target in enumerate(spec.targets, 1):
        number = f"-{count}" if len(spec.targets) > 1 else ""
        suffix = PurePosixPath(name_of(target.location)).suffix
        stem = PurePosixPath(spec.name).stem[:LONGEST_STEM] or "audio"
        name = f"{stem}-{spec.operation}-{job_id[:8]}{number}{suffix}"
        outputs.append(Output(target.location, name, storage.download))
        if target.save_to:
            outputs[-1].save(target.save_to)
    return outputs


def _report(output: Output, job_id: str, storage: Storage) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        path = output.path or storage.download(address_of(output.location) or "", Path(folder, "report.json"))
        text = path.read_bytes()
    try:
        report = json.loads(text)
    except ValueError:
        report = None
    if isinstance(report, dict):
        return report
    raise JobFailed(f"The report of job {job_id} cannot be read.", "It is not a JSON object.", job_id=job_id)
