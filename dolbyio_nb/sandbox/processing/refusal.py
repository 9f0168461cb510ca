"""The word for a job that cannot or will not be done, and why."""

from __future__ import annotations

INPUT = "/problems/input-file-access"
PARAMETER = "/problems/validation-error"
OUTPUT = "/problems/output-format"
LIMIT = "/problems/input-limit"


class Refused(Exception):
    """A job ends here: `type` as in the service's problem JSON, `title` and `detail` in words."""

    def __init__(self, type: str, title: str, detail: str) -> None:
        super().__init__(type, title, detail)
        self.type = type
        self.title = title
        self.detail = detail

    def __str__(self) -> str:
        return f"{self.title}: {self.detail}"


def unreadable(detail: str) -> Refused:
    return Refused(INPUT, "The input file could not be read", detail)


def invalid(field: str, rule: str) -> Refused:
    return Refused(PARAMETER, "Your request parameters didn't validate", f"{field}: {rule}")


def unwritable(detail: str) -> Refused:
    return Refused(OUTPUT, "The output could not be made", detail)


def beyond(detail: str) -> Refused:
    return Refused(LIMIT, "The input is larger than the sandbox takes", detail)
