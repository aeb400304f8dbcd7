"""Model services of every dialect that misbehave, each fault in the shape of its own dialect.

A service is at /DIALECT; the name of the model (before a tilde) is a row of the tables below. What a fault does is said once,
over a Shape: the frames and bodies of one dialect.
"""
import functools
import gzip
import json
import time
import zlib

import mock_faults
from mock_faults import TEXT, WORDS, MockFaults, chunk, head, reply


def sse(data, event=None):
    name = f"event: {event}\n" if event else ""
    return f"{name}data: {json.dumps(data, ensure_ascii=False)}\n\n".encode()


def line(data):
    return json.dumps(data, ensure_ascii=False).encode() + b"\n"


class Shape:
    """`start`: frames before the first word; `words`; `whole`: the same answer in
    one piece; `error`: a refusal's body; `failure`: a frame that tells of one; `reason`: what stands before the end `mark`, and
    with `says_why` tells that the answer is whole."""

    kind = "text/event-stream"

    def __init__(self, start, words, reason, mark, whole, error, failure, kind=kind, says_why=False):
        self.start, self.words, self.reason, self.mark = start, words, reason, mark
        self.whole, self.error, self.failure, self.kind = json.dumps(whole).encode(), error, failure, kind
        self.shown = start + words[0] + words[1]
        self.good = start + b"".join(words) + reason + mark
        self.unmarked = start + b"".join(words) + reason + (b"" if says_why else mark)
        self.bad = words[2].replace(b"{", b"{]", 1)


def openai():
    return Shape(start=mock_faults.ROLE, words=mock_faults.DELTAS, reason=mock_faults.STOP + mock_faults.TAIL,
                 mark=mock_faults.DONE, whole=mock_faults.whole(), error=mock_faults.error,
                 failure=sse({"error": {"message": "out of memory", "code": 500}}), says_why=True)


def completions():
    def frame(text, finish=None):
        return sse({"id": "c1", "object": "text_completion", "created": 1, "model": "mock",
                    "choices": [{"index": 0, "text": text, "logprobs": None, "finish_reason": finish}]})
    whole = {"id": "c1", "object": "text_completion", "created": 1, "model": "mock", "usage": mock_faults.USAGE,
             "choices": [{"index": 0, "text": TEXT, "logprobs": None, "finish_reason": "stop"}]}
    return Shape(start=b": hello\n\n", words=[frame(word + " ") for word in WORDS], reason=frame("", "stop"),
                 mark=mock_faults.DONE, whole=whole, error=mock_faults.error, failure=openai().failure, says_why=True)


def anthropic():
    def event(data):
        return sse(data, data["type"])

    def error(message, kind="api_error", *_):
        return {"type": "error", "error": {"type": kind, "message": message}}
    usage = {"input_tokens": 11, "output_tokens": 7}
    message = {"id": "msg_1", "type": "message", "role": "assistant", "model": "mock", "stop_sequence": None}
    start = event({"type": "message_start", "message": {**message, "content": [], "stop_reason": None, "usage": usage}}) + \
        event({"type": "ping"}) + \
        event({"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}})
    words = [event({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": word + " "}})
             for word in WORDS]
    reason = event({"type": "content_block_stop", "index": 0}) + \
        event({"type": "message_delta", "delta": {"stop_reason": "end_turn", "stop_sequence": None}, "usage": usage})
    whole = {**message, "content": [{"type": "text", "text": TEXT}], "stop_reason": "end_turn", "usage": usage}
    return Shape(start, words, reason, event({"type": "message_stop"}), whole, error,
                 failure=event(error("Overloaded", "overloaded_error")), says_why=True)


def gemini():
    def frame(text, **more):
        return {"candidates": [{"content": {"role": "model", "parts": [{"text": text}]}, "index": 0, **more}],
                "usageMetadata": {"promptTokenCount": 11, "candidatesTokenCount": 7, "totalTokenCount": 18},
                "modelVersion": "mock", "responseId": "r1"}

    def error(message, status="INTERNAL", code=500):
        return {"error": {"code": code, "message": message, "status": status}}
    start = sse({"candidates": [], "usageMetadata": {"promptTokenCount": 11}, "modelVersion": "mock"})
    return Shape(start, [sse(frame(word + " ")) for word in WORDS], sse(frame("", finishReason="STOP")), b"",
                 frame(TEXT, finishReason="STOP"), error, failure=sse(error("overloaded", "UNAVAILABLE", 503)))


def ollama():
    def say(text, **more):
        return {"model": "mock", "created_at": "2026-01-01T00:00:00Z", "message": {"role": "assistant", "content": text},
                "done": False, **more}
    end = {"done": True, "done_reason": "stop", "prompt_eval_count": 11, "eval_count": 7}
    return Shape(line(say("")), [line(say(word + " ")) for word in WORDS], b"", line(say("", **end)), say(TEXT, **end),
                 error=lambda message, *_: {"error": message}, kind="application/x-ndjson",
                 failure=line({"error": "llama runner process has terminated"}))


def cohere():
    def event(kind, **more):
        return sse({"type": kind, **more}, kind)

    def content(text):
        return {"message": {"content": {"type": "text", "text": text}}}
    usage = {"tokens": {"input_tokens": 11, "output_tokens": 7}}
    start = event("message-start", id="c1", delta={"message": {"role": "assistant", "content": []}}) + \
        event("content-start", index=0, delta=content(""))
    words = [event("content-delta", index=0, delta=content(word + " ")) for word in WORDS]
    whole = {"id": "c1", "finish_reason": "COMPLETE", "usage": usage,
             "message": {"role": "assistant", "content": [{"type": "text", "text": TEXT}]}}
    return Shape(start, words, event("content-end", index=0),
                 event("message-end", delta={"finish_reason": "COMPLETE", "usage": usage}), whole,
                 error=lambda message, *_: {"id": "e1", "message": message},
                 failure=event("message-end", delta={"finish_reason": "ERROR", "error": "out of capacity"}))


def huggingface():
    """Vectors alone, and never a stream."""
    return Shape(b"", [b"{"] * 3, b"", b"", [[0.5, 1.0]], error=lambda message, *_: {"error": message}, failure=b"")


SHAPES = {make.__name__: make() for make in (openai, anthropic, gemini, ollama, cohere, completions, huggingface)}


# --- What is done. Each returns whether the connection may be used again ---

def cut(frames, whole=lambda s: s.whole[:len(s.whole) // 2]):
    """A stream breaks off behind these frames; a whole answer in its middle."""
    def act(call, shape):
        if call.stream:
            return call.frames(frames(shape), ends=False)
        call.send(head(200, Content_Length=len(shape.whole)) + whole(shape))
        return False
    return act


def stream_of(frames, whole=None):
    """A stream that ends in order; a whole answer is `whole`."""
    def act(call, shape):
        if call.stream:
            call.send(head(200, shape.kind, Transfer_Encoding="chunked"))
            call.send(chunk(frames(shape)) + b"0\r\n\r\n")
        else:
            call.send(reply(200, whole(shape) if whole else shape.whole))
        return True
    return act


def stall(frames):
    def act(call, shape):
        if call.stream:
            call.stream_head()
            call.send(chunk(frames(shape)))
        else:
            call.send(head(200, Content_Length=len(shape.whole)) + shape.whole[:len(shape.whole) // 2])
        call.gone(20)
        return False
    return act


def open_behind_end(call, shape):
    """The connection stays open without a word behind the end."""
    if not call.stream:
        return stream_of(lambda s: s.good)(call, shape)
    call.stream_head()
    call.send(chunk(shape.good))
    call.gone(20)
    return False


def status(number, *error, **headers):
    def act(call, shape):
        call.send(reply(number, shape.error(*(error or [f"status {number}"])), **headers))
        return True
    return act


def packed(pack, name, cuts=False):
    """Packed although that was not asked for."""
    def act(call, shape):
        data = pack(shape.good if call.stream else shape.whole)
        data = data[:len(data) // 2] if cuts else data
        call.send(reply(200, data, shape.kind if call.stream else "application/json", Content_Encoding=name))
        return True
    return act


def bare_deflate(data):
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(data) + packer.flush()


@functools.cache
def packed_blanks():
    return gzip.compress(b" " * 100_000_000)


def bomb(call, _):
    call.send(reply(200, packed_blanks(), Content_Encoding="gzip"))
    return True


def endless_head(call, _):
    call.send(b"HTTP/1.1 200 OK\r\n")
    for number in range(100_000):
        call.send(b"X-Number-%d: %s\r\n" % (number, b"x" * 900))
    return False


def endless_hints(call, _):
    for _ in range(100_000):
        call.send(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" * 10)
    return False


def hints_first(call, shape):
    call.send(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n")
    return stream_of(lambda s: s.good)(call, shape)


def byte_for_byte(call, shape):
    data = shape.good if call.stream else shape.whole
    call.send(head(200, shape.kind, Content_Length=len(data)))
    for at in range(0, len(data), 7):
        call.send(data[at:at + 7])
        time.sleep(0.0002)
    return True


def swapped(call, shape):
    """One object where a stream was asked for, and the other way round."""
    data, kind = (shape.whole, "application/json") if call.stream else (shape.good, shape.kind)
    call.send(reply(200, data, kind))
    return True


def plain_type(call, shape):
    call.send(reply(200, shape.good if call.stream else shape.whole, "text/plain"))
    return True


def body(data, kind="application/json"):
    def act(call, shape):
        call.send(reply(200, data(shape), kind))
        return True
    return act


def bad_lengths(call, shape):
    call.send(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk(shape.whole))
    return False


def bad_chunk(call, shape):
    call.send(head(200, shape.kind, Transfer_Encoding="chunked") + b"zz\r\n" + shape.start)
    return False


# Before the first word: the status a client gets.
EARLY = {
    "cut-at-start": (cut(lambda s: s.start), 502),
    "cut-in-frame": (cut(lambda s: s.start + s.words[0][:30]), 502),
    "cut-at-once": (cut(lambda s: b"", lambda s: b""), 502),
    "ends-at-start": (stream_of(lambda s: s.start, lambda s: b"{}"), 502),
    "stall": (stall(lambda s: s.start), 504),
    "bad-json": (stream_of(lambda s: s.start + s.bad + s.good, lambda s: s.bad), 502),
    "half-json": (body(lambda s: s.whole[:-20]), 502),
    "other-json": (body(lambda s: b'{"status":"ok"}'), 502),
    "error-in-200": (body(lambda s: json.dumps(s.error("out of memory")).encode()), 502),
    "error-frame": (stream_of(lambda s: s.start + s.failure + s.good, lambda s: json.dumps(s.error("no")).encode()), 502),
    "overloaded-529": (status(529, "Overloaded", "overloaded_error"), 502),
    "broken-500": (status(500), 502),
    "key-401": (status(401, "bad key", "authentication_error"), 502),
    "busy-429": (status(429, "slow down", "rate_limit_error", Retry_After="3600"), 429),
    "refused-400": (status(400, "no", "invalid_request_error", 400), 400),
    "html": (body(lambda s: b"<html>Sign in</html>", "text/html"), 502),
    "empty": (body(lambda s: b""), 502),
    "endless-head": (endless_head, 502),
    "endless-hints": (endless_hints, 502),
    "redirect": (status(302, Location="http://169.254.169.254/latest"), 502),
    "redirect-308": (status(308, Location="http://127.0.0.1:1/"), 502),
    "bomb": (bomb, 502),
    "gzip-cut": (packed(gzip.compress, "gzip", cuts=True), 502),
    "gzip-damaged": (packed(lambda data: b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03" + data, "gzip"), 502),
    "brotli": (packed(lambda data: data, "br"), 502),
    "bad-lengths": (bad_lengths, 502),
    "bad-chunk": (bad_chunk, 502),
}
# Behind the first words of a stream.
LATE = {
    "late-cut": cut(lambda s: s.shown),
    "late-cut-in-frame": cut(lambda s: s.shown + s.words[2][:-12]),
    "late-end": stream_of(lambda s: s.shown),
    "late-end-in-frame": stream_of(lambda s: s.shown + s.words[2][:-12]),
    "late-stall": stall(lambda s: s.shown),
    "late-bad-json": stream_of(lambda s: s.shown + s.bad + s.good),
    "late-bad-letters": stream_of(lambda s: s.shown + s.words[0].replace("ö".encode(), b"\xff") + s.good),
    "late-error": stream_of(lambda s: s.shown + s.failure),
    "late-error-then-end": stream_of(lambda s: s.shown + s.failure + s.reason + s.mark),
}
# Odd, but whole.
GOOD = {
    "good": stream_of(lambda s: s.good),
    "swapped": swapped,
    "gzip": packed(gzip.compress, "gzip"),
    "deflate": packed(zlib.compress, "deflate"),
    "deflate-bare": packed(bare_deflate, "Deflate"),
    "hints-first": hints_first,
    "plain-type": plain_type,
    "byte-for-byte": byte_for_byte,
    "end-twice": stream_of(lambda s: s.good + s.mark),
    "cut-behind-end": cut(lambda s: s.good, lambda s: s.whole),
    "open-behind-end": open_behind_end,
    "no-mark": stream_of(lambda s: s.unmarked),
}
ACTS = {**{name: act for name, (act, _) in EARLY.items()}, **LATE, **GOOD}


class MockShapes(MockFaults):
    def answer(self, call):
        dialect, _, path = call.path.strip("/").partition("/")
        named = path.split("/")[1] if dialect == "huggingface" else path.split("/")[-1].split(":")[0]
        model = call.body.get("model") or named
        self.calls.append((model, call.headers))
        call.stream = "stream" in path.lower() or bool(call.body.get("stream"))
        shape = SHAPES["completions" if path == "completions" else dialect]
        return ACTS[model.partition("~")[0]](call, shape)
