"""The command line, with and without a server running on the folder."""
import json
import subprocess

import pytest

from conftest import PROGRAM, SAMPLES, Server


def run(*words, **options):
    return subprocess.run([str(PROGRAM), *map(str, words)], capture_output=True, text=True, timeout=60, **options)


def test_help_lists_every_command():
    text = run("help").stdout
    for name in ("serve", "add", "ls", "rm", "extract", "search", "ask", "status", "doctor", "migrate", "db",
                 "backup", "restore", "models", "keys", "users", "config", "version"):
        assert f"  {name} " in text
        assert run(name, "--help").stdout.startswith(f"lectern {name}")


@pytest.mark.parametrize("words", [["nonsense"], ["ls", "--no-such-option"], ["serve", "--listen"], ["rm"]])
def test_a_wrong_command_line_is_exit_2_with_one_sentence(words):
    done = run(*words)
    assert done.returncode == 2 and len(done.stderr.strip().splitlines()) == 1


@pytest.mark.parametrize("form, mark", [("markdown", "# Orchard notes"), ("text", "Orchard notes"), ("json", '"Orchard notes"')])
def test_extract_prints_without_any_database(tmp_path, form, mark):
    done = run("extract", SAMPLES / "notes.md", "--format", form, cwd=tmp_path)
    assert done.returncode == 0 and mark in done.stdout
    assert list(tmp_path.iterdir()) == []


def test_extract_says_why_not(tmp_path):
    broken = tmp_path / "broken.pdf"
    broken.write_bytes(b"%PDF-1.4 nothing")
    done = run("extract", broken)
    assert done.returncode == 3 and len(done.stderr.strip().splitlines()) == 1
    assert run("extract", tmp_path / "absent.txt").returncode == 4


def test_add_ls_search_rm_without_a_server(tmp_path):
    server = Server(tmp_path / "library")
    note = tmp_path / "orchid.txt"
    note.write_text("The orchid flowers in February.\n")
    server.cli("add", str(note), "--quiet")
    [document] = json.loads(server.cli("ls", "--json").stdout)["items"]
    assert document["name"] == "orchid.txt" and document["state"] == "ready"
    assert "orchid.txt" in server.cli("search", "flowers").stdout
    assert "February" in server.cli("ask", "When does the orchid flower?").stdout
    server.cli("rm", document["id"])
    assert json.loads(server.cli("ls", "--json").stdout)["items"] == []


def test_keys_can_be_added_while_a_server_runs(fresh_server):
    key = fresh_server.cli("keys", "add", "another").stdout.split()[-1]
    assert fresh_server.get("/v1/documents", key=key).status_code == 200


def test_ask_reads_files_that_were_never_added(tmp_path):
    note = tmp_path / "boiler.txt"
    note.write_text("The boiler is serviced by Hansen every October.\n")
    done = run("ask", "Who services the boiler?", note)
    assert done.returncode == 0 and "Hansen" in done.stdout and "boiler.txt" in done.stdout


def test_a_second_server_on_the_same_folder_is_refused(fresh_server):
    second = run("serve", "--data", fresh_server.data, "--listen", "127.0.0.1:0")
    assert second.returncode != 0 and "in use" in second.stderr


def test_a_port_in_use_is_one_clear_sentence(fresh_server, tmp_path):
    done = run("serve", "--data", tmp_path / "other", "--listen", f"127.0.0.1:{fresh_server.port}")
    assert done.returncode != 0 and "in use" in done.stderr.splitlines()[-1]


def test_an_unreadable_folder_is_one_clear_sentence(tmp_path):
    done = run("serve", "--data", "/proc/nowhere", "--listen", "127.0.0.1:0")
    assert done.returncode != 0 and "/proc/nowhere" in done.stderr


def test_backup_and_restore_carry_the_library(fresh_server, tmp_path):
    fresh_server.add(("keep.txt", b"Keep this sentence about marmalade."))
    fresh_server.cli("backup", str(tmp_path / "copy.tar"))
    other = Server(tmp_path / "restored")
    other.cli("restore", str(tmp_path / "copy.tar"))
    assert "keep.txt" in other.cli("search", "marmalade").stdout


def test_config_example_and_version_print():
    assert "#listen" in run("config", "--example").stdout
    assert run("version").stdout.startswith("lectern 0.1")
