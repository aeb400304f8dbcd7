"""Documents come in from places outside and stay in step with them."""
import base64
import os
import subprocess
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from conftest import BACKENDS, Server, free_port, make_certificate, wait_until
from mock_places import S3_KEY, S3_SECRET, Mailbox, Places


def start(tmp_path_factory, database="", **environment):
    """A server that may watch one folder, with the key of its owner: who may name private addresses."""
    folder = tmp_path_factory.mktemp("watched")
    started = Server(tmp_path_factory.mktemp("places") / "library", database,
                     environment={"LECTERN_CONNECT_FOLDERS": str(folder), "LECTERN_PUBLIC_URL": "https://lectern.example",
                                  **environment}).start()
    started.key = started.cli("keys", "add", "owner", "--role", "owner").stdout.split()[-1]
    started.watched = folder
    return started


@pytest.fixture(scope="module")
def library(tmp_path_factory, certificate):
    started = start(tmp_path_factory, LECTERN_CONNECT_CA=str(certificate[1]))
    yield started
    started.stop()


@pytest.fixture
def library_of_each(database_kind, request, tmp_path_factory):
    if database_kind == "sqlite":
        yield request.getfixturevalue("library")
        return
    started = start(tmp_path_factory, request.getfixturevalue("postgres").new_database())
    yield started
    started.stop()


@pytest.fixture(scope="module")
def places():
    started = Places()
    yield started
    started.stop()


@pytest.fixture(scope="module")
def mailbox():
    started = Mailbox()
    yield started
    started.stop()


class Connection:
    def __init__(self, library, kind, **settings):
        more = {name: settings.pop(name) for name in ("gone", "collection", "every_minutes") if name in settings}
        self.library = library
        answer = library.post("/v1/connections", {"kind": kind, "name": kind, "every_minutes": 0, "settings": settings, **more})
        assert answer.status_code == 201, answer.text
        self.path = f"/v1/connections/{answer.json()['id']}"
        self.rounds = 0
        self.wait()

    def show(self):
        return self.library.get(self.path).json()

    def wait(self):
        """Until the round that was begun is over; the connection then."""
        before = self.rounds
        def is_over():
            now = self.show()
            self.rounds = now["done_at"]
            return now["phase"] == "idle" and now["done_at"] not in (None, before) or now["error"]
        assert wait_until(is_over, 30), self.show()
        return self.show()

    def sync(self):
        answer = self.library.post(self.path + "/sync")
        assert answer.status_code == 202, answer.text
        return self.wait()

    def items(self, state=""):
        found = self.library.get(f"{self.path}/items?limit=1000&state={state}").json()["items"]
        return {item["remote"]: item for item in found}

    def document(self, remote):
        return self.library.wait_document(self.items()[remote]["document"])

    def text(self, remote):
        return self.library.get(f"/v1/documents/{self.document(remote)['id']}/text").text


def write(path, text, settled=True):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    if settled:
        os.utime(path, (path.stat().st_mtime - 100,) * 2)


def test_a_folder_is_kept_in_step(library_of_each):
    library = library_of_each
    root = library.watched / "a"
    write(root / "one.txt", "The osprey dives.")
    write(root / "below" / "two.txt", "The bittern booms.")
    write(root / "new.txt", "Still being written", settled=False)
    (root / "link.txt").symlink_to("/etc/hostname")
    (root / "out").symlink_to("/etc")
    folder = Connection(library, "folder", path=str(root), gone="trash", settle_s=30)
    assert set(folder.items()) == {"one.txt", "below/two.txt"}
    document = folder.document("one.txt")
    assert document["source"] == "folder" and document["state"] == "ready"
    # Nothing new: nothing is read again.
    assert folder.sync()["items"]["taken"] == 2
    assert folder.items()["one.txt"]["document"] == document["id"]
    # A changed file is a new document, the one it was goes to the trash; a removed one too.
    write(root / "one.txt", "The osprey has dived, and came up with a fish.")
    (root / "below" / "two.txt").unlink()
    bittern = folder.items()["below/two.txt"]["document"]
    shown = folder.sync()
    assert shown["items"]["taken"] == 1 and shown["items"]["gone"] == 1
    assert "with a fish" in folder.text("one.txt")
    for gone in (document["id"], bittern):
        assert library.get(f"/v1/documents/{gone}").json()["deleted_at"]
    # What comes back comes back.
    write(root / "below" / "two.txt", "The bittern booms.")
    folder.sync()
    assert folder.items()["below/two.txt"]["document"] == bittern
    assert not library.get(f"/v1/documents/{bittern}").json()["deleted_at"]


def test_what_was_removed_here_and_changes_there_is_a_conflict_to_decide(library):
    root = library.watched / "conflict"
    write(root / "x.txt", "The first edition.")
    folder = Connection(library, "folder", path=str(root))
    library.call("DELETE", f"/v1/documents/{folder.document('x.txt')['id']}")
    assert folder.sync()["items"]["conflict"] == 0  # nothing has changed there
    write(root / "x.txt", "The second edition, revised.")
    assert folder.sync()["items"]["conflict"] == 1
    item = folder.items("conflict")["x.txt"]
    assert item["error_code"] == "conflict"
    assert library.post(f"{folder.path}/items/{item['key']}", {"action": "take"}).status_code == 204
    assert wait_until(lambda: folder.show()["items"]["taken"] == 1)
    assert "revised" in folder.text("x.txt")
    assert library.post(f"{folder.path}/items/{item['key']}", {"action": "ignore"}).status_code == 204
    write(root / "x.txt", "The third edition.")
    assert folder.sync()["items"]["ignored"] == 1


def test_only_allowed_folders_are_watched_and_an_empty_one_removes_nothing(library):
    for path in ("/etc", str(library.watched / ".."), str(library.watched / "missing")):
        answer = library.post("/v1/connections/test", {"kind": "folder", "settings": {"path": path}})
        assert answer.status_code == 403 and "connect_folders" in answer.text
    root = library.watched / "unmounted"
    write(root / "y.txt", "A file on a disk.")
    folder = Connection(library, "folder", path=str(root), gone="trash")
    (root / "y.txt").unlink()
    shown = folder.sync()
    assert "no document was removed" in shown["error"] and shown["failures"] == 1
    assert not folder.document("y.txt")["deleted_at"]


def test_entries_of_a_feed_become_documents_once(library, places):
    places.feed = {"1": ("Wren", "<p>The wren sings.</p>"), "2": ("Robin", "<p>The robin too.</p>")}
    feed = Connection(library, "feed", url=places.url + "/feed.xml")
    assert set(feed.items("taken")) == {"1", "2"}
    assert "The wren sings." in feed.text("1")
    assert feed.document("1")["name"] == "Wren.html" and feed.document("1")["source"] == "feed"
    feed.sync()
    assert places.asked("/feed.xml")[-1][2].get("If-None-Match")
    places.feed = {"2": ("Robin", "<p>The robin too.</p>"), "3": ("Owl", "<p>The owl hoots.</p>")}
    assert feed.sync()["items"]["taken"] == 3  # what left the feed stays


def test_a_web_site_is_walked_as_its_robots_allow(library, places):
    def page(text, *links):
        return "text/html", (f"<html><body><p>{text}</p>" + "".join(f"<a href='{link}'>x</a>" for link in links)
                             + "</body></html>").encode()
    places.pages = {
        "/robots.txt": ("text/plain", b"User-agent: *\nDisallow: /private\nSitemap: /map.xml\n"),
        "/map.xml": ("text/xml", f"<urlset><url><loc>{places.url}/lonely</loc></url></urlset>".encode()),
        "/": page("Start of the site", "a", "/private/x", "https://elsewhere.example/", "mailto:x@y.example"),
        "/a": page("The page called a", "b"), "/b": page("The page called b", "c"), "/c": page("Too deep"),
        "/lonely": page("Named by the sitemap alone"), "/private/x": page("Nobody's business"),
    }
    places.requests.clear()
    site = Connection(library, "web", url=places.url + "/", depth=2, pause_ms=0)
    assert set(site.items("taken")) == {places.url + p for p in ("/", "/a", "/b", "/lonely")}
    assert not places.asked("/private/x") and not places.asked("/c")
    assert "The page called b" in site.text(places.url + "/b")
    # Asked again only whether they have changed; a page that is not there any more is gone.
    del places.pages["/b"]
    places.pages["/a"] = page("The page called a, changed", "b")
    places.requests.clear()
    shown = site.sync()
    assert shown["items"]["gone"] == 1 and shown["items"]["taken"] == 3
    assert places.asked("/")[0][2].get("If-None-Match")
    assert "changed" in site.text(places.url + "/a")


def test_a_plain_sitemap_is_a_list_of_pages_and_no_page(library, places):
    places.pages = {"/sitemap.txt": ("text/plain", f"{places.url}/one\r\n\r\n{places.url}/two\r\n".encode()),
                    "/one": ("text/html", b"<p>The first page</p>"), "/two": ("text/html", b"<p>The second page</p>")}
    site = Connection(library, "web", url=places.url + "/sitemap.txt", depth=0, pause_ms=0, sitemaps=False)
    assert set(site.items("taken")) == {places.url + "/one", places.url + "/two"}
    assert "The second page" in site.text(places.url + "/two")


def test_a_bucket_is_read_with_signed_requests(library, places):
    places.bucket = {f"docs/{n} ü.txt": f"Object {n} of the bucket".encode() for n in range(5)} | {"docs/": b"", "other": b"x"}
    settings = {"endpoint": places.url, "bucket": "bucket", "prefix": "docs/", "key_id": S3_KEY, "secret_key": S3_SECRET}
    bucket = Connection(library, "s3", gone="trash", **settings)
    assert set(bucket.items("taken")) == {f"docs/{n} ü.txt" for n in range(5)}
    assert "Object 3" in bucket.text("docs/3 ü.txt")
    shown = bucket.show()
    assert shown["secrets"] == ["secret_key"] and S3_SECRET not in str(shown)
    del places.bucket["docs/4 ü.txt"]
    assert bucket.sync()["items"]["gone"] == 1
    wrong = library.post("/v1/connections/test", {"kind": "s3", "settings": {**settings, "secret_key": "wrong"}})
    assert wrong.status_code == 403 and "right secrets" in wrong.text and "The signature is wrong." in wrong.text


def test_a_bucket_of_a_real_server_is_kept_in_step(library, tmp_path):
    if subprocess.run([BACKENDS, "find", "s3"], capture_output=True).returncode:
        pytest.skip("needs the S3 server of `tools/backends install s3`")
    # Objects are plain files below data/BUCKET.
    data = tmp_path / "s3" / "data" / "papers"
    data.mkdir(parents=True)
    port = free_port()
    subprocess.run([BACKENDS, "start", "s3", str(port), tmp_path / "s3"], check=True, capture_output=True)
    try:
        for name in ("a ü+b.txt", "deep/er/c.txt", "else.txt"):
            write(data / name, f"Object {name} of the bucket.")
        settings = {"endpoint": f"http://127.0.0.1:{port}", "bucket": "papers", "key_id": "lectern", "secret_key": "lectern-secret"}
        bucket = Connection(library, "s3", gone="trash", **settings)
        assert set(bucket.items("taken")) == {"a ü+b.txt", "deep/er/c.txt", "else.txt"}, bucket.show()
        assert "Object a ü+b.txt" in bucket.text("a ü+b.txt")
        write(data / "else.txt", "Another object.", settled=False)
        (data / "deep" / "er" / "c.txt").unlink()
        shown = bucket.sync()
        assert shown["items"]["gone"] == 1 and "Another" in bucket.text("else.txt"), shown
        wrong = library.post("/v1/connections/test", {"kind": "s3", "settings": {**settings, "secret_key": "wrong"}})
        assert wrong.status_code == 403 and "right secrets" in wrong.text
    finally:
        subprocess.run([BACKENDS, "stop", "s3", tmp_path / "s3"], check=True)


def test_a_webdav_folder_is_walked(library, places):
    places.dav = {"/dav/ann/a.txt": b"A note in the cloud", "/dav/ann/sub folder/b.txt": b"Another, further down"}
    folder = Connection(library, "webdav", url=places.url + "/dav/ann", user="ann", password="secret")
    assert {item["name"] for item in folder.items("taken").values()} == {"a.txt", "sub folder/b.txt"}
    places.dav["/dav/ann/a.txt"] = b"A note in the cloud, longer now"
    folder.sync()
    assert "longer now" in folder.text("a.txt")


def test_files_of_a_repository_follow_its_branch(library, places):
    places.repository = {"README.md": b"# Notes\n\nOn herons.", "src/x.c": b"int x;", "docs/how.md": b"How to stand still."}
    notes = Connection(library, "github", repository="ann/notes", ref="main", token="ghp_x", api=places.url)
    assert set(notes.items("taken")) == {"README.md", "docs/how.md"}
    places.requests.clear()
    notes.sync()
    assert [r[1] for r in places.requests] == ["/repos/ann/notes/commits/main"]  # the branch has not moved
    del places.repository["docs/how.md"]
    assert notes.sync()["items"]["gone"] == 1
    # One that is told in part is asked for folder by folder.
    places.repository |= {f"docs/{n}/x.md": b"Sheet %d" % n for n in range(4)} | {"other/y.md": b"Elsewhere"}
    places.tree_max = 2
    shown = notes.sync()
    places.tree_max = 100
    assert shown["items"]["taken"] == 6 and shown["items"]["gone"] == 1 and not shown["error"]


def test_what_is_left_out_is_told_and_is_no_failure(library):
    root = library.watched / "many"
    for n in range(3):
        write(root / f"{n}.txt", f"Sheet {n} of three.")
    shown = Connection(library, "folder", path=str(root), items_max=2).show()
    assert "items_max" in shown["error"] and not shown["error_code"] and not shown["failures"] and shown["items"]["taken"] == 2


def test_pages_and_tables_of_notion_come_in(library, places):
    then = "2026-01-01T09:00:00.000Z"
    places.notion_pages = {"p1": ("Plan", then, [("heading_2", "Birds"), ("paragraph", "The grebe nests.")]),
                           "p2": ("List", then, [("bulleted_list_item", "Swan")])}
    places.notion_table = [("Nails", 12), ("Screws", 7)]
    notion = Connection(library, "notion", token="ntn_x", pause_ms=0, api=places.url + "/notion")
    assert {item["name"] for item in notion.items("taken").values()} == {"Plan.md", "List.md", "Stock.csv"}
    assert "The grebe nests." in notion.text("page:p1") and "Screws" in notion.text("data_source:t1")
    places.requests.clear()
    places.notion_pages["p1"] = ("Plan", "2026-01-02T09:00:00.000Z", [("paragraph", "The grebe has nested.")])
    notion.sync()
    assert "has nested" in notion.text("page:p1") and not places.asked("/notion/pages/p2")


def test_a_document_goes_to_notion_and_is_one_page_there(library, places):
    places.notion_pages = {"p1": ("Plan", "2026-01-01T09:00:00.000Z", []), "p2": ("List", "2026-01-01T09:00:00.000Z", [])}
    places.notion_table = [("Nails", 12)]
    notion = Connection(library, "notion", token="ntn_x", pause_ms=0, api=places.url + "/notion")
    def add(lines):
        return library.add(("report.md", b"# Report\n\n" + b"\n\n".join(b"Line %d." % n for n in range(lines))))[0]["id"]
    def send(document, **more):
        places.notion_written.clear()
        return library.post(notion.path + "/send", {"document": document, **more})
    document = add(120)
    answer = send(document)
    assert answer.status_code == 400 and answer.json()["error"]["field"] == "below", answer.text
    assert send(document, below="nowhere").status_code == 404
    answer = send(document, below="p1")
    assert answer.status_code == 201 and answer.json() == {"remote": "page:new1", "new": True}, answer.text
    assert [len(body["children"]) for _, _, body in places.notion_written] == [100, 21]
    assert len(places.notion_pages["new1"][2]) == 121
    # Sent again it is the same page, with what the document says now; it does not come back as a document.
    answer = send(document)
    assert answer.status_code == 200 and answer.json() == {"remote": "page:new1", "new": False}, answer.text
    assert [method + path for method, path, _ in places.notion_written] == ["PATCH/pages/new1"] + 2 * ["PATCH/blocks/new1/children"]
    assert len(places.notion_pages["new1"][2]) == 121
    assert notion.sync()["items"]["sent"] == 1 and len(notion.items("taken")) == 3
    # Edited there within the same minute, or later: told, and left alone.
    title, edited, _ = places.notion_pages["new1"]
    for when in (edited, "2026-03-01T10:00:00.000Z"):
        places.notion_pages["new1"] = (title, when, [("paragraph", "My own words")])
        places.notion_edited_by["new1"] = "ann"
        answer = send(document)
        assert answer.status_code == 409 and "edited there" in answer.text and not places.notion_written, answer.text
        assert notion.items("edited")["page:new1"]["document"] == document
    assert notion.sync()["items"]["edited"] == 1 and places.notion_pages["new1"][2] == [("paragraph", "My own words")]
    assert send(document, replace=True).status_code == 200 and len(places.notion_pages["new1"][2]) == 121
    # What was begun and broke off is finished the next time.
    places.refuse["/notion/blocks/new1/children"] = (500, {})
    assert send(document).status_code == 502
    places.refuse.clear()
    assert send(document).status_code == 200 and len(places.notion_pages["new1"][2]) == 121
    # Below another page, and when it was removed there, it is a new one.
    assert send(document, below="page:p2").json() == {"remote": "page:new2", "new": True}
    del places.notion_pages["new2"]
    assert send(document).status_code == 400 and send(document, below="p2").json()["remote"] == "page:new3"
    # A row of a database has properties.
    row = add(1)
    wrong = send(row, below="data_source:t1", properties={"Count": "many"})
    assert wrong.status_code == 400 and wrong.json()["error"]["field"] == "properties" and not places.notion_written
    assert send(row, below="data_source:t1", properties={"Count": 3, "Tags": ["a"]}).status_code == 201
    body = places.notion_written[0][2]
    assert body["properties"]["Count"] == {"number": 3} and "Name" in body["properties"]
    assert body["parent"] == {"type": "data_source_id", "data_source_id": "t1"}


def test_a_service_grants_tokens_that_are_refreshed(library, places):
    places.notion_pages, places.notion_table = {"p9": ("Granted", "2026-01-01T09:00:00.000Z", [("paragraph", "A tern.")])}, []
    notion = Connection(library, "notion", pause_ms=0, api=places.url + "/notion")
    assert notion.show()["error_code"] == "forbidden"
    wish = {"authorize_url": places.url + "/authorize?x=1", "token_url": places.url + "/oauth/token", "client_id": "lectern",
            "client_secret": "s3cret", "scope": "read"}
    answer = library.post(notion.path + "/authorize", wish)
    assert answer.status_code == 200, answer.text
    url = urlsplit(answer.json()["url"])
    asked = {name: value[0] for name, value in parse_qs(url.query).items()}
    assert asked["code_challenge_method"] == "S256" and asked["response_type"] == "code" and asked["x"] == "1"
    assert asked["redirect_uri"] == "https://lectern.example/v1/connections/authorized" and asked["scope"] == "read"
    places.granted["c1"] = asked["code_challenge"]
    # A browser comes from another site without its cookie; without a session nothing is granted.
    back = f"{library.url}/v1/connections/authorized?state={asked['state']}&code=c1"
    assert "refresh" in requests.get(back).text and requests.get(back + "&again=1").status_code == 401
    done = {"state": asked["state"], "code": "c1"}
    assert library.post("/v1/connections/authorized", {**done, "state": asked["state"] + "x"}).status_code == 403
    assert library.post("/v1/connections/authorized", done).status_code == 204
    assert library.post("/v1/connections/authorized", done).status_code == 403  # once
    library.post(notion.path + "/sync")
    assert wait_until(lambda: notion.show()["items"]["taken"] == 1), notion.show()
    assert places.grants == ["authorization_code", "refresh_token"]
    assert library.post(library_folder(library).path + "/authorize", wish).status_code == 415
    # Tokens stay with the server they were granted for.
    places.requests.clear()
    elsewhere = {"settings": {"api": places.url.replace("127.0.0.1", "localhost") + "/notion"}}
    assert library.call("PATCH", notion.path, json=elsewhere).status_code == 200
    assert wait_until(lambda: "authorise again" in (notion.show()["error"] or "")) and not places.requests


@pytest.mark.parametrize("kind,settings,moved,secret", [
    ("s3", {"endpoint": "{0}", "bucket": "bucket", "key_id": "k", "secret_key": "kept"}, {"endpoint": "{1}"}, "secret_key"),
    ("webdav", {"url": "{0}/dav/ann", "user": "ann", "password": "kept"}, {"url": "{1}/dav/ann"}, "password"),
    ("github", {"api": "{0}", "repository": "a/b", "token": "kept"}, {"api": "{1}"}, "token"),
    ("notion", {"api": "{0}/notion", "token": "kept"}, {"api": "{1}/notion"}, "token"),
    ("imap", {"host": "127.0.0.1", "port": 1, "user": "a", "password": "kept"}, {"host": "localhost"}, "password"),
    ("imap", {"host": "127.0.0.1", "port": 1, "user": "a", "password": "kept"}, {"security": "none"}, "password"),
])
def test_a_secret_is_not_sent_to_a_server_it_was_not_given_for(library, places, kind, settings, moved, secret):
    def at(members):
        elsewhere = places.url.replace("127.0.0.1", "localhost")
        return {k: v.format(places.url, elsewhere) if isinstance(v, str) else v for k, v in members.items()}
    answer = library.post("/v1/connections", {"kind": kind, "name": "still", "on": False, "settings": at(settings)})
    assert answer.status_code == 201, answer.text
    path = f"/v1/connections/{answer.json()['id']}"
    shown = at({k: v for k, v in settings.items() if k != secret})
    places.requests.clear()
    for method, where in (("PATCH", path), ("POST", path + "/test")):
        refused = library.call(method, where, json={"settings": {**shown, **at(moved)}})
        assert refused.status_code == 400 and f"'{secret}'" in refused.json()["error"]["message"], refused.text
    assert not places.requests and library.get(path).json()["settings"] == shown
    # What does not lead elsewhere needs none; a new one is sent where it was given for.
    assert library.call("PATCH", path, json={"settings": {**shown, "items_max": 7}}).status_code == 200
    given = library.call("PATCH", path, json={"settings": {**shown, **at(moved), secret: "another"}})
    assert given.status_code == 200 and given.json()["secrets"] == [secret]


def test_the_password_of_an_address_is_not_shown_and_stays(library, places):
    address = places.url.replace("//", "//ann:kept%20secret@") + "/feed.xml"
    answer = library.post("/v1/connections", {"kind": "feed", "name": "named", "on": False, "settings": {"url": address}})
    path, shown = f"/v1/connections/{answer.json()['id']}", answer.json()["settings"]
    assert shown == {"url": address.replace("kept%20secret", "***")}
    places.requests.clear()
    assert library.call("PATCH", path, json={"settings": {**shown, "take": "entries"}}).status_code == 200
    library.post(path + "/test", {})
    assert "Basic " + base64.b64encode(b"ann:kept secret").decode() in str(places.requests)


@pytest.mark.parametrize("kind, path", [("feed", "/feed.xml"), ("web", "/"), ("webdav", "/dav/ann/")])
def test_each_address_of_a_server_is_asked_with_the_password_of_the_connections_own(library, places, kind, path):
    places.pages, places.dav = {"/": ("text/html", b"<p>Open</p>")}, {"/dav/ann/a.txt": b"A note"}
    places.requests.clear()
    library.post("/v1/connections/test", {"kind": kind, "settings": {"url": places.url.replace("//", "//ann:kept%20secret@") + path}})
    said = {headers.get("Authorization") for _, _, headers in places.requests}
    assert said == {"Basic " + base64.b64encode(b"ann:kept secret").decode()}, places.requests


def library_folder(library):
    write(library.watched / "plain" / "z.txt", "Nothing to grant.")
    return Connection(library, "folder", path=str(library.watched / "plain"))


MAIL = "From: ann@example.org\r\nTo: bob@example.org\r\nSubject: {0}\r\nMessage-ID: <{0}@example.org>\r\n\r\nThe {0} arrived.\r\n"


def test_mails_become_documents_and_stay_unread(library, mailbox):
    mailbox.mails = {3: MAIL.format("parcel").encode(), 9: MAIL.format("letter").encode()}
    settings = {"host": "127.0.0.1", "port": mailbox.port, "security": "none", "user": "ann", "password": "secret"}
    inbox = Connection(library, "imap", **settings)
    assert set(inbox.items("taken")) == {"7:3:INBOX", "7:9:INBOX"}
    assert "The letter arrived" in inbox.text("7:9:INBOX") and inbox.document("7:3:INBOX")["source"] == "mail"
    assert "SELECT" not in mailbox.commands and "3 BODY.PEEK[]" in mailbox.commands
    mailbox.mails[12] = MAIL.format("postcard").encode()
    del mailbox.mails[3]
    shown = inbox.sync()
    assert shown["items"]["taken"] == 2 and shown["items"]["gone"] == 1
    # The server numbers its mails anew: they are the same documents.
    before = inbox.items()["7:9:INBOX"]["document"]
    mailbox.validity, mailbox.mails = 8, {1: mailbox.mails[9], 2: mailbox.mails[12]}
    inbox.sync()
    assert inbox.items("taken")["8:1:INBOX"]["document"] == before
    assert not library.get(f"/v1/documents/{before}").json()["deleted_at"]
    wrong = library.post("/v1/connections/test", {"kind": "imap", "settings": {**settings, "password": "x"}})
    assert wrong.status_code == 403 and "refuses user or password" in wrong.text


def test_a_mail_is_here_as_soon_as_its_server_tells_of_it(library):
    """Looked at every hour, and told at once, also of what came while no session was open."""
    box = Mailbox(idle=True)
    box.mails = {1: MAIL.format("parcel").encode()}
    try:
        inbox = Connection(library, "imap", every_minutes=60, host="127.0.0.1", port=box.port, security="none", user="ann",
                           password="secret")
        assert wait_until(lambda: box.idle_sockets, 5)
        box.mails[2] = MAIL.format("letter").encode()
        assert wait_until(lambda: "7:2:INBOX" in inbox.items("taken"), 2), inbox.show()
        box.hang_up()
        box.mails[3] = MAIL.format("postcard").encode()
        assert wait_until(lambda: "7:3:INBOX" in inbox.items("taken"), 10), inbox.show()
        assert inbox.show()["failures"] == 0
        library.call("DELETE", inbox.path)
    finally:
        box.stop()


@pytest.mark.parametrize("kind", ["tls", "starttls", "no starttls", "unknown certificate", "wrong name"])
def test_a_mailbox_is_read_over_tls_or_not_at_all(library, certificate, tmp_path, kind):
    context = make_certificate(tmp_path)[0] if kind == "unknown certificate" else certificate[0]
    box = Mailbox(starttls=context) if kind == "starttls" else Mailbox() if kind == "no starttls" else Mailbox(tls=context)
    box.mails = {1: MAIL.format("parcel").encode()}
    try:
        wish = {"host": "localhost" if kind == "wrong name" else "127.0.0.1", "port": box.port, "user": "ann", "password": "secret",
                "security": "starttls" if "starttls" in kind else "tls"}
        answer = library.post("/v1/connections/test", {"kind": "imap", "settings": wish})
        if kind in ("tls", "starttls"):
            assert answer.status_code == 200 and answer.json() == {"found": "1 mail"}, answer.text
        else:
            assert answer.status_code >= 400 and "LOGIN" not in box.commands
            said = {"no starttls": "STARTTLS", "unknown certificate": "ertificate", "wrong name": "ertificate"}[kind]
            assert said in answer.json()["error"]["message"], answer.text
    finally:
        box.stop()


def grant(library, places, connection):
    """The connection is granted a token of half a minute, that has to be refreshed at once."""
    wish = {"authorize_url": places.url + "/authorize", "token_url": places.url + "/oauth/token", "client_id": "lectern",
            "client_secret": "s3cret"}
    answer = library.post(connection + "/authorize", wish)
    assert answer.status_code == 200, answer.text
    asked = {name: value[0] for name, value in parse_qs(urlsplit(answer.json()["url"]).query).items()}
    places.granted["c2"] = asked["code_challenge"]
    done = library.post("/v1/connections/authorized", {"state": asked["state"], "code": "c2"})
    assert done.status_code == 204, done.text


def test_a_mailbox_is_opened_with_a_granted_token(library, places, certificate):
    box = Mailbox(tls=certificate[0])
    try:
        settings = {"host": "127.0.0.1", "port": box.port, "user": "ann"}
        answer = library.post("/v1/connections", {"kind": "imap", "name": "granted", "on": False, "settings": settings})
        path = f"/v1/connections/{answer.json()['id']}"
        grant(library, places, path)
        answer = library.post(path + "/test", {})
        assert answer.status_code == 200, answer.text
        assert "AUTHENTICATE" in box.commands and "LOGIN" not in box.commands
    finally:
        box.stop()


def test_two_servers_refresh_one_token_once(tmp_path_factory, postgres, places):
    database = postgres.new_database()
    key = tmp_path_factory.mktemp("shared") / "master.key"
    key.write_bytes(os.urandom(32))
    key.chmod(0o600)
    one, two = (start(tmp_path_factory, database, LECTERN_MASTER_KEY=str(key)) for _ in range(2))
    try:
        settings = {"api": places.url + "/notion", "pause_ms": 0}
        answer = one.post("/v1/connections", {"kind": "notion", "name": "shared", "on": False, "settings": settings})
        path = f"/v1/connections/{answer.json()['id']}"
        grant(one, places, path)
        places.grants.clear()
        places.grants_take_s = 0.5
        with ThreadPoolExecutor(8) as pool:
            asked = [pool.submit((one, two)[n % 2].post, path + "/test", {}, key=one.key) for n in range(8)]
            assert [a.result().status_code for a in asked] == [200] * 8, [a.result().text for a in asked]
        assert places.grants == ["refresh_token"]
    finally:
        places.grants_take_s = 0
        one.stop()
        two.stop()


def test_a_place_that_fails_says_so_and_is_asked_again_when_it_says(library, places):
    places.feed = {"9": ("Later", "<p>It comes later.</p>")}
    places.refuse["/feed.xml"] = (401, {})
    feed = Connection(library, "feed", url=places.url + "/feed.xml?secret=hidden")
    shown = feed.show()
    assert shown["error_code"] == "forbidden" and "hidden" not in shown["error"]
    notices = library.get("/v1/notices").json()["items"]
    assert any(n["kind"] == "connection_failed" for n in notices)
    places.refuse["/feed.xml"] = (429, {"Retry-After": "1"})
    library.post(feed.path + "/sync")
    assert wait_until(lambda: len(places.asked("/feed.xml")) > 2)
    places.refuse.clear()
    assert wait_until(lambda: feed.show()["items"]["taken"] == 1)
    assert feed.show()["failures"] == 0


def test_settings_are_checked_and_private_addresses_are_for_owners(library, places):
    for settings in ({}, {"url": places.url, "more": 1}, {"url": 3}):
        answer = library.post("/v1/connections", {"kind": "feed", "name": "x", "settings": settings})
        assert answer.status_code == 400 and answer.json()["error"]["field"] == "settings", answer.text
    assert library.post("/v1/connections", {"kind": "gopher", "name": "x", "settings": {}}).status_code == 404
    admin = library.cli("keys", "add", "admin", "--role", "admin").stdout.split()[-1]
    wish = {"kind": "feed", "settings": {"url": places.url + "/feed.xml"}}
    assert library.post("/v1/connections/test", wish, key=admin).status_code == 403
    reader = library.cli("keys", "add", "reader", "--role", "reader").stdout.split()[-1]
    assert library.get("/v1/connections", key=reader).status_code == 403
    kinds = {k["name"]: k for k in library.get("/v1/connections/kinds").json()["items"]}
    assert kinds["s3"]["schema"]["properties"]["secret_key"]["writeOnly"]


def test_a_round_that_was_killed_goes_on_where_it_was(tmp_path_factory):
    """Every file is a document once, whatever had been acknowledged."""
    killed = start(tmp_path_factory)
    names = {f"{n:03}.txt" for n in range(120)}
    for name in names:
        write(killed.watched / name, f"Sheet {name} of the pile.")
    answer = killed.post("/v1/connections", {"kind": "folder", "name": "pile", "settings": {"path": str(killed.watched)}})
    path = f"/v1/connections/{answer.json()['id']}"
    assert wait_until(lambda: killed.get(path).json()["items"]["taken"] > 5)
    killed.kill()
    killed.start()
    try:
        assert wait_until(lambda: killed.get(path).json()["items"]["taken"] == len(names), 60), killed.get(path).json()
        items = killed.get(f"{path}/items?limit=1000").json()["items"]
        assert len({item["document"] for item in items}) == len(names)
        assert killed.get("/v1/documents?limit=1000").json()["total"] == len(names)
    finally:
        killed.stop()
