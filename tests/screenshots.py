"""Pictures of the page for the documentation; run by tools/screenshots."""
import shutil
import sys
import tempfile
import time
from pathlib import Path

from conftest import SAMPLES, Server
from mock_provider import MockProvider
from playwright.sync_api import sync_playwright

import screenshots_work

OUT = Path(sys.argv[1])
MOST_BYTES = 200_000
WIDE = {"viewport": {"width": 1280, "height": 800}}
PHONE = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True, "device_scale_factor": 2}
QUESTIONS = ["How much oil did the Gannet tower use?", "What cracked in February?", "When did the schooner Freya run aground?"]


def part(page, name):
    return page.locator(f"[data-test={name}]")


def picture(page, name):
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(300)
    file = OUT / f"{name}.png"
    page.screenshot(path=file)
    size = file.stat().st_size
    assert size < MOST_BYTES, f"{file} has {size} bytes"
    print(f"{file} {size}")


def sign_up(page):
    part(page, "field-name").fill("Ada Keeper")
    part(page, "field-email").fill("ada@example.org")
    part(page, "field-password").fill("correct horse battery")
    page.keyboard.press("Enter")
    part(page, "nav-library").wait_for()


def fill_library(server):
    """Two shelves of samples and a few loose ones."""
    shelves = {name: server.post("/v1/collections", {"name": name}).json()["id"] for name in ("Reports", "Correspondence")}
    of = {"report.pdf": "Reports", "numbers.xlsx": "Reports", "slides.pptx": "Reports", "letter.docx": "Correspondence", "mail.eml": "Correspondence"}
    tags = {"report.pdf": "2025", "numbers.xlsx": "2025,oil", "letter.docx": "lens"}
    for file in sorted(SAMPLES.iterdir()):
        fields = {"collection": shelves[of[file.name]]} if file.name in of else {}
        if file.name in tags:
            fields["tags"] = tags[file.name]
        if file.name != "README.txt":
            server.add(file, **fields)
    for one in server.post("/v1/documents/sample").json()["documents"]:
        server.wait_document(one["id"])


JUDGED = "gannet reef\treport.pdf\nstorm petrel\tnumbers.xlsx\nlens cracked\tletter.docx\nnight watch\tslides.pptx\nlamp cleaned\tminutes.png\n" \
    "oil used by each tower\treport.pdf\nkeeper of the lighthouse\tminutes.png\nwhat happened on the island\tfeed.xml\norchard\tnotes.md\n"


def measure(server):
    """The address of a run of the lab."""
    judged = server.post("/v1/lab/sets", {"name": "Lighthouse questions", "tsv": JUDGED}).json()["id"]
    run = server.post("/v1/lab/runs", {"set": judged, "against": "mode=keyword"}).json()["id"]
    while not server.get(f"/v1/lab/runs/{run}").json()["result"]:
        time.sleep(0.1)
    return f"{server.url}/search/measure?run={run}"


def ask(page, question):
    part(page, "ask-input").fill(question)
    page.keyboard.press("Enter")
    page.locator("[data-test=answer][data-done=yes]").last.wait_for()


def wide(page, server):
    for question in QUESTIONS:
        page.goto(f"{server.url}/ask")
        ask(page, question)
    page.goto(f"{server.url}/ask")
    ask(page, "How many vessels were guided past the Gannet reef?")
    page.locator("#reader [data-marked]").wait_for()
    picture(page, "answer")
    address = page.url
    page.goto(f"{server.url}/search?q=gannet%20reef&at=1")
    page.locator("#reader [data-marked]").wait_for()
    picture(page, "search")
    page.goto(f"{server.url}/search?q=gannet%20reef")
    part(page, "why-open").first.click()
    part(page, "why-terms").wait_for()
    picture(page, "why")
    page.goto(measure(server))
    part(page, "lab-verdict").wait_for()
    picture(page, "measure")
    page.goto(f"{server.url}/library?order=name")
    part(page, "row").first.wait_for()
    picture(page, "library")
    page.goto(f"{server.url}/search?q=lens%20cracked&at=1")
    page.locator("#reader .passage").first.wait_for()
    picture(page, "reader")
    page.goto(f"{server.url}/search?q=gannet%20990&format=xlsx&at=1")
    page.locator("#reader [data-cited]").first.wait_for()
    picture(page, "sheet")
    page.goto(f"{server.url}/search?q=lighthouse%20keeper%20lamp%20cleaned&at=1")
    page.locator("#reader [data-marked]").wait_for()
    picture(page, "scan")
    return address


def call_models(server, mock):
    """Services, a route and limits of an organisation, and some calls of its programs."""
    owner = server.cli("keys", "add", "setup", "--role", "owner").stdout.split()[-1]
    service = {"provider": "openai-compatible", "base_url": mock.url, "key": "sk-mock", "private": True}
    for name in ("groq", "openai", "house"):
        server.call("PUT", f"/v1/gateway/services/{name}", json=service, key=owner)
        for model, price in (("llama-3.3-70b", "60"), ("gpt-4o-mini", "150"), ("qwen3-32b", "0")):
            server.call("PUT", "/v1/gateway/models", json={"name": f"{name}/{model}", "prices": {"input": price, "output": price + "0"}}, key=owner)
    steps = ["groq/llama-3.3-70b", {"model": "openai/gpt-4o-mini", "when": {"share": 10}}, {"model": "house/qwen3-32b", "when": {"input_max": 4000}}]
    server.call("PUT", "/v1/gateway/routes/quick", json={"steps": steps, "fallback": "local/extractive", "cheaper": "house/qwen3-32b", "hedge_ms": 1500}, key=owner)
    for name, calls in (("reports", 9), ("help desk", 5), ("night shift", 2)):
        made = server.call("POST", "/v1/keys", json={"name": name, "role": "reader"}, key=owner).json()
        limits = {"requests_per_minute": 60, "models": ["quick", "groq/*"], "budgets": [{"period": "month", "dollars": "5.00"}, {"period": "day", "calls": 20}]}
        server.call("PUT", f"/v1/keys/{made['id']}/limits", json=limits, key=owner)
        for _ in range(calls):
            server.post("/v1/chat/completions", {"model": "quick", "max_tokens": 20, "messages": [{"role": "user", "content": "What did the night watch write?"}]}, key=made["key"])
    time.sleep(1)  # records are written in batches


def gateway(page, server):
    for section, waits in (("models", "route-row"), ("limits", "limits-row"), ("usage", "usage-call")):
        page.goto(f"{server.url}/settings/{section}")
        part(page, waits).first.wait_for()
        picture(page, {"models": "gateway"}.get(section, section))
    page.goto(f"{server.url}/settings/models")
    part(page, "route-change").click()
    part(page, "step-when").nth(1).wait_for()
    picture(page, "route")


def mine(page, path, body):
    """As the page does it, for who is signed in."""
    return page.evaluate("([path, body]) => import(document.querySelector('script[type=module]').src.replace(/app.js$/, 'api.js'))"
                         ".then(({post}) => post(path, body))", [path, body])


TASKS = [{"summary": "Order a new lens", "priority": "high", "category": "lamp", "deadline": "2026-12-01", "assignee": "Ada Keeper"},
         {"summary": "Paint the gallery rail", "category": "house", "deadline": "2027-04-15"},
         {"summary": "Count the oil drums", "status": "in_progress", "priority": "low"},
         {"summary": "Answer the harbour office", "status": "in_progress", "priority": "urgent", "deadline": "2026-11-25"},
         {"summary": "Log of October to the archive", "status": "done"},
         {"summary": "Trim the wicks", "status": "suggested", "deadline": "2026-11-24"}]


def understanding(page, server, documents):
    """A conversation, tasks, cards, a quiz, what is said of a document."""
    page.goto(f"{server.url}/ask")
    ask(page, "When did the schooner Freya run aground?")
    part(page, "ask-input").fill("How many of her crew were brought ashore?")
    page.keyboard.press("Enter")
    page.locator("[data-test=answer][data-done=yes]").nth(1).wait_for()
    picture(page, "conversation")
    for task in TASKS:
        mine(page, "/v1/tasks", task)
    page.goto(f"{server.url}/tasks")
    part(page, "task").first.wait_for()
    picture(page, "tasks")
    mine(page, "/v1/study/make", {"kind": "flashcards", "document": documents["report.pdf"], "count": 8, "deck": "Lighthouse report"})
    page.goto(f"{server.url}/study")
    part(page, "review-all").click()
    part(page, "card").wait_for()
    page.keyboard.press(" ")
    part(page, "card-back").wait_for()
    part(page, "review-source").click()
    part(page, "reader-body").wait_for()
    picture(page, "review")
    mine(page, "/v1/study/make", {"kind": "quiz", "document": documents["report.pdf"], "count": 4, "deck": "Lighthouse report"})
    page.goto(f"{server.url}/study")
    part(page, "quiz-row").first.get_by_role("link").click()
    part(page, "quiz-submit").wait_for()
    picture(page, "quiz")
    page.goto(f"{server.url}/documents/{documents['mail.eml']}?show=report")
    part(page, "report").wait_for()
    picture(page, "report")


def work(browser):
    """Workflows, approvals and schedules; the server sends mail."""
    folder = Path(tempfile.mkdtemp(prefix="lectern-screenshots-"))
    server, box, stop = screenshots_work.start(folder / "library")
    try:
        first = browser.new_context(**WIDE)
        desk = first.new_page()
        desk.goto(server.url)
        sign_up(desk)
        server.key = server.cli("keys", "add", "owner", "--role", "owner").stdout.split()[-1]
        made = screenshots_work.prepare(server)
        phone = browser.new_context(**PHONE, storage_state=first.storage_state()).new_page()
        screenshots_work.pictures(desk, phone, server, box, made, picture)
    finally:
        server.stop()
        stop()
        shutil.rmtree(folder, ignore_errors=True)


def library(browser):
    """Everything else, over one library."""
    folder = Path(tempfile.mkdtemp(prefix="lectern-screenshots-"))
    server = Server(folder / "library").start()
    try:
        first = browser.new_context(**WIDE)
        page = first.new_page()
        page.goto(server.url)
        sign_up(page)
        server.new_key()
        fill_library(server)
        address = wide(page, server)
        understanding(page, server, {d["name"]: d["id"] for d in server.get("/v1/documents?limit=100").json()["items"]})
        mock = MockProvider(["llama-3.3-70b", "gpt-4o-mini", "qwen3-32b"])
        call_models(server, mock)
        gateway(page, server)
        mock.stop()
        for name, options in (("phone", PHONE), ("dark", {**WIDE, "color_scheme": "dark"})):
            page = browser.new_context(**options, storage_state=first.storage_state()).new_page()
            page.goto(address if name == "dark" else address.split("?")[0])
            part(page, "answer").wait_for()
            if name == "dark":
                page.locator("#reader [data-marked]").wait_for()
            picture(page, name)
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


PARTS = {"library": library, "work": work}


def main():
    OUT.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as started:
        browser = started.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"])
        for name in sys.argv[2:] or PARTS:
            PARTS[name](browser)
        browser.close()


if __name__ == "__main__":
    main()
