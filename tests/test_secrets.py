"""Secrets of every kind are planted by the ways they come in, and each service behind fails with an answer that repeats
what it was sent: none is in what people and programs read of the server."""
import base64
import json
import re
import secrets
import threading
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import requests
from aiosmtpd.smtp import AuthResult
from conftest import SAMPLES, Server, code_of, free_port, wait_until
from test_notices import serve_mail

CHAT = {"model": "parrot/good", "messages": [{"role": "user", "content": "hello"}]}


class Planted(dict):
    """Secrets by name: each is made when it is first asked for. `told` has what repeated some of them: where, and which."""

    def __init__(self):
        self.told = {}

    def __missing__(self, name):
        self[name] = f"{name}-{secrets.token_hex(10)}"
        return self[name]

    def learn(self, name, value):
        self[name] = value
        return value

    def look(self, where, text):
        """Which of them stand in a text, as they are or as a header or an address writes them."""
        text = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
        found = [name for name, value in self.items() if any(form in text for form in forms(value))]
        if found:
            self.told.setdefault(where, set()).update(found)

    def look_at(self, answer):
        self.look(f"{answer.request.method} {answer.request.url.partition('//')[2]} {answer.status_code} {answer.text[:300]}",
                  answer.text + str(dict(answer.headers)))
        return answer


def forms(value):
    """Base64 of what a header of three beginnings ("", "x:", "xx:") would hold begins elsewhere; its inner part is the same."""
    inner = [base64.b64encode(b"x" * shift + value.encode()).decode()[4 if shift else 0:-4] for shift in range(3)]
    return {value, urllib.parse.quote(value, safe=""), value.encode().hex(), *inner}


class Parrot:
    """Refuses everything, and repeats in its answer all that it was sent."""

    def __init__(self):
        self.heard = heard = []

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                heard.append((self.path, dict(self.headers), body))
                said = f"wrong key: {self.requestline} {self.headers} {body.decode('utf-8', 'replace')}"
                text = json.dumps({"error": {"message": said, "type": "authentication_error"}}).encode()
                self.send_response(401, "Wrong " + self.headers.get("Authorization", ""))
                self.send_header("WWW-Authenticate", f'Bearer error="{self.headers.get("Authorization")}"')
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            do_GET = do_POST = do_PUT = do_DELETE = do_PROPFIND = do_REPORT = do_HEAD = answer

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.place = f"127.0.0.1:{self.server.server_address[1]}"
        self.url = f"http://{self.place}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture(scope="module")
def planted():
    return Planted()


@pytest.fixture(scope="module")
def parrot():
    started = Parrot()
    yield started
    started.stop()


@pytest.fixture(scope="module")
def mail(planted):
    """Takes mails of who signs in with the right password until it is told to refuse."""
    def sign_in(server, session, envelope, mechanism, data):
        said = f"535 5.7.8 no {data.login.decode()} has {data.password.decode()}"
        return AuthResult(success=False, handled=False, message=said) if box.refuses else AuthResult(success=True)

    box, controller = serve_mail(authenticator=sign_in, auth_required=True, auth_require_tls=False)
    box.refuses = False
    box.url = f"smtp+plain://postbox:{planted['smtp-password']}@127.0.0.1:{controller.port}"
    yield box
    controller.stop()


@pytest.fixture(scope="module", params=["text", "json"])
def server(request, planted, parrot, mail, tmp_path_factory):
    """With secrets in a file, in the environment and in flags, at its most talkative."""
    folder = tmp_path_factory.mktemp(f"secrets-{request.param}")
    settings = {"log_level": "debug", "s3_endpoint": parrot.url, "s3_access_key": "somebody", "s3_secret_key": planted["s3-secret"],
                "s3_session_token": planted["s3-session-token"], "backup_to": "s3://copies/here", "backup_hours": "0",
                "metrics_token": planted["metrics-token"], "otlp_endpoint": parrot.url, "otlp_headers": f"x-otlp={planted['otlp-header']}"}
    (folder / "lectern.conf").write_text("".join(f"{name} = {value}\n" for name, value in settings.items()))
    (folder / "smtp").write_text(mail.url + "\n")
    services = {"parrot": {"provider": "openai-compatible", "base_url": parrot.url + "/v1", "key": planted["provider-key"],
                           "headers": {"X-Extra": planted["provider-header"]}, "models": ["good"], "private": True}}
    (folder / "gateway.json").write_text(json.dumps({"services": services}))
    started = Server(folder / "library", arguments=["--config", str(folder / "lectern.conf"), "--smtp-from", "Lectern <l@example.org>",
                                                    "--sentry-dsn", f"http://{planted['sentry-key']}@{parrot.place}/1"],
                     environment={"LECTERN_LOG_FORMAT": request.param, "LECTERN_SMTP_URL_FILE": str(folder / "smtp"),
                                  "LECTERN_GATEWAY": str(folder / "gateway.json"), "LECTERN_WEAVIATE_KEY": planted["weaviate-key"],
                                  "OPENAI_API_KEY": planted["openai-key"]})
    started.arguments += ["--public-url", f"http://localhost:{started.port}"]
    started.start()
    started.key = planted.learn(f"key-of-{request.param}", started.cli("keys", "add", "owner", "--role", "owner").stdout.split()[-1])
    mail.refuses = False
    yield started
    started.stop()


def refused(answer, planted):
    """An answer that is no success, and repeats nothing."""
    assert answer.status_code >= 400, answer.text
    return planted.look_at(answer)


def sign_in(server, planted, email="ann@example.org"):
    """A person with a session, an app of codes and recovery codes."""
    password = planted["password"]
    made = server.post("/v1/users", {"email": email, "name": "Ann", "password": password, "role": "admin"})
    assert made.status_code == 201, made.text
    browser = requests.Session()
    session = browser.post(f"{server.url}/v1/session", json={"email": email, "password": password})
    browser.headers["X-CSRF-Token"] = planted.learn("csrf", session.json()["csrf"])
    planted.learn("cookie", browser.cookies["lectern_session"])
    factor = browser.post(f"{server.url}/v1/session/second_factor", json={"password": password}).json()
    planted.learn("totp", factor["secret"])
    refused(browser.post(f"{server.url}/v1/session/second_factor/confirm", json={"code": "000000"}), planted)
    codes = browser.post(f"{server.url}/v1/session/second_factor/confirm", json={"code": code_of(factor["secret"])}).json()
    for number, code in enumerate(codes["recovery_codes"]):
        planted.learn(f"recovery-code-{number}", code)
    offered = browser.post(f"{server.url}/v1/session/passkeys/options", json={"password": password}).json()
    planted.learn("passkey-challenge", re.search(r'"challenge": "([^"]+)"', json.dumps(offered))[1])
    refused(browser.post(f"{server.url}/v1/session/passkeys", json={"name": "x", "credential": {"id": planted["passkey-answer"]}}), planted)
    return browser


def send_wrong_things(server, planted):
    """What people type and programs send that is refused: answers repeat none of it."""
    secret = planted["typed"]
    for body in (f'{{"email": "ann@example.org", "password": "{secret}', f'{{"password": "{secret}"}} {secret}', f'"{secret}"', secret,
                 json.dumps({"email": "ann@example.org", "password": [secret]}), json.dumps({"email": {"x": secret}, "password": 1}),
                 json.dumps({"email": "ann@example.org", "password": secret}), json.dumps({"email": "ann@example.org", "password": 1, secret: 1})):
        for path in ("/v1/session", "/v1/auth/password/reset", "/v1/setup"):
            refused(requests.post(server.url + path, data=body, headers={"Content-Type": "application/json"}, timeout=10), planted)
        refused(server.call("PUT", "/v1/gateway/services/x", data=body), planted)
        refused(server.call("PUT", "/v1/settings/provider", data=body), planted)
    jwt = planted.learn("jwt", ".".join(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in (
        b'{"alg":"HS256","typ":"JWT"}', json.dumps({"sub": secrets.token_hex(9), "exp": 9999999999}).encode(), secrets.token_bytes(32))))
    for headers in ({"Authorization": f"Bearer {jwt}"}, {"Authorization": f"Bearer {planted['wrong-key']}"}, {"X-API-Key": planted["wrong-key"]},
                    {"Authorization": "Basic " + base64.b64encode(f"ann:{planted['basic-password']}".encode()).decode()},
                    {"Cookie": f"lectern_session={planted['wrong-cookie']}"}, {"Authorization": planted["wrong-key"]}):
        refused(requests.get(f"{server.url}/v1/documents", headers=headers, timeout=10), planted)
    for path in ("/v1/task_feeds/{}/tasks.ics", "/v1/meeting-bot-webhooks/{}", "/ws?token={}", "/v1/ws?access_token={}", "/metrics?token={}",
                 "/v1/documents?api_key={}", "/v1/approvals/link?token={}", "/v1/auth/oidc/none/callback?code={}&state={}"):
        text = path.replace("{}", planted["in-address"])
        for method in ("GET", "POST"):
            refused(requests.request(method, server.url + text, headers={"X-Forwarded-For": "203.0.113.7"}, timeout=10), planted)


def set_up_services(server, planted, parrot):
    """Each kind of service behind is given a secret and asked once; what it answers is not repeated."""
    user, password = "ann", planted["place-password"]
    with_user = f"http://{user}:{planted['address-password']}@{parrot.place}"
    service = {"base_url": f"{parrot.url}/v1", "key": planted["workspace-key"], "headers": {"X-More": planted["service-header"]}, "private": True}
    assert server.call("PUT", "/v1/gateway/services/echo", json=service).status_code == 200
    assert server.call("PUT", "/v1/gateway/policy", json={"prompts": "full"}).status_code < 300
    server.call("PUT", "/v1/gateway/services/named", json={**service, "base_url": f"{with_user}/v1"})
    planted.look_at(server.post("/v1/gateway/services/echo/test"))
    for model in ("parrot/good", "echo/good", "named/good"):
        for body in ({**CHAT, "model": model}, {**CHAT, "model": model, "stream": True}):
            refused(server.post("/v1/chat/completions", body), planted)
    refused(server.post("/v1/embeddings", {"model": "echo/good", "input": "x"}), planted)
    places = ({"kind": "s3", "settings": {"endpoint": parrot.url, "bucket": "b", "key_id": "k", "secret_key": planted["bucket-secret"]}},
              {"kind": "webdav", "settings": {"url": parrot.url + "/dav/", "user": user, "password": password}},
              {"kind": "webdav", "settings": {"url": with_user + "/dav/", "user": user, "password": password}},
              {"kind": "notion", "settings": {"api": parrot.url, "token": planted["notion-token"]}},
              {"kind": "github", "settings": {"api": parrot.url, "repository": "a/b", "token": planted["github-token"]}},
              {"kind": "feed", "settings": {"url": with_user + "/feed"}}, {"kind": "web", "settings": {"url": with_user + "/", "pause_ms": 0}},
              {"kind": "imap", "settings": {"host": "127.0.0.1", "port": free_port(), "user": user, "password": password, "security": "none"}})
    for place in places:
        refused(server.post("/v1/connections/test", place), planted)
        made = planted.look_at(server.post("/v1/connections", {"name": place["kind"], "every_minutes": 0, **place}))
        if made.status_code < 300:
            server.post(f"/v1/connections/{made.json()['id']}/sync")
    assert server.call("PUT", "/v1/mcp/servers/echo", json={"url": parrot.url, "token": planted["mcp-token"], "tools": ["*"]}).status_code == 204
    refused(server.get("/v1/mcp/servers/echo/tools?all=1"), planted)
    refused(server.post("/v1/mcp/servers/echo/call", {"tool": "x"}), planted)
    refused(server.call("PUT", "/v1/mcp/servers/named", json={"url": with_user + " x", "token": planted["mcp-token"], "tools": ["*"]}), planted)
    for form in ("/hook", " /hook"):
        planted.look_at(server.post("/v1/webhooks", {"url": with_user + form, "kinds": ["test"]}))
    server.post("/v1/meeting-bot-services", {"kind": "attendee", "url": parrot.url, "key": planted["bot-key"], "webhook_secret": planted["bot-secret"]})
    server.post("/v1/calendars", {"kind": "caldav", "url": parrot.url + "/cal/", "credentials": {"user": user, "password": planted["calendar-password"]}})
    server.post("/v1/calendars", {"kind": "ics", "url": with_user + "/team.ics"})
    refused(server.post("/v1/convert/source", {"sources": [{"kind": "http", "url": with_user + "/file.pdf"}]}), planted)
    refused(server.post("/v1/backup", {}), planted)


def lock_files(server, planted):
    locked = (SAMPLES / "locked.xlsx").read_bytes()
    [document] = server.upload(("locked.xlsx", locked), password=planted["file-password"])
    server.wait_document(document["id"])
    server.post(f"/v1/documents/{document['id']}/retry", {"password": planted["other-file-password"]})
    assert server.wait_document(document["id"])["error"]["code"] == "encrypted"


def ask_for_mails(server, planted, mail):
    """A link by mail, then one that the mail server refuses while it repeats the password."""
    forgotten = {"email": "ann@example.org"}
    mail.mails.clear()
    assert requests.post(f"{server.url}/v1/auth/password/forgot", json=forgotten, timeout=10).status_code < 300
    wait_until(lambda: mail.mails, 10)
    content = mail.mails[-1][1].decode().replace("=\r\n", "").replace("=23", "#")
    planted.learn("reset-link", re.search(r"/account/\w+#([\w-]{43})", content)[1])
    mail.refuses = True
    server.post("/v1/notices/test")


# The token of a session is worth nothing without its cookie.
LIE_OPEN = {"csrf"}
SENT = ("provider-key", "provider-header", "workspace-key", "service-header", "place-password", "address-password", "notion-token",
        "github-token", "mcp-token", "calendar-password", "otlp-header", "sentry-key")
READ = ("/metrics", "/v1/alerts", "/v1/jobs?limit=200", "/v1/job-counts", "/v1/audit/export", "/v1/audit/export?format=csv", "/v1/gateway/prompts",
        "/v1/calls", "/v1/doctor", "/v1/settings", "/v1/gateway/services", "/v1/gateway/status", "/v1/gateway/check", "/v1/webhooks", "/v1/connections",
        "/v1/calendars", "/v1/mcp/servers", "/v1/meeting-bot-services", "/v1/meeting-bots/log", "/v1/notices", "/v1/users", "/v1/sessions", "/v1/keys",
        "/v1/documents?state=failed", "/v1/statistics", "/v1/usage", "/v1/schedules", "/health", "/ready", "/openapi.json")


def test_secrets_are_in_nothing_that_is_read(server, planted, parrot, mail):
    browser = sign_in(server, planted)
    send_wrong_things(server, planted)
    set_up_services(server, planted, parrot)
    lock_files(server, planted)
    made = browser.post(f"{server.url}/v1/keys", json={"name": "robot", "role": "reader"}).json()
    planted.learn("key-by-route", made["key"])
    hook = server.post("/v1/webhooks", {"url": parrot.url + "/hook", "kinds": ["test"]}).json()
    planted.learn("webhook-secret", hook["secret"])
    ask_for_mails(server, planted, mail)
    wait_until(lambda: any(path.startswith("/hook") for path, _, _ in list(parrot.heard)))
    wait_until(lambda: any(job.get("error") for job in server.get("/v1/jobs?type=notify_mail").json()["items"]))
    told = [f"/v1/webhooks/{one['id']}/deliveries" for one in server.get("/v1/webhooks").json()["items"]]
    told += [f"{path}/{one['id']}" for path in told for one in server.get(path).json()["items"]]
    assert any(hook["id"] in path for path in told)
    for path in (*READ, *told):
        planted.look(path, server.get(path).text)
    for words in (("config", "--json", "--origin"), ("config",), ("doctor", "--json", "--deep"), ("status", "--json"), ("alerts", "--json")):
        done = server.cli(*words, *server.arguments[:2], check=False)
        planted.look(words, done.stdout + done.stderr)
    server.stop()
    planted.look("log", server.log.read_bytes())
    planted.look("spans", b"".join(body for path, _, body in parrot.heard if path.startswith(("/v1/traces", "/v1/metrics", "/api/"))))
    planted.look("database", b"".join(file.read_bytes() for file in server.data.glob("lectern.db*")))
    server.cli("backup", str(server.data.parent / "copy.tar"), *server.arguments)
    planted.look("backup", (server.data.parent / "copy.tar").read_bytes())
    for where in ("database", "backup"):
        planted.told.get(where, set()).difference_update(LIE_OPEN)
    heard = "".join(f"{path} {headers} {body}" for path, headers, body in parrot.heard)
    assert not {name for name in SENT if not any(form in heard for form in forms(planted[name]))}, "services were sent their secrets"
    told = [f"{', '.join(sorted(names))} in {where}" for where, names in planted.told.items() if names]
    assert not told, "\n".join(told)
    assert server.log.read_text().count("http") > 100, "the log is at its most talkative"


@pytest.mark.parametrize("address", ["postgresql://lectern:{}@127.0.0.1:1/lectern", "postgresql://lectern:{}/1@127.0.0.1:1/lectern",
                                     "postgresql://lectern:{}?1@127.0.0.1:1/lectern", "postgresql://lectern:{}%zz@127.0.0.1:1/lectern",
                                     "postgresql://lectern:{}@127.0.0.1:port/lectern", "postgresql://lectern:{}#@[::1/lectern"])
def test_the_password_of_the_database_is_not_told(tmp_path, address):
    planted = Planted()
    server = Server(tmp_path / "library", address.replace("{}", planted["database-password"]))
    for words in (("config", "--json"), ("migrate", "up")):
        done = server.cli(*words, check=False)
        assert done.stdout or done.stderr
        planted.look(words, done.stdout + done.stderr)
    assert not planted.told


def test_the_master_key_is_changed_whole_or_not_at_all_and_its_loss_is_told(tmp_path):
    server = Server(tmp_path / "library").start()
    file, coming = server.data / "master.key", server.data / "master.key.new"
    server.key = server.cli("keys", "add", "first", "--role", "owner").stdout.split()[-1]
    assert server.post("/v1/webhooks", {"url": "http://ann:hush-hush-hush@127.0.0.1:9/hook", "kinds": ["test"]}).status_code == 201

    def told():
        server.start()
        said = {one["what"]: one for one in server.post("/v1/doctor", {}).json()["items"]}["secrets"]
        server.stop()
        return said["good"], said["detail"]

    server.stop()
    assert b"hush-hush" not in b"".join(one.read_bytes() for one in server.data.glob("lectern.db*"))
    old = file.read_bytes()
    server.cli("migrate", "new-key")
    new = file.read_bytes()
    assert new != old and len(new) == 32 and not coming.exists()
    assert told() == (True, "0 of 1 addresses and services with secrets cannot be opened with this master key")
    coming.write_bytes(bytes(32))  # cut off before the database knew of it
    assert told()[0] and not coming.exists() and file.read_bytes() == new
    coming.write_bytes(new)  # cut off behind
    file.write_bytes(old)
    assert told()[0] and not coming.exists() and file.read_bytes() == new
    file.write_bytes(old)
    assert told() == (False, "1 of 1 addresses and services with secrets cannot be opened with this master key")
