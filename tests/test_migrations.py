"""Databases of one PostgreSQL cluster that are made ready at the same moment."""
import subprocess
import time

import pytest

from conftest import Postgres, Server


@pytest.fixture
def new_cluster():
    cluster = Postgres()
    yield cluster
    cluster.stop()


def psql(cluster, **streams):
    return subprocess.Popen(["psql", "-qAtX", "-h", "127.0.0.1", "-p", str(cluster.port), "-U", "postgres"],
                            text=True, **streams)


def ask(cluster, sql):
    return psql(cluster, stdin=subprocess.PIPE, stdout=subprocess.PIPE).communicate(sql)[0].strip()


def test_a_database_made_ready_while_another_makes_the_shared_role_waits_for_it(new_cluster, tmp_path):
    server = Server(tmp_path / "library", new_cluster.create("empty"))
    other = psql(new_cluster, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    other.stdin.write("BEGIN; CREATE ROLE lectern_app NOLOGIN; SELECT 'made';\n")
    other.stdin.flush()
    assert other.stdout.readline() == "made\n"
    running = subprocess.Popen([*server.command("migrate", "up"), "--quiet"], stderr=subprocess.PIPE, text=True)
    end = time.monotonic() + 30
    while ask(new_cluster, "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'") == "0":
        assert time.monotonic() < end and running.poll() is None, "it never waited for the role"
        time.sleep(0.02)
    other.communicate("COMMIT;\n")
    assert (running.communicate()[1], running.returncode) == ("", 0)


def test_a_server_makes_the_tables_of_an_empty_database(new_cluster, tmp_path):
    server = Server(tmp_path / "library", new_cluster.create("empty")).start()
    server.stop()
    assert int(ask(new_cluster, "\\c empty\nSELECT count(*) FROM schema_version;")) > 0


@pytest.mark.parametrize("way", ["served", "migrated"])
def test_a_new_database_has_the_passwords_of_addresses_sealed_from_the_start(new_cluster, tmp_path, way):
    server = Server(tmp_path / "library", new_cluster.create(way))
    if way == "migrated":
        server.cli("migrate", "up")
        assert not server.data.exists()  # a job that brings up the tables needs no data folder
    server.start()
    server.key = server.cli("keys", "add", "owner", "--role", "owner").stdout.split()[-1]
    assert server.post("/v1/webhooks", {"url": "http://ann:hush-hush@127.0.0.1:9/hook", "kinds": ["test"]}).status_code == 201
    server.stop()
    assert ask(new_cluster, f"\\c {way}\nSELECT url, length(whole) > 0 FROM webhooks;") == "http://ann:***@127.0.0.1:9/hook|t"
