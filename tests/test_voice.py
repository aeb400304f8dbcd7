"""Voice notes, which become questions that keep their sound, and dictations, which become documents."""
import json

import pytest

from conftest import Server
from mock_media import WORDS, MockMedia
from test_hearing import tone


@pytest.fixture(scope="module")
def mock():
    started = MockMedia()
    yield started
    started.stop()


@pytest.fixture(scope="module")
def library(mock, database_kind, request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("voice")
    database = request.getfixturevalue("postgres").new_database() if database_kind == "postgresql" else ""
    service = {"provider": "openai-compatible", "base_url": mock.url, "key": "sk-mock", "private": True}
    (folder / "gateway.json").write_text(json.dumps({"services": {"mock": service}}))
    started = Server(folder / "library", database, environment={"LECTERN_GATEWAY": str(folder / "gateway.json"),
                                                                "LECTERN_SPEECH_MODEL": "mock/good"}).start()
    started.key = started.cli("keys", "add", "owner", "--role", "owner").stdout.split()[-1]
    yield started
    started.stop()


def send(library, path, name="note.wav", data=None, **options):
    return library.call("POST", path, files={"file": (name, data or tone(4), "audio/wav")}, **options)


def note(library, **options):
    answer = send(library, "/v1/voice", **options)
    assert answer.status_code == 200, answer.text
    return answer.json()


def ask(library, **fields):
    return library.post("/v1/ask", {"model": "extractive", **fields})


def test_a_voice_note_is_a_question_that_keeps_its_sound(library):
    heard = note(library)
    assert WORDS in heard["text"] and heard["made_by"] == "good" and heard["notice"] is None
    assert heard["pieces"][0]["end"] > heard["pieces"][0]["start"] >= 0
    answer = ask(library, question=heard["text"], sound=heard["sound"]).json()
    asked, said = library.get(f"/v1/conversations/{answer['conversation']}").json()["messages"]
    assert asked["text"] == heard["text"] and asked["details"]["sound"]["file"] == heard["sound"]
    sound = library.get(f"/v1/messages/{asked['id']}/sound")
    assert sound.content == tone(4) and sound.headers["Content-Type"].startswith("audio/")
    part = library.get(f"/v1/messages/{asked['id']}/sound", headers={"Range": "bytes=0-3"})
    assert part.status_code == 206 and part.content == b"RIFF"
    assert library.get(f"/v1/messages/{said['id']}/sound").status_code == 404


def test_a_voice_note_is_nobody_elses(library):
    other = library.cli("keys", "add", "other", "--role", "owner").stdout.split()[-1]
    heard = note(library, data=tone(3))
    assert heard["sound"] not in library.get("/v1/files").text
    assert library.get(f"/v1/files/{heard['sound']}/content").status_code == 404
    assert library.call("DELETE", f"/v1/files/{heard['sound']}", key=other).status_code == 404
    wrong = ask(library, question="x", sound="file-nothing")
    assert wrong.status_code == 404


def test_the_sound_goes_with_its_conversation(library):
    heard = note(library, data=tone(2))
    answer = ask(library, question=heard["text"], sound=heard["sound"]).json()
    path = f"/v1/messages/{answer['question_id']}/sound"
    assert library.get(path).status_code == 200
    assert library.call("DELETE", f"/v1/conversations/{answer['conversation']}").status_code == 204
    assert library.get(path).status_code == 404
    again = ask(library, question="x", sound=heard["sound"])
    assert again.status_code == 404


@pytest.mark.parametrize("name, data", [
    ("note.txt", b"no sound"), ("note.wav", b"RIFF"), ("note.wav", b"")])
@pytest.mark.parametrize("path", ["/v1/voice", "/v1/dictations"])
def test_what_is_no_recording_is_refused(library, path, name, data):
    answer = library.call("POST", path, files={"file": (name, data, "audio/wav")})
    assert 400 <= answer.status_code < 500 and answer.json()["error"]["message"], answer.text
    assert library.call("POST", path, files={"other": (None, "x")}).status_code == 400


def test_a_dictation_becomes_a_document(library, mock):
    answer = send(library, "/v1/dictations")
    assert answer.status_code == 201, answer.text
    made = answer.json()
    assert made["title"] and made["paragraphs"] and made["heard_by"] == "good" and isinstance(made["tasks"], list)
    assert WORDS.split()[0] in made["paragraphs"][0]
    shown = library.wait_document(made["document"]["id"])
    assert shown["state"] == "ready" and shown["name"].endswith(".md") and shown["title"] == made["title"]
    reader = library.cli("keys", "add", "reader", "--role", "reader").stdout.split()[-1]
    assert send(library, "/v1/dictations", key=reader).status_code == 403


def test_a_dictation_without_words_says_why(tmp_path):
    server = Server(tmp_path / "library").start()
    try:
        server.key = server.cli("keys", "add", "owner", "--role", "owner").stdout.split()[-1]
        answer = send(server, "/v1/dictations")
        assert answer.status_code == 400 and answer.json()["error"]["message"].startswith("no words were heard: "), answer.text
    finally:
        server.stop()
