"""Files in chunks: any order, again, after a crash, checked, counted, over both databases."""
import hashlib
import os
import threading

import pytest

from conftest import Server, wait_until
from mock_clamd import Clamd

CHUNK = 8 * 1024 * 1024


def digest(content):
    return hashlib.sha256(content).hexdigest()


def begin(server, name, content, key=None, **fields):
    answer = server.post("/api/files/upload/initiate", key=key, body={"filename": name, "size": len(content), **fields})
    assert answer.status_code == 201, answer.text
    return answer.json()


def send(server, file_id, number, chunk, key=None, **fields):
    return server.call("POST", f"/api/files/{file_id}/upload", key=key, data=chunk,
                       params={"chunk_number": number, **fields})


def words(count, salt):
    return b"".join(b"%s tide %d of the harbour\n" % (salt, i) for i in range(count))


def big(salt, size):
    line = words(4096, salt)
    return (line * (size // len(line) + 1))[:size]


def test_chunks_in_any_order_and_again_become_the_document(server):
    content = big(b"any order", 2 * CHUNK + 1000)
    begun = begin(server, "folder/tides.txt", content, content_type="text/plain", checksum=digest(content))
    assert begun["chunk_size"] == CHUNK and begun["chunk_count"] == 3 and not begun["document_id"]
    chunks = [content[:CHUNK], content[CHUNK:2 * CHUNK], content[2 * CHUNK:]]
    for number in (2, 0, 0, 2):
        answer = send(server, begun["file_id"], number, chunks[number], checksum=digest(chunks[number]))
        assert answer.status_code == 200, answer.text
    assert answer.json()["received_chunks"] == [0, 2] and answer.json()["status"] == "uploading"
    status = server.get(f"/api/files/{begun['file_id']}/status").json()
    assert status["status"] == "uploading" and status["percent"] == 50 and status["received_chunks"] == [0, 2]
    assert server.get(f"/api/files/{begun['file_id']}/content").status_code == 409
    done = send(server, begun["file_id"], 1, chunks[1]).json()
    assert done["document_id"] and done["progress"] == 100 and done["received_chunks"] == [0, 1, 2]
    again = send(server, begun["file_id"], 1, chunks[1]).json()
    assert again["document_id"] == done["document_id"]
    document = server.get(f"/v1/documents/{done['document_id']}").json()
    assert document["name"] == "tides.txt" and document["sha256"] == digest(content)
    assert server.get(f"/v1/documents/{done['document_id']}/original").content == content
    assert server.call("DELETE", f"/api/files/{begun['file_id']}").status_code == 204
    assert server.get(f"/v1/documents/{done['document_id']}").status_code == 404
    assert server.get(f"/api/files/{begun['file_id']}/status").status_code == 404


def test_a_form_brings_a_chunk_too_and_the_content_is_there_when_it_is_read(server):
    content = words(20, b"by form")
    begun = begin(server, "form.txt", content)
    done = server.call("POST", f"/api/files/{begun['file_id']}/upload", data={"chunk_number": "0"},
                       files={"file": ("blob", content)}).json()
    server.wait_document(done["document_id"])
    status = server.get(f"/api/files/{begun['file_id']}/status").json()
    assert status["status"] == "ready" and status["percent"] == 100 and status["error"] is None
    shown = server.get(f"/api/files/{begun['file_id']}/content").json()
    assert "by form tide 19 of the harbour" in shown["text"] and shown["metadata"]["name"] == "form.txt"
    assert shown["chunks"] and shown["chunks"][0]["text"].startswith("by form tide 0")
    found = server.post("/api/files/search", {"query": "by form tide", "limit": 3}).json()
    assert found["results"]
    for filters, is_found in (({"formats": ["text"]}, True), ({"formats": ["pdf"]}, False), ({"documents": [done["document_id"]]}, True)):
        found = server.post("/api/files/search", {"query": "by form tide", "filters": filters}).json()
        assert bool(found["results"]) == is_found, filters
    assert server.post("/api/files/search", {"query": "by form tide", "filters": {"colour": "red"}}).status_code == 400


WRONG = [
    ("a chunk that is not there", 1, b"x" * 10, {}, 400),
    ("no number", "", b"x" * 10, {}, 400),
    ("a chunk that came in part", 0, b"x" * 9, {}, 400),
    ("a chunk that is too long", 0, b"x" * 11, {}, 413),
    ("a chunk that changed on its way", 0, b"x" * 10, {"checksum": "0" * 64}, 400),
]


@pytest.mark.parametrize("what, number, chunk, fields, status", WRONG, ids=[row[0] for row in WRONG])
def test_a_wrong_chunk_is_refused_and_the_upload_goes_on(server, what, number, chunk, fields, status):
    content = what.encode()[:10].ljust(10)
    begun = begin(server, "wrong.txt", content)
    assert send(server, begun["file_id"], number, chunk, **fields).status_code == status
    assert send(server, begun["file_id"], 0, content).json()["document_id"]


def test_a_chunk_larger_than_8_mib_is_refused_before_it_is_read(server):
    begun = begin(server, "long.txt", b"x" * 10)
    assert send(server, begun["file_id"], 0, b"x" * (CHUNK + 1)).status_code == 413


def test_what_cannot_be_begun_says_which_field(server):
    for fields, status in [({"size": -1}, 400), ({"size": 1 << 60}, 413), ({"checksum": "abc"}, 400),
                           ({"filename": 5}, 400), ({"size": "9"}, 400)]:
        answer = server.post("/api/files/upload/initiate", {"filename": "a.txt", "size": 9, **fields})
        assert answer.status_code == status, (fields, answer.text)


def test_a_whole_file_with_another_checksum_is_refused_and_removed(server):
    begun = begin(server, "sum.txt", b"0123456789", checksum="a" * 64)
    answer = send(server, begun["file_id"], 0, b"9876543210")
    assert answer.status_code == 422 and "SHA-256" in answer.json()["error"]["message"]
    assert server.get(f"/api/files/{begun['file_id']}/status").status_code == 404


def test_chunks_at_the_same_time_make_one_document(server):
    content = big(b"at once", CHUNK + 5)
    begun = begin(server, "at-once.txt", content)
    answers = []

    def one(number):
        answers.append(send(server, begun["file_id"], number, content[number * CHUNK:(number + 1) * CHUNK]))

    threads = [threading.Thread(target=one, args=(i % 2,)) for i in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(answer.status_code == 200 for answer in answers), [a.text for a in answers if a.status_code != 200]
    made = {answer.json()["document_id"] for answer in answers} - {None}
    assert len(made) == 1
    [document] = made
    assert server.get(f"/v1/documents/{document}").json()["sha256"] == digest(content)
    server.call("DELETE", f"/api/files/{document}")


def blob_count(server):
    return sum(len(files) for path, _, files in os.walk(os.path.join(server.data, "blobs")) if "incoming" not in path)


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    server = Server(tmp_path_factory.mktemp("small"), arguments=("--uploads-open", "2", "--workspace-bytes", "60"))
    server.start()
    server.new_key()
    yield server
    server.stop()


def test_an_upload_goes_on_after_the_server_was_killed_and_nobody_going_on_frees_the_disk(small):
    content = b"killed halfway".ljust(20)
    begun = begin(small, "killed.txt", content)
    left = begin(small, "left.txt", b"left by everybody ...")
    small.kill()
    small.start()
    late = small.post("/api/files/upload/initiate", {"filename": "third.txt", "size": 1})
    assert late.status_code == 429 and int(late.headers["Retry-After"]) > 1
    assert send(small, begun["file_id"], 0, content).json()["document_id"]
    small.change_database("UPDATE file_uploads SET expires_at = 1 WHERE document = ''")
    small.run_recurring("uploads")
    wait_until(lambda: small.get(f"/api/files/{left['file_id']}/status").status_code == 404)
    assert blob_count(small) == 1


def test_a_workspace_that_is_full_takes_nothing_more_by_any_way(small):
    kept = blob_count(small)
    refused = small.post("/api/files/upload/initiate", {"filename": "full.txt", "size": 45})
    assert refused.status_code == 507 and "workspace_bytes" in refused.json()["error"]["message"]
    form = small.call("POST", "/v1/documents", files=[("file", ("full.txt", b"y" * 45))])
    assert form.status_code == 507 and blob_count(small) == kept
    fits = begin(small, "fits.txt", b"z" * 35)
    assert send(small, fits["file_id"], 0, b"z" * 35).json()["document_id"]


def test_an_infected_file_is_refused_and_nothing_comes_in_unseen(tmp_path):
    scanner = Clamd()
    server = Server(tmp_path / "scanned", arguments=("--clamd", scanner.address)).start()
    try:
        server.new_key()
        assert server.upload(("clean.txt", b"a clean page"))
        kept = blob_count(server)
        for content in (b"an INFECTED page", b"INFE" b"CTED again"):
            refused = server.call("POST", "/v1/documents", files=[("file", ("bad.txt", content))])
            assert refused.status_code == 403 and "Test.Word" in refused.json()["error"]["message"]
        chunked = begin(server, "bad.txt", b"INFECTED by chunks")
        assert send(server, chunked["file_id"], 0, b"INFECTED by chunks").status_code == 403
        assert server.get(f"/api/files/{chunked['file_id']}/status").status_code == 404
        scanner.stop()
        unseen = server.call("POST", "/v1/documents", files=[("file", ("unseen.txt", b"nobody looked"))])
        assert unseen.status_code == 503 and blob_count(server) == kept
        assert server.get("/v1/documents").json()["total"] == 1
    finally:
        server.stop()
