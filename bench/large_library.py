#!/usr/bin/env python3
"""Listing and filters in a library of a million one-passage documents beside one of ten thousand.

    large_library.py PROGRAM [--documents 10000,1000000] [--keep FOLDER] [--postgresql URL-OF-A-SERVER [--move FOLDER]]

many_documents and tile_vectors are expected beside PROGRAM; the texts are those of ../shared/retrieval. One JSON line for each figure: the
milliseconds of a warm client over HTTP, the best and the median of several, and how many times the smaller library's that is. Where the smaller
one has fewer rows than a page, a line more has the time of as many rows in the larger one. With PostgreSQL each library is a database of its own
there, large_10000 and so on; --move: not filled anew, but moved out of the SQLite that lies in FOLDER."""
import argparse
import atexit
import os
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.parse
from pathlib import Path

import program_bench
from program_bench import MODEL, SHARED, Server, pss_mb, say, searchable_after, spread, texts_of_shared

FILTERS = {
    "all": "",
    "of a tag": "tag=tag-7",
    "of a format": "format=pdf",
    "of two formats": "format=pdf,docx",
    "of a collection": "collection={shelf}",
    "of a month": "since=2019-05-01&until=2019-06-01",
    "of a year": "since=2019-01-01&until=2020-01-01",
    "of a month and a format": "since=2019-05-01&until=2019-06-01&format=pdf",
    "of a tag and a format": "tag=tag-7&format=pdf",
    "of a collection and a tag": "collection={shelf}&tag=tag-7",
    "ready": "state=ready",
    "failed": "state=failed",
    "without parent": "parent=none",
    "inside a document": "parent={newest}",
    "of either tag by words": "q=tag:tag-7 OR tag:tag-8",
    "with a number in their name": "q={number}",
    "with a word in their name": "q=report",
    "with two letters in their name that none has": "q=zz",
    "with two letters in their name": "q=77",
    "with a word and a tag": "q=report&tag=tag-7",
}
ORDERS = {"newest": "-created", "by name": "name", "largest": "-size", "by date": "-date", "last changed": "-updated"}
LISTS = {f"{what}, {order}": f"{query}&order={key}&limit=50".lstrip("&") for what, query in FILTERS.items() for order, key in ORDERS.items()}


def fill(program, data, count, texts, database):
    """Through the store's own functions; then vectors, then a server builds the index."""
    server = Server(program, str(data), "--model", "/nonexistent", *database)
    server.start()
    server.new_key()
    server.stop()
    where = database[1] if database else str(data / "lectern.db")
    beside = Path(program).parent
    began = time.perf_counter()
    subprocess.run([str(beside / "many_documents"), where, str(count)], input="\n".join(texts).encode(), check=True, stdout=subprocess.DEVNULL)
    rows = time.perf_counter() - began
    subprocess.run([str(beside / "tile_vectors"), where, str(MODEL), "512"], check=True, stdout=subprocess.DEVNULL)
    say(f"{count:,} documents written", rows_s=round(rows, 1), vectors_s=round(time.perf_counter() - began - rows, 1))


def move(program, data, count, source, url):
    """By the program's own command; only the source is locked meanwhile."""
    began = time.perf_counter()
    process = subprocess.Popen([program, "db", "move", url, "--data", str(source), "--quiet"])
    _, status, used = os.wait4(process.pid, 0)
    if status:
        sys.exit(f"large_library: {source} was not moved")
    say(f"{count:,} documents moved", seconds=round(time.perf_counter() - began, 1), peak_mb=round(used.ru_maxrss / 1024),
        library_mb=round((source / "lectern.db").stat().st_size / 2**20), processor_s=round(used.ru_utime + used.ru_stime, 1))
    data.mkdir(mode=0o700)
    shutil.copy2(source / "master.key", data)


def wait_built(server, connection, count):
    began = time.perf_counter()
    while True:
        index = server.call(connection, "GET", "/health")["index"]
        if index["state"] == "ready" and index["vectors"] >= count and not index["waiting_changes"]:
            return time.perf_counter() - began
        time.sleep(0.2)


def timed(server, connection, path, times=9):
    seconds = []
    for _ in range(times):
        began = time.perf_counter()
        server.call(connection, "GET", path)
        seconds.append(time.perf_counter() - began)
    return seconds


def wait_listed(server, connection):
    """Until a filter that has no index is answered from memory: how long after the index that is."""
    began, path = time.perf_counter(), f"/v1/documents?{FILTERS['of a tag and a format']}&order=name&limit=50"
    while max(timed(server, connection, path, 5)) > 0.005 and time.perf_counter() - began < 60:
        time.sleep(0.2)
    return time.perf_counter() - began


def uploads(server, connection, count=40):
    """(until it is acknowledged, until it is found) of notes whose bytes are new."""
    mark = f"{time.time_ns():x}"
    taken = [searchable_after(server, connection, f"{mark}-{i}.txt", f"Note {mark}x{i}.".encode(), f"{mark}x{i}") for i in range(count)]
    return [acknowledged for _, acknowledged in taken], [found for found, _ in taken]


def deep_pages(server, connection, pages=40):
    """What the pages of a list take when one goes on and on."""
    seconds, after = [], ""
    for _ in range(pages):
        began = time.perf_counter()
        page = server.call(connection, "GET", f"/v1/documents?limit=200{after}")
        seconds.append(time.perf_counter() - began)
        after = f"&after={urllib.parse.quote(page['next'])}"
    return seconds[pages // 2:]


def times(seconds, smaller):
    """By the median, and by the best, which another program on the machine disturbs less."""
    middle = len(seconds) // 2
    return {"times_the_smaller": round(sorted(seconds)[middle] / sorted(smaller)[middle], 2), "times_by_best": round(min(seconds) / min(smaller), 2)}


def measure_lists(server, connection, named, smaller_rows):
    """The seconds of each list, and of each that is longer than the smaller library's cut to its rows; how many rows each has."""
    figures, rows = {}, {}
    for name, query in LISTS.items():
        path = f"/v1/documents?{query.format(**named)}".replace(" ", "%20")
        figures[f"list {name}"] = timed(server, connection, path)
        rows[name] = len(server.call(connection, "GET", path)["items"])
        fewer = smaller_rows.get(name, 0)
        if 0 < fewer < rows[name]:
            figures[f"list {name}, {fewer} rows"] = timed(server, connection, path.replace("limit=50", f"limit={fewer}"))
    return figures, rows


def measure(server, connection, count, smaller_rows):
    shelf = server.call(connection, "GET", "/v1/collections")["items"][3]["id"]
    newest = server.call(connection, "GET", "/v1/documents?limit=1")["items"][0]["id"]
    named = {"shelf": shelf, "newest": newest, "number": count // 3}
    figures, rows = measure_lists(server, connection, named, smaller_rows)
    figures["list on and on"] = deep_pages(server, connection)
    figures["one document"] = timed(server, connection, f"/v1/documents/{newest}")
    figures["statistics"] = timed(server, connection, "/v1/statistics")
    figures["tags"] = timed(server, connection, "/v1/tags")
    figures["upload until acknowledged"], figures["upload until found"] = uploads(server, connection)
    return figures, rows


def beside(name, smaller):
    """What the smaller library took: all that it has where the larger one was asked for as many rows."""
    return smaller[name if name in smaller else name.rpartition(", ")[0]]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("--documents", default="10000,1000000")
    parser.add_argument("--keep")
    parser.add_argument("--postgresql")
    parser.add_argument("--move", type=Path)
    options = parser.parse_args()
    if not (SHARED / "retrieval").is_dir() or not MODEL.is_dir():
        print("skipped: a large library needs ../shared/retrieval and the model", file=sys.stderr)
        return
    folder = Path(options.keep or tempfile.mkdtemp(prefix="lectern-large-"))
    folder.mkdir(exist_ok=True)
    texts, smaller, smaller_rows = texts_of_shared(), None, {}
    for count in map(int, options.documents.split(",")):
        data = folder / f"documents-{count}"
        database = ["--database", f"{options.postgresql}/large_{count}"] if options.postgresql else []
        if not data.is_dir() and options.move:
            move(options.program, data, count, options.move / f"documents-{count}", database[1])
        elif not data.is_dir():
            fill(options.program, data, count, texts, database)
        server = Server(options.program, str(data), *database)
        listening = server.start()
        server.new_key()
        connection = server.connect()
        atexit.register(server.process.kill)
        say(f"{count:,} documents opened", listening_ms=round(listening * 1000, 1), index_s=round(wait_built(server, connection, count), 2),
            lists_s=round(wait_listed(server, connection), 2))
        figures, rows = measure(server, connection, count, smaller_rows)
        for name, seconds in figures.items():
            say(f"{name}, {count:,} documents", **spread(seconds), **(times(seconds, beside(name, smaller)) if smaller else {}))
        say(f"memory with {count:,} documents", pss_mb=round(pss_mb(server.process.pid), 1))
        smaller, smaller_rows = smaller or figures, smaller_rows or rows
        connection.close()
        server.stop()
    if not options.keep:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
