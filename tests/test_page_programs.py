"""Settings > Tools and Settings > Files and batches in a real Chromium: servers of tools, files and batches of programs."""
import json
import re

import pytest
from conftest import Server
from mock_provider import MockProvider
from test_page import browser, CHROMIUM, expect, owner_desk, part, shot  # noqa: F401 (browser is a fixture)

pytestmark = pytest.mark.skipif(not CHROMIUM, reason="needs chromium (Debian package chromium)")


@pytest.fixture(scope="module")
def mock():
    started = MockProvider(["good", "slow"], key="sk-mock")
    yield started
    started.stop()


@pytest.fixture(scope="module")
def desk(browser, mock, tmp_path_factory):  # noqa: F811
    server = Server(tmp_path_factory.mktemp("page") / "library").start()
    shown = owner_desk(browser, server)
    service = {"provider": "openai-compatible", "base_url": mock.url, "key": "sk-mock", "private": True}
    assert server.call("PUT", "/v1/gateway/services/mine", json=service).status_code == 200
    yield shown
    shown.context.close()
    server.stop()


@pytest.fixture
def page(desk):
    yield desk.page
    desk.check(allowed=("Failed to load resource",))


# --- Tools ---


def test_a_server_of_tools_is_added_some_are_chosen_and_one_is_tried(desk, page):
    desk.go("/settings/tools")
    expect(part(page, "tool-servers")).to_contain_text("None yet")
    part(page, "tool-server-add").click()
    dialog = part(page, "tool-server")
    part(dialog, "field-name").fill("ours")
    part(dialog, "field-url").fill("nonsense")
    part(dialog, "tool-server-form-submit").click()
    expect(part(dialog, "problem")).to_contain_text("http")
    part(dialog, "field-url").fill(desk.url + "/mcp")
    part(dialog, "field-token").fill(desk.server.key)
    part(dialog, "tool-server-form-submit").click()
    offered = part(page, "tools")
    expect(offered).to_contain_text("search")
    offered.get_by_label("search", exact=False).first.check()
    shot(page, "tools-choose")
    part(offered, "tools-form-submit").click()
    expect(offered).to_have_count(0)
    row = page.locator("[data-test=tool-server-row][data-name=ours]")
    expect(row).to_contain_text("1 tool may be called")
    assert desk.server.key not in page.content()
    row.locator("summary").click()
    part(row, "tool-test").click()
    call = part(page, "tool-try")
    assert json.loads(part(call, "field-arguments").input_value()) == {"query": ""}
    part(call, "field-arguments").fill("[1]")
    part(call, "tool-call-submit").click()
    expect(part(call, "field-problem")).to_contain_text("An object in JSON")
    part(call, "field-arguments").fill('{"query": "lamp"}')
    part(call, "tool-call-submit").click()
    expect(part(call, "tool-result")).not_to_be_empty()
    shot(page, "tool-try")
    page.keyboard.press("Escape")
    expect(call).to_have_count(0)
    expect(part(row, "tool-test")).to_be_focused()


def test_all_tools_may_be_allowed_and_a_server_that_is_gone_says_so(desk, page):
    desk.go("/settings/tools")
    row = page.locator("[data-test=tool-server-row][data-name=ours]")
    part(row, "tools-choose").click()
    offered = part(page, "tools")
    part(offered, "field-all").check()
    expect(offered.locator("[data-test^=field-tool_]").first).to_be_disabled()
    part(offered, "tools-form-submit").click()
    expect(row).to_contain_text("All of its tools may be called")
    gone = {"url": "http://127.0.0.1:9/mcp", "tools": ["*"]}
    assert desk.server.call("PUT", "/v1/mcp/servers/gone", json=gone).status_code == 204
    desk.go("/settings/tools")
    row = page.locator("[data-test=tool-server-row][data-name=gone]")
    row.locator("summary").click()
    expect(part(row, "problem")).to_be_visible()
    part(row, "tool-server-remove").click()
    part(page, "undo").click()
    expect(row).to_have_count(1)


# --- Files and batches ---


def line(number, model="mine/good"):
    return json.dumps({"custom_id": str(number), "method": "POST", "url": "/v1/chat/completions",
                       "body": {"model": model, "messages": [{"role": "user", "content": f"Say {number}."}]}})


def begin(page, name, text):
    part(page, "batch-add").click()
    dialog = part(page, "batch")
    part(dialog, "field-file").set_input_files([{"name": name, "mimeType": "application/jsonl", "buffer": text.encode()}])
    part(dialog, "batch-form-submit").click()
    expect(dialog).to_have_count(0)


def test_a_batch_is_begun_from_a_file_followed_and_its_results_come_home(desk, page):
    desk.go("/settings/batches")
    expect(part(page, "batches")).to_contain_text("None yet")
    expect(part(page, "files")).to_contain_text("None yet")
    part(page, "batch-add").click()
    part(page, "batch-form-submit").click()
    expect(part(page, "field-problem")).to_contain_text("Choose a file")
    page.keyboard.press("Escape")
    begin(page, "مكالمات.jsonl", "\n".join(line(n) for n in range(3)))
    row = part(page, "batch-row").first
    expect(row).to_contain_text("done · 3 of 3 calls made", timeout=60000)
    expect(page.locator("[data-test=file-row]", has_text="مكالمات.jsonl")).to_contain_text("calls of a batch")
    expect(page.locator("[data-test=file-row]", has_text="results of a batch")).to_have_count(1)  # it came with the end
    with page.expect_download() as got:
        part(row, "batch-results").click()
    answers = [json.loads(text) for text in got.value.path().read_text().splitlines()]
    assert sorted(one["custom_id"] for one in answers) == ["0", "1", "2"]
    shot(page, "batches")


def test_a_wrong_file_names_its_lines_and_a_batch_that_runs_can_be_ended(desk, page):
    desk.go("/settings/batches")
    begin(page, "wrong.jsonl", line(1) + "\n{\"custom_id\": ")
    expect(part(page, "batch-errors").first).to_contain_text("Line 2", timeout=30000)
    begin(page, "long.jsonl", "\n".join(line(n, "mine/slow") for n in range(300)))
    going = page.locator("[data-test=batch-row][data-status=in_progress]")
    expect(going.locator("progress")).to_be_visible(timeout=30000)
    part(going, "batch-cancel").click()
    expect(page.locator("[data-test=batch-row]").first).to_have_attribute("data-status", re.compile("cancell"), timeout=15000)
    expect(page.locator("[data-test=batch-row]").first).to_have_attribute("data-status", "cancelled", timeout=60000)


def test_a_file_is_removed_with_undo(desk, page):
    desk.go("/settings/batches")
    row = page.locator("[data-test=file-row]", has_text="wrong.jsonl")
    part(row, "file-remove").click()
    expect(row).to_be_hidden()
    part(page, "undo").click()
    expect(row).to_be_visible()
    part(row, "file-remove").click()
    desk.go("/settings/batches")
    expect(part(page, "file-row").first).to_be_visible()
    expect(row).to_have_count(0)
