"""`python -m dolbyio_nb sandbox`: the stand-in service on its own, for curl and other languages."""

import argparse
import os
import shlex
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from dolbyio_nb.errors import DolbyError

if TYPE_CHECKING:
    from dolbyio_nb.sandbox.sandbox import Sandbox


DEFAULT_PORT = 8460
PROFILE_FILE = ".env.sandbox"
LOOK = 0.1  # seconds; a handler may take no lock that its own thread could hold, as an event's
ABOUT = """Run a stand-in for the Dolby.io service on this machine. It is not Dolby's service.

App key and App secret are made up unless given. Values on a command line can be seen by other users of
this machine; set DOLBYIO_APP_KEY and DOLBYIO_APP_SECRET in the environment instead.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Parse the command line and serve; returns the exit code."""
    options = _parser().parse_args(arguments)
    return serve(options)


def serve(options: argparse.Namespace) -> int:
    """Run a sandbox until Ctrl-C, SIGTERM or the end of its terminal."""
    from dolbyio_nb.sandbox.sandbox import Sandbox

    ended: list[int] = []
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), lambda number, _: ended.append(number))
    try:
        sandbox = Sandbox(
            port=options.port, app_key=options.app_key, app_secret=options.app_secret, cors=options.cors
        ).start()
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        sys.stderr.write(f"dolbyio_nb sandbox: cannot listen on port {options.port}: {reason}\n")
        return 1
    with sandbox:
        try:
            saved = _save(sandbox) if options.save else ""
        except DolbyError as error:
            sys.stderr.write(f"dolbyio_nb sandbox: {error}\n")
            return 1
        sys.stdout.write(_greeting(sandbox, options.app_key, options.app_secret) + saved)
        sys.stdout.flush()
        while not ended:
            time.sleep(LOOK)
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


def _save(sandbox: "Sandbox") -> str:
    """Write what a log-in needs to `.env.sandbox`, for the notebooks of this folder and below."""
    from dolbyio_nb.auth.env_save import write_env_file

    values = {
        "DOLBYIO_APP_KEY": sandbox.app_key,
        "DOLBYIO_APP_SECRET": sandbox.app_secret,
        "DOLBYIO_AUTH_URL": sandbox.auth_url,
        "DOLBYIO_MEDIA_URL": sandbox.media_url,
    }
    said = write_env_file(Path.cwd() / PROFILE_FILE, values)
    return f"# {said}\n# In a notebook: %dolby_login --profile sandbox\n"


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
    sandbox.add_argument(
        "--save",
        action="store_true",
        help=f"write {PROFILE_FILE} here, for %%dolby_login --profile sandbox in any notebook",
    )
    sandbox.add_argument("--cors", action="store_true", help="let pages of other origins call it")
    return parser


if __name__ == "__main__":
    sys.exit(main())
