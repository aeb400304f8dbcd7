"""Readers that live in programs of their own."""
import subprocess

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
