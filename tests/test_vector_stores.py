"""Stores of vectors outside the indexes that are slow, cut off, refusing or away; with keys and TLS; what they are asked is counted."""
import json
import os
import re
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

import pytest
import requests
from conftest import Postgres, Server, free_port, wait_until
from mock_weaviate import DELAY_S, FAULTS, MockWeaviate
from test_models import write_model
from tls_way import TlsWay

BACKENDS = Path(__file__).parent.parent / "tools" / "backends"
WORDS = ["water", "pump", "ferry", "granite", "violin"]
SEARCH_S = 3  # that a search waits for the store
BACK_S = 5  # until a part that is back serves
SLACK_S = 3  # of a machine with much else to do


def note(name):
    words = [WORDS[ord(letter) % len(WORDS)] for letter in name]
    return f"{name}.txt", f"The {' '.join(words)} must be inspected, {name}.\n".encode()


def search(server, query, mode="hybrid"):
    began = time.monotonic()
    answer = server.post("/v1/search", {"query": query, "mode": mode, "copies": True, "limit": 100, "remember": False})
    return answer, time.monotonic() - began


def near(server, query="ferry pump"):
    answer, _ = search(server, query, "semantic")
    return sorted(r["document"]["name"] for r in answer.json()["results"]) if answer.status_code == 200 and not answer.json()["notice"] else None


def metric(server, name, **labels):
    """The sum over what the labels leave open."""
    lines = requests.get(f"{server.url}/metrics", timeout=30).text.splitlines()
    found = [line for line in lines if re.match(rf"{name}[{{ ]", line) and all(f'{k}="{v}"' in line for k, v in labels.items())]
    assert found, name
    return sum(float(line.rsplit(" ", 1)[1]) for line in found)


def notices(server):
    return [text for text in requests.get(f"{server.url}/health", timeout=30).json()["notices"] if "store of vectors" in text]


def doctor(server):
    done = server.cli("doctor", "--json", check=False)
    (found,) = [f for f in json.loads(done.stdout) if f["what"] == "vector store"]
    return found


def environment(url, model, **more):
    return {"LECTERN_VECTOR_STORE_TYPE": "weaviate", "LECTERN_WEAVIATE_URL": url, "LECTERN_MODEL": str(model),
            **{f"LECTERN_WEAVIATE_{name.upper()}": str(value) for name, value in more.items()}}


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return write_model(tmp_path_factory.mktemp("model") / "small", 1)


@pytest.fixture
def mock():
    started = MockWeaviate()
    yield started
    started.stop()


@pytest.fixture
def library(mock, model, tmp_path):
    server = Server(tmp_path / "library", environment=environment(mock.url, model)).start()
    server.new_key()
    server.add(*map(note, ("amber", "birch")))
    wait_until(lambda: near(server) == ["amber.txt", "birch.txt"])
    yield server
    mock.recover()
    server.stop()


@pytest.mark.parametrize("fault", [*FAULTS, "silent"])
def test_whatever_a_store_does_searches_answer_and_nothing_is_lost(mock, library, fault):
    mock.fault = fault
    began = time.monotonic()
    library.add(note("cedar"))
    assert time.monotonic() - began < 60, "a document is ready without its store"
    for query in ("cedar", "amber"):
        answer, took = search(library, query)
        assert answer.status_code == 200, answer.text
        assert f"{query}.txt" in [r["document"]["name"] for r in answer.json()["results"]]
        assert took < SEARCH_S + SLACK_S, (query, took)
        if fault != "slow":
            assert "only words were searched" in answer.json()["notice"], answer.text
    mock.recover()
    began = time.monotonic()
    assert wait_until(lambda: near(library) == ["amber.txt", "birch.txt", "cedar.txt"], 40)
    assert fault == "slow" or time.monotonic() - began < BACK_S + SLACK_S
    wait_until(lambda: mock.count() == 3 and not metric(library, "lectern_vector_store_waiting_passages"), 60)
    wait_until(lambda: doctor(library)["good"])
    assert library.cli("db", "check").returncode == 0


def test_a_slow_store_gives_what_it_has_to_searches_that_wait_for_it(mock, library):
    mock.fault = "slow"
    answer, took = search(library, "ferry pump", "semantic")
    assert answer.status_code == 200 and len(answer.json()["results"]) == 2 and DELAY_S <= took < DELAY_S + SLACK_S


def test_a_store_that_fails_now_and_then_ends_with_everything_once(mock, library):
    mock.fault, mock.often = "broken", 0.3
    names = [f"{word}{n}" for word in ("dune", "elm", "fern") for n in range(4)]
    library.add(*map(note, names))
    library.call("DELETE", f"/v1/documents/{library.get('/v1/documents', params={'q': 'dune0'}).json()['items'][0]['id']}?erase=1")
    mock.recover()
    wanted = sorted([f"{name}.txt" for name in names if name != "dune0"] + ["amber.txt", "birch.txt"])
    wait_until(lambda: near(library) == wanted, 60)
    wait_until(lambda: mock.count() == len(wanted), 60)


def test_a_store_that_goes_is_told_before_anybody_searches_and_its_return_too(mock, library):
    assert not notices(library) and metric(library, "lectern_vector_store_up") == 1
    mock.stop()
    began = time.monotonic()
    wait_until(lambda: notices(library), 30)
    assert time.monotonic() - began < 8 + SLACK_S
    (says,) = notices(library)
    assert "weaviate" in says and "lectern doctor" in says and mock.url not in says
    assert metric(library, "lectern_vector_store_up") == 0
    failed = doctor(library)
    assert not failed["good"] and str(mock.port) in failed["detail"] and "weaviate_url" in failed["detail"]
    mock.start()
    began = time.monotonic()
    wait_until(lambda: not notices(library), 30)
    assert time.monotonic() - began < BACK_S + SLACK_S and metric(library, "lectern_vector_store_up") == 1


def test_a_database_that_goes_while_a_store_is_written_to_is_not_told_as_the_store(mock, model, tmp_path):
    postgres = Postgres()
    server = Server(tmp_path / "library", postgres.new_database(), environment=environment(mock.url, model)).start()
    try:
        server.new_key()
        server.add(*map(note, ("amber", "birch")))
        wait_until(lambda: near(server) == ["amber.txt", "birch.txt"])
        mock.fault, before = "slow", len(mock.asked)
        server.upload(note("cedar"))
        wait_until(lambda: ("POST", "batch/objects") in mock.asked[before:])
        postgres.run("pg_ctl", "-D", postgres.folder / "data", "-m", "immediate", "stop")
        wait_until(lambda: "what is to be written to weaviate is read again" in server.log.read_text(), 30)
        assert "searches find by words alone" not in server.log.read_text()
        mock.recover()
        postgres.start()
        wait_until(lambda: near(server) == ["amber.txt", "birch.txt", "cedar.txt"] and mock.count() == 3, 60)
    finally:
        server.stop()
        postgres.stop()


def test_what_a_store_is_asked_is_counted_and_what_waits_for_it_is_told(mock, library):
    count = lambda operation: metric(library, "lectern_vector_store_request_duration_seconds_count", store="weaviate", operation=operation)
    failures = lambda operation: metric(library, "lectern_vector_store_failures_total", store="weaviate", operation=operation)
    assert count("upsert") >= 1 and count("create") >= 1 and count("search") >= 1 and failures("upsert") == 0
    before = count("search")
    search(library, "ferry")
    assert count("search") == before + 1
    assert metric(library, "lectern_vector_store_lag_seconds") == 0
    mock.fault = "broken"
    library.add(note("cedar"))
    wait_until(lambda: metric(library, "lectern_vector_store_waiting_passages") == 1)
    lag = metric(library, "lectern_vector_store_lag_seconds")
    time.sleep(1)
    assert metric(library, "lectern_vector_store_lag_seconds") >= lag + 1
    mock.recover()
    wait_until(lambda: metric(library, "lectern_vector_store_waiting_passages") == 0 == metric(library, "lectern_vector_store_lag_seconds"), 60)


def test_a_server_ends_while_its_store_is_silent(mock, library):
    mock.fault = "silent"
    library.upload(note("cedar"))
    time.sleep(1)
    began = time.monotonic()
    library.process.terminate()
    library.process.wait(60)
    assert time.monotonic() - began < 15
    mock.recover()
    library.start()
    wait_until(lambda: near(library) == ["amber.txt", "birch.txt", "cedar.txt"], 60)


def test_a_silent_store_is_named_by_the_doctor_within_seconds(mock, library):
    began = time.monotonic()
    assert doctor(library)["good"]
    usual = time.monotonic() - began
    mock.fault = "silent"
    began = time.monotonic()
    failed = doctor(library)
    assert not failed["good"] and time.monotonic() - began < usual + 4 + SLACK_S


# --- Keys and TLS ---

def test_a_wrong_key_is_told_and_a_right_one_serves(model, tmp_path):
    mock = MockWeaviate(key="open-sesame")
    server = Server(tmp_path / "library", environment=environment(mock.url, model, key="wrong-one")).start()
    try:
        server.new_key()
        server.add(note("amber"))
        wait_until(lambda: notices(server), 30)
        failed = doctor(server)
        assert not failed["good"] and "401" in failed["detail"] and "weaviate_key" in failed["detail"]
        assert "wrong-one" not in str(failed) + server.log.read_text()
        server.stop()
        server.environment["LECTERN_WEAVIATE_KEY"] = "open-sesame"
        server.start()
        wait_until(lambda: near(server) == ["amber.txt"])
        assert not notices(server) and "open-sesame" not in server.log.read_text()
    finally:
        server.stop()
        mock.stop()


def test_a_certificate_is_checked_against_the_file_that_is_named(model, tmp_path, certificate):
    context, ca = certificate
    mock = MockWeaviate(context=context)
    server = Server(tmp_path / "library", environment=environment(mock.url, model)).start()
    try:
        server.new_key()
        server.add(note("amber"))
        wait_until(lambda: notices(server), 30)
        assert "certificate" in doctor(server)["detail"] and mock.count() == 0
        server.stop()
        server.environment["LECTERN_WEAVIATE_CA"] = str(ca)
        server.start()
        wait_until(lambda: near(server) == ["amber.txt"])
    finally:
        server.stop()
        mock.stop()


@pytest.fixture
def backend():
    """Starts one of tools/backends in a folder that its user may reach; its port."""
    started = []

    def start(name, **more):
        if subprocess.run([BACKENDS, "find", name], capture_output=True).returncode:
            pytest.skip(f"needs {name} of `tools/backends install {name}`")
        port, folder = free_port(), Path(tempfile.mkdtemp(prefix=f"lectern-{name}-"))
        folder.chmod(0o755)
        started.append((name, folder))
        subprocess.run([BACKENDS, "start", name, str(port), folder], check=True, stdout=subprocess.DEVNULL, env={**os.environ, **more})
        return port
    yield start
    for name, folder in started:
        subprocess.run([BACKENDS, "stop", name, folder], check=True)
        shutil.rmtree(folder, ignore_errors=True)


KEYS = {"AUTHENTICATION_ANONYMOUS_ACCESS_ENABLED": "false", "AUTHENTICATION_APIKEY_ENABLED": "true",
        "AUTHENTICATION_APIKEY_ALLOWED_KEYS": "open-sesame", "AUTHENTICATION_APIKEY_USERS": "lectern"}


def test_weaviate_itself_serves_behind_a_key_and_tls(backend, model, tmp_path, certificate):
    context, ca = certificate
    way = TlsWay(context, backend("weaviate", **KEYS))
    server = Server(tmp_path / "library", environment=environment(f"https://127.0.0.1:{way.port}", model, key="wrong-one", ca=ca)).start()
    try:
        server.new_key()
        server.add(note("amber"))
        wait_until(lambda: notices(server), 30)
        assert "401" in doctor(server)["detail"]
        server.stop()
        server.environment["LECTERN_WEAVIATE_KEY"] = "open-sesame"
        server.start()
        wait_until(lambda: near(server) == ["amber.txt"], 60)
    finally:
        server.stop()
        way.stop()


def test_pgvector_serves_over_a_connection_whose_certificate_is_verified_in_full(backend, model, tmp_path, certificate):
    context, ca = certificate
    way = TlsWay(context, backend("pgvector"), is_postgres=True)
    address = f"postgresql://postgres@127.0.0.1:{way.port}/postgres?sslmode=verify-full&sslrootcert="
    server = Server(tmp_path / "library", f"{address}{tmp_path}/nothing", environment={"LECTERN_VECTOR_STORE_TYPE": "pgvector", "LECTERN_MODEL": str(model)})
    try:
        refused = server.cli("status", check=False)
        assert refused.returncode and "nothing" in refused.stderr, refused.stderr
        server.database = f"{address}{ca}"
        server.start()
        server.new_key()
        server.add(note("amber"))
        wait_until(lambda: near(server) == ["amber.txt"])
        assert doctor(server)["good"] and metric(server, "lectern_vector_store_failures_total") == 0
    finally:
        server.stop()
        way.stop()
