#!/usr/bin/env python3
"""The corpus's files that Kreuzberg reads: one server of ours beside one process of Kreuzberg's.

    bench/corpus_speed.py [--program build/lectern] [--reader build/extract-one] [--peers VENV] [--each 12]
                          [--rounds 2] [--only pdf,docx]

Of each format at most so many files are read, evenly chosen by name, by each program in turn; the best of the
rounds counts. One process each, which stays: "readers" is our code for the formats without a sandbox (extract-one),
Kreuzberg a Python process with its module loaded, "server" ours over HTTP (PUT /tika/text), where each file has a
sandbox of its own. Then one file of each format with a fresh process each, as on the command line. Recognition is off
everywhere, as is Kreuzberg's cache; a file over 20 seconds is left out. Processor time counts all processes and
threads. At last all of them at once, as a folder is dropped: Kreuzberg's batch_extract_files_sync(), our server with
a few connections, and our server keeping them until each can be searched for (no vectors)."""
import argparse
import collections
import contextlib
import csv
import json
import os
import resource
import select
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from program_bench import ROOT, SHARED, Server  # noqa: E402  (it stands beside this file)

LIMIT_S = 20
AT_ONCE = 2 * (os.cpu_count() or 1)
TICK = os.sysconf("SC_CLK_TCK")
KREUZBERG = """
import json, sys, time
from kreuzberg import ExtractionConfig, extract_file_sync
config = ExtractionConfig(disable_ocr=True, use_cache=False)
print(json.dumps({}), flush=True)
for path in map(str.strip, sys.stdin):
    wall, cpu = time.perf_counter(), time.process_time()
    try:
        size = len(extract_file_sync(path, config=config).content)
    except Exception:
        size = -1
    print(json.dumps({"wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu, "size": size}), flush=True)
"""
ONE = KREUZBERG.replace("sys.stdin", "sys.argv[1:]")
BATCH = """
import json, resource, sys, time
from kreuzberg import ExtractionConfig, batch_extract_files_sync
config = ExtractionConfig(disable_ocr=True, use_cache=False)
used, paths = resource.getrusage(resource.RUSAGE_SELF), sys.stdin.read().split("\\n")
wall, cpu = time.perf_counter(), used.ru_utime + used.ru_stime
batch_extract_files_sync(paths, config=config)
used = resource.getrusage(resource.RUSAGE_SELF)
print(json.dumps([time.perf_counter() - wall, used.ru_utime + used.ru_stime - cpu]))
"""


def choose(folder, each, only):
    formats = collections.defaultdict(list)
    with open(folder / "MANIFEST.tsv", encoding="utf-8", newline="") as rows:
        for row in csv.DictReader(rows, delimiter="\t", quoting=csv.QUOTE_NONE):
            if not row["path"].startswith("malformed/") and (not only or row["format"] in only):
                formats[row["format"]].append(folder / row["path"])
    return {name: [paths[i * len(paths) // min(each, len(paths))] for i in range(min(each, len(paths)))]
            for name, paths in sorted((n, sorted(p)) for n, p in formats.items())}


class Loop:
    """A process that reads files one after another and says how long each took."""
    def __init__(self, argv):
        self.argv, self.process = argv, None

    def read(self, path):
        """Wall and processor seconds; None when it cannot read the file or needs too long."""
        if not self.process:
            self.process = subprocess.Popen(self.argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                            stderr=subprocess.DEVNULL, text=True)
            self.process.stdout.readline()
        self.process.stdin.write(f"{path}\n")
        self.process.stdin.flush()
        said = select.select([self.process.stdout], [], [], LIMIT_S)[0] and self.process.stdout.readline()
        if not said:  # it crashed, or is at it still
            self.end()
            return None
        found = json.loads(said)
        return (found["wall"], found["cpu"]) if found["size"] > 0 else None

    def end(self):
        if self.process:
            self.process.kill()
            self.process.wait()
        self.process = None


class OurServer:
    def __init__(self, program, folder):
        # Elsewhere at home it finds no model, and computes no vectors.
        self.server = Server(program, f"{folder}/library", "--languages", "none", environment={"HOME": folder})
        self.server.start()
        self.server.new_key()
        self.connection = self.server.connect()

    def cpu(self):
        """Of the server and all that it has started and that has ended; a worker's ends with its file."""
        fields = Path(f"/proc/{self.server.process.pid}/stat").read_text().rpartition(")")[2].split()
        return sum(map(int, fields[11:15])) / TICK

    def convert(self, connection, path, content):
        connection.request("PUT", "/tika/text", content, {
            "Authorization": f"Bearer {self.server.key}", "X-Tika-OCRskipOcr": "true",
            "Content-Disposition": f"attachment; filename*=UTF-8''{urllib.parse.quote(path.name)}"})
        answer = connection.getresponse()
        answer.read()
        return answer.status < 300

    def read(self, path):
        content, wall, cpu = path.read_bytes(), time.perf_counter(), self.cpu()
        good = self.convert(self.connection, path, content)
        wall = time.perf_counter() - wall
        return (wall, self.cpu() - cpu) if good else None

    def together(self, paths, work):
        """work(connection, path, content) for all files, over a few connections at once."""
        left, connections = list(reversed(paths)), [self.server.connect() for _ in range(AT_ONCE)]
        files, wall, cpu = {path: path.read_bytes() for path in paths}, time.perf_counter(), self.cpu()

        def take(connection):
            with contextlib.suppress(IndexError):  # none is left
                while path := left.pop():
                    work(connection, path, files[path])

        threads = [threading.Thread(target=take, args=[connection]) for connection in connections]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.server.wait_idle(self.connection, 0.01)
        return time.perf_counter() - wall, self.cpu() - cpu

    def keep(self, connection, path, content):
        self.server.upload(connection, [(path.name, content)])

    def end(self):
        self.server.stop()


def best_of(program, path, rounds):
    found = [x for x in (program.read(path) for _ in range(rounds)) if x]
    return [min(column) for column in zip(*found)] if found else None


def fresh(argv, path):
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    try:
        subprocess.run([*argv, str(path)], capture_output=True, stdin=subprocess.DEVNULL, timeout=LIMIT_S, check=False)
    except subprocess.TimeoutExpired:
        return None
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.perf_counter() - began, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def batch(python, paths):
    done = subprocess.run([str(python), "-c", BATCH], input="\n".join(map(str, paths)), capture_output=True, text=True,
                          check=True)
    return json.loads(done.stdout.splitlines()[-1])


def show_together(args, paths, ours):
    """Kreuzberg and ours in turn; the best of the rounds counts. What is kept is kept once: later it is known."""
    theirs, converted = [], []
    for _ in range(args.rounds):
        theirs.append(batch(args.peers / "bin/python", paths))
        converted.append(ours.together(paths, ours.convert))
    best, text = [min(column) for column in zip(*theirs)], ""
    for who, pairs in (("converted", converted), ("kept", [ours.together(paths, ours.keep)])):
        wall, cpu = (min(column) for column in zip(*pairs))
        text += f"; lectern, {who}: {wall:.2f} s, {cpu:.2f} s processor, {wall / best[0]:.2f} and {cpu / best[1]:.2f} of it"
    print(f"{len(paths)} files at once: kreuzberg {best[0]:.2f} s, {best[1]:.2f} s processor{text}")


def show(name, count, sums):
    """Wall and processor seconds of Kreuzberg and ours, and ours as a share of Kreuzberg's."""
    theirs, text = sums["kreuzberg"], f"{name:10} {count:5}"
    for who in ("kreuzberg", "readers", "server", "fresh kreuzberg", "fresh lectern"):
        if who in sums:
            other = sums["fresh kreuzberg"] if who == "fresh lectern" else theirs
            share = f" {sums[who][0] / other[0]:7.2f} {sums[who][1] / other[1]:7.2f}" if "kreuzberg" not in who else ""
            text += f" | {sums[who][0]:8.3f} {sums[who][1]:8.3f}{share}"
    print(text, flush=True)


def add(sums, who, pair):
    sums[who] = [a + b for a, b in zip(sums.get(who, (0, 0)), pair)]


def read_format(args, name, paths, programs, total):
    sums, found_paths, missing = {}, [], 0
    for path in paths:
        found = {"kreuzberg": best_of(programs["kreuzberg"], path, args.rounds)}
        if not found["kreuzberg"]:
            continue
        found.update((who, best_of(programs[who], path, args.rounds)) for who in ("readers", "server"))
        if not found_paths:
            found["fresh lectern"] = fresh([args.program, "extract", "--quiet", "--languages", "none"], path)
            found["fresh kreuzberg"] = fresh([str(args.peers / "bin/python"), "-c", ONE], path)
        if not all(found.values()):
            missing += 1
            continue
        for who, pair in found.items():
            add(sums, who, pair)
            add(total, who, pair)
        found_paths.append(path)
    if found_paths:
        show(name, len(found_paths), {who: pair for who, pair in sums.items() if "fresh" not in who})
    if missing:
        print(f"{name:10} {missing:5} that only Kreuzberg reads within the time")
    return found_paths


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", default=str(ROOT / "build" / "lectern"))
    parser.add_argument("--reader", default=str(ROOT / "build" / "extract-one"))
    parser.add_argument("--peers", type=Path, default=Path("/nonexistent"))
    parser.add_argument("--each", type=int, default=12)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--only", default="")
    args = parser.parse_args()
    python = args.peers / "bin/python"
    if not (SHARED / "corpus").is_dir() or not python.exists():
        print("skipped: needs ../shared and Kreuzberg")
        return
    formats = choose(SHARED / "corpus", args.each, set(filter(None, args.only.split(","))))
    print("Seconds and processor seconds; of ours the share of Kreuzberg's as well.\n"
          "format     files | kreuzberg         | readers                           | server")
    with tempfile.TemporaryDirectory() as folder:
        programs = {"kreuzberg": Loop([str(python), "-c", KREUZBERG]), "readers": Loop([args.reader, "--times"]),
                    "server": OurServer(args.program, folder)}
        total, read = {}, []
        try:
            for name, paths in formats.items():
                read += read_format(args, name, paths, programs, total)
            show_together(args, read, programs["server"])
        finally:
            for program in programs.values():
                program.end()
    show("all", len(read), {who: pair for who, pair in total.items() if "fresh" not in who})
    theirs, ours = total["fresh kreuzberg"], total["fresh lectern"]
    print(f"a fresh process for one file of each format: kreuzberg {theirs[0]:.2f} s, {theirs[1]:.2f} s processor; "
          f"lectern {ours[0]:.2f} s, {ours[1]:.2f} s processor; {ours[0] / theirs[0]:.2f} and {ours[1] / theirs[1]:.2f} of it")


if __name__ == "__main__":
    main()
