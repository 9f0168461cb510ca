"""Transfers as a worker does them: the standard library, one signed address, one path, and nothing else.

Each function stands alone, so that it can travel to a machine without this package. What goes wrong is given
back as a status and a few words, never raised: an error of a library would show the signed address.
"""

import builtins
import types
from collections.abc import Callable
from typing import Any

Carried = tuple[int, float | None, str]
"""HTTP status (0: no answer; -1: no other attempt would mend it), `Retry-After`, and what was said."""
Carry = Callable[[str, str], Carried]
NEVER = -1


def put(url: str, path: str) -> Carried:
    """Send a file to a signed address."""
    import os
    import urllib.error
    import urllib.request

    try:
        if os.path.exists(path) and not os.path.isfile(path) and not os.path.isdir(path):
            return -1, None, f"{os.path.basename(path)} is a device or a pipe, which may never end."
        with open(path, "rb") as file:
            size = os.fstat(file.fileno()).st_size
            if not size:
                return -1, None, f"{os.path.basename(path)} is empty."
            headers = {"Content-Length": str(size), "Content-Type": "application/octet-stream"}
            request = urllib.request.Request(url, data=file, method="PUT", headers=headers)  # noqa: S310
            with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
                return answer.status, None, ""
    except urllib.error.HTTPError as error:
        asked = error.headers.get("Retry-After", "")
        return error.code, float(asked) if asked.isdecimal() else None, ""
    except (FileNotFoundError, PermissionError, IsADirectoryError) as error:
        return -1, None, f"On the worker: {error.strerror}."
    except Exception as error:
        return 0, None, type(error).__name__


def get(url: str, path: str) -> Carried:
    """Fetch what is at a signed address into a file, which is there whole or not at all."""
    import os
    import shutil
    import urllib.error
    import urllib.request
    import uuid

    part = f"{path}.{uuid.uuid4().hex[:8]}.part"
    try:
        os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
        with urllib.request.urlopen(url, timeout=60) as answer, open(part, "xb") as file:  # noqa: S310
            shutil.copyfileobj(answer, file, 1 << 18)
            size = answer.headers.get("Content-Length", "")
            if size.isdecimal() and file.tell() != int(size):
                return 0, None, "It did not arrive whole."
        os.replace(part, path)
        return 200, None, ""
    except urllib.error.HTTPError as error:
        asked = error.headers.get("Retry-After", "")
        return error.code, float(asked) if asked.isdecimal() else None, ""
    except (FileNotFoundError, PermissionError, IsADirectoryError, FileExistsError) as error:
        return -1, None, f"On the worker: {error.strerror}."
    except Exception as error:
        return 0, None, type(error).__name__
    finally:
        if os.path.exists(part):
            os.remove(part)


def by_value(function: Carry) -> Any:
    """Copy a function so that cloudpickle sends its code, and the worker need not import it from anywhere."""
    copy = types.FunctionType(
        function.__code__,
        {"__builtins__": builtins, "__name__": "__main__"},
        function.__name__,
    )
    copy.__module__ = "__main__"
    return copy
