"""A Weaviate as Lectern speaks to it: classes with tenants, objects, nearVector; slow, cut off, refusing or silent when told so.

What it answers to is what vector_store_test.c asks of the real one."""
import contextlib
import json
import math
import random
import re
import socket
import ssl
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

DELAY_S = 2
# What is done with an answer: (status, body) -> (status, bytes that go out, length that is promised); None: the connection ends.
FAULTS = {
    "busy": lambda status, body: (429, b"slow down", 9),
    "broken": lambda status, body: (500, b"out of memory", 13),
    "dropped": lambda status, body: (status, body[:len(body) // 2], len(body)),
    "half": lambda status, body: (status, body[:len(body) // 2], len(body) // 2),
    "gone": lambda status, body: None,
    "slow": lambda status, body: time.sleep(DELAY_S) or (status, body, len(body)),
}


class MockWeaviate:
    """`fault`: a name of FAULTS, "silent", or None; it befalls the share `often` of all requests."""

    def __init__(self, port=0, key=None, context=None):
        self.classes = {}  # name -> tenant -> id -> object
        self.key, self.context = key, context
        self.fault, self.often, self.random = None, 1, random.Random(4711)
        self.lock, self.heard = threading.Lock(), threading.Event()
        self.asked = []  # (method, path)
        self.connections = set()
        self.port = port
        self.start()

    def start(self):
        self.heard.clear()
        self.server = ThreadingHTTPServer(("127.0.0.1", self.port), type("Handler", (Handler,), {"mock": self}))
        self.server.daemon_threads = True
        self.port = self.server.server_port
        if self.context:
            self.server.socket = self.context.wrap_socket(self.server.socket, server_side=True)
        self.url = f"http{'s' if self.context else ''}://127.0.0.1:{self.port}"
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def stop(self):
        """What it holds stays for start()."""
        self.heard.set()
        self.server.shutdown()
        self.server.server_close()
        for connection in list(self.connections):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def recover(self):
        self.fault = None
        self.heard.set()
        self.heard = threading.Event()

    def count(self):
        with self.lock:
            return sum(len(objects) for tenants in self.classes.values() for objects in tenants.values())

    # --- What it is asked ---

    def ready(self, _path, _body):
        return 200, {}

    def schema(self, _path, _body):
        return 200, {"classes": [{"class": name} for name in self.classes]}

    def add_class(self, _path, body):
        if body["class"] in self.classes:
            return 422, {"error": [{"message": "class name already exists"}]}
        self.classes[body["class"]] = {}
        return 200, {}

    def look_at_class(self, path, _body):
        return (200, {"class": path[-1]}) if path[-1] in self.classes else (404, {})

    def add_tenants(self, path, body):
        if path[-2] not in self.classes:
            return 422, {"error": [{"message": "no such class"}]}
        for tenant in body:
            self.classes[path[-2]].setdefault(tenant["name"], {})
        return 200, body

    def drop_tenants(self, path, body):
        for tenant in body:
            self.classes.get(path[-2], {}).pop(tenant, None)
        return 200, {}

    def put(self, _path, body):
        answers = []
        for one in body["objects"]:
            self.classes[one["class"]][one["tenant"]][one["id"]] = one
            answers.append({"id": one["id"], "result": {"status": "SUCCESS"}})
        return 200, answers

    def remove(self, _path, body, tenant=None, **_):
        match = body["match"]
        numbers = set(match["where"]["valueNumberArray"])
        objects = self.classes[match["class"]][tenant]
        for key in [key for key, one in objects.items() if one["properties"]["number"] in numbers]:
            del objects[key]
        return 200, {"results": {"failed": 0}}

    def list(self, _path, _body, tenant=None, limit=None, after="", **query):
        objects = self.classes[query["class"]][tenant]
        ids = sorted(key for key in objects if key > after)[:int(limit)]
        return 200, {"objects": [objects[key] for key in ids]}

    def ask(self, _path, body):
        text = body["query"]
        name, tenant = re.search(r'\{(?:Get|Aggregate)\{(\w+)\(tenant:"([^"]*)"', text).groups()
        if tenant not in self.classes.get(name, {}):
            return 200, {"errors": [{"message": "tenant not found"}]}
        objects = self.classes[name][tenant].values()
        if text.startswith("{Aggregate"):
            return 200, {"data": {"Aggregate": {name: [{"meta": {"count": len(objects)}}]}}}
        vector = json.loads(re.search(r"nearVector:\{vector:(\[[^\]]*\])", text)[1])
        only = re.search(r"valueNumber:(\[[^\]]*\])", text)
        only = only and set(json.loads(only[1]))
        near = sorted((1 - cosine(vector, one["vector"]), one["id"], one["properties"]) for one in objects
                      if only is None or one["properties"]["number"] in only)
        found = [{"number": own["number"], "part": own["part"], "_additional": {"distance": distance}}
                 for distance, _, own in near[:int(re.search(r"limit:(\d+)", text)[1])]]
        return 200, {"data": {"Get": {name: found}}}


def cosine(a, b):
    size = math.sqrt(sum(x * x for x in a) * sum(y * y for y in b))
    return sum(x * y for x, y in zip(a, b)) / size if size else 0


ROUTES = [("GET", r"\.well-known/ready", "ready"), ("GET", "schema", "schema"), ("POST", "schema", "add_class"),
          ("GET", r"schema/\w+", "look_at_class"), ("POST", r"schema/\w+/tenants", "add_tenants"),
          ("DELETE", r"schema/\w+/tenants", "drop_tenants"), ("POST", "batch/objects", "put"), ("DELETE", "batch/objects", "remove"),
          ("GET", "objects", "list"), ("POST", "graphql", "ask")]


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    mock = None

    def log_message(self, *_):
        pass

    def handle(self):
        self.mock.connections.add(self.connection)
        try:
            super().handle()
        except (OSError, ssl.SSLError):
            pass  # who asked has left
        self.mock.connections.discard(self.connection)

    def work(self, body):
        mock, url = self.mock, urlsplit(self.path)
        path = url.path.removeprefix("/v1/")
        query = {name: values[0] for name, values in parse_qs(url.query).items()}
        mock.asked.append((self.command, path))
        if mock.key and path != ".well-known/ready" and self.headers["Authorization"] != f"Bearer {mock.key}":
            return 401, {"code": 401, "message": "anonymous access not enabled"}
        for method, pattern, name in ROUTES:
            if method == self.command and re.fullmatch(pattern, path):
                with mock.lock:
                    return getattr(mock, name)(path.split("/"), body, **query)
        return 404, {"error": f"{self.command} {path}"}

    def answer(self):
        mock = self.mock
        data = self.rfile.read(int(self.headers["Content-Length"] or 0))
        fault = mock.fault if mock.random.random() < mock.often else None
        if fault == "silent":
            mock.heard.wait()
        status, said = self.work(json.loads(data) if data else None)
        body = json.dumps(said).encode()
        out = FAULTS[fault](status, body) if fault in FAULTS else (status, body, len(body))
        if out is None:
            self.close_connection = True
            return
        self.send_response(out[0])
        self.send_header("Content-Length", str(out[2]))
        self.end_headers()
        self.wfile.write(out[1])
        self.close_connection = out[2] > len(out[1])

    do_GET = do_POST = do_DELETE = answer
