"""The programs of examples/ do what their first lines say, against a real server."""
import os
import re
import shutil
import subprocess
import sys

import pytest
from conftest import PROGRAM, ROOT

EXAMPLES = ROOT / "examples"
TEXT = "The harbour office keeps the lamps. The notice period is three months.\n"
QUESTION = "How long is the notice period?"


@pytest.fixture(scope="module")
def run(server, tmp_path_factory):
    if server.database:
        pytest.skip("they know nothing of the database")
    folder = tmp_path_factory.mktemp("examples")
    server.add(("first.txt", TEXT.encode()))
    environment = {**os.environ, "LECTERN_URL": server.url, "LECTERN_KEY": server.key}

    def run_it(*words):
        words = [str(folder / word) if word.endswith(".txt") else word for word in map(str, words)]
        return subprocess.run(words, capture_output=True, text=True, timeout=120, env=environment, cwd=folder)

    for name in ("curl", "python", "node", "c"):
        (folder / f"{name}.txt").write_text(f"A list of what {name} bought: apples, ropes, paint.\n")
    run_it.folder = folder
    return run_it


def needs(tool):
    if not shutil.which(tool):
        pytest.skip(f"needs {tool}")


def said(done, *words):
    assert done.returncode == 0, done.stdout + done.stderr
    for word in words:
        assert word in done.stdout, done.stdout


def test_curl(run):
    needs("curl")
    said(run(EXAMPLES / "lectern.sh", "curl.txt", QUESTION), "document ", '"results":', '"citations":')


def test_python(run):
    said(run(sys.executable, EXAMPLES / "lectern_client.py", "python.txt", QUESTION),
         "events ", "document", "hello", "found ", "streamed ", "cited 1 ")


def test_javascript(run):
    needs("node")
    said(run("node", EXAMPLES / "lectern.mjs", "node.txt", QUESTION), "ready", "found ", "cited 1 ")


def test_c(run):
    program = run.folder / "example"
    flags = subprocess.run(["pkg-config", "--cflags", "--libs", "libcurl"], capture_output=True, text=True, check=True).stdout.split()
    subprocess.run(["cc", "-Wall", "-Wextra", "-Werror", str(EXAMPLES / "lectern.c"), "-o", str(program), *flags], check=True)
    said(run(program, "c.txt", QUESTION), '"documents":', '"results":')


def test_without_an_address_they_ask_where_a_server_listens_by_itself():
    example = subprocess.run([PROGRAM, "config", "--example"], capture_output=True, text=True, check=True).stdout
    listen = re.search(r"^#? ?listen = ?(\S+)", example, re.M)[1]
    for file in EXAMPLES.iterdir():
        assert set(re.findall(r"http://([\d.]+:\d+)", file.read_text())) <= {listen}, file.name


def test_openai_client(run):
    said(run(sys.executable, EXAMPLES / "openai_client.py", QUESTION), "models ", "three months")


COMMANDS = sorted(set(re.findall(r"`?lectern ((?:doctor|status|config|keys ls|models|gateway|db check|users|migrate))`", (ROOT / "docs/troubleshooting.md").read_text())))


@pytest.mark.parametrize("command", COMMANDS)
def test_commands_of_the_page_about_troubles_exist(server, command):
    assert server.cli(*command.split(), "--help").stdout.startswith(f"lectern {command.split()[0]}"), command


def test_a_wrong_key_is_told_in_one_line(run, server):
    done = subprocess.run([sys.executable, EXAMPLES / "lectern_client.py", run.folder / "python.txt", QUESTION], capture_output=True, text=True,
                          timeout=60, env={**os.environ, "LECTERN_URL": server.url, "LECTERN_KEY": "lk_wrong"})
    assert done.returncode == 1 and "unauthorized" in done.stderr
