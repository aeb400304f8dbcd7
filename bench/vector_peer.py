#!/usr/bin/env python3
"""Vector search of other programs, measured as bench/vector_bench.c measures ours.

    vector_peer.py CACHE [PART...]       parts: flat other filter many

CACHE has base.f32, query.f32 and other.f32 of vector_texts; graphs, which take long to build, are kept there with the time
that took. One thread; times are of the processor, the best of several passes. A program that is not installed
is left out with a line."""
import json
import sys
import time
from pathlib import Path

import numpy as np

QUERIES, K, PASSES, DIMS = 1000, 10, 3, 384
MANY, MANY_QUERIES, MANY_NOISE = 200_000, 100, 0.025
CACHE = Path(sys.argv[1])


def load():
    read = lambda name: np.fromfile(CACHE / name, np.float32).reshape(-1, DIMS)
    return read("base.f32"), read("query.f32")


def truth(base, queries, mask=None):
    best = []
    for i in range(0, len(queries), 50):
        scores = queries[i:i + 50] @ base.T
        if mask is not None:
            scores[:, ~mask] = -9
        best.append(np.argpartition(-scores, K, axis=1)[:, :K])
    return np.concatenate(best)


def timed(work):
    """(CPU seconds, clock seconds, what the last pass gave) of the best pass."""
    cpu, clock, got = 1e9, 1e9, None
    for _ in range(PASSES):
        c, w = time.process_time(), time.perf_counter()
        got = work()
        cpu, clock = min(cpu, time.process_time() - c), min(clock, time.perf_counter() - w)
    return cpu, clock, got


def show(what, who, best, work, **more):
    cpu, clock, got = timed(work)
    found = np.mean([len(set(map(int, a)) & set(map(int, b))) / len(b) for a, b in zip(got, best)])
    print(json.dumps({"what": f"vectors {what}", "who": who, "recall": round(float(found), 4), "qps": round(len(best) / cpu),
                      "qps_clock": round(len(best) / clock), **more}), flush=True)


def built(name, make, save, load_it):
    """A graph and how many vectors a second its building took, from the cache when it is there."""
    path, note = CACHE / name, CACHE / f"{name}.json"
    if path.exists() and note.exists():
        return load_it(str(path)), json.loads(note.read_text())["build"]
    start = time.process_time()
    graph, count = make()
    rate = round(count / (time.process_time() - start))
    save(graph, str(path))
    note.write_text(json.dumps({"build": rate}))
    return graph, rate


def hnswlib_graph(base, name):
    import hnswlib

    def make():
        graph = hnswlib.Index("ip", DIMS)
        graph.init_index(len(base), M=16, ef_construction=200, random_seed=1)
        graph.add_items(base, np.arange(len(base)), num_threads=1)
        return graph, len(base)

    def again(path):
        graph = hnswlib.Index("ip", DIMS)
        graph.load_index(path)
        return graph
    return built(name, make, lambda graph, path: graph.save_index(path), again)


def faiss_graph(base):
    import faiss

    def make():
        graph = faiss.IndexHNSWFlat(DIMS, 32, faiss.METRIC_INNER_PRODUCT)
        graph.hnsw.efConstruction = 100
        graph.add(base)
        return graph, len(base)
    return built("faiss.hnsw", make, faiss.write_index, faiss.read_index)


def hnswlib_rows(what, base, queries, best, name):
    graph, rate = hnswlib_graph(base, name)
    for ef in (32, 64, 68, 72, 80, 96):
        graph.set_ef(ef)
        show(what, f"hnswlib ef {ef}", best, lambda: graph.knn_query(queries, K, num_threads=1)[0],
             bytes=round(graph.index_file_size() / len(base)), build=rate)


def faiss_rows(base, queries, best):
    import faiss
    faiss.omp_set_num_threads(1)
    exact = faiss.IndexFlatIP(DIMS)
    exact.add(base)
    show("flat", "FAISS Flat", best[:100], lambda: np.concatenate([exact.search(q[None], K)[1] for q in queries[:100]]), bytes=1536)
    graph, rate = faiss_graph(base)
    for ef in (64, 128):
        graph.hnsw.efSearch = ef
        show("flat", f"FAISS HNSW32 ef {ef}", best, lambda: graph.search(queries, K)[1], build=rate)


def usearch_rows(base, queries, best):
    from usearch.index import Index
    fresh = lambda: Index(ndim=DIMS, metric="ip", dtype="f32", connectivity=16, expansion_add=128)

    def make():
        graph = fresh()
        graph.add(np.arange(len(base)), base, threads=1)
        return graph, len(base)

    def again(path):
        graph = fresh()
        graph.load(path)
        return graph
    graph, rate = built("usearch.f32", make, lambda g, path: g.save(path), again)
    graph.expansion_search = 64
    show("flat", "usearch f32 ef 64", best, lambda: graph.search(queries, K, threads=1).keys, build=rate)


def sqlite_rows(base, queries, best):
    import sqlite3

    import sqlite_vec
    db = sqlite3.connect(":memory:")
    db.enable_load_extension(True)
    sqlite_vec.load(db)
    db.execute(f"create virtual table v using vec0(e float[{DIMS}] distance_metric=cosine)")
    db.executemany("insert into v(rowid, e) values (?, ?)", ((i, x.tobytes()) for i, x in enumerate(base)))
    sql = f"select rowid from v where e match ? and k = {K}"
    show("flat", "sqlite-vec float", best[:20], lambda: [[r[0] for r in db.execute(sql, (q.tobytes(),))] for q in queries[:20]])


def flat(base, queries):
    best = truth(base, queries)
    for rows in (lambda *a: hnswlib_rows("flat", *a, "hnswlib.bin"), faiss_rows, usearch_rows, sqlite_rows):
        try:
            rows(base, queries, best)
        except (ImportError, AttributeError) as why:
            print(f"skipped: {why}")


def others(base, queries):
    """Texts that are no queries: further windows, and everyday sentences, which are near nothing."""
    other = np.fromfile(CACHE / "other.f32", np.float32).reshape(2, QUERIES, DIMS)
    for kind, some in zip(("windows", "everyday"), other):
        hnswlib_rows(f"other {kind}", base, some, truth(base, some), "hnswlib.bin")


def filters(base, queries):
    import faiss
    faiss.omp_set_num_threads(1)
    exact, some = faiss.IndexFlatIP(DIMS), queries[:200]
    exact.add(base)
    for share in (0.001, 0.01, 0.1, 0.5):
        mask = np.arange(len(base), dtype=np.uint64) * np.uint64(2654435761) % np.uint64(2**32) < share * 2.0**32
        chosen = faiss.SearchParameters(sel=faiss.IDSelectorBitmap(np.packbits(mask, bitorder="little")))
        show(f"filter {share:g}", "FAISS Flat with a bitmap", truth(base, some, mask),
             lambda: np.concatenate([exact.search(q[None], K, params=chosen)[1] for q in some]))


def many(base, queries):
    """A graph of a million takes an hour to build: of a fifth of them, which flatters the graph."""
    noise, rows = np.random.default_rng(5), []
    for start in range(0, MANY, len(base)):
        part = base[:MANY - start] + np.float32(MANY_NOISE) * noise.standard_normal((min(len(base), MANY - start), DIMS), np.float32)
        rows.append(part / np.linalg.norm(part, axis=1, keepdims=True))
    base, queries = np.concatenate(rows), queries[::QUERIES // MANY_QUERIES]
    hnswlib_rows(f"{MANY:,}", base, queries, truth(base, queries), "hnswlib-many.bin")


if __name__ == "__main__":
    PARTS = {"flat": flat, "other": others, "filter": filters, "many": many}
    vectors = load()
    for part in sys.argv[2:] or ["flat", "other", "filter"]:
        try:
            PARTS[part](*vectors)
        except ImportError as why:
            print(f"skipped: {why}")
