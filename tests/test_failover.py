"""A PostgreSQL primary dies and its standby takes over, under a server that goes on."""
import re
import threading
import time

import pytest
import requests

from conftest import Postgres, Server, wait_until


class Standby(Postgres):
    """A copy of a cluster that follows it."""

    def __init__(self, primary):
        self.make_folder()
        self.run("pg_basebackup", "-R", "-N", "-c", "fast", "-X", "stream", "-h", "127.0.0.1", "-p", primary.port, "-U", "postgres",
                 "-D", self.folder / "data")
        self.start()

    def promote(self):
        self.run("pg_ctl", "-D", self.folder / "data", "-w", "promote")


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    primary = Postgres()
    url = primary.create("lectern")
    standby = Standby(primary)
    primary.say("ALTER SYSTEM SET synchronous_standby_names = '*'")
    primary.say("SELECT pg_reload_conf()")
    server = Server(tmp_path_factory.mktemp("node") / "library", url.replace(f":{primary.port}", f":{primary.port},127.0.0.1:{standby.port}"),
                    ["--database-replicas", url.replace(f":{primary.port}", f":{standby.port}"), "--database-replica-wait", "100"]).start()
    server.new_key()
    server.admin = server.cli("keys", "add", "admin", "--role", "admin").stdout.split()[-1]
    yield primary, standby, server
    server.stop()
    for cluster in (primary, standby):
        cluster.stop()


def kill(cluster):
    cluster.run("pg_ctl", "-D", cluster.folder / "data", "-m", "immediate", "-w", "stop")


def upload_all_along(server, kept, ended):
    """One file after the other; what was acknowledged."""
    count = 0
    while not ended.is_set():
        count += 1
        try:
            answer = server.call("POST", "/v1/documents", files=[("file", (f"n{count}.txt", f"Heron number {count}.".encode()))])
        except requests.RequestException:
            continue
        assert answer.status_code in (202, 503), answer.text
        if answer.status_code == 202:
            kept.append((time.monotonic(), answer.json()["documents"][0]["id"]))


def replica_reads(server, outcome):
    lines = requests.get(server.url + "/metrics", timeout=10).text
    return int(re.search(rf'lectern_database_replica_reads_total{{.*outcome="{outcome}"}} (\d+)', lines)[1])


def test_reports_are_read_at_a_replica_and_at_the_primary_while_it_is_behind(pair):
    _, standby, server = pair
    before = replica_reads(server, "done")
    assert server.get("/v1/usage/report", key=server.admin).status_code == 200
    assert replica_reads(server, "done") > before
    standby.say("SELECT pg_wal_replay_pause()")
    server.new_key()
    assert server.get("/v1/usage/report", key=server.admin).status_code == 200
    assert replica_reads(server, "behind") == 1
    standby.say("SELECT pg_wal_replay_resume()")


@pytest.mark.timed
def test_when_the_primary_dies_the_server_goes_on_at_the_standby_and_nothing_acknowledged_is_lost(pair):
    primary, standby, server = pair
    kept, ended = [], threading.Event()
    client = threading.Thread(target=upload_all_along, args=(server, kept, ended))
    client.start()
    try:
        wait_until(lambda: len(kept) >= 10)
        kill(primary)
        standby.promote()
        promoted = time.monotonic()
        wait_until(lambda: kept[-1][0] > promoted)
        assert kept[-1][0] - promoted < 25, "5 s are promised"
        primary.start()  # it knows of nothing, and is the first of the address
        wait_until(lambda count=len(kept): len(kept) > count + 5)
    finally:
        ended.set()
        client.join()
    lines = server.cli("doctor", check=False).stdout
    assert "was the primary until another server took over" in lines
    for _, document in kept:
        assert server.wait_document(document)["state"] == "ready"
    server.stop()
    server.start()
    assert server.get(f"/v1/documents/{kept[-1][1]}").status_code == 200, "the newest is chosen at a start too"
    server.stop()
    kill(standby)
    refused = server.cli("status", check=False)
    assert refused.returncode and "was the primary until another one took over" in refused.stderr
    standby.start()
