"""Shapes of App keys and secrets: what looks wrong about two values, in sentences without the values."""

import re
from collections.abc import Callable, Iterator

# Seen in public examples, promised nowhere: so they only ever warn.
KEY_LENGTH, SECRET_LENGTH = 24, 44
CUT = 2  # characters that are easily missed, or taken along, when one copies

PLACEHOLDERS = re.compile(
    r"<.*>|\[.*\]|(?:your|my|the|insert|enter|paste|put|add|replace)[\s_.-].*|your.*"
    r"|(?:dolbyio[\s_-]?)?(?:app|api)[\s_-]?(?:key|secret)|key|secret"
    r"|(?:change|replace|fill)[\s_-]?(?:me|this|in).*|to-?do.*|fixme|example.*|placeholder.*|dummy.*|test"
    r"|none|null|undefined|n/?a|redacted|([x*.…?_-])\1*|(?:xxx|\*\*\*).*",
    re.IGNORECASE,
)
REFERENCES = re.compile(
    r"\$\{.*|\$\(.*|\$[A-Za-z_]\w*|\$env:.*|%\w+%|\{\{.*|@Microsoft\.KeyVault.*|!\w+ .*"
    r"|[a-z][a-z0-9+.-]*://.*|(?:vault|ssm|gcp|aws|azure|secretref|env|file):.*",
    re.IGNORECASE | re.DOTALL,
)

FOREIGN = "There are characters in the App key or the App secret that no key of Dolby.io has."
Check = Callable[[str, str, int], str]  # label, value, the usual length


def looks_wrong(app_key: str, app_secret: str) -> Iterator[str]:
    """Say what looks wrong about the two values together, then about each."""
    if len(app_key) == SECRET_LENGTH and len(app_secret) == KEY_LENGTH:
        yield "The App key and the App secret look swapped."
    elif app_key == app_secret:
        yield "The App key and the App secret are the same."
    else:
        for label, value, length in (
            ("App key", app_key, KEY_LENGTH),
            ("App secret", app_secret, SECRET_LENGTH),
        ):
            yield from filter(None, [_looks_wrong(label, value, length)])


def _looks_wrong(label: str, value: str, length: int) -> str:
    """Say the first thing that looks wrong about one value; "" for nothing."""
    return next((sentence for check in CHECKS if (sentence := check(label, value, length))), "")


def _pasted(label: str, value: str, length: int) -> str:
    name = re.match(r"(?:export |set )?\s*[\"']?((?:DOLBYIO_|X_)?[A-Z]*_?(?:KEY|SECRET))[\"']?\s*[=:]", value)
    return f"The {label} begins with a name ({name[1]}); only what follows it is the value." if name else ""


def _reference(label: str, value: str, length: int) -> str:
    if value.startswith("`"):
        return f"The {label} stands in backticks, and no command in it is run: write the value itself."
    if REFERENCES.fullmatch(value.strip("'\"")) or "${" in value:
        return f"The {label} is a reference ({_kind(value)}), not filled in here: write the value itself."
    return ""


def _kind(value: str) -> str:
    scheme = re.match(r"['\"]?([a-z][a-z0-9+.-]*://)", value, re.IGNORECASE)
    return scheme[1] if scheme else "such as ${NAME}"


def _placeholder(label: str, value: str, length: int) -> str:
    bare = value.strip("'\"= ")
    is_one = len(value) != length and PLACEHOLDERS.fullmatch(bare)
    return f"The {label} is a placeholder of an example." if is_one or len(set(bare)) <= 1 else ""


def _quotes(label: str, value: str, length: int) -> str:
    quoted = value[:1] in "'\"“”‘’" or value[-1:] in "'\"“”‘’"
    return f"There are quotes around the {label}." if quoted else ""


def _token(label: str, value: str, length: int) -> str:
    is_jwt = value.count(".") == 2 and value.startswith("eyJ")
    return f"The {label} looks like a token (a JWT); the dashboard's token is no {label}." if is_jwt else ""


def _header(label: str, value: str, length: int) -> str:
    word = re.match(r"(?i)(?:authorization:\s*)?(basic|bearer)\s", value)
    return f"The {label} begins with {word[1].title()}, as a header does." if word else ""


def _inner_space(label: str, value: str, length: int) -> str:
    return f"There is white space inside the {label}." if re.search(r"\s", value) else ""


def _foreign(label: str, value: str, length: int) -> str:
    strange = not value.isascii() or not value.isprintable()
    return FOREIGN if strange else ""


def _tail(label: str, value: str, length: int) -> str:
    return (
        f"The {label} ends with {value[-1]}, which belongs to the text around it."
        if value[-1:] in ",;"
        else ""
    )


def _cut(label: str, value: str, length: int) -> str:
    """A count that is just beside the usual one is a slip of the mouse; one far off may be a new kind."""
    missing = length - len(value)
    if 0 < missing <= CUT:
        return f"The {label} is {_characters(missing)} shorter than usual: copy it to its end, with every =."
    if 0 < -missing <= CUT:
        return f"The {label} is {_characters(-missing)} longer than usual: copy it alone."
    return ""


def _characters(count: int) -> str:
    return "one character" if count == 1 else f"{count} characters"


CHECKS: tuple[Check, ...] = (
    _pasted, _reference, _header, _token, _quotes, _placeholder, _inner_space, _foreign, _tail, _cut,
)  # fmt: skip
