"""Calls to other servers through a proxy, and /metrics behind one."""
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from conftest import Server

KEY, PASSWORD = "sk-of-the-service", "proxy-password"


class MockProxy:
    """Answers what it is asked to fetch itself; refuses tunnels."""

    def __init__(self):
        self.asked = []  # (method, address, headers)
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def do_CONNECT(self):
                proxy.asked.append(("CONNECT", self.path, dict(self.headers)))
                self.send_error(403)

            def do_GET(self):
                self.answer({"data": [{"id": "good"}]})

            def do_POST(self):
                self.rfile.read(int(self.headers["Content-Length"]))
                self.answer({"id": "c", "model": "good", "usage": {"prompt_tokens": 1, "completion_tokens": 1}, "choices": [
                    {"index": 0, "message": {"role": "assistant", "content": "by proxy"}, "finish_reason": "stop"}]})

            def answer(self, body):
                proxy.asked.append((self.command, self.path, dict(self.headers)))
                data = json.dumps(body).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://user:{PASSWORD}@127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture(scope="module")
def proxy():
    started = MockProxy()
    yield started
    started.server.shutdown()


@pytest.fixture(scope="module")
def server(proxy, tmp_path_factory):
    folder = tmp_path_factory.mktemp("proxy")
    services = {name: {"provider": "openai-compatible", "base_url": url, "key": KEY, "private": True}
                for name, url in (("far", "http://models.test:81/v1"), ("tls", "https://models.test/v1"),
                                  ("direct", "http://models.near.test/v1"))}
    (folder / "gateway.json").write_text(json.dumps({"services": services}))
    started = Server(folder / "library", environment={
        "LECTERN_GATEWAY": str(folder / "gateway.json"), "LECTERN_PROXY": proxy.url, "LECTERN_NO_PROXY": "near.test",
        "LECTERN_METRICS_TOKEN": "token-of-prometheus"}).start()
    started.new_key()
    yield started
    started.stop()


def chat(server, service):
    return server.post("/v1/chat/completions", {"model": f"{service}/good", "messages": [{"role": "user", "content": "hello"}]})


def test_a_service_is_called_through_the_proxy(server, proxy):
    answer = chat(server, "far")
    assert answer.json()["choices"][0]["message"]["content"] == "by proxy", answer.text
    method, address, headers = proxy.asked[-1]
    assert (method, address) == ("POST", "http://models.test:81/v1/chat/completions") and KEY not in address
    assert headers["Host"] == "models.test:81" and headers["Proxy-Authorization"].startswith("Basic ")


def test_a_service_with_tls_is_called_through_a_tunnel_that_sees_no_key(server, proxy):
    answer = chat(server, "tls")
    assert answer.status_code == 502 and "403" in answer.text
    method, address, headers = proxy.asked[-1]
    assert (method, address) == ("CONNECT", "models.test:443") and "Authorization" not in headers


def test_exceptions_are_called_without_it(server, proxy):
    before = len(proxy.asked)
    assert chat(server, "direct").status_code == 502, "there is no such host"
    assert len(proxy.asked) == before


def test_numbers_are_checked_before_the_proxy_is_asked(tmp_path, proxy):
    before = len(proxy.asked)
    service = {"provider": "openai-compatible", "base_url": "http://169.254.169.254/v1", "key": KEY, "private": True}
    (tmp_path / "gateway.json").write_text(json.dumps({"services": {"metadata": service}}))
    server = Server(tmp_path / "library", environment={"LECTERN_GATEWAY": str(tmp_path / "gateway.json"), "LECTERN_PROXY": proxy.url})
    with pytest.raises(RuntimeError, match="link-local"):
        server.start()
    assert len(proxy.asked) == before


def test_nothing_secret_is_logged(server):
    log = server.log.read_text()
    assert KEY not in log and PASSWORD not in log and "token-of-prometheus" not in log


@pytest.mark.parametrize("value", ["socks5://127.0.0.1:1", "proxy:3128"])
def test_what_is_no_proxy_is_refused_at_the_start(tmp_path, value):
    server = Server(tmp_path / "library", environment={"LECTERN_PROXY": value})
    with pytest.raises(RuntimeError, match="proxy"):
        server.start()


@pytest.mark.parametrize("headers, status", [
    ({}, 200),  # from this machine
    ({"X-Forwarded-For": "203.0.113.7"}, 401),
    ({"Via": "1.1 proxy"}, 401),
    ({"Via": "1.1 proxy", "Authorization": "Bearer token-of-prometheus"}, 200),
    ({"Via": "1.1 proxy", "Authorization": "Bearer token-of-prometheu"}, 403),
    ({"Via": "1.1 proxy", "Authorization": "Bearer "}, 401)])
def test_metrics_are_for_this_machine_and_for_the_token(server, headers, status):
    answer = server.get("/metrics", headers={"Authorization": "", **headers})
    assert answer.status_code == status and ("lectern_" in answer.text) == (status == 200), answer.text


def test_metrics_are_for_administrators(server):
    owner = server.cli("keys", "add", "owner", "--role", "owner").stdout.split()[-1]
    reader = server.cli("keys", "add", "reader", "--role", "reader").stdout.split()[-1]
    assert server.get("/metrics", key=owner, headers={"Via": "1.1 proxy"}).status_code == 200
    assert server.get("/metrics", key=reader, headers={"Via": "1.1 proxy"}).status_code == 403


@pytest.mark.parametrize("settings, status", [({"LECTERN_PUBLIC_URL": "https://library.example.org"}, 401),
                                              ({"LECTERN_METRICS_OPEN": "1"}, 200)])
def test_metrics_behind_a_public_address(tmp_path, settings, status):
    server = Server(tmp_path / "library", environment=settings).start()
    try:
        assert server.get("/metrics", headers={"Authorization": "", "Via": "1.1 proxy"}).status_code == status
        near = server.get("/metrics", headers={"Authorization": ""})
        assert near.status_code == status
    finally:
        server.stop()
