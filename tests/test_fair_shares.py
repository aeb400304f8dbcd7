"""Two workspaces at one service that is nearly used up: each gets its part, over HTTP."""
import json
import sqlite3
import threading
import time

import pytest

from conftest import Server

OTHER = "01900000-0000-7000-8000-00000000b0b0"


@pytest.fixture
def shared_service(mock, tmp_path):
    """A server whose own service takes four calls at a time, with a second workspace; the keys of both."""
    server = Server(tmp_path / "library").start()
    first = server.cli("keys", "add", "first", "--role", "owner").stdout.split()[-1]
    server.stop()
    with sqlite3.connect(server.data / "lectern.db") as db:
        db.execute("INSERT INTO workspaces (id, name, settings, created_at) VALUES (?, 'other', '{}', 0)", (OTHER,))
        mine = db.execute("SELECT id FROM workspaces WHERE id <> ?", (OTHER,)).fetchone()[0]
    db.close()
    file = tmp_path / "gateway.json"
    service = {"base_url": mock.url, "private": True, "models": ["priced-slow"], "limits": {"concurrent": 4}}
    file.write_text(json.dumps({"services": {"house": service}, "shares": {mine: 3}}))
    server.arguments = ["--gateway", str(file), "--user-rate", "0"]
    server.start()
    second = server.cli("keys", "add", "second", "--role", "owner", "--workspace", OTHER).stdout.split()[-1]
    yield server, first, second
    server.stop()


def served(server, keys, seconds, callers=10):
    """How many calls each key got through while so many callers of each asked again and again."""
    counts, end, lock = [0] * len(keys), time.monotonic() + seconds, threading.Lock()
    body = {"model": "house/priced-slow", "stream": True, "messages": [{"role": "user", "content": "Say it."}]}

    def ask(i):
        while time.monotonic() < end:
            answer = server.post("/v1/chat/completions", body, key=keys[i])
            is_whole = answer.status_code == 200 and "[DONE]" in answer.text
            assert is_whole or answer.status_code in (429, 503), answer.text
            with lock:
                counts[i] += is_whole
            if not is_whole:
                time.sleep(0.05)

    threads = [threading.Thread(target=ask, args=(i,)) for i in range(len(keys)) for _ in range(callers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return counts


@pytest.mark.timed
def test_a_share_of_three_gets_three_times_as_much_as_one(shared_service):
    server, first, second = shared_service
    counts = served(server, [first, second], 10)
    assert 2.2 < counts[0] / counts[1] < 3.8, counts
    alone = served(server, [second], 3)[0] / 3
    assert sum(counts) / 10 > 0.7 * alone, "nothing lies idle because of it"
