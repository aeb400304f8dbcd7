"""A model service in OpenAI's and Anthropic's dialects whose every fault is one switch: the name of the model says which.

"good", or a row of the tables below; "fault@2" misbehaves twice and is good from the third request on; what follows a
tilde only makes a name of its own. Bytes are written by hand, so an answer can end anywhere.
"""
import json
import socket
import threading
import time

TEXT = "Größe ist nicht alles, aber 212 Menschen zählen."
WORDS = TEXT.split(" ")
USAGE = {"prompt_tokens": 11, "completion_tokens": 7, "total_tokens": 18}


def head(status, kind="application/json", **headers):
    lines = [f"HTTP/1.1 {status} X", f"Content-Type: {kind}", *(f"{n.replace('_', '-')}: {v}" for n, v in headers.items())]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def reply(status, body, kind="application/json", **headers):
    data = body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode()
    return head(status, kind, **{"Content_Length": len(data), **headers}) + data


def chunk(data):
    return b"%x\r\n%s\r\n" % (len(data), data)


def error(message, kind="mock_error", code=None):
    return {"error": {"message": message, "type": kind, "param": None, "code": code}}


def frame(delta, finish=None, **more):
    data = {"id": "c1", "object": "chat.completion.chunk", "created": 1, "model": "mock",
            "choices": [{"index": 0, "delta": delta, "finish_reason": finish}], **more}
    return f"data: {json.dumps(data, ensure_ascii=False)}\n\n".encode()


def whole():
    return {"id": "c1", "object": "chat.completion", "created": 1, "model": "mock", "usage": USAGE,
            "choices": [{"index": 0, "message": {"role": "assistant", "content": TEXT}, "logprobs": None,
                         "finish_reason": "stop"}]}


ROLE = frame({"role": "assistant", "content": ""})
DELTAS = [frame({"content": word + " "}) for word in WORDS]
STOP = frame({}, "stop")
TAIL = b'data: {"id":"c1","object":"chat.completion.chunk","created":1,"model":"mock","choices":[],"usage":%s}\n\n' \
    % json.dumps(USAGE).encode()
DONE = b"data: [DONE]\n\n"
SHOWN = ROLE + DELTAS[0] + DELTAS[1]
GOOD = ROLE + b"".join(DELTAS) + STOP + TAIL + DONE
UMLAUT = DELTAS[0].index("ö".encode())


class Call:
    """One request: what it says, and the connection to answer on."""

    def __init__(self, sock, path, headers, body):
        self.sock, self.path, self.headers, self.body = sock, path, headers, body
        self.stream = bool(body.get("stream"))

    def send(self, data):
        self.sock.sendall(data)

    def stream_head(self):
        self.send(head(200, "text/event-stream", Transfer_Encoding="chunked"))

    def frames(self, data, ends=True):
        """A stream of these bytes; without `ends` the connection breaks off behind them."""
        self.stream_head()
        if data:
            self.send(chunk(data))
        if ends:
            self.send(b"0\r\n\r\n")
        return ends

    def good(self):
        if self.stream:
            return self.frames(GOOD)
        self.send(reply(200, whole()))
        return True

    def gone(self, seconds):
        """Wait until the other side leaves; seconds it took, or None."""
        start = time.monotonic()
        self.sock.settimeout(seconds)
        try:
            while self.sock.recv(65536):
                pass
        except TimeoutError:
            return None
        except OSError:
            pass
        return time.monotonic() - start


# Each returns whether the connection may be used again.
def status(number, body=None, **headers):
    def answer(call):
        call.send(reply(number, body if body is not None else error(f"status {number}"), **headers))
        return True
    return answer


def stream_of(data, ends=True):
    """In a stream these bytes; a whole answer is cut in its middle."""
    def answer(call):
        if call.stream:
            return call.frames(data, ends)
        data_ = json.dumps(whole()).encode()
        call.send(head(200, Content_Length=len(data_)) + data_[:len(data_) // 2])
        return False
    return answer


def body_of(data, kind="application/json"):
    def answer(call):
        call.send(reply(200, data, kind))
        return True
    return answer


def raw(data):
    def answer(call):
        call.send(data)
        return False
    return answer


def hang(call):
    call.gone(20)
    return False


def reset(call):
    call.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    return False


def stall(shown):
    def answer(call):
        if call.stream:
            call.stream_head()
            call.send(chunk(shown))
        else:
            call.send(head(200, Content_Length=500) + b'{"id":')
        call.gone(20)
        return False
    return answer


def pings(shown):
    """Comments for a minute, and no content."""
    def answer(call):
        try:
            call.stream_head()
            call.send(chunk(shown))
            for _ in range(600):
                call.send(chunk(b": ping\n\n"))
                time.sleep(0.1)
        except OSError:
            pass
        return False
    return answer


def short_length(call):
    """More is announced than comes; of a stream nothing but the role."""
    data = ROLE if call.stream else json.dumps(whole()).encode()
    kind = "text/event-stream" if call.stream else "application/json"
    call.send(head(200, kind, Content_Length=len(data) + 50) + data)
    return False


def long_length(call):
    data = json.dumps(whole()).encode()
    call.send(head(200, Content_Length=len(data)) + data + b"and more that nobody asked for")
    return False


def gzip_answer(call):
    call.send(reply(200, b"\x1f\x8b\x08\x00not really", Content_Encoding="gzip", Connection="close"))
    return False


def close_after(call):
    """Good, but the connection is closed behind it although it said that it stays."""
    call.good()
    return False


FAULTS = {
    # name: (what is done, the status that a client gets before content, or "ok"; after content "error")
    "refused-400": (status(400), 400),
    "refused-404": (status(404), 404),
    "refused-413": (status(413), 413),
    "refused-422": (status(422), 422),
    "policy": (status(400, error("blocked by content policy", code="content_filter")), 400),
    "key-401": (status(401), 502),
    "key-403": (status(403), 502),
    "paid-402": (status(402), 429),
    "quota-429": (status(429, error("you have no more", "insufficient_quota", "insufficient_quota")), 429),
    "busy-429": (status(429, None, Retry_After="3600"), 429),
    "busy-ms": (status(429, None, Retry_After_Ms="3600000"), 429),
    "busy-reset": (status(429, None, x_ratelimit_remaining_requests="0", x_ratelimit_reset_requests="1h"), 429),
    "busy-text": (status(429, error("Please try again in 59m3.5s.")), 429),
    "status-500": (status(500), 502),
    "status-502": (status(502, b"<html>bad gateway</html>"), 502),
    "status-503": (status(503), 502),
    "status-504": (status(504), 502),
    "status-529": (status(529), 502),
    "status-498": (status(498), 502),
    "redirect": (status(302, b"", Location="http://169.254.169.254/latest"), 502),
    "error-in-200": (body_of(error("out of memory")), 502),
    "limit-in-200": (body_of(error("slow down", "rate_limit_error")), 429),
    "html": (body_of(b"<html>Sign in</html>", "text/html"), 502),
    "odd-json": (body_of({"status": "ok"}), 502),
    "half-json": (body_of(b'{"id":"c1","choices":[{"mess'), 502),
    "empty": (body_of(b""), 502),
    "gzip": (gzip_answer, 502),
    "reset": (reset, 502),
    "no-http": (raw(b"SSH-2.0-OpenSSH_9.2\r\n"), 502),
    "cut-head": (raw(b"HTTP/1.1 200 OK\r\nContent-Ty"), 502),
    "two-lengths": (raw(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n{}"), 502),
    "hang": (hang, 504),
    "stall": (stall(ROLE), 504),
    "short-length": (short_length, 502),
    "error-first": (stream_of(b'data: {"error":{"message":"out of memory","code":500}}\n\n'), 502),
    "error-second": (stream_of(ROLE + b'data: {"error":{"message":"out of memory"}}\n\n'), 502),
    "cut-role": (stream_of(ROLE, ends=False), 502),
    "cut-in-frame": (stream_of(ROLE + DELTAS[0][:20], ends=False), 502),
    "ends-with-role": (stream_of(ROLE), 502),
    "bad-json": (stream_of(ROLE + b'data: {"choices":[{"delta":\n\n'), 502),
    "huge-line": (stream_of(b"data: " + b"x" * 9_000_000), 502),
}
# Faults behind the first words of a stream.
LATE_FAULTS = {
    "late-cut": stream_of(SHOWN, ends=False),
    "late-cut-in-frame": stream_of(SHOWN + DELTAS[2][:30], ends=False),
    "late-cut-in-letter": stream_of(SHOWN + DELTAS[0][:UMLAUT + 1], ends=False),
    "late-cut-between-lines": stream_of(SHOWN + DELTAS[2][:-1], ends=False),
    "late-cut-in-done": stream_of(SHOWN + b"data: [DO", ends=False),
    "late-end": stream_of(SHOWN),
    "late-error": stream_of(SHOWN + b'data: {"error":{"message":"out of memory","code":500}}\n\n'),
    "late-error-then-done": stream_of(SHOWN + b'data: {"error":{"message":"out of memory"}}\n\n' + DONE),
    "late-bad-json": stream_of(SHOWN + b"data: {]\n\n" + DONE),
    "late-bad-letters": stream_of(SHOWN + frame({"content": "x"}).replace(b'"x"', b'"\xc3"') + DONE),
    "late-huge-line": stream_of(SHOWN + b"data: " + b"x" * 9_000_000),
    "late-stall": stall(SHOWN),
    "late-pings": pings(SHOWN),
}
# Odd, but whole.
GOOD_ONES = {
    "no-done": stream_of(ROLE + b"".join(DELTAS) + STOP),
    "no-reason": stream_of(ROLE + b"".join(DELTAS) + DONE),
    "done-twice": stream_of(GOOD + DONE + b"data: {\n\n"),
    "unknown-reason": stream_of(ROLE + b"".join(DELTAS) + frame({}, "eos") + DONE),
    "no-usage": stream_of(ROLE + b"".join(DELTAS) + STOP + DONE),
    "odd-frames": stream_of(b": hello\n\nevent: ping\n\n" + ROLE + b'data: {"choices":[]}\n\n'
                            b'data: {"choices":[{"index":0,"delta":{"content":null}}]}\n\n' + b"".join(DELTAS) + STOP + DONE),
}
CONTEXT = status(400, error("This model's maximum context length is 8192 tokens", "invalid_request_error",
                            "context_length_exceeded"))
NAMES = {**{n: f for n, (f, _) in FAULTS.items()}, **LATE_FAULTS, **GOOD_ONES, "close-after": close_after, "context": CONTEXT,
         "long-length": long_length, "pings": pings(ROLE)}


class MockFaults:
    def __init__(self, port=0):
        self.calls = []    # (model, headers) in order
        self.lists = 0     # of models that were asked for
        self.is_down = False
        self.left = {}     # model: how soon the other side was gone
        self.socket = socket.create_server(("127.0.0.1", port), backlog=200)
        self.port = self.socket.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}/v1"
        threading.Thread(target=self.accept, daemon=True).start()

    def stop(self):
        self.socket.close()

    def count(self, model):
        return sum(1 for name, _ in self.calls if name == model)

    def accept(self):
        while True:
            try:
                sock, _ = self.socket.accept()
            except OSError:
                return
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self.serve, args=(sock,), daemon=True).start()

    def serve(self, sock):
        file = sock.makefile("rb")
        try:
            while self.one(sock, file):
                pass
        except OSError:
            pass
        finally:
            file.close()
            sock.close()

    def one(self, sock, file):
        first = file.readline().split()
        headers = {}
        while (line := file.readline().strip()):
            name, _, value = line.partition(b":")
            headers[name.decode().lower()] = value.strip().decode()
        if not first:
            return False
        body = file.read(int(headers.get("content-length", 0)))
        if first[0] == b"GET":
            self.lists += 1
            if self.is_down:
                sock.sendall(reply(503, error("down")))
                return True
            names = ["good", *NAMES]
            sock.sendall(reply(200, {"object": "list", "data": [{"id": n, "object": "model"} for n in names]}))
            return True
        return self.answer(Call(sock, first[1].decode(), headers, json.loads(body)))

    def answer(self, call):
        model = call.body.get("model", "")
        self.calls.append((model, call.headers))
        name, _, times = model.partition("~")[0].partition("@")
        if name == "slow-words":
            return self.slow_words(call)
        if name == "flood":
            return self.flood(call)
        if name == "one-key" and call.headers.get("authorization") != "Bearer sk-second":
            name = "key-401"
        if name == "spent-key" and call.headers.get("authorization") != "Bearer sk-second":
            name = "quota-429"
        if name in ("one-key", "spent-key"):
            name = "good"
        if name == "last-one":
            call.send(reply(200, whole(), x_ratelimit_limit_requests="10", x_ratelimit_remaining_requests="0",
                            x_ratelimit_reset_requests="1h"))
            return True
        if name.startswith("busy-for-"):
            call.send(reply(429, error("wait"), Retry_After_Ms=name[9:])) if self.count(model) == 1 else call.good()
            return True
        if name.startswith("after-"):
            time.sleep(float(name[6:]) / 1000)
            name = "good"
        if name == "good" or (times and self.count(model) > int(times)):
            return call.good()
        return NAMES[name](call)

    def slow_words(self, call):
        """A word, and then nothing until the other side leaves."""
        call.stream_head()
        call.send(chunk(SHOWN))
        self.left[call.body["model"]] = call.gone(10)
        return False

    def flood(self, call):
        """As many words as the other side takes, 64 MB at most; `left` says how many bytes."""
        call.stream_head()
        data, sent = chunk(frame({"content": "word " * 1000})), 0
        call.sock.settimeout(3)
        try:
            while sent < 64 << 20:
                call.send(data)
                sent += len(data)
        except OSError:
            pass
        self.left[call.body["model"]] = sent
        return False
