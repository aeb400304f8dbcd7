"""The learning platform's paths: outline, explanation and content, for a learner, with their sources."""
import json

import pytest

from conftest import Server

LESSON = """# Tides

A tide is a regular rise and fall of the sea level. Spring tides are tides that come twice a month.

## Causes

The tide rises because the moon attracts the water of the sea. Isaac Newton explained the tides in 1687.

## Use

A tidal mill is a mill that is driven by the tide. For example, the mill at Birdham worked until 1935. The plant at Rance delivers 240 megawatts.
"""
TYPES = {"explanation": "text", "summary": "text", "quiz": "question", "flashcards": "front", "outline": "title", "examples": "text",
         "practice": "task"}


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    started = Server(tmp_path_factory.mktemp("data") / "library").start()
    started.new_key()
    started.tides = started.add(("tides.md", LESSON.encode()))[0]["id"]
    yield started
    started.stop()


def events(answer):
    assert answer.status_code == 200 and answer.headers["Content-Type"].startswith("text/event-stream"), answer.text
    blocks = [dict(line.split(": ", 1) for line in block.split("\n") if ": " in line) for block in answer.text.split("\n\n")]
    return [(b["event"], json.loads(b["data"])) for b in blocks if "event" in b]


def test_an_outline_grows_before_the_eyes(library):
    told = events(library.post("/ai/generate-outline", {"document": library.tides, "learner": {"level": "beginner"}}))
    titles = [data["title"] for name, data in told if name == "item"]
    assert titles == ["Tides", "Causes", "Use"]
    name, whole = told[-1]
    assert name == "done" and [i["title"] for i in whole["items"]] == titles and whole["learner"]["level"] == "beginner"
    assert library.post("/ai/generate-outline", {"topic": "tides", "stream": False}).json()["outline"]


@pytest.mark.parametrize("send", [
    lambda s: s.post("/ai/explain/stream", {"topic": "tides", "learner": {"role": "teacher"}}),
    lambda s: s.get("/ai/explain/stream", params={"topic": "tides", "role": "teacher"}),
    lambda s: s.post("/ai/explain/stream", {"passage": LESSON}),
])
def test_an_explanation_comes_piece_by_piece_with_its_sources(library, send):
    told = events(send(library))
    text = "".join(data["text"] for name, data in told if name == "delta")
    assert "regular rise and fall" in text and "[1]" in text
    items = [data for name, data in told if name == "item"]
    assert all(item["source"]["quote"] in LESSON for item in items) and told[-1][0] == "done"


@pytest.mark.parametrize("kind", TYPES)
def test_content_of_each_type_is_made(library, kind):
    made = library.post("/ai/content", {"type": kind, "source": {"document": library.tides}, "format": "json",
                                        "learner": {"style": "visual", "industry": "energy"}})
    assert made.status_code == 200, made.text
    body = made.json()
    assert body["success"] and body["type"] == kind and body["learner"]["learning_style"] == "visual"
    assert all(item[TYPES[kind]] and item["source"]["quote"] in LESSON for item in body["content"]) and body["content"]


def test_a_source_that_is_a_text_is_an_id_or_sentences_and_else_a_topic(library):
    told = "The tram to Ulsrud leaves Majorstuen at seven. The ferry to Rost leaves Bodo at ten."
    given = library.post("/ai/content", {"type": "summary", "source": told}).json()["content"]
    assert given and all(item["source"]["quote"] in told for item in given)
    named = library.post("/ai/content", {"type": "summary", "source": library.tides}).json()["content"]
    assert named and all(item["source"]["document"]["id"] == library.tides for item in named)


def test_a_format_is_a_form_of_the_type(library):
    made = library.post("/ai/content", {"type": "quiz", "source": {"document": library.tides}, "format": "cloze"}).json()
    assert {q["kind"] for q in made["content"]} == {"cloze"}


@pytest.mark.parametrize("body", [{}, {"type": "poem", "source": "tides"}, {"type": "quiz"}, {"type": "quiz", "source": 7},
                                  {"type": "quiz", "source": "tides", "learner": "me"}])
def test_what_makes_no_sense_is_refused(library, body):
    assert library.post("/ai/content", body).status_code == 400
