"""The command line, with and without a server running on the folder."""
import io
import json
import os
import re
import shutil
import socket
import sqlite3
import subprocess
import tarfile
from pathlib import Path

import pytest

from conftest import PROGRAM, SAMPLES, Server, wait_until


def run(*words, **options):
    return subprocess.run([str(PROGRAM), *map(str, words)], capture_output=True, text=True, timeout=60, **options)


@pytest.fixture(scope="module")
def limited(tmp_path_factory):
    server = Server(tmp_path_factory.mktemp("limits") / "library").start()
    yield server
    server.stop()


def test_a_key_is_made_with_its_limits_and_they_are_changed_one_by_one(limited):
    made = json.loads(limited.cli("keys", "add", "reports", "--role", "reader", "--day", "5.25", "--total", "100calls", "--requests", "60",
                                  "--models", "gpt-5*, local", "--json").stdout)
    limited.cli("limits", "set", "key", made["id"], "--requests", "none", "--month", "20", "--day", "0.5")
    one = json.loads(limited.cli("limits", "ls", "--json").stdout)["items"][0]
    assert (one["name"], one["models"], one["requests_per_minute"]) == ("reports", ["gpt-5*", "local"], None)
    assert sorted((b["period"], b.get("dollars", b.get("calls"))) for b in one["budgets"]) == [("day", "0.50"), ("month", "20.00"), ("total", 100)]
    shown = limited.cli("limits").stdout
    for text in ("reports", "$0.00 of $0.50 spent", "0 of 100 calls spent", "models gpt-5*, local"):
        assert text in shown, shown
    limited.cli("limits", "set", "workspace", "--concurrent", "8")
    assert limited.cli("limits").stdout.startswith("workspace\n  8 calls at the same time")


def test_limits_are_set_by_names_of_keys_people_and_services(limited):
    limits = lambda: {one["name"]: one for one in json.loads(limited.cli("limits", "ls", "--json").stdout)["items"]}
    limited.cli("keys", "add", "night shift")
    limited.cli("users", "add", "bea@example.org", "--name", "Bea", input="correct horse battery\n")
    limited.cli("limits", "set", "key", "night shift", "--requests", "7")
    limited.cli("limits", "set", "user", "Bea@example.org", "--requests", "8")
    limited.cli("limits", "set", "user", "Bea", "--concurrent", "2")
    assert limits()["night shift"]["requests_per_minute"] == 7
    assert (limits()["Bea"]["requests_per_minute"], limits()["Bea"]["concurrent"]) == (8, 2)
    limited.cli("keys", "add", "night shift")
    twice = limited.cli("limits", "set", "key", "night shift", "--requests", "9", check=False)
    assert twice.returncode and "is the name of 2" in twice.stderr and limits()["night shift"]["requests_per_minute"] == 7

    key = limited.cli("keys", "add", "setup", "--role", "owner").stdout.split()[-1]
    service = {"base_url": "http://127.0.0.1:9/v1", "private": True, "models": ["m"], "limits": {"tokens_per_day": 5, "concurrent": 3}}
    assert limited.call("PUT", "/v1/gateway/services/mine", json=service, key=key).status_code == 200
    limited.cli("limits", "set", "service", "mine", "--requests", "60", "--requests-day", "1000", "--concurrent", "none")
    document = next(one["document"] for one in limited.call("GET", "/v1/gateway/services", key=key).json()["items"] if one["name"] == "mine")
    assert document["limits"] == {"tokens_per_day": 5, "requests_per_minute": 60, "requests_per_day": 1000} and document["models"] == ["m"]


@pytest.mark.parametrize("words, told", [
    (["limits", "set", "service", "nowhere", "--requests", "1"], "gateway ls"), (["limits", "set", "service", "local", "--requests", "1"], "not of this workspace"),
    (["limits", "set", "service", "mine", "--day", "1"], "a service has --requests"), (["limits", "set", "workspace", "--tokens-day", "1"], "limits of services"),
    (["keys", "add", "k", "--day", "five"], "no key was made"), (["keys", "add", "k", "--requests", "0"], "--requests is a number"),
    (["limits", "set", "workspace", "--total", "xcalls"], "--total is an amount"), (["limits", "set", "workspace"], "say what to set"),
    (["limits", "set", "key", "--day", "1"], "use: lectern limits"), (["limits", "set", "key", "nobody", "--day", "1"], "nobody")])
def test_wrong_limits_are_refused_in_a_sentence_and_leave_no_key(limited, words, told):
    done = limited.cli(*words, check=False)
    assert done.returncode and told in done.stderr and len(done.stderr.strip().splitlines()) == 1
    assert "  k\n" not in limited.cli("keys", "ls").stdout


WORKFLOW = {"inputs": {"type": "object", "required": ["n"], "properties": {"n": {"type": "number"}, "to": {"type": "string"}}}, "steps": [
    {"id": "twice", "type": "compute", "with": {"values": "{{ input.n * 2 }}"}},
    {"id": "both", "type": "parallel", "branches": [{"steps": [{"id": "left", "type": "compute", "with": {"values": 1}}]}]},
    {"id": "check", "type": "condition", "if": "input.n < 100", "then": "end", "else": "stop"},
    {"id": "stop", "type": "fail", "with": {"message": "{{ input.to }} has too much"}}], "output": {"twice": "{{ steps.twice }}"}}


def test_a_workflow_is_checked_imported_run_and_followed(limited, tmp_path):
    file, broken = tmp_path / "double.json", tmp_path / "broken.json"
    file.write_text(json.dumps(WORKFLOW))
    broken.write_text(json.dumps({"steps": [{**WORKFLOW["steps"][0], "next": "nowhere"}]}))
    assert run("workflows", "check", file, cwd=tmp_path).stdout == f"{file} is right\n"
    wrong = run("workflows", "check", broken)
    assert wrong.returncode == 2 and f"{broken}: steps[0]: next: there is no step 'nowhere'" in wrong.stderr
    assert "--name" in limited.cli("workflows", "import", str(file), check=False).stderr
    made = limited.cli("workflows", "import", str(file), "--name", "Double it").stdout.strip()
    assert limited.cli("workflows", "import", str(file), "--name", "Double it", check=False).returncode == 5
    exported = limited.cli("workflows", "export", "Double it").stdout
    assert json.loads(exported)["definition"] == WORKFLOW
    file.write_text(exported)
    assert limited.cli("workflows", "import", str(file), "--replace").stdout.strip() == made
    assert f"{made}  version" in limited.cli("workflows").stdout
    shown = limited.cli("workflows", "show", "Double it").stdout
    assert "Double it  " in shown and "    left                   compute" in shown
    done = limited.cli("workflows", "run", "Double it", "n=21", "to=Ann")
    told = [line.split()[:3] for line in done.stdout.splitlines()]
    assert sorted(told[:4]) == [["done", "both", "parallel"], ["done", "both[0].left", "compute"], ["done", "check", "condition"], ["done", "twice", "compute"]]
    assert done.stdout.endswith('{\n  "twice": 42\n}\n')
    assert json.loads(limited.cli("workflows", "run", "Double it", "n=1", "--json").stdout)["output"] == {"twice": 2}
    failed = limited.cli("workflows", "run", "Double it", "n=100", "to=Ann=1", check=False)
    assert failed.returncode == 2 and "step 'stop': Ann=1 has too much" in failed.stderr and "failed   stop" in failed.stdout
    for words, says in ((["n"], "INPUT=VALUE"), ([], 'a member "n"'), (["n=x"], "number")):
        assert says in limited.cli("workflows", "run", "Double it", *words, check=False).stderr


def test_executions_are_listed_waited_for_and_cancelled(limited, tmp_path):
    file = tmp_path / "wait.json"
    file.write_text(json.dumps({"name": "Wait", "definition": {"steps": [{"id": "w", "type": "wait", "event": "go"}], "output": "gone"}}))
    limited.cli("workflows", "import", str(file))
    assert limited.cli("workflows", "run", "Wait", "--dry-run").stdout.splitlines()[-1] == "gone"
    first, second = (limited.cli("workflows", "run", "Wait", "--no-wait").stdout.strip() for _ in range(2))
    running = limited.cli("workflows", "executions", "Wait", "--state", "running").stdout
    assert [line.split()[0] for line in running.splitlines()] == [second, first]
    assert len(limited.cli("workflows", "executions", "Wait", "--limit", "1").stdout.splitlines()) == 1
    limited.cli("workflows", "cancel", first)
    assert limited.cli("workflows", "cancel", first, check=False).returncode == 5
    cancelled = limited.cli("workflows", "follow", first, check=False)
    assert cancelled.returncode and "stopped by a person" in cancelled.stderr
    key = limited.cli("keys", "add", "events").stdout.split()[-1]
    follower = subprocess.Popen(limited.command("workflows", "follow", second), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert follower.stderr.readline() == "w waits for event 'go'\n"
    assert limited.post("/v1/workflow-events", {"event": "go"}, key=key).json() == {"woken": 1}
    stdout, _ = follower.communicate(timeout=30)
    assert follower.returncode == 0 and stdout.splitlines()[-1] == "gone" and stdout.startswith("done     w ")


def test_help_lists_every_command():
    text = run("help").stdout
    for name in ("serve", "add", "ls", "rm", "extract", "search", "ask", "workflows", "status", "doctor", "migrate", "db",
                 "backup", "restore", "models", "keys", "limits", "users", "config", "version"):
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


def test_a_search_without_a_server_waits_for_the_index(tmp_path):
    server = Server(tmp_path / "library", environment={"HOME": str(tmp_path)})  # no model: words are soon in
    book = tmp_path / "book.txt"
    book.write_text("".join(f"Chapter {n} tells of the heron number{n} by the pond.\n\n" * 12 for n in range(800)))
    server.cli("add", str(book), "--quiet")
    shutil.rmtree(tmp_path / "library" / "index", ignore_errors=True)
    assert "book.txt" in server.cli("search", "number799").stdout


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


@pytest.mark.parametrize("is_there", [False, True])
@pytest.mark.parametrize("words", [["keys", "ls"], ["ls"], ["search", "x"], ["tasks", "ls"], ["status"], ["db"], ["users", "rm", "x"]], ids="-".join)
def test_a_command_that_begins_no_library_refuses_a_folder_without_one(tmp_path, words, is_there):
    folder = tmp_path / "mistyped"
    if is_there:
        folder.mkdir()
    done = run(*words, "--data", folder)
    assert done.returncode == 4 and f"no library in {folder}" in done.stderr, (done.returncode, done.stderr)
    assert list(folder.iterdir()) == [] if is_there else not folder.exists()


def test_an_unreadable_folder_is_one_clear_sentence(tmp_path):
    done = run("serve", "--data", "/proc/nowhere", "--listen", "127.0.0.1:0")
    assert done.returncode != 0 and "/proc/nowhere" in done.stderr


def test_backup_and_restore_carry_the_library(fresh_server, tmp_path):
    fresh_server.add(("keep.txt", b"Keep this sentence about marmalade."))
    fresh_server.cli("backup", str(tmp_path / "copy.tar"))
    other = Server(tmp_path / "restored")
    other.cli("restore", str(tmp_path / "copy.tar"))
    assert "keep.txt" in other.cli("search", "marmalade").stdout


def test_a_deep_check_names_an_original_that_has_changed(fresh_server):
    fresh_server.add(("rowan.txt", b"Rowan berries are red."))
    assert "1 originals read, 0 damaged" in fresh_server.cli("db", "check", "--deep").stdout
    [original] = [p for p in (fresh_server.data / "blobs").rglob("*") if p.is_file() and len(p.name) == 62]
    original.write_bytes(b"Rowan berries are blue")
    done = fresh_server.cli("db", "check", "--deep", check=False)
    assert done.returncode != 0 and "damaged" in done.stdout and "rowan.txt" in done.stdout, done
    assert "lectern_integrity_damaged_originals 1" in fresh_server.call("GET", "/metrics").text
    assert fresh_server.cli("doctor", "--deep", check=False).stdout.count("BAD originals") == 1


def test_a_person_is_exported_and_erased_with_a_proof(fresh_server):
    fresh_server.cli("users", "add", "bert@example.org", "--name", "Bert", input="correct horse battery\n")
    assert json.loads(fresh_server.cli("users", "export", "bert@example.org").stdout)["account"]["name"] == "Bert"
    proof = fresh_server.cli("users", "erase", "bert@example.org").stdout.strip()
    assert json.loads(proof)["account_erased"] and "bert" not in proof
    admin = fresh_server.cli("keys", "add", "checks", "--role", "admin").stdout.split()[-1]
    for text, status in ((proof, 200), (proof.replace("erased-", "erased_"), 403)):
        done = fresh_server.call("POST", "/v1/users/erasure-proof", key=admin, data=text)
        assert done.status_code == status, done.text
    assert "bert@example.org" not in fresh_server.cli("users", "ls").stdout
    listed = fresh_server.cli("users", "erasures").stdout.split()
    assert listed[1:3] == ["done", "ended"] and len(listed) == 4, listed


def test_config_example_and_version_print():
    assert "#listen" in run("config", "--example").stdout
    assert run("version").stdout.startswith("lectern 0.1")


def test_tables_are_not_changed_under_a_running_server(fresh_server, tmp_path):
    for words in (["migrate", "status"], ["migrate", "down", "0"], ["restore", "x.tar"]):
        done = fresh_server.cli(*words, check=False)
        assert done.returncode == 5 and "in use" in done.stderr, (words, done.stderr)


def test_an_older_database_is_brought_up_beside_a_copy(tmp_path):
    server = Server(tmp_path / "library")
    server.cli("keys", "add", "first")
    newest = json.loads(server.cli("migrate", "--json").stdout)["newest"]
    server.cli("migrate", "down", str(newest - 1))
    server.cli("ls")
    assert json.loads(server.cli("migrate", "--json").stdout)["applied"] == newest
    copies = [p for p in server.data.iterdir() if ".before-" in p.name]
    assert len(copies) == 1 and copies[0].stat().st_mode & 0o077 == 0


def test_a_database_of_a_newer_program_is_refused(tmp_path):
    server = Server(tmp_path / "library")
    server.cli("keys", "add", "first")
    with sqlite3.connect(server.data / "lectern.db") as db:
        db.execute("UPDATE schema_version SET oldest_program = '99.0.0'")
    done = server.cli("ls", check=False)
    assert done.returncode != 0 and len(done.stderr.strip().splitlines()) == 1 and "newer" in done.stderr, done.stderr


def test_a_backup_is_private_and_a_damaged_one_restores_nothing(fresh_server, tmp_path):
    fresh_server.add(("keep.txt", b"Keep this sentence about quince jelly."))
    copy = tmp_path / "copy.tar"
    fresh_server.cli("backup", str(copy))
    assert copy.stat().st_mode & 0o077 == 0
    assert fresh_server.cli("backup", str(copy), check=False).returncode == 5
    whole = copy.read_bytes()
    at = whole.index(b"quince jelly")
    for number, damaged in enumerate((whole.replace(b"Keep this sentence about quince", b"Lose this sentence about quince"),
                                      whole[:at - 200], b"not a tar at all" * 1000, b"")):
        broken = tmp_path / f"broken{number}.tar"
        broken.write_bytes(damaged)
        target = Server(tmp_path / f"restored{number}")
        done = target.cli("restore", str(broken), check=False)
        assert done.returncode != 0 and len(done.stderr.strip().splitlines()) == 1, done
        assert not target.data.exists()
        assert number != 1 or "cut off or damaged; take another copy" in done.stderr


def test_a_restore_that_fails_leaves_a_folder_as_it_was(fresh_server, tmp_path):
    fresh_server.add(("keep.txt", b"Keep this sentence about quince jelly."))
    fresh_server.cli("backup", str(tmp_path / "copy.tar"))
    whole = (tmp_path / "copy.tar").read_bytes()
    (tmp_path / "torn.tar").write_bytes(whole[:-2048])
    target = Server(tmp_path / "restored")
    target.data.mkdir()
    (target.data / "lectern.conf").write_text("trash_days = 4\n")
    (target.data / "blobs").mkdir()
    (target.data / "blobs" / "mine").write_text("mine")
    assert target.cli("restore", str(tmp_path / "torn.tar"), check=False).returncode
    assert sorted(f.name for f in target.data.iterdir()) == ["blobs", "lectern.conf"]
    assert (target.data / "blobs" / "mine").read_text() == "mine"
    (target.data / "blobs" / "mine").unlink()
    target.cli("restore", str(tmp_path / "copy.tar"))
    assert target.cli("ls").stdout.count("keep.txt") == 1


@pytest.mark.parametrize("name", ["../escape.txt", "/tmp/lectern-escape.txt", "blobs/../../x", "blobs/w/" + "A" * 64,
                                  "blobs/..//" + "a" * 64, "lectern.db/x", "blobs/w/" + "a" * 64 + "/x"])
def test_a_hostile_backup_writes_nothing_elsewhere(tmp_path, name):
    with tarfile.open(tmp_path / "evil.tar", "w") as tar:
        member = tarfile.TarInfo(name)
        member.size = 4
        tar.addfile(member, io.BytesIO(b"evil"))
    done = run("restore", tmp_path / "evil.tar", "--data", tmp_path / "in" / "library")
    assert done.returncode == 2 and "does not belong" in done.stderr, done.stderr
    assert not list(tmp_path.rglob("*escape*")) and not Path("/tmp/lectern-escape.txt").exists()


def test_links_in_a_backup_are_refused(tmp_path):
    with tarfile.open(tmp_path / "evil.tar", "w") as tar:
        link = tarfile.TarInfo("lectern.db")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        tar.addfile(link)
    assert run("restore", tmp_path / "evil.tar", "--data", tmp_path / "library").returncode == 2


def test_files_never_leave_this_machine_by_ask(tmp_path):
    note = tmp_path / "secret.txt"
    note.write_text("The code is 1234.\n")
    done = run("ask", "What is the code?", note, "--server", "http://127.0.0.1:9")
    assert done.returncode == 2 and "--server" in done.stderr


def test_names_and_texts_cannot_move_the_cursor(tmp_path):
    evil = tmp_path / "evil\x1b[2J.txt"
    evil.write_bytes(b"MZ\x90\x00" * 600)
    server = Server(tmp_path / "library")
    done = server.cli("add", str(evil), check=False)
    assert done.returncode != 0 and "\x1b" not in done.stderr + done.stdout
    assert "\x1b" not in run("rm", "no\x1b[2Jsuch", "--data", server.data).stderr


def test_a_full_disk_is_no_success():
    with open("/dev/full", "w") as full:
        for words in (["help"], ["config"], ["version"], ["extract", str(SAMPLES / "notes.md")]):
            done = subprocess.run([str(PROGRAM), *words], stdout=full, stderr=subprocess.PIPE, timeout=60)
            assert done.returncode in (7, 74), (words, done)


def test_settings_come_from_file_environment_and_flags(tmp_path):
    file = tmp_path / "lectern.conf"
    file.write_text("# a comment\ntrash_days = 3\nchunk-size = 900\n")

    def settings(*words, **environment):
        done = run("config", "--json", *words, env={**os.environ, **environment})
        return json.loads(done.stdout) if done.returncode == 0 else done
    assert settings()["trash_days"] == "30"
    assert settings("--config", file)["trash_days"] == "3"
    assert settings("--config", file, LECTERN_TRASH_DAYS="4")["trash_days"] == "4"
    assert settings("--config", file, "--trash-days", "5", LECTERN_TRASH_DAYS="4")["trash_days"] == "5"
    assert settings(*["--trash-days", "5"] * 40)["trash_days"] == "5"
    assert settings(LECTERN_TRASH_DAYS="")["trash_days"] == "30"
    assert settings(LECTERN_PROVIDER_KEY="sk-secret")["provider_key"] == "(set)"
    for words, environment, says in ((["--chunk-overlap", "2000"], {}, "chunk_overlap"),
                                     ([], {"LECTERN_TRASH_DAYS": "many"}, "LECTERN_TRASH_DAYS"),
                                     (["--log-format", "xml"], {}, "log_format"),
                                     (["--config", "/no/such"], {}, "/no/such")):
        done = settings(*words, **environment)
        assert done.returncode in (2, 4) and says in done.stderr and len(done.stderr.splitlines()) == 1, done


def test_a_far_server_takes_a_key(fresh_server):
    def far(*words, **environment):
        return run(*words, "--server", fresh_server.url, env={**os.environ, **environment})
    assert far("ls", "--key", fresh_server.key).returncode == 0
    assert far("ls", LECTERN_KEY=fresh_server.key).returncode == 0
    assert far("ls").returncode == 6 and far("ls", "--key", "lk_wrong").returncode == 6
    assert run("ls", "--server", "http://127.0.0.1:9").returncode == 7


@pytest.mark.parametrize("words", [["ls"], ["status"], ["doctor"], ["keys", "ls"], ["users", "ls"], ["workflows", "executions"], ["db"], ["db", "check"],
                                   ["search", "words"], ["ask", "What is this?"], ["config"], ["version"]])
def test_every_command_prints_json(fresh_server, words):
    json.loads(fresh_server.cli(*words, "--json", check=False).stdout)


def test_the_manual_is_correct():
    if not shutil.which("groff"):
        pytest.skip("needs groff")
    done = subprocess.run(["groff", "-mandoc", "-Tutf8", "-ww"], input=run("--manual").stdout, capture_output=True, text=True)
    assert done.returncode == 0 and done.stderr == "", done.stderr
    plain = re.sub(".\b", "", done.stdout)
    for part in ("EXIT STATUS", "serve", "LECTERN_NAME", "chunk_size"):
        assert part in plain


def test_a_command_beside_whose_work_a_job_hangs_prints_its_result_all_the_same(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as silent:  # a mail server that never says a word
        server = Server(tmp_path / "library", environment={"LECTERN_SMTP_URL": f"smtp+plain://127.0.0.1:{silent.getsockname()[1]}",
                                                           "LECTERN_SMTP_FROM": "us@example.org", "LECTERN_STOP_GRACE": "0"})
        server.cli("users", "add", "ann@example.org", "--role", "owner", input="correct horse battery\n")
        server.start()
        server.key = server.cli("keys", "add", "ann", "--role", "owner").stdout.split()[-1]
        assert server.post("/v1/notices/test").json()["has_mail_server"]
        wait_until(lambda: [job for job in server.get("/v1/jobs").json()["items"] if job["type"] == "notify_mail" and job["state"] == "running"])
        server.kill()
        note = tmp_path / "note.txt"
        note.write_text("The pump runs.")
        done = server.cli("add", str(note), "--json")
    assert "did not end in time" in done.stderr, "nothing hung"
    assert [one["name"] for one in json.loads(done.stdout)] == ["note.txt"], done.stdout
