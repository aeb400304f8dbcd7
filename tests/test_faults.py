"""What goes wrong around the program: full disks, torn files, killed processes, rude clients."""
import contextlib
import os
import signal
import socket
import sqlite3
import subprocess
import threading
import time
from pathlib import Path

import pytest
import requests
from conftest import SAMPLES, Server, free_port, index_files, needs_shared, wait_until


# Where embedding would take minutes and is not what is tested.
NO_MODEL = ["--model", "/nonexistent"]


def note(name, text):
    return (name, text.encode())


def serve_once(*words, environment=None, seconds=20):
    """`lectern serve` that must end by itself: its exit status and what it said."""
    from conftest import PROGRAM
    done = subprocess.run([str(PROGRAM), "serve", *map(str, words)], capture_output=True, text=True, timeout=seconds,
                          env={**os.environ, **(environment or {})}, check=False)
    return done.returncode, done.stderr


def children(pid):
    found = []
    for task in os.listdir(f"/proc/{pid}/task"):
        with contextlib.suppress(OSError):
            found += map(int, Path(f"/proc/{pid}/task/{task}/children").read_text().split())
    return found


def found_names(server, query):
    return [r["document"]["name"] for r in server.post("/v1/search", {"query": query}).json()["results"]]


@pytest.fixture
def made(tmp_path):
    """Makes servers; those that still run at the end are stopped."""
    servers = []

    def make(name="library", **options):
        servers.append(Server(tmp_path / name, **options))
        return servers[-1]
    yield make
    for server in servers:
        server.stop()


# --- Starting ---

def one_sentence(text):
    lines = [line for line in text.splitlines() if line.strip() and " warn " not in line and " info " not in line]
    assert len(lines) == 1, text
    return lines[0]


def test_a_port_in_use_is_one_sentence_and_an_exit(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        status, said = serve_once("--data", tmp_path / "a", "--listen", f"127.0.0.1:{port}")
    assert status and str(port) in one_sentence(said)


def test_a_folder_in_use_is_one_sentence_and_an_exit(fresh_server):
    status, said = serve_once("--data", fresh_server.data, "--listen", f"127.0.0.1:{free_port()}")
    assert status and "in use" in one_sentence(said)


@pytest.mark.parametrize("kind", ["a file", "inside a file", "read-only"])
def test_an_unsuitable_data_folder_is_one_sentence_and_an_exit(tmp_path, kind):
    folder = tmp_path / "data"
    if kind == "read-only":
        folder = Path("/proc/lectern")
    else:
        folder.write_text("not a folder")
        folder = folder if kind == "a file" else folder / "deeper"
    status, said = serve_once("--data", folder, "--listen", f"127.0.0.1:{free_port()}")
    assert status and str(folder) in one_sentence(said)


def test_a_database_of_something_else_is_one_sentence_and_an_exit(tmp_path):
    (tmp_path / "lectern.db").write_text("This is a diary, not a database.\n" * 200)
    status, said = serve_once("--data", tmp_path, "--listen", f"127.0.0.1:{free_port()}")
    assert status and "lectern.db" in one_sentence(said)
    assert (tmp_path / "lectern.db").read_text().startswith("This is a diary")


def test_a_database_that_needs_a_newer_program_is_one_sentence_and_an_exit(made):
    server = made().start()
    server.stop()
    with contextlib.closing(sqlite3.connect(server.data / "lectern.db")) as database, database:
        database.execute("UPDATE schema_version SET oldest_program = '9.0.0'")
    status, said = serve_once("--data", server.data, "--listen", f"127.0.0.1:{free_port()}")
    assert status and "9.0.0 or newer" in one_sentence(said)


# --- Disks ---

def test_uploads_are_refused_before_the_disk_is_full_and_reading_goes_on(made):
    server = made().start()
    server.new_key()
    document = server.add(note("before.txt", "The ferry leaves at noon."))[0]
    server.stop()
    server.arguments = ["--disk-reserve", "1099511627776"]
    server.start()
    answer = server.call("POST", "/v1/documents", files=[("file", note("after.txt", "No room for this."))])
    assert answer.status_code == 507 and answer.json()["error"]["code"] == "disk_full", answer.text
    assert "free" in answer.json()["error"]["message"]
    assert found_names(server, "ferry noon") == ["before.txt"]
    assert server.get(f"/v1/documents/{document['id']}/original").content == b"The ferry leaves at noon."
    assert server.get("/v1/documents").json()["total"] == 1
    assert not list((server.data / "blobs").rglob("*.part"))


@pytest.fixture
def small_disk(tmp_path):
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = os.getuid() == 0 and subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", str(folder)], capture_output=True, check=False).returncode == 0
    if not mounted:
        pytest.skip("needs the right to mount a small disk")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def test_a_server_says_in_one_sentence_that_its_disk_is_full_or_read_only(small_disk):
    server = Server(small_disk / "library", arguments=NO_MODEL).start()
    server.stop()
    with open(small_disk / "fill", "wb", buffering=0) as fill, contextlib.suppress(OSError):
        while fill.write(bytes(4096)):
            pass
    start = ("--data", server.data, "--listen", f"127.0.0.1:{free_port()}")
    status, said = serve_once(*start)
    assert status and "is full; make room" in one_sentence(said)
    assert "is full; make room" in server.cli("doctor", check=False).stdout
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    status, said = serve_once(*start)
    assert status and "mounted read-only; mount it for writing" in one_sentence(said)
    assert "mounted read-only" in server.cli("doctor", check=False).stdout
    subprocess.run(["mount", "-o", "remount,rw", str(small_disk)], check=True)
    (small_disk / "fill").unlink()
    server.start()
    server.stop()


def test_a_full_disk_damages_nothing_and_work_goes_on_when_there_is_room(small_disk):
    """With no reserve at all the disk fills to the last byte."""
    server = Server(small_disk / "library", arguments=["--disk-reserve", "4096", *NO_MODEL]).start()
    server.new_key()
    kept, refused = [], 0
    for i in range(60):
        text = "".join(f"Line {n} of file {i}: the pilot boards at buoy {n * i}.\n" for n in range(6000))
        answer = server.call("POST", "/v1/documents", files=[("file", note(f"f{i}.txt", text))])
        if answer.status_code == 202:
            kept.append(answer.json()["documents"][0]["id"])
        else:
            assert answer.status_code in (500, 503, 507), answer.text
            refused += 1
        if refused > 3:
            break
    assert kept and refused
    assert server.get("/v1/documents").status_code == 200
    assert requests.get(f"{server.url}/health", timeout=30).status_code == 200
    subprocess.run(["mount", "-o", "remount,size=400m", str(small_disk)], check=True)
    for document in kept:
        assert server.wait_document(document, seconds=180)["state"] == "ready"
    server.stop()
    server.start()
    assert server.get("/v1/documents").json()["total"] == len(kept)
    server.stop()


# --- Torn index files ---

def tear(path, how):
    content = bytearray(path.read_bytes())
    if how == "cut":
        path.write_bytes(content[:len(content) // 2])
    elif how == "empty":
        path.write_bytes(b"")
    elif how == "flipped":
        for at in range(0, len(content), max(1, len(content) // 64)):
            content[at] ^= 0x55
        path.write_bytes(content)
    else:
        path.unlink()


@pytest.mark.parametrize("how", ["cut", "empty", "flipped", "gone"])
def test_torn_index_files_are_built_again(made, how):
    server = made().start()
    server.new_key()
    server.add(*[note(f"n{i}.txt", f"Keeper number{i} trims the wick of lamp{i}.") for i in range(20)])
    server.cli("search", "wick")
    wait_until(lambda: index_files(server))
    server.stop()
    files = index_files(server)
    assert files
    for file in files:
        tear(file, how)
    server.start()
    indexed = lambda: requests.get(f"{server.url}/health", timeout=30).json()["index"]["chunks"]
    assert wait_until(lambda: indexed() == 20 and found_names(server, "lamp7")[:1] == ["n7.txt"]), indexed()


# --- Killed ---

def test_a_killed_reader_costs_at_most_its_document(fresh_server):
    big = "".join(f"Line {i}: the crane lifts crate {i}.\n" for i in range(400000))
    first = fresh_server.upload(note("big.txt", big))[0]
    killed = 0
    end = time.monotonic() + 20
    while time.monotonic() < end:
        state = fresh_server.get(f"/v1/documents/{first['id']}").json()["state"]
        if state not in ("queued", "extracting"):
            break
        for pid in children(fresh_server.process.pid):
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)
                killed += 1
        time.sleep(0.02)
    assert killed
    done = fresh_server.wait_document(first["id"], ("ready", "failed", "indexing"), seconds=60)
    if done["state"] == "failed":
        assert "crashed" in done["error"]["message"]
    assert fresh_server.add(note("after.txt", "Work goes on."))[0]["state"] == "ready"


def test_a_stop_in_the_middle_of_uploads_and_reading_loses_nothing(made):
    server = made().start()
    server.new_key()
    acknowledged, stopping = {}, threading.Event()

    def work(prefix):
        for i in range(10000):
            if stopping.is_set():
                return
            text = "".join(f"{prefix} {i} {n}.\n" for n in range(300))
            with contextlib.suppress(requests.RequestException):
                answer = server.call("POST", "/v1/documents", files=[("file", note(f"{prefix}-{i}.txt", text))])
                if answer.status_code == 202:
                    acknowledged[f"{prefix}-{i}.txt"] = answer.json()["documents"][0]["id"]

    workers = [threading.Thread(target=work, args=(f"w{w}",)) for w in range(3)]
    for worker in workers:
        worker.start()
    server.upload(SAMPLES / "report.pdf", SAMPLES / "bundle.zip")
    time.sleep(1)
    began = time.monotonic()
    server.stop()
    assert time.monotonic() - began < 15 and server.process.returncode == 0
    stopping.set()
    for worker in workers:
        worker.join()
    server.start()
    assert acknowledged
    for document in acknowledged.values():
        assert server.wait_document(document, seconds=120)["state"] == "ready"


def test_a_restarted_server_takes_its_jobs_back_at_once(made):
    server = made().start()
    server.new_key()
    documents = server.upload(*[note(f"k{i}.txt", f"Ledger {i} of the harbour.\n" * 50) for i in range(30)])
    server.kill()
    server.start()
    began = time.monotonic()
    for document in documents:
        assert server.wait_document(document["id"])["state"] == "ready"
    assert time.monotonic() - began < 25  # a lease has 30 s


# --- Rude clients ---

def health_seconds(server):
    began = time.monotonic()
    assert requests.get(f"{server.url}/health", timeout=30).status_code == 200
    return time.monotonic() - began


@pytest.mark.timed
def test_clients_that_send_one_byte_at_a_time_do_not_keep_others_waiting(fresh_server):
    slow = []
    for _ in range(300):
        s = socket.create_connection(("127.0.0.1", fresh_server.port))
        s.sendall(b"POST /v1/documents HTTP/1.1\r\nHost: a\r\nContent-Le")
        slow.append(s)
    for _ in range(5):
        for s in slow:
            with contextlib.suppress(OSError):
                s.sendall(b"n")
        assert health_seconds(fresh_server) < 5
    for s in slow:
        s.close()


@pytest.mark.timed
def test_too_many_connections_are_turned_away_and_the_server_goes_on(fresh_server):
    held = []
    for _ in range(900):
        s = socket.socket()
        s.settimeout(2)
        with contextlib.suppress(OSError):
            s.connect(("127.0.0.1", fresh_server.port))
        held.append(s)
    for s in held:
        s.close()
    end = time.monotonic() + 10
    while True:
        try:
            assert health_seconds(fresh_server) < 5
            break
        except requests.RequestException:
            assert time.monotonic() < end
            time.sleep(0.1)


@pytest.mark.parametrize("head", [
    b"\x00\x01\x02\x03\r\n\r\n", b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n",
    b"GET /" + b"a" * 100000 + b" HTTP/1.1\r\nHost: a\r\n\r\n",
    b"POST /v1/search HTTP/1.1\r\nHost: a\r\nContent-Length: -5\r\n\r\n",
    b"POST /v1/search HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999\r\n\r\n",
    b"POST /v1/search HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzzz\r\n",
    b"GET / HTTP/1.1\r\n" + b"X-A: b\r\n" * 20000 + b"\r\n",
], ids=["binary", "no path", "version", "long path", "negative", "huge", "chunks", "headers"])
@pytest.mark.timed
def test_requests_that_are_not_http_are_refused(server, head):
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as s:
        with contextlib.suppress(OSError):
            s.sendall(head)
            s.shutdown(socket.SHUT_WR)
        answer = b""
        with contextlib.suppress(OSError):
            while part := s.recv(65536):
                answer += part
    assert not answer or answer.startswith(b"HTTP/1.") and answer.split()[1][:1] in (b"4", b"5", b"2"), answer[:200]
    assert health_seconds(server) < 5


# --- Hostile files ---

@pytest.mark.timed
def test_every_malformed_file_ends_with_one_line_while_the_server_answers(made):
    folder = needs_shared("corpus/malformed")
    server = made(arguments=NO_MODEL).start()
    server.new_key()
    slowest, sent = 0, {}
    for file in sorted(f for f in folder.rglob("*") if f.is_file()):
        answer = server.call("POST", "/v1/documents", files=[("file", (file.name, file.read_bytes()))])
        assert answer.status_code in (202, 400, 413, 415), (file, answer.text)
        if answer.status_code == 202:
            for document in answer.json()["documents"]:
                sent[document["id"]] = file
        slowest = max(slowest, health_seconds(server))
    for document, file in sent.items():
        done = server.wait_document(document, seconds=120)
        assert done["state"] in ("ready", "failed"), (file, done)
        if done["state"] == "failed":
            assert done["error"]["message"] and "\n" not in done["error"]["message"], (file, done)
        slowest = max(slowest, health_seconds(server))
    assert slowest < 5  # readers share the processors with whatever else runs here; who waited for one of them would wait for its time limit
    peak = int(Path(f"/proc/{server.process.pid}/status").read_text().split("VmHWM:")[1].split()[0]) / 1024
    assert peak < 1024


def test_a_server_that_breaks_says_where(fresh_server):
    fresh_server.process.send_signal(signal.SIGSEGV)
    assert fresh_server.process.wait(10) == -signal.SIGSEGV
    said = fresh_server.log.read_text()
    assert "broken by signal SIGSEGV" in said
    assert "lectern(+0x" in said


def test_who_waits_for_another_program_that_writes_the_database_is_told_so(made):
    server = made(arguments=["--request-wait", "1", *NO_MODEL]).start()
    server.new_key()
    other = sqlite3.connect(server.data / "lectern.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    began = time.monotonic()
    refused = server.post("/v1/collections", {"name": "Quarries"})
    assert refused.status_code == 503 and refused.headers["Retry-After"] and time.monotonic() - began < 5
    assert "being written by others" in refused.json()["error"]["message"]
    assert server.get("/v1/documents").status_code == 200, "who reads waits for nobody"
    assert requests.get(server.url + "/ready", timeout=5).status_code == 200
    other.execute("ROLLBACK")
    other.close()
    wait_until(lambda: server.post("/v1/collections", {"name": "Quarries"}).status_code == 201)
    names = [c["name"] for c in server.get("/v1/collections").json()["items"]]
    assert names.count("Quarries") == 1, "what was refused is not done later"
