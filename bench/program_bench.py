"""Measures the whole program from outside: start, memory, extraction, a PDF's way to the index, and
searches of 100,000 chunks with one vector each, with several, and while documents are added.  One
JSON line for each figure.

    program_bench.py PROGRAM [--only start,memory,small,pdf,files,pages,hybrid,several,heavy,rebuild,load] [--peers VENV] [--keep FOLDER]

PROGRAM is build/lectern; tile_vectors is expected beside it. PDFs need reportlab, the peers PyMuPDF
and Kreuzberg: bench/run makes a virtual environment that has them."""
import argparse
import asyncio
import http.client
import json
import os
import random
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SHARED = ROOT.parent / "shared"
KEEP = None  # a folder where libraries of 100,000 chunks stay for the next time
MODEL = Path(os.environ.get("MODEL", Path.home() / ".cache/lectern/models/all-MiniLM-L6-v2"))


def say(name, **figures):
    print(json.dumps({"name": name, **figures}), flush=True)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def peak_mb(pid):
    """Largest resident size so far; 0 when the process has gone."""
    try:
        return int(re.search(r"VmHWM:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())[1]) / 1024
    except (OSError, TypeError):
        return 0


def cpu_seconds(pid):
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def children(pid):
    found = []
    try:
        for task in os.listdir(f"/proc/{pid}/task"):
            found += map(int, Path(f"/proc/{pid}/task/{task}/children").read_text().split())
    except OSError:
        pass
    return found


def tree(pid):
    return [pid] + [x for child in children(pid) for x in tree(child)]


def pss_mb(pid):
    """Proportional set size of a process and all below it."""
    total = 0
    for one in tree(pid):
        try:
            total += int(re.search(r"^Pss:\s+(\d+)", Path(f"/proc/{one}/smaps_rollup").read_text(), re.M)[1])
        except OSError:
            pass
    return total / 1024


class Server:
    def __init__(self, program, data, *arguments, environment=None):
        self.program, self.data, self.arguments = program, data, arguments
        self.environment = {**os.environ, **(environment or {})}
        self.key = None

    def start(self):
        """Returns the seconds from exec until it listens."""
        self.port = free_port()
        began = time.perf_counter()
        self.process = subprocess.Popen(
            [self.program, "serve", "--data", self.data, "--listen", f"127.0.0.1:{self.port}", "--log-level", "warn",
             *self.arguments], env=self.environment)
        while True:
            with socket.socket() as s:
                if s.connect_ex(("127.0.0.1", self.port)) == 0:
                    return time.perf_counter() - began
            if self.process.poll() is not None or time.perf_counter() - began > 60:
                sys.exit("program_bench: the server did not start")
            time.sleep(0.0005)

    def new_key(self, role="editor"):
        self.key = subprocess.run([self.program, "keys", "add", "bench", "--role", role, "--data", self.data], check=True,
                                  capture_output=True, text=True).stdout.split()[-1]

    def stop(self):
        self.process.terminate()
        self.process.wait(60)

    def connect(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        connection.connect()
        connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection

    def call(self, connection, method, path, body=None, kind="application/json"):
        headers = {"Authorization": f"Bearer {self.key}", "Content-Type": kind}
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        content = answer.read()
        if answer.status >= 300:
            sys.exit(f"program_bench: {method} {path}: {answer.status} {content[:300]}")
        return json.loads(content) if content else None

    def search(self, connection, **query):
        return self.call(connection, "POST", "/v1/search", json.dumps(query).encode())

    def upload(self, connection, files):
        kind, body = multipart(files)
        return self.call(connection, "POST", "/v1/documents", body, kind)["documents"]

    def wait_idle(self, connection, quiet=0.2):
        """Until no document is on its way."""
        while self.call(connection, "GET", "/v1/statistics")["running"]:
            time.sleep(quiet)


def multipart(files):
    edge, parts = "edge-of-a-part", []
    for name, content in files:
        parts.append(f'--{edge}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'.encode())
        parts += [content, b"\r\n"]
    return f"multipart/form-data; boundary={edge}", b"".join(parts) + f"--{edge}--\r\n".encode()


def spread(seconds):
    ms = sorted(x * 1000 for x in seconds)
    return {"best_ms": round(ms[0], 2), "p50_ms": round(statistics.median(ms), 2),
            "p95_ms": round(ms[int(len(ms) * 0.95) - 1], 2), "runs": len(ms)}


# --- What is measured ---

def bench_start(program, folder, _peers):
    server, seconds = Server(program, f"{folder}/start"), []
    for _ in range(20):
        seconds.append(server.start())
        server.stop()
    say("listening after exec", **spread(seconds[1:]), first_ms=round(seconds[0] * 1000, 2))


def bench_memory(program, folder, _peers):
    server = Server(program, f"{folder}/memory")
    server.start()
    time.sleep(3)
    before = pss_mb(server.process.pid)
    server.new_key()
    connection = server.connect()
    words = "harbour tide crane lamp ledger keeper vessel channel pilot rope anchor signal".split()
    draw = random.Random(1)
    files = [(f"note{i}.txt", " ".join(draw.choice(words) for _ in range(2000)).encode()) for i in range(20)]
    server.upload(connection, files)
    server.wait_idle(connection)
    server.search(connection, query="crane near the channel")
    connection.close()
    time.sleep(5)
    say("idle memory", before_encoder_mb=round(before, 1), after_encoder_mb=round(pss_mb(server.process.pid), 1),
        has_model=MODEL.is_dir(), processes=len(tree(server.process.pid)))
    server.stop()


def bench_small(program, folder, _peers):
    path = Path(folder) / "small.txt"
    path.write_text("The harbour master keeps the tide tables.\n")
    seconds = []
    for _ in range(21):
        began = time.perf_counter()
        subprocess.run([program, "extract", str(path)], check=True, stdout=subprocess.DEVNULL)
        seconds.append(time.perf_counter() - began)
    say("extract a small text file", **spread(seconds[1:]))


def make_pdf(path, pages):
    """As ../shared/peers/extract/gen.py does: pages of headings, paragraphs and a ruled table."""
    from reportlab.lib.styles import getSampleStyleSheet
    from reportlab.platypus import PageBreak, Paragraph, SimpleDocTemplate, Table
    words = ("report quarter revenue contract party liability section appendix table figure method result patient "
             "sample engine server index query document the of and to in for with by on at from as is was were been "
             "that which under between during without analysis value measured total average").split()
    draw, style, story = random.Random(pages), getSampleStyleSheet(), []
    for n in range(1, pages + 1):
        story.append(Paragraph(f"Section {n} {draw.choice(words)}", style["Heading1"]))
        for _ in range(4):
            text = " ".join(draw.choice(words) for _ in range(90)).capitalize()
            story.append(Paragraph(f"{text} mark{n}.", style["BodyText"]))
        rows = [[f"r{r}c{c}" if c == 0 else f"{draw.random() * 1e4:.2f}" for c in range(4)] for r in range(6)]
        story.append(Table(rows, style=[("GRID", (0, 0), (-1, -1), 0.5, "black")]))
        story.append(PageBreak())
    SimpleDocTemplate(str(path)).build(story)


def searchable_after(server, connection, name, content, word):
    """Seconds from the last byte of an upload until a search finds the word in it."""
    kind, body = multipart([(name, content)])
    connection.putrequest("POST", "/v1/documents")
    for header, value in (("Authorization", f"Bearer {server.key}"), ("Content-Type", kind),
                          ("Content-Length", str(len(body)))):
        connection.putheader(header, value)
    connection.endheaders(body)
    began = time.perf_counter()
    document = json.loads(connection.getresponse().read())["documents"][0]
    acknowledged = time.perf_counter() - began
    while True:
        found = server.search(connection, query=word, mode="keyword", documents=[document["id"]])
        if found["results"]:
            return time.perf_counter() - began, acknowledged
        if time.perf_counter() - began > 60:
            sys.exit("program_bench: the PDF was never found")
        time.sleep(0.005)


def bench_pdf(program, folder, _peers):
    path = Path(folder) / "pages100.pdf"
    make_pdf(path, 100)
    server = Server(program, f"{folder}/pdf")
    server.start()
    server.new_key()
    connection = server.connect()
    seconds, acknowledged = [], []
    for i in range(5):
        content = path.read_bytes() + f"\n% {i}\n".encode()  # another file each time
        total, first = searchable_after(server, connection, f"pages{i}.pdf", content, "mark100")
        seconds.append(total)
        acknowledged.append(first)
    server.stop()
    say("100-page PDF searchable after its last byte", **spread(seconds), first_ms=round(seconds[0] * 1000, 1),
        acknowledged_ms=round(statistics.median(acknowledged) * 1000, 2))


def ready_after(server, connection, document, began):
    """Seconds until the document has its vectors as well."""
    while True:
        state = server.call(connection, "GET", f"/v1/documents/{document}")["state"]
        if state == "ready":
            return time.perf_counter() - began
        if state in ("failed", "cancelled") or time.perf_counter() - began > 300:
            sys.exit(f"program_bench: the document is {state}")
        time.sleep(0.01)


def bench_files(program, folder, _peers):
    """A PDF of 1 MB and a DOCX of 10 MB, as ../shared/peers/extract/gen.py makes them, each on a fresh server."""
    if not (SHARED / "peers/extract/gen.py").exists():
        print("skipped: the files of 1 and 10 MB need ../shared", file=sys.stderr)
        return
    sys.path.insert(0, str(SHARED / "peers/extract"))
    import gen
    draw = random.Random(7)
    gen.text_pdf(f"{folder}/1 MB.pdf", 40, draw, [gen.jpeg(draw, 800, 560), gen.jpeg(draw, 800, 560)])
    gen.docx(f"{folder}/10 MB.docx", draw, 10_000_000)
    for name, word in (("1 MB.pdf", "Section 40"), ("10 MB.docx", "Chapter 60")):
        found, ready, content = [], [], (Path(folder) / name).read_bytes()
        for i in range(5):
            server = Server(program, f"{folder}/files-{name}-{i}")
            server.start()
            server.new_key()
            connection = server.connect()
            seconds, _ = searchable_after(server, connection, name, content, word)
            found.append(seconds)
            document = server.call(connection, "GET", "/v1/documents")["items"][0]["id"]
            if MODEL.is_dir() and name.endswith(".pdf"):
                ready.append(ready_after(server, connection, document, time.perf_counter() - seconds))
            connection.close()
            server.stop()
        say(f"{name} searchable after its last byte", **spread(found))
        if ready:
            say(f"{name} ready after its last byte", **spread(ready))


def run_watched(argv):
    """Seconds, and the largest resident size of the process and of one below it."""
    began = time.perf_counter()
    process = subprocess.Popen(argv, stdout=subprocess.DEVNULL)
    own = below = 0
    while process.poll() is None:
        own = max(own, peak_mb(process.pid))
        below = max([below, *map(peak_mb, children(process.pid))])
        time.sleep(0.005)
    if process.returncode:
        sys.exit(f"program_bench: {argv}: {process.returncode}")
    return time.perf_counter() - began, own, below


PEERS = {
    "pymupdf": "import pymupdf, sys\nprint('\\n'.join(p.get_text() for p in pymupdf.open(sys.argv[1])))",
    "kreuzberg": "import kreuzberg, sys\n"
                 "print(kreuzberg.extract_file_sync(sys.argv[1], config=kreuzberg.ExtractionConfig("
                 "disable_ocr=True, use_cache=False)).content)",
}


def bench_pages(program, folder, peers):
    path = Path(folder) / "pages1600.pdf"
    make_pdf(path, 1600)
    runs = {"lectern": [program, "extract", str(path)]}
    for name, code in PEERS.items():
        if peers and subprocess.run([f"{peers}/bin/python", "-c", f"import {name}"], capture_output=True,
                                    check=False).returncode == 0:
            runs[name] = [f"{peers}/bin/python", "-c", code, str(path)]
    best = {}
    for _ in range(3):  # in turn, so that all meet the same load
        for name, argv in runs.items():
            found = run_watched(argv)
            best[name] = min(best.get(name, found), found)
    for name, (seconds, own, below) in best.items():
        say("extract 1,600 pages", who=name, seconds=round(seconds, 2), process_mb=round(own),
            **({"worker_mb": round(below)} if name == "lectern" else {}))


def texts_of_shared():
    texts = []
    for name in ("scifact", "cranfield", "cisi"):
        for line in (SHARED / "retrieval" / name / "corpus.tsv").read_text().splitlines():
            texts.append(line.split("\t")[-1])
    return [text for text in texts if text]


def fill(server, connection, texts, wanted):
    """Uploads texts made of real ones, a tenth of their words dropped, until there are so many chunks."""
    draw, number = random.Random(7), 0
    while True:
        files = []
        for _ in range(8):
            parts = []
            for text in draw.sample(texts, 150):
                parts.append(" ".join(word for word in text.split() if draw.random() > 0.1))
            number += 1
            files.append((f"file{number}.txt", "\n\n".join(parts).encode()))
        server.upload(connection, files)
        server.wait_idle(connection, 0.05)
        if server.call(connection, "GET", "/v1/statistics")["chunks"] >= wanted:
            return


def new_queries(texts, seed):
    """Questions that were never asked: real ones with a word changed, as vectors of queries are kept;
    without signs, which may be operators."""
    draw = random.Random(seed)
    lines = (SHARED / "retrieval/scifact/queries.tsv").read_text().splitlines()[:300]
    while True:
        for line in lines:
            words = line.split("\t")[1].split()
            words[draw.randrange(len(words))] = draw.choice(draw.choice(texts).split())
            if question := re.sub(r"\W+", " ", " ".join(words)).strip():
                yield question


def timed_queries(server, queries, mode, threads=1):
    seconds, lock = [], threading.Lock()

    def ask(part):
        connection = server.connect()
        for query in part:
            began = time.perf_counter()
            server.search(connection, query=query, mode=mode)
            took = time.perf_counter() - began
            with lock:
                seconds.append(took)
        connection.close()

    workers = [threading.Thread(target=ask, args=(queries[i::threads],)) for i in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    if len(seconds) < len(queries):
        sys.exit("program_bench: searches failed")
    return seconds


def make_library(program, folder, texts, wanted, each):
    """A library of so many chunks with `each` vectors; without vectors it is made once."""
    folder = KEEP or folder
    plain, data = Path(f"{folder}/plain"), Path(f"{folder}/library-{each}")
    if data.is_dir():
        return data
    if not plain.is_dir():
        server = Server(program, str(plain), "--model", "/nonexistent")
        server.start()
        server.new_key()
        connection = server.connect()
        began = time.perf_counter()
        fill(server, connection, texts, wanted)
        chunks = server.call(connection, "GET", "/v1/statistics")["chunks"]
        say("filling a library without a model", chunks=chunks, seconds=round(time.perf_counter() - began, 1))
        connection.close()
        server.stop()
    shutil.copytree(plain, data)
    tile = Path(program).parent / "tile_vectors"
    subprocess.run([str(tile), str(data / "lectern.db"), str(MODEL), "512", str(each)], check=True,
                   stdout=subprocess.DEVNULL)
    server = Server(program, str(data))
    server.start()
    server.new_key()
    connection = server.connect()
    server.search(connection, query="warm")
    while True:
        health = server.call(connection, "GET", "/health")["index"]
        if health["state"] == "ready" and health["vectors"] >= wanted and not health["waiting_changes"]:
            break
        time.sleep(0.2)
    time.sleep(8)  # the index is saved
    server.stop()
    return data


def open_library(program, folder, each, changes=False, wanted=100000):
    """A server that has everything loaded, the real texts, and its library; None without what it needs."""
    if not (SHARED / "retrieval").is_dir() or not MODEL.is_dir():
        print("skipped: searches of 100,000 chunks need ../shared/retrieval and the model", file=sys.stderr)
        return None
    texts = texts_of_shared()
    data = make_library(program, folder, texts, wanted, each)
    if changes:
        shutil.copytree(data, f"{folder}/changed")
    server = Server(program, f"{folder}/changed" if changes else str(data))
    listening = server.start()
    server.new_key()
    connection = server.connect()
    began = time.perf_counter()
    while True:
        health = server.call(connection, "GET", "/health")["index"]
        if health["state"] == "ready" and health["vectors"] >= wanted:
            break
        time.sleep(0.01)
    server.seconds_to_listen, server.seconds_to_load = listening, time.perf_counter() - began
    draw = new_queries(texts, each)
    timed_queries(server, [next(draw) for _ in range(50)], "hybrid")
    connection.close()
    return server, texts


def bench_hybrid(program, folder, _peers):
    opened = open_library(program, folder, 1)
    if not opened:
        return
    server, texts = opened
    draw = new_queries(texts, 2)
    say("index loaded", seconds=round(server.seconds_to_load, 3))
    for mode in ("hybrid", "keyword", "semantic"):
        say(f"{mode} search of 100,000 chunks", **spread(timed_queries(server, [next(draw) for _ in range(300)], mode)))
    again = [next(draw) for _ in range(100)]
    timed_queries(server, again, "hybrid")
    say("hybrid search, asked again", **spread(timed_queries(server, again, "hybrid")))
    began = time.perf_counter()
    seconds = timed_queries(server, [next(draw) for _ in range(600)], "hybrid", threads=4)
    say("hybrid search, 4 callers", **spread(seconds),
        a_second=round(len(seconds) / (time.perf_counter() - began), 1))
    say("memory with 100,000 chunks", pss_mb=round(pss_mb(server.process.pid), 1))
    listening = [server.seconds_to_listen]
    for _ in range(4):
        server.stop()
        listening.append(server.start())
    say("listening with 100,000 chunks", **spread(listening))
    server.stop()


def bench_several(program, folder, _peers, each=5):
    opened = open_library(program, folder, each)
    if not opened:
        return
    server, texts = opened
    draw = new_queries(texts, 3)
    for mode in ("hybrid", "semantic"):
        say(f"{mode} search of 100,000 chunks with {each} vectors each",
            **spread(timed_queries(server, [next(draw) for _ in range(300)], mode)))
    server.stop()


def heavy_queries(texts):
    """What costs most of 8 KiB: words that are everywhere, that become many, that resemble many."""
    draw = random.Random(3)
    common = "the of and in to a is that for with was by are this on as be we were an from".split()
    long = sorted({w for t in texts[:3000] for w in t.lower().split() if w.isalpha() and len(w) > 7})
    pairs = [f'"{draw.choice(common)} {draw.choice(common)}"' for _ in range(600)]
    cut = lambda words, by=" ": by.join(words)[:8000].rsplit(by, 1)[0]
    return {"stop words": cut(common * 200), "words": cut(draw.sample(long, 1500) if len(long) > 1500 else long),
            "prefixes": " ".join(f"{c}*" for c in "abcdefghijklmnopqrstuvwxyz"),
            "words with two edits": cut([f"{draw.choice(long)}~2" for _ in range(900)]),
            "words that are nowhere": cut(["".join(draw.choices("etaoinsrhl", k=10)) for _ in range(900)]),
            "phrases of stop words": cut(["-" + p for p in pairs]), "one of many phrases": "cell (" + cut(pairs, " OR ") + ")",
            "Chinese": "".join(chr(0x4E00 + draw.randrange(3000)) for _ in range(2600))}


def bench_heavy(program, folder, _peers):
    opened = open_library(program, folder, 1)
    if not opened:
        return
    server, texts = opened
    took = {name: min(timed_queries(server, [query] * 5, "hybrid")) for name, query in heavy_queries(texts).items()}
    worst = max(took, key=took.get)
    say("heaviest queries", worst_ms=round(took[worst] * 1000, 1), worst=worst,
        **{name: round(seconds * 1000, 1) for name, seconds in took.items()})
    server.stop()


def bench_rebuild(program, folder, _peers):
    """The index is gone: how long until everything is found again, and new documents meanwhile."""
    opened = open_library(program, folder, 1, changes=True)
    if not opened:
        return
    server, texts = opened
    server.stop()
    shutil.rmtree(server.data + "/index")
    listening, began, found = server.start(), time.perf_counter(), []
    connection = server.connect()
    while server.call(connection, "GET", "/health")["index"]["state"] != "ready":
        word = f"zq{len(found)}xv"
        seconds, _ = searchable_after(server, connection, f"{word}.txt", f"The word {word} is here.".encode(), word)
        found.append(seconds)
    say("index of 100,000 chunks made again", seconds=round(time.perf_counter() - began, 1), listening_ms=round(listening * 1000, 1),
        new_found_ms=round(statistics.median(found) * 1000, 1), new_documents=len(found))
    server.stop()
    shutil.rmtree(server.data)  # the next one makes its own copy


def bench_killed(program, folder, _peers, rounds=5):
    """Killed while documents are added: how long until it listens, and until everything is found."""
    opened = open_library(program, folder, 1, changes=True)
    if not opened:
        return
    server, _ = opened
    listening, ready = [], []
    for number in range(rounds):
        connection = server.connect()
        server.upload(connection, [(f"killed{number}-{n}.txt", f"Note {n} of round {number}.".encode()) for n in range(60)])
        server.process.kill()
        server.process.wait()
        began = time.perf_counter()
        listening.append(server.start())
        connection = server.connect()
        while True:
            connection.request("GET", "/ready")
            answer = connection.getresponse()
            answer.read()
            if answer.status == 200:
                break
            time.sleep(0.002)
        ready.append(time.perf_counter() - began)
    say("listening after a kill with 100,000 chunks", **spread(listening))
    say("ready after a kill with 100,000 chunks", **spread(ready))
    server.stop()
    shutil.rmtree(server.data)


def add_until(server, files, stopping, added):
    """Documents of some 300 chunks, one after the other, so that there is always one to embed."""
    connection = server.connect()
    while not stopping.is_set() and files:
        server.upload(connection, [files.pop()])
        added.append(time.perf_counter())
        while not stopping.is_set() and server.call(connection, "GET", "/v1/statistics")["running"]:
            time.sleep(0.1)
    connection.close()


def new_files(texts, count):
    draw = random.Random(time.time_ns())
    return [(f"added{i}.txt", "\n\n".join(" ".join(w for w in text.split() if draw.random() > 0.1)
                                           for text in draw.sample(texts, 150)).encode()) for i in range(count)]


async def ask_at(server, body, due, connections):
    """One query on a free connection; seconds from when it was due until its last byte."""
    await asyncio.sleep(due - time.perf_counter())
    reader, writer = connections.pop() if connections else await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(f"POST /v1/search HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer {server.key}\r\n"
                 f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)
    head = await reader.readuntil(b"\r\n\r\n")
    await reader.readexactly(int(re.search(rb"(?i)content-length: (\d+)", head)[1]))
    took = time.perf_counter() - due
    if not head.startswith(b"HTTP/1.1 200"):
        sys.exit(f"program_bench: {head[:100]}")
    connections.append((reader, writer))
    return took


async def arrivals(server, queries, rate, seconds):
    """Queries that come whether or not others are answered (Poisson), each timed from when it came."""
    draw, due, waiting, connections = random.Random(5), time.perf_counter() + 0.5, [], []
    end = due + seconds
    while due < end:
        due += draw.expovariate(rate)
        waiting.append(ask_at(server, json.dumps({"query": next(queries)}).encode(), due, connections))
    took = await asyncio.gather(*waiting)
    for _, writer in connections:
        writer.close()
    return took


def bench_load(program, folder, _peers, rate=100, seconds=30):
    opened = open_library(program, folder, 1, changes=True)
    if not opened:
        return
    server, texts = opened
    for name, is_adding in ((f"{rate} searches a second", False),
                            (f"{rate} searches a second while documents are added", True)):
        stopping, added, before = threading.Event(), [], cpu_seconds(server.process.pid)
        adding = threading.Thread(target=add_until, args=(server, new_files(texts, 100), stopping, added))
        if is_adding:
            adding.start()
            time.sleep(1)
        took = sorted(asyncio.run(arrivals(server, new_queries(texts, time.time_ns()), rate, seconds)))
        stopping.set()
        if is_adding:
            adding.join()
        say(name, **spread(took), p99_ms=round(took[int(len(took) * 0.99) - 1] * 1000, 2),
            worst_ms=round(took[-1] * 1000, 2), documents_added=len(added),
            cores=round((cpu_seconds(server.process.pid) - before) / seconds, 2))
    server.stop()


BENCHES = {"start": bench_start, "memory": bench_memory, "small": bench_small, "pdf": bench_pdf, "files": bench_files,
           "pages": bench_pages, "hybrid": bench_hybrid, "several": bench_several, "heavy": bench_heavy,
           "rebuild": bench_rebuild, "killed": bench_killed, "load": bench_load}


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("program")
    arguments.add_argument("--only", default=",".join(BENCHES))
    arguments.add_argument("--peers")
    arguments.add_argument("--keep")
    given = arguments.parse_args()
    global KEEP
    KEEP = given.keep
    with tempfile.TemporaryDirectory(prefix="lectern-bench-") as folder:
        for name in given.only.split(","):
            BENCHES[name](given.program, folder, given.peers)


if __name__ == "__main__":
    main()
