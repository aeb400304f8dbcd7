#!/usr/bin/env python3
"""A llama.cpp server as far as Lectern sees one; misbehaves by the name of its model:

slow-N: loads for N seconds; crash: ends while it loads; dies: ends at the first call; hangs: /health never answers after
the first call; eater: takes 300 MB; stubborn: does not end when it is asked to. It writes a line for each start and end
into the file starts.log beside the model."""
import json
import os
import signal
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

arguments = dict(zip(sys.argv[1::2], sys.argv[2::2]))
path, name = Path(arguments["--model"]), arguments["--alias"]
key = os.environ["LLAMA_API_KEY"]
started = time.monotonic()
loads_for = float(name.split("-")[1]) if name.startswith("slow-") else 0.3
hangs = threading.Event()


def note(what):
    with open(path.parent / "starts.log", "a") as log:
        log.write(f"{what} {name} {os.getpid()} {' '.join(sorted(v for v in os.environ if 'KEY' in v))}\n")


def end(*_):
    if name == "stubborn":
        return
    note("end")
    os._exit(0)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, form, *values):
        print(form % values, flush=True)

    def reply(self, status, body, kind="application/json"):
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def is_loading(self):
        if time.monotonic() - started > loads_for:
            return False
        self.reply(503, {"error": {"code": 503, "message": "Loading model", "type": "unavailable_error"}})
        return True

    def do_GET(self):
        if hangs.is_set():
            time.sleep(3600)
        if not self.is_loading():
            self.reply(200, {"status": "ok"})

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.is_loading():
            return
        if self.headers["Authorization"] != f"Bearer {key}":
            return self.reply(401, {"error": {"code": 401, "message": "Invalid API Key", "type": "authentication_error"}})
        if name == "dies":
            print("GGML_ASSERT failed", flush=True)
            os._exit(134)
        if name == "hangs":
            hangs.set()
        if name.startswith("busy"):
            time.sleep(2)
        text = f"{name} says {body['messages'][-1]['content']}"
        usage = {"prompt_tokens": 3, "completion_tokens": 4, "total_tokens": 7}
        if not body.get("stream"):
            return self.reply(200, {"id": "x", "object": "chat.completion", "created": 1, "model": name, "usage": usage, "choices": [
                {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": text}}]})
        frames = [{"choices": [{"index": 0, "delta": {"content": text}, "finish_reason": None}]},
                  {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}], "usage": usage}]
        lines = [json.dumps({"id": "x", "object": "chat.completion.chunk", "created": 1, "model": name, **frame}) for frame in frames]
        self.reply(200, "".join(f"data: {line}\n\n" for line in [*lines, "[DONE]"]).encode(), "text/event-stream")


note("start")
signal.signal(signal.SIGTERM, end)
if name == "crash":
    time.sleep(0.2)
    print("error: tensor 'output.weight' has wrong shape", flush=True)
    sys.exit(1)
eaten = b"x" * 300_000_000 if name == "eater" else b""
ThreadingHTTPServer((arguments["--host"], int(arguments["--port"])), Handler).serve_forever()
