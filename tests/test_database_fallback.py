"""A server that finds its PostgreSQL away when it starts, and was told to go on without it."""
import subprocess

from conftest import PROGRAM, Postgres, Server

AWAY = "postgresql://postgres@127.0.0.1:1/lectern"


def notices(server):
    return [one for one in server.get("/health").json()["notices"] if "library of its own" in one]


def test_it_serves_a_library_of_its_own_says_so_and_takes_the_database_when_it_is_started_anew(tmp_path):
    cluster = Postgres()
    try:
        database = cluster.new_database()
        server = Server(tmp_path / "library", database, environment={"LECTERN_DATABASE_FALLBACK": "1"}).start()
        server.key = server.cli("keys", "add", "test", "--role", "owner").stdout.split()[-1]
        kept = server.add(("kept.txt", b"The keeper of the north light is Ada."))[0]["id"]
        assert not notices(server)
        server.stop()

        cluster.run("pg_ctl", "-D", cluster.folder / "data", "-m", "fast", "-w", "stop")
        server.start()
        assert len(notices(server)) == 1
        owner, server.key = server.key, server.cli("keys", "add", "test", "--role", "owner").stdout.split()[-1]
        assert server.get("/v1/documents", key=owner).status_code == 401, "nothing of the other is here"
        server.add(("meanwhile.txt", b"The keeper of the south light is Ben."))
        assert [one["name"] for one in server.get("/v1/documents").json()["items"]] == ["meanwhile.txt"]
        assert server.get("/v1/search?q=south+light").json()["results"]
        server.stop()

        cluster.start()
        server.start()
        server.key = owner
        assert not notices(server)
        assert [one["id"] for one in server.get("/v1/documents").json()["items"]] == [kept]
        assert server.get(f"/v1/documents/{kept}/original").content == b"The keeper of the north light is Ada."
        server.stop()
    finally:
        cluster.stop()


def test_the_production_profile_refuses_it(tmp_path):
    ended = subprocess.run([PROGRAM, "serve", "--data", tmp_path / "library", "--database", AWAY, "--database-fallback", "1", "--profile", "production"],
                           capture_output=True, text=True, timeout=60)
    assert ended.returncode != 0 and "database_fallback is for development" in ended.stderr, ended.stderr
    assert not (tmp_path / "library" / "fallback").exists()
