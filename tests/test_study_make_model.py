"""Study content that a model writes: what it says is checked, mended, asked for again, or left out."""
import json

import pytest

from conftest import Server
from mock_provider import MockProvider
from test_study_make import LESSON, check_sources

QUOTE = "Chlorophyll is a green pigment that absorbs red and blue light."
GOOD = {"kind": "choice", "question": "Which light does chlorophyll absorb?", "options": ["red and blue light", "green light", "no light"],
        "answer": "red and blue light", "explanation": "It absorbs red and blue.", "passage": 1, "quote": QUOTE}
CARD = {"front": "What is chlorophyll?", "back": "a green pigment", "passage": 1, "quote": QUOTE}


@pytest.fixture(scope="module")
def mock():
    started = MockProvider(["good", "cut", "cut-late", "broken", "silent", "slow"])
    yield started
    started.stop()


@pytest.fixture(scope="module")
def library(mock, tmp_path_factory):
    started = Server(tmp_path_factory.mktemp("data") / "library", arguments=["--provider-url", mock.url]).start()
    started.new_key()
    started.lesson = started.add(("photosynthesis.md", LESSON.encode()))[0]["id"]
    started.text = started.get(f"/v1/documents/{started.lesson}/text").text
    yield started
    started.stop()


def say(mock, *answers):
    """Each call gets the next of them, the last again and again."""
    said = list(answers)
    mock.requests.clear()
    mock.answer = lambda body: said.pop(0) if len(said) > 1 else said[0]


def items(*list_of):
    return json.dumps({"items": list(list_of)})


def make(library, kind="quiz", **wish):
    return library.post("/v1/study/make", {"kind": kind, "document": library.lesson, "fresh": True, **wish})


def test_what_a_model_writes_cites_its_passage(library, mock):
    say(mock, items(GOOD))
    made = make(library, level="beginner", role="teacher").json()
    assert made["made_by"] == "good" and [i["question"] for i in made["items"]] == [GOOD["question"]]
    check_sources(made, library.text)
    assert made["items"][0]["source"]["quote"] == QUOTE
    asked = "\n".join(m["content"] for m in mock.chats()[-1]["messages"])
    assert "level beginner; role teacher" in asked and "banana" not in asked and "tools" not in mock.chats()[-1]


@pytest.mark.parametrize("reply", [
    "Sure! Here is your quiz:\n```json\n" + items(GOOD) + "\n```\nGood luck!",
    items(GOOD)[:-1] + ",}",
    "[1] " + items(GOOD),
], ids=["prose", "comma", "mark"])
def test_prose_and_slips_round_the_value_are_mended(library, mock, reply):
    say(mock, reply)
    made = make(library)
    assert made.status_code == 201 and made.json()["made_by"] == "good" and len(made.json()["items"]) == 1


@pytest.mark.parametrize("wrong", [
    items({**GOOD, "answer": 7}), items({**GOOD, "options": "red"}), "{}", "no", items({**GOOD, "quote": "Chlorophyll is a blue pigment of all plants."}),
    items({**GOOD, "passage": 99}), items({**GOOD, "answer": "ultraviolet", "options": ["ultraviolet", "gamma", "radio"]}),
    items({**GOOD, "answer": "yellow"}), items({**GOOD, "options": ["red and blue light", "a green pigment"]}), items(GOOD)[:60],
], ids=["type", "list", "empty", "prose", "quote", "passage", "answer", "no-option", "also-right", "cut"])
def test_what_is_wrong_is_asked_for_again(library, mock, wrong):
    say(mock, wrong, items(GOOD))
    made = make(library).json()
    assert made["made_by"] == "good" and [i["answer"] for i in made["items"]] == ["red and blue light"]
    assert len(mock.chats()) == 2


def test_unfounded_items_are_left_out_and_the_rest_stays(library, mock):
    invented = {**GOOD, "question": "Who built the first greenhouse?", "quote": "Nero built the first greenhouse in Rome."}
    say(mock, items(invented, GOOD, {**GOOD}, {**GOOD, "kind": "cloze"}))
    made = make(library).json()
    assert [i["question"] for i in made["items"]] == [GOOD["question"]]


@pytest.mark.parametrize("kind", ["quiz", "flashcards", "outline", "summary"])
def test_a_model_that_never_gets_it_right_is_replaced_by_the_rules_and_it_is_said(library, mock, kind):
    say(mock, "I would rather talk about bananas.")
    made = make(library, kind).json()
    assert made["made_by"] in ("rules", "encoder") and made["items"] and "without the model" in made["notice"].lower()
    check_sources(made, library.text)


@pytest.mark.parametrize("model", ["cut", "broken", "silent"])
def test_a_named_model_that_dies_is_an_honest_error_and_nothing_is_kept(library, mock, model):
    say(mock, items(CARD))
    before = len(library.get("/v1/study/made", params={"limit": 200}).json()["items"])
    made = make(library, "flashcards", model=model, deck="Never")
    assert made.status_code >= 500, made.text
    assert len(library.get("/v1/study/made", params={"limit": 200}).json()["items"]) == before
    assert "Never" not in [d["name"] for d in library.get("/v1/study/decks").json()["items"]]


def test_cards_outlines_and_prose_are_written_too(library, mock):
    say(mock, items(CARD, {**CARD, "back": "a metal from Peru", "front": "What else is it?"}))
    assert [i["back"] for i in make(library, "flashcards").json()["items"]] == ["a green pigment"]
    part = {"title": "Pigments", "level": 1, "about": "What chlorophyll does.", "after": [], "passage": 1, "quote": QUOTE}
    say(mock, items(part, {**part, "title": "Cells", "level": 2, "after": [1, 2, 7]}))
    outline = make(library, "outline").json()["items"]
    assert [(i["number"], i["after"]) for i in outline] == [(1, []), (2, [1])]


PROSE = ("Chlorophyll is a pigment that absorbs red and blue light. [1] Bananas are yellow and grow in warm countries [1]. "
         "The Calvin cycle fixes carbon dioxide [3]. [1] It needs 90 molecules of ATP for glucose.")


def test_prose_is_told_sentence_by_sentence_and_only_what_the_source_says(library, mock):
    say(mock, PROSE)
    summary = make(library, "summary", form="bullets").json()
    assert summary["text"] == ("- Chlorophyll is a pigment that absorbs red and blue light. [1]\n- The Calvin cycle fixes carbon dioxide. [2]")
    assert summary["made_by"] == "good" and summary["notice"].startswith("Sentences of the model that do not rest on the source were left out: 2")
    check_sources(summary, library.text)
    told = library.post("/ai/explain/stream", {"source": {"document": library.lesson}}).text
    assert told.count("event: delta") == 2 and told.rstrip().split("event: ")[-1].startswith("done")
    assert told.index("event: delta") < told.index("event: done")


def test_a_model_that_dies_behind_the_first_sentence_is_an_error_not_another_text(library, mock):
    say(mock, PROSE * 3)
    told = library.post("/v1/study/make", {"kind": "explanation", "document": library.lesson, "model": "cut-late", "stream": True, "fresh": True}).text
    assert "event: error" in told and "event: done" not in told
    assert library.post("/v1/study/make", {"kind": "explanation", "document": library.lesson, "model": "cut", "fresh": True}).status_code >= 500


def test_rules_can_be_asked_for(library, mock):
    mock.requests.clear()
    assert make(library, model="rules").json()["made_by"] in ("rules", "encoder") and not mock.chats()
