"""Every route of /openapi.json is sent nonsense: it is refused, and is never a failure of the server."""
import http.client
import re

import pytest
from conftest import Late, Server

fuzz_api, jsonschema, openapi_spec_validator = map(Late, ("fuzz_api", "jsonschema", "openapi_spec_validator"))
JUNK = ["", "null", "[]", "{}", '"text"', '{"unknown":1}', "{\"query\":\"\\u0000\"}", '{"name":{"a":[1,2,3]},"title":1e999}',
        '{"query":"' + "a" * 9000 + '"}', '{"question":"\\ud800"}', '{"email":"a","name":"","password":""}', "{" * 2000, "[" * 100000,
        '{"a":' * 5000 + "1" + "}" * 5000, '{"query":"a","query":"b","name":"a","name":"b"}', b'{"query":"\xff\xfe","name":"\xc3("}',
        "{} {}", "\ufeff{}".encode(), '{"limit":1e400,"offset":99999999999999999999,"query":"a"}']
IDS = ["01a1fcd6-73e7-7290-b8a2-59b6ed2b4e12", "x", "%20", "0", "a" * 150]
QUERIES = ["", "?limit=0", "?limit=abc&after=%ff", "?after=" + "z" * 500, "?q=%00", "?q=" + "%22" * 50, "?start=-1&end=9",
           "?order=sideways", "?from=yesterday&to=0", "?width=1e9&quote=%f0%9f%98%80"]
STREAMS = {"/v1/events"}


def fill(path, identifier):
    return re.sub(r"\{\w+\}", lambda _: identifier, path.replace("{n}", "1.png"))


def paths_of(server):
    for path, operations in server.get("/openapi.json").json()["paths"].items():
        for method in operations:
            yield method.upper(), path


@pytest.fixture(scope="module")
def document(server):
    if server.database:
        pytest.skip("it is the same over every database")
    return server.get("/openapi.json").json()


def operations_of(document):
    return [(path, method, operation) for path, item in document["paths"].items() for method, operation in item.items()]


def test_the_description_is_openapi_3_1(document):
    failures = document["components"]["responses"]
    for path, method, operation in operations_of(document):
        for code, answer in list(operation["responses"].items()):
            assert code.isdigit(), (path, method, code)
            # Thousands of references to the same ten: looked up here, where it takes no time.
            if "$ref" in answer and path != "/v1/documents":
                assert answer["$ref"].removeprefix("#/components/responses/") in failures
                del operation["responses"][code]
    openapi_spec_validator.validate(document)


def test_examples_keep_to_their_schemas(document):
    bodies = [kind for _, _, operation in operations_of(document)
              for kind in operation.get("requestBody", {}).get("content", {}).values() if "example" in kind]
    for kind in bodies:
        jsonschema.Draft202012Validator({**kind["schema"], "components": document["components"]}).validate(kind["example"])
    assert len(bodies) >= 25


def test_requests_made_from_the_description_are_answered_as_it_says(tmp_path):
    """A tenth of the routes, always the same; `make fuzz-api` is for all of them."""
    server = Server(tmp_path / "library").start()
    try:
        wrong, answered = fuzz_api.run(server, examples=1, seed=9, roles=("owner", None), share=0.1)
    finally:
        server.stop()
    assert wrong == []
    assert sum(answered.values()) > 100


def must_say(operation):
    return [parameter["name"] for parameter in operation.get("parameters", []) if parameter["in"] == "query" and parameter["required"]]


def test_a_query_without_what_is_marked_as_required_is_refused(server, document):
    asked = [(method, path, must_say(operation)) for path, method, operation in operations_of(document) if must_say(operation)]
    assert ("get", "/v1/search", ["q"]) in asked
    for method, path, names in asked:
        for missing in names:
            answer = server.call(method.upper(), path, params={name: "harbour" for name in names if name != missing})
            assert 400 <= answer.status_code < 500, (method, path, missing, answer.status_code)


def test_nothing_that_a_query_may_leave_out_is_asked_for(server, document):
    for path, method, operation in operations_of(document):
        if method == "get" and "{" not in path and path not in STREAMS and not must_say(operation):
            answer = server.call("GET", path, stream=True)
            names = {parameter["name"] for parameter in operation.get("parameters", [])}
            assert answer.status_code != 400 or answer.json()["error"].get("field") not in names, (path, answer.text)
            answer.close()


@pytest.mark.parametrize("method, path, kind, member", [
    ("GET", "/v1/responses/%F0%A0%8D%AA", "application/json", ("error", "type")),
    ("GET", "/v1/messages/batches/%F0%A0%8D%AA", "application/json", ("type",)),
    ("GET", "/v1/result/%F0%A0%8D%AA", "application/json", ("detail",)),
    ("GET", "/v1alpha/result/%F0%A0%8D%AA", "application/json", ("detail",)),
    ("GET", "/api/v1/files/%F0%A0%8D%AA", "application/json", ("status_code",)),
    ("PUT", "/tika/%F0%A0%8D%AA", "text/plain", None),
    ("GET", "/v1/documents/%F0%A0%8D%AA", "application/json", ("error", "code"))])
def test_a_name_that_no_route_takes_is_refused_as_clients_of_the_path_expect(server, method, path, kind, member):
    answer = server.call(method, path)
    assert (answer.status_code, answer.headers["Content-Type"].split(";")[0]) == (404, kind)
    value = answer.json() if member else None
    for name in member or ():
        value = value[name]


def test_an_address_that_cannot_be_read_is_refused_as_clients_of_the_path_expect(server):
    assert server.get("/v1/files?purpose=%00").json()["error"]["type"] == "invalid_request_error"
    assert server.get("/v1/messages/batches?limit=%00").json()["type"] == "error"
    assert server.get("/v1/documents?limit=%00").json()["error"]["code"] == "invalid"


@pytest.mark.parametrize("headers, wanted", [({}, None), ({"X-Request-Id": "order-17"}, "order-17")])
def test_a_failure_names_its_request_as_the_headers_and_the_log_do(server, headers, wanted):
    answer = server.get("/v1/documents/none", headers=headers)
    told = answer.json()["error"]["request_id"]
    assert answer.status_code == 404 and told == answer.headers["X-Request-Id"] and wanted in (None, told)


@pytest.mark.parametrize("path, body, cited", [
    ("/v1/compare", {"left_text": "The notice period is three months.", "right_text": "The notice period is six months."},
     lambda answer: answer["items"][0]["left"]["citations"][0]),
    ("/v1/fields", {"schema": "invoice", "text": "Invoice 17, total 12.50 EUR"}, lambda answer: answer["fields"][0]["source"]),
    ("/v1/tasks/draw", {"text": "Please send the offer to Ada by Friday."}, lambda answer: answer["items"][0]["source"])])
def test_places_in_a_text_that_is_given_are_citations_without_a_document(server, document, path, body, cited):
    citation = cited(server.post(path, body).json())
    assert citation["document"] is None
    assert set(citation) == set(document["components"]["schemas"]["Citation"]["required"])


class Sender:
    """Requests one after another: thousands of them, for which a client that does more takes most of the time."""

    def __init__(self, server, key):
        self.connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
        self.key = key
        self.failed = []

    def send(self, method, path, body=None):
        headers = {"Authorization": f"Bearer {self.key}", **({"Content-Type": "application/json"} if body is not None else {})}
        body = body.encode() if isinstance(body, str) else body
        try:
            self.connection.request(method, path, body, headers)
            answer = self.connection.getresponse()
        except (http.client.RemoteDisconnected, ConnectionError):  # it was closed after the last answer: once more, on a new one
            self.connection.close()
            self.connection.request(method, path, body, headers)
            answer = self.connection.getresponse()
        text = answer.read()
        if answer.status >= 500 and answer.status != 503:
            self.failed.append((method, path, str(body)[:100], answer.status, text[:200]))


def test_nonsense_is_refused_and_never_a_failure(server):
    sender = Sender(server, server.cli("keys", "add", "nonsense", "--role", "owner").stdout.split()[-1])
    for method, path in paths_of(server):
        if path in STREAMS or path in ("/v1/backup", "/v1/documents/sample", "/v1/settings/provider"):
            continue
        for number, identifier in enumerate(IDS):
            target = fill(path, identifier)
            if method == "GET":
                for query in QUERIES if number == 0 else QUERIES[:2]:
                    sender.send(method, target + query)
            elif number == 0 or "{" in path:
                for body in JUNK if number == 0 else JUNK[:4]:
                    sender.send(method, target, body)
            if "{" not in path:
                break
    assert sender.failed == []
    assert server.get("/health").json()["status"] == "ok"


@pytest.mark.parametrize("role, allowed", [(None, {"anyone"}), ("reader", {"anyone", "a reader"})])
def test_every_route_asks_for_its_role(server, role, allowed):
    key = server.cli("keys", "add", f"role {role}", "--role", role).stdout.split()[-1] if role else "lk_none"
    for path, operations in server.get("/openapi.json").json()["paths"].items():
        for method, operation in operations.items():
            needs = operation["description"].removeprefix("For ").removesuffix(".").removesuffix(" or an auditor")
            if needs in allowed:
                continue
            target = fill(path, IDS[0])
            answer = server.call(method.upper(), target, key=key)
            assert answer.status_code == (403 if role else 401), (method, path, answer.status_code)
