#!/usr/bin/env python3
"""The keyword index beside tantivy, bm25s and SQLite's FTS5: SciFact again and again with a tenth of the words dropped in
the copies (103,660 documents), its first 200 questions, one thread. The engines take turns; each one's best round counts.

    bench/keyword_peer.py KEYWORD_BENCH COLLECTIONS [--rounds 5] [--copies 20]

Peers that are not installed are left out. tantivy has one field with title and text, English stems and frequencies; its
times do not read a stored field. Milliseconds are of the thread's processor time."""
import argparse
import json
import random
import re
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path

STOP = set("a an and are as at be but by for if in into is it no not of on or such that the their then there "
           "these they this to was will with".split())


def words(text):
    return [w for w in re.findall(r"[^\W_]+", text.lower()) if w not in STOP]


class Tantivy:
    name = "tantivy"

    def __init__(self, documents):
        import tantivy
        schema = tantivy.SchemaBuilder()
        schema.add_text_field("text", tokenizer_name="en_stem", index_option="freq")
        self.index = tantivy.Index(schema.build())
        writer = self.index.writer(200_000_000, 1)
        for title, text in documents:
            writer.add_document(tantivy.Document(text=title + " " + text))
        writer.commit()
        writer.wait_merging_threads()
        self.index.reload()
        self.searcher = self.index.searcher()

    def search(self, question, k):
        query, _ = self.index.parse_query_lenient(" ".join(words(question)), ["text"])
        return self.searcher.search(query, k).hits


class Bm25s:
    name = "bm25s"

    def __init__(self, documents):
        import Stemmer
        import bm25s
        self.lib, self.stemmer = bm25s, Stemmer.Stemmer("english")
        self.model = bm25s.BM25(method="lucene")
        self.model.index(self.lib.tokenize([f"{t} {x}" for t, x in documents], stopwords="en", stemmer=self.stemmer,
                                           show_progress=False), show_progress=False)

    def search(self, question, k):
        tokens = self.lib.tokenize([question], stopwords="en", stemmer=self.stemmer, show_progress=False, return_ids=False)
        return self.model.retrieve(tokens, k=k, show_progress=False, n_threads=0)[0][0]


class Fts5:
    name = "FTS5"

    def __init__(self, documents):
        self.db = sqlite3.connect(":memory:")
        self.db.execute('create virtual table t using fts5(a, b, content="", tokenize="porter unicode61")')
        self.db.executemany("insert into t(rowid, a, b) values(?, ?, ?)", ((i, a, b) for i, (a, b) in enumerate(documents)))
        self.db.execute("insert into t(t) values('optimize')")

    def search(self, question, k):
        match = " OR ".join(f'"{w}"' for w in words(question))
        return self.db.execute("select rowid from t where t match ? order by rank limit ?", (match, k)).fetchall()


def round_of(engine, questions, k):
    cpu = []
    for question in questions:
        began = time.thread_time_ns()
        engine.search(question, k)
        cpu.append((time.thread_time_ns() - began) / 1e6)
    cpu.sort()
    return {"cpu50": cpu[len(cpu) // 2], "cpu95": cpu[len(cpu) * 95 // 100]}


class Ours:
    name = "lectern"

    def __init__(self, program, folder, documents, questions):
        (folder / "documents").write_text("".join(f"{t}\t{x}\n" for t, x in documents))
        (folder / "questions").write_text("".join(q + "\n" for q in questions))
        self.process = subprocess.Popen([program, str(folder / "documents"), str(folder / "questions")], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)

    def round(self, k):
        self.process.stdin.write(f"{k}\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())


def load(collections, copies):
    rows = lambda name: [line.rstrip("\n").split("\t") for line in open(Path(collections) / "scifact" / name, encoding="utf-8")]
    judged = {r[0] for r in rows("qrels.tsv") if int(r[2]) > 0}
    questions = [re.sub(r'"|(?<!\S)-', " ", r[1]) for r in rows("queries.tsv") if r[0] in judged][:200]
    base, drop = [(r[1], r[2] if len(r) > 2 else "") for r in rows("corpus.tsv")], random.Random(1)
    documents = base + [(t, " ".join(w for w in x.split() if drop.random() > 0.1)) for _ in range(copies - 1) for t, x in base]
    return documents, questions


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("program")
    parser.add_argument("collections")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--copies", type=int, default=20)
    parser.add_argument("--only", default="")
    args = parser.parse_args()
    documents, questions = load(args.collections, args.copies)
    best = {}
    with tempfile.TemporaryDirectory() as folder:
        ours, peers = Ours(args.program, Path(folder), documents, questions), []
        for kind in (Tantivy, Bm25s, Fts5):
            if args.only and args.only != kind.name:
                continue
            try:
                peers.append(kind(documents))
            except ImportError:
                print(f"skipped: {kind.name} is not installed")
        for turn in range(args.rounds):
            for k in (10, 100):
                found = {ours.name: ours.round(k)}
                for peer in peers:
                    if peer.name != "FTS5" or turn == 0:
                        found[peer.name] = round_of(peer, questions, k)
                for name, times in found.items():
                    one = best.setdefault((name, k), dict(times))
                    one.update({key: min(one[key], times[key]) for key in ("cpu50", "cpu95")})
        ours.process.stdin.close()
        ours.process.wait()
    for (name, k), times in sorted(best.items(), key=lambda item: item[0][1]):
        print(json.dumps({"name": f"keyword top {k}", "who": name, "documents": len(documents),
                          "p50_ms": round(times["cpu50"], 2), "p95_ms": round(times["cpu95"], 2)}))


if __name__ == "__main__":
    sys.exit(main())
