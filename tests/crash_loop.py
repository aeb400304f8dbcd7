"""Kill the server at any moment while files are uploaded, many times, and tear files of its index in
every other round; it must listen at once each time.  Then check that every file that was acknowledged
is there, once, becomes ready and is found, and that the index holds all chunks and vectors.

    crash_loop.py [ROUNDS [SEED]]"""
import random
import socket
import sys
import tempfile
import threading
import time
from pathlib import Path

import requests

sys.path.insert(0, str(Path(__file__).parent))
from conftest import Server  # noqa: E402


class Uploader(threading.Thread):
    """Uploads small, distinct files one after the other until told to stop."""

    def __init__(self, server, prefix, acknowledged):
        super().__init__(daemon=True)
        self.server, self.prefix, self.acknowledged = server, prefix, acknowledged
        self.stopping = False

    def run(self):
        number = 0
        while not self.stopping:
            name = f"{self.prefix}-{number}.txt"
            number += 1
            text = f"Note {name}. The number of this note is {random.random()}.\n" * random.randint(1, 4)
            try:
                answer = requests.post(f"{self.server.url}/v1/documents", timeout=10,
                                       headers={"Authorization": f"Bearer {self.server.key}"},
                                       files=[("file", (name, text.encode()))])
            except requests.RequestException:
                return
            if answer.status_code == 202:
                for document in answer.json()["documents"]:
                    self.acknowledged[name] = document["id"]


def tear_index(server):
    """Some of its files cut, flipped or gone."""
    files = [f for f in (server.data / "index").rglob("*") if f.is_file()]
    for file in random.sample(files, min(len(files), random.randint(1, 3))):
        content = bytearray(file.read_bytes())
        how = random.choice(["cut", "flipped", "gone"])
        if how == "gone" or not content:
            file.unlink()
        elif how == "cut":
            file.write_bytes(content[:random.randrange(len(content))])
        else:
            content[random.randrange(len(content))] ^= 1 << random.randrange(8)
            file.write_bytes(content)


def start_listening(server):
    """Seconds from the start until it takes connections."""
    began = time.monotonic()
    server.start(wait=False)
    while True:
        with socket.socket() as s:
            if s.connect_ex(("127.0.0.1", server.port)) == 0:
                return time.monotonic() - began
        if server.process.poll() is not None or time.monotonic() - began > 30:
            raise RuntimeError(f"the server does not listen: {server.log.read_text()[-2000:]}")
        time.sleep(0.005)


def all_documents(server):
    after, found = None, []
    while True:
        page = server.get("/v1/documents", params={"limit": 100, **({"after": after} if after else {})}).json()
        found += page["items"]
        after = page["next"]
        if not after:
            return found


def check(server, acknowledged, quiet_seconds=90):
    """Every acknowledged document is there once and ready; waits as long as work goes on."""
    left, end = None, 0
    while True:
        documents = all_documents(server)
        waiting = sum(d["state"] in ("queued", "extracting", "indexing") for d in documents)
        if waiting != left:
            left, end = waiting, time.monotonic() + quiet_seconds
        if not waiting or time.monotonic() > end:
            break
        time.sleep(1)
    names = [d["name"] for d in documents]
    states = {d["name"]: d["state"] for d in documents}
    lost = [n for n in acknowledged if n not in states]
    twice = {n for n in names if names.count(n) > 1} if len(names) != len(set(names)) else set()
    not_ready = {n: s for n, s in states.items() if s != "ready"}
    return lost, twice, not_ready


def check_index(server, acknowledged, seconds=60):
    """What the index lacks of the database, once it has caught up."""
    end = time.monotonic() + seconds
    while True:
        statistics, index = server.get("/v1/statistics").json(), server.get("/health").json()["index"]
        is_whole = index["chunks"] == statistics["chunks"] and index["vectors"] in (0, index["chunks"])
        if is_whole and index["state"] == "ready" and not index["waiting_changes"]:
            break
        if time.monotonic() > end:
            return [f"{index} of {statistics['chunks']} chunks"]
        time.sleep(0.2)
    names = random.sample(list(acknowledged), min(len(acknowledged), 50))
    found = {name: server.post("/v1/search", {"query": f'"{name}"', "mode": "keyword"}).json()["results"] for name in names}
    return [name for name in names if name not in [r["document"]["name"] for r in found[name]]]


def crash(server, rounds, acknowledged):
    """Kill and start again, `rounds` times; then what check() finds, what the index lacks, and the
    slowest seconds until it listened."""
    server.new_key()
    slowest = 0
    for round_number in range(rounds):
        uploaders = [Uploader(server, f"r{round_number}u{u}", acknowledged) for u in range(2)]
        for uploader in uploaders:
            uploader.start()
        time.sleep(random.uniform(0.02, 0.6))
        server.kill()
        for uploader in uploaders:
            uploader.stopping = True
            uploader.join()
        if round_number % 2:
            tear_index(server)
        slowest = max(slowest, start_listening(server))
        server.wait_ready()
        if sys.stdout.isatty() or round_number % 20 == 19:
            print(f"round {round_number + 1}/{rounds}: {len(acknowledged)} files acknowledged", flush=True)
    return (*check(server, acknowledged), check_index(server, acknowledged), slowest)


def main():
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    random.seed(int(sys.argv[2]) if len(sys.argv) > 2 else None)
    acknowledged = {}
    with tempfile.TemporaryDirectory(prefix="lectern-crash-") as folder:
        server = Server(Path(folder) / "library").start()
        try:
            lost, twice, not_ready, not_found, slowest = crash(server, rounds, acknowledged)
        except Exception:
            print(server.log.read_text()[-4000:])
            raise
        server.stop()
    print(f"{rounds} kills, {len(acknowledged)} files acknowledged, {len(lost)} lost, {len(twice)} twice, "
          f"{len(not_ready)} not ready, {len(not_found)} not found; listening after at most {slowest:.2f} s")
    for label, bad in (("lost", lost), ("twice", twice), ("not ready", not_ready), ("not found", not_found)):
        if bad:
            print(label, list(bad)[:10])
    return 1 if lost or twice or not_ready or not_found else 0


if __name__ == "__main__":
    sys.exit(main())
