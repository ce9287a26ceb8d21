"""Load balancers of the lab: a host with HAProxy or nginx (`image.BALANCER`) in front of apps (`tests.lab.app`).

balancer = lab.host("lb-1", BALANCER)
with_haproxy(balancer, {"web-1": web_1.inner_address + ":8080", ...})
url = f"http://{balancer.inner_address}:8080/"       # for `tests.lab.load.Load`
"""

from collections.abc import Iterable, Mapping

from tests.lab.hosts import LabHost

BACKEND = "shop"
"""The name of HAProxy's backend, and of nginx's upstream."""

PORT = 8080
"""Where both listen."""

INCLUDE = "/etc/nginx/reconciler/shop.servers"
MIRROR = "/etc/nginx/reconciler/shop.mirror"

_HAPROXY = """\
global
    stats socket /run/haproxy/admin.sock mode 660 level admin expose-fd listeners
    stats timeout 30s
defaults
    mode http
    timeout connect 2s
    timeout client 30s
    timeout server 30s
frontend shop
    bind :{port}
    default_backend {backend}
backend {backend}
    option httpchk GET /healthz
    default-server check inter 200ms fall 2 rise 1
{servers}
"""
_NGINX = """\
user www-data;
pid /run/nginx.pid;
events {{ worker_connections 2048; }}
http {{
    access_log off;
    include {mirror};
    upstream {backend} {{
        include {include};
    }}
    server {{
        listen {port};
        location / {{
            proxy_pass http://{backend};
            mirror /copy;
        }}
        location = /copy {{
            internal;
            if (${backend}_mirror = "") {{ return 204; }}
            proxy_pass http://${backend}_mirror$request_uri;
        }}
    }}
}}
"""


def with_haproxy(host: LabHost, servers: Mapping[str, str], more: Iterable[str] = ()) -> None:
    """Have HAProxy run on the host; ``servers`` are ``address:port`` by name, all of the weight 1 by configuration.

    ``more`` are further lines of the backend. Without a health check for so long as 400 ms nobody is taken for dead.
    """
    lines = [*(f"    server {name} {address}" for name, address in servers.items()), *(f"    {line}" for line in more)]
    text = _HAPROXY.format(port=PORT, backend=BACKEND, servers="\n".join(lines))
    host.write("/etc/haproxy/haproxy.cfg", text.encode())
    there = "until [ -S /run/haproxy/admin.sock ]; do sleep 0.02; done"
    host.sh(f"systemctl reset-failed haproxy; systemctl restart haproxy && {there}")


def reload_haproxy(host: LabHost) -> None:
    """Have HAProxy read its configuration again, as people do: it forgets all it was told."""
    host.sh("systemctl reload haproxy")


def with_nginx(host: LabHost, servers: Iterable[str]) -> None:
    """Have nginx run on the host, with these servers (``address:port``) in the file that is told, each alike."""
    host.write(INCLUDE, "".join(f"server {server};\n" for server in servers).encode())
    host.write(MIRROR, f'split_clients "$request_id" ${BACKEND}_mirror {{ * ""; }}\n'.encode())
    text = _NGINX.format(port=PORT, backend=BACKEND, include=INCLUDE, mirror=MIRROR)
    host.write("/etc/nginx/nginx.conf", text.encode())
    host.sh("systemctl reset-failed nginx; nginx -t && systemctl restart nginx")
