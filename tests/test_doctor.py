"""`lectern doctor` on folders as they are found: what is there, what is wrong, what to do."""
import email.utils
import fcntl
import http.server
import json
import re
import socket
import sqlite3
import subprocess
import threading
import time
from urllib.parse import urlsplit

import pytest

from aiosmtpd.controller import Controller

from conftest import Server, free_port, make_certificate


def findings(data, *words):
    """What is bad, as {what: detail}, and everything."""
    done = Server(data).cli("doctor", "--json", "--listen", f"127.0.0.1:{free_port()}", *words, check=False)
    assert done.stdout, (done.returncode, done.stderr)
    all_of = json.loads(done.stdout)
    bad = {f["what"]: f["detail"] for f in all_of if not f["good"]}
    assert done.returncode == (2 if bad else 0), done.stderr
    return bad, {f["what"]: f["detail"] for f in all_of}


@pytest.fixture
def library(tmp_path):
    data = tmp_path / "library"
    note = tmp_path / "note.txt"
    note.write_text("The pump runs.")
    Server(data).cli("add", str(note))
    return data


def test_a_library_is_well_and_is_left_as_it_was(library):
    bad, everything = findings(library)
    assert set(bad) <= {"notice"} and "none runs" in everything["server"] and "1 passages" in everything["index"]


@pytest.mark.parametrize("make, says", [(False, "is not there yet"), (True, "has no library yet")])
def test_nothing_is_made_in_a_folder_without_a_library(tmp_path, make, says):
    data = tmp_path / "a" / "b"
    if make:
        data.mkdir(parents=True)
    bad, everything = findings(data)
    assert not bad and says in everything["data folder"] and "lectern serve" in everything["data folder"]
    assert "server" not in everything and "reading" in everything
    assert list(data.iterdir()) == [] if make else not data.exists()


def test_a_file_is_no_data_folder(tmp_path):
    (tmp_path / "file").write_text("")
    bad, _ = findings(tmp_path / "file")
    assert "is not a folder" in bad["data folder"]


def test_a_setting_that_names_no_file_is_told(tmp_path):
    bad, everything = findings(tmp_path / "a", "--gateway", "/nowhere/gateway.json")
    assert "gateway names /nowhere/gateway.json" in bad["settings"]
    assert "the profile is development" in findings(tmp_path / "a")[1]["settings"]


def test_a_running_server_is_asked(library):
    server = Server(library).start()
    try:
        bad, everything = findings(library)
        assert set(bad) <= {"notice"} and everything["server"].startswith("version")
    finally:
        server.stop()


def test_a_port_that_another_program_has_is_told(library):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        bad, _ = findings(library, "--listen", f"127.0.0.1:{port}")
    assert f"port {port}" in bad["address"] and "the setting `listen`" in bad["address"]


def test_a_locked_folder_is_told(library):
    with open(library / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        bad, _ = findings(library)
    assert "is in use by another Lectern" in bad["server"]


def test_a_database_of_a_newer_program_is_told(library):
    with sqlite3.connect(library / "lectern.db") as database:
        database.execute("INSERT INTO schema_version SELECT max(number) + 1, 'later', 0, '99.0.0' FROM schema_version")
    bad, _ = findings(library)
    assert "needs Lectern 99.0.0" in bad["server"] and "update the program" in bad["server"]


@pytest.mark.parametrize("file, at, says", [("lectern.db", 0, "is damaged"), ("master.key", -1, "is no master key")])
def test_a_damaged_file_is_named_with_what_to_do(library, file, at, says):
    path = library / file
    path.write_bytes(b"x" * 4096 + path.read_bytes()[4096:] if at == 0 else b"x")
    bad, everything = findings(library)
    assert says in bad["server"] and file in bad["server"] and "reading" in everything


def test_a_damaged_index_is_made_again(library):
    for manifest in library.glob("index/*/*/manifest"):
        manifest.write_bytes(b"torn")
    bad, everything = findings(library)
    assert "index" not in bad and "1 passages" in everything["index"]


def test_too_little_room_is_told(library):
    bad, _ = findings(library, "--disk-reserve", "1000G")
    assert "uploads are refused" in bad["disk"]


class Box:
    """A mail server that keeps to whom mails are sent."""

    def __init__(self):
        self.sent = []

    async def handle_DATA(self, server, session, envelope):
        self.sent.append(envelope.rcpt_tos)
        return "250 OK"


@pytest.fixture
def box():
    box = Box()
    controller = Controller(box, hostname="127.0.0.1", port=free_port())
    controller.start()
    box.url = f"smtp+plain://127.0.0.1:{controller.port}"
    yield box
    controller.stop()


def test_each_thing_that_is_broken_is_told_with_what_to_do(library, tmp_path):
    make_certificate(tmp_path)
    (tmp_path / "file").write_text("")
    port = free_port()
    bad, _ = findings(library, "--tls-certificate", str(tmp_path / "cert.pem"), "--tls-key", str(tmp_path / "cert.pem"),
                      "--smtp-url", f"smtp+plain://127.0.0.1:{port}", "--smtp-from", "us@example.org",
                      "--vector-store-type", "weaviate", "--weaviate-url", f"http://127.0.0.1:{port}")
    for what, says in (("certificate", "tls_key"), ("mail", "smtp_url"), ("vector store", "by words alone")):
        assert says in bad[what], what


@pytest.mark.parametrize("is_new", [True, False], ids=["a new node", "a node"])
def test_a_database_that_is_away_is_told_with_what_to_do(library, tmp_path, is_new):
    bad, everything = findings(tmp_path / "new" if is_new else library, "--database", f"postgresql://nobody:secret@127.0.0.1:{free_port()}/lectern")
    assert "Connection refused" in bad["database"] and "the setting `database`" in bad["database"] and "secret" not in bad["database"]
    assert "server" not in bad and "reading" in everything


def test_a_certificate_that_is_soon_over_is_told_and_a_mail_server_is_greeted(library, tmp_path, box):
    make_certificate(tmp_path)
    backups = tmp_path / "backups"
    backups.mkdir()
    bad, everything = findings(library, "--tls-certificate", str(tmp_path / "cert.pem"), "--tls-key", str(tmp_path / "key.pem"),
                               "--public-url", "https://127.0.0.1:8443", "--smtp-url", box.url, "--smtp-from", "us@example.org", "--backup-to", str(backups))
    assert "certificate name" not in bad and "1 days left" in bad["certificate"] and "Renew it" in bad["certificate"]
    assert "greeted" in everything["mail"] and not box.sent
    assert "written, listed and removed" in everything["backup place"] and not list(backups.iterdir())
    findings(library, "--smtp-url", box.url, "--smtp-from", "us@example.org", "--send", "ann@example.org")
    assert box.sent == [["ann@example.org"]]


def test_a_certificate_of_another_name_than_people_come_by_is_told(library, tmp_path):
    make_certificate(tmp_path)
    bad, _ = findings(library, "--tls-certificate", str(tmp_path / "cert.pem"), "--tls-key", str(tmp_path / "key.pem"),
                      "--public-url", "https://library.example.org")
    assert "not for library.example.org, the host of public_url" in bad["certificate name"] and "get one that names it" in bad["certificate name"]


# --- Clocks ---

class LateS3(http.server.BaseHTTPRequestHandler):
    """A bucket in memory whose machine is 90 seconds ahead."""
    protocol_version = "HTTP/1.1"
    ahead_s = 90

    def date_time_string(self, timestamp=None):
        return email.utils.formatdate((timestamp or time.time()) + self.ahead_s, usegmt=True)

    def log_message(self, *args):
        pass

    def say(self, status, body=b"", **headers):
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def do_PUT(self):
        self.server.objects[urlsplit(self.path).path] = self.rfile.read(int(self.headers["Content-Length"]))
        self.say(200, ETag='"e"')

    def do_DELETE(self):
        self.server.objects.pop(urlsplit(self.path).path, None)
        self.say(204)

    def do_GET(self):
        address = urlsplit(self.path)
        if "list-type" in address.query or "versioning" in address.query:
            return self.say(200, b"<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>")
        body = self.server.objects.get(address.path)
        return self.say(404, b"<Error><Code>NoSuchKey</Code></Error>") if body is None else self.say(200, body, ETag='"e"')

    do_HEAD = do_GET


@pytest.mark.parametrize("ahead_s, told", [(90, r"the clock of S3 is (89|9[01]) s before this machine's"), (-3600, r"the clock of S3 is (3599|360[01]) s behind this machine's"), (2, None)])
def test_a_clock_of_s3_that_differs_is_told(tmp_path, ahead_s, told):
    bucket = http.server.ThreadingHTTPServer(("127.0.0.1", 0), type("S3", (LateS3,), {"ahead_s": ahead_s}))
    bucket.objects = {}
    threading.Thread(target=bucket.serve_forever, daemon=True).start()
    server = Server(tmp_path / "library", environment={"LECTERN_BLOB_STORE": "s3://originals/x", "LECTERN_S3_ENDPOINT": f"http://127.0.0.1:{bucket.server_port}",
                                                       "LECTERN_S3_ACCESS_KEY": "k", "LECTERN_S3_SECRET_KEY": "s"}).start()
    try:
        found = {one["what"]: one for one in json.loads(server.cli("doctor", "--json", check=False).stdout)}
        assert found["originals store"]["good"], found
        assert ("clock" in found) == bool(told) and (not told or re.search(told, found["clock"]["detail"])), found
    finally:
        server.stop()
        bucket.shutdown()
        bucket.server_close()


def run_sql(database, statement):
    subprocess.run(["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", database, "-c", statement], check=True)


@pytest.mark.parametrize("ahead_s, told", [(90, r"the clock of the database is (89|9[01]) s before this machine's"), (-90, r"the clock of the database is (89|9[01]) s behind this machine's"), (2, None)])
def test_a_clock_of_the_database_that_differs_is_told(tmp_path, postgres, ahead_s, told):
    database = postgres.new_database()
    late = f"CREATE FUNCTION late.clock_timestamp() RETURNS timestamptz LANGUAGE sql AS 'SELECT pg_catalog.clock_timestamp() + interval ''{ahead_s} s'''"
    run_sql(database, "CREATE SCHEMA late; GRANT USAGE ON SCHEMA late TO PUBLIC; " + late + "; DO $$ BEGIN EXECUTE 'ALTER DATABASE ' || current_database() || ' SET search_path = late, pg_catalog, public'; END $$")
    server = Server(tmp_path / "library", database).start()
    try:
        found = {one["what"]: one for one in json.loads(server.cli("doctor", "--json", check=False).stdout)}
        assert ("clock" in found) == bool(told) and (not told or re.search(told, found["clock"]["detail"])), found
    finally:
        server.stop()
