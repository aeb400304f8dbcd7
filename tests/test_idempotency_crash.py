"""A server that is killed between what a request changes and its answer: sent again with its key, it has happened once."""
import contextlib
import http.client
import json
import socket
import sqlite3
import subprocess
import threading
import time

import pytest
from conftest import Server, wait_until

SLOW_SQLITE = ("CREATE TRIGGER slow BEFORE UPDATE OF status ON idempotency_keys WHEN NEW.status > 0 BEGIN SELECT (WITH RECURSIVE n(i) AS"
               " (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 40000000) SELECT count(*) FROM n); END")
SLOW_POSTGRES = ("CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(4); RETURN NEW; END';"
                 "CREATE TRIGGER slow BEFORE UPDATE OF status ON idempotency_keys FOR EACH ROW WHEN (NEW.status > 0) EXECUTE FUNCTION slow()")
FAST_SQLITE, FAST_POSTGRES = "DROP TRIGGER slow", "DROP TRIGGER slow ON idempotency_keys; DROP FUNCTION slow"


class Killed:
    """A server that is killed and started again, and its database from outside."""

    def __init__(self, folder, database):
        self.server = Server(folder / "library", database).start()
        self.key = self.server.cli("keys", "add", "killed", "--role", "owner").stdout.split()[-1]

    def sql(self, statement):
        if self.server.database:
            done = subprocess.run(["psql", self.server.database, "-qAtc", statement], check=True, capture_output=True, text=True)
            return done.stdout.split()
        with contextlib.closing(sqlite3.connect(self.server.data / "lectern.db", timeout=60)) as database, database:
            return [str(row[0]) for row in database.execute(statement)]

    def count(self, table, name):
        return int(self.sql(f"SELECT count(*) FROM {table} WHERE name = '{name}'")[0])

    def slow(self):
        """Keeping an answer takes seconds from now on."""
        self.sql(SLOW_POSTGRES if self.server.database else SLOW_SQLITE)

    def end(self):
        """It dies; whoever asks then need not wait until its hold is over."""
        self.server.kill()

    def begin(self, was_slow):
        if was_slow:
            self.sql(FAST_POSTGRES if self.server.database else FAST_SQLITE)
        self.sql("UPDATE idempotency_keys SET held_until = 1")
        self.server.start()

    def send(self, path, body, once):
        return self.server.call("POST", path, json=body, key=self.key, headers={"Idempotency-Key": once})

    def send_alone(self, path, body, once):
        """Without waiting for the answer."""
        text = json.dumps(body)
        line = socket.create_connection(("127.0.0.1", self.server.port))
        line.sendall((f"POST {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {self.key}\r\nIdempotency-Key: {once}\r\n"
                      f"Content-Type: application/json\r\nContent-Length: {len(text)}\r\n\r\n{text}").encode())
        return line


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def killed(request, tmp_path_factory):
    database = request.getfixturevalue("postgres").new_database() if request.param == "postgresql" else ""
    made = Killed(tmp_path_factory.mktemp("killed"), database)
    yield made
    made.server.stop()


def test_what_a_server_was_killed_in_the_midst_of_is_done_once_by_the_repeat(killed):
    killed.slow()
    with contextlib.closing(killed.send_alone("/v1/collections", {"name": "Midst"}, "midst")):
        wait_until(lambda: killed.sql("SELECT count(*) FROM idempotency_keys WHERE status = 0") != ["0"])
        time.sleep(1)  # now it keeps the answer
        killed.end()
    killed.begin(was_slow=True)
    assert killed.count("collections", "Midst") == 0, "the change was there without its answer"
    again = killed.send("/v1/collections", {"name": "Midst"}, "midst")
    assert again.status_code == 201 and "Idempotency-Replayed" not in again.headers
    assert killed.count("collections", "Midst") == 1


@pytest.mark.parametrize("path, table, body", [
    ("/v1/collections", "collections", {"name": "{}"}), ("/v1/study/decks", "study_decks", {"name": "{}"}),
    ("/v1/personas", "recipes", {"name": "{}", "instructions": "Be kind."}), ("/v1/prompts", "recipes", {"name": "{}", "template": "Say it."}),
    ("/v1/label-sets", "label_sets", {"name": "{}", "labels": ["a", "b"]}),
    ("/v1/schedules", "schedules", {"name": "{}", "type": "workflow_start", "every_s": 3600, "paused": True, "payload": {"workflow": "none"}}),
    ("/v1/search/saved", "saved_searches", {"name": "{}", "query": "heron"})], ids=lambda value: value if isinstance(value, str) else "")
def test_an_answer_that_was_lost_with_the_server_comes_again(killed, path, table, body):
    name = path.rpartition("/")[2] + "-lost"
    body = {field: name if value == "{}" else value for field, value in body.items()}
    if path == "/v1/schedules":
        flow = killed.send("/v1/workflows", {"name": "flow", "definition": {"steps": [{"id": "wait", "type": "wait", "event": "x"}]}}, "flow")
        body["payload"] = {"workflow": flow.json()["id"]}
    with contextlib.closing(killed.send_alone(path, body, name)):
        wait_until(lambda: killed.count(table, name))
        killed.end()
    killed.begin(was_slow=False)
    again = killed.send(path, body, name)
    assert again.status_code == 201 and again.headers.get("Idempotency-Replayed") == "true", again.text
    assert again.json()["name"] == name and killed.count(table, name) == 1


def test_a_change_whose_answer_could_not_be_kept_is_not_made_again(killed):
    killed.slow()
    with contextlib.closing(killed.send_alone("/v1/keys", {"name": "lost", "role": "reader"}, "lost-key")):
        wait_until(lambda: killed.count("api_keys", "lost"))
        killed.end()
    killed.begin(was_slow=True)
    for _ in range(2):
        again = killed.send("/v1/keys", {"name": "lost", "role": "reader"}, "lost-key")
        assert again.status_code == 409 and "look for what it made" in again.json()["error"]["message"]
        assert "Retry-After" not in again.headers
    assert killed.count("api_keys", "lost") == 1
    assert killed.send("/v1/keys", {"name": "lost", "role": "reader"}, "another").status_code == 201


def test_a_server_killed_at_any_moment_under_load_makes_each_once(killed):
    names, unknown, lock = [], [], threading.Lock()

    def ask(worker, number):
        connection = http.client.HTTPConnection("127.0.0.1", killed.server.port, timeout=30)
        while True:
            name = f"any-{number}-{worker}-{len(names)}"
            with lock:
                names.append(name)
            try:
                connection.request("POST", "/v1/collections", body=json.dumps({"name": name}),
                                   headers={"Authorization": f"Bearer {killed.key}", "Idempotency-Key": name, "Content-Type": "application/json"})
                assert connection.getresponse().read() and True
            except (http.client.HTTPException, OSError):
                with lock:
                    unknown.append(name)
                return

    for number in range(6):
        workers = [threading.Thread(target=ask, args=(worker, number)) for worker in range(6)]
        for worker in workers:
            worker.start()
        time.sleep(0.2 + number / 20)
        killed.end()
        for worker in workers:
            worker.join()
        killed.begin(was_slow=False)
        for name in unknown:
            assert killed.send("/v1/collections", {"name": name}, name).status_code == 201
    rows = killed.sql("SELECT name FROM collections WHERE name LIKE 'any-%'")
    assert len(unknown) > 6 and sorted(rows) == sorted(names)
