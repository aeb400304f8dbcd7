"""How somebody likes things, what was thought of them, prompts with their bench, and the microphone, in a real Chromium."""
import json
import threading

import pytest
from conftest import Server, wait_until
from mock_media import WORDS, MockMedia
from mock_provider import MockProvider
from test_page import browser, CHROMIUM, expect, owner_desk, part, PHONE, row_of, shot, WIDE  # noqa: F401 (browser is a fixture)

pytestmark = pytest.mark.skipif(not CHROMIUM, reason="needs chromium (Debian package chromium)")
# A microphone that hears a tone: the sound is recorded by the browser itself.
MICROPHONE = """Object.defineProperty(navigator, 'mediaDevices', {value: {getUserMedia: async () => {
  const sound = new AudioContext(), tone = sound.createOscillator(), end = sound.createMediaStreamDestination();
  tone.connect(end); tone.start(); return end.stream; }}});"""


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("habits")
    ears, writer = MockMedia(), MockProvider(["good"])
    services = {"ears": {"provider": "openai-compatible", "base_url": ears.url, "key": "sk-mock", "private": True}}
    (folder / "gateway.json").write_text(json.dumps({"services": services}))
    started = Server(folder / "library", arguments=["--provider-url", writer.url], environment={
        "LECTERN_GATEWAY": str(folder / "gateway.json"), "LECTERN_SPEECH_MODEL": "ears/good"}).start()
    started.writer = writer
    yield started
    started.stop()
    ears.stop()
    writer.stop()


@pytest.fixture(scope="module")
def desk(browser, server):  # noqa: F811
    shown = owner_desk(browser, server)
    shown.context.add_init_script(MICROPHONE)
    server.add(("lamp.md", b"# The lamp of Gannet\n\nThe lamp of Gannet was lit in 1911.\n\n## Its oil\n\nThe lamp burned 420 litres of oil.\n"))
    yield shown
    shown.context.close()


@pytest.fixture
def page(desk):
    return desk.page


def both(page, name):
    """In both themes, for whoever looks."""
    for theme in ("light", "dark"):
        page.emulate_media(color_scheme=theme)
        page.wait_for_timeout(300)  # colours change slowly
        shot(page, f"{name}-{theme}")
    page.emulate_media(color_scheme="light")


def test_preferences_are_kept_and_followed(desk, page):
    desk.go("/settings/preferences")
    part(page, "field-language").select_option("de")
    part(page, "field-tone").select_option("brief")
    part(page, "field-time_zone").fill("Europe/Vienna")
    part(page, "field-chat_direction").uncheck()
    both(page, "preferences")
    part(page, "preferences-submit").click()
    page.get_by_text("Preferences saved").wait_for()
    page.reload()
    expect(part(page, "field-language")).to_have_value("de")
    expect(part(page, "field-time_zone")).to_have_value("Europe/Vienna")
    part(page, "field-time_zone").fill("Mars/Base")
    part(page, "preferences-submit").click()
    expect(part(page, "preferences")).to_contain_text("Mars/Base")
    desk.go("/ask")
    part(page, "ask-input").fill("What did the attendees of the meeting at Gannet decide about the lamp?")
    page.keyboard.press("Enter")
    page.locator("[data-test=answer][data-done=yes]").wait_for()
    expect(part(page, "direction")).to_have_count(0)
    system = desk.server.writer.chats()[-1]["messages"][0]["content"]
    assert '"de"' in system and "brief" in system


def test_what_people_thought_is_learned_and_shown(desk, page):
    desk.go("/settings/feedback")
    expect(part(page, "rated-none")).to_be_visible()
    desk.go("/ask")
    part(page, "ask-input").fill("How much oil did the lamp of Gannet burn?")
    page.keyboard.press("Enter")
    part(page, "thumb-down").click()
    part(page, "feedback-reason").fill("too short")
    part(page, "feedback-send").click()
    for n in range(4):
        desk.server.post("/v1/feedback", {"kind": "card", "item": f"c{n}", "rating": 1})
        desk.server.post("/v1/feedback", {"kind": "task", "item": f"t{n}", "rating": -1, "reason": "no task"})
    desk.go("/settings/feedback")
    part(page, "rated-again").click()
    expect(part(page, "rated-sum")).to_contain_text("9 ratings")
    worse = page.locator("[data-test=finding][data-worse=yes]")
    expect(worse).to_contain_text("Tasks")
    expect(part(page, "rated-reasons")).to_contain_text("no task")
    both(page, "feedback-report")


def test_a_prompt_has_versions_shares_and_a_bench(desk, page):
    desk.go("/prompts")
    part(page, "prompt-add").click()
    part(page, "field-name").fill("Sum up")
    part(page, "field-template").fill("Sum up {{text}} in {{count}} words.")
    part(page, "prompt-form-submit").click()
    expect(part(page, "prompt")).to_contain_text("{{text}} {{count}}")
    part(page, "prompt-edit").click()
    part(page, "field-template").fill("In {{count}} words: {{text}}")
    part(page, "prompt-form-submit").click()
    expect(part(page, "prompt-shares")).to_have_text("Version 2")
    part(page, "prompt-shares").click()
    part(page, "field-v1").fill("30")
    page.keyboard.press("Enter")
    expect(part(page, "prompt-shares")).to_have_text("2 versions in use")
    both(page, "prompts")
    part(page, "prompt-bench").click()
    part(page, "bench-text").fill("the lamp")
    part(page, "bench-count").fill("3")
    part(page, "bench-expected").fill("as you say")
    part(page, "bench-version-1").check()
    part(page, "bench-add").click()
    part(page, "bench-text").nth(1).fill("the oil")
    part(page, "bench-run").click()
    expect(part(page, "bench-result")).to_have_count(4)
    expect(page.locator("[data-test=bench-result]").first).to_contain_text("has it")
    # The second row lacks a variable: it fails alone, and says which.
    expect(page.locator("[data-test=bench-result]").nth(2)).to_contain_text("count")
    both(page, "prompt-bench")
    page.keyboard.press("Escape")
    part(page, "prompt-versions").click()
    expect(part(page, "persona-versions")).to_contain_text("In {{count}} words")
    page.keyboard.press("Escape")
    part(page, "prompt-remove").click()
    expect(part(page, "prompt")).to_have_count(0)


def test_a_question_is_said_and_heard_again(desk, page):
    desk.go("/ask")
    part(page, "voice-note").click()
    expect(part(page, "voice-note")).to_have_attribute("aria-pressed", "true")
    page.wait_for_timeout(600)
    part(page, "voice-note").click()
    expect(part(page, "ask-input")).to_have_value(WORDS)
    part(page, "ask-send").click()
    page.locator("[data-test=answer][data-done=yes]").wait_for()
    page.reload()
    player = part(page, "voice-player")
    expect(player).to_be_visible()
    assert page.evaluate("""async () => (await fetch(document.querySelector('[data-test=voice-player]').src)).headers.get('Content-Type')""").split("/")[0] in ("audio", "video")
    both(page, "voice-note")


def test_a_dictation_becomes_a_document(desk, page):
    desk.go("/library")
    part(page, "dictate").click()
    page.wait_for_timeout(600)
    part(page, "dictate").click()
    page.get_by_text("is a document now").wait_for()
    expect(part(page, "row").filter(has_text=".md").first).to_be_visible()


def test_a_suggested_task_is_rated_where_it_stands(desk, page):
    desk.server.post("/v1/tasks/draw", {"text": "Please send the invoice to Ada by Friday.", "save": True})
    desk.go("/tasks")
    part(page, "task-suggested").locator("[data-test=thumb-down]").click()
    page.get_by_text("Wrong date").click()
    page.locator("#toasts, .toast").get_by_text("Rating kept").first.wait_for()
    report = desk.server.post("/v1/feedback/report").json()
    assert {"reason": "Wrong date", "count": 1} in report["reasons"]
    both(page, "task-rated")


def test_what_runs_is_seen_and_ended_in_the_tray_at_a_desk_and_on_a_phone(desk, page, server):
    gate = threading.Event()
    desk.complaints.clear()  # of refusals that the tests before asked for
    desk.go("/library")
    server.writer.answer = lambda body: gate.wait(30) and "5"
    name = "Sums of all the numbers that anybody has ever asked for, one after the other"
    prompt = server.post("/v1/prompts", {"name": name, "template": "{{a}}?"}).json()["id"]
    run = page.evaluate("""async (prompt) => {
      const {csrf} = await (await fetch('/v1/session')).json();
      const body = JSON.stringify({rows: [...Array(9).keys()].map((a) => ({a}))});
      const asked = await fetch(`/v1/prompts/${prompt}/runs`, {method: 'POST', body, headers: {'Content-Type': 'application/json', 'X-CSRF-Token': csrf}});
      return (await asked.json()).id;
    }""", prompt)
    try:
        for size in (WIDE, PHONE):
            page.set_viewport_size(size)
            row = page.locator("[data-test=tray-row][data-state=working]")
            expect(row).to_contain_text(name)
            expect(part(page, "tray-summary")).to_contain_text("1 running")
            width = page.evaluate("[document.documentElement.scrollWidth, innerWidth, document.getElementById('tray').scrollWidth]")
            assert max(width) <= size["width"], width
            end = part(page, "tray-cancel").bounding_box()
            assert end["x"] >= 0 and end["x"] + end["width"] <= size["width"] and end["y"] + end["height"] <= size["height"], end
        with page.expect_response(lambda answer: answer.url.endswith("/cancel")):
            part(page, "tray-cancel").click()
        gate.set()  # the call that is made is the last one
        assert wait_until(lambda: server.get(f"/v1/runs/{run}").json()["state"] == "cancelled"), server.get(f"/v1/runs/{run}").text
    finally:
        gate.set()
        server.writer.answer = None
        page.set_viewport_size(WIDE)
    assert server.get(f"/v1/runs/{run}").json()["done"] < 9
    desk.check()
