"""What leaves a kernel is masked: every channel that a cell has, and what a careless notebook keeps."""

import base64
import importlib
import json
import os
import pickle
import string
import sys
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import debugpy
import nbformat
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from jupyter_client.session import json_packer, json_unpacker
from nbclient import NotebookClient

from dolbyio_nb.auth.access_token import AccessToken, MaskedText
from dolbyio_nb.auth.credentials import AppCredentials
from dolbyio_nb.http.redact import GRACE, SecretRegistry
from dolbyio_nb.notebook.masking import MaskingPack
from dolbyio_nb.notebook.secret_pieces import LARGE, REACH, SHORTEST, SURELY_SEEN, SecretPieces
from dolbyio_nb.sandbox import Sandbox

from .careless import CELLS, CHANNELS, SETUP, Needles
from .conftest import LIMIT, Kernel, home_variables

LOGIN = "%load_ext dolbyio_nb\n%dolby_login"


def variables(service: Sandbox) -> dict[str, str]:
    """The environment of a kernel that is to log in there."""
    return {
        "DOLBYIO_APP_KEY": service.app_key,
        "DOLBYIO_APP_SECRET": service.app_secret,
        "DOLBYIO_AUTH_URL": service.auth_url,
        "DOLBYIO_MEDIA_URL": service.media_url,
    }


@pytest.fixture(scope="module")
def service() -> Iterator[Sandbox]:
    with Sandbox() as running:
        yield running


@pytest.fixture(scope="module")
def careless(service: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernel]:
    """One kernel for all tests, logged in."""
    running = Kernel(tmp_path_factory.mktemp("kernel"), **variables(service))
    running.run(LOGIN)
    assert not running.run(SETUP).error
    yield running
    running.stop()


@pytest.fixture(scope="module")
def needles(careless: Kernel, service: Sandbox) -> Needles:
    """What this kernel must never send."""
    careless.run("_ = open('token', 'w').write(T)")
    return Needles(service.app_secret, (careless.home / "token").read_text())


def said(messages: list[Any]) -> str:
    """All that a kernel has sent."""
    return "".join(json.dumps(it["content"], ensure_ascii=False, default=str) for it in messages)


def tell(kernel: Kernel, code: str, answers: list[str] | None = None) -> str:
    """Run a cell; give all that the kernel sent for it, its reply to the front end included."""
    outcome = kernel.run(code, answers=answers)
    request = outcome.messages[-1]["parent_header"]["msg_id"]
    return said(outcome.messages) + reply_to(kernel, request)


def reply_to(kernel: Kernel, request: str) -> str:
    """What the kernel answers to a request on its shell channel."""
    while (reply := kernel.client.get_shell_msg(timeout=LIMIT))["parent_header"]["msg_id"] != request:
        pass
    return said([reply])


LATE_OR_SILENT = {"display: capture magic"} | {
    f"stream: {name}" for name in ("original streams", "file descriptor", "os.system", "subprocess")
}  # the latter come by a pipe, at times in the next test, which looks at them as well


@pytest.mark.parametrize("channel", CHANNELS)
def test_no_channel_leaks(careless: Kernel, needles: Needles, channel: str) -> None:
    """Whatever a cell does to show a secret, what leaves the kernel has a mask in its place."""
    told = tell(careless, CHANNELS[channel])
    assert not needles.in_text(told)
    assert "…" in told or channel in LATE_OR_SILENT


def test_the_scan_finds_what_is_let_through(careless: Kernel, needles: Needles) -> None:
    """In an unmasked block channels do leak, or the scan would prove nothing; around it they do not."""
    for name in ("stream: print", "stream: json", "display: html in pieces", "display: json"):
        block = "with dolby.unmasked():\n    " + CHANNELS[name].replace("\n", "\n    ")
        told = tell(careless, f"print('before', T)\n{block}\nprint('after', T)")
        assert needles.in_text(told)
        assert told.count("[masked…]") >= 2


def test_what_is_asked_of_the_kernel_is_masked(careless: Kernel, needles: Needles) -> None:
    """History, completion, help and watched expressions, for cells in which somebody typed the secret."""
    careless.run(f"typed = {needles.values[0]!r}; by_name = {{T: 1, S: 2}}")
    client = careless.client
    requests = [
        client.history(hist_access_type="tail", n=3),
        client.complete("by_name['", 9),
        client.inspect("typed"),
        client.execute("0", user_expressions={"a": "T", "b": "[S]"}),
    ]
    for request in requests:
        told = reply_to(careless, request)
        assert "[masked…]" in told
        assert not needles.in_text(told)


def test_prompts_are_masked(careless: Kernel, needles: Needles) -> None:
    """A prompt is a message of its own."""
    told = tell(careless, "import getpass; _ = input(T), getpass.getpass(S)", answers=["x", "y"])
    assert told.count("[masked…]") == 2
    assert not needles.in_text(told)


def test_views_of_variables_are_masked(careless: Kernel, needles: Needles) -> None:
    """The list of variables, and the rich look at one, as JupyterLab's debugger asks for them."""
    for command, about in (("inspectVariables", {}), ("richInspectVariables", {"variableName": "T"})):
        content = {"type": "request", "seq": 1, "command": command, "arguments": about}
        message = careless.client.session.msg("debug_request", content)
        careless.client.control_channel.send(message)
        told = said([careless.client.control_channel.get_msg(timeout=LIMIT)])
        assert '"success": true' in told
        assert "…" in told
        assert not needles.in_text(told)


def test_buffers_pass_as_they_are(service: Sandbox, careless: Kernel) -> None:
    """A picture or a sound is never touched, and neither is what a program sends in one."""
    outcome = careless.run("import ipywidgets; ipywidgets.Label('x').send({'a': S}, buffers=[S.encode()])")
    sent = next(it for it in outcome.messages if it["buffers"])
    assert bytes(sent["buffers"][0]).decode() == service.app_secret
    assert sent["content"]["data"]["content"] == {"a": "[masked…]"}


def test_it_is_switched_by_config_and_ends_with_the_extension(service: Sandbox, careless: Kernel) -> None:
    """Off and on again; and a wrapper that somebody else has put above goes on working."""
    above = (
        "session = get_ipython().kernel.session\nbelow = session.pack\nsession.pack = lambda it: below(it)"
    )
    assert "[masked…]" in tell(careless, f"{above}\nprint(S)")
    assert service.app_secret in tell(careless, "%config DolbyMagics.mask_outputs = False\nprint(S)")
    assert "[masked…]" in tell(careless, "%config DolbyMagics.mask_outputs = True\nprint(S)")
    assert service.app_secret in tell(careless, "%unload_ext dolbyio_nb\nprint(S)")
    assert "[masked…]" in tell(careless, f"{LOGIN}\nprint(S)")
    told = tell(careless, "session.pack = below\n%unload_ext dolbyio_nb\nprint(session.pack is below)")
    assert "True" in told


def test_a_saved_notebook_of_careless_cells_is_clean(service: Sandbox, tmp_path: Path) -> None:
    """Twenty of them, run without a person, with errors and the state of widgets in the file.

    nbclient may miss the reply of a cell with an Output widget: it sends on the socket that it waits on.
    """
    cells = [cell for cell in CELLS if "Output" not in cell]
    sources = [LOGIN, SETUP, *cells, "_ = open('token', 'w').write(T)"]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in sources])
    resources = {"metadata": {"path": str(tmp_path)}}
    client = NotebookClient(
        notebook, timeout=LIMIT, allow_errors=True, store_widget_state=True, resources=resources
    )
    client.execute(env={**os.environ, **home_variables(tmp_path), **variables(service)})
    needles = Needles(service.app_secret, (tmp_path / "token").read_text())
    saved = nbformat.writes(notebook)
    assert not needles.in_text(saved)
    assert sum("…" in str(cell.outputs) for cell in notebook.cells) >= 20


TOKEN = "eyJhbGciOiJIUzI1NiJ9." + "".join(Random(1).choices(string.ascii_letters + "-_", k=300)) + ".c2lnbmF0"
SECRET = "".join(Random(2).choices(string.ascii_letters + "+/", k=43)) + "="

SHORT = "Zq7-Wv3-Yt9-Kb5"


@pytest.fixture(scope="module")
def pack() -> MaskingPack:
    """A packer that hides these two values, without a kernel."""
    registry = SecretRegistry()
    for value in (TOKEN, SECRET, SHORT):
        registry.register(value)
    return MaskingPack(json_packer, json_unpacker, registry)


@pytest.fixture(scope="module")
def pieces() -> SecretPieces:
    """What is looked for of these two."""
    return SecretPieces((TOKEN, SECRET))


NEEDLES = Needles(TOKEN, SECRET)
LETTERS = st.text(st.characters(codec="utf-8"), max_size=40)


@given(st.sampled_from([TOKEN, SECRET]), st.data(), LETTERS, LETTERS)
def test_every_piece_is_masked_and_what_is_around_it_stays(
    pack: MaskingPack, value: str, data: st.DataObject, before: str, after: str
) -> None:
    """From twelve characters on, at any place of a message that stays what it was otherwise."""
    length = data.draw(st.integers(SHORTEST, len(value)))
    at = data.draw(st.integers(0, len(value) - length))
    message = {"text": f"{before}\u00b7{value[at : at + length]}\u00b7{after}", before: [1, 2.5, None, True]}
    packed = json_unpacker(pack(message))
    assert packed["text"] == f"{before}\u00b7[masked…]\u00b7{after}"
    assert before == "text" or packed[before] == [1, 2.5, None, True]


@given(
    st.sampled_from([TOKEN, SECRET]),
    st.integers(1, 30),
    st.sampled_from(["<i>", "\x1b[1;31m", "\n", " |\n| "]),
)
def test_pieces_of_any_size_are_masked_across_markup(
    pack: MaskingPack, value: str, size: int, between: str
) -> None:
    """Colours, tags and the ends of lines may stand after every character, frames after every twelve."""
    size = max(size, SHORTEST if "|" in between else 1)
    text = between.join(value[at : at + size] for at in range(0, len(value), size))
    assert json_unpacker(pack({"text": f"({text})"}))["text"].replace(between, "") == "([masked…])"


@given(st.binary(max_size=9), st.binary(max_size=9), st.sampled_from([TOKEN, SECRET]))
def test_base64_is_masked_at_every_alignment(
    pack: MaskingPack, before: bytes, after: bytes, value: str
) -> None:
    """Such as the header of a Basic log-in."""
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        packed = pack({"data": encode(before + value.encode() + after).decode()}).decode()
        assert "[masked…]" in packed
        assert not NEEDLES.in_text(packed)


@pytest.mark.parametrize("size", [LARGE - 1000, LARGE + 1000, 4 * LARGE])
def test_large_messages_hide_whole_values_and_long_pieces(pack: MaskingPack, size: int) -> None:
    """At every place in relation to the words that are looked at; short values, too."""
    for at in range(0, 40, 7):
        for piece in (SHORT, SECRET, TOKEN, TOKEN[50 : 50 + SURELY_SEEN]):
            text = "·" * (size // 2) + "~" * at + piece
            assert pack({"text": text}).decode().endswith("~" * at + '[masked…]"}')


PADDING = "loss 0.1\n" * (LARGE // 8)
QUOTED = '"7\\kZQx' * 6
DIGITS = "31415926535897932384626433832795028841971"
NEWLINE_LIKE = "nfe" + "".join(Random(3).choices("0123456789abcdef", k=45))
AROUND = ("\n", "\\", '"', "\u00e9", "\u65e5\u672c", "\U0001f600", "\x01", "<b>", "", "\u2028", '","x":"')


@pytest.fixture(scope="module")
def large_pack() -> MaskingPack:
    """A packer that hides values that are easily mistaken for something else of JSON."""
    registry = SecretRegistry()
    for value in (TOKEN, SECRET, QUOTED, DIGITS, NEWLINE_LIKE):
        registry.register(value)
    return MaskingPack(json_packer, json_unpacker, registry)


@pytest.mark.parametrize("values", [(TOKEN, SECRET), (NEWLINE_LIKE,), (DIGITS,)])
@pytest.mark.parametrize("around", AROUND)
def test_large_messages_stay_what_they_are_around_a_mask(
    large_pack: MaskingPack, values: tuple[str, ...], around: str
) -> None:
    """Also beside escapes, quotes and numbers, which look like pieces where a message is packed."""
    text = PADDING[:3001] + around + "%s" + around + PADDING[:3000]
    pieces = [value[cut:] for value in values for cut in (0, 1)]
    texts = [text % piece for piece in pieces]
    packed = json_unpacker(large_pack({"padding": PADDING, "texts": texts}))
    assert packed == {"padding": PADDING, "texts": [text % "[masked…]"] * len(pieces)}


def test_large_messages_keep_their_quotes(large_pack: MaskingPack) -> None:
    """A value may begin with what JSON puts around every text."""
    packed = json_unpacker(large_pack({"padding": PADDING, "texts": [QUOTED, QUOTED[1:]]}))
    assert packed == {"padding": PADDING, "texts": ["[masked…]"] * 2}


def test_large_messages_keep_their_numbers(large_pack: MaskingPack) -> None:
    """A number that looks like a piece of a value is no text."""
    message = {"padding": PADDING, "n": [int(DIGITS[:39]), 1.5, None, True]}
    assert json_unpacker(large_pack(message)) == message


SIGNS = ("<", ">", "\x1b[1m", "\x1b]8;;", "\x07", "\x1b\\", "a < b", "u0", "u001b[1m", "|")
CUT = st.builds(
    lambda value, at, size: value[at : at + size],
    st.sampled_from([TOKEN, SECRET]),
    st.integers(0, 30),
    st.integers(1, 14),
)
FRAGMENTS = st.sampled_from(AROUND + SIGNS) | CUT


@given(st.lists(FRAGMENTS, max_size=30))
def test_a_message_without_a_hint_has_nothing_to_mask(pieces: SecretPieces, fragments: list[str]) -> None:
    """The quick look at a message may be wrong in one direction only."""
    packed = json_packer({"text": "".join(fragments)})
    if not pieces.may_be_in(packed):
        assert json_packer(pieces.mask_within(json_unpacker(packed))) == packed


LONG = st.sampled_from([*AROUND, "u0", "12", TOKEN, SECRET, TOKEN[9:-9]])
FAR = st.integers(REACH - 60, REACH + 60).map("~".__mul__)


@given(st.lists(LONG | FAR, max_size=9))
def test_masking_in_place_is_as_masking_each_text(pieces: SecretPieces, fragments: list[str]) -> None:
    """Of whole values and long pieces, whatever stands around them, without a message unpacked."""
    message = {"text": "·".join(fragments), "texts": fragments, "padding": PADDING[:2000]}
    packed = pieces.mask_packed(json_packer(message))
    assert json_unpacker(packed) == pieces.mask_within(message)


def test_large_messages_hide_all_of_a_value_in_colours(pack: MaskingPack) -> None:
    """Its short pieces, too, which stand beside a long one, and however often it is there."""
    coloured = f"\x1b[31m{TOKEN[:20]}\x1b[0m.\x1b[32m{TOKEN[21:-9]}\x1b[0m{TOKEN[-9:]}"
    packed = pack({"text": (PADDING + coloured) * 3 + SECRET * 2 + PADDING})
    assert not NEEDLES.in_text(packed.decode())
    assert json_unpacker(packed)["text"].count("[masked…]") == 5


def test_what_stands_at_the_ends_of_lines_stays_whole(pack: MaskingPack) -> None:
    """Letters whose bytes are like those of frames, and frames."""
    for letter in "\u2028\u2002\u2502\u2494\u00e9\u65e5":
        packed = json_unpacker(pack({"text": f"{letter}{SECRET}\n{letter}{letter}\n{SECRET}{letter}"}))
        assert packed["text"] == f"{letter}[masked…]\n{letter}{letter}\n[masked…]{letter}"


def test_what_is_no_json_is_masked_as_well() -> None:
    """A session may pack otherwise."""
    registry = SecretRegistry()
    registry.register(SECRET)
    pack = MaskingPack(pickle.dumps, pickle.loads, registry)
    assert pickle.loads(pack({"text": PADDING + SECRET})) == {"text": PADDING + "[masked…]"}


def test_other_messages_are_the_very_same_bytes(pack: MaskingPack) -> None:
    """Headers, short messages, and all that has no secret in it."""
    for message in (
        {},
        {"a": SECRET[:11]},
        {"msg_id": "1", "msg_type": "x"},
        {"html": "<b>\x1b[1mx\n</b>" * 99},
    ):
        assert pack(message) == json_packer(message)


def test_keys_and_deep_places_are_masked(pack: MaskingPack) -> None:
    """However deep, and without recursion."""
    deep: object = {SECRET: [TOKEN]}
    for _ in range(250):
        deep = [deep]
    assert not NEEDLES.in_text(pack({"data": deep}).decode())


def test_a_message_is_never_broken() -> None:
    """Where something inside fails, it passes as it was."""
    registry = SecretRegistry()
    registry.register(SECRET)
    pack = MaskingPack(json_packer, lambda packed: 1 / 0, registry)
    assert pack({"text": SECRET}) == json_packer({"text": SECRET})


def test_a_value_is_masked_until_some_minutes_after_its_end_and_no_longer() -> None:
    """Tokens that were replaced or lent included, since each is registered with its own life."""
    now = [0.0]
    registry = SecretRegistry(lambda: now[0])
    pack = MaskingPack(json_packer, json_unpacker, registry)
    registry.register(TOKEN, lifetime=60)
    registry.register(SECRET, lifetime=600)
    now[0] = 60 + GRACE - 1
    assert json_unpacker(pack({"text": f"{TOKEN} {SECRET}"})) == {"text": "[masked…] [masked…]"}
    now[0] += 2
    assert json_unpacker(pack({"text": f"{TOKEN} {SECRET}"})) == {"text": f"{TOKEN} [masked…]"}


def test_short_values_are_left_alone() -> None:
    """A short one may be a part of any word."""
    registry = SecretRegistry()
    registry.register("configured")
    pack = MaskingPack(json_packer, json_unpacker, registry)
    assert pack({"text": "It is configured."}) == json_packer({"text": "It is configured."})


@given(st.text(min_size=12, max_size=60), LETTERS, LETTERS)
def test_any_value_is_masked_whole(value: str, before: str, after: str) -> None:
    """Quotes, backslashes, controls and letters of any language in it, too."""
    assume(value not in before + after and not any(sign in value for sign in "<>\x1b\n"))
    registry = SecretRegistry()
    registry.register(value)
    pack = MaskingPack(json_packer, json_unpacker, registry)
    assert value not in json_unpacker(pack({"text": f"{before} {value} {after}"}))["text"]


def test_debuggers_that_expand_attributes_see_no_secret() -> None:
    """What VS Code's debugger shows of our own objects, which does not pass through the kernel's session."""
    sys.path.insert(0, f"{debugpy.__path__[0]}/_vendored/pydevd")
    try:
        details = importlib.import_module("_pydevd_bundle.pydevd_xml").get_variable_details
    finally:
        sys.path.pop(0)
    credentials = AppCredentials("the-key", SECRET)
    header = {"Authorization": MaskedText("Bearer " + TOKEN)}
    for value in (credentials, AccessToken(TOKEN), header, [vars(credentials)]):
        *_, resolver, shown = details(value)
        inside = resolver.get_contents_debug_adapter_protocol(value) if resolver else []
        texts = [shown, *(details(part)[-1] for _, part, _ in inside)]
        assert not NEEDLES.in_text(" ".join(texts))
