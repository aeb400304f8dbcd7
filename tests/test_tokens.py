"""Tokens of other programs: JSON web tokens that an issuer has signed, with keys that it publishes and changes."""
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import jwt
import pytest
import requests
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from conftest import Server


class Project:
    """A Supabase project's Auth, as far as its keys: JWKS at /auth/v1/.well-known/jwks.json."""

    def __init__(self):
        self.keys, self.asked = {}, 0
        project = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *_):
                pass

            def do_GET(self):
                found = self.path == "/auth/v1/.well-known/jwks.json"
                project.asked += found
                body = json.dumps({"keys": [public(name, *key) for name, key in project.keys.items()]}).encode()
                self.send_response(200 if found else 404)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_port}"
        threading.Thread(target=self.http.serve_forever, daemon=True).start()

    def token(self, key, **claims):
        algorithm, private = self.keys[key]
        now = int(time.time())
        return jwt.encode({"iss": f"{self.url}/auth/v1", "aud": "authenticated", "role": "authenticated", "iat": now, "exp": now + 3600,
                           "sub": "6f1c", "email": "ada@example.org", "app_metadata": {"provider": "email"}, **claims},
                          private, algorithm, headers={"kid": key})


def public(name, algorithm, private):
    kind = {"RS256": jwt.algorithms.RSAAlgorithm, "ES256": jwt.algorithms.ECAlgorithm, "EdDSA": jwt.algorithms.OKPAlgorithm}[algorithm]
    return {**json.loads(kind.to_jwk(private.public_key())), "kid": name, "use": "sig", "alg": algorithm}


@pytest.fixture(scope="module")
def project():
    made = Project()
    made.keys = {"r": ("RS256", rsa.generate_private_key(65537, 2048)), "e": ("ES256", ec.generate_private_key(ec.SECP256R1())),
                 "d": ("EdDSA", ed25519.Ed25519PrivateKey.generate())}
    yield made
    made.http.shutdown()


@pytest.fixture(scope="module")
def open_server(project, database_kind, request, tmp_path_factory):
    database = request.getfixturevalue("postgres").new_database() if database_kind == "postgresql" else ""
    started = Server(tmp_path_factory.mktemp("data") / "library", database,
                     ["--supabase-url", project.url, "--jwt-people", "make", "--jwt-email-trusted", "1"]).start()
    yield started
    started.stop()


def show(server, token):
    return requests.get(f"{server.url}/v1/session", headers={"Authorization": f"Bearer {token}"}, timeout=30)


def test_whoever_signed_in_at_the_issuer_is_a_person_here(open_server, project):
    before = project.asked
    seen = {show(open_server, project.token(key)).json()["user"]["id"] for key in ("r", "e", "d")}
    assert len(seen) == 1 and None not in seen
    user = show(open_server, project.token("e")).json()["user"]
    assert user["email"] == "ada@example.org" and user["role"] == "reader"
    listed = requests.get(f"{open_server.url}/v1/documents", headers={"Authorization": f"Bearer {project.token('r')}"}, timeout=30)
    assert listed.status_code == 200
    refused = requests.post(f"{open_server.url}/v1/collections", json={"name": "x"},
                            headers={"Authorization": f"Bearer {project.token('r')}"}, timeout=30)
    assert refused.status_code == 403
    assert project.asked == before + 1


@pytest.mark.parametrize("claims", [{"aud": "anon"}, {"exp": 1}, {"iss": "https://other.example/auth/v1"}, {"role": "service_role"},
                                    {"is_anonymous": True}, {"sub": ""}])
def test_a_token_that_is_not_for_us_opens_nothing(open_server, project, claims):
    answer = requests.get(f"{open_server.url}/v1/documents", headers={"Authorization": f"Bearer {project.token('e', **claims)}"}, timeout=30)
    assert answer.status_code == 401 and "token" in answer.text, answer.text


def test_a_key_that_is_not_published_signs_nothing(open_server, project):
    stranger = Project()
    stranger.url, stranger.keys = project.url, {"e": ("ES256", ec.generate_private_key(ec.SECP256R1()))}
    for _ in range(3):
        answer = requests.get(f"{open_server.url}/v1/documents", headers={"Authorization": f"Bearer {stranger.token('e')}"}, timeout=30)
        assert answer.status_code == 401
    stranger.keys["other"] = stranger.keys.pop("e")
    before = project.asked
    for _ in range(5):
        answer = requests.get(f"{open_server.url}/v1/documents", headers={"Authorization": f"Bearer {stranger.token('other')}"}, timeout=30)
        assert answer.status_code == 401
    assert project.asked <= before + 1
    stranger.http.shutdown()


def test_a_key_of_nobody_is_still_only_wrong(open_server):
    answer = requests.get(f"{open_server.url}/v1/documents", headers={"Authorization": "Bearer lk_nothing"}, timeout=30)
    assert answer.status_code == 401 and "API key" in answer.text


def test_a_token_that_leaves_no_room_in_the_head_is_refused_before_it_is_looked_at(open_server, project):
    for size, status in ((12_000, 401), (20_000, 431)):
        answer = requests.get(f"{open_server.url}/v1/documents", headers={"Authorization": f"Bearer {project.token('e', note='n' * (size * 3 // 4), aud='anon')}"}, timeout=30)
        assert answer.status_code == status and answer.json()["error"]["message"], answer.text
