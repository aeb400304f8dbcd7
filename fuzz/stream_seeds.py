#!/usr/bin/env python3
"""stream_seeds.py OUT - the documented answers of every dialect into OUT, as fuzz_service_stream takes them."""
import os
import re
import sys

HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
GOLDEN = os.path.join(HERE, "src", "gateway", "golden")
KINDS = ["stream", "whole", "completion", "embedding", "rerank", "transcription"]  # as the target has them


def main():
    out = sys.argv[1]
    with open(os.path.join(HERE, "src", "gateway", "dialects.def"), encoding="utf-8") as file:
        dialects = re.findall(r"^DIALECT\((\w+)\)", file.read(), re.M)
    os.makedirs(out, exist_ok=True)
    for name in sorted(os.listdir(GOLDEN)):
        if not name.endswith(".wire"):
            continue
        dialect, kind, _ = name.split(".")
        with open(os.path.join(GOLDEN, name), "rb") as file:
            answer = file.read()
        head = bytes([dialects.index(dialect), KINDS.index(kind.split("-")[0]), 128])
        with open(os.path.join(out, name), "wb") as file:
            file.write(head + answer)


main()
