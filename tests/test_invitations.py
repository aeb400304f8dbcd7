"""People are invited by mail: a link sets their first password, once; over both databases."""
import pytest
from test_account_mail import NEW, PASSWORD, ask, box, mail_to, Person, server  # noqa: F401 (fixtures)


def invite(server, email, **more):  # noqa: F811
    return server.post("/v1/users/invitations", {"email": email, **more})


def state_of(server, email):  # noqa: F811
    [row] = [one for one in server.get("/v1/users").json()["items"] if one["email"] == email]
    return row["status"], bool(row["invited_at"]), bool(row["last_login_at"])


def sign_in(server, email, password):  # noqa: F811
    return ask(server, "session", email=email, password=password)


def test_who_is_invited_chooses_a_password_by_a_link_that_works_once(server, box):  # noqa: F811
    made = invite(server, "ivy@example.org", role="editor")
    assert made.status_code == 201 and (made.json()["name"], made.json()["role"]) == ("ivy", "editor"), made.text
    person = made.json()["id"]
    assert sign_in(server, "ivy@example.org", "").status_code in (400, 401)
    assert state_of(server, "ivy@example.org") == ("invited", True, False)
    subject, page, token = mail_to(box, "ivy@example.org")
    assert (subject, page) == ("You are invited", "invitation")
    assert ask(server, "auth/password/reset", token=token, password=NEW).status_code == 403, "a link is for one thing"
    assert ask(server, "auth/invitation", token=token, password="short").status_code == 400
    assert ask(server, "auth/invitation", token=token, password=NEW, name="a\nb").status_code == 400
    assert ask(server, "auth/invitation", token=token, password=NEW, name="Ivy Ash").status_code == 204
    assert state_of(server, "ivy@example.org") == ("active", False, False)
    again = ask(server, "auth/invitation", token=token, password=PASSWORD)
    assert again.status_code == 403 and "used already" in again.text
    entered = sign_in(server, "ivy@example.org", NEW)
    assert entered.status_code == 200 and (entered.json()["user"]["name"], entered.json()["user"]["role"]) == ("Ivy Ash", "editor")
    actions = [entry["action"] for entry in server.get(f"/v1/audit?subject={person}").json()["items"]]
    assert {"user.invite", "user.accept"} <= set(actions)
    assert invite(server, "ivy@example.org").status_code == 409, "she is here"
    assert token not in server.log.read_text()


def test_an_invitation_is_taken_back_by_removing_the_person_and_sent_again_by_inviting_again(server, box):  # noqa: F811
    first = invite(server, "jon@example.org").json()["id"]
    _, _, token = mail_to(box, "jon@example.org")
    again = invite(server, "jon@example.org", role="admin")
    assert again.status_code == 201 and again.json()["id"] == first
    [row] = [one for one in server.get("/v1/users").json()["items"] if one["email"] == "jon@example.org"]
    assert row["role"] == "reader", "what somebody may do is changed by changing it"
    assert server.call("DELETE", f"/v1/users/{first}").status_code == 204
    assert ask(server, "auth/invitation", token=token, password=NEW).status_code == 403
    assert sign_in(server, "jon@example.org", NEW).status_code == 401


def test_nobody_invites_above_themselves_and_a_bad_address_is_refused(server, box):  # noqa: F811
    admin = server.cli("keys", "add", "inviting-admin", "--role", "admin").stdout.split()[-1]
    editor = server.cli("keys", "add", "inviting-editor", "--role", "editor").stdout.split()[-1]
    assert server.post("/v1/users/invitations", {"email": "kim@example.org", "role": "owner"}, key=admin).status_code == 403
    assert server.post("/v1/users/invitations", {"email": "kim@example.org"}, key=editor).status_code == 403
    for email in ("", "kim", "kim@", "a@b\nBcc: x@y"):
        assert invite(server, email).status_code == 400, email
    assert not any("kim@example.org" in to for to, _ in box.mails)


def test_without_a_mail_server_nobody_is_invited(fresh_server):
    fresh_server.key = fresh_server.cli("keys", "add", "admin", "--role", "owner").stdout.split()[-1]
    refused = fresh_server.post("/v1/users/invitations", {"email": "lea@example.org"})
    assert refused.status_code == 409 and "smtp_url" in refused.json()["error"]["message"]
    assert fresh_server.get("/v1/users").json()["items"] == []
