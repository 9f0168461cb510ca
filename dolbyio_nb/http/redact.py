"""Redaction of signed addresses in logs."""

import logging

LOGGERS = ("urllib3.connectionpool", "urllib3.util.retry")


class HidesSignatures(logging.Filter):
    """Lets every record through, but cuts a signed address off at its query."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Replace what is signed among a record's arguments."""
        if isinstance(record.args, tuple):
            record.args = tuple(map(_unsigned, record.args))
        return True


def hide_signatures() -> None:
    """Begin, for the whole process: a redirect can lead any session to a signed address."""
    for name in LOGGERS:
        logging.getLogger(name).addFilter(_FILTER)


def _unsigned(argument: object) -> object:
    if isinstance(argument, str) and PRESIGNED in argument.lower():
        return argument.partition("?")[0] + "?…"
    return argument


_FILTER = HidesSignatures()

PRESIGNED = "x-amz-signature="  # such an address is a key in itself; storage refuses a second one
