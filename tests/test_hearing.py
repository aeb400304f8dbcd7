"""Recordings that come into the library are written down by a model service where the setting speech_model names one."""
import io
import json
import math
import struct
import time
import wave

import pytest

from conftest import Server
from mock_media import SEGMENTS, WORDS, MockMedia


def tone(seconds, silences=(), pitch=0.1):
    """A tone that pauses for a second at each of these moments."""
    out, rate = io.BytesIO(), 16000
    one = b"".join(struct.pack("<h", int(9000 * math.sin(i * pitch))) for i in range(rate))
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(b"".join(b"\0" * 2 * rate if s in silences else one for s in range(seconds)))
    return out.getvalue()


@pytest.fixture(scope="module")
def mock():
    started = MockMedia()
    yield started
    started.stop()


def start(folder, mock, model):
    folder.mkdir()
    service = {"provider": "openai-compatible", "base_url": mock.url, "key": "sk-mock", "private": True}
    (folder / "gateway.json").write_text(json.dumps({"services": {"mock": service}}))
    started = Server(folder / "library", environment={"LECTERN_GATEWAY": str(folder / "gateway.json"),
                                                      "LECTERN_SPEECH_MODEL": model}).start()
    started.key = started.cli("keys", "add", "owner", "--role", "owner").stdout.split()[-1]
    return started


@pytest.fixture(scope="module")
def library(mock, tmp_path_factory):
    started = start(tmp_path_factory.mktemp("hearing") / "a", mock, "mock/good")
    yield started
    started.stop()


def read(library, name, data, **fields):
    shown = library.add((name, data), **fields)[0]
    assert shown["state"] == "ready", shown
    return {**library.get(f"/v1/documents/{shown['id']}/text?format=json").json(), "warnings": shown["warnings"]}


def words(tree):
    return [(block["text"], block.get("place", {}).get("text")) for block in tree["blocks"] if block["kind"] == "paragraph"]


def fact(tree, name):
    return next((block["text"] for block in tree["blocks"] if block["kind"] == "meta" and block["label"] == name), None)


def test_a_recording_is_heard_by_the_service(library, mock):
    before = len(mock.requests)
    tree = read(library, "river.wav", tone(4))
    assert words(tree)[-1] == (WORDS, "0:00-0:02") and fact(tree, "transcript") == "by good"
    assert not any("draft" in warning for warning in tree["warnings"])
    asked = [form for path, _, form in mock.requests[before:] if path == "/v1/audio/transcriptions"]
    assert len(asked) == 1 and asked[0]["response_format"] == "verbose_json" and asked[0]["model"] == "good"
    name, kind, data = asked[0]["file"]
    assert kind in ("audio/wav", "audio/x-wav") and wave.open(io.BytesIO(data)).getframerate() == 16000
    assert wave.open(io.BytesIO(data)).getnframes() == 4 * 16000
    found = library.post("/v1/search", {"query": "river rose spring"}).json()
    assert found["results"], "its words are found"
    end = time.monotonic() + 10
    calls = []
    while not calls and time.monotonic() < end:  # records are written a moment later
        calls = library.get("/v1/calls?task=transcription", key=library.key).json()["items"]
    call = calls[0]
    assert call["feature"] == "reading" and call["status"] == "ok"


def test_a_long_recording_goes_in_pieces_cut_at_pauses(library, mock):
    before = len(mock.requests)
    tree = read(library, "long.wav", tone(640, silences=(290, 575)))
    lengths = [wave.open(io.BytesIO(form["file"][2])).getnframes() / 16000 for _, _, form in mock.requests[before:]]
    assert len(lengths) == 3 and sum(lengths) == 640, lengths
    assert 290 < lengths[0] < 291 and 575 < lengths[0] + lengths[1] < 576, lengths
    places = [place for text, place in words(tree) if text == WORDS]
    assert len(places) == 3 and places[0] == "0:00-0:02" and places[1].startswith("4:5") and places[2].startswith("9:3"), places


def test_speech_of_any_language_is_heard(library, mock):
    tree = read(library, "silent.wav", tone(2, pitch=0.2))
    assert fact(tree, "transcript") == "by good"


@pytest.mark.parametrize("model,says", [("mock/refused", "not known"), ("nobody/there", "no model"), ("mock/html", "web page")])
def test_what_no_model_hears_is_left_to_the_draft(tmp_path, mock, model, says):
    library = start(tmp_path / "b", mock, model)
    try:
        tree = read(library, "a.wav", tone(2))
        warnings = " ".join(tree["warnings"])
        assert "no model has listened to it" in warnings and says in warnings, warnings
        assert "English" in warnings, "the draft was tried"
    finally:
        library.stop()


def test_a_model_that_tells_no_times_is_heard_too(tmp_path, mock):
    library = start(tmp_path / "c", mock, "mock/plain")
    try:
        assert words(read(library, "a.wav", tone(3)))[-1] == (WORDS, "0:00-0:03")
    finally:
        library.stop()


def test_who_speaks_is_said_where_the_model_tells(tmp_path, mock):
    library = start(tmp_path / "d", mock, "mock/diarize")
    try:
        before = len(mock.requests)
        heard = words(read(library, "a.wav", tone(4)))
        asked = [form for path, _, form in mock.requests[before:] if path == "/v1/audio/transcriptions"]
        assert asked[0]["response_format"] == "diarized_json" and asked[0]["chunking_strategy"] == "auto"
        assert [text for text, _ in heard[-2:]] == ["Speaker A: The river rose", "Speaker B: in spring."]
        assert heard[-1][1] == "0:01-0:02"
    finally:
        library.stop()


def test_action_items_of_a_recording_say_at_which_time(tmp_path, mock):
    library = start(tmp_path / "e", mock, "mock/meeting-diarize")
    try:
        document = library.add(("meeting.wav", tone(70)))[0]["id"]
        drawn = library.post("/v1/tasks/draw", {"document": document}).json()["items"]
        said = [(task["summary"], task["assignee"], task["source"]["place"]) for task in drawn]
        assert said == [("Order two spare hoses", None, "0:02-0:04"), ("Call the water company", "Speaker A", "1:05-1:08")]
        assert [task["deadline"]["text"] for task in drawn] == ["by Friday", "tomorrow"]
    finally:
        library.stop()
