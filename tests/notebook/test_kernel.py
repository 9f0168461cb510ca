"""In a real kernel: prompts, errors as people see them, and a token that never expires under a cell."""

import pytest

from dolbyio_nb.sandbox import Sandbox

from .conftest import Kernel

RENEWAL = """
import time, requests
answers, tokens, until = [], set(), time.monotonic() + 5
while time.monotonic() < until:
    tokens.add(dolby_token.value)
    headers = {"Authorization": f"Bearer {dolby_token}"}
    answers.append(requests.get(f"{dolby.media_url}/media/jobs", headers=headers).status_code)
    time.sleep(0.05)
print(set(answers), len(tokens) > 2)
"""


def test_token_is_renewed_while_a_cell_runs(kernel: Kernel) -> None:
    """A cell that outlives two tokens, and reads the name each time, never sends an expired one."""
    kernel.run("%load_ext dolbyio_nb\n%dolby_login --sandbox --expires-in 2")
    assert kernel.run(RENEWAL).text.strip() == "{200} True"


def test_masked_prompt_logs_in(environment: pytest.MonkeyPatch, sandbox: Sandbox, kernel: Kernel) -> None:
    """The prompt takes key and secret, and neither is in anything the kernel sent out."""
    login = "%load_ext dolbyio_nb\n%dolby_login --prompt"
    outcome = kernel.run(login, answers=[sandbox.app_key, sandbox.app_secret])
    assert "from the prompt" in outcome.text
    assert sandbox.app_secret not in str(outcome.messages)


def test_nothing_entered_is_a_short_error(kernel: Kernel) -> None:
    """An empty answer at the prompt ends in an error with a next step."""
    outcome = kernel.run("%load_ext dolbyio_nb\n%dolby_login --prompt", answers=[""])
    assert "nothing was entered" in outcome.error_lines[0]


ERRORS = {
    "no credentials": ("%dolby_login", "DOLBYIO_SANDBOX"),
    "profile": ("%dolby_login --profile nowhere", "nowhere"),
    "life": ("%dolby_login --sandbox --expires-in 90000", "86400"),
    "half": (
        "open('.env', 'w').write('DOLBYIO_APP_KEY=abc')\n%dolby_login",
        "DOLBYIO_APP_SECRET is missing",
    ),
    "unreachable": (
        "%env DOLBYIO_AUTH_URL=http://127.0.0.1:9\n%env APP_KEY=a\n%env APP_SECRET=b\n%dolby_login",
        "cannot be reached",
    ),
    "missing file": (
        "%dolby_login --sandbox\ndolby.media.enhance('nowhere.wav').result()",
        "nowhere.wav",
    ),
    "no sound": (
        "open('t.wav', 'w').write('text')\n%dolby_login --sandbox\ndolby.media.enhance('t.wav').result()",
        "JobFailed",
    ),
    "logged out": (
        "%dolby_login --sandbox\nkept = dolby\n%dolby_logout\nkept.media.diagnose('x.wav')",
        "",
    ),
}


@pytest.mark.parametrize("case", ERRORS)
def test_errors_are_one_to_three_lines(kernel: Kernel, case: str) -> None:
    """Each usual mistake ends the cell as failed, with one to three lines that say what to do."""
    code, word = ERRORS[case]
    outcome = kernel.run(f"%load_ext dolbyio_nb\n{code}")
    assert 1 <= len(outcome.error_lines) <= 3
    assert word in "\n".join(outcome.error_lines)
