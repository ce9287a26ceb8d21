"""Figures from monitoring systems: ``ports.metrics.Metrics``, one module for each sort of them."""

from typing import assert_never

from reconciler.model.analysis import CommandQuery, DatadogQuery, HttpQuery, PrometheusQuery, Query, StateQuery
from reconciler.model.target import Host
from reconciler.ports.clock import Clock
from reconciler.ports.metrics import Reading
from reconciler.ports.secrets import Secrets
from reconciler.ports.shell import Shell
from reconciler.providers import metrics_command, metrics_datadog, metrics_http, metrics_prometheus, metrics_state
from reconciler.providers.http import Http
from reconciler.providers.remembering import Remembering


class Monitoring:
    """Asks each query of the system it is for."""

    def __init__(self, http: Http, shell: Shell, secrets: Secrets, clock: Clock, seen: Remembering) -> None:
        self._http = http
        self._shell = shell
        self._secrets = secrets
        self._clock = clock
        self._seen = seen

    async def read(self, query: Query, host: Host | None) -> Reading:
        """Ask once; ``host`` is where a command runs. Raises WorldError when there is no answer, or no sense in it."""
        match query:
            case PrometheusQuery():
                return await metrics_prometheus.read(self._http, self._secrets, query)
            case DatadogQuery():
                return await metrics_datadog.read(self._http, self._secrets, query, self._clock.now())
            case HttpQuery():
                return await metrics_http.read(self._http, self._secrets, query)
            case StateQuery():
                return await metrics_state.read(self._seen, query, self._clock)
            case CommandQuery():
                return await metrics_command.read(self._shell, query, host)
            case _:
                assert_never(query)
