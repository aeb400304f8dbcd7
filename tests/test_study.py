"""Cards and their reviews, quizzes, the learner, decks as files."""
import csv
import io
import json
import sqlite3
import tempfile
import zipfile
from hashlib import sha1

import pytest
import requests


@pytest.fixture
def deck(server):
    made = server.post("/v1/study/decks", {"name": "Rivers", "description": "of Europe"})
    assert made.status_code == 201, made.text
    yield made.json()
    server.call("DELETE", f"/v1/study/decks/{made.json()['id']}")


def add(server, deck, *cards):
    made = server.post("/v1/study/cards", {"deck": deck["id"], "cards": [
        {"front": c[0], "back": c[1]} if isinstance(c, tuple) else c for c in cards]})
    assert made.status_code == 201, made.text
    return made.json()["items"]


def rate(server, card, rating, **more):
    answer = server.post("/v1/study/reviews", {"card": card["id"], "rating": rating, **more})
    assert answer.status_code == 201, answer.text
    return answer.json()


def due(server, deck):
    return server.get("/v1/study/due", params={"deck": deck["id"]}).json()


def test_a_new_card_is_learned_in_steps_and_comes_back_after_days(server, deck):
    card, = add(server, deck, ("Longest river of Europe?", "the Volga"))
    assert (card["state"], card["due"], card["tags"], card["source"]) == ("new", None, [], None)
    queue = due(server, deck)
    assert (queue["new"], queue["learning"], queue["review"]) == (1, 0, 0)
    assert queue["items"][0]["next_s"] == [60, 330, 600, 8 * 86400]
    first = rate(server, card, 3, took_ms=2100)
    assert first["next_s"] == 600 and first["card"]["state"] == "learning"
    queue = due(server, deck)
    assert (queue["new"], queue["learning"]) == (0, 1)
    second = rate(server, card, 3)
    assert second["card"]["state"] == "review" and second["next_s"] % 86400 == 0
    assert due(server, deck)["items"] == []
    listed = next(d for d in server.get("/v1/study/decks").json()["items"] if d["id"] == deck["id"])
    assert (listed["cards"], listed["new"], listed["review"]) == (1, 0, 0)


def test_the_last_review_is_taken_back(server, deck):
    card, = add(server, deck, ("Q", "A"))
    rate(server, card, 4)
    undone = server.call("DELETE", "/v1/study/reviews/last")
    assert undone.status_code == 200 and undone.json()["card"]["state"] == "new"
    assert undone.json()["card"]["reviews"] == 0 and due(server, deck)["new"] == 1


@pytest.mark.parametrize("body, field", [({"rating": 3}, "card"), ({"card": "x"}, "rating"), ({"card": "x", "rating": 5}, "rating"),
                                         ({"card": "x", "rating": 0}, "rating"), ({"card": "x", "rating": 3, "took_ms": -1}, "took_ms")])
def test_a_review_that_makes_no_sense_is_refused(server, body, field):
    answer = server.post("/v1/study/reviews", body)
    assert answer.status_code == 400 and answer.json()["error"]["field"] == field, answer.text


def test_a_card_that_is_not_there_is_not_found(server):
    assert server.post("/v1/study/reviews", {"card": "x", "rating": 3}).status_code == 404
    assert server.get("/v1/study/cards/x").status_code == 404


def test_a_deck_has_a_front_once_and_siblings_come_one_a_day(server, deck):
    first, = add(server, deck, ("One?", "1"))
    assert add(server, deck, (" one? ", "2")) == []
    add(server, deck, {"front": "Two?", "back": "2", "note": first["note"]})
    assert [c["front"] for c in due(server, deck)["items"]] == ["One?"]
    rate(server, first, 4)
    assert due(server, deck)["items"] == []


def test_cards_are_changed_found_put_aside_and_removed(server, deck):
    card, other = add(server, deck, {"front": "Front?", "back": "Back", "tags": ["a b", "c"]}, ("Other?", "else"))
    path = f"/v1/study/cards/{card['id']}"
    changed = server.call("PATCH", path, json={"back": "New", "is_suspended": True}).json()
    assert (changed["front"], changed["back"], changed["tags"], changed["is_suspended"]) == ("Front?", "New", ["a b", "c"], True)
    assert [c["front"] for c in due(server, deck)["items"]] == ["Other?"]
    found = server.get("/v1/study/cards", params={"deck": deck["id"], "tag": "a b"}).json()["items"]
    assert [c["id"] for c in found] == [card["id"]]
    assert [c["id"] for c in server.get("/v1/study/cards", params={"q": "ELSE", "deck": deck["id"]}).json()["items"]] == [other["id"]]
    assert server.get("/v1/study/cards", params={"state": "old"}).status_code == 400
    assert server.call("PATCH", path, json={"front": "other?"}).status_code == 409
    assert server.call("DELETE", path).status_code == 204 and server.get(path).status_code == 404


def test_limits_of_a_day_hold(server, deck):
    add(server, deck, *((f"Q{n}", "A") for n in range(5)))
    assert due(server, deck)["new"] == 5
    seen = 20 - server.get("/v1/study/due", params={"limit": 1}).json()["new"]
    try:
        assert server.call("PUT", "/v1/study/profile", json={"new_a_day": 0}).json()["new_a_day"] == 0
        assert due(server, deck)["new"] == 0
    finally:
        server.call("PUT", "/v1/study/profile", json={"new_a_day": 20})
    assert seen >= 0


def test_a_learner_keeps_what_was_said(server):
    try:
        set_ = server.call("PUT", "/v1/study/profile", json={"level": "beginner", "retention": 0.95, "learning_steps": "2 15"})
        assert set_.status_code == 200
        profile = server.call("PUT", "/v1/study/profile", json={"role": "nurse"}).json()
        assert (profile["level"], profile["role"], profile["retention"], profile["learning_steps"]) == ("beginner", "nurse", 0.95, "2 15")
        for wrong in ({"retention": 1.2}, {"learning_steps": "ten"}, {"learning_steps": "1 " * 9}, {"east_min": 9999}):
            assert server.call("PUT", "/v1/study/profile", json=wrong).status_code == 400, wrong
    finally:
        server.call("PUT", "/v1/study/profile", json={"level": "", "role": "", "retention": 0.9, "learning_steps": "1 10"})


def test_statistics_and_progress_say_how_it_goes(server, deck):
    document, = server.add(("volga.txt", b"The Volga is the longest river of Europe.\n"))
    card, = add(server, deck, {"front": "Longest?", "back": "Volga",
                               "source": {"document": {"id": document["id"], "name": "volga.txt"}, "quote": "The Volga"}})
    rate(server, card, 4, took_ms=1500)
    now = server.get("/v1/study/statistics", params={"deck": deck["id"]}).json()
    assert now["streak"] == 1 and now["days"] == [{"days_ago": 0, "reviews": 1, "new": 1, "passed": 0, "tested": 0, "took_ms": 1500}]
    assert len(now["forecast"]) == 30 and sum(now["forecast"]) == 1 and now["retention"] is None
    progress = server.get("/v1/study/progress").json()["items"]
    assert {"document": document["id"], "name": "volga.txt", "cards": 1, "seen": 1, "known": 0, "due": 0} in progress
    assert server.get(f"/v1/study/cards/{card['id']}").json()["source"]["quote"] == "The Volga"
    # What quotes a document goes with it.
    assert server.call("DELETE", f"/v1/documents/{document['id']}?erase=1").status_code in (200, 204)
    assert server.get(f"/v1/study/cards/{card['id']}").status_code == 404


QUIZ = {"title": "Rivers", "questions": [
    {"kind": "choice", "question": "Which is longest?", "options": ["Rhine", "Volga"], "answer": "Volga"},
    {"kind": "short", "question": "How long is it?", "answer": "3,530 km", "explanation": "The Volga runs for 3,530 km.",
     "source": {"name": "volga.txt", "quote": "for 3,530 km"}},
    {"kind": "cloze", "question": "It flows into the ____ Sea.", "answer": "Caspian", "accepted": ["Khazar"]}]}


def test_a_quiz_is_answered_graded_and_remembered(server):
    made = server.post("/v1/study/quizzes", QUIZ)
    assert made.status_code == 201, made.text
    path = f"/v1/study/quizzes/{made.json()['id']}"
    shown = server.get(path).json()
    assert shown["question_count"] == 3 and shown["best"] is None
    assert "answer" not in shown["questions"][1] and "source" not in shown["questions"][1]
    assert server.get(path + "?answers=1").json()["questions"][2]["accepted"] == ["Khazar"]
    attempt = server.post(path + "/attempts", {"answers": ["Volga", "3530000 m", "Caspain"]}).json()
    assert attempt["score"] == 1 and [a["how"] for a in attempt["answers"]] == ["exact", "number", "spelling"]
    assert attempt["answers"][1]["source"]["quote"] == "for 3,530 km"
    worse = server.post(path + "/attempts", {"answers": ["Rhine", "3,350 km"]}).json()
    assert worse["score"] == 0 and [a["how"] for a in worse["answers"]] == ["differs", "number", "empty"]
    assert [a["score"] for a in server.get(path + "/attempts").json()["items"]] == [0, 1]
    listed = next(q for q in server.get("/v1/study/quizzes").json()["items"] if q["id"] == made.json()["id"])
    assert (listed["attempts"], listed["best"]) == (2, 1)
    assert server.post(path + "/attempts", {"answers": ["a"] * 4}).status_code == 400
    assert server.call("DELETE", path).status_code == 204 and server.get(path + "/attempts").status_code == 404


@pytest.mark.parametrize("question, field", [
    ({"kind": "essay", "question": "a", "answer": "b"}, "kind"),
    ({"kind": "choice", "question": "a", "answer": "b", "options": ["c", "d"]}, "answer"),
    ({"kind": "choice", "question": "a", "answer": "b", "options": ["b", "B "]}, "options"),
    ({"kind": "choice", "question": "a", "answer": "b", "options": ["b"]}, "options"),
    ({"kind": "cloze", "question": "no gap", "answer": "b"}, "question"),
    ({"kind": "short", "question": "a", "answer": " "}, "answer"),
    ({"kind": "short", "question": "a", "answer": "b", "source": "c"}, "source")])
def test_a_question_that_cannot_be_answered_is_refused(server, question, field):
    answer = server.post("/v1/study/quizzes", {"title": "t", "questions": [question]})
    assert answer.status_code == 400 and answer.json()["error"]["field"] == field, answer.text


def test_a_deck_goes_to_csv_and_comes_back(server, deck):
    add(server, deck, {"front": 'A "quoted", one', "back": "two\nlines", "tags": ["x y"]}, ("=1+1", "-2+3"))
    out = server.get(f"/v1/study/decks/{deck['id']}/export", params={"format": "csv"})
    assert out.headers["Content-Disposition"] == 'attachment; filename="Rivers.csv"'
    rows = list(csv.DictReader(io.StringIO(out.content.decode(), newline="")))
    assert [(r["front"], r["back"], r["tags"]) for r in rows] == [('A "quoted", one', "two\nlines", "x_y"), ("'=1+1", "'-2+3", "")]
    other = server.post("/v1/study/decks", {"name": "Other"}).json()
    done = server.call("POST", f"/v1/study/decks/{other['id']}/import", data=out.content, headers={"Content-Type": "text/csv"})
    assert done.json() == {"read": 2, "added": 2, "known": 0}, done.text
    cards = server.get("/v1/study/cards", params={"deck": other["id"]}).json()["items"]
    assert sorted((c["front"], c["back"], tuple(c["tags"])) for c in cards) == [("=1+1", "-2+3", ()), ('A "quoted", one', "two\nlines", ("x_y",))]
    again = server.call("POST", f"/v1/study/decks/{other['id']}/import", data=b"#separator:tab\n=1+1\t3\nnew\tcard\n", headers={"Content-Type": "text/plain"})
    assert again.json() == {"read": 2, "added": 1, "known": 1}
    for wrong in (b'"open', b"alone\n", b'"a"b,c\n'):
        assert server.call("POST", f"/v1/study/decks/{other['id']}/import", data=wrong, headers={"Content-Type": "text/csv"}).status_code == 400, wrong
    for empty in (b"", b"front,back\n"):
        assert server.call("POST", f"/v1/study/decks/{other['id']}/import", data=empty, headers={"Content-Type": "text/csv"}).status_code == 422, empty
    server.call("DELETE", f"/v1/study/decks/{other['id']}")


def test_a_deck_goes_to_anki(server, deck, tmp_path):
    known, gap, new = add(
        server, deck, {"front": "5 < 6 & <b>?", "back": "yes\nno", "tags": ["one two"], "source": {"document": {"name": "a.pdf"}, "place": "page 2", "quote": "it <is>"}},
        {"front": "The {{c2::Volga}} is long", "back": "-"}, ("Third", "3"))
    rate(server, known, 4, took_ms=99999)
    rate(server, gap, 1)
    out = server.get(f"/v1/study/decks/{deck['id']}/export", params={"format": "apkg"})
    assert out.status_code == 200, out.text
    package = zipfile.ZipFile(io.BytesIO(out.content))
    assert sorted(package.namelist()) == ["collection.anki2", "media"] and json.loads(package.read("media")) == {}
    package.extract("collection.anki2", tmp_path)
    db = sqlite3.connect(tmp_path / "collection.anki2")
    assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    ver, crt, models, decks, dconf, conf = db.execute("SELECT ver, crt, models, decks, dconf, conf FROM col").fetchone()
    models, decks, dconf = json.loads(models), json.loads(decks), json.loads(dconf)
    assert ver == 11 and crt % 86400 == 0 and json.loads(conf)["fsrs"] and dconf["1"]["desiredRetention"] == 0.9
    deck_id = next(d["id"] for d in decks.values() if d["name"] == "Rivers")
    notes = {guid: (mid, tags, flds.split("\x1f"), sfld, csum) for guid, mid, tags, flds, sfld, csum in db.execute("SELECT guid, mid, tags, flds, sfld, csum FROM notes")}
    mid, tags, fields, sfld, csum = notes[known["id"]]
    assert tags == " one_two " and fields[:2] == ["5 &lt; 6 &amp; &lt;b&gt;?", "yes<br>no"] and "a.pdf, page 2" in fields[2] and "it &lt;is&gt;" in fields[2]
    assert csum == int(sha1(sfld.encode()).hexdigest()[:8], 16) and models[str(mid)]["type"] == 0
    assert len(models[str(mid)]["flds"]) == len(fields) == 3
    assert models[str(notes[gap["id"]][0])]["type"] == 1
    rows = db.execute("SELECT guid, did, ord, c.type, queue, due, ivl, c.data FROM cards c JOIN notes n ON n.id = c.nid ORDER BY c.id").fetchall()
    assert [r[0] for r in rows] == [known["id"], gap["id"], new["id"]] and {r[1] for r in rows} == {deck_id}
    (review, learning, third) = (r[2:] for r in rows)
    assert review[:5] == (0, 2, 2, 8, 8) and json.loads(review[5])["s"] == pytest.approx(8.2956)
    assert learning[:3] == (1, 1, 1) and learning[3] > crt and third[:4] == (0, 0, 0, 3)
    log = db.execute("SELECT cid, ease, ivl, time, type FROM revlog ORDER BY id").fetchall()
    assert [r[1:] for r in log] == [(4, 8, 60000, 0), (1, -60, 0, 0)]
    assert server.get(f"/v1/study/decks/{deck['id']}/export", params={"format": "pdf"}).status_code == 400


def test_what_one_learns_another_does_not_see(server, deck):
    """A person's cards are not those of the workspace's key."""
    card, = add(server, deck, ("Mine?", "yes"))
    admin = server.cli("keys", "add", "admin", "--role", "admin").stdout.split()[-1]
    login = {"email": "learner@example.org", "password": "a long password 1"}
    person = server.post("/v1/users", {**login, "name": "L", "role": "reader"}, key=admin)
    assert person.status_code in (201, 409), person.text
    other = requests.Session()
    signed = other.post(server.url + "/v1/session", json=login)
    assert signed.status_code in (200, 201), signed.text
    other.headers["X-CSRF-Token"] = other.get(server.url + "/v1/session").json()["csrf"]
    assert other.get(f"{server.url}/v1/study/cards/{card['id']}").status_code == 404
    assert other.get(f"{server.url}/v1/study/decks").json()["items"] == []
    own = other.post(f"{server.url}/v1/study/decks", json={"name": "Rivers"})
    assert own.status_code == 201, own.text
    stolen = other.post(f"{server.url}/v1/study/cards", json={"deck": deck["id"], "cards": [{"front": "a", "back": "b"}]})
    assert stolen.status_code == 404


def package(notes, name="collection.anki2", columns="id integer, flds text, tags text"):
    """A package of Anki with these notes: (fields, tags)."""
    with tempfile.NamedTemporaryFile(suffix=".db") as file:
        db = sqlite3.connect(file.name)
        db.execute(f"CREATE TABLE notes ({columns})")
        db.executemany("INSERT INTO notes VALUES (?, ?, ?)", [(i, "\x1f".join(fields), tags) for i, (fields, tags) in enumerate(notes)])
        db.commit()
        db.close()
        content = open(file.name, "rb").read()
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
        archive.writestr("media", "{}")
    return out.getvalue()


def send_package(server, deck, content, name="deck.apkg"):
    return server.call("POST", f"/v1/study/decks/{deck['id']}/anki", files={"file": (name, content)})


def test_a_deck_comes_back_from_anki(server, deck):
    add(server, deck, ("Longest <river>?", "the Volga\n& no other"), {"front": "The {{c1::Rhine}} is shorter.", "back": "It is."})
    content = server.get(f"/v1/study/decks/{deck['id']}/export", params={"format": "apkg"}).content
    assert send_package(server, deck, content).json() == {"read": 2, "added": 0, "known": 2, "left_out": 0}
    other = server.post("/v1/study/decks", {"name": "Back from Anki"}).json()
    assert send_package(server, other, content).json()["added"] == 2
    cards = server.get("/v1/study/cards", params={"deck": other["id"]}).json()["items"]
    assert {(c["front"], c["back"]) for c in cards} == {("Longest <river>?", "the Volga\n& no other"), ("The {{c1::Rhine}} is shorter.", "It is.")}
    server.call("DELETE", f"/v1/study/decks/{other['id']}")


def test_foreign_packages_are_read_by_a_worker(server, deck):
    content = package([(("<b>Q</b>&nbsp;1", "A<br>B", "where"), " one two "), (("<img src=a.png>", "A"), ""), (("The {{c1::Elbe}}.", ""), "")])
    assert send_package(server, deck, content).json() == {"read": 2, "added": 2, "known": 0, "left_out": 1}
    cards = {c["front"]: c for c in server.get("/v1/study/cards", params={"deck": deck["id"]}).json()["items"]}
    assert cards["Q 1"]["back"] == "A\nB" and cards["Q 1"]["tags"] == ["one", "two"] and cards["The {{c1::Elbe}}."]["back"] == "The Elbe."


@pytest.mark.parametrize("content", [
    b"", b"no archive", b"PK\x03\x04" + b"\0" * 100, package([], columns="a, b, c"), package([(("x" * 40000, "y"), "")]),
    package([(("Q", "A"), "")])[:200], package([(("Q", "A"), "")], name="other.db"), package([(("Q", "A"), "")], name="collection.anki21b"),
    package([(("Q", "A"), "")], columns="id integer, fields text, tags text"),
], ids=["empty", "text", "broken", "no-notes", "too-long", "cut", "no-collection", "newest", "no-fields"])
def test_packages_that_are_none_change_nothing(server, deck, content):
    answer = send_package(server, deck, content)
    assert 400 <= answer.status_code < 500, answer.text
    assert server.get("/v1/study/cards", params={"deck": deck["id"]}).json()["items"] == []
