#!/usr/bin/env python3
"""mutate.py [--seed N] [--count N] [--seconds N] [--formats doc,xls] [--reader CLASS] [--languages LIST] [--repeat]
          [--program build/lectern] [--keep DIR]

Damages files of ../shared/corpus and tests/samples, as many of each kind, and has each read in the
real sandbox: no reader may crash, hang for over 10 s or need over 1 GB, and a refusal says why.
Nothing is recognised in pictures and speech, which takes its time, unless --languages names what.
--reader asks a class of worker, whose library may end with it, but says so. --repeat instead
writes files of one token of a dictionary again and again, which finds readers whose time is not
linear. The same seed gives the same files. Ends with status 1 when something was found.
"""
import argparse
import glob
import os
import random
import re
import resource
import struct
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
CORPUS = os.path.join(HERE, "..", "shared", "corpus")
LIMIT_S, MEMORY_KB, FILE_MAX = 10, 1 << 20, 3 << 20
TEXT_NAMES = "tex rst adoc org md typ bib c py html xml svg json yaml toml ini csv eml mbox ics vcf rtf srt txt diff ipynb fb2 mhtml".split()


def corpus_files(formats):
    """Files by kind."""
    found = {}
    for path in sorted(glob.glob(CORPUS + "/*/*") + glob.glob(CORPUS + "/malformed/*/*") + glob.glob(HERE + "/tests/samples/*")):
        folder, name = os.path.basename(os.path.dirname(path)), os.path.basename(path)
        if os.path.isfile(path) and not name.endswith(".expected.txt") and os.path.getsize(path) <= FILE_MAX:
            if not formats or folder in formats or name.rsplit(".", 1)[-1] in formats:
                kind = name.rsplit(".", 1)[-1].lower() if folder == "samples" else folder
                found.setdefault(kind, []).append(path)
    return [found[kind] for kind in sorted(found)]


def damage(rng, data):
    data = bytearray(data)
    for _ in range(rng.choice([1, 1, 2, 5, 20])):
        if not data:
            break
        at = rng.randrange(len(data))
        kind = rng.randrange(9)
        size = rng.choice([1, 2, 4, 8])
        if kind == 0:
            data[at] ^= 1 << rng.randrange(8)
        elif kind == 1:
            data[at] = rng.randrange(256)
        elif kind == 2:  # a length as large as it gets
            data[at : at + size] = b"\xff" * size
        elif kind == 3:
            data[at : at + size] = rng.choice([b"\x7f" + b"\xff" * (size - 1), b"\xff" * (size - 1) + b"\x7f", b"\0" * size, b"\x80" * size])
        elif kind == 4:
            data[at : at + 4] = struct.pack(rng.choice("<>") + "I", rng.choice([len(data), len(data) - at, at, 0xFFFFFFFE, 65536]))
        elif kind == 5:  # cut
            if rng.randrange(4) == 0:
                del data[max(at, 8) :]
        elif kind == 6:  # a piece goes
            del data[at : at + rng.choice([1, 2, 16, 512, 4096])]
        elif kind == 7:  # a piece stands elsewhere
            length = rng.choice([4, 16, 64, 512])
            to = rng.randrange(len(data))
            data[to : to + length] = data[at : at + length]
        else:  # a piece again and again
            length = rng.choice([1, 4, 32, 256])
            data[at:at] = data[at : at + length] * rng.choice([2, 16, 200])
    return bytes(data)


def tokens():
    for path in sorted(glob.glob(os.path.join(HERE, "fuzz/dictionaries/*.dict"))):
        for line in open(path):
            if line.startswith('"'):
                yield re.sub(rb"\\x([0-9a-f]{2})", lambda m: bytes([int(m[1], 16)]), line.strip()[1:-1].encode())


def repeats(rng, names):
    every = sorted({token for token in tokens() if token.isascii()})
    for name in names:
        heads = {"html": b"<html>", "xml": b"<?xml version='1.0'?><a>", "rtf": b"{\\rtf1 ", "eml": b"From: a\nTo: b\nSubject: c\n", "ics": b"BEGIN:VCALENDAR\n",
                 "vcf": b"BEGIN:VCARD\n", "svg": b"<svg xmlns='http://www.w3.org/2000/svg'>", "mbox": b"From a Mon Jan  1 00:00:00 2000\n", "fb2": b"<FictionBook>"}
        for token in every:
            for unit in (token, token + b"\n", token + rng.choice(every)):
                yield name, heads.get(name, b"") + unit * ((1 << 20) // len(unit))


def read(command, path, is_class):
    """What is wrong with how it is read, or None."""
    began = time.time()
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    try:
        done = subprocess.run([*command, path], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, timeout=3 * LIMIT_S)
    except subprocess.TimeoutExpired:
        return "hangs"
    said = done.stderr.decode("utf-8", "replace")
    took = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before
    if is_class and done.returncode > 0 and "(signal" in said:
        return None  # a library's end, which stays in its worker and is said
    if done.returncode < 0 or "(signal" in said or "fatal:" in said:
        return f"crashes: {done.returncode} {said.strip()[-200:]}"
    if took > LIMIT_S:
        return f"takes {took:.1f} s ({time.time() - began:.1f} s by the clock): {said.strip()[-120:]}"
    if "cannot be right" in said:
        return f"is read, and refused on its way: {said.strip()[-200:]}"
    if done.returncode and not said.strip():
        return f"is refused without a reason ({done.returncode})"
    if not is_class and ("MiB of memory" in said or "out of memory" in said):
        return f"needs too much memory: {said.strip()[-200:]}"
    return None


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--seconds", type=int, default=1 << 30)
    parser.add_argument("--formats", default="")
    parser.add_argument("--reader", default="")
    parser.add_argument("--languages", default="none")
    parser.add_argument("--repeat", action="store_true")
    parser.add_argument("--program", default=os.path.join(HERE, "build/lectern"))
    parser.add_argument("--keep", default=os.path.join(HERE, "build/fuzz/found"))
    args = parser.parse_args()
    rng = random.Random(args.seed)
    command = [args.program, "extract", "--format", "text", "--languages", args.languages]
    command += ["--reader", args.reader] if args.reader else []
    formats = [name for name in args.formats.split(",") if name]
    files = [] if args.repeat else corpus_files(formats)
    source = repeats(rng, formats or TEXT_NAMES) if args.repeat else None
    if not files and not source:
        print("skipped: needs ../shared")
        return 0
    found = slowest = done = 0
    until = time.time() + args.seconds
    os.makedirs(args.keep, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        for number in range(args.count):
            if time.time() > until:
                break
            done += 1
            if source:
                pair = next(source, None)
                if pair is None:
                    break
                name, data = f"repeat.{pair[0]}", pair[1]
            else:
                path = rng.choice(rng.choice(files))
                name, data = os.path.basename(path), damage(rng, open(path, "rb").read())
            victim = os.path.join(folder, name)
            with open(victim, "wb") as file:
                file.write(data)
            began = time.time()
            wrong = read(command, victim, bool(args.reader))
            slowest = max(slowest, time.time() - began)
            if wrong:
                found += 1
                kept = os.path.join(args.keep, f"{args.seed}-{number}-{name}")
                with open(kept, "wb") as file:
                    file.write(data)
                print(f"{kept}: {wrong}", flush=True)
            os.unlink(victim)
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    print(f"{done} files, {found} found, the slowest {slowest:.1f} s, the most memory {peak >> 10} MB")
    # Its memory is looked at every few milliseconds.
    return 1 if found or peak > MEMORY_KB * 1.2 else 0


sys.exit(main())
