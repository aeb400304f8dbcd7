"""Recordings, speech and pictures through the gateway, with the official client: in the form that was asked for, priced, and
never a clean end of what was cut."""
import io
import json
import struct
import time

import pytest
import requests

from conftest import Late, Server
from mock_media import LARGE, PICTURE, SEGMENTS, SOUND, WORDS, MockMedia

openai = Late("openai")


def wav(seconds):
    data = b"\0" * (16000 * 2 * seconds)
    return b"RIFF" + struct.pack("<I", 36 + len(data)) + b"WAVEfmt " + struct.pack("<IHHIIHH", 16, 1, 1, 16000, 32000, 2, 16) \
        + b"data" + struct.pack("<I", len(data)) + data


RECORDING = wav(90)


@pytest.fixture(scope="module")
def mock():
    started = MockMedia()
    yield started
    started.stop()


@pytest.fixture(scope="module")
def library(mock, tmp_path_factory):
    folder = tmp_path_factory.mktemp("media")

    def service(**more):
        return {"provider": "openai-compatible", "base_url": mock.url, "key": "sk-mock", "private": True, **more}

    setup = {"services": {"mock": service(), "second": service(),
                          "priced": service(models=["good"]),
                          "tasks": service(provider="huggingface-tasks", base_url=mock.tasks_url)},
             "models": {"priced/good": {"prices": {"second": "0.0001"}, "tasks": ["transcription"]},
                        "priced/untold": {"prices": {"second": "0.0001"}},
                        "priced/slow-sound": {"prices": {"character": "15"}},
                        "priced/whole": {"prices": {"call": "0.04"}}},
             "routes": {"hears": {"steps": [{"model": "mock/cut~a"}, {"model": "second/good"}]},
                        "speaks": {"steps": [{"model": "mock/html"}, {"model": "second/good"}]},
                        "alias": {"steps": [{"model": "second/good"}]}}}
    (folder / "gateway.json").write_text(json.dumps(setup))
    started = Server(folder / "library", environment={"LECTERN_GATEWAY": str(folder / "gateway.json"),
                                                      "LECTERN_FORM_MAX": "6M"}).start()
    started.key = started.cli("keys", "add", "owner", "--role", "owner").stdout.split()[-1]
    yield started
    started.stop()


@pytest.fixture
def client(library):
    return openai.OpenAI(base_url=f"{library.url}/v1", api_key=library.key, max_retries=0)


def recording(data=RECORDING, name="river.wav"):
    file = io.BytesIO(data)
    file.name = name
    return file


def last_call(library, model, count=1):
    end = time.monotonic() + 10
    while time.monotonic() < end:
        found = library.get(f"/v1/calls?model={model}", key=library.key).json()["items"]
        if len(found) >= count:
            return found[0]
        time.sleep(0.05)
    raise AssertionError("the call was not recorded")


# --- Words of recordings ---

def test_a_recording_becomes_words(library, client, mock):
    heard = client.audio.transcriptions.create(model="alias", file=recording(), language="en", prompt="A river.",
                                               timestamp_granularities=["segment"])
    assert heard.text == WORDS and heard.usage.seconds == 3
    path, headers, form = mock.last()
    assert path == "/v1/audio/transcriptions" and headers["Authorization"] == "Bearer sk-mock"
    assert form["model"] == "good" and form["language"] == "en" and form["prompt"] == "A river."
    assert form["timestamp_granularities[]"] == ["segment"]
    assert form["file"] == ("river.wav", "audio/x-wav", RECORDING) or form["file"] == ("river.wav", "audio/wav", RECORDING)


@pytest.mark.parametrize("shape", ["json", "verbose_json", "text", "srt", "vtt"])
def test_words_come_in_the_form_that_was_asked_for(client, shape):
    heard = client.audio.transcriptions.create(model="mock/good", file=recording(), response_format=shape)
    if shape == "json":
        assert heard.text == WORDS
    elif shape == "verbose_json":
        assert [s.text for s in heard.segments] == [s["text"] for s in SEGMENTS] and heard.duration == 2.5
    else:
        assert ("-->" in heard) == (shape == "srt") and ("river" in heard)


def test_words_alone_become_json_and_text_and_nothing_that_needs_times(client):
    def hear(shape):
        return client.audio.transcriptions.create(model="mock/plain", file=recording(), response_format=shape)

    assert hear("json").text == WORDS and hear("text").strip() == WORDS
    for shape in ("verbose_json",):
        with pytest.raises(openai.BadRequestError, match="without their times"):
            hear(shape)
    whole = client.audio.transcriptions.create(model="mock/whole", file=recording(), response_format="text")
    assert whole.strip() == WORDS, "a service that gives JSON only"


def test_a_service_of_tasks_hears_too(client, mock):
    heard = client.audio.transcriptions.create(model="tasks/openai/whisper", file=recording())
    assert heard.text == WORDS and mock.last()[0] == "/hf-inference/models/openai/whisper"
    assert mock.last()[2] == RECORDING, "the bytes go as they are"
    srt = client.audio.transcriptions.create(model="tasks/openai/whisper", file=recording(), response_format="srt")
    assert srt == "1\n00:00:00,000 --> 00:00:01,250\nThe river rose\n\n2\n00:00:01,250 --> 00:00:02,500\nin spring.\n\n"
    vtt = client.audio.transcriptions.create(model="tasks/openai/whisper", file=recording(), response_format="vtt")
    assert vtt.startswith("WEBVTT\n\n00:00:00.000 --> 00:00:01.250\nThe river rose\n")
    verbose = client.audio.transcriptions.create(model="tasks/openai/whisper", file=recording(), response_format="verbose_json")
    assert [s.end for s in verbose.segments] == [1.25, 2.5] and verbose.text == WORDS
    with pytest.raises(openai.BadRequestError, match="without their times"):
        client.audio.transcriptions.create(model="tasks/no-times", file=recording(), response_format="srt")
    with pytest.raises(openai.BadRequestError, match="translates"):
        client.audio.translations.create(model="tasks/openai/whisper", file=recording())
    streamed = list(client.audio.transcriptions.create(model="tasks/openai/whisper", file=recording(), stream=True))
    assert streamed[0].delta == WORDS and streamed[-1].type == "transcript.text.done" and streamed[-1].text == WORDS


def test_words_are_streamed_with_an_honest_end(library, client):
    events = list(client.audio.transcriptions.create(model="mock/good", file=recording(), stream=True))
    assert "".join(e.delta for e in events[:-1]) == WORDS.replace(" ", "")
    assert events[-1].type == "transcript.text.done" and events[-1].usage.output_tokens == 6
    for fault in ("cut", "late"):
        with pytest.raises(openai.APIError):
            list(client.audio.transcriptions.create(model=f"mock/{fault}", file=recording(), stream=True))


def test_an_object_where_a_stream_was_asked_for_becomes_one(client):
    events = list(client.audio.transcriptions.create(model="mock/whole", file=recording(), stream=True))
    assert events[-1].type == "transcript.text.done" and events[-1].text == WORDS


def test_a_translation_goes_to_its_own_path(client, mock):
    assert client.audio.translations.create(model="mock/good", file=recording()).text == WORDS
    assert mock.last()[0] == "/v1/audio/translations"


# --- Speech ---

def test_speech_is_sound_as_it_comes(client, mock):
    with client.audio.speech.with_streaming_response.create(model="alias", voice="alloy", input="Hello", speed=1.5) as spoken:
        assert spoken.headers["content-type"] == "audio/mpeg"
        assert b"".join(spoken.iter_bytes()) == SOUND
    assert mock.last()[2] == {"model": "good", "voice": "alloy", "input": "Hello", "speed": 1.5}


def test_speech_in_events(client, library):
    answer = library.post("/v1/audio/speech", {"model": "mock/good", "voice": "v", "input": "x", "stream_format": "sse"})
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert answer.text.count("speech.audio.delta") == 3 and "speech.audio.done" in answer.text
    cut = library.post("/v1/audio/speech", {"model": "mock/cut", "voice": "v", "input": "x", "stream_format": "sse"})
    assert '"error"' in cut.text and "speech.audio.done" not in cut.text


@pytest.mark.parametrize("model", ["cut", "late"])
def test_a_sound_that_was_cut_never_ends_cleanly(client, model):
    with pytest.raises(Exception) as raised:
        with client.audio.speech.with_streaming_response.create(model=f"mock/{model}", voice="v", input="x") as spoken:
            assert len(b"".join(spoken.iter_bytes())) < len(SOUND)
    assert "incomplete" in str(raised.value) or "closed" in str(raised.value), raised.value


def test_what_is_no_sound_is_answered_by_another_service(client, library):
    with client.audio.speech.with_streaming_response.create(model="speaks", voice="v", input="x") as spoken:
        assert b"".join(spoken.iter_bytes()) == SOUND
    for model in ("html", "json"):
        with pytest.raises(openai.APIStatusError) as raised:
            client.audio.speech.create(model=f"mock/{model}", voice="v", input="x")
        assert raised.value.status_code == 502
    with pytest.raises(openai.BadRequestError, match="not known"):
        client.audio.speech.create(model="mock/refused", voice="v", input="x")
    with pytest.raises(openai.RateLimitError):
        client.audio.speech.create(model="mock/busy", voice="v", input="x")


def test_a_slow_listener_makes_the_service_wait(library):
    answer = requests.post(f"{library.url}/v1/audio/speech", headers={"Authorization": f"Bearer {library.key}"}, stream=True,
                           json={"model": "mock/slow-sound", "voice": "v", "input": "x"})
    pieces = []
    for piece in answer.iter_content(100_000):
        pieces.append(piece)
        time.sleep(0.005)
    assert b"".join(pieces) == LARGE and answer.headers["content-type"] == "audio/ogg"


def test_a_listener_who_leaves_ends_the_call(library, mock):
    left = mock.server.left
    answer = requests.post(f"{library.url}/v1/audio/speech", headers={"Authorization": f"Bearer {library.key}"}, stream=True,
                           json={"model": "mock/endless", "voice": "v", "input": "x"})
    next(answer.iter_content(1000))
    answer.close()
    end = time.monotonic() + 10
    while mock.server.left == left and time.monotonic() < end:
        time.sleep(0.05)
    assert mock.server.left > left


# --- Pictures ---

def test_pictures_are_made(client, library, mock):
    made = client.images.generate(model="alias", prompt="a river", n=2, size="1024x1024")
    assert [p.b64_json for p in made.data] == [PICTURE] * 2 and made.usage.output_tokens == 100
    assert mock.last()[2] == {"model": "good", "prompt": "a river", "n": 2, "size": "1024x1024"}
    call = last_call(library, "good&task=image")
    assert call["task"] == "image" and call["input_tokens"] == 50 and not call["estimated"]


def test_pictures_come_before_they_are_finished(client):
    events = list(client.images.generate(model="mock/good", prompt="a river", stream=True, partial_images=1))
    assert [e.type for e in events] == ["image_generation.partial_image", "image_generation.completed"]
    events = list(client.images.generate(model="mock/whole", prompt="a river", n=2, stream=True))
    assert [(e.type, e.b64_json) for e in events] == [("image_generation.completed", PICTURE)] * 2, "it came in one piece"
    assert events[-1].usage.input_tokens_details.image_tokens == 40
    with pytest.raises(openai.APIError):
        list(client.images.generate(model="mock/cut", prompt="a river", stream=True, partial_images=1))


def test_pictures_are_edited(client, mock):
    picture = io.BytesIO(b"\x89PNG...")
    picture.name = "a.png"
    made = client.images.edit(model="alias", image=[picture], prompt="more water")
    assert made.data[0].b64_json == PICTURE
    path, _, form = mock.last()
    assert path == "/v1/images/edits" and form["prompt"] == "more water" and form["model"] == "good"
    assert form["image[]"] == [("a.png", "image/png", b"\x89PNG...")]


# --- Money ---

def test_a_recording_is_paid_by_the_second(library, client):
    client.audio.transcriptions.create(model="priced/good", file=recording())
    assert last_call(library, "good&service=priced")["cost_pico"] == 3 * 100_000_000, "as the service told"
    client.audio.transcriptions.create(model="priced/untold", file=recording())
    call = last_call(library, "untold&service=priced")
    assert call["cost_pico"] == 91 * 100_000_000 and call["estimated"], "90.0 seconds and a head, as the file says"


def test_speech_is_paid_by_the_character_and_a_picture_by_the_piece(library, client):
    client.audio.speech.create(model="priced/slow-sound", voice="v", input="Größe" * 20)
    assert last_call(library, "slow-sound&service=priced")["cost_pico"] == 100 * 15_000_000
    client.images.generate(model="priced/whole", prompt="x", n=3)
    assert last_call(library, "whole&service=priced")["cost_pico"] == 3 * 40_000_000_000


def test_a_model_that_only_hears_is_asked_for_nothing_else(client):
    with pytest.raises(openai.BadRequestError, match="not for this task"):
        client.images.generate(model="priced/good", prompt="x")


# --- Hostile forms ---

def send(library, body, boundary="B", path="/v1/audio/transcriptions", kind=None):
    return requests.post(f"{library.url}{path}", data=body,
                         headers={"Authorization": f"Bearer {library.key}",
                                  "Content-Type": kind or f"multipart/form-data; boundary={boundary}"})


def part(name, value, more=""):
    return b"--B\r\nContent-Disposition: form-data; name=\"" + name.encode() + b"\"" + more.encode() + b"\r\n\r\n" \
        + (value if isinstance(value, bytes) else value.encode()) + b"\r\n"


FILE = part("file", RECORDING[:1000], '; filename="a.wav"\r\nContent-Type: audio/wav')
MODEL = part("model", "mock/good")
END = b"--B--\r\n"


@pytest.mark.parametrize("about,body,kind,said", [
    ("no boundary", FILE + MODEL + END, "multipart/form-data", "names no boundary"),
    ("another boundary", FILE + MODEL + END, "multipart/form-data; boundary=C", "does not hold its boundary"),
    ("JSON", b"{}", "application/json", "send the files as multipart/form-data"),
    ("no end", FILE + MODEL, None, "before its last boundary|junk|head of a part"),
    ("cut in a head", FILE + b"--B\r\nContent-Dispo", None, "within the head"),
    ("many parts", part("x[]", "1") * 10000 + END, None, "more than 64 parts"),
    ("two models", MODEL + FILE + part("model", "mock/other") + END, None, "'model' twice"),
    ("two files", FILE + FILE + MODEL + END, None, "'file' twice"),
    ("no file", MODEL + END, None, "file is missing"),
    ("a text as file", part("file", "hello") + MODEL + END, None, "must be a recording"),
    ("another file", FILE + MODEL + part("mask", "x", '; filename="x"') + END, None, "only the field 'file'"),
    ("a name with a line", FILE + MODEL + part("a b", "x") + END, None, "name that no field has"),
    ("no name", FILE + MODEL + b"--B\r\nX: y\r\n\r\nx\r\n" + END, None, "has no name"),
    ("a long head", b"--B\r\nX: " + b"y" * 20000 + b"\r\n\r\nx\r\n" + END, None, "head of a part"),
    ("no UTF-8", FILE + MODEL + part("prompt", b"\xff\xfe") + END, None, "no valid UTF-8"),
    ("a long text", FILE + MODEL + part("prompt", "x" * 70000) + END, None, "more than 65536 bytes"),
    ("a shape that is none", FILE + MODEL + part("response_format", "xml") + END, None, "response_format is json"),
    ("streamed subtitles", FILE + MODEL + part("response_format", "srt") + part("stream", "true") + END, None, "cannot be streamed"),
])
def test_hostile_forms_are_refused(library, about, body, kind, said):
    import re
    answer = send(library, body, kind=kind)
    assert answer.status_code in (400, 413) and re.search(said, answer.json()["error"]["message"]), (about, answer.text)


def test_a_form_is_written_anew_for_the_service(library, mock):
    trick = b'--B\r\nContent-Disposition: form-data; name="prompt"; filename="\r\n\r\nx\r\n'
    name = b'--B\r\nContent-Disposition: form-data; name="file"; filename="../../a\\"; name=\\"model.wav"\r\n' \
           b'Content-Type: audio/wav\r\nX-Evil: 1\r\n\r\n' + RECORDING[:500] + b"\r\n"
    assert send(library, trick + FILE + MODEL + END).status_code == 400
    assert send(library, name + MODEL + END).status_code == 200
    _, headers, form = mock.last()
    assert form["model"] == "good" and form["file"][2] == RECORDING[:500] and set(form) == {"model", "file"}
    assert "/" not in form["file"][0] and "boundary=lectern-" in headers["Content-Type"]


def test_a_recording_over_the_limit_is_refused(library):
    assert send(library, part("file", b"\0" * 7_000_000, '; filename="a.wav"') + MODEL + END).status_code == 413


def test_who_may_not_call_does_not_learn_what_is_wrong(library):
    answer = requests.post(f"{library.url}/v1/audio/transcriptions", data=b"junk",
                           headers={"Authorization": "Bearer wrong", "Content-Type": "multipart/form-data"})
    assert answer.status_code == 401
