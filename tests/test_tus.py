"""Uploads by tus 1.0: its official Python client, and requests that are wrong on purpose; over both databases."""
import base64
import hashlib
import subprocess
import sys

import pytest
from tusclient import client as tus_client
from tusclient.storage import filestorage

from conftest import Server

SPOKEN = {"Tus-Resumable": "1.0.0"}
BYTES = {"Content-Type": "application/offset+octet-stream"}


def name(text):
    return "filename " + base64.b64encode(text.encode()).decode()


def tus(server, method, path="/v1/tus", data=None, **headers):
    sent = {key.replace("_", "-"): str(value) for key, value in headers.items()}
    return server.call(method, path, headers={**SPOKEN, **sent}, data=data)


def begin(server, length, **headers):
    answer = tus(server, "POST", Upload_Length=length, Upload_Metadata=name("tus.txt"), **headers)
    assert answer.status_code == 201 and answer.headers["Tus-Resumable"] == "1.0.0", answer.text
    return answer.headers["Location"]


def patch(server, path, offset, data, **headers):
    return tus(server, "PATCH", path, data, Upload_Offset=offset, **{"Content_Type": BYTES["Content-Type"], **headers})


def official(server):
    return tus_client.TusClient(f"{server.url}/v1/tus", headers={"Authorization": f"Bearer {server.key}"})


def test_the_official_client_uploads_stops_and_goes_on(server, tmp_path):
    content = b"".join(b"line %d by the official client\n" % i for i in range(5000))
    (tmp_path / "whole.txt").write_bytes(content)
    storage = filestorage.FileStorage(str(tmp_path / "known"))
    options = {"chunk_size": 40000, "metadata": {"filename": "whole.txt", "filetype": "text/plain"},
               "store_url": True, "url_storage": storage, "upload_checksum": True}
    first = official(server).uploader(str(tmp_path / "whole.txt"), **options)
    first.upload_chunk()
    second = official(server).uploader(str(tmp_path / "whole.txt"), **options)
    assert second.url == first.url and second.offset == 40000
    second.upload()
    shown = tus(server, "HEAD", second.url[len(server.url):])
    assert shown.status_code == 200 and shown.headers["Upload-Offset"] == shown.headers["Upload-Length"]
    assert shown.headers["Cache-Control"] == "no-store" and "Upload-Expires" not in shown.headers
    document = server.get(f"/v1/documents/{shown.headers['Lectern-Document']}").json()
    assert document["name"] == "whole.txt" and document["sha256"] == hashlib.sha256(content).hexdigest()


CLIENT = """
import sys
from tusclient import client
from tusclient.storage import filestorage
address, key, file, known, wait = sys.argv[1:]
uploader = client.TusClient(address, headers={"Authorization": f"Bearer {key}"}).uploader(
    file, chunk_size=40000, metadata={"filename": "killed.txt"}, store_url=True, url_storage=filestorage.FileStorage(known))
print(uploader.offset, flush=True)
while uploader.offset < uploader.get_file_size():
    uploader.upload_chunk()
    print(uploader.offset, uploader.url, flush=True)
    if wait == "waits" and uploader.offset >= 400000:
        sys.stdin.readline()
"""


@pytest.fixture
def own(database_kind, request, tmp_path):
    database = request.getfixturevalue("postgres").new_database() if database_kind == "postgresql" else ""
    started = Server(tmp_path / "library", database).start()
    started.new_key()
    yield started
    started.stop()


def test_the_official_client_goes_on_after_it_and_the_server_were_killed(own, tmp_path):
    server, content = own, b"".join(b"line %d of a client that is killed\n" % i for i in range(60000))
    (tmp_path / "killed.txt").write_bytes(content)

    def run(wait):
        words = [sys.executable, "-c", CLIENT, f"{server.url}/v1/tus", server.key, str(tmp_path / "killed.txt"), str(tmp_path / "known"), wait]
        return subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    first = run("waits")
    assert first.stdout.readline() == "0\n"
    while not first.stdout.readline().startswith("400000 "):
        assert first.poll() is None
    first.kill()
    first.communicate()
    second = run("waits")
    assert second.stdout.readline() == "400000\n", "what was acknowledged to the one that was killed"
    assert second.stdout.readline().startswith("440000 ")
    server.kill()
    second.communicate("go on\n")
    assert second.returncode, "nobody answers"
    server.start()
    third = run("ends")
    told = third.communicate(timeout=60)[0].split("\n")
    assert third.returncode == 0 and int(told[0]) >= 440000, told[:2]
    shown = tus(server, "HEAD", told[-2].split()[1][len(server.url):])
    document = server.get(f"/v1/documents/{shown.headers['Lectern-Document']}").json()
    assert document["sha256"] == hashlib.sha256(content).hexdigest()


def test_options_say_what_is_spoken_without_a_key_or_a_version(server):
    answer = server.call("OPTIONS", "/v1/tus", key="")
    assert answer.status_code == 204 and answer.headers["Tus-Version"] == "1.0.0"
    assert {"creation", "creation-with-upload", "expiration", "checksum", "termination",
            "concatenation"} <= set(answer.headers["Tus-Extension"].split(","))
    assert int(answer.headers["Tus-Max-Size"]) == 1 << 31 and "sha1" in answer.headers["Tus-Checksum-Algorithm"]


@pytest.mark.parametrize("method", ["POST", "HEAD", "PATCH", "DELETE"])
def test_another_version_is_refused_with_412(server, method):
    path = "/v1/tus" if method == "POST" else begin(server, 5)
    answer = server.call(method, path, headers={"Tus-Resumable": "0.2.2", **BYTES}, data=b"")
    assert answer.status_code == 412 and answer.headers["Tus-Version"] == "1.0.0"


WRONG = [
    ("a wrong place", 4, b"x", {}, 409),
    ("no place", "", b"x", {}, 400),
    ("a negative place", -1, b"x", {}, 400),
    ("more than there is", 0, b"123456", {}, 413),
    ("another type", 0, b"12345", {"Content_Type": "text/plain"}, 415),
    ("a form", 0, b"12345", {"Content_Type": "multipart/form-data; boundary=x"}, 400),
    ("another checksum", 0, b"12345", {"Upload_Checksum": "sha1 " + base64.b64encode(b"x" * 20).decode()}, 460),
    ("an unknown checksum", 0, b"12345", {"Upload_Checksum": "md5 AAAA"}, 400),
    ("another length", 0, b"12345", {"Upload_Length": "9"}, 400),
]


@pytest.mark.parametrize("what, offset, data, headers, status", WRONG, ids=[row[0] for row in WRONG])
def test_a_wrong_request_is_refused_and_changes_nothing(server, what, offset, data, headers, status):
    path = begin(server, 5)
    answer = patch(server, path, offset, data, **headers)
    assert answer.status_code == status and answer.headers["Tus-Resumable"] == "1.0.0", answer.text
    assert tus(server, "HEAD", path).headers["Upload-Offset"] == "0"
    assert tus(server, "DELETE", path).status_code == 204
    assert tus(server, "HEAD", path).status_code == 404


@pytest.mark.parametrize("headers", [{}, {"Upload_Length": "-1"}, {"Upload_Length": "1", "Upload_Defer_Length": "1"},
                                     {"Upload_Length": "1", "Upload_Concat": "whatever"},
                                     {"Upload_Concat": "final;"}, {"Upload_Concat": "final;/v1/tus/none"}])
def test_what_cannot_be_begun_is_refused(server, headers):
    assert tus(server, "POST", **headers).status_code in (400, 404)


def test_a_file_over_the_limit_is_refused_at_the_beginning(server):
    assert tus(server, "POST", Upload_Length=(1 << 31) + 1).status_code == 413


def test_the_length_may_come_later_and_the_first_bytes_at_once(server):
    answer = tus(server, "POST", data=b"later ", Upload_Defer_Length=1, Upload_Metadata=name("later.txt"),
                 Content_Type=BYTES["Content-Type"])
    path = answer.headers["Location"]
    assert answer.status_code == 201 and answer.headers["Upload-Offset"] == "6"
    assert tus(server, "HEAD", path).headers["Upload-Defer-Length"] == "1"
    done = patch(server, path, 6, b"known", Upload_Length=11)
    assert done.status_code == 204 and done.headers["Upload-Offset"] == "11"
    assert server.get(f"/v1/documents/{done.headers['Lectern-Document']}/original").content == b"later known"


def test_a_proxy_that_lets_only_post_through_is_served(server):
    path = begin(server, 5)
    done = tus(server, "POST", path, b"proxy", Upload_Offset=0, X_HTTP_Method_Override="PATCH",
               Content_Type=BYTES["Content-Type"])
    assert done.status_code == 204 and done.headers["Lectern-Document"]


def test_partial_uploads_are_joined_in_the_order_that_is_said(server):
    pieces = []
    for text in (b"second half", b"first half, "):
        answer = tus(server, "POST", data=text, Upload_Length=len(text), Upload_Concat="partial",
                     Content_Type=BYTES["Content-Type"])
        assert answer.status_code == 201 and "Lectern-Document" not in answer.headers
        pieces.insert(0, answer.headers["Location"])
    joined = tus(server, "POST", Upload_Concat=f"final;{server.url}{pieces[0]} {pieces[1]}", Upload_Metadata=name("joined.txt"))
    assert joined.status_code == 201, joined.text
    document = joined.headers["Lectern-Document"]
    assert server.get(f"/v1/documents/{document}/original").content == b"first half, second half"
    assert patch(server, joined.headers["Location"], 23, b"").status_code == 403
    open_piece = begin(server, 5, Upload_Concat="partial")
    assert tus(server, "POST", Upload_Concat=f"final;{open_piece}").status_code == 400


def test_a_file_of_no_bytes_is_a_document_at_once(server):
    answer = tus(server, "POST", Upload_Length=0, Upload_Metadata=name("empty.txt"))
    assert answer.status_code == 201 and answer.headers["Lectern-Document"]
