"""What people do about their own account by mail: a new password, a new address."""
import re
import sqlite3

import pytest
import requests
from conftest import Server, wait_until
from test_notices import serve_mail

PASSWORD, NEW = "correct horse battery", "another horse entirely"


@pytest.fixture(scope="module")
def box():
    kept, controller = serve_mail()
    kept.url = f"smtp+plain://127.0.0.1:{controller.port}"
    yield kept
    controller.stop()


@pytest.fixture(scope="module")
def server(box, database_kind, request, tmp_path_factory):
    database = request.getfixturevalue("postgres").new_database() if database_kind == "postgresql" else ""
    started = Server(tmp_path_factory.mktemp("data") / "library", database)
    started.arguments = ["--smtp-url", box.url, "--smtp-from", "Lectern <lectern@example.org>", "--public-url", started.url]
    started.start()
    own(started)
    box.mails.clear()
    yield started
    started.stop()


def own(server):
    server.key = server.cli("keys", "add", "owner", "--role", "owner").stdout.split()[-1]


class Person:
    def __init__(self, server, email):
        self.server, self.email = server, email
        self.id = server.post("/v1/users", {"email": email, "name": "Pat", "password": PASSWORD, "role": "reader"}).json()["id"]

    def sign_in(self, password=PASSWORD, email=None):
        """The session's cookie and token, or None."""
        browser = requests.Session()
        answer = browser.post(f"{self.server.url}/v1/session", json={"email": email or self.email, "password": password}, timeout=30)
        if answer.status_code != 200:
            return None
        browser.headers["X-CSRF-Token"] = answer.json()["csrf"]
        return browser


def ask(server, path, **body):
    return requests.post(f"{server.url}/v1/{path}", json=body, timeout=30)


def mail_to(box, address, count=1):
    """The newest of `count` mails to this address: subject, text, and the link's token."""
    wait_until(lambda: sum(address in to for to, _ in box.mails) >= count)
    content = [content for to, content in box.mails if address in to][-1].decode()
    link = re.search(r"http\S+/account/(\w+)#([\w-]{43})", content.replace("=\r\n", "").replace("=23", "#"))
    return re.search(r"Subject: (.*)\r\n", content)[1], link and link[1], link and link[2]


def test_a_link_from_a_mail_sets_a_password_once_and_signs_out_everywhere(server, box):
    person = Person(server, "ann@example.org")
    before = person.sign_in()
    assert ask(server, "auth/password/forgot", email="ANN@example.org").status_code == 202
    subject, page, token = mail_to(box, person.email)
    assert (subject, page) == ("Set a new password", "password")
    assert ask(server, "auth/password/reset", token=token, password="short").status_code == 400
    assert ask(server, "auth/password/reset", token=token, password=NEW).status_code == 204
    assert before.get(f"{server.url}/v1/documents", timeout=30).status_code == 401
    assert not person.sign_in() and person.sign_in(NEW)
    again = ask(server, "auth/password/reset", token=token, password=PASSWORD)
    assert again.status_code == 403 and "used already" in again.text
    assert mail_to(box, person.email, 2)[0] == "Your password was changed"
    audit = server.get(f"/v1/audit?subject={person.id}").json()["items"]
    assert "user.password" in [entry["action"] for entry in audit]
    assert token not in server.log.read_text()


def test_whoever_asks_does_not_learn_who_is_here(server, box):
    Person(server, "bea@example.org")
    answers = [ask(server, "auth/password/forgot", email=email) for email in ("bea@example.org", "nobody-here@example.org")]
    assert [(answer.status_code, answer.json()) for answer in answers] == [(202, answers[0].json())] * 2
    mail_to(box, "bea@example.org")
    wait_until(lambda: server.get("/v1/jobs?type=account_mail&state=waiting").json().get("items", []) == [])
    assert not any("nobody-here@example.org" in to for to, _ in box.mails)


def test_who_has_guessed_too_often_may_sign_in_after_a_reset(server, box):
    person = Person(server, "cal@example.org")
    statuses = {ask(server, "session", email=person.email, password="wrong").status_code for _ in range(7)}
    assert statuses == {401, 429} and not person.sign_in()
    assert ask(server, "auth/password/forgot", email=person.email).status_code == 202
    assert ask(server, "auth/password/reset", token=mail_to(box, person.email)[2], password=NEW).status_code == 204
    # Guesses also count for the address they come from, which waits a second or two.
    assert wait_until(lambda: person.sign_in(NEW))


def test_a_link_is_for_one_thing_and_nobody_who_may_not_sign_in(server, box):
    person = Person(server, "dan@example.org")
    assert ask(server, "auth/password/forgot", email=person.email).status_code == 202
    token = mail_to(box, person.email)[2]
    assert ask(server, "auth/email/confirm", token=token).status_code == 403
    assert server.call("PATCH", f"/v1/users/{person.id}", json={"disabled": True}).status_code == 204
    assert ask(server, "auth/password/reset", token=token, password=NEW).status_code == 403


def test_a_new_address_holds_once_it_is_confirmed(server, box):
    person = Person(server, "eli@example.org")
    browser = person.sign_in()
    assert browser.post(f"{server.url}/v1/session/email", json={"email": "eli@new.example", "password": "wrong"}, timeout=30).status_code == 400
    asked = browser.post(f"{server.url}/v1/session/email", json={"email": "eli@new.example", "password": PASSWORD}, timeout=30)
    assert asked.status_code == 202, asked.text
    subject, page, token = mail_to(box, "eli@new.example")
    assert (subject, page) == ("Confirm your mail address", "email") and not person.sign_in(email="eli@new.example")
    assert ask(server, "auth/email/confirm", token=token).status_code == 204
    assert person.sign_in(email="eli@new.example") and not person.sign_in()
    assert mail_to(box, "eli@example.org")[0] == "Your mail address was changed"
    taken = browser.post(f"{server.url}/v1/session/email", json={"email": "ann@example.org", "password": PASSWORD}, timeout=30)
    assert taken.status_code == 202  # and no mail, as for an address of nobody


def test_people_change_their_own_name(server):
    browser = Person(server, "fay@example.org").sign_in()
    assert browser.patch(f"{server.url}/v1/session", json={"name": "  Fay Gray "}, timeout=30).status_code == 204
    assert browser.get(f"{server.url}/v1/session", timeout=30).json()["user"]["name"] == "Fay Gray"
    assert browser.patch(f"{server.url}/v1/session", json={"name": ""}, timeout=30).status_code == 400
    assert server.call("PATCH", "/v1/session", json={"name": "x"}).status_code == 400


def test_who_asks_again_and_again_has_to_wait(server):
    statuses = [ask(server, "auth/password/forgot", email="gil@example.org").status_code for _ in range(8)]
    assert 429 in statuses and ask(server, "auth/password/forgot", email="no address").status_code in (400, 429)


def test_no_address_stands_legibly_in_the_queue(server, box, database_kind):
    if database_kind == "sqlite":
        with sqlite3.connect(server.data / "lectern.db") as database:
            rows = database.execute("SELECT subject, payload FROM jobs WHERE type = 'account_mail'").fetchall()
        assert rows and not any("example" in text for row in rows for text in row)


def test_without_mail_the_answer_says_who_can_help(tmp_path):
    server = Server(tmp_path / "library").start()
    try:
        own(server)
        person = Person(server, "ann@example.org")
        answer = ask(server, "auth/password/forgot", email=person.email)
        assert answer.status_code == 409 and "lectern users password EMAIL" in answer.text
        server.cli("users", "password", "Ann@example.org", input=NEW + "\n")
        assert person.sign_in(NEW) and not person.sign_in()
    finally:
        server.stop()
