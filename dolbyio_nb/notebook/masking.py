"""Masking of outputs: what leaves the kernel for the front end shows no live secret and no token.

A wrapper around `kernel.session.pack`, which every message of a Jupyter kernel goes through: streams,
results, errors, display data, widgets, variables views. Where there is no such session, nothing is done.
"""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

from dolbyio_nb.http.redact import SECRETS, SecretRegistry, is_unmasked
from dolbyio_nb.notebook.secret_pieces import LARGE, SHORTEST, SecretPieces


class MaskingPack:
    """Packs messages as `pack` does, with a mask in place of every secret; a message is never broken.

    Args:
        pack, unpack: the session's own.
        registry: what is to be masked, and until when.

    Attributes:
        pack: what was there before.
        is_on: False for a pass-through.
    """

    def __init__(
        self,
        pack: Callable[[Any], bytes],
        unpack: Callable[[bytes], Any],
        registry: SecretRegistry = SECRETS,
    ) -> None:
        self.pack, self._unpack, self._registry = pack, unpack, registry
        self._pieces = SecretPieces(())
        self.is_on = True

    def __call__(self, message: Any) -> bytes:
        packed = self.pack(message)
        if len(packed) < SHORTEST or not self.is_on or is_unmasked() or _is_header(message):
            return packed
        try:
            return self._masked(packed)
        except Exception:  # a message that cannot be masked is better than a kernel that does not answer
            return packed

    def _masked(self, packed: bytes) -> bytes:
        live, pieces = self._registry.live(), self._pieces
        if live is not pieces.values:
            self._pieces = pieces = SecretPieces(live)
        if len(packed) > LARGE and packed.startswith(b"{"):
            with suppress(ValueError):
                return pieces.mask_packed(packed)
        elif not pieces.may_be_in(packed):
            return packed
        return self.pack(pieces.mask_within(self._unpack(packed)))


class OutputMasking:
    """The masking of one shell's outputs, from now until it is removed."""

    def __init__(self, shell: Any) -> None:
        session: Any = getattr(getattr(shell, "kernel", None), "session", None)
        self._session, self._pack = session, None
        if hasattr(session, "pack") and hasattr(session, "unpack"):
            self._pack = session.pack = MaskingPack(session.pack, session.unpack)

    def switch(self, is_on: bool) -> None:
        """Begin to mask, or let everything through."""
        if self._pack:
            self._pack.is_on = is_on

    def remove(self) -> None:
        """Let everything through, and step aside where no other wrapper lies above."""
        self.switch(False)
        if self._session is not None and self._session.pack is self._pack:
            self._session.pack = self._pack.pack


def _is_header(message: Any) -> bool:
    return isinstance(message, dict) and "msg_id" in message and "msg_type" in message
