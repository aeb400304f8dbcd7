#!/usr/bin/env python3
"""What one request costs a cluster outside the database: processor time of the nodes, statements, and who waits for a lock.

    cluster_cost.py PROGRAM [MODEL] [--nodes 1,3] [--count N] [--show KIND]

Prints one line of JSON for each number of nodes. Two cores do not show how much faster three nodes are; that a document
and a query cost three nodes what they cost one, and that no lock is waited for, does. `--show upload` lists the
statements of one kind of request, `--show idle` of none; `--count 0` measures an idle cluster alone. Needs PostgreSQL with pg_stat_statements and the S3 server of tools/backends."""
import argparse
import concurrent.futures
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "tests" / "cluster")]
WORDS = "harbour tide winter ferry timber quarry copper lantern granite orchard river market bridge engine signal".split()


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("model", nargs="?", default="")
    parser.add_argument("--nodes", default="1,3")
    parser.add_argument("--count", type=int, default=60)
    parser.add_argument("--show", default="")
    return parser.parse_args()


class Watched:
    """A cluster whose statements are counted and whose waiting for locks is sampled."""

    def __init__(self, folder, count, model):
        from parts import Cluster
        self.cluster = Cluster(folder, "embedded", {"LECTERN_PROVIDER_URL": "off", **({"LECTERN_MODEL": model} if model else {})}, count)
        self.waits, self.is_stopping = {}, False
        self.sql("CREATE EXTENSION IF NOT EXISTS pg_stat_statements")
        threading.Thread(target=self.sample, daemon=True).start()

    def sql(self, text):
        database = self.cluster.database
        return subprocess.run([str(database.bin / "psql"), "-h", "127.0.0.1", "-p", str(database.port), "-U", "postgres", "-qAtX", "-F", "\t",
                               "-c", text, "lectern1"], check=True, text=True, stdout=subprocess.PIPE).stdout.strip()

    def statements(self):
        rows = self.sql("SELECT calls, replace(left(query, 160), E'\\n', ' ') FROM pg_stat_statements WHERE query NOT LIKE '%pg_stat_%'").splitlines()
        counts = {}
        for row in rows:
            calls, query = row.split("\t", 1)
            counts[query] = counts.get(query, 0) + int(calls)
        return counts

    def sample(self):
        """Locks that are waited for, a hundred looks at them."""
        while not self.is_stopping:
            try:
                for row in self.sql("SELECT wait_event FROM pg_stat_activity WHERE wait_event_type = 'Lock'").split():
                    self.waits[row] = self.waits.get(row, 0) + 1
            except (OSError, subprocess.SubprocessError):
                return
            time.sleep(0.2)

    def cpu(self):
        return sum(tree_seconds(node.process.pid) for node in self.cluster.nodes)

    def measure(self, count, each):
        """Statements and processor seconds of `count` calls of each(n), less what an idle cluster takes in that time."""
        idle = self.idle if hasattr(self, "idle") else {}
        before, cpu, began = self.statements(), self.cpu(), time.monotonic()
        each()
        seconds, cpu = time.monotonic() - began, self.cpu() - cpu
        after = self.statements()
        more = {q: n - before.get(q, 0) - idle.get(q, 0) * seconds for q, n in after.items()}
        cpu -= getattr(self, "idle_cpu", 0) * seconds
        return {q: n / count for q, n in more.items() if n / count > 0.1}, cpu / count, seconds

    def learn_idle(self, seconds=60):
        more, cpu, took = self.measure(1, lambda: time.sleep(seconds))
        self.idle, self.idle_cpu = {q: n / took for q, n in more.items()}, cpu / took


def tree_seconds(pid):
    from parts import children_of
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except OSError:
        return 0
    return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK") + sum(map(tree_seconds, children_of(pid)))


def text(n):
    return " ".join(f"{WORDS[(n * 7 + i * i) % len(WORDS)]}{' ' + str(n * i) + '.' if i % 12 == 11 else ''}" for i in range(1200)).encode()


def requests_of(watched, count):
    """What each kind of request is; a function of its number."""
    nodes, ids = watched.cluster.nodes, []
    at = lambda n: nodes[n % len(nodes)]

    def upload(n):
        ids.append(at(n).upload((f"cost{n}.txt", text(n)))[0]["id"])

    def read_all():
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            list(pool.map(upload, range(count)))
        for n, document in enumerate(ids):
            at(n).wait_document(document, seconds=300)

    several = lambda each: lambda: [each(n) for n in range(count)]
    search = lambda n: at(n).post("/v1/search", {"query": f"{WORDS[n % 15]} {WORDS[n % 7]}"}).raise_for_status()
    return {"document": read_all, "search": several(search),
            "list": several(lambda n: at(n).get("/v1/documents?limit=20").raise_for_status()),
            "get": several(lambda n: at(n).get(f"/v1/documents/{ids[n]}").raise_for_status()),
            "ask": several(lambda n: at(n).post("/v1/ask", {"question": f"Where is the {WORDS[n % 15]}?", "save": False}).raise_for_status()),
            "task": several(lambda n: at(n).post("/v1/tasks", {"summary": f"Task {n}"}).raise_for_status())}


def is_transaction(query):
    return query.split(" ")[0] in ("BEGIN", "COMMIT", "ROLLBACK") or "set_config($" in query


def measure_all(folder, count, wanted):
    watched = Watched(folder, count, wanted.model)
    try:
        for node in watched.cluster.nodes:
            node.add((f"warm{node.name}.txt", text(10 ** 6 + node.port)))
            node.post("/v1/search", {"query": "harbour"}).raise_for_status()
        time.sleep(4)
        watched.learn_idle()
        row = {"name": f"nodes-{count}", "idle_statements_s": round(sum(watched.idle.values()) / count, 1), "idle_cpu": round(watched.idle_cpu / count, 4)}
        if wanted.show == "idle":
            for query, number in sorted(watched.idle.items(), key=lambda item: -item[1]):
                print(f"{number:6.1f}  {query}", file=sys.stderr)
        for kind, run in requests_of(watched, wanted.count).items() if wanted.count else ():
            statements, cpu, seconds = watched.measure(wanted.count, run)
            own = {q: n for q, n in statements.items() if not is_transaction(q)}
            row[kind] = {"cpu_ms": round(cpu * 1000, 2), "statements": round(sum(own.values()), 1),
                         "transactions": round(sum(n for q, n in statements.items() if q.startswith("BEGIN")), 1), "seconds": round(seconds, 1)}
            if kind == wanted.show:
                for query, number in sorted(statements.items(), key=lambda item: -item[1]):
                    print(f"{number:6.1f}  {query}", file=sys.stderr)
        watched.is_stopping = True
        row["lock_waits_seen"] = watched.waits
        return row
    finally:
        watched.cluster.stop()


def main():
    wanted = arguments()
    os.environ["LECTERN"] = wanted.program
    # The database counts its statements from its start on.
    import conftest
    conftest.POSTGRES_OPTIONS = "-c shared_preload_libraries=pg_stat_statements"
    for count in map(int, wanted.nodes.split(",")):
        folder = Path(tempfile.mkdtemp(prefix="lectern-cost-"))
        folder.chmod(0o755)
        try:
            print(json.dumps(measure_all(folder, count, wanted)), flush=True)
        finally:
            shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
