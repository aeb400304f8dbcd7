#!/usr/bin/env python3
"""Searches in a library that large_library.py has made and kept: by mode, one and four at a time, under filters, and of keys that do not see
all of it.

    large_searches.py PROGRAM DATA [--queries 200] [--postgresql URL] [--only WORDS]

DATA is the folder of one library (documents-1000000), best a copy: keys are added, and two of its collections are restricted for a while. One
JSON line for each figure: milliseconds of a warm client over HTTP for questions that were never asked before, and of the server's processors for
each."""
import argparse
import atexit
import json
import time

from large_library import wait_built, wait_listed
from program_bench import Server, cpu_seconds, new_queries, pss_mb, say, spread, texts_of_shared, timed_queries

MODES = ("hybrid", "keyword", "semantic")
CONDITIONS = {
    "in a tag": "tag:tag-7",
    "in a format and a year": "type:pdf after:2019-01-01 before:2020-01-01",
    "in a collection": 'collection:"Shelf 4"',
    "with a word in the name of all": "name:report",
    "with a number in the name": "name:777",
    "of an author": "author:nobody",
}


class Caller:
    """The same server with another key."""

    def __init__(self, server, key):
        self.server, self.key = server, key

    def connect(self):
        return self.server.connect()

    def call(self, *arguments, **more):
        return Server.call(self, *arguments, **more)

    def search(self, connection, **query):
        return Server.search(self, connection, **query)


def manage(server, method, path, **about):
    """By a connection of its own: one that lay idle while searches were measured may be closed."""
    connection = server.connect()
    answer = server.call(connection, method, path, json.dumps(about).encode() if about else None)
    connection.close()
    return answer


def share(server, shelves, is_open):
    """Restricts them, or opens them to all. Returns the milliseconds of each until it is acknowledged, and so seen by all."""
    took = []
    for shelf in shelves:
        began = time.perf_counter()
        if is_open:
            manage(server, "DELETE", f"/v1/collections/{shelf}/access")
        else:
            manage(server, "PUT", f"/v1/collections/{shelf}/access", grants=[])
        took.append(round((time.perf_counter() - began) * 1000, 1))
    return took


def wait_followed(server):
    began = time.perf_counter()
    while any(one["state"] in ("waiting", "running") for one in manage(server, "GET", "/v1/jobs?type=follow_guard&limit=10")["items"]):
        time.sleep(.05)
    return round(time.perf_counter() - began, 2)


def new_caller(server, **about):
    return Caller(server, manage(server, "POST", "/v1/keys", name="bench", **about)["key"])


def measure(server, texts, count, is_wanted):
    draw = new_queries(texts, 5)

    def figure(name, caller, mode="hybrid", words="", threads=1, queries=count):
        if is_wanted(name):
            asked = [f"{next(draw)} {words}".strip() for _ in range(queries)]
            busy = cpu_seconds(server.process.pid)
            figures = spread(timed_queries(caller, asked, mode, threads))
            say(f"search {name}", **figures, processor_ms=round((cpu_seconds(server.process.pid) - busy) * 1000 / queries, 2))

    timed_queries(server, [next(draw) for _ in range(50)], "hybrid")
    for mode in MODES:
        figure(mode, server, mode)
    figure("hybrid, four at a time", server, threads=4, queries=2 * count)
    for name, words in CONDITIONS.items():
        figure(f"hybrid {name}", server, words=words, queries=count // 2)
    shelves = [one["id"] for one in manage(server, "GET", "/v1/collections")["items"][:20]]
    limited = new_caller(server, role="reader", collections=[shelves[3]])
    reader = new_caller(server, role="reader")
    figure("hybrid of a reader who sees all", reader)
    figure("hybrid of a key limited to a collection", limited)
    sharing = {"restricted_ms": share(server, shelves[:2], False)}
    try:
        figure("hybrid of a reader while two collections of twenty are restricted", reader)
        sharing["followed_s"] = wait_followed(server)
        figure("hybrid of a reader who does not see two collections of twenty", reader)
        figure("keyword of a reader who does not see two collections of twenty", reader, "keyword")
        figure("hybrid of the owner, of the same", server)
    finally:
        say("share two collections of twenty", **sharing, opened_ms=share(server, shelves[:2], True), opened_followed_s=wait_followed(server))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("data")
    parser.add_argument("--queries", type=int, default=200)
    parser.add_argument("--postgresql")
    parser.add_argument("--only", default="")
    options = parser.parse_args()
    server = Server(options.program, options.data, *(["--database", options.postgresql] if options.postgresql else []))
    server.start()
    atexit.register(server.process.kill)
    server.new_key("admin")
    connection = server.connect()
    documents = server.call(connection, "GET", "/v1/statistics")["documents"]
    say("opened", documents=documents, index_s=round(wait_built(server, connection, 1), 2), lists_s=round(wait_listed(server, connection), 2))
    connection.close()
    measure(server, texts_of_shared(), options.queries, lambda name: options.only in name)
    say("memory", pss_mb=round(pss_mb(server.process.pid), 1))
    server.stop()


if __name__ == "__main__":
    main()
