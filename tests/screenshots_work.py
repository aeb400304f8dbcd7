"""Pictures of workflows, approvals and schedules, with a mailbox that asks for one of them."""
import re
import time

from conftest import SAMPLES, Server
from test_notices import serve_mail

LINK = re.compile(r"^Approve: (\S+)\s*$", re.M)
HOUSE = "http://lectern.example.org"
STEPS = [{"id": "look", "type": "analysis", "with": {"of": ["language", "document_type", "entities"]}},
         {"id": "foreign", "type": "condition", "if": "steps.look.language != \"en\"", "then": "translate", "else": "both"},
         {"id": "translate", "type": "routing", "with": {"tags": ["to translate"], "task": "Translate {{ document.name }}"}},
         {"id": "both", "type": "parallel", "branches": [
             {"steps": [{"id": "mark", "type": "tag", "with": {"add": ["lens", "to pay"]}}]},
             {"steps": [{"id": "sum", "type": "compute", "with": {"values": {"limit": "{{ input.limit ?? 1000 }}"}}}]}]},
         {"id": "board", "type": "approval", "with": {"title": "Order the new lens?", "text": "{{ document.name }} asks for a lens of the second order.", "users": ["ada@example.org"],
                                                   "deadline_s": 259200, "schema": {"type": "object", "properties": {"amount": {"type": "number"}, "account": {"enum": ["house", "lamp"]}}},
                                                   "fields": {"amount": 1240, "account": "lamp"}}, "on_error": "refused"},
         {"id": "ordered", "type": "notification", "with": {"title": "The lens is ordered"}, "next": "end"},
         {"id": "refused", "type": "notification", "with": {"title": "No lens: {{ error.message }}"}}]
SCHEDULES = [("Letters of the night", {"cron": "30 6 * * 1-5", "zone": "Europe/Copenhagen"}), ("Count the oil", {"cron": "0 8 1 * *", "zone": "Europe/Copenhagen"}),
             ("Look after the log", {"every_s": 21600})]


def start(folder):
    """A server that sends mail; (server, mailbox, what stops the mailbox)."""
    box, controller = serve_mail()
    settings = {"LECTERN_SMTP_URL": f"smtp+plain://127.0.0.1:{controller.port}", "LECTERN_SMTP_FROM": "lectern@example.org", "LECTERN_PUBLIC_URL": HOUSE}
    return Server(folder, environment=settings).start(), box, controller.stop


def prepare(server):
    """The run, which waits for its approval."""
    document = server.add(SAMPLES / "letter.docx")[0]
    flow = server.post("/v1/workflows", {"name": "New lens", "definition": {
        "description": "Reads what the harbour office writes, and asks the board before a lens is ordered.", "triggers": [{"on": "upload", "when": "contains(document.name, \"letter\")"}], "enabled": False, "steps": STEPS}})
    assert flow.status_code == 201, flow.text
    for name, rule in SCHEDULES:
        made = server.post("/v1/schedules", {"name": name, "type": "workflow_start", "payload": {"workflow": "New lens", "document": document["id"]}, **rule})
        assert made.status_code == 201, made.text
    run = server.post(f"/v1/workflows/{flow.json()['id']}/start", {"document": document["id"], "input": {"limit": 2000}}).json()["id"]
    while not server.get("/v1/approvals").json()["items"]:
        assert server.get(f"/v1/workflow-executions/{run}").json()["state"] == "running", server.get(f"/v1/workflow-executions/{run}").text
        time.sleep(0.1)
    return flow.json()["id"], run


def link_of(server, box):
    found = None
    for count in range(1, 10):
        for message in box.wait(count):
            found = LINK.search(message.get_content())
            if found:
                return found[1].replace(HOUSE, server.url)
    raise AssertionError("no mail has a link")


def pictures(desk, phone, server, box, made, picture):
    """made: what prepare() gave; picture(page, name) keeps one."""
    flow, run = made
    for page, tail in ((desk, ""), (phone, "-phone")):
        page.goto(f"{server.url}/executions/{run}")
        page.locator("[data-test=execution-approval]").wait_for()
        page.locator("[data-step=both] [data-test=execution-part] > summary").nth(1).click()
        page.locator("[data-step=sum] summary").click()
        picture(page, f"execution{tail}")
        page.goto(f"{server.url}/schedules")
        page.locator("[data-test=schedule-row]").nth(2).wait_for()
        picture(page, f"schedules{tail}")
        page.goto(link_of(server, box))
        page.locator("button").wait_for()
        picture(page, f"approval-mail{tail}")
    desk.goto(f"{server.url}/workflows/{flow}")
    desk.locator("[data-test=step-card]").first.wait_for()
    picture(desk, "workflow")
    desk.goto(f"{server.url}/approvals/{server.get('/v1/approvals').json()['items'][0]['id']}")
    desk.locator("#reader .book").wait_for()
    picture(desk, "approval")
