"""Signing in by another service (OpenID Connect): the way there and back, and everything that may go wrong on it."""
import json
import time
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
import requests
from conftest import Server, free_port
from mock_oidc import CLIENT, SECRET, MockOidc

PASSWORD = "correct horse battery"


@pytest.fixture(scope="module")
def provider():
    made = MockOidc()
    yield made
    made.stop()


@pytest.fixture(autouse=True)
def good(provider):
    """Each test begins with a provider that does everything right."""
    provider.wrong, provider.claims, provider.userinfo = set(), {}, None
    provider.person = {"sub": "u1", "email": "ada@example.org", "email_verified": True, "name": "Ada"}


def start_server(folder, database, rows):
    (folder / "client").write_text(SECRET + "\n")
    (folder / "oidc.json").write_text(json.dumps({"providers": [{"client_id": CLIENT, "client_secret_file": str(folder / "client"), **row}
                                                                for row in rows]}))
    server = Server(folder / "library", database)
    server.arguments = ["--oidc", str(folder / "oidc.json"), "--public-url", server.url]
    server.start()
    answer = requests.post(f"{server.url}/v1/setup", timeout=30,
                           json={"email": "ada@example.org", "name": "Ada", "password": PASSWORD, "workspace": "Library"})
    assert answer.status_code == 201, answer.text
    server.new_key()
    return server


def start_with_all(folder, database, provider):
    other = {"name": "other", "title": "The other one", "issuer": f"http://127.0.0.1:{free_port()}"}
    roles = {"name": "roles", "title": "By role", "issuer": provider.url, "role_claim": "groups", "roles": {"crew": "editor", "boss": "admin"},
             "new_people": ["example.org"]}
    company = {"name": "company", "title": "The Company", "issuer": provider.url, "new_people": ["new.example"]}
    return start_server(folder, database, [company, other, roles])


@pytest.fixture(scope="module")
def server(provider, tmp_path_factory):
    started = start_with_all(tmp_path_factory.mktemp("data"), "", provider)
    yield started
    started.stop()


@pytest.fixture(scope="module")
def each_server(provider, database_kind, request, tmp_path_factory):
    """Over either database; where only the provider matters, one is enough."""
    if database_kind == "sqlite":
        yield request.getfixturevalue("server")
        return
    started = start_with_all(tmp_path_factory.mktemp("data"), request.getfixturevalue("postgres").new_database(), provider)
    yield started
    started.stop()


class Browser(requests.Session):
    """Follows one redirect at a time, with the cookies of a browser."""

    def __init__(self, server):
        super().__init__()
        self.server = server

    def go(self, url):
        answer = self.get(url if url.startswith("http") else self.server.url + url, allow_redirects=False, timeout=30)
        assert answer.status_code in (302, 303), answer.text
        return answer.headers["Location"]

    def begin(self, name="company", back="/library"):
        """As far as the address with the provider's answer."""
        return self.go(self.go(f"/v1/auth/oidc/{name}/start?return={back}"))

    def sign_in(self, name="company"):
        return self.go(self.begin(name))

    def user(self):
        return self.get(f"{self.server.url}/v1/session", timeout=30).json()["user"]

    def failure(self):
        return unquote(self.cookies.get("lectern_sign_in_failed", ""))


def let_in(server):
    """A good sign-in lets an address begin again that has failed too often."""
    requests.post(f"{server.url}/v1/session", json={"email": "ada@example.org", "password": PASSWORD}, timeout=30).raise_for_status()


def refused(server, url, browser):
    assert browser.go(url) == "/"
    assert browser.user() is None
    let_in(server)
    return browser.failure()


def test_a_person_with_a_proved_address_signs_in_and_out_by_another_service(each_server, provider):
    browser = Browser(each_server)
    assert browser.sign_in() == "/library"
    user = browser.user()
    assert (user["email"], user["role"]) == ("ada@example.org", "owner")
    provider.person["email"] = "changed@example.org"
    again = Browser(each_server)
    again.sign_in()
    assert again.user()["id"] == user["id"]
    session = again.get(f"{each_server.url}/v1/session", timeout=30).json()
    left = again.delete(f"{each_server.url}/v1/session", headers={"X-CSRF-Token": session["csrf"]}, timeout=30)
    leave = urlsplit(left.json()["sign_out_url"])
    assert leave.path == "/leave" and parse_qs(leave.query) == {"client_id": [CLIENT], "post_logout_redirect_uri": [f"{each_server.url}/"]}
    assert again.user() is None and browser.user()


def test_the_way_there_has_a_challenge_and_shows_no_secret(server):
    browser = Browser(server)
    url = urlsplit(browser.go("/v1/auth/oidc/company/start"))
    query = {name: values[0] for name, values in parse_qs(url.query).items()}
    assert query["response_type"] == "code" and query["code_challenge_method"] == "S256" and len(query["code_challenge"]) == 43
    assert query["scope"] == "openid email profile" and len(query["state"]) == len(query["nonce"]) == 43
    assert query["redirect_uri"] == f"{server.url}/v1/auth/oidc/company/callback"
    cookie = browser.get(f"{server.url}/v1/auth/oidc/company/start", allow_redirects=False, timeout=30).headers["Set-Cookie"]
    assert "HttpOnly" in cookie and "SameSite=Lax" in cookie and "Path=/v1/auth/oidc/" in cookie and query["state"] not in cookie
    shown = requests.get(f"{server.url}/v1/session", timeout=30).json()["sign_in"]
    assert shown[0] == {"title": "The Company", "url": "/v1/auth/oidc/company/start"}


@pytest.mark.parametrize("claims, wrong, says", [
    ({"nonce": "x" * 43}, (), "nonce"), ({"nonce": None}, (), "nonce"), ({"aud": "other"}, (), "aud"), ({"aud": [CLIENT, "other"]}, (), "azp"),
    ({"azp": "other"}, (), "azp"), ({"iss": "https://evil.example"}, (), "iss"), ({"exp": 1}, (), "exp"), ({"exp": None}, (), "exp"),
    ({"iat": 1}, (), "iat"), ({"iat": None}, (), "iat"), ({"sub": None}, (), "sub"), ({}, ("at_hash",), "at_hash"), ({}, ("unsigned",), "signature"),
    ({}, ("secret",), "key"), ({}, ("key",), "signature"), ({}, ("iss",), "The Company"), ({}, ("denied",), "does not allow"),
    ({}, ("broken",), "status 500"),
])
def test_a_provider_that_does_it_wrong_signs_nobody_in(server, provider, claims, wrong, says):
    provider.claims, provider.wrong = claims, set(wrong)
    browser = Browser(server)
    failure = refused(server, browser.begin(), browser)
    assert says in failure and "<b>" not in failure, failure


@pytest.mark.parametrize("person, says", [
    ({"sub": "u2", "email": "nobody@example.org", "email_verified": True}, "nobody here"),
    ({"sub": "u3", "email": "ada@example.org", "email_verified": False}, "email_verified"),
    ({"sub": "u4", "email": "ada@example.org", "email_verified": "true"}, "email_verified"),
    ({"sub": "u5"}, "no e-mail"),
])
def test_who_is_not_known_here_is_told_why(server, provider, person, says):
    provider.person, provider.userinfo = person, {"sub": person["sub"]}
    browser = Browser(server)
    assert says in refused(server, browser.begin(), browser)


def test_an_address_that_another_subject_has_now_is_not_the_account(each_server, provider):
    Browser(each_server).sign_in()
    provider.person["sub"] = "u6"
    browser = Browser(each_server)
    assert "another name" in refused(each_server, browser.begin(), browser)


def test_an_answer_counts_once_and_only_where_it_was_begun(each_server):
    browser = Browser(each_server)
    url = browser.begin()
    stranger = Browser(each_server)
    assert "not begun in this browser" in refused(each_server, url, stranger)
    cookie = browser.cookies["lectern_sign_in"]
    assert browser.go(url) == "/library"
    browser.cookies.clear()
    browser.cookies.set("lectern_sign_in", cookie, path="/v1/auth/oidc/")
    assert "used already" in refused(each_server, url, browser)


@pytest.mark.parametrize("change", [lambda url: url.replace("state=", "state=x"), lambda url: url.split("?")[0], lambda url: url.split("state")[0],
                                    lambda url: url.replace("/company/", "/roles/"), lambda url: url.replace("code=", "code=x")])
def test_an_answer_that_was_changed_is_refused(server, change):
    browser = Browser(server)
    assert "begin again" in refused(server, change(browser.begin()), browser)


def test_a_cookie_that_was_not_made_here_is_refused(server):
    browser = Browser(server)
    url = browser.begin()
    for cookie in ("x", "AAAA" * 30, browser.cookies["lectern_sign_in"][:-4] + "AAA=", "A" * 9000):
        forger = Browser(server)
        forger.cookies.set("lectern_sign_in", cookie, path="/v1/auth/oidc/")
        assert "not begun in this browser" in refused(server, url, forger)


def test_a_code_of_another_sign_in_fails_its_challenge(server, provider):
    browser, thief = Browser(server), Browser(server)
    code = parse_qs(urlsplit(browser.begin()).query)["code"][0]
    own = thief.begin()
    stolen = own.replace(parse_qs(urlsplit(own).query)["code"][0], code)
    assert "invalid_grant" in refused(server, stolen, thief)
    assert code not in provider.codes


@pytest.mark.parametrize("back", ["https://evil.example", "//evil.example", "/\\evil.example", "/%0d%0aX:y", "javascript:alert(1)", "/v1/session", ""])
def test_nobody_is_led_to_another_place_than_the_page(server, back):
    browser = Browser(server)
    assert browser.go(browser.begin(back=back)) == "/"
    assert browser.user()


def test_people_of_a_domain_that_is_named_become_people(each_server, provider):
    provider.person = {"sub": "n1", "email": "eve@new.example", "email_verified": True, "name": "Eve"}
    browser = Browser(each_server)
    browser.sign_in()
    assert (browser.user()["name"], browser.user()["role"]) == ("Eve", "reader")


def test_claims_may_come_from_the_userinfo_endpoint_of_the_same_subject(server, provider):
    provider.person = {"sub": "n2"}
    provider.userinfo = {"sub": "n2", "email": "max@new.example", "email_verified": True, "name": "Max"}
    browser = Browser(server)
    browser.sign_in()
    assert browser.user()["name"] == "Max"
    provider.person, provider.userinfo["sub"] = {"sub": "n3"}, "n4"
    other = Browser(server)
    assert "another person" in refused(server, other.begin(), other)


def test_the_role_is_what_the_provider_says_today(each_server, provider):
    provider.person |= {"sub": "r1", "email": "rob@example.org", "groups": ["staff", "crew"]}
    for groups, role in ((["staff", "crew"], "editor"), (["boss", "crew"], "admin"), ("crew", "editor")):
        provider.person["groups"] = groups
        browser = Browser(each_server)
        browser.sign_in("roles")
        assert browser.user()["role"] == role
    provider.person["groups"] = ["owner", "admin"]
    browser = Browser(each_server)
    assert "no role" in refused(each_server, browser.begin("roles"), browser)


def test_a_provider_that_is_away_is_said_to_be(server, provider):
    begun = time.monotonic()
    for _ in range(3):
        browser = Browser(server)
        assert "The other one" in refused(server, "/v1/auth/oidc/other/start", browser)
    assert requests.get(f"{server.url}/v1/auth/oidc/nobody/start", timeout=30).status_code == 404
    assert requests.get(f"{server.url}/v1/auth/oidc/nobody/callback", timeout=30).status_code == 404
    assert time.monotonic() - begun < 60


def test_a_provider_that_calls_itself_another_issuer_is_not_asked_for_people(provider, tmp_path):
    provider.wrong = {"issuer"}
    server = start_server(tmp_path, "", [{"name": "company", "title": "The Company", "issuer": provider.url}])
    try:
        browser = Browser(server)
        assert "The Company" in refused(server, "/v1/auth/oidc/company/start", browser)
        assert "another issuer" in server.log.read_text()
    finally:
        server.stop()


def test_no_secret_of_a_sign_in_is_in_the_log(server):
    browser = Browser(server)
    url = browser.begin()
    query = parse_qs(urlsplit(url).query)
    browser.go(url)
    log = server.log.read_text()
    assert SECRET not in log and query["code"][0] not in log and query["state"][0] not in log
