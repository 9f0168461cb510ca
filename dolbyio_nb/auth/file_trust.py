"""Trust in a file: read only what nobody else may have written."""

import os
import stat
from pathlib import Path

from dolbyio_nb._util.paths import short
from dolbyio_nb._util.place import login_words


class EnvFileError(Exception):
    """Raised when a file is not read: `why` says so of "it", `advice` what to type."""

    def __init__(self, why: str, advice: str = "") -> None:
        super().__init__(why)
        self.why, self.advice = why, advice


def trusted(path: Path, about: os.stat_result, *, named: bool = False) -> str:
    """Refuse what somebody else may have written; say what else its owner should know.

    Raises:
        EnvFileError: another user owns the file or its folder, or may write to one of them.
    """
    if not hasattr(os, "getuid"):
        return ""
    me, root = os.getuid(), 0
    if about.st_uid not in {me, root if named else me}:
        raise EnvFileError(f"it belongs to another user ({_user(about.st_uid)})", _make_yours(path, named))
    if about.st_mode & stat.S_IWOTH or (about.st_mode & stat.S_IWGRP and _is_shared(about.st_gid)):
        raise EnvFileError("other users may write to it", f"Look at its lines, then: chmod 600 {short(path)}")
    for folder in {path.absolute().parent, path.resolve().parent}:
        _trusted_folder(folder, {me, root})
    readers = about.st_mode & (stat.S_IROTH | stat.S_IRGRP)
    return f"other users may read {short(path)}: chmod 600 {short(path)}" if readers else ""


def _trusted_folder(folder: Path, owners: set[int]) -> None:
    about = folder.stat()
    if about.st_uid not in owners:
        raise EnvFileError(f"its folder belongs to another user ({_user(about.st_uid)})", _elsewhere())
    if about.st_mode & stat.S_IWOTH and not about.st_mode & stat.S_ISVTX:
        raise EnvFileError(
            "other users may write to its folder", f"Look at its lines, then: chmod o-w {short(folder)}"
        )


def _make_yours(path: Path, named: bool) -> str:
    if path.stat().st_uid == 0 and not named:
        return f"If its lines are yours, name it: {login_words('--env-file', short(path))}"
    return _elsewhere()


def _elsewhere() -> str:
    return "Write a .env of your own, or set the environment variables."


def _user(uid: int) -> str:
    try:
        import pwd

        return pwd.getpwuid(uid).pw_name
    except (ImportError, KeyError):
        return f"user {uid}"


def _is_shared(gid: int) -> bool:
    """Tell whether somebody else is in the group; a user's private group has the user's name."""
    try:
        import grp
        import pwd

        group, me = grp.getgrgid(gid), pwd.getpwuid(os.getuid()).pw_name
    except (ImportError, KeyError):
        return True
    return group.gr_name != me or bool(set(group.gr_mem) - {me})
