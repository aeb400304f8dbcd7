"""Accounts, sessions, keys, roles and the walls between workspaces."""
import requests

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


def test_keys_are_shown_once_and_can_be_revoked(fresh_server):
    browser = sign_up(fresh_server)
    made = browser.post(f"{fresh_server.url}/v1/keys", json={"name": "robot", "role": "reader"}).json()
    assert made["key"] not in browser.get(f"{fresh_server.url}/v1/keys").text
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
