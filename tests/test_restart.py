"""The server is started anew under load, and no request fails."""
import contextlib
import http.client
import http.server
import json
import os
import signal
import socket
import sqlite3
import subprocess
import threading
import time

import pytest

from conftest import Server, wait_until


def is_running(process):
    try:
        with open(f"/proc/{process}/stat") as about:
            return about.read().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


class Restarted(Server):
    """The process that serves is another one after each restart, and no child of ours."""

    def __init__(self, *words, **named):
        super().__init__(*words, **named)
        self.others = []

    def restart(self):
        done = subprocess.run([*self.command("restart"), "--quiet"], env=self.environment, capture_output=True, text=True, timeout=60)
        if done.returncode == 0:
            self.others.append(self.serving())
        return done

    def serving(self):
        return int(self.get("/health").json()["process"])

    def stop(self):
        for process in self.others:
            if is_running(process):
                os.kill(process, signal.SIGTERM)
        for process in self.others:
            wait_until(lambda: not is_running(process))
        super().stop()


@pytest.fixture(scope="module")
def restarted(database_kind, request, tmp_path_factory):
    database = request.getfixturevalue("postgres").new_database() if database_kind == "postgresql" else ""
    started = Restarted(tmp_path_factory.mktemp("restart") / "library", database).start()
    started.new_key()
    yield started
    started.stop()


class Client:
    """Asks again and again, over one connection as long as the server lets it, or each time over a new one. Nothing is asked twice."""

    def __init__(self, server, keeps, path, body=None):
        self.server, self.keeps, self.path, self.body = server, keeps, path, body
        self.answers, self.failures, self.longest_s, self.is_over = 0, [], 0, False
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        connection = None
        while not self.is_over:
            connection = connection or http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=30)
            headers = {"Authorization": f"Bearer {self.server.key}", **({} if self.keeps else {"Connection": "close"})}
            began = time.monotonic()
            try:
                connection.request("POST" if self.body else "GET", self.path, self.body, {**headers, "Content-Type": "application/json"})
                answer = connection.getresponse()
                text = answer.read()
                if answer.status >= 400:
                    self.failures.append((answer.status, text[:200]))
                if answer.will_close:
                    connection.close()
                    connection = None
            except Exception as failure:  # whatever it is, somebody would have seen it
                self.failures.append(repr(failure))
                connection = None
            self.answers += 1
            self.longest_s = max(self.longest_s, time.monotonic() - began)

    def end(self):
        self.is_over = True
        self.thread.join(40)


def test_no_request_fails_while_the_server_is_started_anew_three_times(restarted):
    restarted.upload(("one.txt", b"a harbour full of boats"))
    restarted.wait_ready()
    search = b'{"query": "harbour", "mode": "keyword"}'
    wait_until(lambda: restarted.post("/v1/search", {"query": "harbour", "mode": "keyword"}).json()["results"])
    clients = [Client(restarted, keeps, path, body) for keeps in (True, False)
               for path, body in (("/health", None), ("/v1/documents", None), ("/v1/search", search))]
    before = {restarted.serving()}
    for _ in range(3):
        done = restarted.restart()
        assert done.returncode == 0, done.stderr + restarted.log.read_text()[-3000:]
        assert restarted.serving() not in before
        before.add(restarted.serving())
        assert restarted.post("/v1/search", {"query": "harbour", "mode": "keyword"}).json()["results"], "the index is there at once"
    for client in clients:
        client.end()
    assert [failure for client in clients for failure in client.failures] == []
    assert all(client.answers > 10 for client in clients)
    wait_until(lambda: restarted.process.poll() is not None)
    assert restarted.process.returncode == 0, "the first ends when its clients have gone"


def test_a_document_that_came_before_is_found_after_and_another_can_come(restarted):
    restarted.upload(("two.txt", b"the lighthouse keeper wrote letters"))
    assert restarted.restart().returncode == 0
    restarted.upload(("three.txt", b"the lighthouse was painted red"))
    wait_until(lambda: len(restarted.post("/v1/search", {"query": "lighthouse", "mode": "keyword"}).json()["results"]) == 2)


def test_a_new_process_that_cannot_start_leaves_the_old_one_serving(restarted):
    serving = restarted.serving()
    os.rename(restarted.data / "master.key", restarted.data / "kept.key")
    (restarted.data / "master.key").write_text("short")
    try:
        done = restarted.restart()
        assert done.returncode != 0 and "master key" in done.stderr, done
    finally:
        os.rename(restarted.data / "kept.key", restarted.data / "master.key")
    assert restarted.serving() == serving
    restarted.upload(("four.txt", b"the old one still reads about cormorants"))
    wait_until(lambda: restarted.post("/v1/search", {"query": "cormorants", "mode": "keyword"}).json()["results"])
    assert restarted.restart().returncode == 0 and restarted.serving() != serving


def test_a_signal_starts_it_anew_too(restarted):
    serving = restarted.serving()
    os.kill(serving, signal.SIGUSR2)
    restarted.others.append(wait_until(lambda: restarted.serving() != serving and restarted.serving()))


class Unending(http.server.BaseHTTPRequestHandler):
    """A model service that never comes to its end: "mute" says nothing, all others one word."""
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        model = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["model"]
        if model != "mute":
            self.send_response(200)
            self.send_header("Content-Type", "text/event-stream")
            self.end_headers()
            self.wfile.write(b'data: {"choices": [{"index": 0, "delta": {"content": "One"}}]}\n\n')
            self.wfile.flush()
        self.server.ended.wait(60)
        self.close_connection = True

    def do_GET(self):
        data = json.dumps({"object": "list", "data": [{"id": name, "object": "model"} for name in ("mute", "endless")]}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_):
        pass


def test_calls_of_models_that_outlast_the_grace_of_a_restart_end_with_an_error_in_their_dialect(tmp_path):
    service = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Unending)
    service.ended = threading.Event()
    threading.Thread(target=service.serve_forever, daemon=True).start()
    server = Restarted(tmp_path / "library", arguments=["--provider-url", f"http://127.0.0.1:{service.server_address[1]}/v1", "--stop-grace", "2"]).start()
    answers = {}

    def ask(path, model, stream):
        body = {"model": model, "stream": stream, "max_tokens": 9, "messages": [{"role": "user", "content": "Count."}]}
        done = server.post(path, body)
        answers[path, model, stream] = (done.status_code, done.headers, done.text)

    try:
        server.new_key()
        calls = [(path, model, stream) for path in ("/v1/chat/completions", "/v1/messages", "/api/chat") for model, stream in (("endless", True), ("mute", True), ("mute", False))]
        threads = [threading.Thread(target=ask, args=call) for call in calls]
        for thread in threads:
            thread.start()
        time.sleep(1)
        assert server.restart().returncode == 0
        for thread in threads:
            thread.join(30)
    finally:
        service.ended.set()
        service.shutdown()
        server.stop()
    assert set(answers) == set(calls), "all have ended"
    for (path, model, stream), (status, headers, text) in answers.items():
        assert "the server is stopping; ask again in a moment" in text and "error" in text, (path, model, text)
        if model == "mute":
            assert status == 503 and int(headers["Retry-After"]) == 1, (path, stream, status)
        else:
            assert status == 200 and "One" in text and "[DONE]" not in text and "message_stop" not in text, (path, text)


def test_secrets_lie_open_as_long_as_an_older_program_may_read_them(tmp_path):
    server = Restarted(tmp_path / "library").start()
    try:
        server.key = server.cli("keys", "add", "owner", "--role", "owner").stdout.split()[-1]
        assert server.post("/v1/webhooks", {"url": "http://127.0.0.1:9/hook", "kinds": ["test"]}).status_code == 201

        def stored(*statements):
            with contextlib.closing(sqlite3.connect(server.data / "lectern.db", timeout=20)) as database, database:
                for statement in statements:
                    database.execute(statement)
                return database.execute("SELECT url FROM webhooks").fetchone()[0]

        was_open = "http://ann:hush-hush@127.0.0.1:9/hook"
        # As a program leaves it that knows of no sealed texts.
        assert stored("DELETE FROM settings WHERE name = 'texts_are_sealed'", f"UPDATE webhooks SET url = '{was_open}', whole = NULL") == was_open
        before = server.serving()
        with socket.create_connection(("127.0.0.1", server.port)) as slow:
            slow.sendall(f"POST /v1/search HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {server.key}\r\nContent-Type: application/json\r\n"
                         "Content-Length: 40\r\n\r\n{".encode())
            time.sleep(0.2)
            assert server.restart().returncode == 0 and server.serving() != before
            assert is_running(before) and stored() == was_open
        wait_until(lambda: not is_running(before))
        wait_until(lambda: stored() == "http://ann:***@127.0.0.1:9/hook", 10)
        assert server.post("/v1/webhooks", {"url": "http://bo:hush@127.0.0.1:9/hook", "kinds": ["test"]}).status_code == 201
        assert stored("DELETE FROM webhooks WHERE url LIKE '%ann%'") == "http://bo:***@127.0.0.1:9/hook"
    finally:
        server.stop()


def test_what_an_upgrade_leaves_for_the_end_and_cannot_be_done_is_told_and_done_at_the_next_start(tmp_path):
    server = Restarted(tmp_path / "library").start()
    try:
        server.key = server.cli("keys", "add", "owner", "--role", "owner").stdout.split()[-1]

        def stored(*statements):
            with contextlib.closing(sqlite3.connect(server.data / "lectern.db", timeout=20)) as database, database:
                for statement in statements:
                    database.execute(statement)
                return database.execute("SELECT count(*) FROM settings WHERE name = 'guards_follow'").fetchone()[0]

        # As an older program leaves it; then the last step of the upgrade fails.
        assert stored("DELETE FROM settings WHERE name = 'guards_follow'",
                      "CREATE TRIGGER refuses BEFORE INSERT ON settings WHEN new.name = 'guards_follow'"
                      " BEGIN SELECT RAISE(ABORT, 'the disk is full'); END") == 0
        told = "the upgrade of the database is finished at the next start"
        assert server.restart().returncode == 0
        wait_until(lambda: told in server.log.read_text(), 10)
        assert "collections restricted by one row" in server.log.read_text() and stored("DROP TRIGGER refuses") == 0
        assert server.restart().returncode == 0
        wait_until(lambda: stored() == 1, 10)
        assert server.log.read_text().count(told) == 1
    finally:
        server.stop()
