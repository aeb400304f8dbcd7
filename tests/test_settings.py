"""Settings by the names of earlier systems, and the production profile, in a running server."""
import json
import os
import signal
import subprocess

import pytest

from conftest import PROGRAM, SAMPLES, Server, needs_shared, wait_until

ROWS = {"APP_NAME": "Our papers", "DEBUG": "false", "REDIS_URL": "redis://localhost", "LOG_LEVEL": "INFO", "LOG_FORMAT": "text",
        "CORS_ORIGINS": '["https://app.example.org"]', "ALLOWED_FILE_TYPES": "text/plain,application/pdf", "MAX_FILE_SIZE": "100000"}
SITE = {"Origin": "https://app.example.org"}


@pytest.fixture(scope="module")
def strict(tmp_path_factory):
    folder = tmp_path_factory.mktemp("strict")
    server = Server(folder / "library", environment={**ROWS, "UPLOAD_DIR": str(folder / "uploads")}).start()
    server.new_key()
    yield server
    server.stop()


def test_every_setting_of_the_seeds_is_in_the_list_or_another_part_reads_it(record_property):
    rows = (needs_shared("seeds") / "SETTINGS.tsv").read_text().splitlines()[1:]
    known = (PROGRAM.parent.parent / "src/cli/foreign_settings.def").read_text()
    missing = {row.split("\t")[1] for row in rows if f" {row.split(chr(9))[1]}," not in known}
    assert not missing
    record_property("settings of SETTINGS.tsv", len(rows))


@pytest.mark.parametrize("path", ["/docs", "/openapi.json", "/asyncapi.json"])
def test_the_production_profile_hides_the_description_of_the_api(strict, path):
    answer = strict.get(path)
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not_found")


def test_the_server_calls_itself_by_the_name_it_is_given(strict):
    root = strict.get("/", headers={"Accept": "application/json"}).json()
    assert root["name"] == "Our papers" and "docs" not in root["links"]
    assert strict.get("/v1/session").json()["server"]["name"] == "Our papers"


@pytest.mark.parametrize("name,content,status", [
    ("a.txt", b"plain words", 202), ("paper.png", (SAMPLES / "report.pdf").read_bytes(), 202),
    ("picture.txt", (SAMPLES / "minutes.png").read_bytes(), 415), ("page.html", b"<!doctype html><title>t</title><p>x", 415)])
def test_kinds_of_files_are_refused_by_their_content(strict, name, content, status):
    answer = strict.call("POST", "/v1/documents", files={"file": (name, content)})
    assert answer.status_code == status, answer.text
    assert status == 202 or "allowed_types" in answer.text


def test_originals_lie_in_the_folder_of_the_settings_and_a_large_file_is_refused(strict):
    strict.add(("kept.txt", b"kept words"))
    folder = strict.data.parent / "uploads"
    assert any(f.is_file() and f.read_bytes() == b"kept words" for f in folder.rglob("*"))
    assert not (strict.data / "blobs").exists()
    assert strict.call("POST", "/v1/documents", files={"file": ("large.txt", b"x" * 200_000)}).status_code == 413


def test_a_page_of_a_named_site_may_call_with_a_key_and_others_may_not(strict):
    asked = strict.call("OPTIONS", "/v1/documents", headers={**SITE, "Access-Control-Request-Method": "POST",
                                                             "Access-Control-Request-Headers": "authorization"})
    assert asked.status_code == 204 and asked.headers["Access-Control-Allow-Headers"] == "authorization"
    for path in ("/v1/documents", "/v1/none"):
        answer = strict.get(path, headers=SITE)
        assert answer.headers["Access-Control-Allow-Origin"] == SITE["Origin"] and "Origin" in answer.headers["Vary"]
        assert "Access-Control-Allow-Credentials" not in answer.headers
    for origin in ("https://other.example.org", "http://localhost:5173", "null", "https://app.example.org.evil.example"):
        other = strict.get("/v1/documents", headers={"Origin": origin})
        assert "Access-Control-Allow-Origin" not in other.headers
        asked = strict.call("OPTIONS", "/v1/documents", headers={"Origin": origin, "Access-Control-Request-Method": "POST"})
        assert asked.status_code == 405


def test_everything_is_logged_while_it_is_asked_for(strict):
    strict.process.send_signal(signal.SIGUSR1)
    wait_until(lambda: "everything is logged" in strict.log.read_text())
    strict.get("/v1/none-while-all-is-logged")
    wait_until(lambda: "/v1/none-while-all-is-logged 404" in strict.log.read_text())
    strict.process.send_signal(signal.SIGUSR1)
    wait_until(lambda: "what the settings say" in strict.log.read_text())
    strict.get("/v1/none-afterwards")
    assert "none-afterwards" not in strict.log.read_text() and strict.key not in strict.log.read_text()


def test_what_has_no_effect_is_said_once(strict):
    assert strict.log.read_text().count("REDIS_URL: no effect") == 1


def test_a_server_reads_env_files_of_its_folder_and_says_everything_that_is_wrong(tmp_path):
    (tmp_path / ".env").write_text("APP_NAME='Ours'\nTRASH=1\nLECTERN_TRASH_DAYS=many\nAPI_PORT=99999\n")
    (tmp_path / ".env").chmod(0o600)
    done = subprocess.run([PROGRAM, "config"], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode and ".env, line 3" in done.stderr and "API_PORT" in done.stderr
    (tmp_path / ".env").write_text("APP_NAME='Ours'\n")
    assert "Ours" in subprocess.run([PROGRAM, "config"], cwd=tmp_path, capture_output=True, text=True, check=True).stdout


def test_a_value_may_be_in_a_file_of_its_own_and_it_is_told_where_each_comes_from(tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("s3cret-in-a-file\n")
    file = tmp_path / "lectern.conf"
    file.write_text(f"app_name = Ours\nmetrics_token_file = {secret}\ntrash_days = 3\n")
    (tmp_path / "url").write_text("postgresql://lectern@db/x\n")
    run = lambda *words, **more: subprocess.run([PROGRAM, "config", "--config", file, *words], cwd=tmp_path, capture_output=True, text=True,
                                                env={**os.environ, "LECTERN_DATABASE_FILE": str(tmp_path / "url"), "LECTERN_TRASH_DAYS": "4", **more})
    said = json.loads(run("--origin", "--json", "--chunk-size", "900").stdout)
    assert said["metrics_token"] == {"value": "(set)", "origin": f"{file}, line 2, by {secret}"}
    assert said["database"] == {"value": "postgresql://lectern@db/x", "origin": f"LECTERN_DATABASE_FILE, by {tmp_path / 'url'}"}
    assert said["trash_days"] == {"value": "4", "origin": "LECTERN_TRASH_DAYS"} and said["chunk_size"]["origin"] == "command line"
    assert said["listen"]["origin"] == "default" and said["app_name"]["origin"] == f"{file}, line 1"
    assert "s3cret" not in run("--origin").stdout
    missing = run(LECTERN_METRICS_TOKEN_FILE="/nowhere/secret")
    assert missing.returncode and "LECTERN_METRICS_TOKEN_FILE" in missing.stderr and "/nowhere/secret" in missing.stderr
