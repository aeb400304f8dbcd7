"""The views of work in a real Chromium: connections, workflows, approvals, schedules, meetings."""
import sqlite3
from datetime import datetime, timedelta, timezone
from urllib.parse import urlparse

import pytest
import requests
from conftest import Server, wait_until
from mock_attendee import KEY, SECRET, MockAttendee
from mock_places import Places
from test_page import browser, CHROMIUM, expect, keeps_rules, owner_desk, part, PHONE, shot, WIDE  # noqa: F401 (browser is a fixture)

pytestmark = pytest.mark.skipif(not CHROMIUM, reason="needs chromium (Debian package chromium)")
DEAD = 3  # as the table of jobs has it


@pytest.fixture(scope="module")
def desk(browser, tmp_path_factory):  # noqa: F811
    server = Server(tmp_path_factory.mktemp("page_work") / "data").start()
    yield owner_desk(browser, server)
    server.stop()


@pytest.fixture
def page(desk):
    desk.page.set_viewport_size(WIDE)
    yield desk.page
    desk.check(allowed=("Failed to load resource",))


def rules_kept(page, name):
    """At both widths, with a picture of each, and in the dark."""
    for size in (WIDE, PHONE):
        page.set_viewport_size(size)
        keeps_rules(page, size is PHONE)
        shot(page, f"work-{name}-{size['width']}")
    page.emulate_media(color_scheme="dark")
    keeps_rules(page, True)
    page.emulate_media(color_scheme="light")
    page.set_viewport_size(WIDE)


@pytest.fixture(scope="module")
def places():
    started = Places()
    yield started
    started.stop()


def test_a_feed_is_connected_looked_at_and_paused(desk, page, places):
    places.feed = {"1": ("The lamp", "<p>The lamp of the tower was cleaned.</p>"), "2": ("The oil", "<p>Oil was brought.</p>")}
    desk.go("/connections")
    expect(part(page, "connections-empty")).to_be_visible()
    part(page, "connection-add").click()
    part(page, "kind-feed").click()
    part(page, "field-name").fill("News of the tower")
    part(page, "field-settings_url").fill(f"{places.url}/feed.xml")
    part(page, "connection-try").click()
    expect(part(page, "connection-said")).to_contain_text("2")
    shot(page, "work-connection-form")
    part(page, "connection-form-submit").click()
    expect(part(page, "connection-facts")).to_contain_text("News of the tower")
    part(page, "connection-facts").locator("[data-test=connection-sync]").click()
    expect(part(page, "connection-item")).to_have_count(2)
    rules_kept(page, "connection")
    part(page, "connection-switch").click()
    expect(part(page, "connection-state")).to_contain_text("Paused")
    part(page, "work-connections").click()
    expect(part(page, "connection-row")).to_contain_text("2 here")
    rules_kept(page, "connections")


def test_a_document_is_sent_to_notion_and_replaces_what_was_edited_there_only_when_asked(desk, page, places):
    places.notion_pages = {"p1": ("Plan", "2026-01-01T09:00:00.000Z", [])}
    settings = {"token": "ntn_x", "pause_ms": 0, "api": places.url + "/notion"}
    answer = desk.server.post("/v1/connections", {"kind": "notion", "name": "The team's Notion", "settings": settings})
    assert answer.status_code == 201, answer.text
    document = desk.server.add(("oil.md", b"# The oil\n\nOil was brought."))[0]
    desk.server.wait_document(document["id"])

    def send(below=""):
        desk.go(f"/documents/{document['id']}")
        part(page, "send-open").click()
        part(page, "field-below").fill(below)
        part(page, "send-out-form-submit").click()
    send()
    expect(part(page, "field-problem")).to_contain_text("which page")
    send("p1")
    expect(part(page, "toast").last).to_contain_text("is a new page there")
    assert places.notion_pages["new1"][2] == [("heading_1", "The oil"), ("paragraph", "Oil was brought.")]
    places.notion_pages["new1"] = ("The oil", "2026-03-01T10:00:00.000Z", [("paragraph", "My words")])
    send()
    expect(part(page, "problem")).to_contain_text("edited there since")
    shot(page, "work-send-out")
    assert places.notion_pages["new1"][2] == [("paragraph", "My words")]
    part(page, "field-replace").check()
    part(page, "send-out-form-submit").click()
    expect(part(page, "toast").last).to_contain_text("is replaced")
    desk.go(f"/connections/{answer.json()['id']}?state=sent")
    expect(part(page, "connection-item")).to_contain_text("Written there")
    desk.server.call("DELETE", f"/v1/connections/{answer.json()['id']}")


def test_granting_a_connection_its_tokens_says_what_the_server_lacks(desk, page, places):
    made = desk.server.post("/v1/connections", {"kind": "github", "name": "The log", "every_minutes": 0, "settings": {"repository": "keeper/log", "api": places.url}}).json()
    desk.go(f"/connections/{made['id']}")
    part(page, "connection-grant").click()
    part(page, "field-authorize_url").fill("https://example.org/authorize")
    part(page, "field-token_url").fill("https://example.org/token")
    part(page, "field-client_id").fill("tower")
    part(page, "grant-form-submit").click()
    expect(part(page, "grant").locator("[role=alert]")).to_contain_text("public_url")
    page.keyboard.press("Escape")
    desk.server.call("DELETE", f"/v1/connections/{made['id']}")


def test_what_a_connection_lacks_is_said_at_its_field(desk, page):
    desk.go("/connections")
    part(page, "connection-add").click()
    part(page, "kind-imap").click()
    part(page, "connection-form-submit").click()
    expect(part(page, "field-problem")).to_contain_text("needed")
    expect(part(page, "field-settings_host")).to_be_focused()
    page.keyboard.press("Escape")


def test_a_workflow_is_made_of_a_template_changed_checked_and_saved(desk, page):
    desk.go("/workflows")
    expect(part(page, "workflows-empty")).to_be_visible()
    part(page, "workflow-add").click()
    part(page, "template-inbox").click()
    part(page, "workflow-name-form-submit").click()
    card = page.locator("[data-test=step-card][data-id=marked]")
    expect(card).to_contain_text("steps.kind.label")
    expect(page.locator("[data-test=step-card][data-id=where]")).to_contain_text("→ invoices")
    rules_kept(page, "workflow")
    card.locator("[data-test=step-edit]").click()
    part(page, "field-with_add").fill("{{ steps.nothing.label }}")
    part(page, "step-form-submit").click()
    expect(card.locator("[data-test=step-wrong]")).to_contain_text("nothing")
    card.locator("[data-test=step-edit]").click()
    part(page, "field-id").fill("tagged")
    part(page, "field-with_add").fill("{{ steps.kind.label }}\nseen")
    part(page, "step-form-submit").click()
    expect(page.locator("[data-test=step-card][data-id=where]")).to_contain_text("→ tagged")
    part(page, "step-add").last.click()
    part(page, "step-kind-notification").click()
    part(page, "field-with_title").fill("Sorted: {{ document.name }}")
    shot(page, "work-step-form")
    part(page, "step-form-submit").click()
    part(page, "workflow-save").click()
    expect(part(page, "toast").last).to_contain_text("Version 2")
    part(page, "workflow-json-show").click()
    assert '"tagged"' in part(page, "workflow-json").input_value()
    shot(page, "work-workflow-json")
    part(page, "workflow-json-show").click()
    part(page, "flow-tab-versions").click()
    expect(part(page, "version-row")).to_have_count(2)


def add_workflow(desk, name, *steps, **more):
    answer = desk.server.post("/v1/workflows", {"name": name, "definition": {"steps": list(steps), **more}})
    assert answer.status_code == 201, answer.text
    return answer.json()["id"]


def test_a_run_is_seen_step_by_step_paused_cancelled_and_gone_on_with(desk, page):
    branch = {"steps": [{"id": "sum", "type": "compute", "with": {"values": {"two": "{{ 1 + 1 }}"}}}]}
    flow = add_workflow(desk, "Harbour dues", {"id": "both", "type": "parallel", "branches": [branch, {"steps": [{"id": "rest", "type": "wait", "for_s": 0.1}]}]},
                        {"id": "each", "type": "for_each", "items": "[1, 2, 3]", "steps": [{"id": "twice", "type": "compute", "with": {"values": "{{ item * 2 }}"}}]},
                        {"id": "pilot", "type": "wait", "event": "pilot"}, {"id": "wrong", "type": "fail", "with": {"message": "The pilot did not come."}})
    desk.go("/workflows")
    row = page.locator(f"[data-id='{flow}']")
    row.locator("[data-test=workflow-run]").click()
    part(page, "run-form-submit").click()
    expect(part(page, "execution")).to_contain_text("Waits at pilot")
    expect(part(page, "execution-steps").locator("[data-step=each]").first).to_contain_text("Item 3")
    rules_kept(page, "execution-running")
    part(page, "execution-pause").click()
    expect(part(page, "execution").locator("[data-test=run-state]")).to_have_text("Paused")
    part(page, "execution-resume").click()
    expect(part(page, "execution-pause")).to_be_visible()
    desk.server.post("/v1/workflow-events", {"event": "pilot"})
    expect(part(page, "execution-error")).to_contain_text("The pilot did not come.")
    both = part(page, "execution-steps").locator("[data-step=both]").first
    both.locator("[data-test=execution-part] summary").first.click()
    both.locator("[data-step=sum] summary").click()
    expect(both).to_contain_text('"two": 2')
    rules_kept(page, "execution")
    page.locator("[data-step=pilot] summary").click()
    page.locator("[data-step=pilot] [data-test=step-retry]").click()
    part(page, "execution-cancel").click()
    expect(part(page, "execution").locator("[data-test=run-state]")).to_have_text("Cancelled")
    desk.go("/workflows")
    expect(row).to_contain_text("one run in 30 days")
    rules_kept(page, "workflows")
    desk.go("/executions")
    expect(part(page, "execution-row")).to_contain_text("Harbour dues")
    rules_kept(page, "executions")
    desk.go(f"/workflows/{flow}?tab=figures")
    expect(part(page, "figures-steps")).to_contain_text("pilot")
    rules_kept(page, "figures")


def ask(desk, **more):
    answer = desk.server.post("/v1/approvals", {"users": ["ada@example.org"], **more})
    assert answer.status_code == 201, answer.text
    return answer.json()["id"]


def test_an_approval_is_edited_commented_and_given_with_its_document_beside(desk, page):
    document = desk.server.add(("Invoice 12.txt", b"Invoice 12\n\nThe oil of the lamp: 120.\n"))[0]
    one = ask(desk, title="Pay invoice 12", text="It is due on Friday.", document=document["id"], deadline=(datetime.now(timezone.utc) + timedelta(days=30)).isoformat(),
              schema={"type": "object", "properties": {"amount": {"type": "number"}, "account": {"enum": ["harbour", "tower"]}}}, fields={"amount": 120, "account": "harbour"})
    desk.go("/approvals")
    expect(page.locator("[data-view=work] b")).to_have_text("1")
    rules_kept(page, "approvals")
    page.locator(f"[data-id='{one}'] a").click()
    expect(page.locator("#reader")).to_contain_text("The oil of the lamp")
    shot(page, "work-approval-beside")
    page.keyboard.press("Escape")
    rules_kept(page, "approval")
    part(page, "field-fields_amount").fill("130")
    part(page, "approval-form-submit").click()
    expect(part(page, "approval-history")).to_contain_text("Values changed")
    part(page, "field-text").fill("The harbour master agrees.")
    part(page, "comment-submit").click()
    expect(part(page, "approval-history")).to_contain_text("The harbour master agrees.")
    part(page, "approve").click()
    expect(part(page, "approval-state")).to_have_text("Approved")
    assert desk.server.get(f"/v1/approvals/{one}").json()["fields"] == {"amount": 130, "account": "harbour"}
    rules_kept(page, "approval-over")


def test_a_denial_needs_a_reason_and_what_is_decided_leaves_the_inbox(desk, page):
    one = ask(desk, title="Sell the bell")
    desk.go("/settings/notices")
    part(page, "told").filter(has_text="Sell the bell").locator("[data-test=told-link]").click()
    part(page, "deny-open").click()
    part(page, "deny-form-submit").click()
    expect(part(page, "field-problem")).to_contain_text("reason")
    part(page, "field-reason").fill("It is the only one.")
    part(page, "deny-form-submit").click()
    expect(part(page, "approval-state")).to_have_text("Denied")
    part(page, "work-approvals").click()
    expect(part(page, "approvals-empty")).to_be_visible()
    part(page, "approvals-of").select_option("all")
    expect(page.locator(f"[data-id='{one}']")).to_contain_text("Denied")


def test_a_group_is_made_and_asked_to_approve_a_document(desk, page):
    document = desk.server.add(("Bell tower.txt", b"Bell tower\n\nThe bell is to be cast anew."))[0]
    desk.server.post("/v1/users", {"name": "Ben", "email": "ben@example.org", "password": "correct horse battery", "role": "reader"})
    desk.go("/settings/people")
    part(page, "group-add").click()
    part(page, "field-name").last.fill("Keepers")
    page.get_by_label("Ben", exact=False).last.check()
    rules_kept(page, "group-form")
    part(page, "group-form-submit").click()
    row = part(page, "group-row").filter(has_text="Keepers")
    expect(row).to_contain_text("one person")
    row.locator("[data-test=group-edit]").click()
    expect(part(page, "group-form-submit")).to_be_visible()  # its people are asked for first
    part(page, "field-name").last.fill("Bell keepers")
    part(page, "group-form-submit").click()
    expect(part(page, "group-row")).to_contain_text("Bell keepers")
    rules_kept(page, "groups")

    desk.go(f"/documents/{document['id']}")
    part(page, "document-ask-approval").click()
    expect(part(page, "field-title")).to_have_value("Bell tower.txt")
    page.get_by_label("Bell keepers").check()
    part(page, "field-of_each").fill("2")
    part(page, "field-text").fill("The founder waits.")
    part(page, "field-deadline").fill("2020-01-01T12:00")
    shot(page, "work-ask-approval")
    keeps_rules(page)
    part(page, "ask-approval-form-submit").click()
    expect(part(page, "field-problem")).to_contain_text("past")
    part(page, "field-deadline").fill((datetime.now() + timedelta(days=9)).strftime("%Y-%m-%dT12:00"))
    part(page, "ask-approval-form-submit").click()
    expect(part(page, "ask-approval-form").locator("[role=alert]")).to_contain_text("only 1 of it may decide")
    part(page, "field-of_each").fill("1")
    part(page, "ask-approval-form-submit").click()
    expect(part(page, "approval")).to_contain_text("Bell keepers: 0 of 1")
    expect(part(page, "approval-person")).to_contain_text("Bell keepers")
    page.keyboard.press("Escape")
    rules_kept(page, "approval-of-a-group")
    part(page, "work-approvals").click()
    expect(part(page, "approval-ask")).to_be_visible()


RULES_IN_WORDS = {"*/15 * * * *": "Every 15 minutes", "0 9 * * 1-5": "Monday to Friday at 09:00", "30 8,20 * * mon": "Every Monday at 08:30 and 20:30", "@monthly": "On day 1 of the month at 00:00",
                  "5 * * * *": "5 minutes past every hour", "0 6 1 jan,jul *": "On day 1 of the month of January and July at 06:00", "@daily": "Every day at 00:00", "1-30/2 3 * * *": ""}


def test_rules_are_said_in_words(desk, page):
    desk.go("/schedules")
    said = page.evaluate("async (rules) => { await import('/texts_flow.js'); const {cronWords} = await import('/parts/cron_words.js'); return rules.map(cronWords); }", list(RULES_IN_WORDS))
    assert dict(zip(RULES_IN_WORDS, said)) == RULES_IN_WORDS


def test_a_schedule_is_added_paused_and_run_now(desk, page):
    desk.go("/schedules")
    usual = part(page, "schedule-row").filter(has_text="Clear expired workflows up")
    usual.locator("[data-test=schedule-pause]").click()
    expect(usual).to_contain_text("Paused")
    for one in desk.server.get("/v1/schedules").json()["items"]:
        desk.server.call("DELETE", f"/v1/schedules/{one['id']}")
    desk.go("/approvals")
    desk.go("/schedules")
    expect(part(page, "schedules-empty")).to_be_visible()
    flow = add_workflow(desk, "Every night", {"id": "note", "type": "compute", "with": {"values": {}}})
    desk.go("/schedules")
    part(page, "schedule-add").click()
    part(page, "field-name").fill("The night's workflow")
    part(page, "field-workflow").select_option(flow)
    part(page, "field-cron").fill("0 99 * * *")
    expect(part(page, "schedule-said")).to_contain_text("hour")
    part(page, "field-cron").fill("30 2 * * 1-5")
    expect(part(page, "schedule-said")).to_contain_text("Monday to Friday at 02:30")
    shot(page, "work-schedule-form")
    part(page, "schedule-form-submit").click()
    row = part(page, "schedule-row")
    expect(row).to_contain_text("Next:")
    row.locator("[data-test=schedule-run]").click()
    expect(part(page, "toast").last).to_contain_text("started")
    rules_kept(page, "schedules")
    row.locator("[data-test=schedule-pause]").click()
    expect(row).to_contain_text("Paused")
    assert desk.server.get("/v1/workflow-executions", params={"workflow": flow}).json()["items"][0]["started_by"] == "schedule"


def kill_jobs(desk, kind):
    """What no job does by itself here: it fails for good."""
    assert wait_until(lambda: all(job["finished_at"] for job in desk.server.get("/v1/jobs", params={"type": kind}).json()["items"]), 20)
    with sqlite3.connect(desk.server.data / "lectern.db", timeout=20) as database:
        assert database.execute("UPDATE jobs SET state = ?, error_code = 'io', error = 'the tower does not answer' WHERE type = ? AND workspace IS NOT NULL", (DEAD, kind)).rowcount


def test_a_dead_job_says_why_and_is_discarded_or_tried_again(desk, page):
    schedule = desk.server.post("/v1/schedules", {"name": "Ratings", "type": "feedback", "every_s": 86400}).json()
    desk.server.post(f"/v1/schedules/{schedule['id']}/run", {})
    kill_jobs(desk, "feedback")
    desk.go("/failed")
    job = part(page, "dead-job").first
    expect(job).to_contain_text("the tower does not answer")
    rules_kept(page, "failed")
    job.locator("[data-test=dead-remove]").click()
    expect(job).to_be_hidden()
    part(page, "undo").click()
    expect(job).to_be_visible()
    part(page, "dead-retry-all").click()
    expect(part(page, "toast").last).to_contain_text("tried again")
    desk.server.call("DELETE", f"/v1/schedules/{schedule['id']}")


@pytest.fixture(scope="module")
def attendee():
    started = MockAttendee()
    yield started
    started.stop()


def soon(minutes, form="%Y%m%dT%H%M00Z"):
    return (datetime.now(timezone.utc) + timedelta(minutes=minutes)).strftime(form)


def event(uid, title, minutes, place):
    return f"BEGIN:VEVENT\r\nUID:{uid}\r\nSUMMARY:{title}\r\nDTSTART:{soon(minutes)}\r\nDURATION:PT1H\r\nLOCATION:{place}\r\nEND:VEVENT\r\n"


def test_a_calendar_is_read_and_a_bot_is_sent_called_off_and_says_why(desk, page, attendee):
    attendee.show("BEGIN:VCALENDAR\r\nVERSION:2.0\r\n" + event("a", "Harbour council", 90, "https://zoom.us/j/123456789") + event("b", "Walk on the mole", 200, "The mole") + "END:VCALENDAR\r\n")
    desk.go("/meetings")
    expect(part(page, "meetings-empty")).to_be_visible()
    part(page, "bot-service-add").click()
    part(page, "field-url").fill(attendee.url)
    part(page, "field-key").fill(KEY)
    part(page, "field-webhook_secret").fill(SECRET)
    part(page, "bot-service-form-submit").click()
    expect(part(page, "bot-service-row")).to_contain_text("/v1/meeting-bot-webhooks/")
    part(page, "calendar-add").click()
    part(page, "field-url").fill(f"{attendee.url}/calendar.ics")
    part(page, "field-name").fill("The harbour's")
    part(page, "calendar-form-submit").click()
    row = part(page, "calendar-row")
    expect(row).to_contain_text("The harbour's")
    row.locator("[data-test=calendar-sync]").click()
    assert wait_until(lambda: attendee.asked("GET", "/calendar.ics"))
    council = part(page, "meeting-row").filter(has_text="Harbour council")
    until_shown(page, council)
    council.locator("[data-test=bot-send]").click()
    expect(council).to_contain_text("Bot will go")
    rules_kept(page, "meetings")
    council.locator("a").click()
    part(page, "bot-leave").click()
    expect(part(page, "bot-state")).to_have_text("Called off", timeout=20000)
    rules_kept(page, "meeting")
    part(page, "work-meetings").click()
    part(page, "meetings-log").locator("summary").click()
    expect(part(page, "log-row").first).to_contain_text("A bot was sent")


def until_shown(page, row):
    """A calendar is read in the background."""
    for _ in range(20):
        page.reload()
        page.wait_for_selector("[data-test=calendar-row]")
        if row.count():
            return
        page.wait_for_timeout(250)
    expect(row).to_be_visible()


def test_an_address_that_others_call_is_made_called_and_tells_what_came(desk, page):
    desk.go("/settings/notices")
    part(page, "field-hook_name").fill("The weather station")
    part(page, "field-scheme").select_option("path")
    part(page, "incoming-submit").click()
    address = part(page, "incoming-url").input_value()
    answer = requests.post(desk.url + urlparse(address).path, data="A gale is coming.", headers={"Content-Type": "text/plain"}, timeout=20)
    assert answer.status_code == 202, answer.text
    part(page, "incoming-receipts").click()
    expect(part(page, "receipt")).to_have_count(1)
    page.keyboard.press("Escape")
    rules_kept(page, "incoming")


def test_what_a_webhook_was_told_is_read_and_told_again(desk, page):
    desk.server.post("/v1/webhooks", {"url": desk.url + "/ping", "kinds": []})
    desk.server.post("/v1/notices/test")
    desk.go("/settings/notices")
    part(page, "hook-log").click()
    delivery = part(page, "delivery").first
    expect(delivery).to_contain_text("Tests")
    delivery.locator("summary").click()
    expect(part(page, "delivery-body")).to_contain_text('"kind"')
    delivery.locator("[data-test=delivery-replay]").click()
    expect(part(page, "delivery")).to_have_count(2)
    shot(page, "work-deliveries")
    page.keyboard.press("Escape")


def test_a_run_that_waits_for_an_approval_leads_to_it_and_goes_on_when_it_is_given(desk, page):
    flow = add_workflow(desk, "Buy a bell", {"id": "board", "type": "approval", "with": {"title": "Buy a bell?", "users": ["ada@example.org"]}}, {"id": "tell", "type": "compute", "with": {"values": {"bought": True}}})
    run = desk.server.post(f"/v1/workflows/{flow}/start", {}).json()["id"]
    desk.go(f"/executions/{run}")
    part(page, "execution-approval").click()
    expect(part(page, "approval")).to_contain_text("Buy a bell?")
    part(page, "approve").click()
    expect(part(page, "approval-state")).to_have_text("Approved")
    desk.go(f"/executions/{run}")
    expect(part(page, "execution").locator("[data-test=run-state]")).to_have_text("Done")
