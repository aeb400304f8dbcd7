"""What people are told: on the page, by mail through a real SMTP server, by signed webhooks."""
import base64
import email
import email.policy
import hashlib
import hmac
import json
import sqlite3
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import requests
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword
from conftest import Server, free_port, wait_until

PERSON = {"email": "ann@example.org", "password": "correct horse battery", "name": "Ann Größe"}


class Box:
    """Keeps what is sent; refuses the first `busy` mails for now, and those to `nobody@` for good."""

    def __init__(self):
        self.mails, self.busy, self.tries = [], 0, 0

    async def handle_RCPT(self, server, session, envelope, address, options):
        self.tries += 1
        if self.busy:
            self.busy -= 1
            return "451 later"
        if address.startswith("nobody@"):
            return "550 no such person"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        self.mails.append((envelope.rcpt_tos, envelope.content))
        return "250 OK"

    def wait(self, count=1, seconds=30):
        end = time.monotonic() + seconds
        while len(self.mails) < count and time.monotonic() < end:
            time.sleep(0.05)
        assert len(self.mails) >= count
        return [email.message_from_bytes(content, policy=email.policy.default) for _, content in self.mails]


def serve_mail(**options):
    box = Box()
    controller = Controller(box, hostname="127.0.0.1", port=free_port(), **options)
    controller.start()
    return box, controller


@pytest.fixture
def mail():
    box, controller = serve_mail()
    box.url = f"smtp+plain://127.0.0.1:{controller.port}"
    yield box
    controller.stop()


def start(tmp_path, url, **more):
    settings = {"LECTERN_SMTP_URL": url, "LECTERN_SMTP_FROM": "Léctern <lectern@example.org>", **more}
    server = Server(tmp_path / "library", environment=settings).start()
    own(server)
    return server


def own(server):
    server.key = server.cli("keys", "add", "owner", "--role", "owner").stdout.split()[-1]


def add_person(server, role="admin", address="ann@example.org"):
    """A person with a key of their own."""
    answer = server.post("/v1/users", {**PERSON, "email": address, "role": role})
    assert answer.status_code == 201, answer.text
    session = requests.Session()
    login = session.post(server.url + "/v1/session", json={"email": address, "password": PERSON["password"]})
    assert login.status_code in (200, 201), login.text
    made = session.post(server.url + "/v1/keys", json={"name": "k", "role": role},
                        headers={"X-CSRF-Token": login.json()["csrf"]})
    assert made.status_code == 201, made.text
    return made.json()["key"]


def test_a_notice_reaches_the_page_and_the_mailbox(tmp_path, mail):
    server = start(tmp_path, mail.url, LECTERN_PUBLIC_URL="http://lectern.example.org")
    try:
        key = add_person(server)
        assert server.post("/v1/notices/test", key=key).json() == {"has_mail_server": True}
        bell = server.get("/v1/notices", key=key).json()
        assert bell["unread"] == 1 and bell["items"][0]["kind"] == "test"
        message = mail.wait()[0]
        assert message["To"] == "ann@example.org" and message["Subject"] == "A test"
        assert message["From"].addresses[0].display_name == "Léctern"
        assert "Notices reach you here." in message.get_content()
        assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"

        # One click ends mails of this kind; looking at the link alone does not.
        link = message["List-Unsubscribe"].strip("<>").replace("http://lectern.example.org", "")
        assert server.call("GET", link, headers={"Authorization": ""}).status_code == 200
        by_mail = lambda: {c["kind"]: c["mail"] for c in server.get("/v1/notices/choices", key=key).json()["items"]}["test"]
        assert by_mail()
        assert server.call("POST", link.replace("token=", "token=0"), headers={"Authorization": ""}).status_code == 403
        assert by_mail()
        click = server.call("POST", link, headers={"Authorization": ""}, data={"List-Unsubscribe": "One-Click"})
        assert click.status_code == 200, click.text
        assert not by_mail()
        server.post("/v1/notices/test", key=key)
        time.sleep(1)
        assert len(mail.mails) == 1
        assert server.get("/v1/notices", key=key).json()["unread"] == 2
        server.post("/v1/notices/read", {"id": bell["items"][0]["id"]}, key=key)
        assert server.get("/v1/notices", key=key).json()["unread"] == 1
        server.post("/v1/notices/read", {}, key=key)
        assert server.get("/v1/notices?unread=1", key=key).json() == {"unread": 0, "items": [], "next": None}
    finally:
        server.stop()


def test_a_busy_mail_server_is_asked_again_and_a_refusal_is_kept(tmp_path, mail):
    server = start(tmp_path, mail.url)
    try:
        mail.busy = 1
        server.post("/v1/notices/test", key=add_person(server))
        assert len(mail.wait()) == 1 and mail.tries == 2
        server.post("/v1/notices/test", key=add_person(server, address="nobody@example.org"))
        dead = wait_until(lambda: server.get("/v1/jobs?state=dead").json()["items"])
        assert dead[0]["type"] == "notify_mail" and "550" in dead[0]["error"]
        with sqlite3.connect(tmp_path / "library" / "lectern.db") as database:
            waiting = database.execute("SELECT count(*) FROM notices WHERE mail IN (1, 2)").fetchone()[0]
        assert waiting == 0, "what was refused for good is not tried again with the next notice"
    finally:
        server.stop()


def only_ann(server, session, envelope, mechanism, data):
    good = isinstance(data, LoginPassword) and data.login == b"ann" and data.password == b"se cret"
    return AuthResult(success=good, handled=False)


@pytest.mark.parametrize("kind", ["starttls", "tls", "no starttls", "unknown certificate", "wrong password"])
def test_mail_goes_over_tls_with_a_password_or_not_at_all(tmp_path, certificate, kind):
    context, file = certificate
    options = {"authenticator": only_ann, "auth_required": True}
    if kind == "tls":
        options.update(auth_require_tls=False)
        box, controller = serve_mail(ssl_context=context, **options)
    else:
        tls = {} if kind == "no starttls" else {"tls_context": context, "require_starttls": True}
        box, controller = serve_mail(auth_require_tls=kind != "no starttls", **tls, **options)
    scheme = "smtps" if kind == "tls" else "smtp"
    password = "wrong" if kind == "wrong password" else "se%20cret"
    trusted = {} if kind == "unknown certificate" else {"LECTERN_SMTP_CA": str(file)}
    server = start(tmp_path, f"{scheme}://ann:{password}@127.0.0.1:{controller.port}", **trusted)
    try:
        server.post("/v1/notices/test", key=add_person(server))
        if kind in ("starttls", "tls"):
            assert len(box.wait()) == 1
        else:
            job = wait_until(lambda: [j for j in server.get("/v1/jobs?type=notify_mail").json()["items"] if j["error"]])
            said = job[0]["error"]
            assert {"no starttls": "STARTTLS", "unknown certificate": "ertificate", "wrong password": "password"}[kind] in said
            assert "se cret" not in said and not box.mails
    finally:
        server.stop()
        controller.stop()


class Hook(BaseHTTPRequestHandler):
    calls, answers = [], []

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        Hook.calls.append((dict(self.headers), body))
        self.send_response(Hook.answers.pop(0) if Hook.answers else 200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


@pytest.fixture
def hook():
    Hook.calls, Hook.answers = [], []
    served = ThreadingHTTPServer(("127.0.0.1", 0), Hook)
    threading.Thread(target=served.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{served.server_port}/hook"
    served.shutdown()


def signed(secret, headers, body):
    """webhook-signature as the Standard Webhooks have it."""
    said = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    key = base64.b64decode(secret.removeprefix("whsec_"))
    return "v1," + base64.b64encode(hmac.new(key, said, hashlib.sha256).digest()).decode()


def test_a_webhook_is_signed_and_called_until_it_answers(fresh_server, hook):
    server = fresh_server
    own(server)
    made = server.post("/v1/webhooks", {"url": hook, "kinds": ["test"]})
    assert made.status_code == 201, made.text
    secret, path = made.json()["secret"], f"/v1/webhooks/{made.json()['id']}"
    Hook.answers = [500]
    server.post("/v1/notices/test")
    wait_until(lambda: len(Hook.calls) == 2)
    ids = {headers["webhook-id"] for headers, _ in Hook.calls}
    assert len(ids) == 1
    headers, body = Hook.calls[1]
    assert headers["webhook-signature"] == signed(secret, headers, body)
    assert abs(int(headers["webhook-timestamp"]) - time.time()) < 60
    assert json.loads(body)["kind"] == "test" and json.loads(body)["id"] in ids
    listed = server.get("/v1/webhooks").json()["items"][0]
    assert "secret" not in listed and secret not in server.get("/v1/webhooks").text
    wait_until(lambda: server.get("/v1/webhooks").json()["items"][0]["last_result"] == "200")
    told = server.get(path + "/deliveries").json()["items"]
    assert [(d["state"], d["attempts"], d["status"], d["kind"]) for d in told] == [("delivered", 2, 200, "test")]

    # Told again, it is the same message, signed anew.
    again = server.post(f"{path}/deliveries/{told[0]['id']}/replay").json()
    wait_until(lambda: len(Hook.calls) == 3)
    headers, copy = Hook.calls[2]
    assert headers["webhook-id"] in ids and copy == body and headers["webhook-signature"] == signed(secret, headers, copy)
    assert again["replay_of"] == told[0]["id"]
    assert server.post(path + "/replay", {"from": told[0]["created_at"]}).json() == {"count": 1, "left_from": None}
    wait_until(lambda: len(Hook.calls) == 4)

    Hook.answers = [410]
    server.post("/v1/notices/test")
    gone = wait_until(lambda: server.get(path + "/deliveries?state=failed").json()["items"])
    assert len(gone) == 1 and gone[0]["status"] == 410 and gone[0]["attempts"] == 1
    server.call("PATCH", path, json={"is_on": False})
    server.post("/v1/notices/test")
    assert not server.get(path + "/deliveries?state=waiting").json()["items"], "what is off hears nothing"
    assert len(Hook.calls) == 5
    assert server.call("DELETE", path).status_code == 204


@pytest.mark.parametrize("url", ["http://169.254.169.254/latest", "ftp://example.org", "http://127.0.0.1:1/", "file:///etc/passwd"])
def test_a_webhook_leads_nowhere_it_must_not(fresh_server, url):
    own(fresh_server)
    key = add_person(fresh_server)  # an administrator, not the owner
    answer = fresh_server.post("/v1/webhooks", {"url": url}, key=key)
    assert answer.status_code in (400, 403), answer.text
    reader = add_person(fresh_server, "reader", "ben@example.org")
    assert fresh_server.post("/v1/webhooks", {"url": "https://example.org"}, key=reader).status_code == 403
    assert fresh_server.get("/v1/notices", key=reader).status_code == 200
    assert fresh_server.post("/v1/notices/test", key=reader).status_code == 403


def test_a_page_hears_of_notices_and_strangers_do_not(server):
    key = server.cli("keys", "add", "owner", "--role", "owner").stdout.split()[-1]
    with requests.get(server.url + "/v1/events", headers={"Authorization": f"Bearer {key}"}, stream=True, timeout=30) as stream:
        lines = stream.iter_lines(decode_unicode=True)
        while next(lines) != "event: hello":
            pass
        server.post("/v1/notices/test", key=key)
        while next(lines) != "event: notices":
            pass
    assert server.get("/v1/notices", key=key).json()["unread"] >= 1
    assert server.get("/v1/notices", key="wrong").status_code == 401


def test_a_page_hears_of_what_its_person_may_see(server):
    owner, reader = (server.cli("keys", "add", role, "--role", role).stdout.split()[-1] for role in ("owner", "reader"))
    with requests.get(server.url + "/v1/events", headers={"Authorization": f"Bearer {owner}"}, stream=True, timeout=30) as all_of_it, \
            requests.get(server.url + "/v1/events", headers={"Authorization": f"Bearer {reader}"}, stream=True, timeout=30) as less:
        told = {stream: stream.iter_lines(decode_unicode=True) for stream in (all_of_it, less)}
        assert all("event: hello" in (next(lines), next(lines)) for lines in told.values())
        made = server.post("/v1/schedules", {"name": "heard", "type": "feedback", "every_s": 86400}, key=owner)
        assert made.status_code == 201, made.text
        server.post("/v1/notices/test", key=owner)
        heard = {stream: [] for stream in told}
        for stream, lines in told.items():
            while "event: notices" not in heard[stream]:
                heard[stream].append(next(lines))
    assert "event: schedule" in heard[all_of_it] and f'data: {{"id":"{made.json()["id"]}"}}' in heard[all_of_it]
    assert "event: schedule" not in heard[less]


def test_a_mail_server_that_is_none_is_refused_at_the_start(tmp_path):
    for more in ({"LECTERN_SMTP_URL": "http://example.org", "LECTERN_SMTP_FROM": "a@example.org"},
                 {"LECTERN_SMTP_URL": "smtps://example.org"}):
        server = Server(tmp_path / "library", environment=more).start(wait=False)
        assert server.process.wait(30) != 0
        assert "smtp_" in server.log.read_text()
