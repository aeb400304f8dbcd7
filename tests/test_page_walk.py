"""Every view of the page, empty and full, at three widths, light and dark, in a real Chromium: measured by tests/page_rules.js."""
import json
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from conftest import SAMPLES, Server
from mock_provider import MockProvider
from test_page import CHROMIUM, PHONE, RULES, WIDE, Desk, browser, expect, part, settle, shot, sign_up  # noqa: F401 (browser is a fixture)

pytestmark = pytest.mark.skipif(not CHROMIUM, reason="needs chromium (Debian package chromium)")

WIDTHS = {"desk": WIDE, "tablet": {"width": 1024, "height": 768}, "phone": {"width": 360, "height": 800}, "large-phone": PHONE}
SECTIONS = ["", "preferences", "keys", "notices", "models", "tools", "limits", "policy", "feedback", "batches", "usage", "people", "server"]
VIEWS = ["/", "/conversations", "/search", "/search?q=oil", "/search?q=zyxwv", "/search/measure", "/library", "/library?collection=", "/tasks", "/study", "/study/review", "/nowhere",
         *[f"/settings/{name}".rstrip("/") for name in SECTIONS]]
LONG = "Quarterly-reconciliation-of-everything-that-the-night-watch-wrote-down-in-the-year-of-the-great-storm " * 2
ARABIC = "مفتاح برنامج التقارير اليومية"


def desk_of(browser, server, width, scheme):  # noqa: F811
    is_phone = width.endswith("phone")
    return Desk(browser, server.url, viewport=WIDTHS[width], color_scheme=scheme, storage_state=server.signed_in, is_mobile=is_phone, has_touch=is_phone)


def start(browser, folder):  # noqa: F811
    server = Server(folder).start()
    desk = Desk(browser, server.url)
    desk.go("/")
    sign_up(desk.page)
    server.signed_in = desk.context.storage_state()
    desk.context.close()
    server.key = server.cli("keys", "add", "owner", "--role", "owner").stdout.split()[-1]
    server.collection = ""
    return server


@pytest.fixture(scope="module")
def empty(browser, tmp_path_factory):  # noqa: F811
    server = start(browser, tmp_path_factory.mktemp("empty") / "library")
    yield server
    server.stop()


def fill_gateway(server, mock):
    service = {"provider": "openai-compatible", "base_url": mock.url, "key": "sk-mock", "private": True, "limits": {"requests_per_minute": 600}}
    for name in ("mine", "a-service-with-a-name-that-somebody-made-far-too-long-for-a-phone-to-show-it-in-one-line"):
        assert server.call("PUT", f"/v1/gateway/services/{name}", json=service).status_code == 200
    server.call("PUT", "/v1/gateway/models", json={"name": "mine/good", "prices": {"input": "1000", "output": "2000"}})
    step = {"model": "mine/good", "weight": 2, "when": {"share": 10, "input_max": 4000, "tag": "batch"}}
    route = {"strategy": "weighted", "steps": [step, "mine/slow"], "fallback": "local/extractive", "larger": "mine/good", "hedge_ms": 900}
    assert server.call("PUT", "/v1/gateway/routes/quick", json=route).status_code == 200
    for name in (LONG[:190], ARABIC, "plain"):
        made = server.post("/v1/keys", {"name": name, "role": "reader"}).json()
        limits = {"requests_per_minute": 60, "models": ["mine/*", LONG[:90]], "budgets": [{"period": "day", "dollars": "0.01"}, {"period": "total", "calls": 5000}]}
        assert server.call("PUT", f"/v1/keys/{made['id']}/limits", json=limits).ok
        for model in ("mine/good", "mine/broken"):
            server.post("/v1/chat/completions", {"model": model, "messages": [{"role": "user", "content": "Say it."}]}, key=made["key"])
    server.post("/v1/users", {"email": "a.very.long.name.of.a.person.indeed@a-long-domain-of-an-organisation.example.org", "name": ARABIC, "password": "correct horse battery", "role": "reader"})
    assert server.call("PUT", "/v1/mcp/servers/ours", json={"url": server.url + "/mcp", "token": server.key, "tools": ["*"]}).status_code == 204
    server.post("/v1/webhooks", {"url": "http://127.0.0.1:9/" + "x" * 120, "kinds": []})
    line = {"custom_id": "a", "method": "POST", "url": "/v1/chat/completions", "body": {"model": "mine/good", "messages": [{"role": "user", "content": "Say it."}]}}
    for name, text in ((LONG[:180] + ".jsonl", json.dumps(line)), (ARABIC + ".jsonl", "nonsense")):
        added = server.call("POST", "/v1/files", data={"purpose": "batch"}, files={"file": (name, text)}).json()
        server.post("/v1/batches", {"input_file_id": added["id"], "endpoint": "/v1/chat/completions", "completion_window": "24h"})
    server.call("PUT", "/v1/gateway/policy", json={"prompts": "full", "masks": {"kinds": ["email"]}})
    server.post("/v1/chat/completions", {"model": "mine/good", "messages": [{"role": "user", "content": LONG * 5}]})
    server.post("/v1/notices/test")


@pytest.fixture(scope="module")
def full(browser, tmp_path_factory):  # noqa: F811
    mock = MockProvider(["good", "slow", "broken"], key="sk-mock")
    server = start(browser, tmp_path_factory.mktemp("full") / "library")
    for file in sorted(p for p in SAMPLES.iterdir() if p.suffix in (".pdf", ".docx", ".xlsx", ".pptx", ".eml")):
        server.add(file)
    for name in (LONG[:190] + ".txt", ARABIC + ".txt"):
        added = server.call("POST", "/v1/documents", files={"file": (name, f"{name} oil of the lamp")}).json()["documents"][0]
        server.wait_document(added["id"])
    server.collection = server.post("/v1/collections", {"name": LONG[:100]}).json()["id"]
    server.post("/v1/ask", {"question": "How much oil did the Gannet tower use?"})
    fill_gateway(server, mock)
    time.sleep(1)  # records are written in batches
    yield server
    server.stop()
    mock.stop()


def breaches(page, is_touch):
    settle(page)
    return page.evaluate(RULES, is_touch)


def follow(page, view):
    """By a link within the page: to load the whole page anew takes most of the time of a walk."""
    page.evaluate("""(to) => {
      document.getElementById('main').append(Object.assign(document.createElement('i'), {id: 'left'}));
      const link = Object.assign(document.createElement('a'), {href: to});
      document.body.append(link);
      link.click();
      link.remove();
    }""", view)
    page.wait_for_function("() => !document.getElementById('left')")


# One of them opens each view by its address, as from a bookmark.
@pytest.mark.parametrize("amount, width, scheme, is_by_address", [
    ("empty", "phone", "light", False), ("empty", "desk", "dark", False), ("full", "phone", "dark", False), ("full", "tablet", "dark", False), ("full", "desk", "light", True)])
def test_every_view_can_be_read_named_and_reached(browser, request, amount, width, scheme, is_by_address):  # noqa: F811
    server = request.getfixturevalue(amount)
    desk = desk_of(browser, server, width, scheme)
    page = desk.go("/nowhere")
    settle(page)
    found = []
    for view in VIEWS:
        view = view.replace("collection=", f"collection={server.collection}")
        if is_by_address:
            desk.go(view)
        else:
            follow(page, view)
        found += [f"{view}: {one}" for one in breaches(page, width == "phone")]
    desk.check(allowed=("Failed to load resource",))
    desk.context.close()
    assert not found, "\n".join(found)


DIALOGS = {"/settings/models": ["service-add", "service-change", "route-change", "route-add"], "/settings/tools": ["tool-server-add", "tools-choose"],
           "/settings/limits": ["limits-change"], "/settings/batches": ["batch-add"], "/settings/people": ["group-add"], "/approvals": ["approval-ask"]}


@pytest.mark.parametrize("width, scheme", [("large-phone", "dark"), ("desk", "light")])
def test_every_dialog_can_be_read_named_and_reached_with_all_of_it_open(browser, full, width, scheme):  # noqa: F811
    desk = desk_of(browser, full, width, scheme)
    found = []
    for view, buttons in DIALOGS.items():
        for button in buttons:
            page = desk.go(view)
            settle(page)
            part(page, button).first.click()
            page.locator("dialog").wait_for()
            page.evaluate("document.querySelectorAll('dialog details').forEach((one) => { one.open = true; })")
            found += [f"{view} {button}: {one}" for one in breaches(page, width == "large-phone")]
            assert page.evaluate("document.querySelector('dialog').scrollWidth - document.querySelector('dialog').clientWidth") <= 0, button
            assert page.evaluate("document.querySelector('dialog').contains(document.activeElement)")
            shot(page, f"dialog-{button}-{width}")
    desk.context.close()
    assert not found, "\n".join(found)


@pytest.mark.parametrize("locale, number, date", [("en-US", "1,234,567", "November 21, 2026"), ("de-DE", "1.234.567", "21 November 2026"), ("fr", "1\u202f234\u202f567", "21 November 2026")])
def test_numbers_and_dates_are_written_as_where_the_reader_is(browser, empty, locale, number, date):  # noqa: F811
    desk = Desk(browser, empty.url, storage_state=empty.signed_in, locale=locale)
    page = desk.go("/")
    said = page.evaluate("import('/texts.js').then(({number, factDate}) => [number(1234567), factDate('2026-11-21')])")
    assert said == [number, date]
    desk.context.close()


def test_the_first_view_is_small_asks_nobody_else_and_the_back_button_goes_back(browser, empty):  # noqa: F811
    desk = Desk(browser, empty.url, storage_state=empty.signed_in)
    page = desk.go("/")
    settle(page)
    entries = page.evaluate("performance.getEntriesByType('resource').map((one) => [one.responseEnd, one.encodedBodySize])")
    packed = sum(size for _, size in entries)
    painted = page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime")
    before = [size for end, size in entries if end <= painted]
    print(f"first view: {len(before)} requests, {sum(before)} bytes packed, painted after {painted:.0f} ms; at rest, with all other views, {len(entries)} and {packed} bytes")
    assert sum(before) < 100_000 and packed < 256_000
    for view in ("/settings/tools", "/settings/batches", "/settings/usage?days=7&by=key"):
        follow(page, view)
        settle(page)
    page.go_back()
    part(page, "settings-batches").wait_for()
    page.reload()
    part(page, "settings-batches").wait_for()
    page.go_back()
    part(page, "settings-tools").wait_for()
    desk.check()
    desk.context.close()


def test_of_many_keys_a_part_is_shown_and_each_is_found(browser, empty):  # noqa: F811
    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(lambda n: empty.post("/v1/keys", {"name": f"program {n}", "role": "reader"}).json(), range(300)))
    assert empty.call("PUT", f"/v1/keys/{made[177]['id']}/limits", json={"requests_per_minute": 60}).ok
    desk = Desk(browser, empty.url, storage_state=empty.signed_in)
    page = desk.go("/settings/keys")
    expect(part(page, "key-row")).to_have_count(100)
    part(page, "key-rows-more").click()
    expect(part(page, "key-row")).to_have_count(200)
    part(page, "key-rows-find").fill("Program 177")
    expect(part(page, "key-row")).to_have_count(1)
    part(page, "key-rows-find").fill("nobody")
    expect(part(page, "key-rows")).to_contain_text("None is called that")
    part(page, "field-name").fill("the newest")
    part(page, "key-submit").click()
    expect(part(page, "key-value")).to_be_focused()
    part(page, "key-rows-find").fill("")
    expect(part(page, "key-row").first).to_contain_text("the newest")
    page = desk.go("/settings/limits")
    expect(page.locator("[data-test=limits-row]", has_text="program 177")).to_be_visible()
    desk.check()
    desk.context.close()


def test_whatever_the_tab_key_reaches_shows_it(browser, empty):  # noqa: F811
    desk = Desk(browser, empty.url, storage_state=empty.signed_in)
    for view in ("/search?q=zyxwv", "/settings/keys", "/settings/models", "/settings/policy"):
        page = desk.go(view)
        settle(page)
        for _ in range(25):
            page.keyboard.press("Tab")
            unseen = page.evaluate("""() => {
              const one = document.activeElement;
              const {outlineStyle, boxShadow} = getComputedStyle(one);
              return one !== document.body && outlineStyle === 'none' && boxShadow === 'none' ? one.outerHTML.slice(0, 80) : null;
            }""")
            assert not unseen, (view, unseen)
    desk.context.close()
