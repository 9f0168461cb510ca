"""CORS: what lets a page of another origin call the sandbox, where that is switched on."""

from dataclasses import replace

from dolbyio_nb.sandbox.http_messages import Request, Response

METHODS = "GET, POST, PUT, DELETE"
EXPOSED = "ETag, Apigw-Requestid, x-amz-request-id"
USUAL = "authorization, content-type"


def preflight(request: Request) -> Response | None:
    """The answer to a browser that asks before it calls; None for any other request."""
    if request.method != "OPTIONS" or "access-control-request-method" not in request.headers:
        return None
    wanted = request.headers.get("access-control-request-headers", USUAL)
    headers = {
        "Access-Control-Allow-Methods": METHODS,
        "Access-Control-Allow-Headers": wanted,
        "Access-Control-Max-Age": "600",
    }
    return allowed(request, Response(204, headers))


def allowed(request: Request, response: Response) -> Response:
    """The answer with leave for the page that asked, if a page did."""
    origin = request.headers.get("origin")
    if not origin or not origin.isprintable():
        return response
    leave = {
        "Access-Control-Allow-Origin": origin,
        "Access-Control-Expose-Headers": EXPOSED,
        "Vary": "Origin",
    }
    return replace(response, headers={**response.headers, **leave})
