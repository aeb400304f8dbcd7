"""Originals in S3: a real S3 server that tests start, kill and start again."""
import concurrent.futures
import hashlib
import os
import shutil
import signal
import subprocess
import time

import pytest
import requests

from conftest import BACKENDS, Server, free_port, wait_until

BUCKET = "originals"


class S3:
    """One bucket; `LECTERN_` settings that lead to it."""

    def __init__(self, folder):
        self.folder, self.port = folder, free_port()
        (folder / "data" / BUCKET).mkdir(parents=True)
        self.start()

    def start(self):
        self.url = subprocess.run([BACKENDS, "start", "s3", str(self.port), self.folder], check=True, text=True,
                                  stdout=subprocess.PIPE).stdout.strip()

    def kill(self):
        pid = int((self.folder / "pid").read_text())
        os.kill(pid, signal.SIGKILL)
        (self.folder / "pid").unlink()

    def settings(self, prefix, **more):
        return {"LECTERN_BLOB_STORE": f"s3://{BUCKET}/{prefix}", "LECTERN_S3_ENDPOINT": self.url, "LECTERN_S3_ACCESS_KEY": "lectern",
                "LECTERN_S3_SECRET_KEY": "lectern-secret", "LECTERN_S3_REDIRECT": "60",
                **{f"LECTERN_S3_{name.upper()}": value for name, value in more.items()}}

    def kept(self, prefix):
        """Names and sizes of what is in the bucket."""
        top = self.folder / "data" / BUCKET / prefix
        return {f.name: f.stat().st_size for f in top.rglob("*") if f.is_file()}


@pytest.fixture(scope="module")
def s3(tmp_path_factory):
    if subprocess.run([BACKENDS, "find", "s3"], capture_output=True).returncode:
        pytest.skip("needs the S3 server of `tools/backends install s3`")
    started = S3(tmp_path_factory.mktemp("s3"))
    yield started
    subprocess.run([BACKENDS, "stop", "s3", started.folder], check=True)


@pytest.fixture(scope="module")
def library(s3, tmp_path_factory):
    server = Server(tmp_path_factory.mktemp("data") / "library", environment=s3.settings("one/library")).start()
    server.new_key()
    yield server
    server.stop()


def write(path, text):
    path.write_text(text)
    return path


def forget_copies(server):
    for copy in (server.data / "s3" / "copies").glob("*.*"):
        copy.unlink()


def original(server, document, **query):
    return server.get(f"/v1/documents/{document['id']}/original", params=query, allow_redirects=False)


def test_originals_are_in_the_bucket_and_not_in_the_data_folder(s3, library):
    small, large = b"The heron stands in the reeds.", b"%PDF-1.7\n" + os.urandom(1 << 20) * 9
    (note,) = library.add(("heron.txt", small))
    (blob,) = library.upload(("broken.pdf", large))
    names = {hashlib.sha256(data).hexdigest(): len(data) for data in (small, large)}
    assert names.items() <= s3.kept("one/library").items() and not (library.data / "blobs").exists()
    forget_copies(library)
    assert original(library, note).content == small and original(library, blob).content == large
    s3.kill()
    try:
        assert original(library, note).content == small, "its copy is here"
    finally:
        s3.start()
    assert library.call("DELETE", f"/v1/documents/{note['id']}?erase=1").status_code < 300
    assert hashlib.sha256(small).hexdigest() not in s3.kept("one/library")


def test_a_download_may_be_sent_to_an_address_of_s3_that_needs_no_key(library):
    (note,) = library.add(("a stork.txt", b"The stork nests on the roof."))
    sent = original(library, note, redirect=1)
    assert sent.status_code == 307 and "X-Amz-Expires=60" in sent.headers["Location"]
    got = requests.get(sent.headers["Location"], timeout=10)
    assert got.content == b"The stork nests on the roof." and "filename*=UTF-8''a%20stork.txt" in got.headers["Content-Disposition"]
    part = requests.get(sent.headers["Location"], headers={"Range": "bytes=4-8"}, timeout=10)
    assert part.status_code == 206 and part.content == b"stork"
    assert original(library, note).status_code == 200
    assert requests.get(sent.headers["Location"].replace("Expires=60", "Expires=61"), timeout=10).status_code == 403


def test_while_s3_is_away_nothing_is_half_saved_and_it_is_used_as_soon_as_it_is_back(s3, library):
    admin = library.cli("keys", "add", "watch", "--role", "admin").stdout.split()[-1]
    kept, broken = library.add(("crane.txt", b"The crane dances at dawn."), ("broken.pdf", b"%PDF-1.7\nnothing"))
    forget_copies(library)
    s3.kill()
    try:
        assert library.post(f"/v1/documents/{broken['id']}/retry", {}).status_code < 300
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            sending = pool.submit(library.call, "POST", "/v1/documents", files={"file": ("ibis.txt", b"The ibis walks.")})
            reading = pool.submit(original, library, kept)
        for refused in (sending.result(), reading.result()):
            assert refused.status_code == 503 and int(refused.headers["Retry-After"]) >= 1, refused.text
            assert "does not answer" in refused.text and "lectern-secret" not in refused.text
        assert library.get("/v1/documents", params={"q": "ibis"}).json()["items"] == []
        assert library.post("/v1/search", {"query": "crane", "mode": "keyword"}).json()["results"], "the rest goes on"
        job = wait_until(lambda: [j for j in library.get("/v1/jobs", params={"type": "extract"}, key=admin).json()["items"]
                                  if j["state"] != "running" and "does not answer" in (j["error"] or "")])[0]
        assert job["attempt"] == 0, "waiting for the store uses up no attempt"
    finally:
        s3.start()
    assert original(library, kept).content == b"The crane dances at dawn."
    library.add(("ibis.txt", b"The ibis walks."))


def test_erasing_while_s3_is_away_holds_up_nobody_and_ends_when_it_is_back(s3, library):
    words = b"The godwit flies eleven days."
    (note,) = library.add(("godwit.txt", words))
    name = hashlib.sha256(words).hexdigest()
    s3.kill()
    try:
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            erasing = pool.submit(library.call, "DELETE", f"/v1/documents/{note['id']}?erase=1")
            made = [library.post("/v1/collections", {"name": f"while it is away {n}"}) for n in range(5)]
        refused = erasing.result()
        assert refused.status_code == 503 and "goes by itself" in refused.text and {one.status_code for one in made} == {201}
        assert library.get(f"/v1/documents/{note['id']}").status_code == 404 and name in s3.kept("one/library")
    finally:
        s3.start()
    library.change_database("UPDATE blob_removals SET changed_at = 1 WHERE blob = ?", (name,))
    library.run_recurring("sweep")
    wait_until(lambda: name not in s3.kept("one/library"))


def test_a_server_starts_while_s3_is_away_and_says_so(s3, tmp_path):
    server = Server(tmp_path / "library", environment=s3.settings("late", secret_key="wrong"))
    s3.kill()
    try:
        server.start()
    finally:
        s3.start()
    try:
        server.new_key()
        assert "does not answer" in server.log.read_text()
        refused = server.call("POST", "/v1/documents", files={"file": ("a.txt", b"a")})
        assert refused.status_code == 502 and "s3_secret_key" in refused.text, refused.text
    finally:
        server.stop()
    assert s3.kept("late") == {}


def test_nodes_share_nothing_but_database_and_bucket(s3, postgres, tmp_path):
    settings = s3.settings("nodes")
    first = Server(tmp_path / "first", postgres.new_database(), environment=settings).start()
    first.new_key()
    (tmp_path / "second").mkdir(mode=0o700)
    shutil.copy(first.data / "master.key", tmp_path / "second" / "master.key")
    second = Server(tmp_path / "second", first.database, environment=settings).start()
    second.key = first.key
    try:
        sent = [nodes[0].upload((f"{word}.txt", f"A {word} in the wood.".encode()))[0]
                for word, nodes in (("siskin", (first, second)), ("brambling", (second, first)))]
        for document, there in zip(sent, (second, first)):
            assert there.wait_document(document["id"])["state"] == "ready"
            assert original(there, document).content.startswith(b"A ")
        assert second.call("DELETE", f"/v1/documents/{sent[0]['id']}?erase=1").status_code < 300
        assert set(s3.kept("nodes")) == {hashlib.sha256(b"A brambling in the wood.").hexdigest()}
    finally:
        first.stop()
        second.stop()


def test_backups_go_to_the_bucket_and_come_back_from_it(s3, tmp_path):
    settings = s3.settings("three") | {"LECTERN_BACKUP_TO": f"s3://{BUCKET}/copies", "LECTERN_BACKUP_KEEP": "1"}
    server = Server(tmp_path / "library", environment=settings)
    for word in ("plover", "dunlin"):
        server.cli("add", str(write(tmp_path / f"{word}.txt", f"The {word} runs.")))
        server.cli("backup")
        time.sleep(1)  # names are of seconds
    [name] = s3.kept("copies")
    other = Server(tmp_path / "restored", environment=settings | {"LECTERN_BLOB_STORE": ""})
    done = other.cli("restore", f"s3://{BUCKET}/copies/{name}")
    assert "2 originals" in done.stderr and "the same by their hashes" in done.stderr
    assert "dunlin.txt" in other.cli("search", "dunlin").stdout
    assert not list(other.data.glob("*.tar"))


def test_a_backup_goes_from_a_bucket_to_a_folder(library, tmp_path):
    (note,) = library.add(("egret.txt", b"The egret is white."))
    library.cli("backup", str(tmp_path / "copy.tar"))
    other = Server(tmp_path / "other")
    other.cli("restore", str(tmp_path / "copy.tar"))
    assert "missing" not in other.cli("db", "check", check=False).stderr
    shelf = other.data / "blobs"
    name = hashlib.sha256(b"The egret is white.").hexdigest()
    assert [f.read_bytes() for f in shelf.glob(f"*/{name[:2]}/{name[2:]}")] == [b"The egret is white."]
    assert note["state"] == "ready"
