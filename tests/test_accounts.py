"""Accounts, sessions, keys, roles and the walls between workspaces."""
import csv
import io
import json
import re
import time

import requests

from conftest import code_of, Server

PASSWORD = "correct horse battery"


def sign_up(server):
    browser = requests.Session()
    session = browser.get(f"{server.url}/v1/session").json()
    assert session["setup_needed"] and session["user"] is None
    made = browser.post(f"{server.url}/v1/setup",
                        json={"email": "ada@example.org", "name": "Ada", "password": PASSWORD})
    assert made.status_code == 201, made.text
    browser.headers["X-CSRF-Token"] = made.json()["csrf"]
    return browser


def test_the_first_account_is_the_owner_and_there_is_only_one_first(fresh_server):
    browser = sign_up(fresh_server)
    session = browser.get(f"{fresh_server.url}/v1/session").json()
    assert session["user"]["role"] == "owner" and not session["setup_needed"]
    again = requests.post(f"{fresh_server.url}/v1/setup",
                          json={"email": "eve@example.org", "name": "Eve", "password": PASSWORD})
    assert again.status_code == 409
    cookie = next(c for c in browser.cookies if c.name == "lectern_session")
    assert cookie.has_nonstandard_attr("HttpOnly") and cookie.get_nonstandard_attr("SameSite") == "Strict"


def test_a_cookie_without_its_csrf_token_changes_nothing(fresh_server):
    browser = sign_up(fresh_server)
    del browser.headers["X-CSRF-Token"]
    assert browser.post(f"{fresh_server.url}/v1/collections", json={"name": "x"}).status_code == 403
    assert browser.get(f"{fresh_server.url}/v1/collections").status_code == 200


def test_sign_in_and_out(fresh_server):
    browser = sign_up(fresh_server)
    assert browser.delete(f"{fresh_server.url}/v1/session").status_code == 204
    assert browser.get(f"{fresh_server.url}/v1/documents").status_code == 401
    for email, password in (("ada@example.org", "wrong password"), ("nobody@example.org", PASSWORD)):
        assert browser.post(f"{fresh_server.url}/v1/session",
                            json={"email": email, "password": password}).status_code == 401
    assert browser.post(f"{fresh_server.url}/v1/session",
                        json={"email": "ada@example.org", "password": PASSWORD}).status_code == 200


def test_a_person_sees_where_they_are_signed_in_and_signs_out_there(fresh_server):
    here = sign_up(fresh_server)
    there = requests.Session()
    assert there.post(f"{fresh_server.url}/v1/session", json={"email": "ada@example.org", "password": PASSWORD},
                      headers={"User-Agent": "a telephone"}).status_code == 200
    listed = here.get(f"{fresh_server.url}/v1/sessions").json()["items"]
    assert [(s["current"], s["user_agent"] == "a telephone") for s in listed] == [(False, True), (True, False)]
    assert here.delete(f"{fresh_server.url}/v1/sessions/{listed[0]['id']}").status_code == 204
    assert there.get(f"{fresh_server.url}/v1/documents").status_code == 401
    assert here.get(f"{fresh_server.url}/v1/sessions").json()["total"] == 1
    # And it stands in the log, which comes as a file too.
    lines = here.get(f"{fresh_server.url}/v1/audit/export").text.splitlines()
    assert json.loads(lines[0])["action"] == "session.end" and len(lines) >= 4
    table = list(csv.DictReader(io.StringIO(here.get(f"{fresh_server.url}/v1/audit/export?format=csv&action=user.login").text)))
    assert len(table) == 2 and table[0]["subject"] == listed[0]["user"]
    assert here.get(f"{fresh_server.url}/v1/audit/export?format=xml").status_code == 400


def test_keys_are_shown_once_and_can_be_revoked(fresh_server):
    browser = sign_up(fresh_server)
    made = browser.post(f"{fresh_server.url}/v1/keys", json={"name": "robot", "role": "reader"}).json()
    listed = browser.get(f"{fresh_server.url}/v1/keys")
    assert made["key"] not in listed.text
    assert [one["collections"] for one in listed.json()["items"] if one["id"] == made["id"]] == [[]]
    assert fresh_server.get("/v1/documents", key=made["key"]).status_code == 200
    assert fresh_server.post("/v1/collections", {"name": "x"}, key=made["key"]).status_code == 403
    assert browser.delete(f"{fresh_server.url}/v1/keys/{made['id']}").status_code == 204
    assert fresh_server.get("/v1/documents", key=made["key"]).status_code == 401


def test_roles_allow_what_they_say(fresh_server):
    owner = sign_up(fresh_server)
    for role, may_write, may_manage in (("reader", False, False), ("editor", True, False), ("admin", True, True)):
        made = owner.post(f"{fresh_server.url}/v1/users", json={
            "email": f"{role}@example.org", "name": role, "password": PASSWORD, "role": role})
        assert made.status_code == 201, made.text
        person = requests.Session()
        session = person.post(f"{fresh_server.url}/v1/session",
                              json={"email": f"{role}@example.org", "password": PASSWORD}).json()
        person.headers["X-CSRF-Token"] = session["csrf"]
        wrote = person.post(f"{fresh_server.url}/v1/collections", json={"name": f"of {role}"})
        assert (wrote.status_code == 201) == may_write, wrote.text
        assert (person.get(f"{fresh_server.url}/v1/users").status_code == 200) == may_manage


def test_weak_passwords_and_bad_addresses_are_refused(fresh_server):
    for field, body in (("password", {"email": "a@b.org", "name": "A", "password": "short"}),
                        ("email", {"email": "no-address", "name": "A", "password": PASSWORD})):
        answer = requests.post(f"{fresh_server.url}/v1/setup", json=body)
        assert answer.status_code == 400 and answer.json()["error"]["field"] == field


def test_a_wrong_key_is_401_and_never_logged(fresh_server):
    secret = "lk_thisisnotakeybutasecret"
    assert fresh_server.get("/v1/documents", key=secret).status_code == 401
    assert secret not in fresh_server.log.read_text()
    assert fresh_server.key not in fresh_server.log.read_text()


def test_pages_of_other_sites_can_neither_set_up_nor_sign_in(fresh_server):
    body = {"email": "eve@example.org", "name": "Eve", "password": PASSWORD}
    for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"},
                    {"Origin": "null"}, {"Host": "evil.example:8000"},
                    {"Host": "evil.example", "Origin": "http://evil.example"}):
        answer = requests.post(f"{fresh_server.url}/v1/setup", json=body, headers=headers)
        assert answer.status_code == 403, (headers, answer.text)
    sign_up(fresh_server)
    for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}):
        answer = requests.post(f"{fresh_server.url}/v1/session", headers=headers,
                               json={"email": "ada@example.org", "password": PASSWORD})
        assert answer.status_code == 403, (headers, answer.text)


def test_guessing_is_slowed_down(fresh_server):
    sign_up(fresh_server)
    seen = [requests.post(f"{fresh_server.url}/v1/session",
                          json={"email": "ada@example.org", "password": f"guess number {i}"}).status_code
            for i in range(8)]
    assert seen[:5] == [401] * 5 and 429 in seen[5:], seen
    sign_in_again = lambda: requests.post(f"{fresh_server.url}/v1/session", json={"email": "ada@example.org", "password": PASSWORD})
    right = sign_in_again()
    assert right.status_code == 429 and "seconds" in right.json()["error"]["message"]
    assert 1 <= int(right.headers["Retry-After"]) <= int(re.search(r"(\d+) seconds", right.json()["error"]["message"])[1])
    time.sleep(int(right.headers["Retry-After"]))
    assert sign_in_again().status_code == 200, "who waits as long as they are told is let in"


def test_a_set_up_token_is_needed_away_from_this_machine(tmp_path):
    server = Server(tmp_path / "library")
    server.arguments = ["--listen", f"0.0.0.0:{server.port}"]
    server.start()
    try:
        assert requests.get(f"{server.url}/v1/session").json()["setup_token_needed"] is True
        body = {"email": "ada@example.org", "name": "Ada", "password": PASSWORD}
        refused = requests.post(f"{server.url}/v1/setup", json=body)
        assert refused.status_code == 400 and refused.json()["error"]["field"] == "token"
        token = re.search(r"set-up token for the first account is (\S+)", server.log.read_text()).group(1)
        assert requests.post(f"{server.url}/v1/setup", json={**body, "token": token}).status_code == 201
    finally:
        server.stop()


def test_a_key_of_nobody_sees_and_revokes_only_itself(fresh_server):
    mine = fresh_server.cli("keys", "add", "mine", "--role", "reader").stdout.split()[-1]
    listed = fresh_server.get("/v1/keys", key=mine).json()["items"]
    assert [k["name"] for k in listed] == ["mine"]
    admin = fresh_server.cli("keys", "add", "boss", "--role", "admin").stdout.split()[-1]
    others = [k for k in fresh_server.get("/v1/keys", key=admin).json()["items"] if k["name"] != "mine"]
    assert len(others) >= 2
    for key in others:
        assert fresh_server.call("DELETE", f"/v1/keys/{key['id']}", key=mine).status_code == 404
    assert fresh_server.call("DELETE", f"/v1/keys/{listed[0]['id']}", key=mine).status_code == 204


def test_the_last_owner_stays_and_a_demoted_person_s_key_ends(fresh_server):
    owner = sign_up(fresh_server)
    me = owner.get(f"{fresh_server.url}/v1/session").json()["user"]["id"]
    assert owner.patch(f"{fresh_server.url}/v1/users/{me}", json={"role": "reader"}).status_code == 409
    assert owner.patch(f"{fresh_server.url}/v1/users/{me}", json={"disabled": True}).status_code == 409
    added = owner.post(f"{fresh_server.url}/v1/users", json={
        "email": "bo@example.org", "name": "Bo", "password": PASSWORD, "role": "admin"}).json()
    bo = requests.Session()
    bo.headers["X-CSRF-Token"] = bo.post(f"{fresh_server.url}/v1/session", json={
        "email": "bo@example.org", "password": PASSWORD}).json()["csrf"]
    key = bo.post(f"{fresh_server.url}/v1/keys", json={"name": "bo"}).json()["key"]
    assert bo.patch(f"{fresh_server.url}/v1/users/{me}", json={"name": "x"}).status_code == 403
    assert bo.post(f"{fresh_server.url}/v1/users", json={
        "email": "c@example.org", "name": "C", "password": PASSWORD, "role": "owner"}).status_code == 403
    assert fresh_server.get("/v1/users", key=key).status_code == 200
    assert owner.patch(f"{fresh_server.url}/v1/users/{added['id']}", json={"role": "reader"}).status_code == 204
    assert fresh_server.get("/v1/users", key=key).status_code == 401
    assert bo.get(f"{fresh_server.url}/v1/users").status_code == 403
    assert owner.patch(f"{fresh_server.url}/v1/users/{added['id']}", json={"disabled": True}).status_code == 204
    assert bo.get(f"{fresh_server.url}/v1/documents").status_code == 401


def test_a_new_password_ends_other_sessions(fresh_server):
    here = sign_up(fresh_server)
    there = requests.Session()
    there.post(f"{fresh_server.url}/v1/session", json={"email": "ada@example.org", "password": PASSWORD})
    assert there.get(f"{fresh_server.url}/v1/documents").status_code == 200
    change = f"{fresh_server.url}/v1/session/password"
    wrong = here.post(change, json={"old": "not it at all", "new": "another good password"})
    assert wrong.status_code == 400 and wrong.json()["error"]["field"] == "old"
    assert here.post(change, json={"old": PASSWORD, "new": "another good password"}).status_code == 204
    assert here.get(f"{fresh_server.url}/v1/documents").status_code == 200
    assert there.get(f"{fresh_server.url}/v1/documents").status_code == 401


def test_odd_headers_are_no_failure(fresh_server):
    sign_up(fresh_server)
    answer = requests.post(f"{fresh_server.url}/v1/session", headers={"User-Agent": b"\xff\xfe odd \x80"},
                           json={"email": "ada@example.org", "password": PASSWORD})
    assert answer.status_code < 500
    for header in ("Authorization", "X-Api-Key", "Cookie"):
        assert requests.get(f"{fresh_server.url}/v1/documents", headers={header: b"Bearer \xff\xfe"}).status_code in (400, 401)
    bad = fresh_server.get("/v1/documents", headers={"X-Lectern-Workspace": "somebody-else"})
    assert bad.status_code == 200  # only the owner's socket chooses a workspace


def test_a_lost_second_factor_is_reset_on_the_servers_machine(fresh_server):
    browser = sign_up(fresh_server)
    begun = browser.post(f"{fresh_server.url}/v1/session/second_factor", json={"password": PASSWORD}).json()
    assert begun["uri"].startswith("otpauth://totp/Lectern:ada%40example.org?secret=" + begun["secret"]) and begun["qr"].startswith("<svg")
    code = code_of(begun["secret"])
    made = browser.post(f"{fresh_server.url}/v1/session/second_factor/confirm", json={"code": code})
    assert made.status_code == 200 and len(made.json()["recovery_codes"]) == 10
    sign_in = {"email": "ada@example.org", "password": PASSWORD}
    half = requests.post(f"{fresh_server.url}/v1/session", json=sign_in)
    assert half.status_code == 200 and half.json()["user"] is None and "Set-Cookie" not in half.headers
    # The half that is there opens nothing, as a cookie or as a key, and the code that confirmed it is used.
    token = half.json()["second_factor"]["token"]
    assert requests.get(f"{fresh_server.url}/v1/documents", cookies={"lectern_session": token}).status_code == 401
    assert fresh_server.get("/v1/documents", key=token).status_code == 401
    again = requests.post(f"{fresh_server.url}/v1/session/code", json={"token": token, "code": code})
    assert again.status_code == 400 and again.json()["error"]["field"] == "code"
    assert fresh_server.cli("users", "reset-factor", "ada@example.org").returncode == 0
    assert requests.post(f"{fresh_server.url}/v1/session", json=sign_in).json()["user"]["email"] == "ada@example.org"
    assert browser.get(f"{fresh_server.url}/v1/documents").status_code == 401


def test_people_are_named_by_their_mail_address(fresh_server):
    browser = sign_up(fresh_server)
    for address in ("bo@example.org", "cy+lists@example.org"):
        person = {"email": address, "name": "Bo", "password": PASSWORD}
        assert browser.post(f"{fresh_server.url}/v1/users", json=person).status_code == 201
    assert fresh_server.cli("users", "rm", "bo@example.org").returncode == 0
    assert browser.delete(f"{fresh_server.url}/v1/users/cy+lists@example.org").status_code == 204
    for path in ("a%40", "%40b", "a%40b%40c", "a%2Fb%40c"):
        assert browser.delete(f"{fresh_server.url}/v1/users/{path}").status_code == 404
    assert browser.get(f"{fresh_server.url}/v1/users").json()["total"] == 1


def test_a_key_without_the_scope_is_refused_by_every_route(fresh_server):
    """Keys with all scopes but one, as owner: each route that asks for it answers 403, whatever else it would say."""
    browser = sign_up(fresh_server)
    every = ["read", "write", "ask", "models", "admin", "scim"]
    keys = {without: browser.post(f"{fresh_server.url}/v1/keys", json={"name": without, "scopes": [s for s in every if s != without]}).json()["key"]
            for without in every}
    described = fresh_server.get("/openapi.json", key=None).json()["paths"]
    asked = requests.Session()
    refused = 0
    for path, methods in described.items():
        for method, operation in methods.items():
            for scope in operation.get("x-scopes", "").split():
                url = fresh_server.url + re.sub(r"\{\w+\}", "x", path)
                answer = asked.request(method.upper(), url, headers={"Authorization": f"Bearer {keys[scope]}"}, timeout=10,
                                       json={} if "requestBody" in operation else None)
                assert answer.status_code == 403 and f"scope {scope}" in answer.text, (method, path, scope, answer.status_code, answer.text[:200])
                refused += 1
    assert refused > 400
    made = browser.post(f"{fresh_server.url}/v1/keys", json={"name": "r", "role": "reader", "scopes": ["read"]}).json()
    assert made["scopes"] == ["read"] and fresh_server.get("/v1/documents", key=made["key"]).status_code == 200
    assert browser.post(f"{fresh_server.url}/v1/keys", json={"name": "r", "scopes": ["root"]}).json()["error"]["field"] == "scopes"


def test_an_empty_list_of_what_a_key_is_limited_to_is_no_key_for_everything(fresh_server):
    browser = sign_up(fresh_server)
    for limit in ("scopes", "collections"):
        refused = browser.post(f"{fresh_server.url}/v1/keys", json={"name": "r", limit: []})
        assert refused.status_code == 400 and refused.json()["error"]["field"] == limit and "leave it out" in refused.text, refused.text
        assert "leave it out" in fresh_server.cli("keys", "add", "r", f"--{limit}", "", check=False).stderr
    assert "r" not in [one["name"] for one in browser.get(f"{fresh_server.url}/v1/keys").json()["items"]]
    assert fresh_server.cli("keys", "add", "r").returncode == 0


def test_a_service_account_and_its_key_are_made_on_the_command_line(fresh_server):
    sign_up(fresh_server)
    robot = fresh_server.cli("users", "add", "Nightly import", "--service", "--role", "editor").stdout.strip()
    key = fresh_server.cli("keys", "add", "nightly", "--for", robot, "--role", "reader", "--scopes", "read,ask").stdout.strip()
    assert fresh_server.get("/v1/documents", key=key).status_code == 200
    assert fresh_server.post("/v1/collections", {"name": "x"}, key=key).status_code == 403
    [listed] = [one for one in json.loads(fresh_server.cli("users", "ls", "--json").stdout)["items"] if one["kind"] == "service"]
    assert listed["id"] == robot and listed["email"] is None and listed["name"] == "Nightly import"
    assert fresh_server.cli("users", "rm", robot).returncode == 0
    assert fresh_server.get("/v1/documents", key=key).status_code == 401


def test_a_session_changes_to_another_workspace_of_its_person_and_to_no_other(fresh_server):
    browser, url = sign_up(fresh_server), fresh_server.url
    for name, *owner in (("Second", "--owner", "ada@example.org"), ("Third",)):
        fresh_server.cli("workspaces", "add", name, *owner)
    first = browser.get(f"{url}/v1/session").json()
    ids = {one["name"]: one["id"] for one in first["workspaces"]}
    assert set(ids) == {first["workspace"]["name"], "Second"}
    third = next(line.split()[0] for line in fresh_server.cli("workspaces", "ls").stdout.splitlines() if "Third" in line)
    enter = lambda workspace: browser.put(f"{url}/v1/session/workspace", json={"workspace": workspace})
    assert browser.post(f"{url}/v1/collections", json={"name": "Harbour"}).status_code == 201
    for wanted in (third, "none", "Second", ""):
        assert enter(wanted).status_code == 404, wanted
    with browser.get(f"{url}/v1/events", stream=True, timeout=30) as heard:
        there = enter(ids["Second"]).json()
        assert b"Harbour" not in heard.content  # it ends: what is told is of the workspace that was left
    assert there["workspace"]["id"] == ids["Second"] and there["csrf"] != first["csrf"]
    assert browser.get(f"{url}/v1/collections").json()["items"] == []
    late = browser.post(f"{url}/v1/collections", json={"name": "from a page of before"})
    assert late.status_code == 403 and "reload" in late.text
    browser.headers["X-CSRF-Token"] = there["csrf"]
    assert browser.delete(f"{url}/v1/session").status_code == 204
    again = browser.post(f"{url}/v1/session", json={"email": "ada@example.org", "password": PASSWORD}).json()
    assert again["workspace"]["id"] == ids["Second"]
    key = fresh_server.cli("keys", "add", "robot").stdout.split()[-1]
    assert requests.put(f"{url}/v1/session/workspace", json={"workspace": ids["Second"]},
                        headers={"Authorization": f"Bearer {key}"}).status_code == 400
