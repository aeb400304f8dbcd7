"""Workflows over HTTP: kept, started, followed, steered; on both databases."""
from conftest import wait_until

LETTER = "Dear Ms Miller, please find our invoice number 4711 over 120 euros. We are happy with your work.\n"

TAGS = {"inputs": {"type": "object", "properties": {"limit": {"type": "number"}}},
        "steps": [
            {"id": "look", "type": "analysis", "with": {"of": ["language", "sentiment"]}},
            {"id": "big", "type": "condition", "if": "document.size > input.limit", "then": "mark", "else": "end"},
            {"id": "mark", "type": "tag", "with": {"add": ["{{ steps.look.language }}", "seen"]}},
            {"id": "tell", "type": "notification", "with": {"title": "Seen: {{ document.name }}"}}],
        "output": {"language": "{{ steps.look.language }}"}}


def over(server, execution, seconds=30):
    found = {}

    def is_over():
        found.update(server.get(f"/v1/workflow-executions/{execution['id']}").json())
        return found["finished_at"] is not None

    assert wait_until(is_over, seconds), found
    return found


def test_a_document_goes_its_way_and_every_step_can_be_read(server):
    document = server.add(("letter.txt", LETTER.encode()))[0]
    answer = server.post("/v1/workflows", {"name": "Tags", "definition": TAGS})
    assert answer.status_code == 201, answer.text
    started = server.post(f"/v1/workflows/{answer.json()['id']}/start", {"document": document["id"], "input": {"limit": 10}})
    assert started.status_code == 202, started.text
    done = over(server, started.json())
    assert done["state"] == "done" and done["output"] == {"language": "en"}, done
    steps = server.get(f"/v1/workflow-executions/{done['id']}/steps").json()["items"]
    assert [(s["step"], s["state"], s["attempt"]) for s in steps] == [(i, "done", 1) for i in ("look", "big", "mark", "tell")]
    assert steps[2]["input"] == {"add": ["en", "seen"]}
    assert sorted(server.get(f"/v1/documents/{document['id']}").json()["tags"]) == ["en", "seen"]
    figures = server.get(f"/v1/workflows/{answer.json()['id']}/statistics").json()
    assert (figures["executions"], figures["success_rate"], len(figures["steps"])) == (1, 1, 4)
