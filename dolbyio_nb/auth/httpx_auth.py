"""Bearer authentication for httpx: on a 401 the request is sent once more, and no event loop is blocked."""

from collections.abc import AsyncGenerator, Generator

import httpx

from dolbyio_nb.auth.bearer import BEARER, BearerAuth, refuse_masks, token_in


class HttpxBearerAuth(BearerAuth, httpx.Auth):
    """The same for `httpx.Client`, `httpx.AsyncClient` and requests; see `BearerAuth`.

    A body is sent again if it is text, bytes, JSON or a form; after a stream the 401 is returned.
    """

    def sync_auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Add the token, and after a 401 another one."""
        if not self._is_for(request):
            yield request
            return
        request.headers["Authorization"] = BEARER + self._keeper.token()
        if not self._is_settled_httpx((yield request), request):
            request.headers["Authorization"] = BEARER + self._keeper.token()
            self._is_settled_httpx((yield request), request)

    async def async_auth_flow(self, request: httpx.Request) -> AsyncGenerator[httpx.Request, httpx.Response]:
        """Add the token, and after a 401 another one, while other tasks go on."""
        if not self._is_for(request):
            yield request
            return
        request.headers["Authorization"] = BEARER + await self._keeper.token_async()
        if not self._is_settled_httpx((yield request), request):
            request.headers["Authorization"] = BEARER + await self._keeper.token_async()
            self._is_settled_httpx((yield request), request)

    def _is_for(self, request: httpx.Request) -> bool:
        refuse_masks(request.headers)
        return self._origins.may_see_the_token(str(request.url))

    def _is_settled_httpx(self, response: httpx.Response, request: httpx.Request) -> bool:
        """Tell the keeper what the API thinks of the token; False if the request is to be sent again."""
        last = response.request
        if "Authorization" not in last.headers or not self._is_for(last):
            return True  # redirected elsewhere, so that the header was taken off
        token = token_in(last.headers)
        if token and response.is_success:
            self._keeper.accept(token)
        if response.status_code != 401 or (token and not self._keeper.reject(token)):
            return True
        return last.url != request.url or not isinstance(request.stream, httpx.ByteStream)
