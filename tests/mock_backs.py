"""Model services in every dialect: each answers with the documented answer that the model's name asks for.

A service is at /<dialect>; the model "text" of a stream gets src/gateway/golden/<dialect>.stream-text.wire, else
<dialect>.whole-text.wire; other tasks get <dialect>.<task>.wire.
"""
import json
import pathlib
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

GOLDEN = pathlib.Path(__file__).resolve().parent.parent / "src" / "gateway" / "golden"
TASKS = {"embed": "embedding", "batchEmbedContents": "embedding", "rerank": "rerank"}
TYPES = {"ollama": "application/x-ndjson"}


class MockBacks:
    def __init__(self):
        self.requests = []  # (dialect, path, headers, body) in order
        mock = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                dialect, _, path = self.path.removeprefix("/").partition("/")
                mock.requests.append((dialect, "/" + path, dict(self.headers), body))
                task = next((task for word, task in TASKS.items() if path.split("?")[0].endswith(word)), None)
                is_stream = body.get("stream") or "stream" in path.lower()
                model = body.get("model") or path.split("/")[-1].split(":")[0]
                case = task or f"{'stream' if is_stream else 'whole'}-{model}"
                answer = (GOLDEN / f"{dialect}.{case}.wire").read_bytes()
                self.send_response(200)
                self.send_header("Content-Type", TYPES.get(dialect, "text/event-stream") if is_stream
                                 else "application/json")
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()
