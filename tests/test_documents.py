"""Documents from upload to trash, over both databases."""
import io
import json
import time
import zipfile

import pytest

from conftest import SAMPLES, wait_until

LOCKED_PASSWORD = "wick"


def note(name, text):
    return (name, text.encode())


def test_an_upload_is_acknowledged_then_becomes_ready(server):
    started = time.monotonic()
    [document] = server.upload(note("harbour.txt", "The harbour master keeps the tide tables.\n"))
    assert time.monotonic() - started < 10
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


def archive_of(members):
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as z:
        for name, text in members.items():
            z.writestr(name, text)
    return archive.getvalue()


def names_found(server, query):
    results = server.post("/v1/search", {"query": query, "mode": "keyword", "limit": 50}).json()["results"]
    return {r["document"]["name"] for r in results}


def test_what_is_in_the_trash_comes_back_when_it_is_uploaded_again(server):
    file = note("boomerang.txt", "The boomerang returns to the zoologist.")
    document = server.add(file)[0]
    assert server.call("DELETE", f"/v1/documents/{document['id']}").status_code == 204
    again = server.upload(file)[0]
    assert again["id"] == document["id"] and again["duplicate"] and again["deleted_at"] is None
    end = time.monotonic() + 30
    while "boomerang.txt" not in names_found(server, "boomerang zoologist"):
        assert time.monotonic() < end, "not found again"
        time.sleep(0.05)


def test_who_lost_the_answer_may_move_a_document_to_the_trash_again(server):
    document = server.add(note("twice.txt", "A note that is thrown away by two calls."))[0]
    path = f"/v1/documents/{document['id']}"
    assert server.call("DELETE", path).status_code == 204
    before = server.get(path).json()["deleted_at"]
    assert server.call("DELETE", path).status_code == 204
    assert server.get(path).json()["deleted_at"] == before
    admin = server.cli("keys", "add", "reads the audit", "--role", "admin").stdout.split()[-1]
    rows = server.call("GET", "/v1/audit", admin, params={"subject": document["id"]}).json()["items"]
    assert sum(row["action"] == "document.trash" for row in rows) == 1


def test_a_locked_file_opens_with_its_password_by_field_by_retry_and_by_uploading_again(server):
    locked = (SAMPLES / "locked.xlsx").read_bytes()
    [document] = server.upload(("locked.xlsx", locked))
    path = f"/v1/documents/{document['id']}"
    failed = server.wait_document(document["id"])
    assert failed["state"] == "failed" and failed["error"]["code"] == "encrypted", failed
    assert server.post(f"{path}/retry", {"password": "wrong"}).status_code == 202
    assert server.wait_document(document["id"])["state"] == "failed"
    assert server.post(f"{path}/retry", {"password": LOCKED_PASSWORD}).status_code == 202
    assert server.wait_document(document["id"])["state"] == "ready"
    server.call("DELETE", path, params={"erase": 1})
    [document] = server.upload(("locked.xlsx", locked))
    assert server.wait_document(document["id"])["state"] == "failed"
    [again] = server.upload(("locked.xlsx", locked), password=LOCKED_PASSWORD)
    assert again["id"] == document["id"]
    assert server.wait_document(document["id"])["state"] == "ready"
    server.call("DELETE", f"/v1/documents/{document['id']}", params={"erase": 1})


def test_a_new_name_is_found(server):
    document = server.add(note("plain.txt", "Some words about nothing in particular."))[0]
    assert server.call("PATCH", f"/v1/documents/{document['id']}",
                       json={"name": "quokka-census.txt"}).status_code == 200
    end = time.monotonic() + 30
    while "quokka-census.txt" not in names_found(server, "quokka census") and time.monotonic() < end:
        time.sleep(0.05)
    assert "quokka-census.txt" in names_found(server, "quokka census")
    assert server.call("PATCH", f"/v1/documents/{document['id']}", json={"name": " "}).status_code == 400


def test_trash_while_reading_hides_the_members_too(server):
    content = archive_of({f"part-{i}.txt": f"The narwhal ledger, page {i}. " * 3 for i in range(300)})
    [document] = server.upload(("narwhals.zip", content))
    path = f"/v1/documents/{document['id']}"
    assert server.call("DELETE", path).status_code == 204
    server.wait_document(document["id"])
    assert names_found(server, "narwhal ledger") == set()
    outside = server.get("/v1/documents", params={"q": "part-", "limit": 100}).json()
    assert outside["total"] == 0, outside
    assert server.post(f"{path}/restore").status_code == 200
    assert server.get(path).json()["children"] == 300
    assert wait_until(lambda: names_found(server, "narwhal ledger"))  # members may have to be indexed yet
    server.call("DELETE", path, params={"erase": 1})
    assert names_found(server, "narwhal ledger") == set()


def test_cancel_and_erase_while_reading_end_quietly(server):
    content = archive_of({f"log-{i}.txt": f"Entry {i} of the pangolin log. " * 20 for i in range(400)})
    [document] = server.upload(("pangolins.zip", content))
    path = f"/v1/documents/{document['id']}"
    assert server.post(f"{path}/cancel").json()["state"] == "cancelled"
    end = time.monotonic() + 20
    while (retried := server.post(f"{path}/retry", {})).status_code == 503 and time.monotonic() < end:
        time.sleep(0.05)
    assert retried.status_code == 202, retried.text
    time.sleep(0.1)
    assert server.call("DELETE", path, params={"erase": 1}).status_code == 204
    assert server.get(path).status_code == 404
    time.sleep(1)
    assert names_found(server, "pangolin log") == set()
    jobs = server.cli("status", "--json")
    assert json.loads(jobs.stdout)["health"]["status"] == "ok"


def test_reading_an_archive_again_replaces_its_members(server):
    text = "The same bytes inside and outside of an archive: axolotl."
    content = archive_of({"a.txt": text, "b/a.txt": text, "c.txt": "Another text."})
    outside, archive = server.add(note("outside.txt", text), ("twins.zip", content))
    assert archive["children"] == 3
    assert server.post(f"/v1/documents/{archive['id']}/retry", {}).status_code == 202
    assert server.wait_document(archive["id"])["children"] == 3
    server.call("DELETE", f"/v1/documents/{archive['id']}", params={"erase": 1})
    original = server.get(f"/v1/documents/{outside['id']}/original")
    assert original.status_code == 200 and original.text == text


def test_some_refused_some_taken(server):
    parts = [("file", ("good.txt", b"A perfectly good text about herons.")),
             ("file", ("bad.bin", bytes(range(256)) * 8)), ("file", ("empty.txt", b""))]
    answer = server.call("POST", "/v1/documents", files=parts)
    assert answer.status_code == 202, answer.text
    body = answer.json()
    assert [r["name"] for r in body["refused"]] == ["bad.bin"]
    assert body["refused"][0]["error"]["code"] == "unsupported"
    for document in body["documents"]:
        assert server.wait_document(document["id"])["state"] in ("ready", "failed")


def test_a_thousand_files_in_one_request(fresh_server):
    parts = [("file", (f"folder/{i:04}.txt", f"File number {i} of a thousand.".encode())) for i in range(1000)]
    answer = fresh_server.call("POST", "/v1/documents", files=parts)
    assert answer.status_code == 202, answer.text[:300]
    assert len({d["id"] for d in answer.json()["documents"]}) == 1000


@pytest.mark.parametrize("name", ["naïve – ünïcode ✓.txt", "quote\"s and 'ticks'.txt", "semi;colon.txt", "x" * 200 + ".txt",
                                  "rtl\u202egnp.txt", "percent%41%zz.txt", "space .txt"])
def test_odd_names_survive(server, name):
    [document] = server.upload((name, f"text of {name}".encode()))
    expected = name.replace("\u202e", "")
    assert document["name"] == expected
    answer = server.get(f"/v1/documents/{document['id']}/original")
    assert answer.status_code == 200 and answer.content == f"text of {name}".encode()
    assert "\n" not in answer.headers["Content-Disposition"]


def test_an_idempotency_key_makes_a_repeat_give_the_first_answer(server):
    def send(text, key="heron-1"):
        return server.call("POST", "/v1/documents", files=[("file", ("heron.txt", text))],
                           headers={"Idempotency-Key": key})
    first, second = send(b"A heron stood here."), send(b"A heron stood here.")
    assert first.status_code == second.status_code == 202 and first.text == second.text
    other = send(b"Another heron stood here.")
    assert (other.status_code, other.json()["error"]["code"]) == (422, "key_reused")
    for key in ("x" * 256, "two words"):
        bad = send(b"Whatever.", key)
        assert bad.status_code == 400 and bad.json()["error"]["field"] == "Idempotency-Key"


@pytest.mark.parametrize("path", ["/v1/documents/%00", "/v1/documents/%ff%fe", "/v1/documents/" + "a" * 5000,
                                  "/v1/documents/..%2f..%2fetc", "/v1/documents/a%27%20or%201=1"])
def test_odd_ids_are_not_found(server, path):
    assert server.get(path).status_code in (400, 404, 414)


def test_head_and_allow(server):
    head = server.call("HEAD", "/v1/documents")
    assert head.status_code == 200 and head.content == b""
    wrong = server.call("PUT", "/v1/documents")
    assert wrong.status_code == 405 and set(wrong.headers["Allow"].split(", ")) == {"GET", "POST"}


def test_programs_get_json_at_the_root_and_prometheus_its_figures(server):
    root = server.get("/", headers={"Accept": "application/json"}).json()
    assert root["name"] == "Lectern" and root["links"]["docs"] == "/docs"
    assert "text/html" in server.get("/", headers={"Accept": "text/html"}).headers["Content-Type"]
    metrics = server.get("/metrics").text
    for name in ("http_requests_total", "index_chunks", "index_vectors"):
        assert f"\nlectern_{name} " in metrics
    api = server.get("/openapi.json").json()
    assert api["openapi"].startswith("3.1") and "/v1/documents/{id}" in api["paths"]
    docs = server.get("/docs")
    assert docs.status_code == 200 and server.get("/docs.css").status_code == 200


def test_open_pages_hear_of_a_document_and_its_members(server):
    content = archive_of({"inner.txt": "Heard inside: a bittern booms in the reeds."})
    with server.get("/v1/events", stream=True, headers={"Accept": "text/event-stream"}) as stream:
        lines = stream.iter_lines(decode_unicode=True)
        assert next(line for line in lines if not line.startswith("id: ")) == "event: hello"
        [document] = server.upload(("heard.zip", content))
        names, ready, event = set(), set(), ""
        end = time.monotonic() + 30
        for line in lines:
            if line.startswith("event: "):
                event = line.removeprefix("event: ")
            elif line.startswith("data: ") and event == "document":
                told = json.loads(line.removeprefix("data: "))
                names.add(told["name"])
                if told["state"] == "ready":
                    ready.add(told["name"])
            if {"heard.zip", "inner.txt"} <= ready or time.monotonic() > end:
                break
        assert {"heard.zip", "inner.txt"} <= ready, (names, ready)
        server.call("DELETE", f"/v1/documents/{document['id']}")
        for line in lines:
            if line.startswith("event: "):
                event = line.removeprefix("event: ")
            elif event == "removed" and line.startswith("data: "):
                assert json.loads(line.removeprefix("data: "))["id"] == document["id"]
                break


def test_the_samples_are_added_once(server):
    first = server.post("/v1/documents/sample")
    assert first.status_code == 202, first.text
    ids = [d["id"] for d in first.json()["documents"]]
    assert len(ids) >= 3
    assert [d["id"] for d in server.post("/v1/documents/sample").json()["documents"]] == ids
    for identifier in ids:
        assert server.wait_document(identifier)["state"] == "ready"


def test_a_name_keeps_the_folders_it_came_from(server):
    [document] = server.upload(("2024/minutes/../march.txt", b"The minutes of March in their folder."))
    assert document["path"] == "2024/minutes/march.txt" and document["name"] == "march.txt"


def test_documents_are_found_by_what_they_say_of_themselves(server):
    mail = ("From: Marit Holm <marit@example.org>\r\nTo: crew@example.org\r\nSubject: Lantern oil\r\n"
            "Date: Thu, 30 May 2019 10:00:00 +0200\r\n\r\nThe lantern oil for the pier has come.\r\n")
    document = server.add(("oil.eml", mail.encode()))[0]
    server.add(note("oil.txt", "The lantern oil for the pier is expected."))

    def names(*conditions):
        listed = server.get("/v1/documents", params={"metadata": ";".join(conditions)}).json()["items"]
        found = server.post("/v1/search", {"query": "lantern oil pier", "metadata": list(conditions)}).json()
        assert {d["name"] for d in listed} >= {r["document"]["name"] for r in found["results"]}
        return {r["document"]["name"] for r in found["results"]}

    assert names("from=marit") == {"oil.eml"}
    assert names("sent=2019-05", "from=holm") == {"oil.eml"}
    assert names("sent>2019-05", "from=holm") == set()
    assert names("extraction_quality=excellent") >= {"oil.eml", "oil.txt"}
    refused = server.get("/v1/documents", params={"metadata": "from>x"})
    assert refused.status_code == 400 and "can only be compared with =" in refused.text
    about = server.get(f"/v1/documents/{document['id']}").json()
    assert about["extraction_quality"]["grade"] == "excellent"
