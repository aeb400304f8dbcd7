"""Pictures of the page for the documentation; run by tools/screenshots."""
import shutil
import sys
import tempfile
import time
from pathlib import Path

from conftest import SAMPLES, Server
from playwright.sync_api import sync_playwright

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


def main():
    OUT.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="lectern-screenshots-"))
    server = Server(folder / "library").start()
    try:
        with sync_playwright() as started:
            browser = started.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"])
            first = browser.new_context(**WIDE)
            page = first.new_page()
            page.goto(server.url)
            sign_up(page)
            server.new_key()
            fill_library(server)
            address = wide(page, server)
            for name, options in (("phone", PHONE), ("dark", {**WIDE, "color_scheme": "dark"})):
                page = browser.new_context(**options, storage_state=first.storage_state()).new_page()
                page.goto(address if name == "dark" else address.split("?")[0])
                part(page, "answer").wait_for()
                if name == "dark":
                    page.locator("#reader [data-marked]").wait_for()
                picture(page, name)
            browser.close()
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
