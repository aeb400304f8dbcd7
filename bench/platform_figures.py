#!/usr/bin/env python3
"""What is promised of one server under odd load: files of 2 GiB by every way, requests beyond the limits, thousands of idle WebSockets,
and starting anew while clients ask.

    platform_figures.py PROGRAM [--only uploads,limits,idle,restart] [--size BYTES] [--sockets 5000]

Memory is the proportional set size (PSS) of the server and all processes below it, looked at twenty times a second. Each part takes about a
minute, needs no network, no model and no ../shared, and prints one JSON line for each figure; ends with 1 when a promise is broken.
Run it with the Python of tools/python-tests: restarts are asked of the server as tests/test_restart.py does."""
import argparse
import asyncio
import base64
import hashlib
import http.client
import json
import os
import resource
import struct
import sys
import tempfile
import threading
import time
from pathlib import Path

from program_bench import Server, pss_mb, say

ROOT = Path(__file__).resolve().parent.parent
CHUNK = 8 << 20
TUS = {"Tus-Resumable": "1.0.0", "Content-Type": "application/offset+octet-stream"}
UPLOAD_MB = 64
EACH = 100  # connections that one key may hold
SEARCH_P99_MS = 200
broken = []  # promises


def promise(name, is_kept):
    if not is_kept:
        broken.append(name)


class Watch:
    """The most memory that the processes of a server had together while this was open."""

    def __init__(self, server):
        self.server, self.most_mb, self.is_over = server, 0, threading.Event()

    def __enter__(self):
        self.thread = threading.Thread(target=self.look, daemon=True)
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.is_over.set()
        self.thread.join()

    def look(self):
        while not self.is_over.wait(0.05):
            self.most_mb = max(self.most_mb, pss_mb(self.server.process.pid))


def started(program, folder, *arguments):
    server = Server(program, folder, "--model", "", *arguments, environment={"LECTERN_PROVIDER_URL": "off"})
    server.start()
    server.new_key("admin")
    return server


# --- Large files ---

LINE = b"The tide of the harbour, as the keeper of the lighthouse wrote it down.\n"
PAGE = (LINE * (CHUNK // len(LINE) + 1))[:CHUNK]


def pieces(size, salt):
    """A text of so many bytes in pieces of 8 MiB, no two of which are alike."""
    for at in range(0, size, CHUNK):
        head = f"{salt} {at}\n".encode()
        yield (head + PAGE[len(head):])[:size - at]


class Sender:
    def __init__(self, server):
        self.server = server
        self.connect()

    def connect(self):
        self.connection = self.server.connect()

    def send(self, method, path, body, length, wanted, **headers):
        """`body` may be a generator, of so many bytes."""
        self.connection.request(method, path, body, {"Authorization": f"Bearer {self.server.key}", "Content-Length": str(length),
                                                     **{name.replace("_", "-"): value for name, value in headers.items()}})
        answer = self.connection.getresponse()
        text = answer.read()
        if answer.status != wanted:
            sys.exit(f"platform_figures: {method} {path}: {answer.status} {text[:300]}")
        return answer.headers, json.loads(text) if text else None


def by_chunks(sender, size):
    whole = hashlib.sha256()
    for piece in pieces(size, "chunks"):
        whole.update(piece)
    sender.connect()  # the other was not used for longer than a server waits
    begin = json.dumps({"filename": "chunks.txt", "size": size, "checksum": whole.hexdigest()})
    file = sender.send("POST", "/api/files/upload/initiate", begin, len(begin), 201, Content_Type="application/json")[1]["file_id"]
    for number, piece in enumerate(pieces(size, "chunks")):
        _, told = sender.send("POST", f"/api/files/{file}/upload?chunk_number={number}&checksum={hashlib.sha256(piece).hexdigest()}", piece, len(piece), 200)
    return told["document_id"]


def begun_by_tus(sender, size, name):
    headers, _ = sender.send("POST", "/v1/tus", None, 0, 201, **TUS, Upload_Length=str(size),
                             Upload_Metadata="filename " + base64.b64encode(name.encode()).decode())
    return headers["Location"]


def by_tus_in_parts(sender, size):
    path, at = begun_by_tus(sender, size, "parts.txt"), 0
    for piece in pieces(size, "parts"):
        headers, _ = sender.send("PATCH", path, piece, len(piece), 204, **TUS, Upload_Offset=str(at))
        at += len(piece)
    return headers["Lectern-Document"]


def by_tus_at_once(sender, size):
    path = begun_by_tus(sender, size, "once.txt")
    return sender.send("PATCH", path, pieces(size, "once"), size, 204, **TUS, Upload_Offset="0")[0]["Lectern-Document"]


def by_a_form(sender, size):
    head = b'--edge\r\nContent-Disposition: form-data; name="file"; filename="form.txt"\r\n\r\n'
    tail = b"\r\n--edge--\r\n"

    def body():
        yield head
        yield from pieces(size, "form")
        yield tail
    told = sender.send("POST", "/v1/documents", body(), len(head) + size + len(tail), 202, Content_Type="multipart/form-data; boundary=edge")[1]
    return told["documents"][0]["id"]


WAYS = {"chunks": by_chunks, "tus in parts of 8 MiB": by_tus_in_parts, "tus in one request": by_tus_at_once, "a form": by_a_form}


def measure_uploads(program, folder, options):
    """Until each is acknowledged; a server of its own, so that none is read meanwhile."""
    for name, way in WAYS.items():
        with tempfile.TemporaryDirectory(dir=folder) as own:
            server = started(program, own, "--stop-grace", "0")
            time.sleep(2)
            idle, began = pss_mb(server.process.pid), time.perf_counter()
            with Watch(server) as watch:
                way(Sender(server), options.size)
            took = time.perf_counter() - began
            server.stop()
        say(f"{options.size / (1 << 30):g} GiB by {name}", mb=round(watch.most_mb, 1), idle_mb=round(idle, 1), bytes=options.size, seconds=round(took, 1))
        promise(f"upload by {name}", watch.most_mb <= UPLOAD_MB)


# --- Limits ---

def asked(server, key, path="/v1/collections"):
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    connection.request("GET", path, headers={"Authorization": f"Bearer {key}"})
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return answer.status, answer.headers.get("Retry-After")


def measure_limits(program, folder, options):
    """Beyond the requests a minute of one person and of one address; whoever waits as long as told is served."""
    rate = 600
    for name in ("user_rate", "address_rate"):
        server = started(program, f"{folder}/{name}", f"--{name.replace('_', '-')}", str(rate))
        answers = [asked(server, server.key) for _ in range(3 * rate)]
        refused = [after for status, after in answers if status == 429]
        time.sleep(max(int(after) for after in refused))
        served_after = asked(server, server.key)[0] == 200
        other = [status for status, _ in answers if status not in (200, 429)]
        say(f"limit {name}", requests=len(answers), served=len(answers) - len(refused) - len(other), refused=len(refused),
            with_retry_after=sum(after is not None and int(after) > 0 for after in refused), other=len(other), served_after_waiting=served_after)
        promise(f"limit {name}", refused and None not in refused and not other and served_after)
        server.stop()


# --- WebSockets ---

def frame(text):
    """What a client sends: masked, as RFC 6455 asks."""
    body, mask = text.encode(), os.urandom(4)
    return bytes([0x81, 0x80 | len(body)]) + mask + bytes(byte ^ mask[i % 4] for i, byte in enumerate(body))


class Socket:
    async def open(self, server, key_of_ours):
        self.reader, self.writer = await asyncio.open_connection("127.0.0.1", server.port)
        key = base64.b64encode(os.urandom(16)).decode()
        self.writer.write(f"GET /ws HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {key_of_ours}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                          f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n\r\n".encode())
        head = await self.reader.readuntil(b"\r\n\r\n")
        if b" 101 " not in head:
            sys.exit(f"platform_figures: /ws: {head[:200]}")
        await self.hear("hello")
        return self

    async def hear(self, kind):
        while True:
            first, length = await self.reader.readexactly(2)
            if length == 126:
                length, = struct.unpack(">H", await self.reader.readexactly(2))
            body = await self.reader.readexactly(length)
            if first & 15 == 9:  # a ping
                mask = os.urandom(4)
                self.writer.write(bytes([0x8A, 0x80 | length]) + mask + bytes(byte ^ mask[i % 4] for i, byte in enumerate(body)))
            if first & 15 == 8:
                sys.exit(f"platform_figures: a WebSocket was closed: {body!r}")
            if first & 15 == 1 and json.loads(body)["type"] == kind:
                return json.loads(body)

    async def ping(self):
        began = time.perf_counter()
        self.writer.write(frame('{"type":"ping"}'))
        await self.hear("pong")
        return time.perf_counter() - began


def tail(seconds, share):
    return round(sorted(seconds)[int(len(seconds) * share)] * 1000, 1)


def timed_searches(server, count):
    connection, seconds = server.connect(), []
    for number in range(count):
        began = time.perf_counter()
        server.search(connection, query=f"tide {number % 97} harbour", mode="keyword")
        seconds.append(time.perf_counter() - began)
    return seconds


def listeners(server, sockets):
    """Keys for so many, since each may listen EACH times."""
    connection = server.connect()
    for number in range(-(-sockets // EACH)):
        body = json.dumps({"name": f"listener {number}", "role": "reader"}).encode()
        yield server.call(connection, "POST", "/v1/keys", body)["key"]


async def idle_sockets(server, options):
    before, began, sockets = pss_mb(server.process.pid), time.perf_counter(), []
    for key in listeners(server, options.sockets):
        sockets += await asyncio.gather(*(Socket().open(server, key) for _ in range(min(EACH, options.sockets - len(sockets)))))
    opened_s = time.perf_counter() - began
    await asyncio.sleep(2)
    mb = pss_mb(server.process.pid) - before
    searches = await asyncio.to_thread(timed_searches, server, 500)
    say(f"{options.sockets} idle WebSockets", kib_each=round(mb * 1024 / options.sockets, 2), opened_s=round(opened_s, 1), search_p50_ms=tail(searches, 0.5),
        search_p99_ms=tail(searches, 0.99))
    promise("searches beside idle WebSockets", tail(searches, 0.99) <= SEARCH_P99_MS)
    began = time.perf_counter()
    pongs = await asyncio.gather(*(socket.ping() for socket in sockets))
    say("heartbeats of all of them at once", answered=len(pongs), all_s=round(time.perf_counter() - began, 2), p99_ms=tail(pongs, 0.99))
    began = time.perf_counter()
    waiting = [asyncio.create_task(socket.hear("broadcast")) for socket in sockets]
    connection = server.connect()
    await asyncio.to_thread(server.call, connection, "POST", "/v1/events/broadcast", b'{"text": "To all."}')
    heard = await asyncio.gather(*waiting)
    say("a broadcast to all of them", heard=len(heard), all_s=round(time.perf_counter() - began, 2))
    promise("a broadcast to all", {one["data"]["text"] for one in heard} == {"To all."})
    for socket in sockets:
        socket.writer.transport.abort()


def measure_idle(program, folder, options):
    need, (_, hard) = options.sockets + 200, resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < need:
        print(f"skipped: {options.sockets} connections need {need} file descriptors, this machine gives {hard}", file=sys.stderr)
        return
    resource.setrlimit(resource.RLIMIT_NOFILE, (need, hard))
    server = started(program, folder, "--connections-per-address", str(need))
    connection = server.connect()
    server.upload(connection, [(f"{number}.txt", b"".join(b"Tide %d of the harbour, day %d.\n" % (line, number) for line in range(100)))
                               for number in range(50)])
    server.wait_idle(connection)
    timed_searches(server, 100)
    time.sleep(2)
    asyncio.run(idle_sockets(server, options))
    server.stop()


# --- Starting anew ---

def measure_restart(program, folder, options):
    """Clients as those of tests/test_restart.py, and streams of events that are listened to."""
    os.environ["LECTERN"] = program
    sys.path.insert(0, str(ROOT / "tests"))
    from test_restart import Client, Restarted
    server = Restarted(Path(folder) / "library").start()
    server.new_key()
    try:
        server.add(("one.txt", b"a harbour full of boats"))
        search = b'{"query": "harbour", "mode": "keyword"}'
        clients = [Client(server, keeps, path, body) for keeps in (True, False) for path, body in (("/health", None), ("/v1/documents", None), ("/v1/search", search))]
        for _ in range(options.restarts):
            time.sleep(1)
            done = server.restart()
            if done.returncode:
                sys.exit(f"platform_figures: restart: {done.stderr}")
        for client in clients:
            client.end()
        failures = [failure for client in clients for failure in client.failures]
        say("restarts under load", restarts=options.restarts, requests=sum(client.answers for client in clients), failed=len(failures),
            longest_pause_ms=round(1000 * max(client.longest_s for client in clients), 1), first=[str(one) for one in failures[:1]])
        promise("restarts under load", not failures)
    finally:
        server.stop()


PARTS = {"uploads": measure_uploads, "limits": measure_limits, "idle": measure_idle, "restart": measure_restart}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("--only", default=",".join(PARTS))
    for name, value in (("size", 2 << 30), ("sockets", 5000), ("restarts", 10)):
        parser.add_argument(f"--{name}", type=int, default=value)
    options = parser.parse_args()
    for name in options.only.split(","):
        with tempfile.TemporaryDirectory(prefix="lectern-platform-") as folder:
            PARTS[name](str(Path(options.program).resolve()), folder, options)
    if broken:
        sys.exit("not kept: " + "; ".join(broken))


if __name__ == "__main__":
    main()
