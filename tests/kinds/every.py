"""One resource of every kind of hosts, and of some of APIs, as people write it, for what holds for all of them."""

from typing import Any

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ8DZ4vVqN3Q0dUoXIhWq5oIz2yDXl5S1FQXyjC4vkzo"

WRITTEN: dict[str, dict[str, Any]] = {
    "file": {"path": "/etc/motd", "content": "x", "owner": "1000"},
    "directory": {"path": "/srv/shop"},
    "symlink": {"path": "/a", "to": "b"},
    "systemdUnit": {"name": "shop.service", "content": "x", "running": True, "restartOn": ["file:/etc/motd"]},
    "package": {"name": "shop", "version": "1.2-3"},
    "group": {"name": "shop", "gid": 2000},
    "user": {"name": "shop", "uid": 2000, "password": "shop/hash"},
    "line": {"path": "/etc/hosts", "line": "192.0.2.1 db", "match": "^192"},
    "block": {"path": "/etc/hosts", "name": "shop", "text": "192.0.2.1 db"},
    "authorizedKey": {"user": "shop", "key": KEY},
    "command": {"name": "build", "run": ["make"], "creates": "/a", "unless": ["true"], "onChange": ["file:/etc/motd"]},
    "sysctl": {"name": "net.ipv4.ip_forward", "value": "1"},
    "mount": {"path": "/mnt/shop", "source": "/srv", "type": "none", "options": "bind,ro"},
    "release": {"name": "shop", "artifact": "a", "sha256": "0" * 64, "path": "/opt/shop"},
    "gitCheckout": {"path": "/srv/shop", "repository": "https://git.example/shop.git", "revision": "0" * 40},
    "certificate": {
        "path": "/etc/ssl/shop.pem",
        "certificate": "shop.pem",
        "key": "shop/tls",
        "keyPath": "/etc/ssl/shop.key",
    },
    "cron": {"name": "backup", "schedule": "@daily", "run": ["backup"]},
    "timer": {"name": "backup", "schedule": "daily", "run": ["/usr/local/bin/backup"]},
    "container": {"name": "shop", "image": "shop:1.4.2", "ports": ["8080:80"], "env": {"COLOUR": "blue"}},
    "image": {"reference": "shop:1.4.2", "archive": "a", "sha256": "0" * 64},
    "network": {"name": "backend", "internal": True},
    "volume": {"name": "data", "labels": {"team": "checkout"}},
    "kubernetes": {
        "manifest": {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": "shop", "namespace": "shop"},
            "data": {"text": "a"},
        }
    },
    "httpResource": {
        "name": "www",
        "read": {"path": "/records", "items": "$.records", "match": "item.name == 'www'", "next": {"link": True}},
        "create": {"path": "/records"},
        "update": {"path": "/records/{seen.id}"},
        "delete": {"path": "/records/{seen.id}"},
        "body": {"name": "www", "ttl": 300, "values": ["192.0.2.1"]},
    },
}
