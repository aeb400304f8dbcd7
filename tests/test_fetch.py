"""A file that the server fetches from an address becomes a document; over both databases."""
import http.server
import threading

import pytest
from conftest import Server, free_port


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/moved":
            self.send_response(302)
            self.send_header("Location", "/papers/tide%20tables.txt")
        elif self.path == "/round":
            self.send_response(302)
            self.send_header("Location", "/round")
        elif self.path == "/named":
            self.send_response(200)
            self.send_header("Content-Disposition", 'attachment; filename="../../named.txt"')
        elif self.path.startswith("/papers/"):
            self.send_response(200)
        elif self.path == "/inside":  # the cloud's own service, which nobody may reach
            self.send_response(302)
            self.send_header("Location", "http://169.254.169.254/latest/meta-data")
        else:
            self.send_response(404)
        body = f"High water at Quillport, by {self.path}.".encode()
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def place():
    served = http.server.ThreadingHTTPServer(("127.0.0.1", free_port()), Handler)
    threading.Thread(target=served.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{served.server_port}"
    served.shutdown()


@pytest.fixture(scope="module")
def owner(server):
    return server.cli("keys", "add", "fetch-owner", "--role", "owner").stdout.split()[-1]


def test_an_address_becomes_a_document_by_its_name_once(server, owner, place):
    collection = server.post("/v1/collections", {"name": "Fetched"}).json()["id"]
    fetch = lambda **body: server.post("/v1/documents/fetch", body, key=owner)
    made = fetch(url=f"{place}/moved", collection=collection, tags=["tide"])
    assert made.status_code == 202, made.text
    one = server.wait_document(made.json()["id"])
    assert (one["state"], one["name"], one["collection"], one["tags"]) == ("ready", "tide tables.txt", collection, ["tide"])
    assert b"High water" in server.get(f"/v1/documents/{one['id']}/original").content
    assert fetch(url=f"{place}/papers/tide%20tables.txt", collection=collection).json()["duplicate"] is True
    assert fetch(url=f"{place}/named", name="given.txt").json()["name"] == "given.txt"
    assert fetch(url=f"{place}/papers/a.txt", collection="01890000-0000-7000-8000-000000000000").status_code == 404


def test_what_is_not_public_is_fetched_for_nobody_but_owners_and_link_local_for_nobody(server, owner, place):
    admin = server.cli("keys", "add", "fetch-admin", "--role", "admin").stdout.split()[-1]
    reader = server.cli("keys", "add", "fetch-reader", "--role", "reader").stdout.split()[-1]
    before = server.get("/v1/documents").json()["total"]
    for url in (f"{place}/papers/b.txt", "http://[::1]/", "http://10.0.0.1/x", "http://169.254.169.254/", "http://0x7f000001/"):
        refused = server.post("/v1/documents/fetch", {"url": url}, key=admin)
        assert refused.status_code in (400, 403), (url, refused.text)
    assert server.post("/v1/documents/fetch", {"url": f"{place}/papers/b.txt"}, key=reader).status_code == 403
    for path, statuses in (("/inside", (400, 403)), ("/round", (502,)), ("/nothing", (502,))):
        refused = server.post("/v1/documents/fetch", {"url": place + path}, key=owner)
        assert refused.status_code in statuses, (path, refused.text)
    for url in ("file:///etc/passwd", "ftp://example.org/x", "nothing", ""):
        assert server.post("/v1/documents/fetch", {"url": url}, key=owner).status_code == 400, url
    assert server.get("/v1/documents").json()["total"] == before


class Outside(Handler):
    """A proxy that plays a host of the public internet, and tells who was asked for."""
    asked = []

    def do_GET(self):
        self.asked.append(self.path)
        self.path = "/" + self.path.split("/", 3)[3]
        where = {"/to-private": "http://10.0.0.1/inside", "/to-loopback": "http://127.0.0.1:1/inside", "/to-mapped": "http://[::ffff:10.0.0.1]/inside",
                 "/to-public": "http://93.184.216.35/papers/moved.txt"}.get(self.path)
        if not where:
            return super().do_GET()
        self.send_response(307)
        self.send_header("Location", where)
        self.send_header("Content-Length", "0")
        self.end_headers()


def test_a_public_address_leads_even_an_owner_to_no_private_one(tmp_path):
    proxy = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Outside)
    threading.Thread(target=proxy.serve_forever, daemon=True).start()
    server = Server(tmp_path / "library", environment={"LECTERN_PROXY": f"http://127.0.0.1:{proxy.server_port}"}).start()
    try:
        owner = server.cli("keys", "add", "owner", "--role", "owner").stdout.split()[-1]
        fetch = lambda path: server.post("/v1/documents/fetch", {"url": f"http://93.184.216.34/{path}"}, key=owner)
        moved = fetch("to-public")
        assert moved.status_code == 202 and moved.json()["name"] == "moved.txt", moved.text
        for path in ("to-private", "to-loopback", "to-mapped"):
            refused = fetch(path)
            assert refused.status_code == 403 and "moved" not in refused.text, (path, refused.text)
        assert not any("inside" in path for path in Outside.asked), Outside.asked
        assert [path.rpartition("/")[2] for path in Outside.asked] == ["to-public", "moved.txt", "to-private", "to-loopback", "to-mapped"]
    finally:
        server.stop()
        proxy.shutdown()
