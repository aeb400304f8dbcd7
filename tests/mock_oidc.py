"""An OpenID Connect provider of ours that can be told to do each thing wrong that a provider, or whoever pretends to be one, can."""
import base64
import hashlib
import json
import secrets
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import ec

CLIENT, SECRET = "lectern", "a secret of the provider's & ours"


def base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class MockOidc:
    """`person`: claims of whoever signs in; `wrong`: what is done wrong next, by name; `asked`: how often each path was."""

    def __init__(self):
        self.key, self.other_key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
        self.wrong, self.claims, self.userinfo, self.codes, self.asked = set(), {}, None, {}, []
        self.person = {"sub": "u1", "email": "ada@example.org", "email_verified": True, "name": "Ada"}
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self.handler())
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def handler(mock):
        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *_):
                pass

            def answer(self, body, status=200, headers=()):
                data = body if isinstance(body, bytes) else json.dumps(body).encode()
                self.send_response(status)
                for name, value in [("Content-Length", str(len(data))), *headers]:
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(data)

            def do_GET(self):
                parts = urlsplit(self.path)
                mock.asked.append(parts.path)
                query = {name: values[0] for name, values in parse_qs(parts.query).items()}
                if parts.path == "/.well-known/openid-configuration":
                    self.answer(mock.about())
                elif parts.path == "/keys":
                    self.answer(mock.keys())
                elif parts.path == "/authorize":
                    self.answer(b"", 302, [("Location", mock.authorize(query))])
                elif parts.path == "/userinfo" and self.headers["Authorization"] == "Bearer access":
                    self.answer(mock.userinfo)
                else:
                    self.answer(b"", 404)

            def do_POST(self):
                mock.asked.append(self.path)
                form = {name: values[0] for name, values in
                        parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode()).items()}
                status, body = mock.token(form, self.headers["Authorization"] or "")
                self.answer(body, status)

        return Handler

    def about(self):
        return {"issuer": self.url + "/other" if "issuer" in self.wrong else self.url, "authorization_endpoint": f"{self.url}/authorize",
                "token_endpoint": f"{self.url}/token", "userinfo_endpoint": f"{self.url}/userinfo", "jwks_uri": f"{self.url}/keys",
                "end_session_endpoint": f"{self.url}/leave", "response_types_supported": ["code"],
                "authorization_response_iss_parameter_supported": True}

    def keys(self):
        return {"keys": [{**json.loads(jwt.algorithms.ECAlgorithm.to_jwk(self.key.public_key())), "kid": "k1", "use": "sig", "alg": "ES256"}]}

    def authorize(self, query):
        if "denied" in self.wrong:
            answer = {"error": "access_denied", "error_description": "<b>no</b>"}
        else:
            answer = {"code": secrets.token_urlsafe(16)}
            self.codes[answer["code"]] = query
        answer |= {"state": query["state"], "iss": "https://evil.example" if "iss" in self.wrong else self.url}
        return f"{query['redirect_uri']}?{urlencode(answer)}"

    def token(self, form, authorization):
        query = self.codes.pop(form.get("code"), None)
        basic = base64.b64decode(authorization.removeprefix("Basic ")).decode()
        if basic != f"{CLIENT}:a%20secret%20of%20the%20provider%27s%20%26%20ours":
            return 401, {"error": "invalid_client"}
        challenge = base64url(hashlib.sha256(form.get("code_verifier", "").encode()).digest())
        if not query or form["redirect_uri"] != query["redirect_uri"] or challenge != query.get("code_challenge"):
            return 400, {"error": "invalid_grant"}
        if "broken" in self.wrong:
            return 500, b"<html>"
        if "slow" in self.wrong:
            time.sleep(6)
        return 200, {"access_token": "access", "token_type": "Bearer", "id_token": self.id_token(query)}

    def id_token(self, query):
        now = int(time.time())
        half = hashlib.sha256(b"other" if "at_hash" in self.wrong else b"access").digest()[:16]
        claims = {"iss": self.url, "aud": CLIENT, "iat": now, "exp": now + 300, "nonce": query["nonce"], "at_hash": base64url(half),
                  **self.person, **self.claims}
        claims = {name: value for name, value in claims.items() if value is not None}
        if "unsigned" in self.wrong:
            return jwt.encode(claims, None, "none")
        if "secret" in self.wrong:
            return jwt.encode(claims, SECRET.ljust(32), "HS256", headers={"kid": "k1"})
        return jwt.encode(claims, self.other_key if "key" in self.wrong else self.key, "ES256", headers={"kid": "k1"})

    def stop(self):
        self.server.shutdown()
        self.server.server_close()
