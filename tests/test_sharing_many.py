"""A collection of many documents is restricted and opened while somebody who is not in its list asks for them, over both databases."""
import threading
import time

import pytest
from conftest import wait_until

COUNT = 300  # more than are changed in one transaction (GUARD_STEP)
ROUNDS = 4


@pytest.fixture(scope="module")
def shelf(server):
    """The collection, one of its documents (the last of the walk) and a key that is in no list."""
    server.admin = server.cli("keys", "add", "admin", "--role", "admin").stdout.split()[-1]
    collection = server.post("/v1/collections", {"name": "Many"}).json()["id"]
    ids = []
    for first in range(0, COUNT, 50):
        files = [(f"kestrel {n}.txt", f"The kestrel number {n} nests on ledge {n}.\n".encode()) for n in range(first, first + 50)]
        ids += [one["id"] for one in server.upload(*files, collection=collection)]
    for one in ids:
        server.wait_document(one, seconds=240)
    reader = server.cli("keys", "add", "reader", "--role", "reader").stdout.split()[-1]
    yield collection, ids[-1], reader
    for one in ids:
        server.call("DELETE", f"/v1/documents/{one}?erase=1")


def share(server, collection, is_restricted):
    answer = server.call("PUT", f"/v1/collections/{collection}/access", key=server.admin, json={"restricted": is_restricted, "grants": []})
    assert answer.status_code == 200 and answer.json()["restricted"] == is_restricted, answer.text


def asked(server, collection, document, reader):
    """What the reader is shown of the collection, one way after the other."""
    def told(path):
        answer = server.get(path, key=reader)
        return answer.json() if answer.status_code == 200 else {}
    yield "list", told("/v1/documents?limit=5").get("total", 0)
    yield "list of the collection", told(f"/v1/documents?collection={collection}").get("total", 0)
    yield "search", len(told("/v1/search?q=kestrel&mode=keyword").get("results", []))
    yield "hybrid search", len(told("/v1/search?q=kestrel").get("results", []))
    yield "document", len(told(f"/v1/documents/{document}"))
    yield "text", server.get(f"/v1/documents/{document}/text", key=reader).ok
    yield "original", server.get(f"/v1/documents/{document}/original", key=reader).ok
    yield "collections", sum(one["id"] == collection for one in told("/v1/collections").get("items", []))
    yield "counts", told("/v1/statistics").get("documents", 0)


class Looker(threading.Thread):
    """Asks on and on; notes what was shown and when it was asked for."""

    def __init__(self, server, *of):
        super().__init__(daemon=True)
        self.server, self.of, self.is_over, self.seen, self.error = server, of, False, [], None
        self.start()

    def run(self):
        try:
            while not self.is_over:
                began = time.monotonic()
                for name, count in asked(self.server, *self.of):
                    self.seen.append((began, time.monotonic(), name, int(count)))
                    began = time.monotonic()
        except Exception as error:  # of the thread: told in the test
            self.error = error

    def between(self, begin, end):
        return [one for one in self.seen if one[0] >= begin and one[1] <= end]


def followed(server, collection):
    jobs = server.get("/v1/jobs?type=follow_guard", key=server.admin).json()["items"]
    mine = [one for one in jobs if one["subject"] == collection]
    return mine and all(one["state"] == "done" for one in mine) and len(mine)


def test_nobody_is_shown_a_step_of_it(server, shelf):
    collection, document, reader = shelf
    share(server, collection, True)
    wait_until(lambda: followed(server, collection), seconds=60)
    hidden = dict(asked(server, collection, document, reader))
    share(server, collection, False)
    wait_until(lambda: followed(server, collection), seconds=60)
    shown = dict(asked(server, collection, document, reader))
    assert all(int(shown[name]) > int(hidden[name]) for name in shown), (shown, hidden)
    lookers = [Looker(server, collection, document, reader) for _ in range(3)]
    times = []
    for is_restricted in (True, False) * ROUNDS:
        share(server, collection, is_restricted)
        acknowledged = time.monotonic()
        time.sleep(0.7)
        times.append((is_restricted, acknowledged, time.monotonic()))
    for looker in lookers:
        looker.is_over = True
        looker.join()
        assert not looker.error, looker.error
    asks = 0
    for is_restricted, begin, end in times:
        wanted = hidden if is_restricted else shown
        for looker in lookers:
            for _, _, name, count in looker.between(begin, end):
                assert count == int(wanted[name]), (is_restricted, name, count, wanted)
                asks += 1
    assert asks > 10 * ROUNDS, asks
    wait_until(lambda: followed(server, collection), seconds=60)
    assert followed(server, collection) >= 2, "the documents changed in the transaction itself"
    assert {name: int(count) for name, count in asked(server, collection, document, reader)} == {name: int(count) for name, count in shown.items()}


def test_a_collection_that_is_followed_can_be_removed_and_its_following_is_not_cancelled(server, shelf):
    collection, _, _ = shelf
    share(server, collection, True)
    wait_until(lambda: followed(server, collection), seconds=60)
    share(server, collection, False)
    for job in server.get("/v1/jobs?type=follow_guard", key=server.admin).json()["items"]:
        answer = server.call("POST", f"/v1/jobs/{job['id']}/cancel", key=server.admin)
        assert answer.status_code == 409 and "cannot be cancelled" in answer.json()["error"]["message"], answer.text
    assert not any(one["can_cancel"] for one in server.get("/v1/work", key=server.admin).json()["items"] if one["type"] == "follow_guard")
    answer = server.call("DELETE", f"/v1/collections/{collection}", key=server.admin)
    assert answer.status_code == 204, answer.text
    assert server.get("/v1/documents?limit=1").json()["total"] >= COUNT
