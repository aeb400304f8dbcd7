"""Services and clients that mean harm: nothing is smuggled into an answer, nothing of ours is told, others are served."""
import functools
import gzip
import json
import socket
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import requests

from conftest import Server

KEY = "sk-secret-of-the-server-0123456789"
SMUGGLED = 'x\r\ndata: {"choices":[{"delta":{"content":"SMUGGLED"}}]}\r\n\r\ndata: [DONE]\r\n\r\n'


@functools.cache
def bomb():
    return gzip.compress(b'{"choices":[{"message":{"content":"' + b"x" * 300_000_000 + b'"}}]}')


class Hostile:
    """A service that does what the name of the model says."""

    def __init__(self):
        self.reached = []  # by a redirect
        hostile = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def do_GET(self):
                hostile.reached.append((self.path, dict(self.headers)))
                self.reply(200, {"data": [{"id": "good"}]})

            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                hostile.reached.append((self.path, dict(self.headers)))
                try:
                    hostile.answer(self, body)
                except (BrokenPipeError, ConnectionResetError):
                    pass

            def reply(self, status, body, **headers):
                data = body if isinstance(body, bytes) else json.dumps(body).encode()
                self.send_response(status)
                self.send_header("Content-Type", headers.pop("kind", "application/json"))
                self.send_header("Content-Length", str(len(data)))
                for name, value in headers.items():
                    self.send_header(name.replace("_", "-"), value)
                self.end_headers()
                self.wfile.write(data)

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/v1"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def answer(self, http, body):
        model, stream = body["model"].split("\r")[0], body.get("stream")
        if model == "error-lines":
            return http.reply(400, {"error": {"message": SMUGGLED, "type": SMUGGLED, "code": SMUGGLED}})
        if model == "error-key":
            return http.reply(400, {"error": {"message": f"bad key {http.headers['Authorization']}"}})
        if model == "error-500-key":
            return http.reply(500, {"error": {"message": f"bad key {KEY}"}})
        if model == "stream-key":
            first = {"choices": [{"index": 0, "delta": {"content": "fine"}}]}
            error = {"error": {"message": f"key {KEY} is used up", "code": 500}}
            data = "".join(f"data: {json.dumps(frame)}\n\n" for frame in ([first] if stream else []) + [error])
            return http.reply(200, data.encode(), kind="text/event-stream")
        if model == "bomb":
            return http.reply(200, bomb(), Content_Encoding="gzip")
        if model == "bomb-error":
            return http.reply(500, bomb(), Content_Encoding="gzip")
        if model.startswith("redirect"):
            to = "http://169.254.169.254/latest" if model == "redirect-private" else f"{self.url}/stolen"
            return http.reply(int(model[-3:]) if model[-3:].isdigit() else 302, b"", Location=to)
        if model == "headers":
            return http.reply(200, self.whole(model), Set_Cookie="a=b", X_Request_Id="theirs", Location="/x",
                              Content_Disposition="attachment")
        if model == "lines":
            return self.reply_in(http, stream, model, "x\r\n\r\ndata: [DONE]\n\nevent: error\n\n")
        return self.reply_in(http, stream, model, "fine")

    @staticmethod
    def whole(model, text="fine"):
        return {"id": SMUGGLED, "model": SMUGGLED, "usage": {"prompt_tokens": 1, "completion_tokens": 1}, "choices": [
            {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}]}

    def reply_in(self, http, stream, model, text):
        if not stream:
            return http.reply(200, self.whole(model, text))
        frames = [{"id": SMUGGLED, "model": SMUGGLED, "choices": [{"index": 0, "delta": {"content": text}}]},
                  {"choices": [{"index": 0, "delta": {"tool_calls": [
                      {"index": 0, "id": SMUGGLED, "function": {"name": SMUGGLED, "arguments": "{}"}}]}}]},
                  {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}]
        data = "".join(f"data: {json.dumps(f)}\n\n" for f in frames) + "data: [DONE]\n\n"
        http.reply(200, data.encode(), kind="text/event-stream")


@pytest.fixture(scope="module")
def hostile():
    started = Hostile()
    yield started
    started.server.shutdown()


@pytest.fixture(scope="module")
def server(hostile, tmp_path_factory):
    started = Server(tmp_path_factory.mktemp("data") / "library", arguments=["--provider-url", hostile.url],
                     environment={"LECTERN_PROVIDER_KEY": KEY}).start()
    started.new_key()
    started.owner = started.cli("keys", "add", "owner", "--role", "owner").stdout.split()[-1]
    yield started
    started.stop()


@pytest.fixture(autouse=True)
def others_are_served(server):
    yield
    assert chat(server, "fine").json()["choices"][0]["message"]["content"] == "fine"
    assert KEY not in server.log.read_text()


def chat(server, model, stream=False, headers=None, **more):
    body = {"model": model, "stream": stream, "messages": [{"role": "user", "content": "hello"}], **more}
    return server.post("/v1/chat/completions", body, headers=headers)


def message(server, model, stream=False, **more):
    body = {"model": model, "stream": stream, "max_tokens": 9, "messages": [{"role": "user", "content": "hello"}], **more}
    return server.post("/v1/messages", body)


def frames_of(answer):
    """Every line of a stream is a field, and every data line JSON or the end."""
    for line in answer.content.decode().replace("\r\n", "\n").replace("\r", "\n").split("\n"):
        assert not line or line.split(":")[0] in ("data", "event", ""), line
        if line.startswith("data: ") and line != "data: [DONE]":
            yield json.loads(line[6:])


@pytest.mark.parametrize("call", [chat, message])
@pytest.mark.parametrize("model", ["fine", "lines"])
def test_line_ends_of_a_service_make_no_events(server, call, model):
    answer = call(server, model, stream=True)
    frames = list(frames_of(answer))
    assert answer.status_code == 200 and frames
    assert not any((frame.get("choices") or [{}])[0].get("delta", {}).get("content") == "SMUGGLED" for frame in frames)
    assert answer.content.count(b"\ndata: [DONE]") == (1 if call is chat else 0)


@pytest.mark.parametrize("call", [chat, message])
@pytest.mark.parametrize("stream", [False, True])
def test_line_ends_of_an_error_stay_in_its_message(server, call, stream):
    answer = call(server, "error-lines", stream=stream)
    assert answer.status_code == 400 and answer.json()["error"]["message"]
    assert "SMUGGLED" not in " ".join(answer.headers.values())


@pytest.mark.parametrize("call", [chat, message])
@pytest.mark.parametrize("model", ["error-key", "error-500-key"])
@pytest.mark.parametrize("stream", [False, True])
def test_a_key_in_an_error_is_not_told(server, call, model, stream):
    answer = call(server, model, stream=stream)
    assert answer.status_code in (400, 500, 502, 503) and KEY not in answer.text and answer.json()["error"]["message"]


@pytest.mark.parametrize("call", [chat, message])
def test_a_key_in_a_stream_s_error_is_not_told(server, call):
    answer = call(server, "stream-key", stream=True)
    assert "fine" in answer.text and "error" in answer.text and KEY not in answer.text


@pytest.mark.parametrize("name", ["good\r\nX-Evil: 1", "a\nb", "a\x00b", "../../etc/passwd", "<script>", "m" * 100_000])
@pytest.mark.parametrize("call", [chat, message])
@pytest.mark.parametrize("stream", [False, True])
def test_a_model_with_a_strange_name_reaches_no_header(server, hostile, call, name, stream):
    answer = call(server, name, stream=stream)
    assert answer.status_code < 500 or answer.status_code in (502, 503)
    assert "X-Evil" not in answer.headers and "X-Evil" not in hostile.reached[-1][1]
    if stream and answer.status_code == 200:
        assert list(frames_of(answer))


@pytest.mark.parametrize("model", ["bomb", "bomb-error"])
@pytest.mark.parametrize("stream", [False, True])
def test_a_bomb_is_refused_and_takes_no_memory(server, model, stream):
    def resident():
        with open(f"/proc/{server.process.pid}/statm") as file:
            return int(file.read().split()[1]) * 4096

    before = resident()
    answer = chat(server, model, stream=stream)
    assert answer.status_code in (500, 502, 503) and len(answer.content) < 100_000
    assert resident() - before < 60_000_000


@pytest.mark.parametrize("model", ["redirect-private", "redirect-301", "redirect-307", "redirect-308"])
def test_a_redirect_is_never_followed(server, hostile, model):
    answer = chat(server, model)
    assert answer.status_code in (500, 502, 503) and "Location" not in answer.headers
    assert not any(path.endswith("/stolen") for path, _ in hostile.reached)
    assert "169.254" not in answer.text


def test_headers_of_a_service_are_not_handed_on(server):
    answer = chat(server, "headers")
    assert answer.status_code == 200
    assert not {"Set-Cookie", "Location", "Content-Disposition"} & set(answer.headers)
    assert answer.headers["X-Request-Id"] != "theirs"


def test_a_client_cannot_speak_to_the_service_by_headers(server, hostile):
    chat(server, "fine", headers={"Host": "evil.example", "X-Evil": "1", "Cookie": "a=b", "Api-Key": "theirs",
                                  "Idempotency-Key": "k"})
    seen = hostile.reached[-1][1]
    assert seen["Authorization"] == f"Bearer {KEY}" and "evil" not in seen["Host"]
    assert not {"X-Evil", "Cookie", "Api-Key", "Idempotency-Key"} & set(seen)


@pytest.mark.parametrize("body", [
    b"", b"{", b"[]", b'{"model":"fine","model":"fine","messages":[]}', b'{"messages":' + b"[" * 100_000,
    b"\x00" * 1000])
@pytest.mark.parametrize("headers", [{}, {"X-Lectern-Cache": "use"}, {"Idempotency-Key": "bad"}])
def test_a_bad_body_is_refused_in_the_shape_of_its_front(server, body, headers):
    answer = server.call("POST", "/v1/chat/completions", data=body,
                         headers={"Content-Type": "application/json", **headers})
    assert answer.status_code == 400 and answer.json()["error"]["message"]


@pytest.mark.parametrize("value", ["k" * 5000, "\u00e5", "a, b", "no-cache,,;=max-age=-1,max-age=99999999999999999999"])
@pytest.mark.parametrize("name", ["Idempotency-Key", "Cache-Control", "X-Lectern-Cache", "X-Lectern-Cache-Version"])
def test_strange_headers_do_no_harm(server, name, value):
    answer = chat(server, "fine", headers={name: value.encode("utf-8")})
    assert answer.status_code == 200 and answer.json()["choices"]


def test_a_slow_client_is_let_go_and_others_are_served(server):
    with socket.create_connection(("127.0.0.1", server.port)) as slow:
        slow.sendall(b"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{")
        for _ in range(3):
            assert chat(server, "fine").status_code == 200


# --- Bad input on every front: refused in the shape of its own clients ---

HELLO = {"messages": [{"role": "user", "content": "hello"}]}
FRONTS = {
    "/v1/chat/completions": {"model": "fine", **HELLO},
    "/v1/responses": {"model": "fine", "input": "hello"},
    "/v1/completions": {"model": "fine", "prompt": "hello"},
    "/v1/embeddings": {"model": "fine", "input": "hello"},
    "/v1/moderations": {"model": "fine", "input": "hello"},
    "/v1/messages": {"model": "fine", "max_tokens": 9, **HELLO},
    "/v1/messages/count_tokens": {"model": "fine", **HELLO},
    "/api/chat": {"model": "fine", "stream": False, **HELLO},
    "/api/generate": {"model": "fine", "stream": False, "prompt": "hello"},
    "/api/embed": {"model": "fine", "input": "hello"},
}


def said_by(path, answer):
    """The message of an error, which has the shape that the clients of this path expect."""
    body = answer.json()
    if path.startswith("/api/"):
        assert set(body) == {"error"}, body
        return body["error"]
    if path.startswith("/v1/messages"):
        assert body["type"] == "error" and set(body["error"]) >= {"type", "message"}, body
    else:
        assert set(body) == {"error"} and set(body["error"]) <= {"message", "type", "param", "code"}, body
    return body["error"]["message"]


def with_bytes(path, old, new):
    return json.dumps(FRONTS[path]).encode().replace(old, new)


BAD_BODIES = {
    "nothing": lambda path: b"",
    "a text": lambda path: b'"hello"',
    "a list": lambda path: b"[]",
    "half of it": lambda path: json.dumps(FRONTS[path]).encode()[:-8],
    "two values": lambda path: json.dumps(FRONTS[path]).encode() * 2,
    "a member twice": lambda path: with_bytes(path, b'{"model"', b'{"model": "x", "model"'),
    "an escaped name": lambda path: with_bytes(path, b'{"model"', b'{"mod\\u0065l": "x", "model"'),
    "deep": lambda path: with_bytes(path, b'"hello"', b"[" * 5000 + b"]" * 5000),
    "deeper": lambda path: with_bytes(path, b'"hello"', b'{"a":' * 100_000 + b"1" + b"}" * 100_000),
    "letters that are none": lambda path: with_bytes(path, b"hello", b"hel\xff\xfelo"),
    "half a letter": lambda path: with_bytes(path, b"hello", b"hello \xe2\x82"),
    "a surrogate as UTF-8": lambda path: with_bytes(path, b"hello", b"\xed\xa0\x80"),
    "a control character": lambda path: with_bytes(path, b"hello", b"hel\x01lo"),
    "a NUL": lambda path: with_bytes(path, b"hello", b"hel\x00lo"),
    "a model that is a number": lambda path: with_bytes(path, b'"fine"', b"7"),
    "many members": lambda path: with_bytes(path, b'{"model"', b"{" + b"".join(b'"m%d":0,' % i for i in range(500)) + b'"model"'),
    "UTF-16": lambda path: json.dumps(FRONTS[path]).encode("utf-16"),
}


def send(server, path, body, **headers):
    headers = {"Content-Type": "application/json", **{name.replace("_", "-"): value for name, value in headers.items()}}
    return server.call("POST", path, data=body, headers=headers)


@pytest.mark.parametrize("path", FRONTS)
@pytest.mark.parametrize("kind", BAD_BODIES)
def test_a_bad_body_is_refused(server, hostile, path, kind):
    before = len(hostile.reached)
    answer = send(server, path, BAD_BODIES[kind](path))
    assert answer.status_code == 400 and said_by(path, answer), answer.text
    assert len(hostile.reached) == before, "no service has seen it"


@pytest.mark.parametrize("path", FRONTS)
@pytest.mark.parametrize("key", ["", "wrong", "lectern_0000000000000000000000000000000000000000", "x" * 8000, "a b c", "\u00e5"])
def test_a_bad_key_is_refused(server, hostile, path, key):
    before = len(hostile.reached)
    answer = send(server, path, json.dumps(FRONTS[path]), Authorization=f"Bearer {key}".encode())
    assert answer.status_code == 401 and said_by(path, answer), answer.text
    assert key not in answer.text or len(key) < 6
    assert len(hostile.reached) == before


@pytest.mark.parametrize("path", FRONTS)
def test_who_may_not_call_does_not_learn_what_is_wrong_with_the_body(server, path):
    answer = send(server, path, b"{", Authorization="Bearer wrong")
    assert answer.status_code == 401 and "JSON" not in said_by(path, answer)


@pytest.mark.parametrize("path", FRONTS)
def test_a_packed_body_is_refused_and_not_unpacked(server, path):
    for data in (gzip.compress(json.dumps(FRONTS[path]).encode()), bomb()):
        answer = send(server, path, data, Content_Encoding="gzip")
        assert answer.status_code in (400, 415) and "Content-Encoding" in said_by(path, answer), answer.text


@pytest.mark.parametrize("path", FRONTS)
def test_a_body_over_the_limit_is_refused_before_it_is_read(server, path):
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as client:
        client.sendall(f"POST {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {server.key}\r\n"
                       "Content-Type: application/json\r\nContent-Length: 900000000\r\n\r\n{".encode())
        head, _, body = client.recv(65536).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 413"), head

    class Answer:
        @staticmethod
        def json():
            return json.loads(body)
    assert said_by(path, Answer)


@pytest.mark.parametrize("head", [
    "X-Long: " + "x" * 65_536, "".join(f"X-{i}: y\r\n" for i in range(5000)) + "Z: z", "Content-Length: 5",
    "Transfer-Encoding: chunked", "X-Bad : y", "X-Bad: a\r\n b", "X\x00: y"])
def test_a_head_that_is_too_much_or_says_two_things_is_refused(server, hostile, head):
    before, body = len(hostile.reached), json.dumps(FRONTS["/v1/chat/completions"])
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as client:
        try:
            client.sendall(f"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {server.key}\r\n{head}\r\n"
                           f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode())
            answer = client.recv(65536)
        except (ConnectionResetError, BrokenPipeError):
            answer = b""
    assert not answer or answer.startswith((b"HTTP/1.1 400", b"HTTP/1.1 413", b"HTTP/1.1 431", b"HTTP/1.1 501")), answer
    assert len(hostile.reached) == before


TOOL = {"name": SMUGGLED, "description": SMUGGLED}


@pytest.mark.parametrize("path, more", [
    ("/v1/chat/completions", {"tools": [{"type": "function", "function": {**TOOL, "parameters": {"type": "object"}}}]}),
    ("/v1/messages", {"tools": [{**TOOL, "input_schema": {"type": "object"}}]}),
    ("/v1/responses", {"tools": [{"type": "function", **TOOL, "parameters": {"type": "object"}}]}),
    ("/v1/chat/completions", {"user": SMUGGLED}), ("/v1/chat/completions", {"stop": [SMUGGLED]}),
    ("/api/chat", {"tools": [{"type": "function", "function": {**TOOL, "parameters": {"type": "object"}}}]})])
@pytest.mark.parametrize("stream", [False, True])
def test_line_ends_in_what_a_client_names_make_no_lines(server, hostile, path, more, stream):
    answer = server.post(path, {**FRONTS[path], **more, "stream": stream})
    assert answer.status_code in (200, 400), answer.text
    assert "SMUGGLED" not in " ".join(answer.headers.values())
    if stream and answer.status_code == 200 and not path.startswith("/api/"):
        assert list(frames_of(answer))


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/responses", "/v1/completions", "/v1/messages", "/api/chat",
                                  "/api/generate"])
@pytest.mark.parametrize("model", ["error-lines", "error-key", "error-500-key", "bomb", "redirect-private"])
@pytest.mark.parametrize("stream", [False, True])
def test_what_a_service_says_of_a_failure_is_told_in_the_clients_shape_without_the_key(server, path, model, stream):
    answer = server.post(path, {**FRONTS[path], "model": model, "stream": stream})
    assert answer.status_code in (400, 500, 502, 503) and said_by(path, answer), answer.text
    assert KEY not in answer.text and "SMUGGLED" not in " ".join(answer.headers.values())


@pytest.mark.timed
def test_many_slow_clients_do_not_keep_others_waiting(server):
    slow = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(200)]
    try:
        for number, client in enumerate(slow):
            client.sendall(b"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\n"[:10 + number % 30])
        for _ in range(3):
            for number, client in enumerate(slow):
                client.send(b"X")
            assert chat(server, "fine").elapsed.total_seconds() < 2
    finally:
        for client in slow:
            client.close()


def test_names_that_a_client_invents_fill_no_tables(server):
    session = requests.Session()
    for number in range(600):
        answer = session.post(f"{server.url}/v1/chat/completions", json={"model": f"invented-{number}", **HELLO},
                              headers={"Authorization": f"Bearer {server.key}"}, timeout=30)
        assert answer.status_code == 200, answer.text

    def models():
        return [row["name"] for row in server.get("/v1/usage?by=model", key=server.owner).json()["items"]]
    end = time.monotonic() + 10
    while "other" not in models() and time.monotonic() < end:
        time.sleep(0.2)
    assert "other" in models() and len(set(models()) - {"", "other"}) <= 500  # "": calls that named none
