"""Clients of Apache Tika, docling-serve and the seeds, as they send their requests: they work with Lectern instead."""
import base64
import concurrent.futures
import io
import json
import tarfile
import time
import zipfile
from xml.etree import ElementTree

import requests
from conftest import SAMPLES, Server
from test_readers import pdf

DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
PROGRAM_BYTES = b"\x7fELF\2\1\1" + bytes(200)
XHTML = "{http://www.w3.org/1999/xhtml}"


def bundle(**members):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in members.items():
            archive.writestr(name.replace("__", "."), content)
    return out.getvalue()


def with_key(server, **headers):
    return {"Authorization": f"Bearer {server.key}", **headers}


def put(server, path, data, **headers):
    return requests.put(server.url + path, data=data, headers=with_key(server, **{k.replace("_", "-"): v for k, v in headers.items()}),
                        timeout=60)


# --- Tika ---


def test_open_webui_gets_text_from_tika(server):
    """backend/open_webui/retrieval/loaders/main.py: PUT URL/tika/text, the key as a part of the URL."""
    url = server.url.replace("http://", f"http://any:{server.key}@")
    answer = requests.put(f"{url}/tika/text", data=(SAMPLES / "letter.docx").read_bytes(),
                          headers={"X-Tika-PDFextractInlineImages": "true"}, timeout=60)
    assert answer.ok, answer.text
    assert answer.json()["X-TIKA:content"].strip()
    assert answer.json()["Content-Type"] == DOCX


def test_tika_answers_in_the_form_that_is_accepted(server):
    file = pdf("The tide turns at noon.")
    text = put(server, "/tika", file, Accept="text/plain")
    assert text.headers["Content-Type"].startswith("text/plain") and text.text.strip() == "The tide turns at noon."
    assert put(server, "/tika", file).text == text.text
    page = ElementTree.fromstring(put(server, "/tika", file, Accept="text/xml").content)
    assert page.find(f"{XHTML}body/{XHTML}div/{XHTML}p").text == "The tide turns at noon."
    metas = {m.get("name"): m.get("content") for m in page.iter(f"{XHTML}meta")}
    assert metas["Content-Type"] == "application/pdf" and metas["xmpTPg:NPages"] == "1"
    html = put(server, "/tika", file, Accept="text/html")
    assert html.headers["Content-Type"].startswith("text/html") and "<p>The tide turns at noon.</p>" in html.text
    both = put(server, "/tika", file, Accept="application/json").json()
    assert "<p>The tide turns at noon.</p>" in both["X-TIKA:content"] and both["Content-Length"] == str(len(file))
    form = requests.post(server.url + "/tika/form", files={"upload": ("a.pdf", file)}, headers=with_key(server), timeout=60)
    assert form.text == text.text
    form = requests.post(server.url + "/tika/form/text", files={"upload": ("a.pdf", file)}, headers=with_key(server), timeout=60).json()
    assert form["X-TIKA:content"] == text.text and form["resourceName"] == "a.pdf"


def test_tika_python_reads_text_metadata_and_type(server):
    """tika-python: /rmeta/text, /tika, /meta, /detect/stream, /language/stream, /version, configuration."""
    file = (SAMPLES / "report.pdf").read_bytes()
    named = {"Content-Disposition": "attachment; filename=report.pdf"}
    every = put(server, "/rmeta/text", file, Accept="application/json", **named).json()
    assert len(every) == 1 and every[0]["X-TIKA:content"].strip() and every[0]["resourceName"] == "report.pdf"
    assert every[0]["X-TIKA:embedded_depth"] == "0" and int(every[0]["xmpTPg:NPages"]) > 0
    meta = put(server, "/meta", file, Accept="application/json", **named).json()
    assert meta["Content-Type"] == "application/pdf" and meta["language"] == "en" and "X-TIKA:content" not in meta
    assert '"Content-Type","application/pdf"' in put(server, "/meta", file, Accept="text/csv").text
    assert put(server, "/meta/Content-Type", file, Accept="text/plain").text == "application/pdf"
    assert put(server, "/meta/xmpTPg:NPages", file, Accept="application/json").json()["xmpTPg:NPages"]
    assert put(server, "/meta/nothing", file).status_code == 404
    assert put(server, "/detect/stream", file, Accept="text/plain", **named).text == "application/pdf"
    assert put(server, "/detect/stream", (SAMPLES / "letter.docx").read_bytes()).text == DOCX
    csv = {"Content-Disposition": "attachment; filename*=UTF-8''a%20b.csv"}
    assert put(server, "/detect/stream", b"a,b\n1,2\n3,4\n", **csv).text == "text/csv"
    assert put(server, "/detect/stream", PROGRAM_BYTES).text == "application/octet-stream"
    assert put(server, "/language/string", "Der Hund und die Katze sind nicht im Haus.".encode()).text == "de"
    assert put(server, "/language/stream", b"The dog and the cat are not in the house.").text == "en"
    assert server.get("/version").text.startswith("Lectern ")
    assert "Please PUT" in server.get("/tika").text
    assert "application/pdf" in server.get("/mime-types").json()
    assert any(p["name"] == "lectern/pdf" for p in server.get("/parsers/details").json()["children"])


def test_rmeta_lists_the_members_of_an_archive(server):
    inner = bundle(deep__txt="Deep inside the archive lies a line.")
    file = bundle(one__txt="First member of all.", two__zip=inner)
    every = put(server, "/rmeta/text", file, Accept="application/json").json()
    paths = {e.get("X-TIKA:embedded_resource_path"): e for e in every}
    assert every[0]["Content-Type"] == "application/zip" and "X-TIKA:embedded_resource_path" not in every[0]
    assert paths["/one.txt"]["X-TIKA:content"].strip() == "First member of all."
    assert paths["/two.zip/deep.txt"]["X-TIKA:embedded_depth"] == "2"
    assert "Deep inside" not in paths["/two.zip"]["X-TIKA:content"]
    assert "X-TIKA:content" not in put(server, "/rmeta/ignore", file).json()[0]
    assert put(server, "/rmeta", file).json()[0]["X-TIKA:content"].startswith("<html")
    whole = put(server, "/tika", file).text
    assert "First member of all." in whole and "Deep inside" in whole


def test_what_member_pictures_show_is_found_out_where_it_is_answered(server):
    """Decoding them takes longer than all else; without recognition it is done for /rmeta alone. One without its pixels
    tells whether they were looked for."""
    picture = (SAMPLES / "minutes.png").read_bytes()
    file = bundle(one__txt="First member of all.", whole__png=picture, cut__png=picture[:200])
    skip = {"X_Tika_OCRskipOcr": "true", "Accept": "application/json"}
    every = {e["resourceName"]: e for e in put(server, "/rmeta/text", file, **skip).json()[1:]}
    assert every["whole.png"]["lectern:picture_kind"] and "not looked at" in every["cut.png"]["X-TIKA:WARN:lectern"]
    text = put(server, "/tika/text", file, **skip).json()["X-TIKA:content"]
    assert "First member of all." in text and "whole.png" in text
    root = put(server, "/meta", picture, **skip).json()
    assert root["lectern:picture_kind"] == every["whole.png"]["lectern:picture_kind"]


def test_unpack_gives_the_members(server):
    file = bundle(one__txt="First member of all.", two__csv="a,b\n1,2\n")
    answer = put(server, "/unpack", file)
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.read("one.txt") == b"First member of all." and len(archive.namelist()) == 2
    answer = put(server, "/unpack/all", file, Accept="application/x-tar")
    with tarfile.open(fileobj=io.BytesIO(answer.content)) as archive:
        assert {"one.txt", "two.csv", "__TEXT__", "__METADATA__"} == set(archive.getnames())
        assert b"First member" in archive.extractfile("__TEXT__").read()
    assert put(server, "/unpack", b"only a text").status_code == 204


def test_tika_says_what_cannot_be_read(server):
    locked = (SAMPLES / "locked.xlsx").read_bytes()
    assert put(server, "/tika", b"").status_code == 204
    assert put(server, "/tika/text", b"").json()["X-TIKA:content"] == ""
    assert put(server, "/tika", PROGRAM_BYTES).status_code == 415
    for password in (None, "wrong"):
        answer = put(server, "/tika", locked, **({"Password": password} if password else {}))
        assert answer.status_code == 422 and "password" in answer.text, answer.text
    assert put(server, "/tika", (SAMPLES / "letter.docx").read_bytes()[:600]).status_code == 422
    reason = put(server, "/rmeta", locked)
    assert reason.status_code == 200 and "password" in reason.json()[0]["X-TIKA:EXCEPTION:container_exception"]
    member = put(server, "/rmeta/text", bundle(a__txt="fine", b__xlsx=locked)).json()
    assert "password" in [m for m in member if m.get("resourceName") == "b.xlsx"][0]["X-TIKA:EXCEPTION:embedded_exception"]


def test_a_file_is_converted_only_with_a_key(server):
    file = b"some text"
    assert requests.put(server.url + "/tika", data=file, timeout=60).status_code == 401
    assert requests.put(server.url + "/tika", data=file, auth=("any", "lk_wrong"), timeout=60).status_code == 401
    assert requests.put(server.url + "/tika", data=file, auth=("any", server.key), timeout=60).ok
    assert requests.put(server.url + "/tika", data=file, auth=(server.key, ""), timeout=60).ok
    assert requests.put(server.url + "/tika", data=file, headers={"X-Api-Key": server.key}, timeout=60).ok
    assert requests.get(server.url + "/v1/documents", auth=("any", server.key), timeout=60).ok
    other = {"Sec-Fetch-Site": "cross-site"}
    assert requests.put(server.url + "/tika", data=file, auth=("any", server.key), headers=other, timeout=60).status_code == 403


def test_three_at_once(server):
    file = (SAMPLES / "report.pdf").read_bytes()
    with concurrent.futures.ThreadPoolExecutor(3) as pool:
        answers = list(pool.map(lambda _: put(server, "/tika", file), range(3)))
    assert len({a.text for a in answers}) == 1 and all(a.ok for a in answers)
    assert server.get("/v1/statistics").json()["documents"] == len(server.get("/v1/documents").json()["items"])


# --- docling-serve ---


def convert(server, *files, path="/v1/convert/file", key=None, **options):
    return requests.post(server.url + path, files=[("files", f) for f in files], data=options, timeout=60,
                         headers={"X-Api-Key": key or server.key})


def wait_task(server, task, key=None):
    end = time.monotonic() + 60
    while time.monotonic() < end:
        answer = server.call("GET", f"/v1/status/poll/{task}?wait=5", key=key)
        assert answer.ok, answer.text
        if answer.json()["task_status"] in ("success", "failure"):
            return answer.json()
    raise AssertionError("the task does not end")


def test_open_webui_gets_markdown_from_docling(server):
    """backend/open_webui/retrieval/loaders/main.py: the part is named after a whole path, the key is X-Api-Key."""
    answer = convert(server, ("/app/backend/data/uploads/letter.docx", (SAMPLES / "letter.docx").read_bytes(), DOCX),
                     image_export_mode="placeholder", pipeline="standard", do_ocr="true", ocr_engine="easyocr")
    assert answer.ok, answer.text
    result = answer.json()
    assert result["document"]["md_content"].strip() and result["document"]["filename"] == "letter.docx"
    assert result["document"]["json_content"] is None and result["document"]["doctags_content"] is None
    assert result["status"] == "success" and result["errors"] == [] and result["processing_time"] > 0


def test_docling_gives_the_forms_that_are_asked_for(server):
    page = b"<html><body><h1>Tides</h1><h2>Spring</h2><p>They are high.</p><ul><li>moon</li><li>sun</li></ul>" \
           b"<table><tr><th>Port</th><th>Metres</th></tr><tr><td>Brest</td><td>7</td></tr></table><pre>x = 1</pre></body></html>"
    answer = convert(server, ("tides.html", page), to_formats=["md", "json", "html", "text"]).json()
    document = answer["document"]
    assert "# Tides" in document["md_content"] and "<h1" in document["html_content"] and "They are high." in document["text_content"]
    tree = document["json_content"]
    assert tree["schema_name"] == "DoclingDocument" and tree["origin"]["mimetype"] == "text/html" and tree["name"] == "tides"
    assert [(t["label"], t["text"]) for t in tree["texts"]] == [
        ("title", "Tides"), ("section_header", "Spring"), ("text", "They are high."), ("list_item", "moon"), ("list_item", "sun"),
        ("code", "x = 1")]
    table = tree["tables"][0]["data"]
    assert (table["num_rows"], table["num_cols"]) == (2, 2) and table["table_cells"][0]["column_header"]
    assert [c["text"] for c in table["table_cells"]] == ["Port", "Metres", "Brest", "7"]
    refs = [c["$ref"] for c in tree["body"]["children"]]
    assert refs == ["#/texts/0", "#/texts/1", "#/texts/2", "#/groups/0", "#/tables/0", "#/texts/5"]
    tags = convert(server, ("tides.html", page), to_formats=["md", "doctags"]).json()
    assert tags["status"] == "partial_success" and "doctags" in tags["errors"][0]["error_message"]


def test_running_headers_are_furniture_to_docling(server):
    paper = rb"{\rtf1{\header Harbour office\par}Tides are high.\par}"
    document = convert(server, ("a.rtf", paper), to_formats=["md", "json", "html", "text"]).json()["document"]
    for form in ("md_content", "html_content", "text_content"):
        assert "Tides are high." in document[form] and "Harbour" not in document[form]
    layers = {text["text"]: text["content_layer"] for text in document["json_content"]["texts"]}
    assert layers == {"Harbour office": "furniture", "Tides are high.": "body"}


def test_docling_reads_the_pages_that_are_asked_for(server):
    deck = (SAMPLES / "slides.pptx").read_bytes()
    tree = convert(server, ("s.pptx", deck), to_formats="json", page_range=["1", "1"]).json()["document"]["json_content"]
    assert {t["prov"][0]["page_no"] for t in tree["texts"] if t["prov"]} == {1}
    assert convert(server, ("s.pptx", deck), page_range=["3", "1"]).status_code == 400
    assert convert(server, ("s.pptx", deck), to_formats="pptx").status_code == 400
    assert convert(server, ("s.pptx", deck), from_formats=["pdf", "docx"]).status_code == 415


def test_docling_sources(server):
    body = {"options": {"to_formats": ["text"], "page_range": [1, 9], "do_ocr": False},
            "sources": [{"kind": "file", "base64_string": base64.b64encode(pdf("Boats wait outside.")).decode(), "filename": "b.pdf"}]}
    answer = server.post("/v1/convert/source", body).json()
    assert answer["document"]["text_content"].strip() == "Boats wait outside." and answer["document"]["md_content"] is None
    older = {"file_sources": [{k: v for k, v in body["sources"][0].items() if k != "kind"}]}
    assert "Boats" in server.post("/v1alpha/convert/source", older).json()["document"]["md_content"]
    assert server.post("/v1/convert/source", {"sources": []}).status_code == 400
    assert server.post("/v1/convert/source", {"sources": [{"kind": "file", "base64_string": "*"}]}).status_code == 400
    assert "detail" in server.post("/v1/convert/source", {"sources": [{"kind": "s3"}]}).json()


def test_docling_fetches_no_address_that_is_not_public(server):
    for url in (f"{server.url}/health", "http://169.254.169.254/latest/meta-data", "file:///etc/passwd", "http://[::1]:1/"):
        reader = server.cli("keys", "add", "reader", "--role", "reader").stdout.split()[-1]
        answer = server.post("/v1/convert/source", {"sources": [{"kind": "http", "url": url}]}, key=reader)
        assert answer.status_code in (400, 403), (url, answer.text)
        assert answer.json()["status"] == "failure" and answer.json()["detail"]


def test_an_owner_may_name_an_address_of_the_house(server):
    owner = server.cli("keys", "add", "owner", "--role", "owner").stdout.split()[-1]
    answer = server.post("/v1/convert/source", {"sources": [{"kind": "http", "url": f"{server.url}/health?x=1"}]}, key=owner)
    assert answer.ok and answer.json()["document"]["filename"] == "health", answer.text


def test_docling_packs_many_files(server):
    answer = convert(server, ("a.txt", b"first"), ("a.txt", b"second"), ("bad.bin", PROGRAM_BYTES))
    assert answer.headers["Content-Type"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert set(archive.namelist()) == {"a.md", "a-2.md", "errors.json"} and archive.read("a-2.md").strip() == b"second"
        assert json.loads(archive.read("errors.json"))[0]["filename"] == "bad.bin"
    answer = convert(server, ("a.txt", b"first"), target_type="zip", to_formats=["md", "text"])
    assert set(zipfile.ZipFile(io.BytesIO(answer.content)).namelist()) == {"a.md", "a.txt"}


def test_docling_says_why_a_file_failed(server):
    for name, content, status in (("bad.bin", PROGRAM_BYTES, 415), ("locked.xlsx", (SAMPLES / "locked.xlsx").read_bytes(), 422),
                                  ("empty.pdf", b"", 422)):
        answer = convert(server, (name, content))
        assert answer.status_code == status, answer.text
        assert answer.json()["status"] == "failure" and answer.json()["detail"] == answer.json()["errors"][0]["error_message"]
    nothing = requests.post(server.url + "/v1/convert/file", files=[("to_formats", (None, "md"))], headers=with_key(server), timeout=60)
    assert nothing.status_code == 400 and "files" in nothing.json()["detail"]


def test_docling_tasks_belong_to_their_workspace(server):
    task = convert(server, ("b.pdf", pdf("Boats wait outside.")), path="/v1/convert/file/async").json()
    assert task["task_type"] == "convert" and task["task_status"] in ("pending", "started", "success")
    done = wait_task(server, task["task_id"])
    assert done["task_status"] == "success" and done["task_meta"]["num_succeeded"] == 1
    for _ in range(2):
        result = server.get(f"/v1/result/{task['task_id']}")
        assert "Boats wait outside." in result.json()["document"]["md_content"]
    assert server.get("/v1/result/01a1fcd6-73e7-7290-b8a2-59b6ed2b4e12").json()["detail"] == "Task not found."
    failed = server.post("/v1alpha/convert/source/async", {"sources": [{"kind": "http", "url": "ftp://example.org/"}]}).json()
    assert wait_task(server, failed["task_id"])["task_status"] == "failure"
    assert server.get(f"/v1alpha/result/{failed['task_id']}").json()["status"] == "failure"
    assert requests.get(f"{server.url}/v1/result/{task['task_id']}", timeout=60).status_code == 401


def test_without_a_key_only_converting_is_open_and_only_when_it_is_set(tmp_path):
    server = Server(tmp_path / "library", arguments=["--convert-without-key", "1"]).start()
    try:
        server.new_key()
        assert requests.put(server.url + "/tika/text", data=b"some words", timeout=60).json()["X-TIKA:content"].strip() == "some words"
        answer = requests.post(server.url + "/v1/convert/file/async", files={"files": ("a.txt", b"some words")}, timeout=60)
        assert answer.ok, answer.text
        task = answer.json()["task_id"]
        end = time.monotonic() + 30
        while requests.get(f"{server.url}/v1/status/poll/{task}?wait=5", timeout=60).json()["task_status"] != "success":
            assert time.monotonic() < end
        assert server.get(f"/v1/result/{task}").status_code == 404  # it is nobody's, so not this workspace's
        url = {"sources": [{"kind": "http", "url": "http://example.org/"}]}
        assert requests.post(server.url + "/v1/convert/source", json=url, timeout=60).status_code == 401
        assert requests.put(server.url + "/tika", data=b"x", headers={"X-Api-Key": "lk_wrong"}, timeout=60).status_code == 401
        big = requests.put(server.url + "/tika", data=b"x" * (65 << 20), timeout=60)
        assert big.status_code == 413
        for path in ("/v1/documents", "/v1/search?q=x", "/v1/users"):
            assert requests.get(server.url + path, timeout=60).status_code == 401
    finally:
        server.stop()


# --- The seeds ---


def test_a_processed_file_is_added_and_its_text_is_answered(server):
    name = f"processed-{time.monotonic_ns()}.txt"
    content = f"The harbour of {name} is closed in winter. It opens again when the ice has gone.".encode()
    answer = server.post("/api/v1/documents/process", files={"file": (name, content, "text/plain")})
    assert answer.status_code == 200, answer.text
    result = answer.json()
    document = result["document"]
    assert result["success"] is True and "closed in winter" in document["text"] and document["name"] == name
    assert document["size"] == len(content) and document["type"] == "text/plain" and isinstance(document["metadata"], dict)
    assert document["extraction_quality"] in ("excellent", "good", "fair", "poor")
    assert server.get(f"/v1/documents/{document['id']}").ok
    server.wait_document(document["id"])
    again = server.post("/api/v1/documents/process", files={"file": (name, content)}).json()
    assert again["document"]["id"] == document["id"]
    server.call("DELETE", f"/v1/documents/{document['id']}?erase=1")


def test_one_bad_file_does_not_fail_the_rest(server):
    files = [("files[]", (name, content)) for name, content in (
        ("good.txt", b"This file is good and can be read."), ("bad.bin", PROGRAM_BYTES), ("locked.xlsx", (SAMPLES / "locked.xlsx").read_bytes()))]
    result = server.post("/api/v1/documents/bulk-process", files=files).json()
    assert (result["success"], result["total"], result["succeeded"], result["failed"]) == (True, 3, 1, 2)
    good, bad, locked = result["results"]
    assert good["success"] and "can be read" in good["document"]["text"]
    assert not bad["success"] and bad["code"] == "unsupported" and "document" not in bad
    assert not locked["success"] and "password" in locked["error"]
    for one in (good, locked):
        server.call("DELETE", f"/v1/documents/{one['document']['id']}?erase=1")


def test_processing_says_what_is_wrong(server):
    answer = server.post("/api/v1/documents/process", files={"file": ("bad.bin", PROGRAM_BYTES)})
    assert answer.status_code == 415 and answer.json()["success"] is False and answer.json()["error"]
    reader = server.cli("keys", "add", "reader", "--role", "reader").stdout.split()[-1]
    answer = server.post("/api/v1/documents/process", files={"file": ("a.txt", b"a")}, key=reader)
    assert answer.status_code == 403 and answer.json()["success"] is False


def test_types_and_tests(server):
    types = server.get("/api/v1/documents/supported-types").json()
    assert ".pdf" in types["extensions"] and "application/pdf" in types["media_types"] and len(types["extensions"]) >= 36
    assert len(set(types["extensions"])) == types["total_extensions"]
    before = server.get("/v1/statistics").json()["documents"]
    tested = server.post("/api/v1/test/test-document-processing").json()
    assert tested["success"] and tested["document"]["type"] == "text/plain" and tested["document"]["extraction_quality"] == "excellent"
    tested = server.post("/api/v1/test/test-document-processing", files={"file": ("b.pdf", pdf("Boats wait outside."))}).json()
    assert tested["document"]["text"].strip() == "Boats wait outside."
    assert server.get("/v1/statistics").json()["documents"] == before
    model = server.post("/api/v1/test/test-ai-generation").json()
    assert model["success"] is False and model["message"]
    status = server.get("/api/v1/test/stage2-status").json()
    assert status["services"]["document_processing"]["supported_formats"] >= 36
    assert status["services"]["ai_generation"]["api_connection"] == "not configured"
