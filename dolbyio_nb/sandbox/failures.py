"""The words with which a job ends that does not succeed."""

from .gate import Ending


class JobFailure(Exception):
    """A job that cannot go on, and why, as the polling answer tells it."""

    def __init__(self, type: str, title: str, detail: str, status: Ending = "Failed") -> None:
        super().__init__(detail)
        self.error = {"type": type, "title": title, "detail": detail}
        self.status: Ending = status


def no_access(detail: str) -> JobFailure:
    return JobFailure("/problems/input-file-access", "The file could not be accessed", detail)


def too_large(megabytes: int) -> JobFailure:
    detail = f"It is larger than {megabytes} MB"
    return JobFailure("/problems/input-limit", "The input is larger than the sandbox takes", detail)


def no_tools() -> JobFailure:
    detail = "This job needs sound tools that are not installed: pip install 'dolbyio_nb[sandbox]'"
    return JobFailure("/problems/missing-package", "The sandbox cannot process sound", detail)


def not_processed(error: Exception) -> JobFailure:
    """For whatever a damaged or hostile file makes the decoders raise."""
    detail = f"The file could not be processed ({type(error).__name__})"
    return JobFailure("/problems/processing-failed", "Processing failed", detail)


def broken_off() -> JobFailure:
    detail = "The sandbox was stopped"
    return JobFailure("/problems/internal-error", "The job was broken off", detail, "InternalError")


def ordered(status: Ending) -> JobFailure:
    type = "/problems/internal-error" if status == "InternalError" else "/problems/processing-failed"
    return JobFailure(type, "The job was made to fail", "Ordered by sandbox.faults", status)
