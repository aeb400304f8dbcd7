"""Passkeys over HTTP, by an authenticator of our own that can also lie; a browser's is in test_page_passkeys.py."""
import base64
import hashlib
import json
import os
import struct
import time

import pytest
import requests
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from test_account_mail import PASSWORD, Person, ask, own

from conftest import Server


def text(raw):
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


class Authenticator:
    """One key; what it says is right unless it is told otherwise."""

    def __init__(self, origin):
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.id, self.origin, self.counter = os.urandom(32), origin, 1

    def data(self, flags=0x05, host="localhost", counter=None):
        counter = self.counter if counter is None else counter
        return hashlib.sha256(host.encode()).digest() + struct.pack(">BI", flags, counter)

    def client(self, kind, challenge, origin=None):
        return json.dumps({"type": kind, "challenge": challenge, "origin": origin or self.origin, "crossOrigin": False}).encode()

    def make(self, challenge, origin=None, **told):
        numbers = self.key.public_key().public_numbers()
        # COSE, RFC 9053: kty 2 (EC2), alg -7 (ES256), crv 1 (P-256), x, y; in CBOR by hand.
        public = b"\xa5\x01\x02\x03\x26\x20\x01\x21\x58\x20" + numbers.x.to_bytes(32, "big") + b"\x22\x58\x20" + numbers.y.to_bytes(32, "big")
        data = self.data(flags=0x45, **told) + bytes(16) + struct.pack(">H", len(self.id)) + self.id + public
        attestation = b"\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x58" + bytes([len(data)]) + data
        return {"id": text(self.id), "type": "public-key", "response": {
            "clientDataJSON": text(self.client("webauthn.create", challenge, origin)), "attestationObject": text(attestation), "transports": ["usb"]}}

    def answer(self, offer, challenge=None, origin=None, kind="webauthn.get", signer=None, handle=None, **told):
        client = self.client(kind, challenge or offer["challenge"], origin)
        data = self.data(**told)
        signature = (signer or self.key).sign(data + hashlib.sha256(client).digest(), ec.ECDSA(hashes.SHA256()))
        return {"id": text(self.id), "type": "public-key", "response": {
            "clientDataJSON": text(client), "authenticatorData": text(data), "signature": text(signature), "userHandle": handle}}


@pytest.fixture(scope="module")
def local(database_kind, request, tmp_path_factory):
    """By the name localhost: an address of numbers is no host of a passkey."""
    database = request.getfixturevalue("postgres").new_database() if database_kind == "postgresql" else ""
    started = Server(tmp_path_factory.mktemp("data") / "library", database)
    started.url = f"http://localhost:{started.port}"
    started.arguments = ["--public-url", started.url]
    started.start()
    own(started)
    yield started
    started.stop()


def begin(browser, server):
    answer = browser.post(f"{server.url}/v1/session/passkeys/options", json={"password": PASSWORD}, timeout=30)
    assert answer.status_code == 200, answer.text
    return answer.json()


def enter(server, key, **lies):
    """As whoever is locked out after some guesses does: again when the time is over."""
    while True:
        offer = ask(server, "session/passkey/options").json()
        told = ask(server, "session/passkey", credential=key.answer(offer, handle=key.handle, **lies))
        if told.status_code != 429:
            return told
        time.sleep(int(told.headers["Retry-After"]))


def test_a_passkey_that_lies_about_anything_opens_nothing(local):
    browser = Person(local, "ann@example.org").sign_in()
    key = Authenticator(local.url)

    def keep(**lies):
        offer = begin(browser, local)
        key.handle = offer["user"]["id"]
        made = key.make(lies.pop("challenge", offer["challenge"]), **lies)
        return browser.post(f"{local.url}/v1/session/passkeys", json={"name": "stick", "credential": made}, timeout=30)
    for lies in ({"challenge": text(os.urandom(32))}, {"origin": "https://evil.example"}, {"origin": local.url + ".evil.example"}, {"host": "evil.example"}):
        assert keep(**lies).status_code in (400, 401, 403), lies
    assert keep().status_code == 201
    assert enter(local, key, counter=2).status_code == 200
    other = ec.generate_private_key(ec.SECP256R1())
    for lies in ({"challenge": text(os.urandom(32))}, {"origin": "https://evil.example"}, {"origin": "http://localhost"}, {"host": "evil.example"},
                 {"kind": "webauthn.create"}, {"signer": other}, {"flags": 0x04}, {"flags": 0x01}):
        told = enter(local, key, **{"counter": 50, **lies})
        assert told.status_code in (400, 401, 403) and "Set-Cookie" not in told.headers, (lies, told.text)
    assert enter(local, key, counter=3).status_code == 200, "what was refused has moved no counter"


def test_an_answer_of_a_passkey_is_good_once_and_a_counter_that_goes_back_shows_a_copy(local):
    person = Person(local, "ben@example.org")
    browser, key = person.sign_in(), Authenticator(local.url)
    offer = begin(browser, local)
    key.handle = offer["user"]["id"]
    made = key.make(offer["challenge"])
    kept = browser.post(f"{local.url}/v1/session/passkeys", json={"name": "stick", "credential": made}, timeout=30)
    assert kept.status_code == 201, kept.text
    again = browser.post(f"{local.url}/v1/session/passkeys", json={"name": "stick", "credential": made}, timeout=30)
    assert again.status_code in (400, 401, 403, 409), "a challenge is for once"
    offer = ask(local, "session/passkey/options").json()
    answer = key.answer(offer, handle=key.handle, counter=10)
    assert ask(local, "session/passkey", credential=answer).status_code == 200
    replayed = ask(local, "session/passkey", credential=answer)
    assert replayed.status_code in (400, 401, 403) and "Set-Cookie" not in replayed.headers
    for counter in (10, 9, 0):
        copied = enter(local, key, counter=counter)
        assert copied.status_code in (401, 403) and "Set-Cookie" not in copied.headers, (counter, copied.text)
    assert "passkey.counter" in {entry["action"] for entry in local.get("/v1/audit").json()["items"]}
    assert requests.get(f"{local.url}/v1/documents", timeout=30).status_code == 401
