"""Words on pictures: read, found, shown where they stand."""
import struct
import subprocess
import zlib

import pytest

from conftest import PROGRAM, SAMPLES

needs_languages = pytest.mark.skipif(
    "minutes" not in subprocess.run([PROGRAM, "extract", SAMPLES / "minutes.png"], capture_output=True,
                                    text=True).stdout.lower(),
    reason="needs lectern-worker-picture and Tesseract's data for English (Debian package tesseract-ocr-eng)")


def png(width, height, rows):
    """A grey picture of 8 bits."""
    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
    packed = zlib.compress(b"".join(b"\0" + row for row in rows))
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)) +
            chunk(b"IDAT", packed) + chunk(b"IEND", b""))


@needs_languages
def test_words_on_a_picture_are_found_and_marked(server):
    document, = server.add(SAMPLES / "minutes.png")
    assert document["state"] == "ready", document
    found = server.post("/v1/search", {"query": "lighthouse keeper lamp cleaned"})
    assert document["id"] in found.text, found.text[:500]
    quote = "the lamp was cleaned twice"
    plain = server.get(f"/v1/documents/{document['id']}/pages/1.png", params={"width": 600})
    marked = server.get(f"/v1/documents/{document['id']}/pages/1.png", params={"width": 600, "quote": quote})
    assert plain.status_code == 200 and plain.content.startswith(b"\x89PNG"), plain.text[:200]
    assert marked.status_code == 200 and marked.headers["X-Marked"] == "2", marked.headers
    assert plain.content != marked.content


def test_a_picture_without_words_says_what_it_looks_like(server):
    grey = png(80, 60, [bytes((x * 3) % 256 for x in range(80)) for _ in range(60)])
    document, = server.add(("ramp.png", grey))
    assert document["state"] == "ready", document


def test_a_picture_larger_than_the_limit_is_said_not_read(server, tmp_path):
    bomb = png(60000, 60000, [])
    file = tmp_path / "bomb.png"
    file.write_bytes(bomb)
    done = subprocess.run([PROGRAM, "extract", file], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0 and "megapixels" in done.stderr, done


def test_recognition_can_be_switched_off(tmp_path):
    done = subprocess.run([PROGRAM, "extract", "--languages", "none", SAMPLES / "minutes.png"], capture_output=True,
                          text=True, timeout=60)
    assert done.returncode == 0 and "**width:**" in done.stdout, done
    assert "lamp" not in done.stdout
