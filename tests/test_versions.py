"""Another file in the place of a document's: what was before stays as a version, and what is found is of the new one."""
from conftest import Server, wait_until


def pdf(line, pages=1):
    """Pages of one line each."""
    kids = " ".join(f"{4 + 2 * n} 0 R" for n in range(pages))
    objects = ["<< /Type /Catalog /Pages 2 0 R >>", f"<< /Type /Pages /Kids [{kids}] /Count {pages} >>", "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"]
    for n in range(pages):
        drawn = f"BT /F1 14 Tf 40 700 Td ({line}) Tj ET"
        objects += [f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents {5 + 2 * n} 0 R /Resources << /Font << /F1 3 0 R >> >> >>",
                    f"<< /Length {len(drawn)} >>\nstream\n{drawn}\nendstream"]
    made, places = b"%PDF-1.4\n", []
    for number, text in enumerate(objects, 1):
        places.append(len(made))
        made += f"{number} 0 obj\n{text}\nendobj\n".encode()
    table = "".join(f"{place:010} 00000 n \n" for place in places)
    return made + f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{table}trailer << /Size {len(objects) + 1} /Root 1 0 R >>\nstartxref\n{len(made)}\n%%EOF\n".encode()


def replace(server, document, text, **options):
    return server.call("PUT", f"/v1/documents/{document}/original", data=text, **options)


def hits(server, words):
    return [hit["document"]["id"] for hit in server.post("/v1/search", {"query": words, "mode": "keyword"}).json()["results"]]


def test_a_new_version_is_found_and_the_old_one_stays_for_its_citations(server):
    [old] = server.add(("harbour-rules.txt", b"The harbourmaster of Quillport is Amalia Brenn."))
    asked = server.post("/v1/ask", {"question": "Who is the harbourmaster of Quillport?"}).json()
    [cited] = asked["citations"]
    assert cited["document"]["version"] == 1

    answer = replace(server, old["id"], b"The harbourmaster of Quillport is Bertold Quast.")
    assert answer.status_code == 202 and answer.json()["version"] == 2, answer.text
    new = server.wait_document(old["id"])
    assert (new["state"], new["version"], new["name"]) == ("ready", 2, old["name"])
    assert wait_until(lambda: hits(server, "Quast") == [old["id"]]) and hits(server, "Brenn") == []
    again = server.post("/v1/ask", {"question": "Who is the harbourmaster of Quillport?"}).json()
    assert "Quast" in again["answer"] and "Brenn" not in again["answer"]
    assert again["citations"][0]["document"]["version"] == 2

    path = f"/v1/documents/{old['id']}"
    then = server.get(f"{path}/text?version=1").content
    assert then[cited["start"]:cited["end"]].decode() == cited["quote"]
    assert b"Quast" in server.get(f"{path}/text").content
    assert b"Brenn" in server.get(f"{path}/original?version=1").content and b"Quast" in server.get(f"{path}/original").content
    shown = server.get(f"{path}/view?version=1&start={cited['start']}&end={cited['end']}").text
    assert "<mark" in shown and "Amalia Brenn" in shown
    assert server.get(f"{path}/text?version=3").status_code == 404
    versions = server.get(f"{path}/versions").json()["items"]
    assert [one["version"] for one in versions] == [2, 1] and versions[1]["size"] == old["size"]
    server.call("DELETE", f"{path}?erase=1")
    assert server.get(f"{path}/text?version=1").status_code == 404


def test_a_new_version_takes_the_place_of_the_file_that_was_read_alone(server):
    [one] = server.add(("soundings.txt", b"Off the mole: four fathoms."))
    path = f"/v1/documents/{one['id']}"
    tag = server.get(f"{path}/original").headers["ETag"]
    assert replace(server, one["id"], b"Off the mole: five fathoms.", headers={"If-Match": tag, "Idempotency-Key": "soundings"}).status_code == 202
    again = replace(server, one["id"], b"Off the mole: five fathoms.", headers={"If-Match": tag, "Idempotency-Key": "soundings"})
    assert (again.status_code, again.headers["Idempotency-Replayed"]) == (202, "true")
    server.wait_document(one["id"])
    assert replace(server, one["id"], b"Off the mole: six fathoms.", headers={"If-Match": tag}).status_code == 412
    assert server.get(path).json()["version"] == 2


def test_a_new_version_may_have_another_name_and_kind(server):
    [old] = server.add(("tariffs.txt", b"Mooring costs eleven florins."))
    answer = server.call("PUT", f"/v1/documents/{old['id']}/original",
                         files=[("file", ("tariffs-2027.html", b"<h1>Tariffs</h1><p>Mooring costs thirteen florins.</p>"))])
    assert answer.status_code == 202, answer.text
    new = server.wait_document(old["id"])
    assert (new["name"], new["format"], new["version"]) == ("tariffs-2027.html", "html", 2)
    assert server.get(f"/v1/documents/{old['id']}/versions").json()["items"][1]["name"] == "tariffs.txt"


def test_a_version_that_cannot_be_read_leaves_the_one_before_to_be_found(server):
    [old] = server.add(("berths.txt", b"Berth nine is for the corvette Oleander."))
    assert replace(server, old["id"], b"PK\x03\x04 and then nothing of an archive", headers={"File-Name": "berths.docx"}).status_code == 202
    failed = server.wait_document(old["id"])
    assert failed["state"] == "failed" and failed["version"] == 2
    assert hits(server, "Oleander") == [old["id"]]
    assert replace(server, old["id"], b"Berth nine is for the corvette Oleander and a tender.").status_code == 202
    assert server.wait_document(old["id"])["version"] == 3


def test_what_is_no_new_version_is_refused_and_changes_nothing(server):
    text = b"Lamps are lit at vespers, by the keeper Yolanthe."
    [one] = server.add(("lamps.txt", text))
    [other] = server.add(("oil.txt", b"Oil is measured in firkins."))
    for body, status in ((text, 409), (b"Oil is measured in firkins.", 409), (b"\x7fELF" + bytes(200), 415)):
        assert replace(server, one["id"], body).status_code == status, body
    assert replace(server, "01890000-0000-7000-8000-000000000000", b"nothing").status_code == 404
    reader = server.cli("keys", "add", "versions-reader", "--role", "reader").stdout.split()[-1]
    assert replace(server, one["id"], b"A reader's wish", key=reader).status_code == 403
    server.call("DELETE", f"/v1/documents/{one['id']}")
    assert replace(server, one["id"], b"Into the trash").status_code == 409
    assert server.get(f"/v1/documents/{one['id']}").json()["version"] == 1
    assert len(server.get(f"/v1/documents/{other['id']}/versions").json()["items"]) == 1


def test_what_was_before_counts_where_there_is_a_limit(tmp_path):
    server = Server(tmp_path / "library", arguments=("--workspace-bytes", "100")).start()
    try:
        server.new_key()
        [one] = server.add(("tally.txt", b"a" * 39 + b"."))
        assert replace(server, one["id"], b"b" * 39 + b".").status_code == 202
        server.wait_document(one["id"])
        refused = replace(server, one["id"], b"c" * 39 + b".")
        assert refused.status_code == 507 and "workspace_bytes" in refused.json()["error"]["message"]
        assert server.get(f"/v1/documents/{one['id']}").json()["version"] == 2
        server.call("DELETE", f"/v1/documents/{one['id']}?erase=1")
        assert server.call("POST", "/v1/documents", files=[("file", ("other.txt", b"d" * 80))]).status_code == 202
    finally:
        server.stop()


def test_pages_blocks_and_passages_are_those_of_the_version_that_is_asked_for(server):
    [old] = server.add(("survey.pdf", pdf("The survey of the ford by Ottilie Varn.", pages=3)))
    path = f"/v1/documents/{old['id']}"
    then = server.get(f"{path}/pages/1.png?width=200").content
    assert replace(server, old["id"], pdf("The survey of the weir by Ruprecht Olm, one page, with a longer line.", pages=1)).status_code == 202
    server.wait_document(old["id"])

    assert server.get(f"{path}/pages").json()["count"] == 1
    assert server.get(f"{path}/pages?version=1").json()["count"] == 3
    assert server.get(f"{path}/pages/1.png?width=200&version=1").content == then
    assert server.get(f"{path}/pages/1.png?width=200").content != then
    marked = server.get(f"{path}/pages/3.png?width=200&version=1&quote=Ottilie%20Varn")
    assert marked.status_code == 200 and marked.headers["X-Marked"] == "1"
    for wrong in ("pages/4.png?version=1", "pages/2.png", "pages/2.png?version=2", "pages/1.png?version=3", "pages/0.png?version=1"):
        assert server.get(f"{path}/{wrong}").status_code == 404, wrong
    assert server.get(f"{path}/pages?version=3").status_code == 404

    for part in ("blocks", "chunks"):
        texts = lambda version: " ".join(one["text"] for one in server.get(f"{path}/{part}?version={version}").json()["items"])
        assert "Ottilie Varn" in texts(1) and "Olm" not in texts(1), part
        assert "Ruprecht Olm" in texts(2) and "Varn" not in texts(2), part
    at = server.get(f"{path}/text?version=1").content.rindex(b"Ottilie")
    assert server.get(f"{path}/blocks?version=1&start={at}&limit=1").json()["items"][0]["place"]["page"] == 3
    assert server.get(f"{path}/structure?version=1").json()["structure"] != server.get(f"{path}/structure").json()["structure"]


def test_a_version_that_had_no_pages_has_none_beside_one_that_has(server):
    [old] = server.add(("ferry.txt", b"The ferry of Quillport leaves at six."))
    path = f"/v1/documents/{old['id']}"
    assert replace(server, old["id"], pdf("The ferry of Quillport leaves at seven."), headers={"File-Name": "ferry.pdf"}).status_code == 202
    assert server.wait_document(old["id"])["format"] == "pdf"
    assert server.get(f"{path}/pages?version=1").json()["count"] == 0 and server.get(f"{path}/pages").json()["count"] == 1
    assert server.get(f"{path}/pages/1.png?version=1").status_code == 404
    assert replace(server, old["id"], b"PK\x03\x04 and then nothing of an archive", headers={"File-Name": "ferry.docx"}).status_code == 202
    assert server.wait_document(old["id"])["state"] == "failed"
    assert server.get(f"{path}/pages/1.png").status_code == 200, "what is found is still shown"
    assert server.get(f"{path}/pages").json()["count"] == 1
