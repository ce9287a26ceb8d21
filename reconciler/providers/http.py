"""The only place that knows the HTTP library: a status for a health check, a file for the artifact cache."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from reconciler.ports.errors import TimedOut, Unreachable

if TYPE_CHECKING:
    import httpx

_REDIRECTS = 5


class Http:
    """HTTP GETs, bounded in time. Nothing is remembered between two of them, cookies neither."""

    def __init__(self) -> None:
        # Made when it is needed: to make one takes a tenth of a second, and many fleets have no HTTP check at all.
        self._checking: httpx.AsyncClient | None = None

    async def status(self, url: str, limit: timedelta) -> int:
        """Return the status that a GET is answered with, without reading the body or following a redirect.

        Raises Unreachable, TimedOut.
        """
        import httpx  # noqa: PLC0415 - slow, and not needed by most starts

        checking = self._checking = self._checking or _for_checks()
        try:
            async with checking.stream("GET", url, timeout=limit.total_seconds()) as response:
                return response.status_code
        except httpx.TimeoutException as error:
            raise TimedOut(f"no answer from {url} within {limit.total_seconds():g} s") from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise Unreachable(f"no answer from {url}: {_reason(error)}") from error
        finally:
            checking.cookies.clear()

    async def download(self, url: str, limit: timedelta) -> AsyncIterator[bytes]:
        """Yield the bytes at the URL, following redirects; each read may take ``limit``. Raises Unreachable."""
        import httpx  # noqa: PLC0415 - slow, and not needed by most starts

        shown = _without_credentials(url)
        client = httpx.AsyncClient(timeout=limit.total_seconds(), follow_redirects=True, max_redirects=_REDIRECTS)
        try:
            async with client, client.stream("GET", url) as response:
                if response.status_code != httpx.codes.OK:
                    raise Unreachable(f"cannot fetch {shown}: HTTP {response.status_code}")
                async for chunk in response.aiter_bytes():
                    yield chunk
        except httpx.TimeoutException as error:
            raise TimedOut(f"cannot fetch {shown}: no answer within {limit.total_seconds():g} s") from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise Unreachable(f"cannot fetch {shown}: {_reason(error)}") from error

    async def close(self) -> None:
        """Close all connections."""
        if self._checking is not None:
            await self._checking.aclose()


def _for_checks() -> "httpx.AsyncClient":
    import httpx  # noqa: PLC0415 - slow, and not needed by most starts

    # Certificates of health checks are not verified, as with Kubernetes: the address is asked, not the name.
    return httpx.AsyncClient(
        verify=False,  # noqa: S501
        trust_env=False,
        follow_redirects=False,
        limits=httpx.Limits(max_keepalive_connections=0),
    )


def _reason(error: Exception) -> str:
    text = str(error) or type(error).__name__
    return "connection refused" if "All connection attempts failed" in text else text


def _without_credentials(url: str) -> str:
    parts = urlsplit(url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
