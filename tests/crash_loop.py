"""Kill the server at any moment while files are uploaded, many times; then check that every file
that was acknowledged is there, once, and becomes ready.  crash_loop.py [ROUNDS]"""
import random
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


def crash(server, rounds, acknowledged):
    """Kill and start again, `rounds` times; then what check() finds."""
    server.new_key()
    for round_number in range(rounds):
        uploaders = [Uploader(server, f"r{round_number}u{u}", acknowledged) for u in range(2)]
        for uploader in uploaders:
            uploader.start()
        time.sleep(random.uniform(0.02, 0.6))
        server.kill()
        for uploader in uploaders:
            uploader.stopping = True
            uploader.join()
        server.start()
        if sys.stdout.isatty() or round_number % 20 == 19:
            print(f"round {round_number + 1}/{rounds}: {len(acknowledged)} files acknowledged", flush=True)
    return check(server, acknowledged)


def main():
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    random.seed(int(sys.argv[2]) if len(sys.argv) > 2 else None)
    acknowledged = {}
    with tempfile.TemporaryDirectory(prefix="lectern-crash-") as folder:
        server = Server(Path(folder) / "library").start()
        try:
            lost, twice, not_ready = crash(server, rounds, acknowledged)
        except Exception:
            print(server.log.read_text()[-4000:])
            raise
        server.stop()
    print(f"{rounds} kills, {len(acknowledged)} files acknowledged, {len(lost)} lost, {len(twice)} twice, "
          f"{len(not_ready)} not ready")
    for label, bad in (("lost", lost), ("twice", twice), ("not ready", not_ready)):
        if bad:
            print(label, list(bad)[:10])
    return 1 if lost or twice or not_ready else 0


if __name__ == "__main__":
    sys.exit(main())
