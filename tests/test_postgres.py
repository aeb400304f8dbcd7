"""PostgreSQL from outside: certificates, several hosts, a library that moves there and back."""
import datetime
import os
import shutil
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization

from conftest import PROGRAM, Postgres, Server, make_certificate, wait_until


@pytest.fixture(scope="module")
def guarded(postgres, tmp_path_factory):
    """The cluster, which takes TLS now, its certificate, and one of another authority."""
    cluster = postgres
    _, certificate = make_certificate(cluster.folder)
    for name in ("key.pem", "cert.pem"):
        if os.getuid() == 0:
            shutil.chown(cluster.folder / name, "postgres")
        (cluster.folder / name).chmod(0o600)
    # Whoever only trusts the certificate reads a copy.
    copy = tmp_path_factory.mktemp("own") / "ca.pem"
    copy.write_bytes(certificate.read_bytes())
    settings = {"ssl": "on", "ssl_cert_file": cluster.folder / "cert.pem", "ssl_key_file": cluster.folder / "key.pem"}
    for name, value in settings.items():
        cluster.run("psql", "-h", "127.0.0.1", "-p", cluster.port, "-U", "postgres", "-qc", f"ALTER SYSTEM SET {name} = '{value}'")
    cluster.run("pg_ctl", "-D", cluster.folder / "data", "reload")
    return cluster, copy, make_certificate(tmp_path_factory.mktemp("other"))[1]


def status_of(url):
    return subprocess.run([PROGRAM, "migrate", "status", "--database", url], capture_output=True, text=True, timeout=60)


@pytest.mark.parametrize("host,mode,authority,says", [
    ("127.0.0.1", "verify-full", "own", None), ("127.0.0.1", "verify-ca", "own", None), ("127.0.0.1", "require", "", None),
    ("127.0.0.1", "verify-full", "other", "certificate verify failed"), ("127.0.0.1", "require", "other", "certificate verify failed"),
    ("localhost", "verify-full", "own", "does not match"), ("localhost", "verify-ca", "own", None),
    ("127.0.0.1", "verify-full", "missing", "root certificate file")])
def test_a_database_is_believed_by_its_certificate_as_sslmode_says(guarded, host, mode, authority, says):
    cluster, own, other = guarded
    file = {"own": own, "other": other, "missing": "/nowhere/ca.pem", "": ""}[authority]
    done = status_of(f"postgresql://postgres@{host}:{cluster.port}/postgres?sslmode={mode}" + (f"&sslrootcert={file}" if file else ""))
    assert (done.returncode == 0) == (says is None), done.stderr
    assert says is None or (says in done.stderr and "connecting to PostgreSQL" in done.stderr)


@pytest.fixture
def expired(guarded):
    """The certificate of the cluster as it was until yesterday, while the cluster shows it."""
    cluster, own, _ = guarded
    key = serialization.load_pem_private_key((cluster.folder / "key.pem").read_bytes(), None)
    now, current = datetime.datetime.now(datetime.timezone.utc), x509.load_pem_x509_certificate(own.read_bytes())
    old = x509.CertificateBuilder(current.subject, current.subject, key.public_key(), x509.random_serial_number(), now - datetime.timedelta(days=9),
                                  now - datetime.timedelta(days=1), list(current.extensions)).sign(key, hashes.SHA256())
    copy = own.parent / "expired.pem"
    for text in (old.public_bytes(serialization.Encoding.PEM), own.read_bytes()):
        (cluster.folder / "cert.pem").write_bytes(text)
        cluster.run("pg_ctl", "-D", cluster.folder / "data", "reload")
        wait_until(lambda text=text: shown_by(cluster).strip() == text.strip())
        if text != own.read_bytes():
            copy.write_bytes(text)
            yield cluster, copy


def shown_by(cluster):
    done = subprocess.run(["openssl", "s_client", "-starttls", "postgres", "-connect", f"127.0.0.1:{cluster.port}"], input=b"", capture_output=True,
                          timeout=30, check=False)
    begin = done.stdout.find(b"-----BEGIN")
    return done.stdout[begin:done.stdout.find(b"-----END CERTIFICATE-----") + 25]


def test_a_database_whose_certificate_has_expired_is_refused_where_it_is_looked_at(expired):
    cluster, file = expired
    for mode, says in (("require", None), ("verify-ca", "certificate verify failed"), ("verify-full", "certificate verify failed")):
        done = status_of(f"postgresql://postgres@127.0.0.1:{cluster.port}/postgres?sslmode={mode}" + (f"&sslrootcert={file}" if says else ""))
        assert (done.returncode == 0) == (says is None) and (says or "") in done.stderr, (mode, done.stderr)


def test_of_several_hosts_the_one_that_can_be_written_is_taken(guarded):
    cluster = guarded[0]
    url = f"postgresql://postgres@127.0.0.1:1,127.0.0.1:{cluster.port}/postgres?sslmode=disable"
    assert status_of(url + "&target_session_attrs=read-write").returncode == 0
    assert status_of(url + "&target_session_attrs=standby").returncode != 0


def test_a_server_that_starts_before_its_database_waits_for_it_and_can_be_stopped(tmp_path):
    cluster = Postgres()
    try:
        server = Server(tmp_path / "library", cluster.new_database())
        cluster.run("pg_ctl", "-D", cluster.folder / "data", "-m", "fast", "-w", "stop")
        refused = server.cli("status", check=False)
        assert refused.returncode == 7 and "connecting to PostgreSQL" in refused.stderr, "a command does not wait"
        server.start(wait=False)
        wait_until(lambda: "starts as soon as it answers" in server.log.read_text())
        server.stop()
        assert server.process.returncode == 8
        server.start(wait=False)
        cluster.start()
        server.wait_ready()
        server.stop()
    finally:
        cluster.stop()


def test_a_supervisor_is_answered_while_all_threads_wait_for_the_database(guarded, tmp_path):
    cluster = guarded[0]
    server = Server(tmp_path / "library", cluster.new_database(), ["--request-threads", "2"]).start()
    server.new_key()
    psql = [cluster.bin / "psql", "-qXAt", server.database]
    holder = subprocess.Popen(psql, stdin=subprocess.PIPE, text=True)
    callers = ThreadPoolExecutor(4)

    def locks(which):
        count = f"SELECT count(*) FROM pg_locks WHERE {which} AND relation = 'documents'::regclass"
        return int(subprocess.check_output([*psql, "-c", count]))
    try:
        holder.stdin.write("BEGIN; LOCK TABLE documents IN ACCESS EXCLUSIVE MODE;\n")
        holder.stdin.flush()
        wait_until(lambda: locks("granted AND mode = 'AccessExclusiveLock'"))
        lists = [callers.submit(server.get, "/v1/documents") for _ in range(4)]
        wait_until(lambda: locks("NOT granted") >= 2)
        for path in ("/live", "/ping", "/ready", "/health", "/metrics"):
            assert requests.get(server.url + path, timeout=2).status_code == 200, path
        assert not any(answer.done() for answer in lists)
        holder.stdin.write("COMMIT;\n")
        holder.stdin.flush()
        assert [answer.result(30).status_code for answer in lists] == [200] * 4
    finally:
        holder.communicate()
        callers.shutdown()
        server.stop()


def test_who_waits_for_a_lock_of_another_session_is_told_so(guarded, tmp_path):
    options = ["--request-threads", "2", "--request-wait", "1"]
    server = Server(tmp_path / "library", guarded[0].new_database(), options).start()
    server.new_key()
    document = server.add(("quarry.txt", b"The quarry at Ardal employs 212 people."))[0]["id"]
    psql = [guarded[0].bin / "psql", "-qXAt", server.database]
    holder = subprocess.Popen(psql, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    callers = ThreadPoolExecutor(8)
    try:
        holder.stdin.write("BEGIN; LOCK TABLE documents, api_keys IN ACCESS EXCLUSIVE MODE; SELECT 'held';\n")
        holder.stdin.flush()
        assert holder.stdout.readline() == "held\n"
        began = time.monotonic()
        answers = [callers.submit(server.get, "/v1/documents") for _ in range(8)]
        for path in ("/ready", "/health", "/metrics"):
            for headers in ({}, {"Authorization": f"Bearer {server.key}"}):
                assert requests.get(server.url + path, headers=headers, timeout=5).status_code == 200, path
        answers = [answer.result(30) for answer in answers]
        assert time.monotonic() - began < 8, "none waits for all of those before it"
        assert [answer.status_code for answer in answers] == [503] * 8 and answers[0].headers["Retry-After"]
        told = {answer.json()["error"]["message"] for answer in answers}
        assert any("another session of PostgreSQL holds a lock" in text for text in told), told
        assert any("all 2 threads for requests were held" in text for text in told), told
        assert "answered with 503" in server.log.read_text()
        holder.stdin.write("COMMIT;\n")
        holder.stdin.flush()
        wait_until(lambda: server.get(f"/v1/documents/{document}").status_code == 200)
    finally:
        holder.communicate()
        callers.shutdown()
        server.stop()


def test_a_server_whose_database_is_gone_is_not_ready_until_it_is_back(tmp_path):
    cluster = Postgres()
    server = Server(tmp_path / "library", cluster.new_database()).start()

    def ready():
        answer = requests.get(server.url + "/ready", timeout=5)
        return answer.status_code, answer.json()["database"]
    try:
        assert ready() == (200, "answers")
        cluster.run("pg_ctl", "-D", cluster.folder / "data", "-m", "fast", "-w", "stop")
        wait_until(lambda: ready() == (503, "does not answer"))
        assert any("has not answered" in notice for notice in requests.get(server.url + "/health", timeout=5).json()["notices"])
        assert requests.get(server.url + "/metrics", timeout=5).status_code == 200
        cluster.start()
        wait_until(lambda: ready() == (200, "answers"))
    finally:
        server.stop()
        cluster.stop()


def test_a_library_moves_to_postgresql_and_back_with_everything(guarded, tmp_path):
    url = guarded[0].create("moved") + "?sslmode=disable"
    server = Server(tmp_path / "library").start()
    server.new_key()
    document = server.add(("quarry.txt", b"The quarry at Ardal employs 212 people."))[0]["id"]
    refused = server.cli("db", "move", url, check=False)
    assert refused.returncode and "in use" in refused.stderr
    server.stop()
    assert "the same by number and hash" in server.cli("db", "move", url).stderr
    again = server.cli("db", "move", url, check=False)
    assert again.returncode and "holds a library already" in again.stderr
    (server.data / "lectern.db").rename(tmp_path / "before.db")
    for database in (url, ""):
        server.database = database
        server.start()
        assert server.get(f"/v1/documents/{document}/text").text.startswith("The quarry")
        assert server.post("/v1/search", {"query": "quarry"}).json()["results"][0]["document"]["id"] == document
        server.add((f"more{len(database)}.txt", b"More words " + database.encode()))
        server.stop()
        if database:
            (tmp_path / "before.db").rename(server.data / "lectern.db")
            refused = server.cli("db", "move", "sqlite", check=False)
            assert refused.returncode and "lectern.db holds a library already" in refused.stderr and "rename the file" in refused.stderr
            (server.data / "lectern.db").rename(tmp_path / "before.db")
            server.cli("db", "move", "sqlite")
    assert server.cli("db", "move", "sqlite", check=False).returncode
