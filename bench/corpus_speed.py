#!/usr/bin/env python3
"""The corpus's files that Kreuzberg reads: one server of ours beside one process of Kreuzberg's.

    bench/corpus_speed.py [--program build/lectern] [--reader build/extract-one] [--peers VENV] [--each 12]
                          [--rounds 2] [--only pdf,docx]

Of each format at most so many files are read, evenly chosen by name, by each program in turn; the best of the
rounds counts. One process each, which stays: "readers" is our code for the formats without a sandbox (extract-one),
Kreuzberg a Python process with its module loaded, "server" ours over HTTP (PUT /tika/text), where each file has a
sandbox of its own. Then one file of each format with a fresh process each, as on the command line. Recognition is off
everywhere, as is Kreuzberg's cache; a file over 20 seconds is left out. Processor time counts all processes and
threads."""
import argparse
import collections
import csv
import json
import os
import resource
import select
import subprocess
import sys
import tempfile
import time
import urllib.parse
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from program_bench import ROOT, SHARED, Server  # noqa: E402  (it stands beside this file)

LIMIT_S = 20
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
        self.server = Server(program, f"{folder}/library")
        self.server.start()
        self.server.new_key()
        self.connection = self.server.connect()

    def cpu(self):
        """Of the server and all that it has started and that has ended; a worker's ends with its file."""
        fields = Path(f"/proc/{self.server.process.pid}/stat").read_text().rpartition(")")[2].split()
        return sum(map(int, fields[11:15])) / TICK

    def read(self, path):
        content, wall, cpu = path.read_bytes(), time.perf_counter(), self.cpu()
        self.connection.request("PUT", "/tika/text", content, {
            "Authorization": f"Bearer {self.server.key}", "X-Tika-OCRskipOcr": "true",
            "Content-Disposition": f"attachment; filename*=UTF-8''{urllib.parse.quote(path.name)}"})
        answer = self.connection.getresponse()
        answer.read()
        wall = time.perf_counter() - wall
        return (wall, self.cpu() - cpu) if answer.status < 300 else None

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
    sums, count, missing = {}, 0, 0
    for path in paths:
        found = {"kreuzberg": best_of(programs["kreuzberg"], path, args.rounds)}
        if not found["kreuzberg"]:
            continue
        found.update((who, best_of(programs[who], path, args.rounds)) for who in ("readers", "server"))
        if not count:
            found["fresh lectern"] = fresh([args.program, "extract", "--quiet", "--languages", "none"], path)
            found["fresh kreuzberg"] = fresh([str(args.peers / "bin/python"), "-c", ONE], path)
        if not all(found.values()):
            missing += 1
            continue
        for who, pair in found.items():
            add(sums, who, pair)
            add(total, who, pair)
        count += 1
    if count:
        show(name, count, {who: pair for who, pair in sums.items() if "fresh" not in who})
    if missing:
        print(f"{name:10} {missing:5} that only Kreuzberg reads within the time")
    return count


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
        total, count = {}, 0
        try:
            for name, paths in formats.items():
                count += read_format(args, name, paths, programs, total)
        finally:
            for program in programs.values():
                program.end()
    show("all", count, {who: pair for who, pair in total.items() if "fresh" not in who})
    theirs, ours = total["fresh kreuzberg"], total["fresh lectern"]
    print(f"a fresh process for one file of each format: kreuzberg {theirs[0]:.2f} s, {theirs[1]:.2f} s processor; "
          f"lectern {ours[0]:.2f} s, {ours[1]:.2f} s processor; {ours[0] / theirs[0]:.2f} and {ours[1] / theirs[1]:.2f} of it")


if __name__ == "__main__":
    main()
