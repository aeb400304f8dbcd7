"""Starts the real program, over SQLite and over a PostgreSQL that the tests start themselves."""
import base64
import functools
import gc
import hashlib
import hmac
import importlib
import os
import random
import shutil
import socket
import sqlite3
import ssl
import struct
import subprocess
import tempfile
import time
from pathlib import Path

import answers_checked
import pytest
import requests
from mock_provider import MODELS, MockProvider

ROOT = Path(__file__).resolve().parent.parent
PROGRAM = Path(os.environ.get("LECTERN", ROOT / "build" / "lectern"))
SAMPLES = ROOT / "tests" / "samples"
SHARED = ROOT.parent / "shared"
BACKENDS = ROOT / "tools" / "backends"


# How long each file takes, the longest first; `--keep-seconds` writes it.
SECONDS = Path(__file__).with_name("file_seconds.tsv")


def pytest_addoption(parser):
    parser.addoption("--keep-seconds", action="store_true", help=f"write how long each file took to {SECONDS.name}")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers():
    """Most tests wait for a server most of the time: two for each core left a third of its time unused."""
    return 3 * os.cpu_count()


def pytest_collection_modifyitems(config, items):
    """Several workers begin the longest files first, so that none is alone with one at the end. What nobody has measured may be long."""
    if hasattr(config, "workerinput"):
        seconds = {name: float(number) for number, name in (line.split("\t") for line in SECONDS.read_text().splitlines())}
        items.sort(key=lambda item: -seconds.get(item.nodeid.split("::")[0], 1e9))


def pytest_collection_finish():
    """What all tests are made of stays to the end: it is not looked through for garbage, a tenth of Python's time, again and again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20000, 20, 20)


def pytest_configure(config):
    config.addinivalue_line("markers", "timed: says how long something may take, so it runs alone, after the others")
    if os.environ.get("LECTERN_VALIDATE"):
        answers_checked.begin()
    if config.getoption("--keep-seconds"):
        config.pluginmanager.register(KeepSeconds(), "keep-seconds")


class KeepSeconds:
    def __init__(self):
        self.took = {}

    def pytest_runtest_logreport(self, report):
        name = report.nodeid.split("::")[0]
        self.took[name] = self.took.get(name, 0) + report.duration

    def pytest_sessionfinish(self, session):
        if session.config.getoption("numprocesses", None):  # of those that run side by side: only their order matters
            rows = sorted(self.took.items(), key=lambda row: -row[1])
            SECONDS.write_text("".join(f"{seconds:.1f}\t{name}\n" for name, seconds in rows))


class Late:
    """A module that takes long to load: the first test that uses it loads it, as each worker reads every file of tests. What pytest
    looks for in whatever a file has, fixtures and mocks, begins with an underscore and loads nothing."""

    def __init__(self, name):
        self.name = name

    def __getattr__(self, attribute):
        if attribute.startswith("_"):
            raise AttributeError(attribute)
        return getattr(importlib.import_module(self.name), attribute)


def free_port():
    """Below those that the system gives to whoever connects: nobody has it by chance before a server listens there."""
    while True:
        with socket.socket() as s:
            try:
                s.bind(("127.0.0.1", random.SystemRandom().randrange(10000, 32000)))
                return s.getsockname()[1]
            except OSError:
                pass  # taken: another one


def code_of(secret, steps=0):
    """RFC 6238, written again: what an app shows now, or so many steps later."""
    key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    digest = hmac.new(key, struct.pack(">Q", int(time.time()) // 30 + steps), hashlib.sha1).digest()
    start = digest[19] & 15
    return f"{(int.from_bytes(digest[start:start + 4], 'big') & 0x7FFFFFFF) % 1000000:06}"


def ask(method, url, **options):
    """As requests.request, which looks for proxies in the whole environment each time: a third of what it takes."""
    with requests.Session() as session:
        session.trust_env = False
        session.verify = os.environ.get("REQUESTS_CA_BUNDLE", True)
        return session.request(method, url, **options)


def in_memory(least=6 << 30):
    """A folder of memory where there is enough of it, else None: what tests write nobody keeps."""
    has_room = os.access("/dev/shm", os.W_OK) and shutil.disk_usage("/dev/shm").free >= least
    return "/dev/shm" if has_room else None


def turns(seconds):
    """Until so many seconds are over, to look again each time: the longer it has taken, the longer the pause, at most an eighth more
    than what is waited for. Many that look fifty times a second keep what they wait for from the processor."""
    began = time.monotonic()
    while (passed := time.monotonic() - began) < seconds:
        yield passed
        time.sleep(min(max(0.02, (time.monotonic() - began) / 8), 0.1))


def wait_until(what, seconds=30):
    """What it gave once that was something."""
    for _ in turns(seconds):
        value = what()
        if value:
            return value
    raise AssertionError(f"it did not happen within {seconds} s")


def index_files(server):
    """The files of its index, once what it holds is saved."""
    files = [f for f in (server.data / "index").rglob("*") if f.is_file()]
    return files if any(f.name != "manifest" for f in files) else []


@functools.cache
def tables_of_sqlite():
    """A folder with an empty library: its tables are made once, a copy takes a fifth of the processor time."""
    folder = tempfile.TemporaryDirectory(prefix="lectern-tables-", dir=in_memory())
    subprocess.run([str(PROGRAM), "migrate", "up", "--data", f"{folder.name}/library"], check=True, stdout=subprocess.DEVNULL)
    return folder


@functools.cache
def packed_models():
    """A folder with what servers before have made of the embedding model to load it sooner: that takes a third of a second of the
    processor. It is written by its name, and never changed, so that all may have the same file."""
    return tempfile.TemporaryDirectory(prefix="lectern-packed-", dir=in_memory())


def share_files(source, target):
    """Files of a folder that another has not."""
    for file in source.glob("*.weights"):
        if not (target / file.name).exists():
            try:
                os.link(file, target / file.name)
            except OSError:
                shutil.copyfile(file, target / file.name)  # on another disk


class Server:
    """One `lectern serve` on a folder of its own, and a client that is signed in by key."""

    def __init__(self, data, database="", arguments=(), environment=None):
        self.data = Path(data)
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.database = database
        self.arguments = list(arguments)
        # A model service that happens to run on this machine must not answer.
        self.environment = {**os.environ, "LECTERN_PROVIDER_URL": "off", "LECTERN_STOP_GRACE": "5", **(environment or {})}
        self.log = self.data.parent / f"{self.data.name}.log"
        self.process = None
        self.key = None

    def command(self, *words):
        extra = ["--database", self.database] if self.database else []
        return [str(PROGRAM), *words, "--data", str(self.data), *extra]

    def make_folder(self):
        if self.database:
            self.data.mkdir(mode=0o700)
        else:
            shutil.copytree(f"{tables_of_sqlite().name}/library", self.data)
        (self.data / "cache").mkdir(mode=0o700, exist_ok=True)
        share_files(Path(packed_models().name), self.data / "cache")

    def start(self, wait=True):
        if not self.data.exists() and self.data.parent.is_dir():
            self.make_folder()
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                [*self.command("serve"), "--listen", f"127.0.0.1:{self.port}", *self.arguments],
                stderr=log, stdout=log, env=self.environment)
        if wait:
            self.wait_ready()
        return self

    def wait_ready(self, seconds=60):
        for _ in turns(seconds):
            if self.process.poll() is not None:
                raise RuntimeError(f"the server ended: {self.log.read_text()[-2000:]}")
            try:
                if ask("GET", f"{self.url}/ready", timeout=5).status_code == 200:
                    return
            except (requests.ConnectionError, requests.Timeout):
                pass
        raise RuntimeError(f"the server is not ready: {self.log.read_text()[-2000:]}")

    def stop(self):
        if (self.data / "cache").is_dir():
            share_files(self.data / "cache", Path(packed_models().name))
        if self.process and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
                raise

    def cpu_seconds(self):
        """Of the processor, whatever else keeps it busy."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def kill(self):
        self.process.kill()
        self.process.wait()

    def change_database(self, statement, values=()):
        """Over SQLite, while nobody has it open: time has passed."""
        self.stop()
        with sqlite3.connect(self.data / "lectern.db") as database:
            database.execute(statement, values)
        database.close()
        self.start()

    def run_recurring(self, name):
        """The hour of a recurring job has come."""
        self.change_database("UPDATE schedules SET next_at = 1 WHERE name = ?", (name,))

    def cli(self, *words, check=True, **options):
        done = subprocess.run(self.command(*words), capture_output=True, text=True, timeout=120,
                              env=self.environment, **options)
        if check and done.returncode:
            raise RuntimeError(f"{words}: exit {done.returncode}: {done.stderr}")
        return done

    def new_key(self, name="tests"):
        self.key = self.cli("keys", "add", name).stdout.split()[-1]
        return self.key

    def call(self, method, path, key=None, **options):
        headers = dict(options.pop("headers", None) or {})
        headers.setdefault("Authorization", f"Bearer {key or self.key}")
        try:
            return ask(method, self.url + path, headers=headers, timeout=60, **options)
        except requests.ConnectionError as lost:
            if not self.process.poll():
                raise  # it runs, or was stopped
            raise AssertionError(f"the server ended with {self.process.returncode}: {self.log.read_text()[-4000:]}") from lost

    def get(self, path, **options):
        return self.call("GET", path, **options)

    def post(self, path, body=None, **options):
        return self.call("POST", path, json=body, **options)

    def upload(self, *files, key=None, **fields):
        """files: paths, or (name, bytes); the documents of the answer."""
        parts = [(k, (None, v)) for k, v in fields.items()]
        for file in files:
            name, content = (file.name, file.read_bytes()) if isinstance(file, Path) else file
            parts.append(("file", (name, content)))
        answer = self.call("POST", "/v1/documents", key=key, files=parts)
        assert answer.status_code == 202, answer.text
        return answer.json()["documents"]

    def wait_document(self, document_id, states=("ready", "failed", "cancelled"), seconds=60, key=None):
        for _ in turns(seconds):
            answer = self.call("GET", f"/v1/documents/{document_id}", key=key)
            assert answer.status_code == 200, answer.text
            document = answer.json()
            if document["state"] in states:
                return document
        raise AssertionError(f"still {document['state']} after {seconds} s: {document}")

    def add(self, *files, **fields):
        """Upload and wait until each is ready."""
        return [self.wait_document(d["id"]) for d in self.upload(*files, **fields)]


POSTGRES_OPTIONS = ""  # more of them, for measurements


class Postgres:
    """A cluster in a temporary folder, run as user postgres when we are root."""

    options = ""

    def __init__(self, options=""):
        self.options = options
        self.make_folder()
        self.run("initdb", "-N", "-D", self.folder / "data", "-U", "postgres", "-E", "UTF8",
                 "--locale=C.UTF-8", "--auth=trust")
        self.start()
        self.count = 0
        self.has_tables = False

    def make_folder(self):
        found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
        if not found:
            pytest.skip("needs PostgreSQL (Debian package postgresql-15)")
        self.bin = found[-1].parent
        self.folder = Path(tempfile.mkdtemp(prefix="lectern-pg-", dir=in_memory()))
        self.port = free_port()
        self.prefix = []
        if os.getuid() == 0:
            shutil.chown(self.folder, "postgres")
            self.prefix = ["runuser", "-u", "postgres", "--"]

    def start(self):
        self.run("pg_ctl", "-D", self.folder / "data", "-l", self.folder / "log", "-w", "-o",
                 f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c fsync=off "
                 f"-c full_page_writes=off {self.options} {POSTGRES_OPTIONS}", "start")

    def run(self, tool, *arguments):
        subprocess.run([*self.prefix, str(self.bin / tool), *map(str, arguments)], check=True,
                       stdout=subprocess.DEVNULL, cwd=self.folder)

    def say(self, statement):
        self.run("psql", "-h", "127.0.0.1", "-p", self.port, "-U", "postgres", "-qc", statement)

    def create(self, name, source="template1"):
        self.run("createdb", "-h", "127.0.0.1", "-p", self.port, "-U", "postgres", "-T", source, "-S", "FILE_COPY", name)
        return f"postgresql://postgres@127.0.0.1:{self.port}/{name}"

    def new_database(self):
        """With all tables: they are made once, a copy takes a tenth of the time."""
        if not self.has_tables:
            subprocess.run([str(PROGRAM), "migrate", "up", "--database", self.create("tables")], check=True,
                           stdout=subprocess.DEVNULL)
            self.has_tables = True
        self.count += 1
        return self.create(f"lectern{self.count}", "tables")

    def stop(self):
        self.run("pg_ctl", "-D", self.folder / "data", "-m", "fast", "-w", "stop")
        shutil.rmtree(self.folder, ignore_errors=True)


def make_certificate(folder):
    """Of 127.0.0.1, signed by itself: the context of a server, and the file to trust."""
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                    "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", folder / "key.pem",
                    "-out", folder / "cert.pem"], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    return context, folder / "cert.pem"


@pytest.fixture(autouse=True)
def answers_are_as_described():
    """Where LECTERN_VALIDATE is set."""
    yield
    assert not answers_checked.told()


@pytest.fixture(scope="session")
def certificate(tmp_path_factory):
    return make_certificate(tmp_path_factory.mktemp("tls"))


@pytest.fixture(scope="session")
def postgres():
    """Looking into each of its many databases every minute takes more than a few rows gain by it."""
    cluster = Postgres("-c autovacuum=off")
    yield cluster
    cluster.stop()


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def database_kind(request):
    return request.param


@pytest.fixture(scope="session")
def database(database_kind, request):
    if database_kind == "sqlite":
        return ""
    return request.getfixturevalue("postgres").new_database()


@pytest.fixture(scope="session")
def server(database, tmp_path_factory):
    """A server with an empty library, shared by the tests of one database."""
    started = Server(tmp_path_factory.mktemp("data") / "library", database).start()
    started.new_key()
    yield started
    started.stop()


@pytest.fixture
def fresh_server(tmp_path):
    """A server of its own over SQLite, for tests that break or restart it."""
    started = Server(tmp_path / "library").start()
    started.new_key()
    yield started
    started.stop()


@pytest.fixture(scope="module")
def mock():
    """A model service that behaves and misbehaves by the name of its model."""
    started = MockProvider(MODELS)
    yield started
    started.stop()


def needs_shared(part):
    """The folder ../shared/PART, or skip: our tests pass without it."""
    folder = SHARED / part
    if not folder.is_dir():
        pytest.skip(f"needs ../shared/{part}")
    return folder
