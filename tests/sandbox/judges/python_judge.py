"""Drives a sandbox with Dolby's own Python client, untouched: only the two origins are rewritten, where the
client hands a request to aiohttp. Prints a line of JSON for each operation.

Reads ORIGIN, APP_KEY, APP_SECRET and HOOK from the environment. The current directory holds in.wav.
"""

import asyncio
import importlib
import json
import os
from importlib.metadata import version
from pathlib import Path
from types import ModuleType
from typing import Any

import aiohttp
from aiohttp.client_reqrep import ClientResponse
from dolbyio_rest_apis.core.http_request_error import HttpRequestError
from dolbyio_rest_apis.media import (
    analyze,
    analyze_music,
    analyze_speech,
    diagnose,
    enhance,
    io,
    jobs,
    mastering,
    transcode,
    webhooks,
)

ORIGIN, KEY, SECRET, HOOK = (os.environ[name] for name in ("ORIGIN", "APP_KEY", "APP_SECRET", "HOOK"))
BODIES = json.loads(Path(__file__).with_name("jobs.json").read_text())
KINDS = {
    "/media/enhance": (enhance.start, enhance.get_results),
    "/media/diagnose": (diagnose.start, diagnose.get_results),
    "/media/analyze": (analyze.start, analyze.get_results),
    "/media/analyze/speech": (analyze_speech.start, analyze_speech.get_results),
    "/media/analyze/music": (analyze_music.start, analyze_music.get_results),
    "/media/transcode": (transcode.start, transcode.get_results),
    "/media/master": (mastering.start, mastering.get_results),
    "/media/master/preview": (mastering.start_preview, mastering.get_preview_results),
}

_request = aiohttp.ClientSession._request


async def _rewritten(session: Any, method: Any, url: Any, **options: Any) -> ClientResponse:
    for host in ("https://api.dolby.io", "https://api.dolby.com"):
        url = str(url).replace(host, ORIGIN)
    return await _request(session, method, url, **options)


aiohttp.ClientSession._request = _rewritten  # type: ignore[assignment,method-assign]


def authentication() -> ModuleType:
    """Version 5 moved it."""
    try:
        return importlib.import_module("dolbyio_rest_apis.media.authentication")
    except ImportError:
        return importlib.import_module("dolbyio_rest_apis.authentication")


def passed(operation: str, condition: Any, about: Any = "") -> None:
    print(json.dumps([operation, bool(condition), str(about)]), flush=True)


async def refused(operation: str, call: Any, status: int) -> None:
    try:
        answer = await call
    except HttpRequestError as error:
        passed(operation, error.status_code == status and error.error_description, error)
    else:
        passed(operation, False, answer)


async def ended(results: Any, token: Any, job_id: Any) -> Any:
    for turn in range(15):
        answer = await results(token, job_id)
        if answer.status not in ("Pending", "Running"):
            return answer
        await asyncio.sleep(min(2.0, 0.1 * 2**turn))
    return answer


async def main() -> None:
    passed("version", True, version("dolbyio-rest-apis"))
    log_in = authentication().get_api_token
    granted = await log_in(KEY, SECRET, expires_in=600)
    token = granted.access_token
    passed("token", token and granted.token_type == "Bearer" and granted["expires_in"] == 600, granted.keys())
    await refused("wrong secret", log_in(KEY, "wrong"), 401)
    await refused("wrong token", jobs.list_jobs("wrong"), 401)

    url = await io.get_upload_url(token, "dlb://in.wav")
    passed("upload URL", url.startswith("http"))
    await io.upload_file(url, "in.wav")
    await io.download_file(token, "dlb://in.wav", "again.wav")
    passed("upload and download", Path("again.wav").read_bytes() == Path("in.wav").read_bytes())

    hook = await webhooks.register_webhook(token, HOOK, {"X-Judge": "python"})
    passed("register webhook", hook.startswith("webhook-"))
    await webhooks.update_webhook(token, hook, HOOK, {"X-Judge": "updated"})
    shown = await webhooks.retrieve_webhook(token, hook)
    passed("retrieve webhook", shown.url == HOOK and shown.headers == {"X-Judge": "updated"}, shown)

    started = {path: await start(token, json.dumps(BODIES[path])) for path, (start, _) in KINDS.items()}
    for path, job_id in started.items():
        answer = await ended(KINDS[path][1], token, job_id)
        passed(path, answer.status == "Success" and answer.progress == 100, dict(answer))
    await io.download_file(token, "dlb://music.json", "music.json")
    passed("download a result", "processed_region" in json.loads(Path("music.json").read_text()))

    failing = await diagnose.start(token, json.dumps({"input": "dlb://none.wav"}))
    answer = await ended(diagnose.get_results, token, failing)
    passed("failed job", answer.status == "Failed" and answer.error.detail, dict(answer))
    await jobs.cancel(token, failing)
    passed("cancel", True)
    listed = await jobs.list_jobs(token, status="Success")
    ids = {job.job_id for job in listed.jobs}
    passed("list jobs", ids == set(started.values()) and listed.jobs[0].time_submitted, listed.keys())
    await refused("unknown job", diagnose.get_results(token, "unknown"), 404)
    await refused("bad request", diagnose.start(token, "{"), 400)
    passed("delete webhook", await webhooks.delete_webhook(token, hook) == hook)


asyncio.run(main())
