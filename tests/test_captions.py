"""Pictures that come into the library are described by a model service where the setting caption_model names one."""
import base64
import json
import random
import struct
import zlib

import pytest

from conftest import Server
from mock_media import CAPTION, MockMedia


def png(width, height):
    """A white picture with a red band."""
    rows = b"".join(b"\0" + (b"\xff\0\0" if height // 3 < y < height // 2 else b"\xff\xff\xff") * width for y in range(height))
    chunk = lambda kind, data: struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


@pytest.fixture(scope="module")
def mock():
    started = MockMedia()
    yield started
    started.stop()


def start(folder, mock, model):
    folder.mkdir()
    services = {"mock": {"provider": "openai-compatible", "base_url": mock.url, "key": "sk-mock", "private": True},
                "tasks": {"provider": "huggingface-tasks", "base_url": mock.tasks_url, "key": "hf-mock", "private": True}}
    (folder / "gateway.json").write_text(json.dumps({"services": services}))
    started = Server(folder / "library", environment={"LECTERN_GATEWAY": str(folder / "gateway.json"),
                                                      "LECTERN_CAPTION_MODEL": model}).start()
    started.key = started.cli("keys", "add", "owner", "--role", "owner").stdout.split()[-1]
    return started


def read(library, name, data):
    shown = library.add((name, data))[0]
    assert shown["state"] == "ready", shown
    return {**library.get(f"/v1/documents/{shown['id']}/text?format=json").json(), "warnings": shown["warnings"]}


def described(tree):
    return [block["text"] for block in tree["blocks"] if block["kind"] == "image"]


def fact(tree, name):
    return next((block["text"] for block in tree["blocks"] if block["kind"] == "meta" and block["label"] == name), None)


@pytest.fixture(scope="module")
def library(mock, tmp_path_factory):
    started = start(tmp_path_factory.mktemp("captions") / "a", mock, "mock/good")
    yield started
    started.stop()


def test_a_picture_is_described_and_found_by_it(library, mock):
    before = len(mock.requests)
    tree = read(library, "river.png", png(3000, 900))
    assert described(tree) == [CAPTION] and fact(tree, "caption") == "by good"
    assert len(mock.requests) == before + 1
    shown = next(part["image_url"]["url"] for part in mock.last()[2]["messages"][0]["content"] if part["type"] == "image_url")
    sent = base64.b64decode(shown.removeprefix("data:image/png;base64,"))
    assert struct.unpack(">II", sent[16:24]) == (1024, 307), "it is sent in a size that services take"
    found = library.post("/v1/search", {"query": "height of a river"}).json()["results"]
    assert found and found[0]["document"]["name"] == "river.png"


def test_only_files_that_are_pictures_are_shown(library, mock):
    before = len(mock.requests)
    page = b"<p>See <img alt='a dog' src='data:image/png;base64," + base64.b64encode(png(300, 200)) + b"'></p>"
    assert fact(read(library, "page.html", page), "caption") is None
    assert len(mock.requests) == before


@pytest.mark.parametrize("model,says", [("mock/refused", "not known"), ("nobody/there", "no model"), ("mock/busy", "slow down")])
def test_a_picture_that_nobody_describes_is_read_all_the_same(tmp_path, mock, model, says):
    library = start(tmp_path / "b", mock, model)
    try:
        tree = read(library, "a.png", png(300, 200))
        warnings = " ".join(tree["warnings"])
        assert not described(tree) and "no model has looked at it" in warnings and says in warnings, warnings
        assert fact(tree, "width") == "300"
    finally:
        library.stop()


def test_a_task_of_hugging_face_describes_too(tmp_path, mock):
    library = start(tmp_path / "c", mock, "tasks/a/blip")
    try:
        tree = read(library, "a.png", png(300, 200))
        assert described(tree) == [CAPTION], tree["warnings"]
        assert mock.last()[2].startswith(b"\x89PNG")
    finally:
        library.stop()


def test_a_picture_that_is_too_large_for_services_is_sent_smaller(library, mock):
    # Nearly white and hard to compress; the black band keeps recognition from reading the noise.
    width, height = 1024, 4400
    shades = bytes(240 + n % 16 for n in range(256))
    noise = random.Random(7).randbytes
    rows = b"".join(b"\0" + (b"\0" * width * 3 if y < 400 else noise(width * 3).translate(shades)) for y in range(height))
    chunk = lambda kind, data: struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    large = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)) + chunk(b"IDAT", zlib.compress(rows, 1)) + chunk(b"IEND", b"")
    assert len(large) > 5 << 20
    before = len(mock.requests)
    tree = read(library, "noise.png", large)
    assert described(tree) == [CAPTION], tree["warnings"]
    [(_, _, body)] = mock.requests[before:]
    [url] = [part["image_url"]["url"] for m in body["messages"] if isinstance(m["content"], list) for part in m["content"] if part["type"] == "image_url"]
    data = base64.b64decode(url.partition(",")[2])
    assert len(data) <= 5 << 20 and struct.unpack(">II", data[16:24])[0] < width
