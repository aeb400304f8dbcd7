"""A model service for recordings, speech and pictures, in OpenAI's dialect and Hugging Face's of tasks.

The name of the model says how it behaves: "good", "plain" (words only, whatever was asked), "whole" (one object although a
stream was asked for), "meeting-diarize" (two people who agree on something), "untold" (no usage), "cut", "late" (fails after the first piece), "busy", "refused", "html",
"slow-sound" (a large sound), "endless" (a larger one than any buffer). Requests are kept as (path, headers, fields), a file as (name, type, bytes).
"""
import email.parser
import email.policy
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

WORDS = "The river rose in spring."
SEGMENTS = [{"id": 0, "start": 0.0, "end": 1.25, "text": " The river rose"},
            {"id": 1, "start": 1.25, "end": 2.5, "text": " in spring."}]
MEETING = [("A", 0.0, 2.0, "The pump was repaired last week."), ("B", 2.0, 4.5, "Please order two spare hoses by Friday."),
           ("A", 65.0, 68.0, "I'll call the water company tomorrow.")]
SOUND = b"ID3\x04" + bytes(range(256)) * 400
LARGE = b"OggS" + b"\x00\x7b\xff" * 1_500_000
PICTURE = "aGVsbG8="
CAPTION = "A chart of the height of a river, with a red line."


def read_form(headers, body):
    message = email.parser.BytesParser(policy=email.policy.HTTP).parsebytes(
        b"Content-Type: " + headers["Content-Type"].encode() + b"\r\n\r\n" + body)
    fields = {}
    for part in message.iter_parts():
        name = part.get_param("name", header="content-disposition")
        data = part.get_payload(decode=True)
        value = (part.get_filename(), part.get_content_type(), data) if part.get_filename() else data.decode()
        fields.setdefault(name, []).append(value)
    return {name: values if name.endswith("[]") else values[0] for name, values in fields.items()}


def event(data):
    return f"data: {json.dumps(data)}\n\n".encode()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_GET(self):
        self.reply(200, {"object": "list", "data": []})

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        kind = self.headers.get("Content-Type", "")
        form = read_form(self.headers, body) if kind.startswith("multipart/") else \
            json.loads(body) if kind.startswith("application/json") else body
        self.server.requests.append((self.path, dict(self.headers), form))
        model = form.get("model", "good") if isinstance(form, dict) else "good"
        answers = {"/v1/chat/completions": self.see, "/v1/audio/transcriptions": self.transcribe, "/v1/audio/translations": self.transcribe,
                   "/v1/audio/speech": self.speak, "/v1/images/generations": self.paint, "/v1/images/edits": self.paint}
        fault = {"busy": (429, "slow down"), "refused": (400, "this voice is not known")}.get(model)
        try:
            if fault:
                self.reply(fault[0], {"error": {"message": fault[1], "type": "mock", "param": None, "code": None}})
            elif model == "html":
                self.reply(200, b"<html>sign in</html>", "text/html")
            elif "/hf-inference/" in self.path:
                self.task(form)
            else:
                answers[self.path](form, model)
        except (BrokenPipeError, ConnectionResetError):
            self.server.left += 1
            self.close_connection = True

    def reply(self, status, body, kind="application/json"):
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def stream(self, kind, pieces, ends=True):
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for piece in pieces:
            self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
            self.wfile.flush()
        if ends:
            self.wfile.write(b"0\r\n\r\n")
        else:
            self.close_connection = True

    def transcribe(self, form, model):
        shape, usage = form.get("response_format", "json"), {"type": "duration", "seconds": 3}
        whole = {"text": WORDS} if model == "untold" else {"text": WORDS, "usage": usage}
        if model == "plain":
            return self.reply(200, WORDS.encode(), "text/plain")
        if form.get("stream") == "true" and model != "whole":
            pieces = [event({"type": "transcript.text.delta", "delta": word}) for word in WORDS.split(" ")]
            done = event({"type": "transcript.text.done", "text": WORDS,
                          "usage": {"type": "tokens", "input_tokens": 30, "output_tokens": 6, "total_tokens": 36,
                                    "input_token_details": {"text_tokens": 0, "audio_tokens": 30}}})
            failed = event({"error": {"message": "out of memory", "type": "server_error"}})
            end = [failed] if model == "late" else [done] if model != "cut" else []
            return self.stream("text/event-stream", pieces + end, ends=model != "cut")
        if model == "meeting-diarize":
            whole["segments"] = [{"type": "transcript.text.segment", "id": f"seg_{i}", "speaker": who, "start": start, "end": end, "text": text}
                                 for i, (who, start, end, text) in enumerate(MEETING)]
        elif shape == "diarized_json":
            whole = {"segments": [{**one, "type": "transcript.text.segment", "id": f"seg_{i}", "speaker": "AB"[i]} for i, one in enumerate(SEGMENTS)], **whole}
        if shape == "verbose_json":
            whole = {"task": "transcribe", "language": "english", "duration": 2.5, "segments": SEGMENTS, **whole}
        if model != "whole" and shape == "srt":
            return self.reply(200, b"1\n00:00:00,000 --> 00:00:02,500\nThe river\n\n", "text/plain; charset=utf-8")
        if model != "whole" and shape in ("text", "vtt"):
            return self.reply(200, (WORDS + "\n").encode(), "text/plain; charset=utf-8")
        self.reply(200, whole)

    def speak(self, form, model):
        if form.get("stream_format") == "sse":
            pieces = [event({"type": "speech.audio.delta", "audio": PICTURE}) for _ in range(3)]
            done = event({"type": "speech.audio.done", "usage": {"input_tokens": 4, "output_tokens": 50, "total_tokens": 54}})
            return self.stream("text/event-stream", pieces + ([] if model == "cut" else [done]), ends=model != "cut")
        if model == "json":
            return self.reply(200, {"ok": True})
        if model == "late":
            self.stream("audio/mpeg", [SOUND[:5000]], ends=False)
        elif model == "cut":
            self.send_response(200)
            self.send_header("Content-Type", "audio/mpeg")
            self.send_header("Content-Length", str(len(SOUND)))
            self.end_headers()
            self.wfile.write(SOUND[:5000])
            self.close_connection = True
        elif model == "endless":
            self.stream("audio/ogg", (LARGE[:65536] for _ in range(10_000)))
        elif model == "slow-sound":
            self.stream("audio/ogg", [LARGE[i:i + 65536] for i in range(0, len(LARGE), 65536)])
        else:
            self.stream("audio/mpeg", [SOUND[i:i + 10000] for i in range(0, len(SOUND), 10000)])

    def paint(self, form, model):
        count = int(form.get("n", 1))
        usage = {"input_tokens": 50, "output_tokens": 100, "total_tokens": 150,
                 "input_tokens_details": {"text_tokens": 10, "image_tokens": 40}}
        if form.get("stream") in (True, "true") and model != "whole":
            pieces = [event({"type": "image_generation.partial_image", "b64_json": PICTURE, "partial_image_index": 0}),
                      event({"type": "image_generation.completed", "b64_json": PICTURE, "usage": usage})]
            return self.stream("text/event-stream", pieces[:1] if model == "cut" else pieces, ends=model != "cut")
        data = {"created": 1, "data": [{"b64_json": PICTURE} for _ in range(count)]}
        self.reply(200, data if model == "untold" else {**data, "usage": usage})

    def see(self, form, model):
        message = {"role": "assistant", "content": CAPTION}
        self.reply(200, {"id": "1", "object": "chat.completion", "created": 1, "model": model,
                         "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
                         "usage": {"prompt_tokens": 100, "completion_tokens": 12, "total_tokens": 112}})

    def task(self, form):
        if isinstance(form, bytes) and form.startswith(b"\x89PNG"):
            return self.reply(200, [{"generated_text": CAPTION}])
        answer = {"text": WORDS}
        if isinstance(form, dict) and form.get("parameters", {}).get("return_timestamps") and "/no-times" not in self.path:
            answer["chunks"] = [{"timestamp": [s["start"], s["end"]], "text": s["text"]} for s in SEGMENTS]
        self.reply(200, answer)


class MockMedia:
    def __init__(self):
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.server.requests, self.server.left = [], 0
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/v1"
        self.tasks_url = self.url.removesuffix("/v1") + "/hf-inference"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def requests(self):
        return self.server.requests

    def last(self):
        return self.requests[-1]

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


if __name__ == "__main__":
    print(MockMedia().url, flush=True)
    while True:
        time.sleep(1)
