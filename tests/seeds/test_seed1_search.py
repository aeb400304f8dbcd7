"""POST /api/search: six modes, each with results, an answer where it makes one, and what it did."""
import json

import pytest

from conftest import Server
from mock_provider import MockProvider

FACTS = {
    "quarry.md": "# The quarry\n\nThe quarry at Ardal opened in 1874. The quarry at Ardal employs 212 people.\n",
    "granite.md": "# Granite\n\nGranite is an intrusive rock of quartz and feldspar. It is cut for kerbs and tombs.\n",
    "railway.txt": "The railway from Ardal to the harbour carried stone until 1931. The line had nine bridges.\n",
    "union.txt": "Stonecutters founded a union in 1898. Their strike at the quarry lasted eleven weeks.\n",
    "kestrel.txt": "The kestrel hovers above the verge. It feeds mainly on voles and can see ultraviolet light.\n",
}
MODES = ["basic", "deep", "super_deep", "creative", "private", "uncensored"]
QUESTION = "How many people does the quarry at Ardal employ?"


def add_facts(server):
    server.add(*[(name, text.encode()) for name, text in FACTS.items()])


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    started = Server(tmp_path_factory.mktemp("data") / "library").start()
    started.new_key()
    add_facts(started)
    yield started
    started.stop()


@pytest.fixture(scope="module")
def mock():
    started = MockProvider(["good"])
    yield started
    started.stop()


@pytest.fixture(scope="module")
def with_model(mock, tmp_path_factory):
    started = Server(tmp_path_factory.mktemp("data") / "library", arguments=["--provider-url", mock.url]).start()
    started.new_key()
    add_facts(started)
    yield started
    started.stop()


def search(server, mode, query=QUESTION, **more):
    answer = server.post("/api/search", {"query": query, "mode": mode, **more})
    assert answer.status_code == 200, answer.text
    return answer.json()


def names(found):
    return [r["document"]["name"] for r in found["results"]]


@pytest.mark.parametrize("mode", MODES)
def test_every_mode_finds_and_says_what_it_did(library, mode):
    found = search(library, mode)
    assert found["mode"] == mode
    assert "quarry.md" in names(found)
    assert [s["name"] for s in found["steps"]][-1] == "results"
    assert all(s["took_ms"] >= 0 and s["found"] >= 0 for s in found["steps"])
    assert (found["answer"] is None) == (mode == "basic")
    if mode != "basic":
        assert "212" in found["answer"] and found["citations"] and found["made_by"] == "rules"


def test_a_mode_that_is_none_is_refused(library):
    answer = library.post("/api/search", {"query": "x", "mode": "deepest"})
    assert answer.status_code == 400 and "mode" in answer.text
    assert library.post("/api/search", {"mode": "basic"}).status_code == 400


def test_deep_asks_with_words_of_what_it_found(library):
    found = search(library, "deep", "quarry workers")
    steps = [s["name"] for s in found["steps"]]
    assert steps[:2] == ["rewrite", "look"] and steps.count("search") >= 1
    assert found["plan"]["made_by"] in ("rules", "encoder")


def test_super_deep_takes_a_question_apart_and_looks_at_each_part(library):
    found = search(library, "super_deep", "When did the quarry at Ardal open and how long did the strike last?")
    assert len(found["plan"]["questions"]) == 2
    assert [p["found"] for p in found["verified"]] == [True, True]
    assert {"quarry.md", "union.txt"} <= set(names(found))
    assert [s["name"] for s in found["steps"]].count("search") >= 3


def test_super_deep_streams_its_plan(library):
    kinds, done = [], None
    with library.call("POST", "/api/search", json={"query": QUESTION, "mode": "super_deep", "stream": True},
                      stream=True) as answer:
        kind = None
        for line in answer.iter_lines(decode_unicode=True):
            if line.startswith("event: "):
                kind = line[7:]
            elif line.startswith("data: "):
                kinds.append((kind, json.loads(line[6:])))
    steps = [data["name"] for kind, data in kinds if kind == "step"]
    assert steps[0] == "plan" and "results" in steps
    assert kinds[-1][0] == "done" and "212" in kinds[-1][1]["answer"]
    assert any(kind == "delta" for kind, _ in kinds)


def test_creative_differs(library):
    basic, creative = search(library, "basic", "stone"), search(library, "creative", "stone")
    assert names(basic)[0] and names(creative) != names(basic) or len(names(creative)) > len(names(basic))
    assert "alternatives" in creative and "alternatives" not in basic
    assert len(set(names(creative)[:3])) == 3


def test_private_leaves_no_words_behind(library):
    word = "zyzzogeton"
    found = search(library, "private", f"quarry {word}")
    assert found["remembered"] is False
    assert word not in library.get("/v1/search/history").text
    owner = library.cli("keys", "add", "owner", "--role", "owner").stdout.split()[-1]
    audit = library.get("/v1/audit?limit=20", key=owner).json()["items"]
    assert any(a["action"] == "search.private" for a in audit) and word not in json.dumps(audit)


def test_private_asks_no_service(with_model, mock):
    before = len(mock.requests)
    found = search(with_model, "private")
    assert "212" in found["answer"] and found["made_by"] == "rules"
    assert len(mock.requests) == before


def test_a_model_makes_the_plan_and_is_believed_only_in_its_shape(with_model, mock):
    for number, (said, questions) in enumerate([('{"questions": ["workers of the Ardal quarry", "staff at Ardal"]}', 2),
                            ('Sure!\n```json\n{"questions": ["workers of the Ardal quarry"]}\n```', 1),
                            ('I think you should look in the archive.', 0), ('{"questions": 7}', 0)]):
        mock.answer = said
        found = search(with_model, "deep", f"who works there {number}", answer=False)
        assert len(found["plan"]["questions"]) == questions, (said, found)
        if questions:
            assert found["plan"]["made_by"] not in ("rules", "encoder")
        else:
            assert "no plan" in found["notice"] and found["plan"]["made_by"] in ("rules", "encoder")
    mock.answer = None


def test_creative_asks_the_model_more_warmly(with_model, mock):
    mock.answer = "The quarry at Ardal employs 212 people."
    temperatures = {}
    for mode in ("uncensored", "creative"):
        search(with_model, mode, f"{QUESTION} ")
        temperatures[mode] = mock.chats()[-1]["temperature"]
    mock.answer = None
    assert temperatures["creative"] > temperatures["uncensored"]


def test_filters_hold_in_every_mode(library):
    document = library.get("/v1/documents").json()["items"]
    only = next(d["id"] for d in document if d["name"] == "granite.md")
    for mode in MODES:
        assert set(names(search(library, mode, "quarry stone", filters={"documents": [only]}))) <= {"granite.md"}
    wrong = library.post("/api/search", {"query": "x", "filters": {"colour": "red"}})
    assert wrong.status_code == 400 and "colour" in wrong.text
