"""A proxy as it stands in front of production: speaks TLS with a certificate of its own, and says so to the site."""

from __future__ import annotations

import datetime as dt
import http.client
import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

_OF_THE_CONNECTION = {"connection", "keep-alive", "transfer-encoding", "content-length"}


def write_certificate(host: str, folder: Path) -> Path:
    """Write a key and a certificate of the host, good for a day, and return the file with both."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / "certificate.pem"
    pem = serialization.Encoding.PEM
    bare = serialization.NoEncryption()
    path.write_bytes(key.private_bytes(pem, serialization.PrivateFormat.PKCS8, bare) + certificate.public_bytes(pem))
    return path


class Proxy(ThreadingHTTPServer):
    """Hands on to a port of loopback what it is asked, for as long as a ``with`` lasts."""

    daemon_threads = True

    def __init__(self, site_port: int, certificate: Path | None = None, *, keeps: bool = False) -> None:
        """Listen; with keeps connections stay open for the next request, as those of browsers do."""
        super().__init__(("127.0.0.1", 0), _Keeping if keeps else _Handler)
        self.site_port = site_port
        self.referers: list[str] = []
        """Where those who asked said that they came from."""
        self.scheme = "https" if certificate else "http"
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            self.socket = context.wrap_socket(self.socket, server_side=True)

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    def __enter__(self) -> Proxy:
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.shutdown()
        self.server_close()


class _Handler(BaseHTTPRequestHandler):
    server: Proxy

    def _hand_on(self) -> None:
        site = http.client.HTTPConnection("127.0.0.1", self.server.site_port, timeout=20)
        told = {name: value for name, value in self.headers.items() if name.lower() not in _OF_THE_CONNECTION}
        told |= {"X-Forwarded-Proto": self.server.scheme, "X-Forwarded-For": self.client_address[0]}
        self.server.referers.append(self.headers.get("Referer", ""))
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        site.request(self.command, self.path, body=body or None, headers=told)
        answer = site.getresponse()
        body = answer.read()
        site.close()
        self.send_response_only(answer.status)
        for name, value in answer.headers.items():
            if name.lower() not in _OF_THE_CONNECTION:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_HEAD = do_OPTIONS = do_POST = _hand_on  # noqa: N815 - the names that the library looks for

    def log_message(self, *_args: object) -> None:
        """Say nothing."""


class _Keeping(_Handler):
    protocol_version = "HTTP/1.1"
