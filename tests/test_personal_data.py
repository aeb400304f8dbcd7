"""Of oneself: what is kept, and its erasure, whose proof opens without an account."""
import json

import requests
from conftest import Server, wait_until
from tenant_world import Person
from test_erase import files_with

PASSWORD = "correct horse battery"


def people_of(server):
    workspace = json.loads(server.cli("workspaces", "ls", "--json").stdout)["items"][0]["id"]
    return Person(server, "zoe", "owner", workspace), Person(server, "quillwort", "editor", workspace)


def proofs(server, token):
    return requests.post(f"{server.url}/v1/erasure-proofs", json={"token": token})


def test_whoever_deletes_their_account_gets_the_proof_and_is_in_no_file(tmp_path, database_kind, request):
    database = request.getfixturevalue("postgres").new_database() if database_kind == "postgresql" else ""
    server = Server(tmp_path / "library", database, environment={"LECTERN_ERASURE_DAYS": "0"}).start()
    try:
        owner, leaver = people_of(server)
        leaver.made("/v1/ask", {"question": "Who knows the brindlemoss?"})
        kept = leaver.session.get(server.url + "/v1/session/data").json()
        assert kept["account"]["email"] == leaver.email and kept["passkeys"] == [] and kept["identities"] == []
        assert any("brindlemoss" in json.dumps(row) for row in kept["tables"]["messages"])
        assert "passkeys" not in owner.get(f"/v1/users/{leaver.id}/data"), "what is of the account is for its person alone"

        asked = leaver.session.post(server.url + "/v1/session/erasure", json={"password": PASSWORD})
        assert asked.status_code == 202, asked.text
        token = asked.json()["proof_token"]
        assert len(token.removeprefix("erasure_")) == 43, "256 bits"
        assert "proof_token" not in owner.get("/v1/erasures")["items"][0]
        done = wait_until(lambda: [one for one in proofs(server, token).json()["items"] if one["proof"]])
        assert leaver.session.get(server.url + "/v1/session/data").status_code == 401
        shown = owner.get("/v1/erasures")["items"][0]
        assert done[0]["proof"] == owner.call("GET", f"/v1/erasures/{shown['id']}/proof")[1]
        assert owner.call("POST", "/v1/users/erasure-proof", done[0]["proof"], {"Content-Type": "text/plain"})[0] == 200
        assert json.loads(done[0]["proof"])["account_erased"] is True
        if not database:
            wait_until(lambda: not files_with(server.data, [leaver.email.encode(), b"brindlemoss"]))
        assert proofs(server, token[:-1]).status_code == 403 and proofs(server, "").status_code in (400, 403, 422)
        tried = [proofs(server, f"erasure_{n}").status_code for n in range(40)]
        assert tried[0] == 403 and tried[-1] == 429
    finally:
        server.stop()
