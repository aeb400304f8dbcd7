"""What is erased is in no file of the data folder."""
import sqlite3

from conftest import wait_until

# Words that occur nowhere else, and as the keyword index keeps them: lower case, without accents.
WORDS = {
    "title": "Zwibbelquarx",
    "heading": "Vromplitude",
    "body": "Xyzzyfrobnik",
    "accent": "Ûmzélokkär",
    "name": "qwopperdink",
}
FORMS = [w.encode() for word in WORDS.values() for w in (word, word.lower())] + [b"umzelokkar"]

DOCUMENT = f"""# {WORDS['title']}

A page about one thing only.

## {WORDS['heading']}

The {WORDS['body']} lives in {WORDS['accent']}, far from here.
""".encode()


def files_with(folder, forms=FORMS):
    """(file, form) for each form that a file below the folder has."""
    found = []
    for path in folder.rglob("*"):
        if path.is_file():
            try:
                content = path.read_bytes()
            except FileNotFoundError:  # a file that was in the making has its name now
                continue
            found += [(str(path.relative_to(folder)), form) for form in forms if form in content]
    return found


def add_document(server):
    others = [(f"other{i}.txt", f"Another text, number {i}, about rivers.".encode()) for i in range(5)]
    server.add(*others)
    document = server.add((f"{WORDS['name']}.md", DOCUMENT))[0]
    assert document["state"] == "ready", document
    # Its words reach the index's files as well.
    in_index = lambda: any(f.startswith("index") for f, _ in files_with(server.data))
    assert wait_until(in_index), "the index was not written"
    return document["id"]


def erase_at_once(server, document):
    answer = server.call("DELETE", f"/v1/documents/{document}", params={"erase": "1"})
    assert answer.status_code in (200, 204), answer.text


def test_an_erased_document_is_in_no_file(fresh_server):
    document = add_document(fresh_server)
    erase_at_once(fresh_server, document)
    assert files_with(fresh_server.data) == []
    assert fresh_server.get(f"/v1/documents/{document}").status_code == 404
    answer = fresh_server.post("/v1/search", {"query": "rivers"}).json()
    assert len(answer["results"]) == 5
    fresh_server.stop()
    assert files_with(fresh_server.data) == []


def test_a_document_in_the_trash_stays_until_it_is_erased(fresh_server):
    document = add_document(fresh_server)
    assert fresh_server.call("DELETE", f"/v1/documents/{document}").status_code in (200, 204)
    assert files_with(fresh_server.data), "the trash keeps it"
    fresh_server.post(f"/v1/documents/{document}/restore")
    assert fresh_server.post("/v1/search", {"query": WORDS["body"]}).json()["results"]
    assert fresh_server.call("DELETE", f"/v1/documents/{document}").status_code in (200, 204)
    erase_at_once(fresh_server, document)
    # The search of above is in the history, as the person typed it.
    left = [hit for hit in files_with(fresh_server.data) if hit[1].decode().lower() != WORDS["body"].lower()]
    assert left == []


def test_the_purge_job_erases_for_good(tmp_path):
    from conftest import Server

    server = Server(tmp_path / "library").start()
    try:
        server.new_key()
        document = add_document(server)
        assert server.call("DELETE", f"/v1/documents/{document}").status_code in (200, 204)
        assert files_with(server.data)
        server.stop()
        server.arguments = ["--trash-days", "0"]
        # The hour of the job has come.
        with sqlite3.connect(server.data / "lectern.db") as database:
            database.execute("UPDATE schedules SET next_at = 1 WHERE name = 'purge'")
        database.close()
        server.start()
        assert wait_until(lambda: not files_with(server.data)), files_with(server.data)
    finally:
        server.stop()
