"""A long text is read, cut and stored without lying in memory many times over."""
import random
import threading
import time

TEXT_BYTES = 24_000_000
TIMES_MAX = 5  # of the text, at the worst moment; with old copies of arrays, and the text twice, it took five and a half and more


def own_memory(pid):
    """Bytes that are the process's alone: no pages of files."""
    with open(f"/proc/{pid}/status") as status:
        return next(int(line.split()[1]) * 1024 for line in status if line.startswith("RssAnon"))


def long_text():
    words = ["".join(random.choices("abcdefghijklmnop", k=random.randint(3, 9))) for _ in range(20000)]
    lines = []
    size = 0
    while size < TEXT_BYTES:
        lines.append(" ".join(random.choices(words, k=12)) + random.choice([".\n", ".\n", ".\n", ".\n\n"]))
        size += len(lines[-1])
    return "".join(lines).encode()


def test_a_long_text_takes_a_few_times_its_size_while_it_is_read(fresh_server):
    text = long_text()
    fresh_server.add(("first.txt", b"What is loaded for the first document is there."))
    before = own_memory(fresh_server.process.pid)
    peaks, is_over = [0], threading.Event()

    def watch():
        while not is_over.is_set():
            peaks.append(own_memory(fresh_server.process.pid))
            time.sleep(0.05)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        [sent] = fresh_server.upload(("long.txt", text))
        document = fresh_server.wait_document(sent["id"], states=("indexing", "ready", "failed"), seconds=300)
    finally:
        is_over.set()
        watcher.join()
    assert document["state"] != "failed", document
    grown = max(peaks) - before
    assert grown < TIMES_MAX * len(text), f"{grown / len(text):.1f} times the text"
    fresh_server.kill()  # what is left to be done would keep the other tests' machine busy
