#!/usr/bin/env python3
"""Two hundred clients that upload at the same time and two hundred searches a second, for a minute.

    load.py PROGRAM [--seconds 60] [--uploads 200] [--searches 200] [--documents 1000]

The library begins with --documents of some twenty passages. Each uploading client sends a document of a few passages, waits for the answer, and
sends the next one after --pause seconds; 429 and 503 are waited for as long as Retry-After says, and sent again. Searches start by the clock,
whether those before have been answered or not, so that waiting counts. At the end every document that was acknowledged has to be found by a
word of its own. One JSON line for each figure; ends with 1 when a promise is broken."""
import argparse
import asyncio
import json
import random
import re
import sys
import tempfile
import time

from program_bench import MODEL, SHARED, Server, cpu_seconds, multipart, peak_mb, say, texts_of_shared

SEARCH_P99_MS = 200


class Client:
    """One kept connection."""

    def __init__(self, server):
        self.server, self.reader, self.writer = server, None, None

    async def call(self, method, path, body=b"", kind="application/json"):
        if not self.writer:
            self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self.server.port)
        self.writer.write(f"{method} {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {self.server.key}\r\nContent-Type: {kind}\r\n"
                          f"Content-Length: {len(body)}\r\n\r\n".encode() + body)
        head = (await self.reader.readuntil(b"\r\n\r\n")).decode().lower().split("\r\n")
        headers = dict(line.split(": ", 1) for line in head[1:] if line)
        content = await self.reader.readexactly(int(headers["content-length"]))
        return int(head[0].split()[1]), headers, content


class Load:
    def __init__(self, server, texts, options):
        self.server, self.texts, self.options = server, texts, options
        self.acknowledged, self.upload_s, self.search_s, self.told_to_wait, self.failures = [], [], [], 0, []
        self.end = time.perf_counter() + options.seconds

    async def upload(self, number):
        client, draw, serial = Client(self.server), random.Random(number), 0
        while time.perf_counter() < self.end:
            word = f"mark{number}x{serial}"
            text = word + " " + "\n\n".join(draw.sample(self.texts, self.options.texts_each))
            kind, body = multipart([(f"{word}.txt", text.encode())])
            began = time.perf_counter()
            status, headers, content = await client.call("POST", "/v1/documents", body, kind)
            if status in (429, 503) and "retry-after" in headers:
                self.told_to_wait += 1
                await asyncio.sleep(float(headers["retry-after"]))
                continue
            if status >= 300:
                self.failures.append(f"upload: {status} {content[:200]!r}")
                return
            self.upload_s.append(time.perf_counter() - began)
            self.acknowledged.append(word)
            serial += 1
            await asyncio.sleep(self.options.pause * draw.uniform(0.5, 1.5))

    async def search(self, idle):
        began = time.perf_counter()
        client = idle.pop() if idle else Client(self.server)
        words = " ".join(random.sample(re.findall(r"\w+", random.choice(self.texts)), 4))  # no operators
        status, _, content = await client.call("POST", "/v1/search", json.dumps({"query": words, "mode": "hybrid"}).encode())
        self.search_s.append(time.perf_counter() - began)
        if status != 200:
            self.failures.append(f"search: {status} {content[:200]!r}")
        idle.append(client)

    async def searches(self):
        idle, running, began, count = [], set(), time.perf_counter(), 0
        while time.perf_counter() < self.end:
            await asyncio.sleep(max(0, began + count / self.options.searches - time.perf_counter()))
            task = asyncio.create_task(self.search(idle))
            running.add(task)
            task.add_done_callback(running.discard)
            count += 1
        await asyncio.gather(*running)

    async def run(self):
        await asyncio.gather(self.searches(), *(self.upload(number) for number in range(self.options.uploads)))


def fill(server, texts, count):
    connection, draw = server.connect(), random.Random(1)
    for first in range(0, count, 50):
        server.upload(connection, [(f"first{i}.txt", "\n\n".join(draw.sample(texts, 16)).encode()) for i in range(first, min(first + 50, count))])
    server.wait_idle(connection)
    connection.close()


def tail(seconds, share):
    return round(sorted(seconds)[int(len(seconds) * share)] * 1000, 1)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    for name, value in (("seconds", 60), ("uploads", 200), ("searches", 200), ("documents", 1000), ("texts-each", 2)):
        parser.add_argument(f"--{name}", type=int, default=value)
    parser.add_argument("--pause", type=float, default=10)
    options = parser.parse_args()
    if not (SHARED / "retrieval").is_dir() or not MODEL.is_dir():
        print("skipped: the load needs ../shared/retrieval and the model", file=sys.stderr)
        return
    with tempfile.TemporaryDirectory(prefix="lectern-load-") as folder:
        server = Server(options.program, f"{folder}/library")
        server.start()
        server.new_key()
        texts = texts_of_shared()
        fill(server, texts, options.documents)
        load, before, began = Load(server, texts, options), cpu_seconds(server.process.pid), time.perf_counter()
        asyncio.run(load.run())
        took = time.perf_counter() - began
        say(f"{options.uploads} clients that upload", acknowledged=len(load.acknowledged), a_second=round(len(load.acknowledged) / options.seconds, 1),
            p50_ms=tail(load.upload_s, 0.5), p99_ms=tail(load.upload_s, 0.99), told_to_wait=load.told_to_wait)
        say(f"{options.searches} searches a second beside them", a_second=round(len(load.search_s) / options.seconds, 1), p50_ms=tail(load.search_s, 0.5),
            p95_ms=tail(load.search_s, 0.95), p99_ms=tail(load.search_s, 0.99))
        say("the server meanwhile", cores=round((cpu_seconds(server.process.pid) - before) / took, 2), peak_mb=round(peak_mb(server.process.pid), 1))
        connection = server.connect()
        server.wait_idle(connection, 1)
        say("all of them read", seconds_after=round(time.perf_counter() - began - took, 1))
        lost = [word for word in load.acknowledged if not server.search(connection, query=word, mode="keyword")["results"]]
        server.stop()
    say("what went wrong", failures=len(load.failures), lost=len(lost), first=load.failures[:1])
    if load.failures or lost or tail(load.search_s, 0.99) > SEARCH_P99_MS:
        sys.exit(1)


if __name__ == "__main__":
    main()
