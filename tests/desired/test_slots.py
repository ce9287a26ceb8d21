"""An app with two slots: what is there once, what twice, and what each slot calls its own."""

from reconciler.model.health import TcpCheck
from reconciler.model.policy import BlueGreen
from tests.desired.note import KEY, loaded
from tests.desired.test_load import SHOP

APP = """\
kind: App
metadata: {name: shop}
spec:
  version: "1.4"
  environments: {production: {}}
  targets: {hosts: {role: web}}
  slots: {green: {port: 8082}, blue: {port: 8081}}
  resources:
    - note: {path: /common, text: hello}
    - note: {path: "/{{ slot.name }}", text: "{{ slot }} {{ slot.port }}", restartOn: ["note:/common"]}
    - note: {path: "/run-{{ slot }}", restartOn: ["note:/{{ slot }}"]}
  health:
    - tcp: {port: 22}
    - tcp: {port: "{{ slot.port }}"}
  traffic: {haproxy: {hosts: {role: lb}, backend: shop, server: "{{ target.name }}-{{ slot.name }}"}}
"""

BALANCER = f"""\
kind: Host
metadata: {{name: lb-1, labels: {{role: lb}}}}
spec: {{environment: production, address: 203.0.113.9, user: deploy, hostKey: "{KEY}"}}
"""

POLICY = """\
kind: RolloutPolicy
metadata: {name: switch}
spec: {match: {apps: {}}, strategy: {blueGreen: {autoSwitch: false}}}
"""


def test_what_speaks_of_the_slot_is_there_for_each_of_them():
    desired = loaded({"desired-state/shop.yaml": APP, "desired-state/lb.yaml": BALANCER})
    unit = desired.units[SHOP]

    assert unit.slots == ("blue", "green")
    assert [(each.id.name, each.slot, each.restart_on) for each in unit.resources] == [
        ("/common", "", ()),
        ("/blue", "blue", ("note:/common",)),
        ("/green", "green", ("note:/common",)),
        ("/run-blue", "blue", ("note:/blue",)),
        ("/run-green", "green", ("note:/green",)),
    ]
    texts = {each.id.name: desired.contents[each.contents["content"].blob] for each in unit.resources if each.contents}
    assert (texts["/blue"], texts["/green"]) == (b"blue 8081", b"green 8082")


def test_checks_that_speak_of_the_slot_are_asked_of_each_of_them_and_requests_can_go_to_either():
    unit = loaded({"desired-state/shop.yaml": APP, "desired-state/lb.yaml": BALANCER}).units[SHOP]

    assert sorted(unit.health, key=lambda each: each.port) == [
        TcpCheck(port=22),
        TcpCheck(port=8081, slot="blue"),
        TcpCheck(port=8082, slot="green"),
    ]
    assert unit.traffic is not None
    assert [(each.server, each.slot) for each in unit.traffic.members] == [
        ("web-1-blue", "blue"),
        ("web-1-green", "green"),
    ]


def test_a_policy_of_two_sides_fits_an_app_with_slots():
    policy = POLICY.replace("apps: {}", "apps: {kind: web}")
    app = APP.replace("{name: shop}", "{name: shop, labels: {kind: web}}")
    files = {"desired-state/shop.yaml": app, "desired-state/lb.yaml": BALANCER, "policies/p.yaml": policy}
    assert loaded(files).units[SHOP].policy.strategy == BlueGreen(auto_switch=False)
