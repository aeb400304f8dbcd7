"""Every list of /openapi.json that is read in parts, and lists that change while somebody walks through them."""
import base64

import pytest

# Lists in OpenAI's form, which know any id as a place.
OPENAI = {"/v1/files", "/v1/batches"}
BAD = ["x", "%00", "0", "a" * 3000, "-1", base64.b64encode(b"{}").decode(), "9" * 40, "'; --"]
# What can be made many times: the list, what makes one of it, the status that says so.
KINDS = [("/v1/collections", {"name": "Collection {n}"}), ("/v1/tasks", {"summary": "Task {n}"}), ("/v1/groups", {"name": "Group {n}"}),
         ("/v1/keys", {"name": "Key {n}"}), ("/v1/search/saved", {"name": "Search {n}", "query": "heron"}),
         ("/v1/study/decks", {"name": "Deck {n}"}), ("/v1/personas", {"name": "persona-{n}", "instructions": "Be kind."}),
         ("/v1/prompts", {"name": "prompt-{n}", "template": "Say {{{{it}}}}."})]


@pytest.fixture(scope="module")
def owner(server):
    return server.cli("keys", "add", "walker", "--role", "owner").stdout.split()[-1]


@pytest.fixture(scope="module")
def lists(server):
    return [path for path, item in server.get("/openapi.json").json()["paths"].items()
            if {"limit", "after"} <= {p["name"] for p in item.get("get", {}).get("parameters", [])}]


def field_of(refusal):
    """As this server's own clients are told, or those of the task assistant."""
    return refusal["error"].get("field") if isinstance(refusal["error"], dict) else refusal["details"]


def test_a_place_that_no_list_gave_is_refused(server, owner, lists):
    wrong = []
    for path in lists:
        if "{" in path or path in OPENAI:
            continue
        for after in BAD:
            answer = server.get(f"{path}?limit=2&after={after}", key=owner)
            if answer.status_code not in (400, 404) or answer.status_code == 400 and "%" not in after and field_of(answer.json()) != "after":
                wrong.append((path, after, answer.status_code))
        for limit in ("0", "-1", "x", "100000"):
            code = server.get(f"{path}?limit={limit}", key=owner).status_code
            if code not in (400, 404):
                wrong.append((path, "limit", limit, code))
    assert not wrong, sorted({path for path, *_ in wrong})
    assert len(lists) > 20


def rows_of(server, owner, path, **query):
    answer = server.call("GET", path, key=owner, params={"limit": 2, **query})
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.mark.parametrize("path, body", KINDS, ids=[path for path, _ in KINDS])
def test_who_walks_a_list_that_changes_meets_each_that_stays_once(server, owner, path, body):
    made = []

    def make():
        filled = {name: value.format(n=len(made)) if isinstance(value, str) else value for name, value in body.items()}
        answer = server.post(path, filled, key=owner)
        assert answer.status_code == 201, answer.text
        made.append(answer.json()["id"])

    for _ in range(7):
        make()
    stay, seen, after, gone = set(made), [], None, set()
    while True:
        page = rows_of(server, owner, path, **({"after": after} if after else {}))
        seen += [row["id"] for row in page["items"]]
        after = page["next"]
        if not after:
            break
        if len(gone) < 2:  # one that was seen, and the one that the next page goes on behind
            for one in {seen[0], seen[-1]} - gone:
                if one in stay:
                    assert server.call("DELETE", f"{path}/{one}", key=owner).status_code in (200, 204)
                    gone.add(one)
        if len(made) < 9:
            make()
    assert len(seen) == len(set(seen)), "one came twice"
    assert stay - gone <= set(seen), "one was left out"
