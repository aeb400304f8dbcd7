#!/usr/bin/env python3
"""The figures that the second of the earlier systems gives of itself, measured of Lectern: searches of 1,000 documents, vectors of
20,000 passages, lists that join tables, memory, uploads that succeed, processor time when idle.

    seeds_figures.py PROGRAM

The documents have some 20 passages each, of the texts of ../shared/retrieval, and are read and embedded by the server itself. One JSON line
for each figure."""
import json
import random
import shutil
import sys
import tempfile
import time
from pathlib import Path

from program_bench import MODEL, SHARED, Server, cpu_seconds, new_queries, pss_mb, say, spread, texts_of_shared, timed_queries, tree

DOCUMENTS = 1000
IDLE_S = 30
JOINS = ("collection={shelf}&tag=tag-3&limit=50", "tag=tag-1&format=text&order=-size&limit=50", "q=report&order=name&limit=50")


def documents(texts):
    draw = random.Random(11)
    for number in range(DOCUMENTS):
        parts = [" ".join(word for word in text.split() if draw.random() > 0.1) for text in draw.sample(texts, 14)]
        yield f"report {number}.txt", "\n\n".join(parts).encode()


def upload_all(server, connection, texts, shelf):
    """How many were taken of how many; each in a request of its own."""
    taken = 0
    for number, file in enumerate(documents(texts)):
        answer = server.upload(connection, [file])
        taken += len(answer)
        change = {"collection": shelf, "tags": [f"tag-{number % 7}"]}
        server.call(connection, "PATCH", f"/v1/documents/{answer[0]['id']}", json.dumps(change).encode())
    server.wait_idle(connection)
    return taken


def wait_embedded(server, connection):
    while True:
        index = server.call(connection, "GET", "/health")["index"]
        if index["vectors"] >= index["chunks"] and not index["waiting_changes"]:
            return index
        time.sleep(0.2)


def timed_lists(server, connection, shelf):
    seconds = []
    for _ in range(50):
        for query in (*(f"/v1/documents?{one.format(shelf=shelf)}" for one in JOINS), "/v1/statistics"):
            began = time.perf_counter()
            server.call(connection, "GET", query)
            seconds.append(time.perf_counter() - began)
    return seconds


def idle_percent(server):
    before = sum(map(cpu_seconds, tree(server.process.pid)))
    time.sleep(IDLE_S)
    return 100 * (sum(map(cpu_seconds, tree(server.process.pid))) - before) / IDLE_S


def measure(program, folder):
    texts = texts_of_shared()
    server = Server(program, folder)
    server.start()
    server.new_key()
    connection = server.connect()
    server.upload(connection, [("first.txt", b"A first document.")])
    server.wait_idle(connection)
    server.search(connection, query="warm")
    base = pss_mb(server.process.pid)
    shelf = server.call(connection, "POST", "/v1/collections", b'{"name": "Shelf"}')["id"]
    began = time.perf_counter()
    taken = upload_all(server, connection, texts, shelf)
    took = time.perf_counter() - began
    states = server.call(connection, "GET", "/v1/statistics")
    index = wait_embedded(server, connection)
    say("uploads", taken=taken, of=DOCUMENTS, failed=states["failed"], chunks=index["chunks"], seconds=round(took, 1))
    draw = new_queries(texts, 5)
    timed_queries(server, [next(draw) for _ in range(30)], "hybrid")
    say("searches", **spread(timed_queries(server, [next(draw) for _ in range(300)], "hybrid")))
    say("vectors", **spread(timed_queries(server, [next(draw) for _ in range(300)], "semantic")))
    say("joins", **spread(timed_lists(server, connection, shelf)))
    time.sleep(10)  # what was busy with new documents goes
    say("memory", base_mb=round(base, 1), with_documents_mb=round(pss_mb(server.process.pid), 1))
    say("idle", percent=round(idle_percent(server), 2), seconds=IDLE_S)
    server.stop()


def main():
    if not (SHARED / "retrieval").is_dir() or not MODEL.is_dir():
        print("skipped: these figures need ../shared/retrieval and the model", file=sys.stderr)
        return
    folder = tempfile.mkdtemp(prefix="lectern-seeds-")
    try:
        measure(sys.argv[1], str(Path(folder) / "library"))
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
