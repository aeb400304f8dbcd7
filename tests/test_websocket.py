"""What happens, told over WebSockets: by an official client, beside the server-sent events of the same."""
import contextlib
import json

import pytest
import requests
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from conftest import Late, wait_until

jsonschema = Late("jsonschema")
PASSWORD = "correct horse battery"


@pytest.fixture(scope="module")
def admin(server):
    return server.cli("keys", "add", "live", "--role", "admin").stdout.split()[-1]


def dial(server, path="/ws", key=None, **headers):
    if key:
        headers["Authorization"] = f"Bearer {key}"
    return connect(server.url.replace("http", "ws") + path, additional_headers=headers, open_timeout=20)


SCHEMAS = {}  # of what a server says over a WebSocket, by /asyncapi.json


@pytest.fixture(scope="module", autouse=True)
def schemas(server):
    described = server.get("/asyncapi.json").json()
    kinds = described["components"]["schemas"]
    for name, message in described["channels"]["socket"]["messages"].items():
        payload = described["components"]["messages"][message["$ref"].split("/")[-1]]["payload"]
        SCHEMAS[name] = jsonschema.Draft202012Validator(kinds[payload["$ref"].split("/")[-1]])


def hear(socket, wanted, seconds=20):
    """The next event of this type; whatever comes is as /asyncapi.json says it."""
    while True:
        event = json.loads(socket.recv(timeout=seconds))
        SCHEMAS[event["type"]].validate(event)
        if event["type"] == wanted:
            return event


def status_of(refused):
    return refused.value.response.status_code


def tell(server, key, text):
    answer = server.post("/v1/events/broadcast", {"text": text}, key=key)
    assert answer.status_code == 202, answer.text
    return answer.json()


def test_both_ways_tell_the_same_events_with_the_same_ids(server, admin):
    with dial(server, key=admin) as socket, \
            requests.get(f"{server.url}/v1/events", headers={"Authorization": f"Bearer {admin}"}, stream=True, timeout=30) as stream:
        stream.encoding = "utf-8"
        lines = stream.iter_lines(decode_unicode=True)
        hear(socket, "hello")
        while next(lines) != "event: hello":
            pass
        told = tell(server, admin, "Backup at nine \u2013 \"save\" your work.\n")
        event = hear(socket, "broadcast")
        fields = {}
        while fields.get("event") != "broadcast" or "data" not in fields:
            name, _, value = next(lines).partition(": ")
            fields = {**fields, name: value} if name else {}
    assert event["data"] == told == json.loads(fields["data"]) and told["text"] == "Backup at nine \u2013 \"save\" your work."
    assert event["id"] == fields["id"]


def test_who_comes_back_hears_what_was_missed(server, admin):
    with dial(server, key=admin) as socket:
        hear(socket, "hello")
        tell(server, admin, "seen")
        seen = hear(socket, "broadcast")["id"]
    missed = [tell(server, admin, text)["text"] for text in ("first", "second")]
    with dial(server, f"/v1/ws?last_event_id={seen}", admin) as socket:
        assert [hear(socket, "broadcast")["data"]["text"] for _ in missed] == missed
    with requests.get(f"{server.url}/v1/events", stream=True, timeout=30,
                      headers={"Authorization": f"Bearer {admin}", "Last-Event-ID": seen}) as stream:
        lines = (line for line in stream.iter_lines(decode_unicode=True) if '"text"' in line)
        assert [json.loads(next(lines)[6:])["text"] for _ in missed] == missed


@pytest.mark.parametrize("last", ["00000000-1", "nonsense", "-", "ffffffff-99999999999999999999"])
def test_who_comes_back_too_late_is_told_so(server, admin, last):
    with dial(server, f"/ws?last_event_id={last}", admin) as socket:
        assert hear(socket, "missed")["data"] == {}


def test_a_key_may_stand_in_the_address_since_browsers_send_no_header(server, admin):
    with dial(server, f"/ws?token={admin}") as socket:
        hear(socket, "hello")
        socket.send('{"type": "ping"}')
        assert hear(socket, "pong") == {"type": "pong"}
        socket.send("nonsense")
        assert "ping" in hear(socket, "error")["message"]
        assert socket.ping().wait(20)
    assert admin not in server.log.read_text()
    for wrong in ("/ws", "/ws?token=wrong", "/ws?token="):
        with pytest.raises(InvalidStatus) as refused:
            dial(server, wrong)
        assert status_of(refused) == 401
    assert requests.get(f"{server.url}/v1/documents?token={admin}").status_code == 401  # there alone


def test_a_call_that_is_no_handshake_is_told_what_is_spoken(server, admin):
    answer = server.get("/ws", key=admin)
    assert answer.status_code == 426 and answer.headers["Upgrade"] == "websocket" and answer.headers["Sec-WebSocket-Version"] == "13"
    good = {"Upgrade": "websocket", "Connection": "keep-alive, Upgrade", "Sec-WebSocket-Version": "13"}
    for headers, status in (({**good, "Sec-WebSocket-Version": "8"}, 426), (good, 400), ({**good, "Sec-WebSocket-Key": "c2hvcnQ="}, 400)):
        assert server.get("/ws", key=admin, headers=headers).status_code == status, headers


def test_who_listens_too_often_is_told_when_to_come_again(server, admin):
    key = server.cli("keys", "add", "many", "--role", "reader").stdout.split()[-1]
    with contextlib.ExitStack() as open_ones:
        for _ in range(100):
            open_ones.enter_context(dial(server, key=key))
        with pytest.raises(InvalidStatus) as refused:
            dial(server, key=key)
        assert status_of(refused) == 429 and int(refused.value.response.headers["Retry-After"]) >= 1
        assert int(server.get("/v1/events", key=key).headers["Retry-After"]) >= 1
        with dial(server, key=admin) as other:
            hear(other, "hello")


def test_only_an_administrator_tells_everybody(server, admin):
    reader = server.cli("keys", "add", "reader", "--role", "reader").stdout.split()[-1]
    assert server.post("/v1/events/broadcast", {"text": "x"}, key=reader).status_code == 403
    for text in ("", "  ", "x" * 401, "\u0001" * 200):
        assert server.post("/v1/events/broadcast", {"text": text}, key=admin).status_code in (400, 413), text
    with dial(server, key=reader) as socket:
        hear(socket, "hello")
        tell(server, admin, "to readers too")
        assert hear(socket, "broadcast")["data"]["text"] == "to readers too"


def test_a_key_that_is_revoked_ends_what_it_holds_open(server, admin):
    made = server.post("/v1/keys", {"name": "short", "role": "reader"}, key=admin)
    assert made.status_code == 201, made.text
    key = made.json()["key"]
    with dial(server, key=key) as socket, dial(server, key=admin) as other, \
            requests.get(f"{server.url}/v1/events", headers={"Authorization": f"Bearer {key}"}, stream=True, timeout=30) as stream:
        lines = stream.iter_lines()
        next(lines)
        hear(socket, "hello")
        assert server.call("DELETE", f"/v1/keys/{made.json()['id']}", key=admin).status_code == 204
        with pytest.raises(ConnectionClosed) as closed:
            hear(socket, "never")
        assert closed.value.rcvd.code == 1008
        assert list(lines) is not None  # it ends
        other.send('{"type": "ping"}')
        assert hear(other, "pong")


def test_a_session_listens_from_our_page_alone_and_until_it_ends(fresh_server):
    browser = requests.Session()
    made = browser.post(f"{fresh_server.url}/v1/setup", json={"email": "ada@example.org", "name": "Ada", "password": PASSWORD})
    assert made.status_code in (200, 201), made.text
    cookie = "; ".join(f"{c.name}={c.value}" for c in browser.cookies)
    for origin in ("https://evil.example", "null", f"{fresh_server.url}.evil.example"):
        with pytest.raises(InvalidStatus) as refused:
            dial(fresh_server, Cookie=cookie, Origin=origin)
        assert status_of(refused) == 403, origin
    with pytest.raises(InvalidStatus) as refused:
        dial(fresh_server, Cookie=cookie, **{"Sec-Fetch-Site": "cross-site"})
    assert status_of(refused) == 403
    with dial(fresh_server, Cookie=cookie, Origin=fresh_server.url) as socket:
        hear(socket, "hello")
        assert browser.delete(f"{fresh_server.url}/v1/session", headers={"X-CSRF-Token": made.json()["csrf"]}).status_code == 204
        with pytest.raises(ConnectionClosed) as closed:
            hear(socket, "never")
        assert closed.value.rcvd.code == 1008
    with dial(fresh_server, key=fresh_server.key) as socket:  # and when the server stops
        hear(socket, "hello")
        fresh_server.process.terminate()
        with pytest.raises(ConnectionClosed) as closed:
            hear(socket, "never")
        assert closed.value.rcvd.code == 1001
    wait_until(lambda: fresh_server.process.poll() is not None)
    assert fresh_server.process.returncode == 0
