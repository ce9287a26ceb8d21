"""The cluster keeps its promises: without that, no test that uses it says anything."""

import json
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from queue import Queue

import httpx
import pytest

from tests.lab.engine import LabError
from tests.lab.kubernetes.cluster import Cluster
from tests.lab.kubernetes.faults import GONE_IN_WATCH, Answer, Cut, Delay, Lost
from tests.lab.kubernetes.pods import STATE
from tests.lab.kubernetes.proxy import Proxy
from tests.lab.kubernetes.watching import Json


def workload(kind: str, image: str, **more: object) -> Json:
    """Return an object of the kind, named shop, with a pod of one container of the image."""
    labels = {"app": "shop"}
    template: Json = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "web", "image": image}]}}
    spec: Json = {"selector": {"matchLabels": labels}, "template": template, **more}
    if kind == "Job":
        del spec["selector"]
        template["spec"]["restartPolicy"] = "Never"
        return {"apiVersion": "batch/v1", "kind": kind, "metadata": {"name": "shop"}, "spec": spec}
    return {"apiVersion": "apps/v1", "kind": kind, "metadata": {"name": "shop"}, "spec": spec}


def config_map(name: str) -> Json:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}}


def waiting_reason(pods: Json) -> str:
    reason: str = pods["items"][0]["status"]["containerStatuses"][0]["state"]["waiting"]["reason"]
    return reason


def test_a_deployment_rolls_to_ready_and_on_to_its_next_image(cluster: Cluster) -> None:
    within = f"namespaces/{cluster.namespace()}"
    path = f"/apis/apps/v1/{within}/deployments/shop"
    cluster.apply(workload("Deployment", "registry.example/shop:1", replicas=3), within.partition("/")[2])
    cluster.wait(path, lambda shop: shop["status"]["readyReplicas"] == 3)

    cluster.merge(path, {"spec": {"template": workload("Deployment", "registry.example/shop:2")["spec"]["template"]}})
    cluster.wait(
        path,
        lambda shop: (
            shop["status"]["observedGeneration"] == shop["metadata"]["generation"]
            and shop["status"]["updatedReplicas"] == shop["status"]["readyReplicas"] == shop["status"]["replicas"] == 3
        ),
    )
    pods = cluster.get(f"/api/v1/{within}/pods")["items"]
    running = {pod["status"]["containerStatuses"][0]["imageID"].partition("@")[0] for pod in pods if not _going(pod)}
    assert running == {"registry.example/shop"}
    assert {pod["spec"]["nodeName"] for pod in pods} <= {"node-1", "node-2"}


@pytest.mark.parametrize(
    ("image", "reason"),
    [("shop:broken", "CrashLoopBackOff"), ("shop:missing", "ImagePullBackOff"), ("shop:waits", "ContainerCreating")],
)
def test_a_pod_of_a_bad_image_says_why_it_is_not_ready(cluster: Cluster, image: str, reason: str) -> None:
    namespace = cluster.namespace()
    cluster.apply(workload("StatefulSet", image, serviceName="shop"), namespace)
    path = f"/api/v1/namespaces/{namespace}/pods"
    cluster.wait(f"{path}/shop-0", lambda pod: pod["status"]["containerStatuses"])
    assert waiting_reason(cluster.get(path)) == reason
    shop = cluster.get(f"/apis/apps/v1/namespaces/{namespace}/statefulsets/shop")
    assert shop["status"].get("readyReplicas", 0) == 0


def test_what_is_slow_gets_ready_and_what_fades_does_not_stay_so(cluster: Cluster) -> None:
    namespace = cluster.namespace()
    for image in ("slow", "fades"):
        pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": image}}
        cluster.apply({**pod, "spec": {"containers": [{"name": "web", "image": f"shop:{image}"}]}}, namespace)
    pods = f"/api/v1/namespaces/{namespace}/pods"
    cluster.wait(f"{pods}/fades", lambda pod: pod["status"]["containerStatuses"][0]["ready"])
    assert cluster.get(f"{pods}/slow")["status"]["phase"] == "Pending"
    cluster.wait(f"{pods}/slow", lambda pod: pod["status"]["containerStatuses"][0]["ready"])
    cluster.wait(f"{pods}/fades", lambda pod: not pod["status"]["containerStatuses"][0]["ready"])


def test_a_pod_that_no_node_will_do_for_says_so(cluster: Cluster) -> None:
    namespace = cluster.namespace()
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "lost"}}
    spec = {"nodeSelector": {"disk": "fast"}, "containers": [{"name": "web", "image": "shop:1"}]}
    cluster.apply({**pod, "spec": spec}, namespace)
    told = cluster.wait(f"/api/v1/namespaces/{namespace}/pods/lost", lambda pod: pod["status"]["conditions"])
    assert told["status"]["conditions"][0]["reason"] == "Unschedulable"


def test_a_test_says_by_an_annotation_how_a_pod_is_from_now_on(cluster: Cluster) -> None:
    namespace = cluster.namespace()
    cluster.apply(workload("DaemonSet", "shop:1"), namespace)
    path = f"/apis/apps/v1/namespaces/{namespace}/daemonsets/shop"
    cluster.wait(path, lambda shop: shop["status"]["numberReady"] == 2)
    pods = cluster.get(f"/api/v1/namespaces/{namespace}/pods")["items"]
    one = f"/api/v1/namespaces/{namespace}/pods/{pods[0]['metadata']['name']}"
    cluster.merge(one, {"metadata": {"annotations": {STATE: "crashing"}}})
    cluster.wait(path, lambda shop: shop["status"]["numberReady"] == 1)
    cluster.merge(one, {"metadata": {"annotations": {STATE: None}}})
    cluster.wait(path, lambda shop: shop["status"]["numberReady"] == 2)


@pytest.mark.parametrize(("image", "condition"), [("task:1", "Complete"), ("task:fails", "Failed")])
def test_a_job_ends_as_its_image_says(cluster: Cluster, image: str, condition: str) -> None:
    namespace = cluster.namespace()
    cluster.apply(workload("Job", image, backoffLimit=0), namespace)
    done = cluster.wait(f"/apis/batch/v1/namespaces/{namespace}/jobs/shop", lambda job: job["status"]["conditions"])
    assert done["status"]["conditions"][0]["type"] == condition


def test_claims_are_bound_services_have_endpoints_and_what_is_owned_goes_with_its_owner(cluster: Cluster) -> None:
    namespace = cluster.namespace()
    cluster.apply(workload("Deployment", "shop:1", replicas=2), namespace)
    cluster.apply(MIXED, namespace)
    core, gateway = f"/api/v1/namespaces/{namespace}", f"/apis/gateway.networking.k8s.io/v1beta1/namespaces/{namespace}"
    cluster.wait(f"{core}/persistentvolumeclaims/data", lambda claim: claim["status"]["phase"] == "Bound")
    cluster.wait(f"{core}/endpoints/shop", lambda there: len(there["subsets"][0]["addresses"]) == 2)
    cluster.wait(f"{core}/services/shop", lambda service: service["status"]["loadBalancer"]["ingress"])
    cluster.wait(
        f"/apis/policy/v1beta1/namespaces/{namespace}/poddisruptionbudgets/shop",
        lambda budget: budget["status"]["disruptionsAllowed"] == 1,
    )
    cluster.wait(
        f"/apis/autoscaling/v2beta2/namespaces/{namespace}/horizontalpodautoscalers/shop",
        lambda scaler: (
            {"AbleToScale", "ScalingActive"} <= {each["type"] for each in scaler["status"]["conditions"] or ()}
        ),
    )
    cluster.wait(f"{gateway}/httproutes/shop", lambda route: route["status"]["parents"][0]["conditions"])
    pod = cluster.get(f"{core}/pods")["items"][0]["metadata"]["name"]
    cluster.delete(f"/apis/apps/v1/namespaces/{namespace}/deployments/shop")
    cluster.wait_gone(f"{core}/pods/{pod}")


def test_users_may_what_they_are_allowed_to_and_strangers_nothing(cluster: Cluster) -> None:
    namespace = cluster.namespace()
    path = f"/api/v1/namespaces/{namespace}/configmaps"
    answers = {user: _statuses(cluster, user, path) for user in ("viewer", "deployer", "nobody")}
    assert answers == {"viewer": (200, 403), "deployer": (403, 403), "nobody": (403, 403)}
    cluster.apply(EDITOR, namespace)
    assert _statuses(cluster, "deployer", path) == (200, 201)
    with httpx.Client(base_url=cluster.url, verify=cluster.trust) as stranger:
        assert stranger.get(path).status_code == 401
        spare = {"Authorization": f"Bearer {cluster.access.spare_token('viewer')}"}
        assert stranger.get(path, headers=spare).status_code == 200
        pod = {"Authorization": f"Bearer {cluster.account_token(namespace)}"}
        assert (
            f'User "system:serviceaccount:{namespace}:default" cannot list'
            in stranger.get(path, headers=pod).json()["message"]
        )
    with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
        httpx.get(cluster.url)


def test_kubectl_takes_both_sorts_of_kubeconfig_and_a_certificate_proves_a_user(cluster: Cluster) -> None:
    assert cluster.kubectl("get", "nodes", "-o", "name").split() == ["node/node-1", "node/node-2"]
    with pytest.raises(LabError, match=r'User "nobody" cannot list resource "nodes"'):
        cluster.kubectl("get", "nodes", user="nobody")
    config = str(cluster.access.kubeconfig_by_certificate("viewer"))
    assert cluster.kubectl("--kubeconfig", config, "get", "pods", "-A", "-o", "name") is not None
    with pytest.raises(LabError, match=r'User "viewer" cannot list resource "secrets"'):
        cluster.kubectl("--kubeconfig", config, "get", "secrets", "-A")


def test_a_watch_delivers_what_happens_until_the_proxy_cuts_it(cluster: Cluster) -> None:
    namespace = cluster.namespace()
    path = f"/api/v1/namespaces/{namespace}/configmaps"
    with cluster.proxy() as proxy, _watching(cluster, proxy.url, path) as events:
        cluster.apply(config_map("one"), namespace)
        assert _named(events, "one") == "ADDED"
        cluster.delete(f"{path}/one")
        assert _named(events, "one") == "DELETED"
        assert proxy.cut() == 1
        assert isinstance(events.get(timeout=10), httpx.TransportError)
        assert proxy.requests("watch=1") == [f"GET {path}?watch=1"]


def test_the_proxy_does_to_requests_what_it_is_told(cluster: Cluster) -> None:
    namespace = cluster.namespace()
    path = f"/api/v1/namespaces/{namespace}/configmaps"
    with cluster.proxy() as proxy, _through(cluster, proxy) as client:
        proxy.fault(Answer(429, retry_after=3), "^GET .*configmaps", times=2)
        proxy.fault(Answer(500), "^POST")
        refused = client.get(path)
        assert (refused.status_code, refused.headers["Retry-After"]) == (429, "3")
        assert refused.json()["reason"] == "TooManyRequests"
        assert [client.get(path).status_code for _ in range(2)] == [429, 200]
        assert client.post(path, json=config_map("one")).status_code == 500
        assert client.post(path, json=config_map("one")).status_code == 201

        proxy.fault(Answer(200, body=GONE_IN_WATCH), "watch=1")
        assert json.loads(client.get(path, params={"watch": "1"}).text)["object"]["code"] == 410

        proxy.fault(Delay(0.3), "^GET")
        assert client.get(path).elapsed.total_seconds() >= 0.3

        proxy.fault(Cut(), "^DELETE")
        with pytest.raises(httpx.TransportError):
            client.delete(f"{path}/one")
        assert cluster.find(f"{path}/one") is not None
        proxy.fault(Lost(), "^DELETE")
        with pytest.raises(httpx.TransportError):
            client.delete(f"{path}/one")
        assert cluster.find(f"{path}/one") is None


def test_a_token_that_has_expired_is_refused_and_the_next_one_is_not(cluster: Cluster) -> None:
    with cluster.proxy() as proxy, _through(cluster, proxy) as client:
        proxy.expire(cluster.token())
        assert client.get("/version").status_code == 401
        spare = {"Authorization": f"Bearer {cluster.access.spare_token('admin')}"}
        assert client.get("/version", headers=spare).json()["gitVersion"] == "v1.20.2"
        proxy.take_away()
        with pytest.raises(httpx.ConnectError):
            client.get("/version")
        proxy.restore()
        assert client.get("/version").status_code == 200


def test_the_api_server_comes_back_from_everything_that_can_befall_it(cluster: Cluster) -> None:
    namespace = cluster.namespace()
    cluster.apply(workload("Deployment", "shop:1", replicas=1), namespace)
    path = f"/apis/apps/v1/namespaces/{namespace}/deployments/shop"
    old = cluster.wait(path, lambda shop: shop["status"]["readyReplicas"] == 1)["metadata"]["resourceVersion"]
    with cluster.client() as client:
        cluster.pause_apiserver()
        with pytest.raises(httpx.TimeoutException):
            client.get(path, timeout=0.5)
        cluster.resume_apiserver()
        assert client.get(path, timeout=20).status_code == 200

        cluster.apply(workload("Deployment", "shop:1", replicas=2), namespace)
        cluster.kill_apiserver()
        with pytest.raises(httpx.TransportError):
            client.get(path)
        cluster.start_apiserver()
        watch = {"watch": "1", "resourceVersion": old, "timeoutSeconds": "1"}
        said = client.get(path.rpartition("/")[0], params=watch).json()
        assert (said["type"], said["object"]["code"]) == ("ERROR", 410)
    cluster.apply(workload("Deployment", "shop:1", replicas=3), namespace)
    cluster.wait(path, lambda shop: shop["status"]["readyReplicas"] == 3)


def _going(pod: Json) -> bool:
    return "deletionTimestamp" in pod["metadata"]


def _statuses(cluster: Cluster, user: str, path: str) -> tuple[int, int]:
    """What the user is answered who reads there, and who makes something there."""
    with cluster.client(user) as client:
        return client.get(path).status_code, client.post(path, json=config_map(f"of-{user}")).status_code


def _through(cluster: Cluster, proxy: Proxy) -> httpx.Client:
    return httpx.Client(base_url=proxy.url, verify=_trust(cluster), headers=_shown(cluster))


@contextmanager
def _watching(cluster: Cluster, url: str, path: str) -> Iterator["Queue[Json | httpx.TransportError]"]:
    """Watch in a thread; yield the events as they come, and at last the error by which the watch ended."""
    events: Queue[Json | httpx.TransportError] = Queue()

    def watch() -> None:
        try:
            with client.stream("GET", path, params={"watch": "1"}, timeout=20) as answer:
                begun.set()
                for line in answer.iter_lines():
                    events.put(json.loads(line))
        except httpx.TransportError as error:
            events.put(error)

    begun = threading.Event()
    with httpx.Client(base_url=url, verify=_trust(cluster), headers=_shown(cluster)) as client:
        thread = threading.Thread(target=watch)
        thread.start()
        assert begun.wait(10)
        try:
            yield events
        finally:
            thread.join(30)


def _named(events: "Queue[Json | httpx.TransportError]", name: str) -> str:
    """Return what the next event says of the object of this name."""
    while True:
        event = events.get(timeout=10)
        assert isinstance(event, dict), event
        if event["object"]["metadata"]["name"] == name:
            said: str = event["type"]
            return said


def _trust(cluster: Cluster) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(cluster.ca))


def _shown(cluster: Cluster) -> dict[str, str]:
    return {"Authorization": f"Bearer {cluster.token()}"}


MIXED = """
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: data}
spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
---
apiVersion: v1
kind: Service
metadata: {name: shop}
spec: {type: LoadBalancer, selector: {app: shop}, ports: [{port: 80, protocol: TCP}]}
---
apiVersion: policy/v1beta1
kind: PodDisruptionBudget
metadata: {name: shop}
spec: {minAvailable: 1, selector: {matchLabels: {app: shop}}}
---
apiVersion: autoscaling/v2beta2
kind: HorizontalPodAutoscaler
metadata: {name: shop}
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: shop}
  maxReplicas: 3
  metrics: [{type: Resource, resource: {name: cpu, target: {type: Utilization, averageUtilization: 50}}}]
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: shop}
spec:
  parentRefs: [{name: front}]
  rules: [{backendRefs: [{name: shop, port: 80, weight: 90}, {name: shop-next, port: 80, weight: 10}]}]
"""
EDITOR = """
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: deployer}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: edit}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: User, name: deployer}]
"""
