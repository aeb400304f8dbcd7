#!/usr/bin/env python3
"""Reading whole files in a fresh process, beside other programs; and a corpus beside Kreuzberg.

    bench/extract_bench.py [--program build/lectern] [--peers VENV] [--runs 3] [--only files,corpus]

VENV is a virtual environment that may have kreuzberg and pymupdf; TIKA may name a tika-app.jar. Files are made
here: a PDF of 40 pages and 1 MB, a DOCX of 10 MB, a ZIP of 100 MB with 2,000 members, as the measurement of the
peers had them (../shared/peers/extract/gen.py, for which VENV needs reportlab, python-docx and pypdf)."""
import argparse
import csv
import json
import os
import random
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SHARED = ROOT.parent / "shared"
WORDS = ("report quarter revenue contract party liability section appendix table figure method result patient "
         "sample engine server index query document the of and to in for with by on at from as is was were").split()
KREUZBERG = """
import sys, time
from kreuzberg import extract_file_sync
for path in sys.argv[1:]:
    try:
        extract_file_sync(path)
        print("ok", path)
    except Exception as e:
        print("no", path)
"""
PYMUPDF = "import sys, pymupdf\nfor page in pymupdf.open(sys.argv[1]): page.get_text('dict')"


def say(name, **figures):
    print(json.dumps({"name": name, **figures}), flush=True)


def text(rnd, n):
    return " ".join(rnd.choice(WORDS) for _ in range(n)).capitalize() + "."


def make_zip(path, rnd):
    """Every tenth member is text, the others noise: nothing to read, all to unpack."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as z:
        for n in range(2000):
            is_text = n % 10 == 0
            data = text(rnd, 3000).encode() if is_text else rnd.randbytes(100_000_000 // 1800)
            z.writestr(f"dir{n // 100:02}/file{n:04}.{'txt' if is_text else 'bin'}", data)


def make_files(folder, python):
    rnd = random.Random(7)
    make_zip(folder / "100 MB.zip", rnd)
    maker = SHARED / "peers/extract/gen.py"
    if python.exists() and maker.exists():
        subprocess.run([str(python), str(maker), str(folder)], check=False, capture_output=True, timeout=600)
        for name, plain in (("mb1.pdf", "1 MB.pdf"), ("mb10.docx", "10 MB.docx"), ("merged.pdf", "1,600 pages.pdf")):
            if (folder / name).exists():
                (folder / name).rename(folder / plain)
        for rest in ("mb100.zip", "pages1600.pdf"):
            (folder / rest).unlink(missing_ok=True)
    return sorted(p for p in folder.iterdir() if p.suffix in (".pdf", ".docx", ".zip"))


def run(argv, runs):
    """Best seconds, processor seconds and peak MB of so many fresh processes; None when it fails."""
    best = None
    for _ in range(runs):
        with open(os.devnull, "wb") as nothing:
            started = time.perf_counter()
            process = subprocess.Popen(argv, stdout=nothing, stderr=nothing, stdin=subprocess.DEVNULL)
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            return None
        figures = (time.perf_counter() - started, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)
        best = min(best or figures, figures)
    return {"seconds": round(best[0], 3), "cpu_s": round(best[1], 3), "mb": round(best[2])}


def peers_of(path, folder):
    found = {}
    python = folder / "bin/python"
    if python.exists():
        found["kreuzberg"] = [str(python), "-c", KREUZBERG, str(path)]
    if python.exists() and path.suffix == ".pdf":
        found["pymupdf"] = [str(python), "-c", PYMUPDF, str(path)]
    if os.environ.get("TIKA"):
        found["tika"] = ["java", "-Xmx1g", "-jar", os.environ["TIKA"], "-t", str(path)]
    return found


def files(args, folder):
    for path in make_files(folder, args.peers / "bin/python"):
        lectern = [args.program, "extract", "--quiet", "--languages", "none", str(path)]
        say("whole file in a fresh process", file=path.name, who="lectern", **(run(lectern, args.runs) or {}))
        for who, argv in peers_of(path, args.peers).items():
            say("whole file in a fresh process", file=path.name, who=who, **(run(argv, min(args.runs, 2)) or {}))
    small = folder / "small.txt"
    small.write_text("One line of text.\n")
    say("small text in a fresh process", **(run([args.program, "extract", str(small)], 20) or {}))


def corpus(args, folder):
    """Files that Kreuzberg reads, in one process of its; ours start one each."""
    corpus_folder, python = SHARED / "corpus", args.peers / "bin/python"
    if not corpus_folder.exists() or not python.exists():
        say("corpus beside Kreuzberg", skipped="needs ../shared and Kreuzberg")
        return
    with open(corpus_folder / "MANIFEST.tsv", encoding="utf-8", newline="") as f:
        paths = [str(corpus_folder / r["path"]) for r in csv.DictReader(f, delimiter="\t", quoting=csv.QUOTE_NONE)
                 if not r["path"].startswith("malformed/")]
    done = subprocess.run([str(python), "-c", KREUZBERG, *paths], capture_output=True, text=True, timeout=1800, check=False)
    read = [line[3:] for line in done.stdout.splitlines() if line.startswith("ok ")]
    # Its OCR is off; pictures are ours to recognise, so they are compared apart.
    plain = [p for p in read if not p.endswith((".jpg", ".jpeg", ".png", ".gif", ".tif", ".tiff", ".bmp", ".webp", ".jp2"))]
    started = time.perf_counter()
    subprocess.run([str(python), "-c", KREUZBERG, *plain], capture_output=True, timeout=1800, check=False)
    theirs = time.perf_counter() - started
    started = time.perf_counter()
    for path in plain:
        subprocess.run([args.program, "extract", "--quiet", path], capture_output=True, timeout=120, check=False)
    say("corpus beside Kreuzberg", files=len(plain), lectern_s=round(time.perf_counter() - started, 2),
        kreuzberg_s=round(theirs, 2), note="Lectern starts a process and a sandbox for each file, Kreuzberg one for all")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", default=str(ROOT / "build" / "lectern"))
    parser.add_argument("--peers", type=Path, default=Path("/nonexistent"))
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--only", default="files,corpus")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        for part in args.only.split(","):
            {"files": files, "corpus": corpus}[part](args, Path(folder))


if __name__ == "__main__":
    sys.exit(main())
