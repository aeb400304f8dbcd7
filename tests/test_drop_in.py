"""Clients of Apache Tika, docling-serve and the seeds, as they send their requests: they work with Lectern instead."""
import base64
import concurrent.futures
import io
import json
import subprocess
import tarfile
import time
import zipfile
from xml.etree import ElementTree

import pytest
import requests

from conftest import SAMPLES, Server, free_port
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
    assert put(server, "/tika", b"%PDF-1.4 nothing more").status_code == 422
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
