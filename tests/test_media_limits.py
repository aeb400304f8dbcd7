"""Pictures and sound that clients send, to services that refuse what is over their limits as the real ones do: what they would
refuse is made to fit in the sandbox, what they take goes out as it came."""
import base64
import json
import struct
import threading
import zlib
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import requests

from conftest import Server


# --- Files, made by hand ---

def png(width, height):
    chunk = lambda kind, data: struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    rows = (b"\0" + b"\x20\x80\xe0" * width) * height
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def bmp(width, height):
    data = (b"\xe0\x80\x20" * width + b"\0" * (-3 * width % 4)) * height
    return b"BM" + struct.pack("<IIIIiiHHIIiiII", 54 + len(data), 0, 54, 40, width, height, 1, 24, 0, len(data), 2835, 2835, 0, 0) + data


def tiff(width, height, orientation):
    data = b"\x20\x80\xe0" * (width * height)
    entries = [(256, 4, width), (257, 4, height), (258, 3, 8), (259, 3, 1), (262, 3, 2), (273, 4, 8), (274, 3, orientation), (277, 3, 3),
               (278, 4, height), (279, 4, len(data))]
    table = struct.pack("<H", len(entries)) + b"".join(struct.pack("<HHII", tag, kind, 1, value) for tag, kind, value in entries)
    return b"II*\0" + struct.pack("<I", 8 + len(data)) + data + table + b"\0\0\0\0"


def aiff(seconds):
    sound = struct.pack(">IIIH", 0, 0, 0, 0)[:8] + b"\x10\x00" * (44100 * seconds)
    common = struct.pack(">hIh", 1, 44100 * seconds, 16) + b"\x40\x0e\xac\x44" + bytes(6)
    return b"FORM" + struct.pack(">I", 4 + 8 + len(common) + 8 + len(sound)) + b"AIFF" \
        + b"COMM" + struct.pack(">I", len(common)) + common + b"SSND" + struct.pack(">I", len(sound)) + sound


def size_of(data):
    if data.startswith(b"\x89PNG"):
        return ("png", *struct.unpack(">II", data[16:24]))
    at = 2
    while data[:2] == b"\xff\xd8" and data[at + 1] not in (0xC0, 0xC1, 0xC2):
        at += 2 + struct.unpack(">H", data[at + 2:at + 4])[0]
    if data[:2] == b"\xff\xd8":
        height, width = struct.unpack(">HH", data[at + 5:at + 9])
        return "jpeg", width, height
    return "wav" if data[8:12] == b"WAVE" else "other", 0, 0


# --- Services that refuse ---

def media_of(value):
    """Every file in a request, as (type that is said, bytes)."""
    if isinstance(value, list):
        return [one for item in value for one in media_of(item)]
    if not isinstance(value, dict):
        return []
    if value.get("type") == "base64":
        return [(value["media_type"], base64.b64decode(value["data"]))]
    if isinstance(value.get("url"), str) and value["url"].startswith("data:"):
        head, data = value["url"].split(",", 1)
        return [(head[5:].split(";")[0], base64.b64decode(data))]
    if set(value) == {"data", "format"}:
        return [("audio/" + value["format"], base64.b64decode(value["data"]))]
    return [one for item in value.values() for one in media_of(item)]


class Strict(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_POST(self):
        raw = self.rfile.read(int(self.headers["Content-Length"]))
        body = json.loads(raw)
        is_anthropic = self.path.endswith("/messages")
        found = [(said, *size_of(data), len(data)) for said, data in media_of(body["messages"])]
        self.server.requests.append((raw, found, media_of(body["messages"])))
        wrong = [one for one in found if one[1] not in ("png", "jpeg", "wav") or one[0].split("/")[1] != one[1]
                 or (is_anthropic and max(one[2:4]) > 8000)]
        if wrong:
            return self.reply(400, {"type": "error", "error": {"type": "invalid_request_error", "message": f"cannot take {wrong[0]}"}})
        usage = {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}
        if body.get("stream"):
            chunks = [{"id": "c", "object": "chat.completion.chunk", "model": "good", "choices": [{"index": 0, "delta": {"content": "seen"}, "finish_reason": "stop"}]},
                      {"id": "c", "object": "chat.completion.chunk", "model": "good", "choices": [], "usage": usage}]
            return self.reply(200, b"".join(b"data: " + json.dumps(one).encode() + b"\n\n" for one in chunks) + b"data: [DONE]\n\n", "text/event-stream")
        if is_anthropic:
            return self.reply(200, {"id": "m", "type": "message", "role": "assistant", "model": "claude", "stop_reason": "end_turn",
                                    "content": [{"type": "text", "text": "seen"}], "usage": {"input_tokens": 3, "output_tokens": 2}})
        self.reply(200, {"id": "c", "object": "chat.completion", "model": "good", "usage": usage,
                         "choices": [{"index": 0, "message": {"role": "assistant", "content": "seen"}, "finish_reason": "stop"}]})

    def reply(self, status, body, kind="application/json"):
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


@pytest.fixture(scope="module")
def strict():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Strict)
    server.requests = []
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()


@pytest.fixture(scope="module")
def library(strict, tmp_path_factory):
    folder = tmp_path_factory.mktemp("limits")
    url = f"http://127.0.0.1:{strict.server_address[1]}/v1"
    services = {name: {"provider": name, "base_url": url, "key": "sk-mock", "private": True, "models": models}
                for name, models in (("openai", ["good"]), ("anthropic", ["claude"]))}
    (folder / "gateway.json").write_text(json.dumps({"services": services}))
    started = Server(folder / "library", environment={"LECTERN_GATEWAY": str(folder / "gateway.json")}).start()
    started.key = started.cli("keys", "add", "owner", "--role", "owner").stdout.split()[-1]
    yield started
    started.stop()


@pytest.fixture
def sent(strict):
    strict.requests.clear()
    return strict.requests


def url_of(kind, data):
    return {"type": "image_url", "image_url": {"url": f"data:{kind};base64,{base64.b64encode(data).decode()}"}}


def chat(library, *parts, **more):
    body = {"model": "good", "messages": [{"role": "user", "content": [{"type": "text", "text": "What is this?"}, *parts]}], **more}
    return library.post("/v1/chat/completions", body)


def anthropic(library, kind, data, **more):
    source = {"type": "base64", "media_type": kind, "data": base64.b64encode(data).decode()}
    content = [{"type": "image", "source": source}, {"type": "text", "text": "What is this?"}]
    return library.post("/v1/messages", {"model": "claude", "max_tokens": 10, "messages": [{"role": "user", "content": content}], **more})


def test_what_is_within_the_limits_goes_out_byte_for_byte(library, sent):
    body = json.dumps({"messages": [{"role": "user", "content": [url_of("image/png", png(40, 30)), {"type": "text", "text": "what?"}]}],
                       "model":  "good", "seed" : 1}).encode()
    answer = requests.post(library.url + "/v1/chat/completions", data=body, timeout=30,
                           headers={"Authorization": f"Bearer {library.key}", "Content-Type": "application/json"})
    assert answer.status_code == 200 and sent[0][0] == body


def test_a_type_that_the_service_does_not_take_becomes_one_that_it_takes(library, sent):
    answer = chat(library, url_of("image/bmp", bmp(60, 40)), url_of("image/png", png(50, 20)), seed=7, metadata={"a": "b"})
    assert answer.status_code == 200, answer.text
    raw, found, files = sent[-1]
    assert found[0][:4] == ("image/png", "png", 60, 40) and files[1] == ("image/png", png(50, 20))
    assert json.loads(raw)["seed"] == 7 and json.loads(raw)["metadata"] == {"a": "b"}
    assert answer.json()["choices"][0]["message"]["content"] == "seen"


def test_an_answer_that_is_streamed_waits_for_the_picture(library, sent):
    answer = chat(library, url_of("image/tiff", tiff(60, 40, 6)), stream=True)
    assert answer.status_code == 200 and "seen" in answer.text and answer.text.rstrip().endswith("data: [DONE]")
    assert sent[-1][1][0][1:4] == ("png", 40, 60)  # it lay on its side
    assert '"usage"' not in answer.text  # which nobody wanted


def test_a_picture_with_too_long_a_side_is_made_smaller(library, sent):
    answer = anthropic(library, "image/png", png(9000, 90))
    assert answer.status_code == 200, answer.text
    assert sent[-1][1][0][1:4] == ("png", 8000, 80) and len(sent) == 1


def test_a_sound_that_the_service_does_not_take_becomes_a_wav(library, sent):
    sound = {"type": "input_audio", "input_audio": {"data": base64.b64encode(aiff(1)).decode(), "format": "aiff"}}
    answer = chat(library, sound)
    assert answer.status_code == 200, answer.text
    said, data = sent[-1][2][0]
    assert said == "audio/wav" and struct.unpack("<I", data[24:28])[0] == 16000 and abs(len(data) - 32044) < 1000


def test_what_cannot_be_made_to_fit_is_refused_by_the_name_of_the_limit(library, sent):
    broken = chat(library, url_of("image/png", png(20, 20)), url_of("image/bmp", bmp(60, 40)[:60]))
    assert broken.status_code == 400, broken.text
    message = broken.json()["error"]["message"]
    assert "picture number 2" in message and "bmp" in message and "png jpeg webp gif" in message
    broken = anthropic(library, "image/png", png(9000, 90)[:100])
    assert broken.status_code == 400 and "8000 a side" in broken.text and not sent


def test_what_nobody_knows_is_the_services_to_judge(library, sent):
    answer = chat(library, url_of("image/png", b"neither this nor that"))
    assert answer.status_code == 400 and "cannot take" in answer.text and sent[-1][2][0][1] == b"neither this nor that"
