#!/usr/bin/env python3
"""How valid and how useful study content is that is made without a model service, over ../shared/corpus.

    bench/lessons_score.py PROGRAM [--frozen] [--show N] [--files N]

Documents of prose in twelve formats; those whose name's SHA-1 is even are for tuning, the others (--frozen) are only
measured. Each is asked for a quiz of 12, 12 cards, an outline, a summary, examples and practice. An item is

  stands     when its source's bytes are its quote, and its answer stands in the quote (of a choice for a term: the term);
  one right  a choice: options differ, one is the answer, no other stands in the quote (unless the question names it);
  readable   the question has 3 to 45 words, one question mark at its end or one gap, does not begin with a small letter or a
             sign, does not lean on what stands elsewhere ("it", "this"), has its brackets and quotation marks
             closed, no "whom whom", and does not contain its answer;
  useful     stands, one right and readable together."""
import argparse
import hashlib
import json
import re
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CORPUS = ROOT.parent / "shared" / "corpus"
ENDINGS = {".docx", ".odt", ".html", ".md", ".epub", ".pdf", ".pptx", ".rtf", ".txt", ".csv", ".xlsx", ".doc"}
SIZE = (1500, 3_000_000)
LEANING = re.compile(r"^(it|its|this|that|these|those|he|she|his|her|they|their|we|our|i|you|your|such|here|there|then|however|but|and|or|also|thus)\b", re.I)


def is_frozen(path):
    return int(hashlib.sha1(path.name.encode()).hexdigest(), 16) % 2 == 1


class Library:
    def __init__(self, program, folder):
        self.program, self.folder = program, folder
        self.port = 18000 + int(hashlib.sha1(folder.encode()).hexdigest(), 16) % 20000
        self.log = open(Path(folder) / "log", "wb")
        self.process = subprocess.Popen([program, "serve", "--data", f"{folder}/library", "--listen", f"127.0.0.1:{self.port}",
                                         "--provider-url", "off"], stdout=self.log, stderr=self.log)
        self.key = None
        for _ in range(300):
            try:
                self.call("GET", "/ready")
                break
            except OSError:
                time.sleep(0.1)
        made = subprocess.run([program, "keys", "add", "bench", "--data", f"{folder}/library"], capture_output=True, text=True, check=True)
        self.key = made.stdout.split()[-1]

    def call(self, method, path, body=None, raw=False):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", data=data, method=method)
        request.add_header("Content-Type", "application/json")
        if self.key:
            request.add_header("Authorization", f"Bearer {self.key}")
        with urllib.request.urlopen(request, timeout=300) as answer:
            content = answer.read()
        return content if raw else json.loads(content or b"null")

    def add(self, paths):
        subprocess.run([self.program, "add", "--data", f"{self.folder}/library", *map(str, paths)], capture_output=True, check=False)

    def stop(self):
        self.process.terminate()
        self.process.wait(60)


def flat(text):
    return " ".join(text.split())


def is_readable(question, answer):
    shown = re.sub(r"\{\{c1::.*?\}\}", "____", question)
    words = shown.split()
    if not 3 <= len(words) <= 45 or LEANING.match(shown) or (shown[0].islower() and shown[0] != "_") or shown[0] in "•-.,;:)":
        return False
    ends = question.rstrip().endswith("?")
    if ends == ("____" in question or "{{c1::" in question) or question.count("?") > 1:
        return False
    if any(question.count(a) != question.count(b) for a, b in ("()", "[]")) or "whom whom" in question or "  " in question:
        return False
    return flat(answer).lower() not in shown.lower() or len(answer) < 3


def judge(item, text):
    """(stands, one right, readable) of a question or card."""
    source = item["source"]
    quote = source["quote"]
    stands = text[source["start"]:source["end"]].decode("utf-8", "replace") == quote
    question, answer = item.get("question", item.get("front")), item.get("answer", item.get("back"))
    shown = flat(quote)
    stands = stands and flat(answer).lower() in shown.lower()
    one = True
    if item.get("kind") == "choice":
        others = [o for o in item["options"] if o != item["answer"]]
        one = len(others) == len(set(item["options"])) - 1 >= 2 and not any(
            o.lower() in shown.lower() and o.lower() not in question.lower() for o in others)
        if "table give" in question or "Tabelle" in question:  # a row's other columns are another question
            one = len(others) == len(set(item["options"])) - 1 >= 2
    return stands, one, is_readable(question, answer)


def measure(library, documents, show):
    counts = {kind: [0, 0, 0, 0, 0] for kind in ("quiz", "flashcards")}
    kinds = {kind: [0, 0] for kind in ("quiz", "flashcards", "outline", "summary", "examples", "practice")}
    bad, shown, took = [], [], []
    for document in documents:
        text = library.call("GET", f"/v1/documents/{document['id']}/text", raw=True)
        for kind in kinds:
            began = time.monotonic()
            try:
                made = library.call("POST", "/v1/study/make", {"kind": kind, "document": document["id"], "count": 0 if kind == "outline" else 12, "fresh": True})
            except urllib.error.HTTPError as error:
                if error.code >= 500:
                    raise
                continue
            took.append(time.monotonic() - began)
            kinds[kind][0] += 1
            kinds[kind][1] += len(made["items"])
            for item in made["items"]:
                source = item["source"]
                assert text[source["start"]:source["end"]].decode("utf-8", "replace") == source["quote"], (document["name"], item)
                if kind not in counts:
                    continue
                verdict = judge(item, text)
                counts[kind][0] += 1
                for i, good in enumerate(verdict):
                    counts[kind][i + 1] += good
                counts[kind][4] += all(verdict)
                line = f"{document['name'][:30]} {item.get('question', item.get('front'))} -> {item.get('answer', item.get('back'))} {item.get('options', '')}"
                (shown if all(verdict) else bad).append(line if all(verdict) else f"{verdict} {line}")
    for line in bad[:show] + shown[::max(1, len(shown) // max(1, 3 * show))][:3 * show]:
        print(line)
    for kind, (total, stands, one, readable, useful) in counts.items():
        total = max(total, 1)
        print(f"{kind}: {total} items: stands {stands / total:.3f}, one right {one / total:.3f}, readable {readable / total:.3f}, useful {useful / total:.3f}")
    print("documents with any, and items: " + "; ".join(f"{kind} {n} {items}" for kind, (n, items) in kinds.items()) + f"; of {len(documents)}")
    took.sort()
    print(f"time: median {1000 * took[len(took) // 2]:.0f} ms, longest {1000 * took[-1]:.0f} ms")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("--frozen", action="store_true")
    parser.add_argument("--show", type=int, default=0)
    parser.add_argument("--files", type=int, default=80)
    arguments = parser.parse_args()
    if not CORPUS.is_dir():
        print("skipped: needs ../shared")
        return
    paths = [p for p in sorted(CORPUS.rglob("*")) if p.suffix in ENDINGS and SIZE[0] <= p.stat().st_size <= SIZE[1] and is_frozen(p) == arguments.frozen]
    paths.sort(key=lambda p: hashlib.sha1(p.name.encode()).hexdigest())
    with tempfile.TemporaryDirectory(prefix="lectern-lessons-") as folder:
        library = Library(arguments.program, folder)
        try:
            library.add(paths[:arguments.files])
            documents = [d for d in library.call("GET", "/v1/documents?limit=200")["items"] if d["state"] == "ready"]
            print(f"{'frozen' if arguments.frozen else 'tuning'} half, {len(documents)} documents")
            measure(library, documents, arguments.show)
        finally:
            library.stop()


if __name__ == "__main__":
    sys.exit(main())
