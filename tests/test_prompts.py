"""Prompts with variables, versions, shares, and a bench over rows."""
from test_personas import library, mock  # noqa: F401 (fixtures)


def test_a_prompt_is_made_changed_run_and_compared(library, mock):  # noqa: F811
    mock.answer = "It is 42."
    made = library.post("/v1/prompts", {"name": "Sum", "template": "Add {{a}} and {{b}}."})
    assert made.status_code == 201 and made.json()["variables"] == ["a", "b"], made.text
    path = f"/v1/prompts/{made.json()['id']}"
    assert library.call("PATCH", path, json={"template": "What is {{a}} + {{b}}?", "system": "Be brief."}).json()["version"] == 2
    run = library.post(path + "/run", {"rows": [{"a": 40, "b": 2, "expected": "42"}, {"a": 1}], "versions": [1, 2]})
    assert run.status_code == 200, run.text
    items = run.json()["items"]
    assert [(i["row"], i["version"]) for i in items] == [(0, 1), (0, 2), (1, 1), (1, 2)]
    assert items[0]["matches"] and items[1]["text"] == "It is 42." and "'b'" in items[2]["error"]
    sent = [c["messages"] for c in mock.chats()[-2:]]
    assert sent[0][-1]["content"] == "Add 40 and 2." and [m["content"] for m in sent[1]] == ["Be brief.", "What is 40 + 2?"]
    shared = library.call("PATCH", path, json={"shares": [{"version": 1, "percent": 100}]})
    assert shared.json()["version"] == 2 and shared.json()["shares"] == [{"version": 1, "percent": 100}]
    assert library.post(path + "/run", {"rows": [{"a": 1, "b": 2}]}).json()["items"][0]["version"] == 1
    assert library.post(path + "/restore", {"version": 1}).json()["version"] == 3
    mock.answer = None
    assert library.call("DELETE", path).status_code == 204 and library.get(path).status_code == 404


def test_a_prompt_that_cannot_be_is_refused(library):  # noqa: F811
    for body, field in [({"template": "x"}, "name"), ({"name": "x"}, "template"), ({"name": "x", "template": "y", "colour": 1}, "colour"),
                        ({"name": "x", "template": "y", "shares": [{"version": 1, "percent": 101}]}, "percent"),
                        ({"name": "x", "template": "y", "shares": 3}, "shares")]:
        answer = library.post("/v1/prompts", body)
        assert answer.status_code == 400 and answer.json()["error"]["field"] == field, (body, answer.text)
