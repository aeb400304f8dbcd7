#!/usr/bin/env python3
"""Questions with known places (../shared/truth) asked of a library that holds the test corpus.

  bench/truth.py                      a library in a temporary folder; figures on standard output
  bench/truth.py --data DIR           the same, kept in DIR: the second run adds nothing
  bench/truth.py --files 40           only that many files and the questions about them (quick)

Files whose kind the server refuses are left out, and so are questions about them.  The scoring is
../shared/truth/score.py; --out keeps its line for each question.  Then our own questions (bench/truth) are asked, the
half that is tuned on, the half that is frozen, and those for development.  At last every sentence that an answer quotes is looked up in the
text of its document: whether its quote stands there word for word, and holds the sentence's words.
"""
import argparse
import hashlib
import http.client
import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
import uuid
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TRUTH = ROOT.parent / "shared" / "truth"
CORPUS = ROOT.parent / "shared" / "corpus"
OWN = ROOT / "bench" / "truth" / "questions.tsv"
DEVELOPMENT = ROOT / "bench" / "truth" / "development.tsv"
PROGRAM = Path(os.environ.get("LECTERN", ROOT / "build" / "lectern"))


def read_tsv(path):
    head, *lines = path.read_text(encoding="utf-8").rstrip("\n").split("\n")
    names = head.split("\t")
    return [dict(zip(names, line.split("\t"))) for line in lines]


def is_frozen(question):
    return int(hashlib.sha256(question["id"].encode()).hexdigest()[0], 16) % 2 == 0


def files_of(question):
    return [name for name in question["file"].split(" || ") if name]


class Server:
    def __init__(self, data, arguments=()):
        self.data, self.arguments = Path(data), list(arguments)

    def __enter__(self):
        self.log = open(self.data / "truth.log", "ab")
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.process = subprocess.Popen([str(PROGRAM), "serve", "--data", str(self.data), "--listen",
                                         f"127.0.0.1:{self.port}", "--provider-url", "off", *self.arguments],
                                        stdout=self.log, stderr=self.log)
        for _ in range(600):
            if self.process.poll() is not None:
                sys.exit(f"the server ended: see {self.log.name}")
            try:
                urllib.request.urlopen(self.url + "/health", timeout=5).close()
                break
            except OSError:
                time.sleep(0.05)
        done = subprocess.run([str(PROGRAM), "keys", "add", "truth", "--data", str(self.data)],
                              capture_output=True, text=True, check=True)
        self.key = done.stdout.split()[-1]
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(60)
        self.log.close()

    def get(self, path):
        request = urllib.request.Request(self.url + path, headers={"Authorization": f"Bearer {self.key}"})
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)

    def ask(self, question):
        request = urllib.request.Request(self.url + "/v1/ask", json.dumps({"question": question}).encode(),
                                         {"Authorization": f"Bearer {self.key}", "Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)

    def text(self, document):
        request = urllib.request.Request(f"{self.url}/v1/documents/{document}/text?format=text",
                                         headers={"Authorization": f"Bearer {self.key}"})
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.read()

    def upload(self, name):
        """The document's id, or None when the server does not read such files."""
        edge = uuid.uuid4().hex
        body = (f'--{edge}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n').encode()
        body += (CORPUS / name).read_bytes() + f"\r\n--{edge}--\r\n".encode()
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        connection.request("POST", "/v1/documents", body,
                           {"Authorization": f"Bearer {self.key}", "Content-Type": f"multipart/form-data; boundary={edge}"})
        answer = connection.getresponse()
        reply = json.loads(answer.read() or b"{}")
        connection.close()
        return reply["documents"][0]["id"] if answer.status == 202 else None

    def without_failed(self, names):
        """Some kinds are known for what they are only once they are read."""
        failed = {d["name"] for d in self.get("/v1/documents?state=failed&limit=1000&parent=none")["items"]}
        return {name for name in names if name.split("/")[-1] not in failed}

    def is_ready(self):
        """Whether the index holds what the database holds: a new kind of index is made from it first."""
        try:
            return self.get("/ready")["ready"]
        except urllib.error.HTTPError:
            return False

    def has_vectors(self):
        with urllib.request.urlopen(self.url + "/health", timeout=5) as answer:
            return json.load(answer)["index"]["vectors"] > 0

    def wait(self, seconds):
        """Until everything is read, in the index and, with a model, embedded."""
        end, has_model = time.monotonic() + seconds, self.get("/v1/session")["server"]["model"] is not None
        while time.monotonic() < end:
            statistics = self.get("/v1/statistics")
            is_embedded = not has_model or statistics["vectors"] >= statistics["chunks"]
            if not statistics["running"] and is_embedded and self.is_ready():
                return
            time.sleep(0.5)
        print("some files are not ready yet", file=sys.stderr)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def choose(questions, names, count):
    """The smallest files that questions are about, with those questions."""
    size = {name: (CORPUS / name).stat().st_size for name in names}
    asked = {f for q in questions if q["kind"] != "count" for f in files_of(q) if f in size}
    kept = set(sorted(asked, key=size.get)[:count])
    return [n for n in names if n in kept], [q for q in questions
                                              if q["kind"] == "unanswerable" or (files_of(q) and set(files_of(q)) <= kept)]


def words_of(text):
    return re.findall(r"\w+", text.casefold())


# The names of a table's columns, which a quoted row is told with, stand so far before it at most.
HEADER_BYTES = 20000


def is_supported(sentence, citations, texts):
    """Each quote stands at its place, and the words of the sentence in the quotes or in the headers of their tables."""
    held = set()
    for citation in citations:
        text, start, end = texts(citation["document"]["id"]), citation["start"], citation["end"]
        if text[start:end].decode(errors="replace") != citation["quote"]:
            return False
        held.update(words_of(citation["quote"]))
        if ": " in sentence["text"]:
            held.update(words_of(text[max(0, start - HEADER_BYTES):start].decode(errors="ignore")))
    return bool(citations) and set(words_of(sentence["text"])) <= held


def check_support(server, questions):
    known, right, count = {}, 0, 0

    def texts(document):
        if document not in known:
            known[document] = server.text(document)
        return known[document]

    for question in questions:
        reply = server.ask(question["question"])
        cited = {c["number"]: c for c in reply["citations"]}
        for sentence in reply["sentences"]:
            count += 1
            supported = is_supported(sentence, [cited[n] for n in sentence["citations"]], texts)
            right += supported
            if not supported:
                print(f"not in its passage: {question['id']}: {sentence['text'][:200]}", file=sys.stderr)
    print(f"supported word for word: {right} of {count} cited sentences")
    return right != count


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--data")
    options.add_argument("--files", type=int, default=0)
    options.add_argument("--out", default="")
    options.add_argument("--model", default="")
    options = options.parse_args()
    if not TRUTH.is_dir():
        sys.exit("skipped: needs ../shared")
    questions = read_tsv(TRUTH / "questions.tsv")
    names = [row["path"] for row in read_tsv(CORPUS / "MANIFEST.tsv") if not row["path"].startswith("malformed/")]
    if options.files:
        names, questions = choose(questions, names, options.files)
    data = options.data or tempfile.mkdtemp(prefix="lectern-truth-")
    Path(data).mkdir(parents=True, exist_ok=True)
    with Server(data, ["--model", options.model] if options.model else []) as server:
        taken_path = Path(data) / "taken.json"
        if taken_path.is_file():
            taken = set(json.loads(taken_path.read_text()))
        else:
            taken = {name for name in names if server.upload(name)}
            taken_path.write_text(json.dumps(sorted(taken)))
        server.wait(1800)
        if not server.has_vectors():
            sys.exit(f"the library in {data} has no vectors: is there a model in {options.model or 'its usual place'}?")
        taken = server.without_failed(taken)
        failed = score(server, [q for q in questions if set(files_of(q)) <= taken], options.out, data)
        own = [] if options.files else [q for q in read_tsv(OWN) if set(files_of(q)) <= taken]
        development = [] if options.files else [q for q in read_tsv(DEVELOPMENT) if set(files_of(q)) <= taken]
        for name, some in (("tuned", [q for q in own if not is_frozen(q)]), ("frozen", [q for q in own if is_frozen(q)]),
                           ("development", development)):
            if some:
                failed |= score(server, some, "", data, name)
        # The number of files is counted, not quoted.
        failed |= check_support(server, [q for q in questions + own + development if q["kind"] != "count"])
        return failed


def score(server, questions, out, data, name=""):
    path = Path(data) / f"{name}questions.tsv"
    columns = list(questions[0])
    path.write_text("\n".join("\t".join(row) for row in [columns] + [[q[c] for c in columns] for q in questions]) + "\n")
    out = out or str(Path(data) / f"{name}replies.jsonl")
    done = subprocess.run([sys.executable, str(TRUTH / "score.py"), "--url", server.url, "--key", server.key,
                           "--questions", str(path), "--out", out], stdout=subprocess.PIPE, text=True)
    print((f"our own questions, {name}:\n" if name else "") + done.stdout, end="")
    replies = [json.loads(line) for line in open(out, encoding="utf-8")]

    def share(key, kinds):
        values = [r[key] for r in replies if r.get(key) is not None and kinds(r["kind"])]
        return sum(values) / len(values) if values else 0
    answerable = (lambda kind: kind != "unanswerable")
    print(f"{name and name + ': '}questions {len(replies)}  file {share('file', answerable):.3f}  place {share('place', answerable):.3f}  "
          f"answer {share('answer', answerable):.3f}  refused rightly {share('refusal', lambda k: k == 'unanswerable'):.3f}  "
          f"refused wrongly {share('refused', answerable):.3f}")
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
