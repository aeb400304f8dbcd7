"""SCIM 2.0: a directory elsewhere adds, changes and shuts out people and groups."""
import pytest
import requests
from conftest import Server

PASSWORD = "correct horse battery"
USER, GROUP = ("urn:ietf:params:scim:schemas:core:2.0:" + kind for kind in ("User", "Group"))
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"


class Directory:
    def __init__(self, server):
        self.server = server
        self.key = server.cli("keys", "add", "directory", "--role", "admin", "--scopes", "scim").stdout.strip()

    def call(self, method, path, json=None, key=None, **params):
        return requests.request(method, f"{self.server.url}/scim/v2{path}", json=json, params=params, timeout=10,
                                headers={"Authorization": f"Bearer {key or self.key}", "Content-Type": "application/scim+json"})

    def patch(self, path, *operations):
        return self.call("PATCH", path, {"schemas": [PATCH], "Operations": list(operations)})


@pytest.fixture(scope="module")
def directory(tmp_path_factory):
    server = Server(tmp_path_factory.mktemp("scim") / "library").start()
    made = requests.post(f"{server.url}/v1/setup", json={"email": "ada@example.org", "name": "Ada", "password": PASSWORD}, timeout=10)
    assert made.status_code == 201
    yield Directory(server)
    server.stop()


def test_the_server_says_what_it_speaks(directory):
    config = directory.call("GET", "/ServiceProviderConfig")
    assert config.headers["Content-Type"].startswith("application/scim+json")
    assert config.json()["patch"]["supported"] and not config.json()["bulk"]["supported"]
    assert [one["endpoint"] for one in directory.call("GET", "/ResourceTypes").json()["Resources"]] == ["/Users", "/Groups"]
    assert [one["id"] for one in directory.call("GET", "/Schemas").json()["Resources"]] == [USER, GROUP]


def test_a_person_is_added_found_changed_and_loses_sessions_and_keys(directory):
    person = {"schemas": [USER], "userName": "Bo@example.org", "externalId": "d-1", "name": {"givenName": "Bo", "familyName": "Berg"}, "active": True,
              "emails": [{"value": "bo@example.org", "primary": True}], "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": {"department": "x"}}
    made = directory.call("POST", "/Users", person)
    assert made.status_code == 201, made.text
    made = made.json()
    assert (made["userName"], made["externalId"], made["name"]["formatted"], made["active"]) == ("bo@example.org", "d-1", "Bo Berg", True)
    again = directory.call("POST", "/Users", person)
    assert again.status_code == 409 and again.json()["scimType"] == "uniqueness" and again.json()["status"] == "409"
    for wanted in ('userName eq "BO@example.org"', 'externalId eq "d-1"'):
        found = directory.call("GET", "/Users", filter=wanted).json()
        assert found["totalResults"] == 1 and found["Resources"][0]["id"] == made["id"]
    assert directory.call("GET", "/Users", filter='userName eq "nobody@example.org"').json()["totalResults"] == 0
    assert directory.call("GET", "/Users", count=1, startIndex=2).json()["itemsPerPage"] == 1
    path = f"/Users/{made['id']}"
    assert directory.patch(path, {"op": "replace", "path": "displayName", "value": "Bo B."}).json()["displayName"] == "Bo B."
    # They sign in once they have a password, and are shut out by the directory.
    server = directory.server
    session = requests.Session()
    session.headers["X-CSRF-Token"] = session.post(f"{server.url}/v1/session", json={"email": "ada@example.org", "password": PASSWORD}, timeout=10).json()["csrf"]
    assert session.patch(f"{server.url}/v1/users/{made['id']}", json={"password": PASSWORD}, timeout=10).status_code == 204
    theirs = requests.Session()
    csrf = theirs.post(f"{server.url}/v1/session", json={"email": "bo@example.org", "password": PASSWORD}, timeout=10).json()["csrf"]
    key = theirs.post(f"{server.url}/v1/keys", json={"name": "k"}, headers={"X-CSRF-Token": csrf}, timeout=10).json()["key"]
    assert server.get("/v1/documents", key=key).status_code == 200
    off = directory.patch(path, {"op": "Replace", "value": {"active": "False"}})
    assert off.status_code == 200 and off.json()["active"] is False
    assert theirs.get(f"{server.url}/v1/documents", timeout=10).status_code == 401 and server.get("/v1/documents", key=key).status_code == 401
    assert directory.call("PUT", path, {**person, "active": True}).json()["active"] is True
    assert server.get("/v1/documents", key=key).status_code == 401, "the key is gone for good"
    assert directory.call("DELETE", path).status_code == 204
    missing = directory.call("GET", path)
    assert missing.status_code == 404 and missing.json()["schemas"] == ["urn:ietf:params:scim:api:messages:2.0:Error"]


def test_what_is_added_says_where_it_is_and_is_found_by_each_of_its_names(directory):
    made = directory.call("POST", "/Users", {"schemas": [USER], "userName": "fo@example.org", "externalId": "d-6", "displayName": "Fo"})
    id = made.json()["id"]
    assert made.headers["Location"] == made.json()["meta"]["location"] and made.headers["Location"].endswith(f"/scim/v2/Users/{id}")
    for wanted in ('emails eq "fo@example.org"', 'emails.value eq "FO@example.org"', 'emails[value eq "fo@example.org"]', f'{USER}:emails[ value EQ "fo@example.org" ]', f'id eq "{id}"', f'{USER}:userName eq "fo@example.org"', f'{USER.lower()}:externalId eq "d-6"'):
        assert [one["id"] for one in directory.call("GET", "/Users", filter=wanted).json()["Resources"]] == [id], wanted
    group = directory.call("POST", "/Groups", {"schemas": [GROUP], "displayName": "Located"})
    assert group.headers["Location"].endswith(f"/Groups/{group.json()['id']}")
    for wanted in (f'id eq "{group.json()["id"]}"', f'{GROUP}:displayName eq "located"'):
        assert directory.call("GET", "/Groups", filter=wanted).json()["totalResults"] == 1, wanted
    assert directory.call("GET", "/ResourceTypes/User").json()["schema"] == USER and directory.call("GET", "/ResourceTypes/Printer").status_code == 404
    assert directory.call("GET", f"/Schemas/{GROUP}").json()["name"] == "Group" and directory.call("GET", "/Schemas/none").status_code == 404


def test_places_of_a_list_that_are_too_small_or_too_large_mean_the_nearest(directory):
    total = directory.call("GET", "/Users").json()["totalResults"]
    for params, start, shown in (({"startIndex": 0}, 1, total), ({"startIndex": -9, "count": 1}, 1, 1), ({"count": -1}, 1, 0), ({"count": 0}, 1, 0),
                                 ({"count": 100000}, 1, total), ({"startIndex": total + 1}, total + 1, 0)):
        page = directory.call("GET", "/Users", **params).json()
        assert (page["totalResults"], page["startIndex"], page["itemsPerPage"], len(page["Resources"])) == (total, start, shown, shown), params


def test_one_attribute_is_changed_or_removed_by_its_path(directory):
    path = "/Users/" + directory.call("POST", "/Users", {"schemas": [USER], "userName": "gu@example.org", "externalId": "d-7", "displayName": "Gu"}).json()["id"]
    changed = directory.patch(path, {"op": "add", "path": "name.givenName", "value": "Gudrun"}, {"op": "add", "path": f"{USER}:name.familyName", "value": "Ek"})
    assert changed.json()["displayName"] == changed.json()["name"]["formatted"] == "Gudrun Ek"
    assert "externalId" not in directory.patch(path, {"op": "remove", "path": "externalId"}).json()
    assert directory.patch(path, {"op": "remove", "path": "title"}).status_code == 200, "what is not kept is not there"
    for operation, kind in (({"op": "dance", "path": "active"}, "invalidSyntax"), ({"op": "remove"}, "noTarget"), ({"op": "remove", "path": "userName"}, "invalidValue"),
                            ({"op": "replace", "path": "id", "value": "x"}, "mutability")):
        refused = directory.patch(path, {"op": "replace", "path": "displayName", "value": "Half"}, operation)
        assert (refused.status_code, refused.json().get("scimType")) == (400, kind), operation
    assert directory.call("GET", path).json()["displayName"] == "Gudrun Ek", "none of a PATCH that is refused is done"
    broken = requests.post(f"{directory.server.url}/scim/v2/Users", data="{nonsense", timeout=10,
                           headers={"Authorization": f"Bearer {directory.key}", "Content-Type": "application/scim+json"})
    assert (broken.status_code, broken.json()["scimType"]) == (400, "invalidSyntax")


def test_a_group_follows_the_directory(directory):
    ids = [directory.call("POST", "/Users", {"schemas": [USER], "userName": f"{name}@example.org", "displayName": name}).json()["id"] for name in ("cy", "di", "ed")]
    made = directory.call("POST", "/Groups", {"schemas": [GROUP], "displayName": "Sales", "members": [{"value": ids[0]}]})
    assert made.status_code == 201, made.text
    path = f"/Groups/{made.json()['id']}"

    def members():
        return {one["value"] for one in directory.call("GET", path).json()["members"]}

    assert members() == {ids[0]}
    assert directory.call("GET", "/Groups", filter='displayName eq "sales"').json()["totalResults"] == 1
    for operation, wanted in (
            ({"op": "add", "path": "members", "value": [{"value": ids[1]}, {"value": ids[2]}]}, set(ids)),
            ({"op": "remove", "path": f'members[value eq "{ids[0]}"]'}, set(ids[1:])),
            ({"op": "replace", "path": "members", "value": [{"value": ids[0]}]}, {ids[0]}),
            ({"op": "remove", "path": "members"}, set())):
        answer = directory.patch(path, operation)
        assert answer.status_code == 200, answer.text
        assert members() == wanted, operation
    assert directory.patch(path, {"op": "replace", "value": {"displayName": "Sellers"}}).json()["displayName"] == "Sellers"
    assert directory.call("PUT", path, {"displayName": "Sales", "members": [{"value": ids[2]}]}).status_code == 200 and members() == {ids[2]}
    assert directory.call("DELETE", path).status_code == 204 and directory.call("GET", path).status_code == 404


def test_wrong_requests_are_refused_in_its_own_words(directory):
    ada = directory.call("GET", "/Users", filter='userName eq "ada@example.org"').json()["Resources"][0]["id"]
    for status, method, path, body, params in (
            (400, "POST", "/Users", {"displayName": "x"}, {}),
            (400, "POST", "/Users", {"userName": "no address"}, {}),
            (400, "GET", "/Users", None, {"filter": 'userName co "a"'}),
            (400, "GET", "/Users", None, {"filter": 'title eq "a"'}),
            (400, "GET", "/Users", None, {"filter": 'emails[display eq "a"]'}),
            (400, "GET", "/Users", None, {"filter": 'emails[value eq "a" and type eq "work"]'}),
            (400, "GET", "/Users", None, {"filter": '[value eq "a"]'}),
            (400, "GET", "/Users", None, {"filter": 'emails['}),
            (400, "GET", "/Groups", None, {"filter": 'displayName eq "a'}),
            (400, "PATCH", f"/Users/{ada}", {"Operations": []}, {}),
            (400, "PATCH", f"/Users/{ada}", {"Operations": [{"op": "replace", "path": "active", "value": 7}]}, {}),
            (403, "PATCH", f"/Users/{ada}", {"Operations": [{"op": "replace", "path": "active", "value": False}]}, {}),  # an owner
            (400, "POST", "/Groups", {"members": []}, {}),
            (400, "POST", "/Groups", {"displayName": "x", "members": [{"value": "nobody"}]}, {}),
            (404, "GET", "/Groups/none", None, {}),
            (404, "GET", "/Printers", None, {}),
            (404, "POST", "/Bulk", {}, {}),
            (405, "PUT", "/Users", {}, {})):
        answer = directory.call(method, path, body, **params)
        assert answer.status_code == status and answer.json()["detail"], (method, path, answer.status_code, answer.text)
        assert answer.headers["Content-Type"].startswith("application/scim+json") and answer.json()["status"] == str(status), (method, path)


def test_only_a_key_of_the_scope_may(directory):
    owner = directory.server.cli("keys", "add", "owner", "--role", "owner").stdout.strip()
    assert directory.call("GET", "/Users", key=owner).status_code == 403
    assert directory.server.get("/v1/users", key=directory.key).status_code == 403
