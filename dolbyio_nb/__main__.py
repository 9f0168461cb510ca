"""`python -m dolbyio_nb sandbox`: the stand-in service on its own, for curl and other languages."""

import argparse
import os
import shlex
import signal
import sys
import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dolbyio_nb.sandbox.sandbox import Sandbox


DEFAULT_PORT = 8460
ABOUT = """Run a stand-in for the Dolby.io service on this machine. It is not Dolby's service.

App key and App secret are made up unless given. Values on a command line can be seen by other users of
this machine; set DOLBYIO_APP_KEY and DOLBYIO_APP_SECRET in the environment instead.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Parse the command line and serve; returns the exit code."""
    options = _parser().parse_args(arguments)
    return serve(options.port, options.app_key, options.app_secret)


def serve(port: int, app_key: str | None, app_secret: str | None) -> int:
    """Run a sandbox until Ctrl-C or SIGTERM."""
    from dolbyio_nb.sandbox.sandbox import Sandbox

    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    try:
        sandbox = Sandbox(port=port, app_key=app_key, app_secret=app_secret).start()
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        sys.stderr.write(f"dolbyio_nb sandbox: cannot listen on port {port}: {reason}\n")
        return 1
    with sandbox:
        sys.stdout.write(_greeting(sandbox, app_key, app_secret))
        sys.stdout.flush()
        ended.wait()
    return 0


def _greeting(sandbox: "Sandbox", app_key: str | None, app_secret: str | None) -> str:
    """The lines for another shell. What was given is not repeated: it could be somebody's real secret."""
    lines = [
        "# The dolbyio_nb sandbox, not Dolby.io. For another shell:",
        _export("DOLBYIO_APP_KEY", None if app_key else sandbox.app_key),
        _export("DOLBYIO_APP_SECRET", None if app_secret else sandbox.app_secret),
        _export("DOLBYIO_AUTH_URL", sandbox.auth_url),
        _export("DOLBYIO_MEDIA_URL", sandbox.media_url),
        "# Ctrl-C ends it; uploads and results are gone then.",
    ]
    return "\n".join(lines) + "\n"


def _export(name: str, value: str | None) -> str:
    return f"# {name}: as you gave it" if value is None else f"export {name}={shlex.quote(value)}"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m dolbyio_nb")
    commands = parser.add_subparsers(required=True, metavar="command")
    sandbox = commands.add_parser(
        "sandbox",
        help="run the stand-in service",
        description=ABOUT,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    sandbox.add_argument(
        "--port", type=int, default=DEFAULT_PORT, help="default: %(default)s; 0: any free one"
    )
    sandbox.add_argument(
        "--app-key", default=os.environ.get("DOLBYIO_APP_KEY"), help="default: $DOLBYIO_APP_KEY, or random"
    )
    sandbox.add_argument(
        "--app-secret",
        default=os.environ.get("DOLBYIO_APP_SECRET"),
        help="default: $DOLBYIO_APP_SECRET, or random; better not given here",
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
