"""The MDN HTTP Observatory grades the site as production serves it, from its answers alone."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.conftest import Site
from tests.factories import make_venue
from tests.site import install, production
from tests.site.proxy import Proxy, write_certificate

LOOPBACK = Path(__file__).with_name("to_loopback.mjs")


@pytest.mark.audit
def test_the_grade_is_a_plus(production_site: Site, tmp_path: Path) -> None:
    node = install.new_enough()
    if node is None or not install.installed():
        pytest.skip("The Observatory is not there: `make audit` installs it where Node is new enough.")
    make_venue()
    make_venue()
    certificate = write_certificate(production.HOST, tmp_path)
    port = urlsplit(production_site.url).port or 0
    with Proxy(port) as plain, Proxy(port, certificate) as tls:
        scan = subprocess.run(
            [node, "--import", str(LOOPBACK), str(install.SCAN), production.HOST],
            env={
                "PATH": os.environ["PATH"],
                "NODE_EXTRA_CA_CERTS": str(certificate),
                "HTTP_PORT": str(plain.port),
                "HTTPS_PORT": str(tls.port),
            },
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert scan.returncode == 0, scan.stdout + scan.stderr
    found = json.loads(scan.stdout)
    failed = {name: test["result"] for name, test in found["tests"].items() if not test["pass"]}
    assert failed == {}
    assert found["scan"]["grade"] == "A+", found
