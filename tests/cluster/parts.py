"""The parts of a cluster, each of which can be taken away and given back: nodes, PostgreSQL, S3, and the way between."""
import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import requests
from conftest import Postgres, Server, free_port
from test_models import write_model
from test_originals_s3 import BACKENDS, S3, BUCKET  # noqa: F401

HERE = Path(__file__).parent


def children_of(pid):
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError, ValueError):
            if int(stat.read_text().rsplit(")", 1)[1].split()[1]) == pid:
                found.append(int(stat.parent.name))
    return found


class Database(Postgres):
    """Debian's PostgreSQL, or the one that has pgvector; killed with all its processes, and started again."""

    def __init__(self, folder, has_vectors):
        self.has_vectors = has_vectors
        if not has_vectors:
            super().__init__()
            self.data = self.folder / "data"
            return
        self.port, self.prefix, self.count, self.has_tables = free_port(), [], 0, False
        self.folder = folder / "pgvector"
        self.folder.mkdir()
        self.data = self.folder / "data"
        self.bin = Path(subprocess.run([BACKENDS, "find", "pgvector"], check=True, text=True, stdout=subprocess.PIPE).stdout.strip()).parent
        self.start()

    def start(self):
        if self.has_vectors:
            subprocess.run([BACKENDS, "start", "pgvector", str(self.port), self.folder], check=True, stdout=subprocess.DEVNULL)
        else:
            super().start()

    def kill(self):
        main = int((self.data / "postmaster.pid").read_text().split()[0])
        others = children_of(main)
        os.kill(main, signal.SIGKILL)
        for pid in others:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        while any(Path(f"/proc/{pid}").exists() for pid in (main, *others)):
            time.sleep(0.01)

    def stop(self):
        if self.has_vectors:
            subprocess.run([BACKENDS, "stop", "pgvector", self.folder], check=True)
        else:
            super().stop()


class Way:
    """Between a node and the database: it can break and it can stand still."""

    def __init__(self, port):
        self.port = free_port()
        self.process = subprocess.Popen([sys.executable, HERE / "way.py", str(self.port), str(port)])

    def break_all(self):
        self.process.send_signal(signal.SIGUSR1)

    def stop(self):
        self.process.send_signal(signal.SIGCONT)
        self.process.kill()
        self.process.wait()


class Node(Server):
    """A server with a data folder of its own. `is_up`: nothing is done to it or to the way to its database."""

    def __init__(self, name, folder, database_port, address, environment):
        self.name, self.way = name, Way(database_port)
        super().__init__(folder / name, address.replace(f":{database_port}/", f":{self.way.port}/"), environment=environment)
        self.is_up = True
        self.calm_since = 0  # None: something is being done to it, or to what all need

    def signal(self, number):
        self.process.send_signal(number)

    def try_call(self, method, path, key=None, timeout=10, **options):
        """As call(), but what goes wrong on the way is the caller's to judge."""
        headers = {"Authorization": f"Bearer {key or self.key}", **options.pop("headers", {})}
        return requests.request(method, self.url + path, headers=headers, timeout=timeout, **options)

    def cpu_seconds(self):
        """Of the process and the workers it has waited for."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")


class Cluster:
    """Three nodes that share a database, a bucket and the master key, and nothing else."""

    def __init__(self, folder, vectors, environment, count=3):
        self.folder = folder
        (folder / "s3").mkdir()
        self.s3 = S3(folder / "s3")
        self.database = Database(folder, vectors == "pgvector")
        self.weaviate = None
        settings = {**self.s3.settings("cluster"), "LECTERN_VECTOR_STORE_TYPE": vectors,
                    "LECTERN_MASTER_KEY": str(folder / "master.key"), "LECTERN_LOG_LEVEL": "info",
                    "LECTERN_MODEL": str(write_model(folder / "model" / "small", 1)), **environment}
        if vectors == "weaviate":
            self.weaviate = free_port()
            (folder / "weaviate").mkdir()
            subprocess.run([BACKENDS, "start", "weaviate", str(self.weaviate), folder / "weaviate"], check=True, stdout=subprocess.DEVNULL)
            settings["LECTERN_WEAVIATE_URL"] = f"http://127.0.0.1:{self.weaviate}"
        address = self.database.new_database()
        self.nodes = [Node(f"node{n}", folder, self.database.port, address, settings) for n in range(1, count + 1)]
        time.sleep(0.5)  # the ways listen
        for node in self.nodes:
            node.start()
        owner = self.nodes[0].cli("keys", "add", "owner", "--role", "owner").stdout.split()[-1]
        for node in self.nodes:
            node.key = owner

    def up(self):
        return [node for node in self.nodes if node.is_up]

    def stop(self):
        for node in self.nodes:
            with contextlib.suppress(Exception):
                node.signal(signal.SIGCONT)
                node.kill()
            node.way.stop()
        for stop in (self.database.stop, lambda: subprocess.run([BACKENDS, "stop", "s3", self.s3.folder], check=False)):
            with contextlib.suppress(Exception):
                stop()
        if self.weaviate:
            subprocess.run([BACKENDS, "stop", "weaviate", self.folder / "weaviate"], check=False)
