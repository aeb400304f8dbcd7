#!/usr/bin/env python3
"""What is found in a corpus of real files: phrases, passwords, broken files, and the time it takes.

    bench/corpus.py [--program build/lectern] [--corpus ../shared/corpus] [--only FORMAT,...] [--files]

Prints a line for each format and each group, and ends with 1 when a figure is below its goal. The
corpus has EXPECT.tsv (path, phrase, origin, verified), MANIFEST.tsv (path, format ...) and
PASSWORDS.tsv (path, kind, password); see its README. A phrase counts when it is in the output of
`lectern extract`, after Unicode NFKC and with white space collapsed; marks of Markdown and HTML are
dropped from both sides when it is not found as it stands.
"""
import argparse
import csv
import html
import os
import re
import subprocess
import sys
import tempfile
import threading
import time
import unicodedata
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LIMIT_S, MALFORMED_LIMIT_S, MALFORMED_LIMIT_MB = 30, 10, 1024
MARKS = re.compile(r"[*_`|#>\\~\[\]]|^\s*[-+]\s", re.M)
TAGS = re.compile(r"</?[A-Za-z][^<>]{0,200}>|\]\([^)]*\)")

# The best peer's share of all phrases in a group (main and deep together), in per cent.
GROUPS = [
    ("PDF", "pdf", 98),
    ("Word, Excel, PowerPoint", "docx docm dotm dotx xlsx xlsm xltx pptx pptm ppsx potx", 97),
    ("the same before 2007", "doc xls ppt", 94),
    ("OpenDocument", "odt ods odp odg", 100),
    ("RTF", "rtf", 100),
    ("books and XPS", "epub fb2 mobi xps", 91),
    ("mail", "eml mbox msg mhtml", 88),
    ("HTML", "html xhtml", 98),
    ("legacy charsets", "encodings", 82),
    ("data", "csv tsv json jsonl xml yaml toml ini dbf", 99),
    ("markup", "md rst org tex asciidoc typst docbook bib ipynb opml svg xlf", 100),
    ("subtitles, calendars", "srt vtt ttml ics vcf", 100),
    ("iWork, OneNote, Visio ...", "pages key numbers onenote vsdx pub wpd hwp xlsb", 100),
    ("archives", "zip gz lz4 zst", 83),
]
# RESULTS.md of the peers' measurement names phrases that are no text of the document.
GOALS = {"main": 97.0, "deep": 85.0, "failed": 9}
# Without a key or a password that anyone knows, saying so is all that can be done.
HONEST = re.compile(r"password|encrypted|DRM|protected", re.I)


def rows(path):
    with open(path, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


def normal(text):
    return " ".join(unicodedata.normalize("NFKC", text).replace("\u00ad", "").split())


def plain(text):
    return normal(MARKS.sub("", TAGS.sub("", html.unescape(text))))


class File:
    def __init__(self, path, kind):
        self.path, self.kind, self.password = path, kind, ""
        self.phrases = []  # (phrase, is_main, tag)
        self.missing, self.found_main, self.found_deep = [], 0, 0
        self.failure, self.milliseconds, self.megabytes = None, 0.0, 0.0

    def count(self, main):
        return sum(is_main == main for _, is_main, _ in self.phrases)


def load(corpus, only):
    files = {}
    for row in rows(corpus / "MANIFEST.tsv"):
        if not only or row["format"] in only:
            files[row["path"]] = File(row["path"], row["format"])
    for row in rows(corpus / "EXPECT.tsv"):
        if row["path"] in files:
            files[row["path"]].phrases.append((row["phrase"], row["verified"].startswith("yes"), row["verified"]))
    for row in rows(corpus / "PASSWORDS.tsv"):
        if row["path"] in files and row["password"] not in (None, "", "?"):
            files[row["path"]].password = row["password"]
    return list(files.values())


def look(file, text):
    views = normal(text), plain(text)
    for phrase, is_main, tag in file.phrases:
        wanted = normal(phrase), plain(phrase)
        change = {"yes-ci": str.casefold, "yes-nospace": lambda s: s.replace(" ", "")}.get(tag, lambda s: s)
        hit = any(change(w) in change(v) for w, v in zip(wanted, views))
        if not hit:
            file.missing.append(phrase)
        elif is_main:
            file.found_main += 1
        else:
            file.found_deep += 1


def read(file, program, corpus):
    command = [program, "extract", "--quiet", str(corpus / file.path)]
    if file.password:
        command += ["--password", file.password]
    limit = (MALFORMED_LIMIT_S if file.path.startswith("malformed/") else LIMIT_S) + 20
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as errors:
        started = time.perf_counter()
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=errors)
        clock = threading.Timer(limit, process.kill)
        clock.start()
        _, status, usage = os.wait4(process.pid, 0)  # of the command and the workers it waited for
        file.milliseconds = (time.perf_counter() - started) * 1000
        clock.cancel()
        process.returncode = os.waitstatus_to_exitcode(status)
        file.megabytes = usage.ru_maxrss / 1024
        out.seek(0)
        errors.seek(0)
        text, said = out.read(), errors.read().decode(errors="replace").strip()[-200:]
    if process.returncode:
        file.failure = said or f"it ended with {process.returncode}"
    look(file, text.decode(errors="replace"))
    return file


def share(found, wanted):
    return f"{100 * found / wanted:6.1f}" if wanted else "     -"


def line(name, files):
    main, deep = sum(f.count(True) for f in files), sum(f.count(False) for f in files)
    spent = sorted(f.milliseconds for f in files)
    return (f"{name:<26}{len(files):>6}{sum(bool(f.failure) for f in files):>7}{main + deep:>8}"
            f"{share(sum(f.found_main for f in files), main)}{share(sum(f.found_deep for f in files), deep)}"
            f"{sum(spent) / 1000:>8.1f}{spent[len(spent) // 2]:>9.1f}{max(f.megabytes for f in files):>7.0f}")


def judge(files, failures):
    sound = [f for f in files if not f.path.startswith("malformed/")]
    for key, is_main in (("main", True), ("deep", False)):
        wanted = sum(f.count(is_main) for f in sound)
        found = sum(f.found_main if is_main else f.found_deep for f in sound)
        if wanted and 100 * found / wanted < GOALS[key]:
            failures.append(f"{key} phrases: {100 * found / wanted:.1f} %, the goal is {GOALS[key]} %")
    refused = [f for f in sound if f.failure and not (HONEST.search(f.failure) and not f.password)]
    if len(refused) > GOALS["failed"]:
        failures.append(f"{len(refused)} files could not be read, the goal is {GOALS['failed']} at most")
    for f in sound:
        if f.failure and f.password and f.kind != "rar":
            failures.append(f"{f.path}: the password that is known did not open it: {f.failure}")
    for f in files:
        if f.path.startswith("malformed/"):
            if f.milliseconds > MALFORMED_LIMIT_S * 1000 or f.megabytes > MALFORMED_LIMIT_MB:
                failures.append(f"{f.path}: {f.milliseconds / 1000:.1f} s, {f.megabytes:.0f} MB")
            if f.failure is not None and (not f.failure or "signal" in f.failure):
                failures.append(f"{f.path}: no reason, or a crash: {f.failure!r}")


def report_groups(files, failures):
    for name, kinds, goal in GROUPS:
        group = [f for f in files if f.kind in kinds.split() and not f.path.startswith("malformed/")]
        wanted = sum(len(f.phrases) for f in group)
        if not wanted:
            continue
        found = sum(f.found_main + f.found_deep for f in group)
        print(line(name, group) + f"   best peer {goal} %")
        if round(100 * found / wanted) < goal:
            failures.append(f"{name}: {100 * found / wanted:.1f} %, the best peer finds {goal} %")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", default=str(ROOT / "build" / "lectern"))
    parser.add_argument("--corpus", type=Path, default=ROOT.parent / "shared" / "corpus")
    parser.add_argument("--only", default="", help="formats, with commas between")
    parser.add_argument("--files", action="store_true", help="name every miss and failure")
    parser.add_argument("--jobs", type=int, default=1, help="files at once; times are fair with one")
    args = parser.parse_args()
    if not (args.corpus / "MANIFEST.tsv").exists():
        print("skipped: needs ../shared")
        return 0
    files = load(args.corpus, set(filter(None, args.only.split(","))))
    with ThreadPoolExecutor(args.jobs) as pool:
        list(pool.map(lambda f: read(f, args.program, args.corpus), files))
    failures, kinds = [], defaultdict(list)
    for f in files:
        kinds[("malformed/" if f.path.startswith("malformed/") else "") + f.kind].append(f)
    print(f"{'':<26}{'files':>6}{'failed':>7}{'phrases':>8}{'main':>6}{'deep':>6}{'s':>8}{'ms med':>9}{'MB':>7}")
    for kind in sorted(kinds, key=lambda k: (k.startswith("malformed/"), k)):
        print(line(kind, kinds[kind]))
    print()
    report_groups(files, failures)
    print(line("all, well-formed", [f for f in files if not f.path.startswith("malformed/")] or files))
    judge(files, failures)
    if args.files:
        for f in files:
            if f.failure or f.missing:
                print(f"{f.path}: {f.failure or ''} {'; '.join(f.missing)[:300]}")
    for failure in failures if not args.only else []:
        print(f"below the goal: {failure}")
    return 1 if failures and not args.only else 0


if __name__ == "__main__":
    sys.exit(main())
