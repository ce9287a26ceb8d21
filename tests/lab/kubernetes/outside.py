"""What a cloud and a gateway's controller would do: load balancers get addresses, routes and gateways are accepted.

An object with the annotation `lab/state` of any other value than "ready" is left waiting.
"""

import asyncio
import datetime
from collections.abc import Callable

import httpx

from tests.lab.kubernetes.kubelet import MERGE
from tests.lab.kubernetes.pods import STATE
from tests.lab.kubernetes.watching import AGAIN, Json, follow

ADDRESS = "203.0.113.10"
CONTROLLER = "lab.example/gateway"
GATEWAY_API = "/apis/gateway.networking.k8s.io/v1"


class Outside:
    """Plays them, as long as it runs."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client
        self._at_work: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Play until cancelled."""
        async with asyncio.TaskGroup() as group:
            for path, wanted in (
                ("/api/v1/services", _balanced_service),
                ("/apis/networking.k8s.io/v1/ingresses", _balanced),
                (f"{GATEWAY_API}/httproutes", _accepted_route),
                (f"{GATEWAY_API}/gateways", _accepted_gateway),
            ):
                group.create_task(follow(self._client, path, self._teller(path, wanted)))

    def _teller(self, path: str, wanted: Callable[[Json], Json | None]) -> Callable[[str, Json], None]:
        def seen(event: str, item: Json) -> None:
            if event == "DELETED" or item["metadata"].get("annotations", {}).get(STATE, "ready") != "ready":
                return
            status = wanted(item)
            if status is None or _is_so(item.get("status", {}), status):
                return
            task = asyncio.create_task(self._tell(path, item, status))
            self._at_work.add(task)
            task.add_done_callback(self._at_work.discard)

        return seen

    async def _tell(self, path: str, item: Json, status: Json) -> None:
        collection, _, plural = path.rpartition("/")
        where = f"{collection}/namespaces/{item['metadata']['namespace']}/{plural}/{item['metadata']['name']}/status"
        while True:
            try:
                answer = await self._client.patch(
                    where, params={"fieldManager": CONTROLLER}, json={"status": status}, headers=MERGE
                )
                if answer.status_code not in (403, 404, 409):
                    answer.raise_for_status()
            except httpx.HTTPError:
                await asyncio.sleep(AGAIN)
            else:
                return


def _balanced_service(service: Json) -> Json | None:
    return _balanced(service) if service["spec"].get("type") == "LoadBalancer" else None


def _balanced(_: Json) -> Json:
    return {"loadBalancer": {"ingress": [{"ip": ADDRESS}]}}


def _accepted_route(route: Json) -> Json:
    conditions = _conditions(route, "Accepted", "ResolvedRefs")
    parents = route["spec"].get("parentRefs", [])
    return {
        "parents": [{"parentRef": parent, "controllerName": CONTROLLER, "conditions": conditions} for parent in parents]
    }


def _accepted_gateway(gateway: Json) -> Json:
    return {
        "addresses": [{"type": "IPAddress", "value": ADDRESS}],
        "conditions": _conditions(gateway, "Accepted", "Programmed"),
    }


def _conditions(item: Json, *names: str) -> list[Json]:
    now = datetime.datetime.now(datetime.UTC)  # noqa: TID251 - the lab is the real world
    return [
        {
            "type": name,
            "status": "True",
            "reason": name,
            "message": "",
            "observedGeneration": item["metadata"]["generation"],
            "lastTransitionTime": now.strftime("%Y-%m-%dT%H:%M:%SZ"),
        }
        for name in names
    ]


def _is_so(status: Json, wanted: Json) -> bool:
    """Whether all of the wanted is there already, whatever its time."""
    return _timeless({key: status.get(key) for key in wanted}) == _timeless(wanted)


def _timeless(value: object) -> object:
    match value:
        case dict():
            return {key: _timeless(each) for key, each in value.items() if key != "lastTransitionTime"}
        case list():
            return [_timeless(each) for each in value]
        case _:
            return value
