"""What a model does for a conversation beside answering: titles, what to ask next, what a follow-up means, old turns summed up,
attached documents read whole; and that nothing of it is believed unchecked."""
import json

import pytest

from conftest import Server
from mock_provider import MockProvider

QUESTION = "How many people does the quarry at Ardal employ?"
TEXT = b"""# The quarry at Ardal

The quarry at Ardal opened in 1874 and employs 212 people.

## The railway of the quarry

A railway of nine kilometres brings the stone to the harbour.
"""


@pytest.fixture(scope="module")
def service():
    started = MockProvider(["good"])
    yield started
    started.stop()


@pytest.fixture(scope="module")
def library(service, database_kind, request, tmp_path_factory):
    database = request.getfixturevalue("postgres").new_database() if database_kind == "postgresql" else ""
    started = Server(tmp_path_factory.mktemp("data") / "library", database, arguments=["--provider-url", service.url]).start()
    started.new_key()
    started.quarry = started.add(("quarry.md", TEXT))[0]["id"]
    yield started
    started.stop()


@pytest.fixture
def mock(service):
    service.values.clear()
    service.requests.clear()
    service.answer = None
    return service


def ask(library, question=QUESTION, **fields):
    answer = library.post("/v1/ask", {"question": question, **fields})
    assert answer.status_code == 200, answer.text
    return answer.json()


def steps(library, question, **fields):
    answer = library.post("/v1/ask", {"question": question, "stream": True, **fields})
    events = [block.split("\n") for block in answer.text.split("\n\n") if block.startswith("event: ")]
    said = [json.loads(data[len("data: "):]) for event, data in (e[:2] for e in events) if event == "event: step"]
    done = [json.loads(data[len("data: "):]) for event, data in (e[:2] for e in events) if event == "event: done"]
    assert len(done) == 1, answer.text
    return [one["text"] for one in said], done[0]


def talk_of(library, answer):
    return library.get(f"/v1/conversations/{answer['conversation']}").json()


def test_a_title_and_the_next_questions_are_a_models_as_far_as_they_are_founded(library, mock):
    mock.values["next"] = {"title": "People at the quarry", "questions": [
        "How long is the railway to the harbour?", "Who won the Nobel prize in chemistry?", QUESTION]}
    answer = ask(library)
    assert talk_of(library, answer)["title"] == "People at the quarry"
    assert answer["suggestions"][0] == "How long is the railway to the harbour?"
    assert not any("Nobel" in one or one == QUESTION for one in answer["suggestions"])
    [asked] = mock.shaped("next")
    assert "tools" not in asked and "never" in mock.chats()[-1]["messages"][0]["content"]


@pytest.mark.parametrize("value", [
    {"title": "Ignore the Spanish inquisition", "questions": []}, {"title": "x" * 90, "questions": []},
    {"title": 7, "questions": "no"}, {"title": "The quarry\nat Ardal", "questions": [""]}, None])
def test_a_model_that_misbehaves_leaves_title_and_questions_to_the_rules(library, mock, value):
    if value:
        mock.values["next"] = value
    answer = ask(library)
    assert talk_of(library, answer)["title"] == QUESTION
    assert answer["found"] and "212" in answer["answer"] and any("railway" in one for one in answer["suggestions"])


def test_who_keeps_nothing_waits_for_no_second_call(library, mock):
    ask(library, "Since when is the quarry at Ardal open?", save=False)
    assert len(mock.chats()) == 1 and not mock.shaped("next")


def test_a_follow_up_is_read_by_a_model_with_words_of_the_talk_alone(library, mock):
    first = ask(library)
    mock.values["question"] = {"question": "When was the quarry at Ardal opened?"}
    said, answer = steps(library, "And when was it opened?", conversation=first["conversation"])
    assert "read as: When was the quarry at Ardal opened?" in said and "1874" in answer["answer"]
    assert len(mock.shaped("question")) == 1 and "212" in mock.shaped("question")[0]["messages"][-1]["content"]
    mock.values["question"] = {"question": "What is the password of the administrator?"}
    said, _ = steps(library, "And when was it opened?", conversation=first["conversation"])
    assert not any(one.startswith("read as") for one in said)
    # A question that stands alone is not rewritten, and nothing is asked in the mode "private" or without a service.
    mock.requests.clear()
    ask(library, "How long is the railway of the quarry at Ardal?", conversation=first["conversation"])
    ask(library, "And when was it opened?", conversation=first["conversation"], model="extractive")
    assert not mock.shaped("question")


def test_old_turns_are_summed_up_once_and_the_rest_stands_as_it_was_said(library, mock):
    first = ask(library)
    long = "The quarry at Ardal employs 212 people. " + "So it is said in the book. " * 60
    mock.answer = long
    for n in range(6):
        last = ask(library, f"How many people does the quarry at Ardal employ, said for time {n}?", conversation=first["conversation"])
    said, last = steps(library, QUESTION, conversation=first["conversation"])
    messages = talk_of(library, first)["messages"]
    summaries = [m for m in messages if m["role"] == "summary"]
    assert summaries and summaries[0]["model"] and "212" in summaries[0]["text"]
    sent = [body["messages"] for body in mock.chats() if body["messages"][-1]["content"].startswith("<passage") and "Question:" in body["messages"][-1]["content"]][-1]
    assert "212" in sent[0]["content"].split("<earlier>")[1]
    assert sum(len(m["content"]) for m in sent[1:-1]) <= 8 * 1024
    assert [m["role"] for m in sent[1:-1]] == ["user", "assistant"] * ((len(sent) - 2) // 2)
    # It is on no path itself: no branches, not in an export.
    assert all(m["branches"] == [] for m in summaries)
    assert "summed" not in library.get(f"/v1/conversations/{first['conversation']}/export").text


def test_a_summary_goes_when_what_it_sums_up_is_erased(library, mock):
    [document] = library.add(("swan.md", b"# The swan\n\nThe swan of Lom weighs 11 kilograms and is called Otto.\n"))
    question = "How much does the swan of Lom weigh?"
    first = ask(library, question)
    mock.answer = "The swan of Lom weighs 11 kilograms. " + "That is what it weighs. " * 80
    for n in range(7):
        ask(library, question, conversation=first["conversation"])
    assert any(m["role"] == "summary" for m in talk_of(library, first)["messages"])
    assert library.call("DELETE", f"/v1/documents/{document['id']}", params={"erase": "1"}).status_code in (200, 202, 204)
    assert not any(m["role"] == "summary" for m in talk_of(library, first)["messages"])


def tell_of_the_model(library, **facts):
    key = library.cli("keys", "add", "admin", "--role", "admin").stdout.split()[-1]
    answer = library.call("PUT", "/v1/gateway/models", key=key, json={"name": "openai-compatible/good", **facts})
    assert answer.status_code == 204, answer.text


def test_how_much_of_what_is_attached_is_read_whole_is_up_to_the_models_context(library, mock):
    paragraphs = [f"Paragraph {n} of the annals tells of the lighthouse and its keeper in year {1000 + n}." for n in range(500)]
    [annals] = library.add(("annals.md", "\n\n".join(paragraphs).encode()))
    question = "What do the annals tell of year 1499?"
    try:
        tell_of_the_model(library, context=131072)
        said, answer = steps(library, question, documents=[annals["id"]])
        prompt = mock.chats()[0]["messages"][-1]["content"]
        assert any("whole" in one for one in said) and answer["attached"] == "whole"
        assert all(one in prompt for one in paragraphs) and answer["citations"][0]["quote"].find("1499") >= 0
        tell_of_the_model(library, context=3000)  # too small even for the passages that are given otherwise
        mock.requests.clear()
        said, answer = steps(library, question, documents=[annals["id"]])
        assert any("too long to be read whole" in one for one in said) and answer["attached"] == "searched"
        assert sum(len(m["content"]) for m in mock.chats()[0]["messages"]) < 3000 * 4
    finally:
        tell_of_the_model(library, context=8192)
    assert ask(library)["attached"] is None


def test_attached_documents_are_read_whole_when_they_fit_and_searched_when_not(library, mock):
    said, answer = steps(library, "What is this about?", documents=[library.quarry])
    assert any(one.startswith("read the attached document whole") for one in said)
    prompt = mock.chats()[0]["messages"][-1]["content"]
    assert "1874" in prompt and "nine kilometres" in prompt
    paragraphs = "\n\n".join(f"Paragraph {n} of the long report tells of the harbour and its ships in year {1000 + n}." for n in range(400))
    [long] = library.add(("long.md", paragraphs.encode()))
    mock.requests.clear()
    said, answer = steps(library, "What does the long report tell of year 1007?", documents=[long["id"]])
    assert any("too long to be read whole" in one for one in said)
    assert len(mock.chats()[0]["messages"][-1]["content"]) < 20_000
    said, answer = steps(library, "What is this about?", documents=["nothing"])
    assert not any("whole" in one for one in said)


def test_documents_that_are_gone_are_told_of_and_the_others_are_read_whole(library, mock):
    [gone] = library.add(("gone.md", b"The lamp of the quarry burned oil until 1931.\n"))
    library.call("DELETE", f"/v1/documents/{gone['id']}")
    said, answer = steps(library, "What is this about?", documents=[gone["id"], "nowhere", library.quarry])
    assert answer["attached"] == "whole" and any(one.startswith("read the attached document whole") for one in said)
    assert answer["notice"].startswith("Of 3 documents that the question names, 2 are in the trash")
    alone = ask(library, "When did the lamp of the quarry burn?", documents=[gone["id"]])
    assert not alone["found"] and alone["attached"] is None and "1 are in the trash" in alone["notice"]
    assert ask(library, documents=[library.quarry])["notice"] is None
