"""Hands a keeper to processes of each kind; prints what they got."""

import multiprocessing
import sys
from typing import Any

from dolbyio_nb.auth.credentials import AppCredentials
from dolbyio_nb.auth.keeper import TokenKeeper
from dolbyio_nb.auth.token_request import TokenRequest
from dolbyio_nb.errors import TokenError


def work(keeper: Any, answers: Any) -> None:
    """Use the token; then ask for another."""
    try:
        first = keeper.token().value
        answers.put((first, keeper.refresh(timeout=5).value))
    except TokenError as error:
        answers.put((first, type(error).__name__))


def main(url: Any, key: Any, secret: Any) -> None:
    keeper = TokenKeeper(TokenRequest(AppCredentials(key, secret), url))
    token = keeper.token().value
    for method in ("fork", "spawn"):
        context = multiprocessing.get_context(method)
        answers = context.SimpleQueue()
        process = context.Process(target=work, args=(keeper, answers))  # type: ignore[attr-defined]
        process.start()
        first, second = answers.get()
        process.join()
        outcome = "the same token" if first == token else "another token"
        print(method, outcome, second if "Token" in second else "a new token", process.exitcode)


if __name__ == "__main__":
    main(*sys.argv[1:])
