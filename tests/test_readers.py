"""Readers that live in programs of their own."""
import json
import shutil
import struct
import subprocess

import pytest
from conftest import PROGRAM


def pdf(*lines):
    """A PDF of one page with these lines of text."""
    text = b"BT /F1 12 Tf 72 720 Td 16 TL " + b" ".join(b"(%s) Tj T*" % line.encode() for line in lines) + b" ET"
    parts = [b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
             b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>",
             b"<</Length %d>>stream\n%s\nendstream" % (len(text), text),
             b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>"]
    out = b"%PDF-1.4\n"
    places = []
    for number, part in enumerate(parts, 1):
        places.append(len(out))
        out += b"%d 0 obj%s\nendobj\n" % (number, part)
    table = len(out)
    out += b"xref\n0 6\n0000000000 65535 f \n" + b"".join(b"%010d 00000 n \n" % at for at in places)
    return out + b"trailer<</Size 6/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % table


def extract(path, *options):
    done = subprocess.run([PROGRAM, "extract", *options, path], capture_output=True, text=True, timeout=60)
    return done.returncode, done.stdout, done.stderr


def test_poppler_gives_a_second_opinion_on_a_pdf(tmp_path):
    file = tmp_path / "a.pdf"
    file.write_bytes(pdf("The tide turns at noon.", "Boats wait outside."))
    code, text, errors = extract(file, "--reader", "poppler", "--format", "text")
    assert code == 0, errors
    assert text == "The tide turns at noon.\nBoats wait outside.\n"


def test_poppler_may_warn_about_pages_that_are_not_there(tmp_path):
    file = tmp_path / "a.pdf"
    file.write_bytes(b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"
                     b"2 0 obj<</Type/Pages/Kids[3 0 R]/Count 2000000000>>endobj\n"
                     b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>endobj\ntrailer<</Root 1 0 R>>\n")
    code, _, errors = extract(file)
    assert code == 0 and "3 of 4 pages are broken" in errors and "may not do" not in errors, errors


def test_a_second_reader_refuses_what_is_no_pdf_with_a_reason(tmp_path):
    file = tmp_path / "a.pdf"
    file.write_bytes(b"%PDF-1.4 nothing more")
    code, _, errors = extract(file, "--reader", "poppler")
    assert code != 0 and "the PDF is broken" in errors


def test_a_reader_that_is_not_there_is_named(tmp_path):
    file = tmp_path / "a.txt"
    file.write_text("words")
    code, _, errors = extract(file, "--reader", "nobody")
    assert code != 0 and "lectern-worker-nobody" in errors


def tone(seconds, rate=16000, silence=False):
    """A WAVE file with a tone, or with silence."""
    import io
    import math
    import wave
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        samples = (0 if silence else int(9000 * math.sin(i * 0.1)) for i in range(int(seconds * rate)))
        file.writeframes(b"".join(struct.pack("<h", sample) for sample in samples))
    return out.getvalue()


def read_json(path, *options):
    code, text, errors = extract(path, "--format", "json", *options)
    assert code == 0, errors
    return json.loads(text)


def facts(tree):
    return {block["label"]: block["text"] for block in tree["blocks"] if block["kind"] == "meta"}


def test_a_recording_says_how_long_it_is_and_how_it_was_made(tmp_path):
    file = tmp_path / "a.wav"
    file.write_bytes(tone(2.5, silence=True))
    tree = read_json(file)
    found = facts(tree)
    assert tree["format"] == "wav"
    assert found["duration"] == "2.500000" and found["container"] == "wav"
    assert found["audio_codec"] == "pcm_s16le"
    assert found["sample_rate"] == "16000" and found["channels"] == "1"
    assert "no English speech was understood" in tree["warnings"]
    rows = [block["text"] for block in tree["blocks"] if block["kind"] == "row"]
    assert rows[1].startswith("0 | sound | pcm_s16le | 16000 Hz, 1 channel")


def test_speech_in_another_language_is_not_guessed_at(tmp_path):
    file = tmp_path / "a.wav"
    file.write_bytes(tone(1))
    tree = read_json(file, "--languages", "deu")
    assert "transcript" not in facts(tree)
    assert any("only English is understood" in warning for warning in tree["warnings"])


def test_a_recording_that_is_cut_gives_what_is_there_and_noise_a_reason(tmp_path):
    file = tmp_path / "a.wav"
    file.write_bytes(tone(3)[:20000])
    assert facts(read_json(file))["sample_rate"] == "16000"
    file.write_bytes(b"fLaC" + bytes(range(256)) * 20)
    code, _, errors = extract(file)
    assert code != 0 and "cut or damaged" in errors


def id3(*frames):
    """A tag of ID3v2.3 with these frames, each a name and its bytes."""
    body = b"".join(name + struct.pack(">I", len(data)) + b"\0\0" + data for name, data in frames)
    size = bytes(len(body) >> shift & 127 for shift in (21, 14, 7, 0))
    return b"ID3\3\0\0" + size + body


def test_lyrics_are_text_at_their_times(tmp_path):
    words = [("The tide ", 1000), ("turns", 1500), ("\nat ", 2000), ("noon", 2600)]
    timed = b"\1eng\2\1\xff\xfe\0\0" + b"".join(
        word.encode("utf-16") + b"\0\0" + struct.pack(">I", time_ms) for word, time_ms in words)
    file = tmp_path / "a.mp3"
    file.write_bytes(id3((b"TIT2", b"\3Song"), (b"USLT", b"\3eng\0Plain words"), (b"SYLT", timed)) +
                     (b"\xff\xfb\x90\0" + bytes(413)) * 20)
    tree = read_json(file, "--languages", "deu")
    told = [(block["text"], block.get("place", {}).get("text")) for block in tree["blocks"]
            if block["kind"] == "paragraph"]
    assert facts(tree)["title"] == "Song"
    assert told == [("Plain words", None), ("The tide turns", "0:01-0:02"), ("at noon", "0:02")]


SUBTITLES = """1
00:00:01,000 --> 00:00:02,500
The <i>tide</i> turns at noon.

2
00:00:03,000 --> 00:00:04,500
Boats wait outside.
"""
CHAPTERS = """;FFMETADATA1
title=Harbour film
artist=Ann Example
[CHAPTER]
TIMEBASE=1/1000
START=0
END=2800
title=Arrival
[CHAPTER]
TIMEBASE=1/1000
START=2800
END=6000
title=Departure
"""


@pytest.mark.skipif(not shutil.which("ffmpeg"), reason="needs the program ffmpeg")
@pytest.mark.parametrize("ending, codec", [("mkv", "subrip"), ("mkv", "ass"), ("mp4", "mov_text")])
def test_subtitles_chapters_and_pictures_of_a_video_are_read(tmp_path, ending, codec):
    (tmp_path / "a.srt").write_text(SUBTITLES)
    (tmp_path / "chapters").write_text(CHAPTERS)
    file = tmp_path / ("film." + ending)
    subprocess.run(["ffmpeg", "-v", "error", "-f", "lavfi", "-i", "testsrc=size=320x240:rate=10:duration=3",
                    "-f", "lavfi", "-i", "smptebars=size=320x240:rate=10:duration=3", "-i", tmp_path / "a.srt",
                    "-i", tmp_path / "chapters", "-filter_complex", "[0][1]concat=n=2[v]", "-map", "[v]", "-map", "2",
                    "-map_metadata", "3", "-map_chapters", "3", "-c:v", "mpeg4", "-g", "5", "-c:s", codec, file],
                   check=True, timeout=60)
    tree = read_json(file)
    found = facts(tree)
    assert found["title"] == "Harbour film" and found["artist"] == "Ann Example"
    assert found["video_codec"] == "mpeg4" and found["width"] == "320" and found["height"] == "240"
    assert abs(float(found["duration"]) - 6) < 0.2
    told = [(block["kind"], block["text"], block["place"]["text"]) for block in tree["blocks"] if "place" in block]
    assert told == [("heading", "Arrival", "0:00-0:02"), ("paragraph", "The tide turns at noon.", "0:01-0:02"),
                    ("heading", "Departure", "0:02-0:06"), ("paragraph", "Boats wait outside.", "0:03-0:04")]
    pictures = [child["name"] for child in tree["children"]]
    assert len(pictures) == 2 and all(name.startswith("frame 00:00:0") for name in pictures)
