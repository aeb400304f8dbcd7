"""Who the client is behind proxies: what trusted ones say counts, and what anybody else says does not."""
import http.client
import json
import socket

import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from conftest import Server

PASSWORD = "correct horse battery"
PROXY, STRANGER = "127.0.0.1", "127.0.0.2"  # whom the server is called by
CONNECTIONS = 6


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    started = Server(tmp_path_factory.mktemp("data") / "library", environment={
        "LECTERN_TRUSTED_PROXIES": f"{PROXY}, 10.0.0.0/8", "LECTERN_CONNECTIONS_PER_ADDRESS": str(CONNECTIONS)}).start()
    made = ask(started, "POST", "/v1/setup", {"email": "ada@example.org", "name": "Ada", "password": PASSWORD})
    assert made.status in (200, 201), made.body
    yield started
    started.stop()


def ask(server, method, path, body=None, by=PROXY, **headers):
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20, source_address=(by, 0))
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    if body is not None:
        headers["Content-Type"] = "application/json"
    connection.request(method, path, json.dumps(body) if body is not None else None, headers)
    answer = connection.getresponse()
    answer.body = answer.read()
    connection.close()
    return answer


def sign_in(server, password=PASSWORD, email="ada@example.org", **headers):
    return ask(server, "POST", "/v1/session", {"email": email, "password": password}, **headers)


def address_of(server, **headers):
    """Where a sign-in came from, by the list of sessions."""
    answer = sign_in(server, **headers)
    assert answer.status in (200, 201), answer.body
    sessions = json.loads(ask(server, "GET", "/v1/sessions", Cookie=answer.headers["Set-Cookie"].split(";")[0]).body)
    return next(session for session in sessions["items"] if session["current"])["address"]


@pytest.mark.parametrize("by, headers, address", [
    (PROXY, {}, PROXY),
    (PROXY, {"X_Forwarded_For": "203.0.113.7"}, "203.0.113.7"),
    (PROXY, {"X_Forwarded_For": "192.0.2.1, 203.0.113.7, 10.1.2.3"}, "203.0.113.7"),  # two proxies; the client wrote the first
    (PROXY, {"Forwarded": 'for="[2001:db8::5]:4711";proto=https, for=10.1.2.3'}, "2001:db8::5"),
    (PROXY, {"Forwarded": "for=192.0.2.1", "X_Forwarded_For": "203.0.113.7"}, PROXY),
    (STRANGER, {"X_Forwarded_For": "203.0.113.7"}, STRANGER),
    (STRANGER, {"Forwarded": "for=203.0.113.7"}, STRANGER),
])
def test_a_session_has_the_address_of_the_client_by_trusted_proxies_alone(server, by, headers, address):
    assert address_of(server, by=by, **headers) == address


@pytest.mark.parametrize("by, headers, secure", [
    (PROXY, {"X_Forwarded_For": "203.0.113.7", "X_Forwarded_Proto": "https"}, True),
    (PROXY, {"Forwarded": "for=203.0.113.7;proto=https"}, True),
    (PROXY, {"X_Forwarded_For": "203.0.113.7", "X_Forwarded_Proto": "http"}, False),
    (STRANGER, {"X_Forwarded_Proto": "https"}, False),
])
def test_cookies_are_secure_and_https_is_kept_to_when_a_trusted_proxy_says_https(server, by, headers, secure):
    assert ("; Secure" in sign_in(server, by=by, **headers).headers["Set-Cookie"]) == secure
    assert ("Strict-Transport-Security" in ask(server, "GET", "/", by=by, **headers).headers) == secure


def test_sign_ins_are_slowed_down_for_the_client_and_not_for_its_proxy(server):
    def guess(number, by, address):
        return sign_in(server, "wrong wrong wrong", f"nobody{number}@example.org", by=by, X_Forwarded_For=address).status

    same = [guess(n, PROXY, "198.51.100.1") for n in range(7)]
    assert same[:5] == [401] * 5 and same[-1] == 429
    assert guess(10, PROXY, "198.51.100.2") == 401 and sign_in(server).status in (200, 201)
    changing = [guess(20 + n, "127.0.0.3", f"198.51.100.{20 + n}") for n in range(7)]
    assert changing[-1] == 429, "an untrusted client chooses its address"


def test_connections_are_counted_by_address_but_for_those_of_trusted_proxies(server):
    def open_connections(by):
        links = [socket.create_connection(("127.0.0.1", server.port), timeout=20, source_address=(by, 0)) for _ in range(2 * CONNECTIONS)]
        served = 0
        for link in links:
            try:
                link.sendall(b"GET /live HTTP/1.1\r\nHost: a\r\n\r\n")
                served += link.recv(4096).startswith(b"HTTP/1.1 200")
            except OSError:
                pass  # turned away
        for link in links:
            link.close()
        return served

    assert open_connections(PROXY) == 2 * CONNECTIONS
    assert open_connections("127.0.0.4") == CONNECTIONS


@pytest.mark.parametrize("headers", [{"X_Forwarded_For": "127.0.0.1"}, {"Forwarded": "for=127.0.0.1"}, {"X_Forwarded_Proto": "https"}])
def test_nobody_behind_a_proxy_is_a_program_on_this_machine(server, headers):
    assert ask(server, "GET", "/metrics").status == 200
    assert ask(server, "GET", "/metrics", **headers).status == 401


def test_a_websocket_is_of_the_same_site_by_the_host_that_a_trusted_proxy_names(server):
    cookie = sign_in(server).headers["Set-Cookie"].split(";")[0]

    def dial(by, named):
        return connect(f"ws://127.0.0.1:{server.port}/ws", source_address=(by, 0), open_timeout=20, origin="https://library.example.org",
                       additional_headers={"Cookie": cookie, "X-Forwarded-For": "203.0.113.7", "X-Forwarded-Host": named})

    with dial(PROXY, "library.example.org") as opened:
        assert json.loads(opened.recv(timeout=20))["type"] == "hello"
    for by, named in ((PROXY, "other.example.org"), (STRANGER, "library.example.org")):
        with pytest.raises(InvalidStatus) as refused, dial(by, named):
            pass
        assert refused.value.response.status_code == 403


def test_a_list_that_names_no_addresses_ends_the_start(tmp_path):
    refused = Server(tmp_path / "library", environment={"LECTERN_TRUSTED_PROXIES": "proxy.example.org"})
    refused.start(wait=False)
    assert refused.process.wait(timeout=60) != 0
    assert "'proxy.example.org' is no address or network" in refused.log.read_text()
