"""A kernel that differs from ipykernel's own where Colab's does, and the modules by which Colab is known.

Its shell sends errors by itself, runs `!` commands by itself, has other events and an error handler of its
own; its kernel answers questions about a name with all that is known of it. Run as a program by a kernel
specification: `python -m tests.notebook.colab_kernel -f FILE`.
"""

import os
import subprocess
import sys
from types import ModuleType, SimpleNamespace
from typing import Any

from ipykernel.ipkernel import IPythonKernel
from ipykernel.kernelapp import IPKernelApp
from ipykernel.zmqshell import ZMQInteractiveShell
from IPython.core.events import EventManager, available_events
from IPython.utils.tokenutil import token_at_cursor

OfIPython: Any = ZMQInteractiveShell
OfIpykernel: Any = IPythonKernel
NAMES = ("DOLBYIO_APP_KEY", "DOLBYIO_APP_SECRET")


class SecretNotFoundError(Exception):
    """As `google.colab.userdata` raises it."""


class Shell(OfIPython):  # type: ignore[misc]  # typed in part
    """The shell."""

    def init_events(self) -> None:
        """Make the events anew, and register for one of them alone."""
        self.events = EventManager(self, available_events)
        self.events.register("pre_execute", self._clear_warning_registry)

    def init_magics(self) -> None:
        """Handle a failed import with a text of its own, and say in it where to look."""
        super().init_magics()
        self.set_custom_exc((ImportError,), self._explain_import)

    def system(self, cmd: str, *args: Any, **options: Any) -> None:
        """Run a command, and print what it says."""
        run = subprocess.run(self.var_expand(cmd, depth=1), shell=True, capture_output=True, text=True)
        print(run.stdout, end="")
        self.user_ns["_exit_code"] = run.returncode

    def _explain_import(self, shell: Any, kind: Any, value: Any, tb: Any, tb_offset: Any = None) -> None:
        lines = self.InteractiveTB.structured_traceback(kind, value, tb, tb_offset=tb_offset)
        self._showtraceback(kind, value, [*lines, "", "NOTE: install dependencies using !pip."])

    def _showtraceback(self, etype: Any, evalue: Any, stb: list[str]) -> None:
        sys.stdout.flush()
        sys.stderr.flush()
        hook = self.displayhook
        content = {"traceback": stb, "ename": str(etype.__name__), "evalue": str(evalue)}
        topic = hook.topic.replace(b"execute_result", b"err") if hook.topic else None
        hook.session.send(hook.pub_socket, "error", content, hook.parent_header, ident=topic)
        self._last_traceback = stb

    def run_cell_magic(self, magic_name: str, line: str, cell: str) -> Any:
        """Let a cell magic have no body."""
        return super().run_cell_magic(magic_name, line, cell or " " * bool(line))


class Kernel(OfIpykernel):  # type: ignore[misc]  # the same
    """The kernel."""

    def _shell_class_default(self) -> type[Shell]:
        return Shell

    def do_inspect(
        self, code: str, cursor_pos: int, detail_level: int = 0, omit_sections: Any = ()
    ) -> dict[str, Any]:
        """Answer with all that is known of a name."""
        name = token_at_cursor(code, cursor_pos)
        info = {key: str(value) for key, value in self.shell.object_inspect(name, detail_level).items()}
        data = {"text/plain": info.get("string_form", ""), "application/json": info}
        return {"status": "ok", "data": data, "metadata": {}, "found": True}


def be_colab() -> None:
    """Put the modules there that Colab has; its secrets come from the environment, and leave it."""
    values = {name: os.environ.pop(name) for name in NAMES if name in os.environ}

    def get(name: str) -> str:
        if name not in values:
            raise SecretNotFoundError(name)
        return values[name]

    colab: Any = ModuleType("google.colab")
    colab.userdata = SimpleNamespace(get=get)
    sys.modules |= {"google": ModuleType("google"), "google.colab": colab}


if __name__ == "__main__":
    be_colab()
    IPKernelApp.launch_instance(kernel_class=Kernel)
