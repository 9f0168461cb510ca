"""What careless cells leave in JupyterLab: on the page, on the wire and in the saved notebook."""

from collections.abc import Callable

from dolbyio_nb.sandbox import Sandbox
from tests.notebook.careless import CELLS, SETUP, Needles

from .conftest import SECRET
from .lab import Notebook, Server


def test_careless_cells_show_masks(
    notebook: Callable[..., Notebook], sandbox: Sandbox, server: Server
) -> None:
    """Twenty cells that show the secret or the token somehow; neither is seen, sent or saved."""
    env, token = server.root / ".env", server.root / "token"
    env.write_text(f"DOLBYIO_APP_KEY={sandbox.app_key}\nDOLBYIO_APP_SECRET={SECRET}\n")
    env.chmod(0o600)
    try:
        it = notebook("%load_ext dolbyio_nb\n%dolby_login", SETUP, *CELLS, "_ = open('token', 'w').write(T)")
        for cell in range(len(CELLS) + 3):
            it.run(cell)
        saved = it.save()
        needles = Needles(SECRET, token.read_text())
    finally:
        env.unlink()
        token.unlink(missing_ok=True)
    received = b"\n".join(frame.raw for frame in it.frames if not frame.sent).decode(errors="replace")
    assert not needles.in_text(received)
    assert not needles.in_text(it.path.read_text())
    assert not needles.in_text(it.page.content())
    assert sum("…" in str(cell["outputs"]) for cell in saved["cells"]) >= 20
