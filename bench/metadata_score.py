#!/usr/bin/env python3
"""metadata_score.py - facts that were read, beside those of the corpus (METADATA.tsv).

    bench/metadata_score.py [--corpus ../shared/corpus] [--program build/lectern] [--all] [FOLDER ...]

Numbers are compared with a tolerance, dates as far as the expected one goes, texts after white space is
folded. Rows that are blank in the corpus, and keys that have no name of ours, do not count."""
import argparse
import collections
import json
import pathlib
import re
import subprocess
import sys

# exiftool's and ffprobe's keys: the names of metadata.def that may hold the value.
NAMES = {
    "ImageWidth": ["width"], "ImageHeight": ["height"], "Orientation": ["orientation"],
    "Software": ["software"], "Make": ["camera_make"], "Model": ["camera_model"],
    "LensModel": ["lens"], "DateTimeOriginal": ["taken"], "ISO": ["iso"],
    "GPSLatitude": ["latitude"], "GPSLongitude": ["longitude"],
    "ImageDescription": ["description"], "Comment": ["comment"], "UserComment": ["comment"],
    "Title": ["title"], "Artist": ["author", "artist"], "Copyright": ["copyright"],
    "duration": ["duration"], "width": ["width"], "height": ["height"],
    "video_codec": ["video_codec"], "audio_codec": ["audio_codec"], "codec": ["audio_codec"],
    "sample_rate": ["sample_rate"], "channels": ["channels"], "title": ["title"],
    "artist": ["artist"], "album": ["album"], "album_artist": ["album_artist"], "genre": ["genre"],
    "track": ["track"], "disc": ["disc"], "composer": ["composer"], "comment": ["comment"],
    "date": ["recorded", "published", "created"], "copyright": ["copyright"],
    "encoder": ["software", "producer"], "format_name": ["container"],
    "codec_name": ["video_codec", "audio_codec"], "author": ["author"], "creation_time": ["created"],
    "WM/Year": ["recorded"], "description": ["description"],
}


def names_of(key):
    """Of "streamN:codec_name" and "tag:title" what follows the colon; tags without a name of ours keep theirs."""
    if key.startswith("tag:"):
        tag = key[4:]
        return NAMES.get(tag.lower(), [tag.lower()])
    if re.match(r"stream\d+:", key):
        key = key.split(":", 1)[1]
    return NAMES.get(key)


def fold(text):
    return " ".join(text.split()).strip()


def digits(text):
    return re.sub(r"\D", "", text)


def is_same(key, expected, found):
    key = re.sub(r"^(tag|stream\d+):", "", key)
    if key in ("DateTimeOriginal", "date", "creation_time"):
        a, b = digits(expected), digits(found)
        return bool(a) and b.startswith(a[: len(b)]) and len(b) >= min(len(a), 4)
    try:
        a, b = float(expected), float(found)
        return abs(a - b) <= max(1e-6 * abs(a), 0.05 if key == "duration" else 1e-6)
    except ValueError:
        pass
    if key == "format_name":
        return bool(set(expected.lower().split(",")) & set(re.split(r"[ ,/]+", found.lower())))
    return fold(expected).lower() == fold(found).lower()


def read_facts(program, path):
    done = subprocess.run([program, "extract", "--format", "json", str(path)], capture_output=True, timeout=120)
    try:
        tree = json.loads(done.stdout)
    except ValueError:
        return None
    facts = collections.defaultdict(list)
    for block in tree.get("blocks", []):
        if block["kind"] == "meta":
            facts[block["label"].lower()].append(block.get("text", ""))
        elif block["kind"] == "row" and "cells" in block:
            facts["row"].append(block["text"])
    return facts


def in_stream_row(key, expected, facts):
    """A second stream's values stand only in the table of streams."""
    stream = re.match(r"stream(\d+):", key)
    rows = [row for row in (facts or {}).get("row", []) if stream and row.startswith(stream[1] + " | ")]
    return any(re.search(r"(?<!\w)" + re.escape(expected) + r"(?!\w)", row) for row in rows)


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--corpus", default="../shared/corpus")
    options.add_argument("--program", default="build/lectern")
    options.add_argument("--all", action="store_true", help="print right values too")
    options.add_argument("folders", nargs="*")
    args = options.parse_args()
    corpus = pathlib.Path(args.corpus)
    rows = [line.split("\t") for line in (corpus / "METADATA.tsv").read_text("utf-8").splitlines()[1:]]
    cache, counts, unknown = {}, collections.defaultdict(lambda: [0, 0]), collections.Counter()
    for path, key, expected, _tool in rows:
        folder = path.split("/")[0]
        if (args.folders and folder not in args.folders) or not fold(expected):
            continue
        names = names_of(key)
        if not names:
            unknown[key] += 1
            continue
        if path not in cache:
            cache[path] = read_facts(args.program, corpus / path)
        facts = cache[path]
        found = [value for name in names for value in (facts or {}).get(name, [])]
        is_right = any(is_same(key, expected, value) for value in found) or in_stream_row(key, expected, facts)
        counts[folder][0] += is_right
        counts[folder][1] += 1
        if args.all or not is_right:
            print(f"{'ok  ' if is_right else 'MISS'} {path} {key}: {expected!r} found {found}")
    right, total = (sum(c[i] for c in counts.values()) for i in (0, 1))
    for folder in sorted(counts):
        print(f"{folder}: {counts[folder][0]} of {counts[folder][1]}")
    if unknown:
        print("keys without a name of ours:", dict(unknown))
    print(f"all: {right} of {total}, {100 * right / max(total, 1):.1f} %")
    return 0 if total and right >= 0.9 * total else 1


if __name__ == "__main__":
    sys.exit(main())
