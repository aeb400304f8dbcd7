"""Responses that are kept: gone on from, asked for, ended and forgotten on any server, and what a server that dies leaves behind."""
import shutil
import sqlite3
import time

import pytest
from conftest import Late, Server

openai = Late("openai")


@pytest.fixture
def nodes(tmp_path, postgres, mock):
    database = postgres.new_database()
    first = Server(tmp_path / "first", database, arguments=["--provider-url", mock.url]).start()
    first.new_key()
    (tmp_path / "second").mkdir(mode=0o700)
    (tmp_path / "second" / "blobs").symlink_to(first.data / "blobs")
    shutil.copy(first.data / "master.key", tmp_path / "second" / "master.key")
    second = Server(tmp_path / "second", database, arguments=["--provider-url", mock.url]).start()
    second.key = first.key
    yield first, second
    for server in (first, second):
        server.stop()


def client_of(server):
    return openai.OpenAI(base_url=server.url + "/v1", api_key=server.key, max_retries=0)


def wait_for(client, id, seconds=20):
    deadline = time.monotonic() + seconds
    while (answer := client.responses.retrieve(id)).status == "in_progress":
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return answer


def said(client, id):
    return [item.content[0].text for item in client.responses.input_items.list(id, order="asc")]


def test_another_server_goes_on_at_once(nodes):
    here, there = (client_of(server) for server in nodes)
    for ask in (lambda: here.responses.create(model="echo", input="one"),
                lambda: list(here.responses.create(model="echo", input="one", stream=True))[-1].response):
        for _ in range(5):
            first = ask()
            second = there.responses.create(model="echo", input="two", previous_response_id=first.id)
            assert second.output_text == "two" and said(here, second.id) == ["one", "one", "two"]
            assert there.responses.retrieve(first.id).output_text == "one"


def test_what_is_deleted_is_gone_everywhere(nodes):
    here, there = (client_of(server) for server in nodes)
    one = here.responses.create(model="echo", input="one")
    assert there.responses.retrieve(one.id).id == one.id
    there.responses.delete(one.id)
    for client in (here, there):
        with pytest.raises(openai.NotFoundError, match="kept here"):
            client.responses.retrieve(one.id)
        with pytest.raises(openai.NotFoundError, match="whole conversation"):
            client.responses.create(model="echo", input="two", previous_response_id=one.id)
    unstored = here.responses.create(model="echo", input="one", store=False)
    with pytest.raises(openai.NotFoundError):
        here.responses.retrieve(unstored.id)


def test_a_response_in_the_background_is_followed_ended_and_forgotten_from_elsewhere(nodes):
    here, there = (client_of(server) for server in nodes)
    begun = here.responses.create(model="slow", input="hello", background=True)
    assert there.responses.retrieve(begun.id).status == "in_progress"
    assert wait_for(there, begun.id).status == "completed"
    assert there.responses.create(model="echo", input="and?", previous_response_id=begun.id).output_text == "and?"

    begun = here.responses.create(model="patient", input="hello", background=True)
    assert there.responses.cancel(begun.id).status == "cancelled"
    assert here.responses.retrieve(begun.id).status == "cancelled"
    begun = here.responses.create(model="patient", input="hello", background=True)
    there.responses.delete(begun.id)
    with pytest.raises(openai.NotFoundError):
        here.responses.retrieve(begun.id)


def test_a_server_that_dies_leaves_an_honest_failure(nodes, mock):
    here, there = (client_of(server) for server in nodes)
    begun = here.responses.create(model="patient", input="hello", background=True)
    nodes[0].kill()
    assert there.responses.retrieve(begun.id).status == "in_progress"  # nobody can know yet
    failed = wait_for(there, begun.id, seconds=45)
    assert failed.status == "failed" and "has stopped" in failed.error.message
    assert there.responses.cancel(begun.id).status == "failed"


def test_a_server_keeps_them_over_its_end(tmp_path, mock):
    server = Server(tmp_path / "library", arguments=["--provider-url", mock.url]).start()
    server.new_key()
    client = client_of(server)
    one = client.responses.create(model="echo", input="The password is xyzzy.")
    begun = client.responses.create(model="patient", input="hello", background=True)
    server.stop()
    database = sqlite3.connect(server.data / "lectern.db")
    rows = database.execute("SELECT reply, items FROM responses").fetchall()
    database.close()
    assert len(rows) == 2 and all(b"xyzzy" not in reply and b"xyzzy" not in items for reply, items in rows)
    server.start()
    client = client_of(server)
    assert said(client, client.responses.create(model="echo", input="two", previous_response_id=one.id).id)[0] == "The password is xyzzy."
    stopped = client.responses.retrieve(begun.id)
    assert stopped.status == "failed" and "was stopped" in stopped.error.message
    server.stop()
