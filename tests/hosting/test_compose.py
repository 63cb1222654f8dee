"""compose.yaml: what it names is there, the site understands what it sets, and nothing may do more than it must."""

from __future__ import annotations

import contextlib
import http.client
import os
import re
import socket
import ssl
import subprocess
import sys
import time
import warnings
from pathlib import Path
from typing import Any

import pytest

from reservations.management.commands.run_jobs import Command as RunJobs
from tests.conftest import ROOT, free_port
from tests.hosting import compose
from tests.redis_server import RedisServer
from tests.site.bounded.install import nginx
from tests.site.production import KEY
from tests.site.test_settings import documented

GIVEN = {
    "SITE_URL": "https://book.example.org",
    "ALLOWED_HOSTS": "book.example.org",
    "EMAIL_FROM": "Tafel <book@example.org>",
}
SHOWING = """
from django.conf import settings as s
database = s.DATABASES["default"]
print(database["HOST"], database["NAME"], s.CACHES["default"]["LOCATION"], s.CACHES["sessions"]["LOCATION"])
print(s.EMAIL_HOST, s.PRODUCTION, len(s.SECRET_KEY), s.PHOTOS_URL)
"""
SITE = ("release", "web", "jobs")
# What Compose itself is asked with, besides what is handed on to the site.
OF_COMPOSE = {"PYTHON_TAG", "NGINX_TAG", "POSTGRES_TAG", "REDIS_TAG", "IMAGE", "HTTP_PORT", "HTTPS_PORT"}


@pytest.fixture(scope="module")
def whole() -> dict[str, Any]:
    """Return the file with what must be given."""
    return compose.read(GIVEN)


@pytest.fixture(scope="module")
def services(whole: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the services by their names."""
    found = whole["services"]
    assert isinstance(found, dict)
    return found


def test_it_has_every_part_of_the_site(services: dict[str, dict[str, Any]]) -> None:
    assert set(services) == {"proxy", "web", "jobs", "release", "database", "sessions", "cache"}
    assert services["jobs"]["command"][-1] == RunJobs.__module__.rpartition(".")[2]
    assert services["release"]["command"][2] == "migrate"
    assert services["release"]["restart"] == "no"


@pytest.mark.parametrize("missing", sorted(GIVEN))
def test_what_must_be_given_is_asked_for_by_name(missing: str) -> None:
    with pytest.raises(KeyError, match=missing):
        compose.read({name: value for name, value in GIVEN.items() if name != missing})


def test_every_variable_is_documented(services: dict[str, dict[str, Any]]) -> None:
    known = documented()
    for name in SITE:
        for variable in services[name]["environment"]:
            assert variable.removesuffix("_FILE") in known, variable
    document = (ROOT / "docs" / "hosting.md").read_text(encoding="utf-8")
    for variable in compose.asked() - OF_COMPOSE:
        assert variable in known, variable
    assert all(f"`{variable}`" in document for variable in OF_COMPOSE)


def test_every_file_and_secret_and_network_that_is_named_is_there(
    whole: dict[str, Any], services: dict[str, dict[str, Any]]
) -> None:
    script = (ROOT / "infra" / "compose" / "secrets.sh").read_text()
    for name, secret in whole["secrets"].items():
        assert secret["file"] == f"./secrets/{name}"
        assert f"keep {name} " in script or f"secrets/{name} " in script, name
    used: set[str] = set()
    for service in services.values():
        used.update(service.get("secrets", []))
        assert set(service["networks"]) <= set(whole["networks"])
        for volume in service.get("volumes", []):
            source, _target = volume.split(":")[:2]
            assert (ROOT / source).is_file() if source.startswith("./") else source in whole["volumes"], volume
        for other, how in service.get("depends_on", {}).items():
            assert other in services
            if how["condition"] == "service_healthy":
                # The site's own stands in its image.
                assert "healthcheck" in services[other] or other == "web"
    assert used == set(whole["secrets"])
    environment = services["web"]["environment"]
    files = {value.rpartition("/")[2] for name, value in environment.items() if name.endswith("_FILE")}
    assert files == set(services["web"]["secrets"])


def test_nothing_may_do_more_than_it_must(whole: dict[str, Any], services: dict[str, dict[str, Any]]) -> None:
    for name, service in services.items():
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert set(service["deploy"]["resources"]["limits"]) == {"cpus", "memory"}, name
        assert "privileged" not in service
        assert not service.get("image", "").endswith(("latest", "}")), name
        if name != "proxy":
            assert "ports" not in service, "the proxy alone is open"
        # PostgreSQL's image becomes its own user.
        assert service.get("user", "0") != "0" or name == "database", name
    assert whole["networks"]["inside"]["internal"] is True
    assert all(services[name]["networks"] == ["inside"] for name in ("database", "sessions", "cache", "release"))


def test_it_waits_as_long_as_ending_takes(services: dict[str, dict[str, Any]]) -> None:
    grace = int(re.findall(r"^graceful_timeout = (\d+)", (ROOT / "gunicorn.conf.py").read_text(), re.MULTILINE)[0])
    assert int(services["web"]["stop_grace_period"].rstrip("s")) > grace
    assert int(services["jobs"]["stop_grace_period"].rstrip("s")) > 40


def test_production_starts_with_it(services: dict[str, dict[str, Any]], tmp_path: Path) -> None:
    """The settings are read with these variables and with the secrets that the script writes."""
    script = tmp_path / "infra" / "compose" / "secrets.sh"
    script.parent.mkdir(parents=True)
    script.write_bytes((ROOT / "infra" / "compose" / "secrets.sh").read_bytes())
    for _time in range(2):
        # The second time nothing changes.
        done = subprocess.run(
            ["sh", str(script), "smtp+tls://me:secret@mail.example.org:587"], check=True, capture_output=True
        )
        assert done.stdout == b""
        folder = tmp_path / "secrets"
        assert folder.stat().st_mode & 0o777 == 0o700
        written = {path.name: path.read_bytes() for path in folder.iterdir()}
        if _time == 0:
            first = written
    assert first == written
    assert len(written["secret_key"]) >= 50
    environment = {
        name: str(value).replace("/run/secrets", str(folder)) for name, value in services["web"]["environment"].items()
    }
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    shown = subprocess.run(
        [
            sys.executable,
            "-c",
            SHOWING,
        ],
        cwd=ROOT,
        env=kept | environment | {"DJANGO_SETTINGS_MODULE": "restaurant_site.settings"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert shown.stdout.split() == [
        *("database", "site", "redis://cache:6379/0", "redis://sessions:6379/0"),
        *("mail.example.org", "True", "64", "file:///photos"),
    ]
    assert KEY not in shown.stdout


@pytest.mark.parametrize(("name", "policy"), [("sessions", "volatile-ttl"), ("cache", "volatile-lru")])
def test_redis_starts_with_its_command(
    services: dict[str, dict[str, Any]], tmp_path: Path, name: str, policy: str
) -> None:
    command = services[name]["command"]
    assert command[0] == "redis-server"
    config = ROOT / "infra" / "redis" / Path(command[1]).name
    assert f"./infra/redis/{config.name}:{command[1]}:ro" in services[name]["volumes"]
    server = RedisServer(tmp_path)
    server.run(str(config), *command[2:], "--port", "0", "--unixsocket", str(server.socket), "--dir", str(tmp_path))
    try:
        for _attempt in range(100):
            if server.socket.exists():
                break
            assert server.alive
            time.sleep(0.05)
        told = server.client.config_get("maxmemory*")
        assert told["maxmemory-policy"] == policy
        kept = server.client.config_get("appendonly")["appendonly"]
        assert kept == ("yes" if name == "sessions" else "no")
    finally:
        server.kill()


def proxy_files(folder: Path, port: int) -> Path:
    """Write the proxy's files as they are mounted, with a certificate of localhost, its HTTPS at this port."""
    key, certificate = folder / "certificate_key", folder / "certificate"
    curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", "/CN=localhost"]
    command = ["openssl", "req", "-x509", *curve, "-keyout", str(key), "-out", str(certificate)]
    subprocess.run(
        [*command, "-addext", "subjectAltName=DNS:localhost"], check=True, capture_output=True, env=os.environ
    )
    replaced = (
        (" /tmp/", f" {folder}/"),
        ("server site:8000 ", "server 127.0.0.1:9 "),
        ("listen 8080 ", f"listen unix:{folder}/http "),
        ("listen 8443 ", f"listen 127.0.0.1:{port} "),
        ("/run/secrets/", f"{folder}/"),
        ("/etc/nginx/tls/*.conf", f"{folder}/tls.conf"),
    )
    texts = [(ROOT / "infra" / "nginx" / name).read_text() for name in ("nginx.conf", "tls.conf")]
    for theirs, ours in replaced:
        assert any(theirs in text for text in texts)
        texts = [text.replace(theirs, ours) for text in texts]
    (folder / "tls.conf").write_text(texts[1])
    (folder / "nginx.conf").write_text(texts[0])
    return folder / "nginx.conf"


@pytest.mark.skipif(nginx() is None, reason="nginx is not there; make audit installs it")
def test_the_proxy_ends_tls_and_says_when_no_node_answers(tmp_path: Path) -> None:
    program, port = nginx(), free_port()
    assert program
    command = [program, "-c", str(proxy_files(tmp_path, port)), "-g", "daemon off;"]
    told = subprocess.run([*command, "-t"], capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stderr
    trusting = ssl.create_default_context(cafile=str(tmp_path / "certificate"))
    process = subprocess.Popen(command)
    try:
        for _attempt in range(100):
            with contextlib.suppress(ConnectionError):
                line = http.client.HTTPSConnection("localhost", port, context=trusting, timeout=10)
                line.request("GET", "/")
                break
            time.sleep(0.05)
        answer = line.getresponse()
        assert (answer.status, answer.headers["Retry-After"], answer.headers["Server"]) == (503, "5", "nginx")
        assert b"nothing is booked twice" in answer.read()
        line.close()
        old = ssl.create_default_context(cafile=str(tmp_path / "certificate"))
        old.set_ciphers("ALL:@SECLEVEL=0")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            old.minimum_version = old.maximum_version = ssl.TLSVersion.TLSv1_1
        with socket.create_connection(("localhost", port)) as raw, pytest.raises(ssl.SSLError):
            old.wrap_socket(raw, server_hostname="localhost")
    finally:
        process.terminate()
        process.wait(10)
