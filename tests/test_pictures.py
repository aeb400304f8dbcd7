"""Words on pictures: read, found, shown where they stand."""
import contextlib
import sqlite3
import struct
import subprocess
import time
import zlib

import pytest

from conftest import PROGRAM, SAMPLES, Server

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


def test_a_picture_near_the_limit_is_read_in_the_memory_that_a_worker_has(tmp_path):
    """98 megapixels, each of them clear: white is what is seen."""
    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
    packer = zlib.compressobj(1)
    rows = b"".join(packer.compress(bytes(1 + 14000 * 4)) for _ in range(7000)) + packer.flush()
    file = tmp_path / "large.png"
    file.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 14000, 7000, 8, 6, 0, 0, 0)) +
                     chunk(b"IDAT", rows) + chunk(b"IEND", b""))
    done = subprocess.run([PROGRAM, "extract", file], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0 and "**colors:** #ffffff" in done.stdout, done


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


# --- Scans of many pages ---

def scan(pages):
    """A PDF file whose pages hold the sample picture, 1200 by 520 pixels of one bit, and no text."""
    picture = (SAMPLES / "minutes.png").read_bytes()
    data, at = b"", 8
    while at < len(picture):
        length, kind = struct.unpack(">I4s", picture[at:at + 8])
        data += picture[at + 8:at + 8 + length] if kind == b"IDAT" else b""
        at += length + 12
    draw = b"576 0 0 250 0 0 cm /P Do"
    kids = b" ".join(b"%d 0 R" % (5 + i) for i in range(pages))
    objects = [b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Count %d/Kids[%s]>>" % (pages, kids),
               b"<</Type/XObject/Subtype/Image/Width 1200/Height 520/BitsPerComponent 1/ColorSpace/DeviceGray"
               b"/Filter/FlateDecode/DecodeParms<</Predictor 15/Columns 1200/BitsPerComponent 1>>/Length %d>>"
               b"stream\n%s\nendstream" % (len(data), data),
               b"<</Length %d>>stream\n%s\nendstream" % (len(draw), draw)]
    objects += [b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 576 250]/Contents 4 0 R/Resources<</XObject<</P 3 0 R>>>>>>"] * pages
    out, places = b"%PDF-1.5\n", []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    return out + (b"xref\n0 %d\n0000000000 65535 f \n%strailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" %
                  (len(objects) + 1, table, len(objects) + 1, len(out)))


@pytest.fixture
def reader(tmp_path):
    """A server that reads one page at a time."""
    server = Server(tmp_path / "library", environment={"LECTERN_PAGE_WORKERS": "1"}).start()
    server.new_key()
    yield server
    server.stop()


def wait_pages(server, document, least, seconds=60):
    """Its progress, when at least so many pages are read."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = server.get(f"/v1/documents/{document['id']}").json()
        progress = found.get("progress") or {}
        if progress.get("stage") == "ocr" and progress["done"] >= least:
            return progress
        assert found["state"] in ("queued", "extracting"), found
        time.sleep(0.02)
    raise AssertionError(f"not at page {least} after {seconds} s: {found}")


@needs_languages
def test_a_scan_goes_on_at_the_page_where_the_server_was_killed(reader):
    document, = reader.upload(("scan.pdf", scan(24)))
    before = wait_pages(reader, document, 4)
    assert before["total"] == 24
    reader.kill()
    with contextlib.closing(sqlite3.connect(reader.data / "lectern.db")) as database:
        kept, = database.execute("SELECT count(*) FROM read_pages").fetchone()
    assert kept >= before["done"] - 1
    reader.start()
    # The pages kept are told at once, so the first that is heard is no beginning.
    assert wait_pages(reader, document, 1)["done"] >= kept
    done = reader.wait_document(document["id"], seconds=120)
    assert done["state"] == "ready" and done["pages"] == 24, done


@needs_languages
def test_a_scan_can_be_cancelled_between_its_pages(reader):
    document, = reader.upload(("scan.pdf", scan(40)))
    wait_pages(reader, document, 1)
    assert reader.post(f"/v1/documents/{document['id']}/cancel").json()["state"] == "cancelled"
    note, = reader.add(("after.txt", b"What comes after it is read at once."))
    assert note["state"] == "ready", note
    assert reader.get(f"/v1/documents/{document['id']}").json()["state"] == "cancelled"
