#!/usr/bin/env python3
"""Are the members of archives found, with their sizes? Python 3.11, standard library only.

  archive_members.py [--corpus ../shared/corpus] [--program build/lectern] [--minimum 0.98]

Reads ARCHIVES.tsv (path, member, bytes, type) and runs `lectern extract --format json` on each archive,
with its password of PASSWORDS.tsv. A member counts when a child or a row of the list has its name, and its
size where the row says one. Prints what is missing or has another size, then the shares; the minimum is of both.
What the list itself has wrong (LIST_ERRORS) is printed, but not counted as another size.
"""
import argparse
import collections
import csv
import json
import os
import re
import subprocess
import sys

# A folder with a size, the bytes a sparse file takes instead of its size, and a gzip file's size modulo 2^32 that is 0.
LIST_ERRORS = {
    ("tar/cpython__testtar.tar", "ustar/dirtype-with-size"),
    ("tar/cpython__testtar.tar", "gnu/sparse-0.0"),
    ("gz/corkami__manifesto.zip.gz", "corkami__manifesto.zip"),
}


def rows_of(path):
    """The rows of a tab-separated file, as dictionaries."""
    with open(path, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


def plain(name):
    """A name as both sides can agree on: no leading "./" or "/", no slash at the end, no link's target (the
    list was made from what tar prints, with the year before old members)."""
    name = re.sub(r"^(19|20)\d\d (?=test-documents)", "", name.replace("\\", "/"))
    name = re.split(" -> | link to ", name)[0]
    while name.startswith(("./", "/")):
        name = name.split("/", 1)[1]
    return name.rstrip("/")


def blurred(name):
    """The same with every run of other characters than ASCII as "?": the list has lost such bytes of some names."""
    return re.sub("[^\x00-\x7f]+", "?", name)


def members_of(program, path, password):
    """{name: size or None} of the archive's children and rows, or None when it cannot be read."""
    command = [program, "extract", "--format", "json", "--quiet", path]
    command += ["--password", password] if password else []
    done = subprocess.run(command, capture_output=True, timeout=60, check=False)
    if done.returncode:
        return None
    document = json.loads(done.stdout)
    found = {plain(child["name"]): None for child in document["children"]}
    for block in document["blocks"]:
        cells = [cell["text"] for cell in block.get("cells", [])]
        if len(cells) == 3 and not block.get("is_header"):
            size = cells[1].split(" ")[0]
            found[plain(cells[0])] = int(size) if size.isdigit() else None
    return found


def main():
    """Command line."""
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--corpus", default="../shared/corpus")
    ap.add_argument("--program", default="build/lectern")
    ap.add_argument("--minimum", type=float, default=0.98)
    args = ap.parse_args()
    if not os.path.exists(os.path.join(args.corpus, "ARCHIVES.tsv")):
        print("skipped: needs ../shared")
        return 0
    passwords = {row["path"]: row["password"] for row in rows_of(os.path.join(args.corpus, "PASSWORDS.tsv"))
                 if row["password"] != "?"}
    wanted = collections.defaultdict(list)
    for row in rows_of(os.path.join(args.corpus, "ARCHIVES.tsv")):
        wanted[row["path"]].append(row)
    good = other = total = 0
    for path, rows in wanted.items():
        found = members_of(args.program, os.path.join(args.corpus, path), passwords.get(path))
        for row in rows:
            name, size = plain(row["member"]), row["bytes"]
            total += 1
            if found is not None and "\ufffd" in name:
                name = next((it for it in found if blurred(it) == blurred(name)), name)
            if found is None or name not in found:
                print(f"missing: {path}: {name}" + (" (not read)" if found is None else ""))
            elif size.isdigit() and found[name] not in (None, int(size)):
                good += 1
                other += (path, name) not in LIST_ERRORS
                print(f"size: {path}: {name}: {found[name]}, not {size}")
            else:
                good += 1
    print(f"{good} of {total} members by name: {good / total:.3f}; {good - other} with the same size: {(good - other) / total:.3f}")
    return 0 if good - other >= args.minimum * total else 1


if __name__ == "__main__":
    sys.exit(main())
