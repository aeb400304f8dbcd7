"""The README stays true: its tour is run as it is written, and what it shows is compared."""
import os
import re
import subprocess
import sys

import pytest

from conftest import PROGRAM, ROOT

README = (ROOT / "README.md").read_text()
ID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"


def tour(server):
    section = README.split("\n## A five-minute tour\n")[1].split("\n## ")[0]
    return section.replace("http://127.0.0.1:8000", server.url)


def commands(text):
    """(command, lines shown below it) of each ```console block."""
    found = []
    for block in re.findall(r"^```console\n(.*?)^```$", text, re.M | re.S):
        for line in block.splitlines():
            if line.startswith("$ "):
                found.append([line[2:], []])
            elif line.startswith("> "):
                found[-1][0] += "\n" + line[2:]
            else:
                found[-1][1].append(line)
    return found


def script(found):
    """One shell runs them all, so that variables stay; a line with a number separates the outputs."""
    parts = ["set -u"]
    for i, (command, _) in enumerate(found):
        if "/status" in command:  # a person looks again until it is ready
            parts.append(f'for i in $(seq 300); do out=$({command}); case "$out" in *\'"ready"\'*) break;; esac; sleep 0.1; done'
                         '; echo "$out"')
        else:
            parts.append(command)
        parts.append(f"echo; echo '=== {i}'")
    return "\n".join(parts)


def plain(text):
    """What changes from run to run looks the same afterwards, and so do line ends."""
    text = re.sub(ID, "ID", text)
    text = re.sub(r"lk_[\w-]+", "KEY", text)
    text = re.sub(r'("(?:took_ms|score|keyword|semantic)":)[\d.e-]+', r"\1N", text)
    text = re.sub(r"\d+(\.\d+)? ms", "N ms", text)
    text = re.sub(r"\(\d\.\d\d\)", "(N)", text)
    return re.sub(r"\s+", " ", text).strip()


def assert_shown(command, shown, output):
    """Pieces between "..." must stand in the output in this order."""
    output, at = plain(output), 0
    for piece in re.split(r"\.\.\.", plain("\n".join(shown))):
        piece = piece.strip()
        found = output.find(piece, at)
        assert found >= 0, f"README shows {piece!r}\nafter: {command}\nbut it printed: {output[:3000]}"
        at = found + len(piece)


@pytest.fixture
def environment(fresh_server):
    return {**os.environ, "LECTERN_DATA": str(fresh_server.data), "PYTHONDONTWRITEBYTECODE": "1",
            "PATH": f"{os.path.dirname(sys.executable)}:{os.environ['PATH']}"}


def test_the_tour_runs_and_prints_what_the_readme_shows(fresh_server, environment, tmp_path):
    text = tour(fresh_server)
    for code in re.findall(r"^```python\n(.*?)^```$", text, re.M | re.S):
        (tmp_path / "ask.py").write_text(code)
    found = commands(text)
    assert len(found) > 10
    all_commands = script(found).replace("/tmp/", f"{tmp_path}/").replace("build/lectern", str(PROGRAM))
    done = subprocess.run(["bash", "-c", all_commands], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120)
    pieces = re.split(r"\n=== \d+\n", done.stdout)
    assert len(pieces) == len(found) + 1, done.stderr
    for (command, shown), output in zip(found, pieces):
        assert_shown(command, shown, output)
    assert (tmp_path / "page.png").read_bytes().startswith(b"\x89PNG")


def test_every_link_leads_somewhere():
    for page in [ROOT / "README.md", ROOT / "ARCHITECTURE.md", ROOT / "CONTRIBUTING.md", *ROOT.glob("docs/*.md")]:
        for link in re.findall(r"\]\(([^)#]+)", page.read_text()):
            if not link.startswith("http"):
                assert (page.parent / link).exists(), f"{page.name}: {link}"


def test_the_printed_pages_are_what_the_program_prints(tmp_path):
    subprocess.run([str(ROOT / "tools" / "print-docs"), str(tmp_path), str(PROGRAM)], cwd=ROOT, check=True, timeout=60)
    for page in tmp_path.iterdir():
        assert (ROOT / "docs" / page.name).read_text() == page.read_text(), f"docs/{page.name}: run `make docs`"
