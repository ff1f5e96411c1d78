"""The real parts: nginx and tinyproxy, configured for one test run and kept below its temporary folder."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import trustme

from tests.outside import program
from tests.secrets import KEY

from .programs import free_ports, running

__all__ = ["KEY", "Gate", "Proxies", "nginx", "tinyproxy"]


_NGINX = """
daemon off;
master_process off;
pid {folder}/nginx.pid;
error_log stderr notice;
events {{ worker_connections 256; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    scgi_temp_path {folder}/scgi;
    uwsgi_temp_path {folder}/uwsgi;
    proxy_http_version 1.1;
    proxy_set_header Upgrade $http_upgrade;
    proxy_set_header Connection "upgrade";
    proxy_set_header Host $host;
    proxy_read_timeout 60s;
{servers}
}}
"""
_SERVER = """
    server {{
        listen 127.0.0.1:{port} ssl;
        ssl_certificate {certificate};
        ssl_certificate_key {certificate};
        {more}
        location / {{ proxy_pass http://127.0.0.1:{service}; }}
    }}
"""


class Gate(NamedTuple):
    """Nginx, with a port for each case."""

    ports: Mapping[str, int]

    def endpoint(self, case: str = "valid", host: str = "127.0.0.1") -> str:
        """The address of a case."""
        return f"https://{host}:{self.ports[case]}"


class Proxy(NamedTuple):
    """A tinyproxy, and what it has logged."""

    port: int
    log: list[str]

    def url(self, user: str = "") -> str:
        """Its address; `user` is ``NAME:PASSWORD``."""
        return f"http://{user}{'@' if user else ''}127.0.0.1:{self.port}"

    def asked_for(self, port: int) -> bool:
        """Return whether a way to `port` was asked for."""
        return any(f"CONNECT 127.0.0.1:{port} " in line or f"CONNECT 0.0.0.0:{port} " in line for line in self.log)


class Proxies(NamedTuple):
    """The proxies of the tests."""

    open: Proxy
    locked: Proxy
    closed: Proxy


@contextmanager
def nginx(
    folder: Path, service: int, certificates: Mapping[str, trustme.LeafCert], clients: trustme.CA
) -> Generator[Gate]:
    """Run nginx before the service's port: each of `certificates`, and two cases more of the valid one."""
    nginx_program = program("nginx")
    authority = folder / "clients.pem"
    clients.cert_pem.write_to_path(authority)
    # What speaks TLS 1.1 has to be allowed weak keys too.
    settings = {
        **dict.fromkeys(certificates, ""),
        "old TLS": "ssl_protocols TLSv1.1; ssl_ciphers ALL:@SECLEVEL=0;",
        "client certificates": f"ssl_client_certificate {authority}; ssl_verify_client on;",
    }
    ports = dict(zip(settings, free_ports(len(settings)), strict=True))
    servers = ""
    for number, (case, more) in enumerate(settings.items()):
        path = folder / f"{number}.pem"
        certificates.get(case, certificates["valid"]).private_key_and_cert_chain_pem.write_to_path(path)
        servers += _SERVER.format(port=ports[case], certificate=path, service=service, more=more)
    configuration = folder / "nginx.conf"
    configuration.write_text(_NGINX.format(folder=folder, servers=servers))
    command = [nginx_program, "-p", str(folder), "-c", str(configuration), "-e", "stderr"]
    with running(command, ready="event method", folder=folder):
        yield Gate(ports)


@contextmanager
def tinyproxy(folder: Path, *settings: str) -> Generator[Proxy]:
    """Run a tinyproxy on a free port, with `settings` more."""
    tinyproxy_program = program("tinyproxy")
    folder.mkdir()
    (port,) = free_ports(1)
    configuration = folder / "tinyproxy.conf"
    lines = [f"Port {port}", "Listen 127.0.0.1", "Timeout 60", "LogLevel Info", "MaxClients 50", *settings]
    configuration.write_text("\n".join(lines) + "\n")
    command = [tinyproxy_program, "-d", "-c", str(configuration)]
    with running(command, ready="Accepting connections", folder=folder) as log:
        yield Proxy(port, log)
