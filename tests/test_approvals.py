"""What people approve: over the API, and by the links of a mail that came through a real SMTP server."""
import re

import pytest
import requests
from conftest import Server
from test_notices import add_person, own, serve_mail

LINK = re.compile(r"^(Approve|Deny): (\S+)\s*$", re.M)
HOUSE = "http://lectern.example.org"


@pytest.fixture(scope="module")
def house(database_kind, request, tmp_path_factory):
    """A server with a mailbox, and keys of ann, who asks, and bob, cem and dan."""
    box, controller = serve_mail()
    database = request.getfixturevalue("postgres").new_database() if database_kind == "postgresql" else ""
    settings = {"LECTERN_SMTP_URL": f"smtp+plain://127.0.0.1:{controller.port}", "LECTERN_SMTP_FROM": "lectern@example.org",
                "LECTERN_PUBLIC_URL": HOUSE}
    server = Server(tmp_path_factory.mktemp("approvals") / "library", database, environment=settings).start()
    own(server)
    server.box = box
    server.keys = {name: add_person(server, role, f"{name}@example.org")
                   for name, role in (("ann", "editor"), ("bob", "reader"), ("cem", "editor"), ("dan", "reader"))}
    yield server
    server.stop()
    controller.stop()


def ask(server, **more):
    answer = server.post("/v1/approvals", {"title": "Pay 12", "text": "Invoice <12>", "users": ["bob@example.org"], **more},
                         key=server.keys["ann"])
    assert answer.status_code == 201, answer.text
    return answer.json()


def decide(server, approval, name, decision, **more):
    return server.post(f"/v1/approvals/{approval['id']}/decision", {"decision": decision, **more}, key=server.keys[name])


def links_of(server, approval, name):
    """Those of the mail that asks this person."""
    count = 0
    while True:
        count += 1
        for message in server.box.wait(count):
            text = message.get_content()
            if message["To"] == f"{name}@example.org" and approval["id"] in text and "Ann Größe asks." in text:
                return {verb: url.replace(HOUSE, server.url) for verb, url in LINK.findall(text)}


def test_a_mail_decides_by_its_button_once_and_by_no_look(house):
    approval = ask(house)
    links = links_of(house, approval, "bob")
    assert set(links) == {"Approve", "Deny"}
    for _ in range(2):  # a mail scanner follows every link
        for url in links.values():
            page = requests.get(url, timeout=30)
            assert page.status_code == 200 and page.headers["X-Robots-Tag"] == "noindex, nofollow"
            assert "Invoice &lt;12&gt;" in page.text and "script" not in page.text and 'content="same-origin"' in page.text
            assert page.headers["Cache-Control"] == "no-store"
            seen = re.search(r'name="seen" value="(\w+)"', page.text)[1]
    assert house.get(f"/v1/approvals/{approval['id']}", key=house.keys["ann"]).json()["state"] == "waiting"

    foreign = requests.post(links["Approve"], headers={"Origin": "https://evil.example"}, timeout=30)
    assert foreign.status_code == 403
    assert requests.post(links["Approve"].replace("approve", "deny"), data={"reason": "r"}, timeout=30).status_code == 403
    # Whoever is signed in has a cookie, which our page's form sends along without a token.
    session = requests.Session()
    session.post(house.url + "/v1/session", json={"email": "bob@example.org", "password": "correct horse battery"}, timeout=30)
    assert session.cookies
    pressed = session.post(links["Approve"], data={"reason": "fine", "seen": seen}, headers={"Origin": house.url}, timeout=30)
    assert pressed.status_code == 200 and "You have approved it." in pressed.text
    for url in links.values():
        assert requests.post(url, data={"reason": "r"}, timeout=30).status_code == 409
        assert requests.get(url, timeout=30).status_code == 409

    shown = house.get(f"/v1/approvals/{approval['id']}", key=house.keys["ann"]).json()
    assert shown["state"] == "approved" and shown["approved"] == 1
    assert [(p["decision"], p["reason"], p["by_mail"]) for p in shown["people"]] == [("approved", "fine", True)]
    history = house.get(f"/v1/approvals/{approval['id']}/history", key=house.keys["ann"]).json()["items"]
    assert [h["action"] for h in history] == ["approval.end", "approval.decide", "approval.ask"]
    bell = house.get("/v1/notices", key=house.keys["bob"]).text + house.get("/v1/notices", key=house.keys["ann"]).text
    token = links["Approve"].split("token=")[1]
    assert "token=" not in bell and token not in house.log.read_text()


def test_a_denial_has_a_reason_and_strangers_see_nothing(house):
    approval = ask(house, users=["bob@example.org", "cem@example.org"], quorum=2)
    path = f"/v1/approvals/{approval['id']}"
    mine = lambda name: [a["id"] for a in house.get("/v1/approvals?mine=1", key=house.keys[name]).json()["items"]]
    assert approval["id"] in mine("bob") and approval["id"] not in mine("ann") and approval["id"] not in mine("dan")
    assert house.get(path, key=house.keys["dan"]).status_code == 404
    assert decide(house, approval, "dan", "approve").status_code == 404
    assert decide(house, approval, "ann", "approve").status_code == 403
    assert decide(house, approval, "bob", "deny").json()["error"]["field"] == "reason"
    assert decide(house, approval, "bob", "delegate").status_code == 400
    assert house.post(path + "/delegate", {"to": "dan@example.org"}, key=house.keys["bob"]).status_code == 200
    assert house.post(path + "/comments", {"text": "why so much?"}, key=house.keys["dan"]).status_code == 204
    assert decide(house, approval, "bob", "approve").status_code == 409
    assert decide(house, approval, "dan", "approve", version=1).status_code == 409
    assert decide(house, approval, "dan", "approve").json()["approved"] == 1
    assert approval["id"] not in mine("dan")
    ended = decide(house, approval, "cem", "deny", reason="too much").json()
    assert (ended["state"], ended["reason"]) == ("denied", "too much")
    assert house.post(path + "/cancel", {}, key=house.keys["ann"]).status_code == 409
    said = [h["changes"].get("text") for h in house.get(path + "/history", key=house.keys["ann"]).json()["items"]]
    assert "why so much?" in said


def test_fields_are_edited_within_their_schema(house):
    schema = {"type": "object", "properties": {"sum": {"type": "integer", "maximum": 100}}, "additionalProperties": False}
    approval = ask(house, schema=schema, fields={"sum": 12})
    assert decide(house, approval, "bob", "approve", fields={"sum": 101}).json()["error"]["field"] == "fields"
    page = requests.get(links_of(house, approval, "bob")["Deny"], timeout=30).text
    assert "<td>sum<td>12" in page and "required" in page
    ended = decide(house, approval, "bob", "approve", fields={"sum": 10}).json()
    assert ended["state"] == "approved" and ended["fields"] == {"sum": 10}


def group(server, name, *people):
    return server.post("/v1/groups", {"name": name, "add": [f"{one}@example.org" for one in people]})


def test_groups_decide_one_of_each_as_they_are_then(house):
    for wrong, status in (({"name": ""}, 400), ({"name": "x", "add": ["eve@example.org"]}, 400), ({"name": "x", "who": []}, 400)):
        assert house.post("/v1/groups", wrong).status_code == status
    finance = group(house, "Finance", "bob", "cem").json()
    assert (finance["name"], finance["members"]) == ("Finance", 2)
    assert group(house, "FINANCE").status_code == 409
    assert group(house, "Law", "cem", "dan").status_code == 201
    assert house.call("PATCH", "/v1/groups/law", json={"remove": ["cem@example.org"], "name": "Lawyers"}).json()["members"] == 1
    ann, bob = house.keys["ann"], house.keys["bob"]
    assert [(g["name"], g["members"]) for g in house.get("/v1/groups", key=ann).json()["items"]] == [("Finance", 2), ("Lawyers", 1)]
    assert house.get("/v1/groups", key=bob).status_code == 403
    for method, path in (("GET", "/v1/groups/finance"), ("DELETE", "/v1/groups/finance")):
        assert house.call(method, path, key=ann).status_code == 403

    for wrong in ("Finance", ["Nobody"], [{"group": "Finance", "quorum": 0}], [{"quorum": 1}], [{"group": "Finance", "quorum": 3}], [7]):
        answer = house.post("/v1/approvals", {"title": "t", "users": ["bob@example.org"], "groups": wrong}, key=ann)
        assert answer.status_code == 400 and answer.json()["error"]["field"] == "groups", answer.text
    approval = ask(house, users=[], groups=[{"group": "Finance", "quorum": 1}, {"group": "Lawyers", "quorum": 1}])
    assert approval["left"] == 3 and set(links_of(house, approval, "bob")) == {"Approve", "Deny"}
    assert house.call("PATCH", "/v1/groups/finance", json={"remove": ["bob@example.org"]}).status_code == 200
    assert decide(house, approval, "bob", "approve").status_code == 404
    assert decide(house, approval, "cem", "approve").json()["state"] == "waiting"
    shown = house.get(f"/v1/approvals/{approval['id']}", key=ann).json()
    assert [(g["name"], g["quorum"], g["approved"], g["left"]) for g in shown["groups"]] == [("Finance", 1, 1, 0), ("Lawyers", 1, 0, 1)]
    assert decide(house, approval, "dan", "approve").json()["state"] == "approved"
    asked = house.get(f"/v1/audit?subject={approval['id']}&action=approval.ask").json()["items"]
    assert [entry["changes"]["groups"] for entry in asked] == ["Finance (1), Lawyers (1)"]
    assert house.call("DELETE", "/v1/groups/lawyers").status_code == 204
    assert house.get("/v1/groups/lawyers").status_code == 404
    said = house.get(f"/v1/audit?subject={finance['id']}").json()["items"]
    assert [entry["action"] for entry in said] == ["group.change", "group.add"]


def test_what_nobody_can_decide_is_not_asked(house):
    for wrong, field in (({"users": []}, "users"), ({"users": ["ann@example.org"]}, "users"), ({"quorum": 2}, "quorum"),
                         ({"users": ["eve@example.org"]}, "users"), ({"roles": ["king"]}, "roles"),
                         ({"deadline": "2020-01-01"}, "deadline"), ({"on_deadline": "explode"}, "on_deadline")):
        answer = house.post("/v1/approvals", {"title": "t", "users": ["bob@example.org"], **wrong}, key=house.keys["ann"])
        assert answer.status_code == 400 and answer.json()["error"]["field"] == field, answer.text
    assert house.post("/v1/approvals", {"title": "t", "roles": ["owner"]}, key=house.keys["bob"]).status_code == 403
