"""`make install` and `make dist`: what is installed works from where it was put."""
import os
import re
import shutil
import subprocess
import tarfile
from pathlib import Path

import pytest

import conftest
from conftest import ROOT, SAMPLES, Server


def make(*words):
    done = subprocess.run(["make", "--no-print-directory", *words], cwd=ROOT, capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    root = tmp_path_factory.mktemp("root")
    make("--old-file=all", "install", f"DESTDIR={root}", "PREFIX=/usr")  # what is built already: other tests use it
    return root


def test_only_what_belongs_there_is_installed(installed):
    files = sorted(str(f.relative_to(installed)) for f in installed.rglob("*") if f.is_file())
    classes = sorted(d.name for d in (ROOT / "src" / "worker").iterdir() if d.is_dir())
    assert files == ["usr/bin/lectern", "usr/lib/systemd/system/lectern.service", *[f"usr/libexec/lectern/lectern-worker-{c}" for c in classes], "usr/share/man/man1/lectern.1"]


def test_the_installed_program_reads_and_serves(installed, tmp_path, monkeypatch):
    program = installed / "usr" / "bin" / "lectern"
    version = subprocess.run([program, "version"], capture_output=True, text=True, check=True).stdout
    assert version.startswith("lectern ")
    text = subprocess.run([program, "extract", SAMPLES / "notes.md"], capture_output=True, text=True, check=True,
                          cwd="/", env={"PATH": os.environ["PATH"], "HOME": str(tmp_path)}).stdout
    assert text.strip()
    opinion = subprocess.run([program, "extract", "--reader", "poppler", SAMPLES / "report.pdf"], capture_output=True, text=True,
                             cwd="/", env={"PATH": os.environ["PATH"], "HOME": str(tmp_path)})
    assert opinion.returncode == 0 and opinion.stdout.strip(), opinion.stderr
    monkeypatch.setattr(conftest, "PROGRAM", program)
    server = Server(tmp_path / "library").start()
    try:
        server.new_key()
        assert server.get("/health").json()["status"] in ("ok", "degraded")
        assert server.add(SAMPLES / "report.pdf")[0]["state"] == "ready"
        assert "<title>Lectern</title>" in server.get("/", headers={"Accept": "text/html"}).text
    finally:
        server.stop()


def test_the_manual_page_renders(installed):
    page = installed / "usr" / "share" / "man" / "man1" / "lectern.1"
    if shutil.which("mandoc"):
        command = ["mandoc", "-Tutf8", "-Wwarning", page]
    elif shutil.which("groff"):
        command = ["groff", "-mdoc", "-Tutf8", "-ww", page]
    elif shutil.which("man"):
        command = ["man", "-l", page]
    else:
        pytest.skip("needs man, groff or mandoc")
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "MANPAGER": "cat", "LC_ALL": "C.UTF-8"})
    assert done.returncode == 0, done.stderr
    plain = re.sub(r".\x08|\x1b\[[\d;]*m", "", done.stdout)
    for word in ["serve", "extract", "--password", "chunk", "LECTERN_"]:
        assert word in plain, f"the manual page does not mention {word}"


def test_the_service_lets_workers_close_their_door(installed):
    unit = (installed / "usr" / "lib" / "systemd" / "system" / "lectern.service").read_text()
    assert "ExecStart=/usr/bin/lectern serve " in unit
    allowed = " ".join(re.findall(r"^SystemCallFilter=(.*)$", unit, re.M))
    for call in ["landlock_create_ruleset", "landlock_restrict_self", "seccomp"]:
        assert call in allowed.split()


def test_the_service_is_understood_by_systemd(installed, tmp_path):
    if not shutil.which("systemd-analyze"):
        pytest.skip("needs systemd-analyze")
    unit = (installed / "usr" / "lib" / "systemd" / "system" / "lectern.service").read_text()
    copy = tmp_path / "lectern.service"
    copy.write_text(unit.replace("/usr/bin/lectern", str(installed / "usr" / "bin" / "lectern"))
                    .replace("Documentation=man:lectern(1)\n", ""))
    done = subprocess.run(["systemd-analyze", "verify", copy], capture_output=True, text=True)
    ours = [line for line in done.stderr.splitlines() if "lectern.service" in line]
    assert not ours, ours


def test_the_source_archive_holds_what_is_needed(tmp_path):
    if not (ROOT / ".git").exists():
        pytest.skip("needs a clone with its history")
    archive = Path(make("dist", f"BUILD={tmp_path}").split()[-1])
    with tarfile.open(archive) as tar:
        names = {n.split("/", 1)[-1] for n in tar.getnames()}
    for name in ["Makefile", "README.md", "LICENSE", "src/cli/main.c", "web/index.html", "tools/need", "tests/conftest.py"]:
        assert name in names
    assert not any(n.startswith("build/") for n in names)
