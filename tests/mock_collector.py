"""A collector of OpenTelemetry's and a Sentry, as far as they are posted to."""
import base64
import http.server
import json
import threading


class Collector:
    """Takes what is posted, as an OTLP collector and Sentry do."""

    def __init__(self):
        self.posts = posts = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                posts.append((self.path, dict(self.headers), self.rfile.read(int(self.headers["Content-Length"]))))
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def of(self, path):
        return [post for post in list(self.posts) if post[0] == path]

    def spans(self, trace=None, name=None):
        """Of a trace, of a name, or all."""
        return [span for _, _, data in self.of("/v1/traces") for resource in json.loads(data)["resourceSpans"]
                for scope in resource["scopeSpans"] for span in scope["spans"]
                if trace in (None, span["traceId"]) and name in (None, span["name"])]

    def events(self):
        """What was told to Sentry."""
        return [json.loads(data.split(b"\n")[2]) for path, _, data in list(self.posts) if path.endswith("/envelope/")]

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


def attributes(span):
    return {one["key"]: next(iter(one["value"].values())) for one in span["attributes"]}


def as_protobuf_json(data):
    """OTLP writes ids in hexadecimal where JSON of protobuf has base64; all else is the same."""
    body = json.loads(data)
    for resource in body["resourceSpans"]:
        for scope in resource["scopeSpans"]:
            for span in scope["spans"]:
                for key in ("traceId", "spanId", "parentSpanId"):
                    if key in span:
                        span[key] = base64.b64encode(bytes.fromhex(span[key])).decode()
    return json.dumps(body)
