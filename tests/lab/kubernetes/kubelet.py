"""Nodes that are not there: pods are bound to them, become what `pods` says, and go when they are to go."""

import asyncio
import datetime
from collections.abc import Mapping

import httpx

from tests.lab.kubernetes import pods
from tests.lab.kubernetes.watching import AGAIN, Json, follow

NODES: Mapping[str, Mapping[str, str]] = {
    name: {"kubernetes.io/hostname": name, "kubernetes.io/os": "linux"} for name in ("node-1", "node-2")
}
MERGE = {"Content-Type": "application/merge-patch+json"}
GONE_OR_CHANGED = {403, 404, 409}
"""Answers that say that the pod or its namespace went, or that another event about it is on its way."""


class Kubelet:
    """Plays the scheduler and the kubelets of NODES, as long as it runs."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client
        self._latest: dict[str, Json] = {}
        self._at_work: dict[str, asyncio.Task[None]] = {}
        self._changed: set[str] = set()
        self._late: set[str] = set()
        self._told: dict[str, object] = {}
        self._addresses: dict[str, str] = {}
        self._next_address = 0
        self._side_by_side = asyncio.Semaphore(16)

    async def run(self) -> None:
        """Make the nodes, and play until cancelled."""
        for name, labels in NODES.items():
            await self._make_node(name, labels)
        await follow(self._client, "/api/v1/pods", self._see)

    def _see(self, event: str, pod: Json) -> None:
        uid: str = pod["metadata"]["uid"]
        if event == "DELETED":
            for forgotten in (self._latest, self._told, self._addresses):
                forgotten.pop(uid, None)
            self._late.discard(uid)
            return
        self._latest[uid] = pod
        self._wake(uid)

    def _wake(self, uid: str) -> None:
        if uid in self._at_work:
            self._changed.add(uid)
        else:
            self._at_work[uid] = asyncio.create_task(self._work(uid))

    async def _work(self, uid: str) -> None:
        """Do what the pod needs, as often as it changes meanwhile: one thing at a time for each pod."""
        loop = asyncio.get_running_loop()
        try:
            while uid in self._latest:
                self._changed.discard(uid)
                async with self._side_by_side:
                    await self._step(uid, self._latest[uid])
                if uid not in self._changed:
                    return
        except httpx.HTTPError:
            loop.call_later(AGAIN, self._wake, uid)
        finally:
            del self._at_work[uid]

    async def _step(self, uid: str, pod: Json) -> None:
        if pod["spec"].get("nodeName") is None:
            await self._bind(uid, pod)
        elif pod["metadata"].get("deletionTimestamp"):
            await self._remove(uid, pod)
        else:
            await self._tell(uid, pod)

    async def _bind(self, uid: str, pod: Json) -> None:
        node = pods.node_for(pod, NODES)
        if node is None:
            if self._told.get(uid) != "unschedulable":
                await self._patch(pod, pods.unschedulable(_now(), len(NODES)))
                self._told[uid] = "unschedulable"
            return
        binding = {
            "apiVersion": "v1",
            "kind": "Binding",
            "metadata": {"name": pod["metadata"]["name"]},
            "target": {"apiVersion": "v1", "kind": "Node", "name": node},
        }
        _accepted(await self._client.post(f"{_path(pod)}/binding", json=binding))

    async def _remove(self, uid: str, pod: Json) -> None:
        order = {"gracePeriodSeconds": 0, "preconditions": {"uid": uid}}
        _accepted(await self._client.request("DELETE", _path(pod), json=order))

    async def _tell(self, uid: str, pod: Json) -> None:
        late = uid in self._late
        wanted = pods.states(pod, late=late)
        told = (wanted, [each["image"] for each in pod["spec"]["containers"]])
        if self._told.get(uid) == told:
            return
        await self._patch(pod, pods.status(pod, wanted, self._address(uid), _now()))
        if not late and uid not in self._told and pods.changes_later(pod):
            asyncio.get_running_loop().call_later(pods.SLOW, self._ripen, uid)
        self._told[uid] = told

    def _ripen(self, uid: str) -> None:
        if uid in self._latest:
            self._late.add(uid)
            self._wake(uid)

    async def _patch(self, pod: Json, status: Json) -> None:
        path = f"{_path(pod)}/status?fieldManager=kubelet"
        _accepted(await self._client.patch(path, json={"status": status}, headers=MERGE))

    def _address(self, uid: str) -> str:
        if uid not in self._addresses:
            self._next_address += 1
            self._addresses[uid] = f"10.1.{self._next_address // 250 % 250}.{self._next_address % 250 + 1}"
        return self._addresses[uid]

    async def _make_node(self, name: str, labels: Mapping[str, str]) -> None:
        much = {"cpu": "64", "memory": "256Gi", "pods": "10000"}
        node = {
            "apiVersion": "v1",
            "kind": "Node",
            "metadata": {"name": name, "labels": labels},
            "status": {
                "capacity": much,
                "allocatable": much,
                "conditions": [{"type": "Ready", "status": "True", "reason": "KubeletReady", "message": ""}],
                "addresses": [{"type": "InternalIP", "address": "127.0.0.1"}],
            },
        }
        _accepted(await self._client.post("/api/v1/nodes", json=node))
        # A new node is tainted as not ready until the node controller, which does not run, has seen it.
        _accepted(await self._client.patch(f"/api/v1/nodes/{name}", json={"spec": {"taints": None}}, headers=MERGE))


def _accepted(answer: httpx.Response) -> None:
    if answer.status_code not in GONE_OR_CHANGED:
        answer.raise_for_status()


def _path(pod: Json) -> str:
    return f"/api/v1/namespaces/{pod['metadata']['namespace']}/pods/{pod['metadata']['name']}"


def _now() -> str:
    return datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")  # noqa: TID251 - the lab is the real world
