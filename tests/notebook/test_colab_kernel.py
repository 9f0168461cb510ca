"""In a kernel that is like Colab's: the log-in, what it shows, masks and plays, errors, and the log-out."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jupyter_client.kernelspec import KernelSpecManager

from dolbyio_nb.sandbox import Sandbox
from tests.batch.conftest import sound

from .conftest import Kernel
from .test_leaks import TOKEN

ROOT = Path(__file__).parents[2]


@pytest.fixture
def colab(environment: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Kernel]:
    """The kernel, in a folder with a recording, and with a key and a secret in Colab's secrets alone."""
    sound(tmp_path / "talk.wav", 2.0)
    specification = tmp_path / "kernels" / "colab"
    specification.mkdir(parents=True)
    command = [sys.executable, "-m", "tests.notebook.colab_kernel", "-f", "{connection_file}"]
    (specification / "kernel.json").write_text(json.dumps({"argv": command, "display_name": "Colab"}))
    specifications = KernelSpecManager(kernel_dirs=[str(specification.parent)])
    running = Kernel(tmp_path, "colab", specifications, PYTHONPATH=str(ROOT))
    yield running
    running.stop()


def data_of(messages: list[Any], kind: str) -> list[str]:
    """What was shown of one kind."""
    shown = [one["content"]["data"] for one in messages if "data" in one["content"]]
    return [str(data[kind]) for data in shown if kind in data]


def test_a_session_in_colabs_kernel(colab: Kernel, sandbox: Sandbox) -> None:
    """From Colab's secrets to a result that can be heard, and out again; nothing on the way is a secret."""
    seen: list[Any] = []

    def run(code: str, **how: Any) -> Any:
        outcome = colab.run(code, **how)
        seen.extend(outcome.messages)
        return outcome

    assert "from Colab's secrets" in run("%load_ext dolbyio_nb\n%dolby_login").text
    assert "Colab's secrets" in run("%dolby_login --explain").text
    assert "<Dolby.io token …" in run("dolby_token").text
    assert "[masked…]" in run('print("".join(dolby_token), dolby_token.value)').text
    assert (
        "200"
        in run(
            "import requests\nh = {'Authorization': f'Bearer {dolby_token}'}\n"
            "requests.get(dolby.media_url + '/media/jobs', headers=h).status_code"
        ).text
    )
    result = run("better = dolby.media.enhance('talk.wav', content='podcast').result()\nbetter")
    assert "MediaResult" in result.text
    (card,) = data_of(result.messages, "text/html")[-1:]
    assert 'src="data:audio/' in card  # Colab's page reaches no file: the sound is in it
    assert "Diagnosis" in run("dolby.media.diagnose('talk.wav').result()").text
    assert "NotFound" in run("dolby.media.job('nowhere')").error
    masked = run("raise ValueError(dolby_token.value)")
    assert "[masked…]" in masked.error
    assert "using !pip" in run("import a_module_of_nobody").error
    assert "hello [masked…]" in run("!echo hello {dolby_token.value}").text
    assert "did you mean" in run("%%dolby_login").text
    seen.append(inspected(colab, "dolby_token"))
    assert "fresh" in run("%dolby_status").text
    assert run("%dolby_login --sandbox").text
    assert "ogged out" in run("%dolby_logout").text
    written = json.dumps(seen, default=str)
    assert sandbox.app_secret not in written
    assert TOKEN.decode().rstrip("=")[:-2] not in written


def inspected(kernel: Kernel, name: str) -> Any:
    """What the front end is told about a name."""
    asked = kernel.client.inspect(name, len(name), detail_level=1)
    while (reply := kernel.client.get_shell_msg(timeout=30))["parent_header"].get("msg_id") != asked:
        pass
    assert reply["content"]["data"]["application/json"]
    return reply
