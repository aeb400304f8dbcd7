"""A proof of an erasure is checked by whoever has the server's public key, without the server."""
import json
import re
import subprocess
import sys

import pytest

from conftest import PROGRAM, ROOT

SECTION = (ROOT / "docs/operations.md").read_text().split("### Checking a proof without its server\n")[1].split("\n## ")[0]


def block(language, has):
    [found] = [text for text in re.findall(rf"^```{language}\n(.*?)^```$", SECTION, re.M | re.S) if has in text]
    return found


@pytest.fixture
def proof(fresh_server, tmp_path):
    """The folder with a proof and the keys of its server, which does not run any more."""
    fresh_server.cli("users", "add", "bert@example.org", input="correct horse battery\n")
    text = fresh_server.cli("users", "erase", "bert@example.org").stdout
    answer = fresh_server.call("GET", "/v1/erasure-proofs/keys", key=None)
    assert answer.status_code == 200, answer.text
    (tmp_path / "erasure-proof.json").write_text(text)
    (tmp_path / "keys.json").write_text(answer.text)
    fresh_server.stop()
    return tmp_path


def verify(folder, *words):
    return subprocess.run([str(PROGRAM), "verify", "erasure-proof.json", *words], cwd=folder, capture_output=True, text=True, timeout=60)


def change(folder):
    path = folder / "erasure-proof.json"
    text = path.read_text()
    path.write_text(text.replace('"account_erased":true', '"account_erased":false'))
    assert path.read_text() != text


def test_the_program_verifies_a_proof_without_its_server(proof):
    done = verify(proof, "--keys", "keys.json", "--json")
    key = json.loads((proof / "keys.json").read_text())["keys"][0]
    said = json.loads((proof / "erasure-proof.json").read_text())
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {"is_signed": True, "is_of_keys": True, "key_id": key["kid"], "public_key": key["x"]}
    assert (said["algorithm"], said["key_id"], said["public_key"]) == ("Ed25519", key["kid"], key["x"])
    assert "only --keys tells" in verify(proof).stderr
    key["x"] = key["x"][::-1]
    (proof / "keys.json").write_text(json.dumps({"keys": [key]}))
    done = verify(proof, "--keys", "keys.json")
    assert done.returncode == 6 and "none of those" in done.stderr
    change(proof)
    done = verify(proof)
    assert done.returncode == 6 and "not as signed" in done.stderr


def test_the_lines_of_the_manual_verify_it_by_hand(proof):
    for language, has, start in (("sh", "openssl", ["bash", "-e", "-c"]), ("python", "Ed25519PublicKey", [sys.executable, "-c"])):
        run = lambda: subprocess.run([*start, block(language, has)], cwd=proof, capture_output=True, text=True, timeout=60)
        done = run()
        assert done.returncode == 0, (language, done.stdout, done.stderr)
        text = (proof / "erasure-proof.json").read_text()
        change(proof)
        assert run().returncode != 0, language
        (proof / "erasure-proof.json").write_text(text)
