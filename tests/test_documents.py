"""Documents from upload to trash, over both databases."""
import io
import time
import zipfile

import pytest


def note(name, text):
    return (name, text.encode())


def test_an_upload_is_acknowledged_then_becomes_ready(server):
    started = time.monotonic()
    [document] = server.upload(note("harbour.txt", "The harbour master keeps the tide tables.\n"))
    assert time.monotonic() - started < 2
    assert document["name"] == "harbour.txt"
    done = server.wait_document(document["id"])
    assert done["state"] == "ready" and done["searchable"], done
    assert done["size"] == len("The harbour master keeps the tide tables.\n")


def test_the_same_file_twice_is_one_document(server):
    first = server.add(note("twice.txt", "Only one of these should exist, please."))[0]
    [second] = server.upload(note("copy-of-twice.txt", "Only one of these should exist, please."))
    assert second["id"] == first["id"] and second["duplicate"] is True


def test_text_comes_back_in_every_form(server):
    document = server.add(note("forms.md", "# Lighthouses\n\nThe lamp burns *oil*.\n\n- wick\n- glass\n"))[0]
    path = f"/v1/documents/{document['id']}"
    assert "The lamp burns" in server.get(f"{path}/text").text
    assert "# Lighthouses" in server.get(f"{path}/text", params={"format": "markdown"}).text
    assert "<h1" in server.get(f"{path}/text", params={"format": "html"}).text
    blocks = server.get(f"{path}/blocks").json()["items"]
    assert blocks[0]["kind"] == "heading" and blocks[0]["text"] == "Lighthouses"
    whole = server.get(f"{path}/text").content
    for block in blocks:
        part = whole[block["start"]:block["start"] + block["length"]].decode()
        assert part == block["text"]
    chunks = server.get(f"{path}/chunks").json()["items"]
    assert chunks and all(whole[c["start"]:c["start"] + c["length"]].decode() == c["text"] for c in chunks)


def test_the_original_comes_back_byte_for_byte_and_in_ranges(server):
    content = bytes(range(32, 127)) * 50
    document = server.add(("original.txt", content))[0]
    path = f"/v1/documents/{document['id']}/original"
    whole = server.get(path)
    assert whole.content == content and "attachment" in whole.headers["Content-Disposition"]
    part = server.get(path, headers={"Range": "bytes=10-19"})
    assert part.status_code == 206 and part.content == content[10:20]
    assert server.get(path, headers={"If-None-Match": whole.headers["ETag"]}).status_code == 304


def test_an_archive_becomes_child_documents(server):
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as z:
        z.writestr("minutes/june.txt", "In June the board bought a crane.")
        z.writestr("minutes/july.md", "# July\n\nIn July the crane was painted green.")
    document = server.add(("minutes.zip", archive.getvalue()))[0]
    assert document["children"] == 2
    children = server.get("/v1/documents", params={"parent": document["id"]}).json()["items"]
    assert sorted(c["name"] for c in children) == ["july.md", "june.txt"]
    for child in children:
        server.wait_document(child["id"])
    found = server.post("/v1/search", {"query": "crane painted green"}).json()["results"][0]
    assert found["document"]["name"] == "july.md"


def test_trash_hides_restore_brings_back_and_erase_removes(server):
    document = server.add(note("secret-garden.txt", "The xylographer hid the key beneath the sundial."))[0]
    path = f"/v1/documents/{document['id']}"

    def found():
        results = server.post("/v1/search", {"query": "xylographer sundial"}).json()["results"]
        return any(r["document"]["id"] == document["id"] for r in results)
    assert found()
    assert server.call("DELETE", path).status_code == 204
    assert not found()
    assert document["id"] in [d["id"] for d in server.get("/v1/documents", params={"trash": 1}).json()["items"]]
    assert server.post(f"{path}/restore").status_code == 200
    assert found()
    assert server.call("DELETE", path, params={"erase": 1}).status_code == 204
    assert not found()
    assert server.get(path).status_code == 404


def test_a_file_of_an_unknown_kind_is_refused_with_the_reason(server):
    answer = server.call("POST", "/v1/documents", files=[("file", ("virus.exe", b"MZ\x90\x00" + bytes(range(256)) * 4))])
    assert answer.status_code == 415, answer.text
    assert "virus.exe" in answer.text


def test_a_broken_file_fails_with_one_line_and_can_be_tried_again(server):
    [document] = server.upload(("broken.pdf", b"%PDF-1.7\nthis is no pdf at all\n" * 20))
    done = server.wait_document(document["id"])
    assert done["state"] == "failed" and done["error"]["message"] and "\n" not in done["error"]["message"]
    assert server.post(f"/v1/documents/{document['id']}/retry", {}).status_code == 202
    assert server.wait_document(document["id"])["state"] == "failed"


@pytest.mark.parametrize("name", ["../../etc/passwd.txt", "..\\..\\boot.txt", "/etc/shadow.txt"])
def test_path_tricks_in_names_stay_names(server, name):
    [document] = server.upload((name, f"harmless text of {name}".encode()))
    assert ".." not in document["path"] and not document["path"].startswith("/")
    assert document["name"] in ("passwd.txt", "boot.txt", "shadow.txt")


@pytest.mark.parametrize("path, body, field", [
    ("/v1/search", {"query": 3}, "query"),
    ("/v1/search", {"query": "x", "colour": "red"}, "colour"),
    ("/v1/search", {}, "query"),
    ("/v1/search", {"query": "x", "limit": 1000}, "limit"),
    ("/v1/ask", {"question": ["a"]}, "question"),
    ("/v1/collections", {"name": "x" * 1000}, "name"),
])
def test_a_wrong_field_is_named(server, path, body, field):
    answer = server.post(path, body)
    assert answer.status_code == 400
    assert answer.json()["error"]["field"] == field


def test_malformed_requests_are_refused_and_the_server_goes_on(server):
    for data in (b"{", b"\xff\xfe", b"[1,2", b"null", b'"text"', b'{"query":"\xff"}', b"[" * 100000):
        answer = server.call("POST", "/v1/search", data=data, headers={"Content-Type": "application/json"})
        assert answer.status_code == 400, (data[:20], answer.text)
    assert server.call("POST", "/v1/search", data=b" " * (20 << 20)).status_code == 413
    assert server.get("/v1/documents/no-such-id").status_code in (400, 404)
    assert server.get("/v1/nothing").status_code == 404
    assert server.call("PUT", "/v1/search").status_code == 405
    assert server.get("/health").status_code == 200


def test_lists_page_without_gaps_or_repeats(server):
    server.add(*[note(f"page-{i:02}.txt", f"This is the paged note number {i}.") for i in range(7)], tags="paged")
    seen, after = [], None
    while True:
        page = server.get("/v1/documents", params={"tag": "paged", "limit": 3, **({"after": after} if after else {})}).json()
        assert page["total"] == 7
        seen += [d["name"] for d in page["items"]]
        after = page["next"]
        if not after:
            break
    assert sorted(seen) == [f"page-{i:02}.txt" for i in range(7)]


def test_collections_hold_documents(server):
    collection = server.post("/v1/collections", {"name": "Ships"}).json()
    document = server.add(note("brig.txt", "A brig has two square-rigged masts."), collection=collection["id"])[0]
    assert document["collection"] == collection["id"]
    inside = server.post("/v1/search", {"query": "masts", "collections": [collection["id"]]}).json()["results"]
    assert [r["document"]["name"] for r in inside] == ["brig.txt"]
    assert server.call("PATCH", f"/v1/documents/{document['id']}", json={"tags": ["sail"]}).json()["tags"] == ["sail"]
    assert "sail" in [t["tag"] for t in server.get("/v1/tags").json()["items"]]
