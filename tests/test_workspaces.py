"""Two workspaces on one server: whatever is searched, counted, suggested or remembered in one is nowhere in the other."""
import json
import sqlite3
import subprocess

import pytest
import requests
from websockets.sync.client import connect

from conftest import Server

OTHER = "7fffffff-73e7-7290-b8a2-59b6ed2b4e12"  # the first is the one that was made first
ADD = f"INSERT INTO workspaces (id, name, settings, created_at) VALUES ('{OTHER}', 'Other', '{{}}', 4102444800000)"


def change_database(server, statement):
    if server.database:
        subprocess.run(["psql", server.database, "-qc", statement], check=True)
    else:
        with sqlite3.connect(server.data / "lectern.db", timeout=30) as connection:
            connection.execute(statement)


def ask_database(server, question):
    """The one number that it answers."""
    if server.database:
        return int(subprocess.run(["psql", server.database, "-Atqc", question], check=True, capture_output=True, text=True).stdout)
    with sqlite3.connect(server.data / "lectern.db", timeout=30) as connection:
        return connection.execute(question).fetchone()[0]


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def both(request, tmp_path_factory):
    """A server, and keys of an administrator of each of its two workspaces."""
    database = request.getfixturevalue("postgres").new_database() if request.param == "postgresql" else ""
    server = Server(tmp_path_factory.mktemp("data") / "library", database).start()
    change_database(server, ADD)
    ours, theirs = (server.cli("keys", "add", "admin", "--role", "admin", *more).stdout.split()[-1]
                    for more in ([], ["--workspace", OTHER]))
    server.key = ours
    for key, files in ((ours, [("heron.txt", b"The heron waits in the shallow water."), ("reeds.txt", b"Reeds stand in shallow water.")]),
                       (theirs, [("zanzibarite.txt", b"The zanzibarite ledger, by Quillfeather, of shallow water.")])):
        for document in server.upload(*files, key=key, tags="secret" if key == theirs else "open"):
            server.wait_document(document["id"], key=key)
    yield server, ours, theirs
    server.stop()


def search(server, key, query, **more):
    answer = server.post("/v1/search", {"query": query, **more}, key=key)
    assert answer.status_code == 200, answer.text
    return answer.json()


def names(answer):
    return sorted(result["document"]["name"] for result in answer["results"])


def test_neither_hears_of_the_other(both):
    server, ours, theirs = both
    address = server.url.replace("http", "ws") + "/ws?token="
    with connect(address + ours) as here, connect(address + theirs) as there:
        for key, text in ((theirs, "theirs"), (ours, "ours")):
            assert server.post("/v1/events/broadcast", {"text": text}, key=key).status_code == 202
        heard = {}
        for key, socket in ((ours, here), (theirs, there)):
            heard[key] = []
            while not any("broadcast" in text for text in heard[key]):
                heard[key].append(socket.recv(timeout=20))
    last = json.loads(heard[ours][-1])["id"].split("-")[0] + "-0"
    with connect(f"{address}{ours}&last_event_id={last}") as again:  # nor when they come back
        heard[ours].append(again.recv(timeout=20))
        while "broadcast" not in heard[ours][-1] and "missed" not in heard[ours][-1]:
            heard[ours].append(again.recv(timeout=20))
    assert "theirs" not in str(heard[ours]) and '"ours"' not in str(heard[theirs])


@pytest.mark.parametrize("mode", ["keyword", "hybrid", "semantic"])
def test_each_finds_its_own(both, mode):
    server, ours, theirs = both
    if mode != "keyword" and server.get("/health").json()["model"] is None:
        pytest.skip("needs an embedding model")
    assert names(search(server, ours, "shallow water", mode=mode)) == ["heron.txt", "reeds.txt"]
    assert names(search(server, theirs, "shallow water", mode=mode)) == ["zanzibarite.txt"]


def test_counts_and_spelling_are_of_the_own_words(both):
    server, ours, theirs = both
    facets = ["type", "tag", "author", "year", "language"]
    found = search(server, ours, "shallow water", facets=facets)
    assert found["documents"] == 2 and "secret" not in str(found["facets"])
    assert "secret" in str(search(server, theirs, "shallow water", facets=facets)["facets"])
    assert search(server, ours, "zanzibaxite", mode="keyword").get("suggestion") is None
    assert search(server, theirs, "zanzibaxite", mode="keyword")["suggestion"]["query"] == "zanzibarite"
    # A word of the other is as rare as one that is nowhere.
    assert search(server, ours, "zanz*", mode="keyword")["results"] == []
    assert search(server, ours, "tag:secret")["results"] == []


def test_what_is_like_a_document_of_the_other_is_not_told(both):
    server, ours, theirs = both
    (document,) = server.get("/v1/documents", key=theirs).json()["items"]
    assert server.post("/v1/search", {"like": document["id"]}, key=ours).status_code == 404
    assert search(server, ours, "water", documents=[document["id"]], mode="keyword")["results"] == []
    assert search(server, ours, f"in:{document['id']}")["results"] == []
    for path in ("", "/text", "/original", "/chunks"):
        assert server.get(f"/v1/documents/{document['id']}{path}", key=ours).status_code == 404


def test_history_and_what_was_not_found_stay_inside(both):
    server, ours, theirs = both
    made = search(server, theirs, "nobodyknowsthis", mode="keyword")
    assert made["results"] == []
    for path in ("/v1/search/history", "/v1/search/unfound"):
        assert "nobodyknowsthis" in server.get(path, key=theirs).text, path
        assert "nobodyknowsthis" not in server.get(path, key=ours).text, path
    opened = {"document": OTHER, "chunk": 1, "rank": 1}
    assert server.post(f"/v1/search/{made['search_id']}/opened", opened, key=ours).status_code == 404
    (kept,) = [one for one in server.get("/v1/search/history", key=theirs).json()["items"] if one["query"] == "nobodyknowsthis"]
    server.call("DELETE", f"/v1/search/history/{kept['id']}", key=ours)
    assert "nobodyknowsthis" in server.get("/v1/search/history", key=theirs).text


def test_saved_searches_and_judged_sets_stay_inside(both):
    server, ours, theirs = both
    saved = server.post("/v1/search/saved", {"name": "Theirs", "query": "water"}, key=theirs).json()["id"]
    judged = server.post("/v1/lab/sets", {"name": "Theirs", "tsv": "water\tzanzibarite.txt\n"}, key=theirs).json()["id"]
    ran = server.post("/v1/lab/runs", {"set": judged, "settings": "mode=keyword"}, key=theirs).json()["id"]
    for kind, id in (("search/saved", saved), ("lab/sets", judged), ("lab/runs", ran)):
        assert id in server.get(f"/v1/{kind}", key=theirs).text
        assert id not in server.get(f"/v1/{kind}", key=ours).text
        assert server.get(f"/v1/{kind}/{id}", key=ours).status_code == 404
    assert server.post(f"/v1/search/saved/{saved}/run", {}, key=ours).status_code == 404
    assert server.call("DELETE", f"/v1/search/saved/{saved}", key=ours).status_code == 404
    assert server.post("/v1/lab/runs", {"set": judged}, key=ours).status_code in (400, 404)
    named = server.post("/v1/lab/sets", {"name": "Ours", "tsv": "water\tzanzibarite.txt\n"}, key=ours)
    assert named.status_code == 400 and "none of the documents" in named.text


def test_answers_quote_the_own_documents(both):
    server, ours, theirs = both
    answer = server.post("/v1/ask", {"question": "Who wrote the zanzibarite ledger?"}, key=ours)
    assert "Quillfeather" not in answer.text
    assert "Quillfeather" in server.post("/v1/ask", {"question": "Who wrote the zanzibarite ledger?"}, key=theirs).text


def test_a_shared_workflow_is_a_template_for_those_who_belong_to_both_and_for_nobody_else(both):
    server, ours, theirs = both
    steps = [{"id": "a", "type": "compute", "with": {"values": {"shared": True}}}]
    shared = {"steps": steps, "shared": True, "triggers": [{"on": "upload"}]}
    made = server.post("/v1/workflows", {"name": "For all", "definition": shared}, key=theirs).json()["id"]
    server.post("/v1/workflows", {"name": "Not shared", "definition": {"steps": steps}}, key=theirs)
    server.cli("users", "add", "eve@example.org", "--role", "editor", input="correct horse battery\n")
    change_database(server, "INSERT INTO memberships (workspace, user_id, role, created_at)"
                            f" SELECT '{OTHER}', user_id, role, created_at FROM memberships")
    eve = requests.Session()
    entered = eve.post(server.url + "/v1/session", json={"email": "eve@example.org", "password": "correct horse battery"})
    csrf = {"X-CSRF-Token": entered.json()["csrf"]}

    def offered(key=None):
        asked = eve.get(server.url + "/v1/workflow-templates") if key is None else server.get("/v1/workflow-templates", key=key)
        return [(t["title"], t["workspace"]["id"]) for t in asked.json()["items"] if t["workspace"]]

    assert offered() == offered(theirs) == [("For all", OTHER)] and offered(ours) == []
    taken = eve.post(server.url + "/v1/workflows", json={"template": made, "name": "Mine"}, headers=csrf).json()
    assert taken["definition"] == {"steps": steps, "triggers": shared["triggers"], "enabled": False}
    refused = server.post("/v1/workflows", {"template": made}, key=ours)
    assert refused.status_code == 400 and refused.json()["error"]["field"] == "template"
