"""A collector of OpenTelemetry's and a Sentry, as far as they are posted to."""
import base64
import http.server
import json
import threading

from google.protobuf import json_format
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest


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
        """Of a trace, of a name, or all; ids in hexadecimal."""
        return [span for post in self.of("/v1/traces") for resource in as_json(post)["resourceSpans"]
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


IDS = ("traceId", "spanId", "parentSpanId")
READERS = {"/v1/traces": ExportTraceServiceRequest, "/v1/metrics": ExportMetricsServiceRequest}


def with_ids(body, change):
    for resource in body.get("resourceSpans", ()):
        for scope in resource["scopeSpans"]:
            for span in scope["spans"]:
                span.update({key: change(span[key]) for key in IDS if key in span})
    return body


def read(post):
    """What OpenTelemetry's own classes make of a post: OTLP writes ids in hexadecimal where JSON of protobuf has base64, all else is the same."""
    path, headers, data = post
    request = READERS[path]()
    if headers["Content-Type"] == "application/x-protobuf":
        request.ParseFromString(data)
        return request
    assert headers["Content-Type"] == "application/json"
    body = with_ids(json.loads(data), lambda digits: base64.b64encode(bytes.fromhex(digits)).decode())
    return json_format.Parse(json.dumps(body), request)


def as_json(post):
    body = json_format.MessageToDict(read(post), use_integers_for_enums=True)
    return with_ids(body, lambda text: base64.b64decode(text).hex())
