"""Searches that a person keeps, and what is new in them."""
import pytest
import requests
from conftest import wait_until


@pytest.fixture(scope="module")
def library(server):
    server.add(("heron-2023.txt", b"The heron waits at the weir for eels.\n"), tags="saved")
    return server


def save(library, **fields):
    answer = library.post("/v1/search/saved", {"name": "Herons", "query": "heron weir", **fields})
    assert answer.status_code == 201, answer.text
    return answer.json()


def new_count(library, one):
    return library.get(f"/v1/search/saved/{one['id']}").json()["new_count"]


def test_a_saved_search_says_what_is_new_until_it_is_run(library):
    one = save(library, filters={"tags": ["saved"]}, mode="keyword")
    assert one["mode"] == "keyword" and one["last_run_at"] is None and one["new_count"] == 0
    assert one["filters"] == {"collections": [], "documents": [], "formats": [], "tags": ["saved"], "metadata": [],
                              "after": None, "before": None}
    library.add(("heron-2024.txt", b"Another heron stood at the weir in March.\n"), tags="saved")
    library.add(("heron-other.txt", b"A heron at a weir nobody asked for.\n"), tags="unsaved")
    library.add(("crane-2024.txt", b"The crane was hired for the pier.\n"), tags="saved")
    assert new_count(library, one) == 1
    listed = library.get("/v1/search/saved").json()["items"]
    assert [(s["id"], s["new_count"]) for s in listed] == [(one["id"], 1)]
    run = library.post(f"/v1/search/saved/{one['id']}/run", {"limit": 5})
    assert {r["document"]["name"] for r in run.json()["results"]} == {"heron-2023.txt", "heron-2024.txt"}
    assert new_count(library, one) == 0
    assert library.get(f"/v1/search/saved/{one['id']}").json()["last_run_at"]
    assert library.call("DELETE", f"/v1/search/saved/{one['id']}").status_code == 204
    assert library.get(f"/v1/search/saved/{one['id']}").status_code == 404


def test_a_search_for_meaning_counts_only_what_is_about_as_good(library):
    one = save(library, filters={"tags": ["saved"]}, mode="hybrid")
    library.add(("invoice.txt", b"Invoice 4711 for printer paper, payable within thirty days.\n"), tags="saved")
    assert new_count(library, one) == 0
    library.add(("egret.txt", b"At the weir a heron and an egret share one rock.\n"), tags="saved")
    assert new_count(library, one) == 1
    library.call("DELETE", f"/v1/search/saved/{one['id']}")


def test_a_saved_search_is_replaced_as_a_whole(library):
    one = save(library, filters={"formats": ["pdf"], "after": "2024-01-01"})
    path = f"/v1/search/saved/{one['id']}"
    changed = library.call("PUT", path, json={"name": "Cranes", "query": "crane type:text"}).json()
    assert (changed["name"], changed["query"], changed["filters"]["formats"]) == ("Cranes", "crane type:text", [])
    assert changed["created_at"] == one["created_at"] and changed["mode"] == "hybrid"
    run = library.post(path + "/run", {"mode": "keyword", "query": "heron", "limit": 3}).json()
    assert run["query"] == "crane type:text" and run["results"][0]["document"]["name"] == "crane-2024.txt"
    library.call("DELETE", path)


def test_a_run_as_events_counts_as_seen_and_runs_what_was_saved(library):
    one = save(library, name="Bitterns", query="bittern", filters={"tags": ["seen"]})
    run = f"/v1/search/saved/{one['id']}/run"
    library.add(("bittern.txt", b"A bittern chased the heron from the weir.\n"), tags="seen")
    assert library.post(run, {"stream": True, "limit": 1000}).status_code == 400 and new_count(library, one) == 1
    done = library.post(run, {"stream": True, "like": "0198c0de-0000-7000-8000-000000000000", "name": "other"})
    assert "event: done" in done.text and "bittern.txt" in done.text and new_count(library, one) == 0
    library.call("DELETE", f"/v1/search/saved/{one['id']}")


def test_conditions_alone_can_be_saved(library):
    one = save(library, query="", filters={"tags": ["later"]})
    library.add(("later.txt", b"This one came later.\n"), tags="later")
    assert new_count(library, one) == 1
    assert library.post(f"/v1/search/saved/{one['id']}/run").json()["total"] == 1
    library.call("DELETE", f"/v1/search/saved/{one['id']}")


@pytest.mark.parametrize("body, field", [
    ({"query": "a"}, "name"), ({"name": " ", "query": "a"}, "name"), ({"name": "a"}, "query"),
    ({"name": "a", "query": "typ:pdf"}, "query"), ({"name": "a", "query": "a", "mode": "best"}, "mode"),
    ({"name": "a", "query": "a", "filters": {"after": "soon"}}, "after"),
    ({"name": "a", "query": "a", "filters": {"colour": "red"}}, "colour"),
    ({"name": "a", "query": "a", "filters": {"metadata": ["pages>=many"]}}, "metadata"),
    ({"name": "a", "query": "a", "filters": {"tags": [str(n) for n in range(21)]}}, "tags"),
])
def test_what_could_not_be_run_is_not_kept(library, body, field):
    answer = library.post("/v1/search/saved", body)
    assert answer.status_code == 400 and answer.json()["error"].get("field", "") == field, answer.text


def test_a_name_is_taken_once(library):
    one = save(library)
    assert library.post("/v1/search/saved", {"name": "HERONS", "query": "b"}).status_code == 409
    library.call("DELETE", f"/v1/search/saved/{one['id']}")
    assert library.post(f"/v1/search/saved/{one['id']}/run").status_code == 404


def test_who_wants_it_is_told_what_is_new_in_a_saved_search(fresh_server):
    library = fresh_server
    owner = library.cli("keys", "add", "owner", "--role", "owner").stdout.split()[-1]
    person = {"email": "ann@example.org", "password": "correct horse battery", "name": "Ann", "role": "editor"}
    assert library.post("/v1/users", person, key=owner).status_code == 201
    session = requests.Session()
    signed = session.post(library.url + "/v1/session", json={k: person[k] for k in ("email", "password")})
    made = session.post(library.url + "/v1/keys", json={"name": "hers", "role": "editor"},
                        headers={"X-CSRF-Token": signed.json()["csrf"]})
    hers = made.json()["key"]
    wish = {"name": "Herons", "query": "heron", "mode": "keyword", "tells": True}
    assert library.post("/v1/search/saved", wish).json()["error"]["field"] == "tells"  # a key that is nobody's
    assert library.post("/v1/search/saved", wish, key=hers).json()["tells"]
    library.add(("heron.txt", b"A heron, and another heron.\n"))
    library.run_recurring("saved_searches")
    def told():
        notices = library.get("/v1/notices", key=hers).json()["items"]
        return [n["title"] for n in notices if n["kind"] == "saved_search"]
    assert wait_until(told) and told() == ["New in Herons"]
    library.run_recurring("saved_searches")
    assert told() == ["New in Herons"]
