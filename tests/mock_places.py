"""Places that documents come from, as their documentation describes them: a feed, a web site, an S3 bucket that checks
signatures, a WebDAV folder, GitHub's API, and a mailbox over IMAP. What is in each is a dictionary that tests change."""
import base64
import contextlib
import hashlib
import hmac
import json
import re
import socket
import socketserver
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, quote, unquote, urlsplit
from xml.sax.saxutils import escape

S3_KEY, S3_SECRET = "mockkey", "mocksecret"


def sha(data):
    return hashlib.sha256(data).hexdigest()


class Places:
    """Runs until stop(). requests: (method, path, headers) of all that came."""

    def __init__(self):
        self.feed = {}      # id -> (title, html)
        self.pages = {}     # path -> (type, bytes); /robots.txt is one
        self.bucket = {}    # key -> bytes
        self.dav = {}       # path -> bytes
        self.repository = {}  # path -> bytes
        self.tree_max = 100   # of its files that one answer tells
        self.notion_pages = {}  # id -> (title, edited, [blocks])
        self.notion_table = []  # rows: (name, number)
        self.notion_written = []    # (method, path, body)
        self.notion_parents, self.notion_edited_by, self.notion_minute = {}, {}, 0
        self.granted = {}       # code -> challenge
        self.grants = []        # what was asked of the token endpoint
        self.grants_take_s = 0
        self.requests = []
        self.refuse = {}    # path -> (status, headers)
        places = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def answer(self, status, body=b"", **headers):
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name.replace("_", "-"), value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def handle_any(self):
                length = int(self.headers.get("Content-Length") or 0)
                self.content = self.rfile.read(length)
                url = urlsplit(self.path)
                places.requests.append((self.command, self.path, dict(self.headers)))
                if url.path in places.refuse:
                    status, headers = places.refuse[url.path]
                    return self.answer(status, **headers)
                for prefix, serve in (("/bucket", places.s3), ("/dav/", places.webdav), ("/repos/", places.github),
                                      ("/notion/", places.notion),
                                      ("/oauth/", places.oauth)):
                    if url.path.startswith(prefix):
                        return serve(self, url)
                return places.web(self, url)

            do_GET = do_POST = do_PATCH = do_PROPFIND = handle_any

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()

    def asked(self, path):
        return [r for r in self.requests if urlsplit(r[1]).path == path]

    # --- a web site and a feed, with ETags

    def web(self, request, url):
        if url.path == "/feed.xml":
            items = "".join(f"<item><guid>{i}</guid><title>{escape(t)}</title><description>{escape(h)}</description></item>"
                            for i, (t, h) in self.feed.items())
            kind, body = "application/rss+xml", f"<rss version='2.0'><channel><title>News</title>{items}</channel></rss>".encode()
        elif url.path in self.pages:
            kind, body = self.pages[url.path]
        else:
            return request.answer(404)
        etag = f'"{sha(body)[:16]}"'
        if request.headers.get("If-None-Match") == etag:
            return request.answer(304, ETag=etag)
        return request.answer(200, body, Content_Type=kind, ETag=etag)

    # --- S3

    def signed(self, request, url):
        found = re.fullmatch(r"AWS4-HMAC-SHA256 Credential=([^/]+)/(\d{8})/([^/]+)/s3/aws4_request, "
                             r"SignedHeaders=([^,]+), Signature=([0-9a-f]{64})", request.headers.get("Authorization", ""))
        if not found or found[1] != S3_KEY:
            return False
        query = "&".join(f"{quote(k, safe='')}={quote(v, safe='')}" for k, v in
                         sorted(parse_qsl(url.query, keep_blank_values=True)))
        headers = "".join(f"{n}:{request.headers[n].strip()}\n" for n in found[4].split(";"))
        canonical = "\n".join(["GET", quote(unquote(url.path), safe="/~"), query, headers, found[4],
                               request.headers["x-amz-content-sha256"]])
        scope = f"{found[2]}/{found[3]}/s3/aws4_request"
        text = "\n".join(["AWS4-HMAC-SHA256", request.headers["x-amz-date"], scope, sha(canonical.encode())])
        key = f"AWS4{S3_SECRET}".encode()
        for part in (found[2], found[3], "s3", "aws4_request"):
            key = hmac.new(key, part.encode(), hashlib.sha256).digest()
        return hmac.new(key, text.encode(), hashlib.sha256).hexdigest() == found[5]

    def s3(self, request, url):
        if not self.signed(request, url):
            return request.answer(403, b"<Error><Code>SignatureDoesNotMatch</Code><Message>The signature is wrong.</Message></Error>")
        key = unquote(url.path)[len("/bucket/"):]
        if key:
            return request.answer(200, self.bucket[key]) if key in self.bucket else request.answer(404)
        query = dict(parse_qsl(url.query, keep_blank_values=True))
        names = sorted(n for n in self.bucket if n.startswith(query["prefix"]) and n > query.get("continuation-token", ""))
        shown, more = names[:2], len(names) > 2  # small parts, so that there are several
        items = "".join(f"<Contents><Key>{quote(n)}</Key><ETag>&quot;{sha(self.bucket[n])[:32]}&quot;</ETag>"
                        f"<LastModified>2026-01-01T00:00:00.000Z</LastModified></Contents>" for n in shown)
        token = f"<NextContinuationToken>{escape(shown[-1])}</NextContinuationToken>" if more else ""
        return request.answer(200, f"<?xml version='1.0'?><ListBucketResult><EncodingType>url</EncodingType><IsTruncated>{str(more).lower()}</IsTruncated>"
                                   f"{token}{items}</ListBucketResult>".encode())

    # --- WebDAV

    def webdav(self, request, url):
        if request.headers.get("Authorization") != "Basic YW5uOnNlY3JldA==":  # ann:secret
            return request.answer(401)
        path = unquote(url.path)
        if request.command == "GET":
            return request.answer(200, self.dav[path]) if path in self.dav else request.answer(404)
        assert request.headers["Depth"] == "1"
        below = {}
        for name in self.dav:
            if name.startswith(path):
                first, slash, _ = name[len(path):].partition("/")
                below[path + first + slash] = name
        rows = "".join(
            f"<d:response><d:href>{quote(name)}</d:href><d:propstat><d:prop>"
            + ("<d:resourcetype><d:collection/></d:resourcetype>" if name.endswith("/") else
               f"<d:resourcetype/><d:getetag>&quot;{sha(self.dav[name])[:8]}&quot;</d:getetag>")
            + "</d:prop><d:status>HTTP/1.1 200 OK</d:status></d:propstat></d:response>" for name in [path, *below])
        return request.answer(207, f"<d:multistatus xmlns:d='DAV:'>{rows}</d:multistatus>".encode())

    # --- GitHub

    def github(self, request, url):
        blobs = {path: hashlib.sha1(content).hexdigest() for path, content in self.repository.items()}
        commit = hashlib.sha1(json.dumps(blobs, sort_keys=True).encode()).hexdigest()
        part = url.path.removeprefix("/repos/ann/notes")
        if request.headers.get("Authorization") != "Bearer ghp_x":
            return request.answer(404)
        if part == "/commits/main":
            if request.headers.get("If-None-Match") == f'"{commit}"':
                return request.answer(304)
            return request.answer(200, commit.encode())
        if part.startswith("/git/trees/"):
            # The tree of a folder has its name for a digest; more than two files are told in part.
            below = part.removeprefix("/git/trees/").removeprefix(commit)
            under = {p.removeprefix(below + "/"): s for p, s in blobs.items() if not below or p.startswith(below + "/")}
            deep = url.query == "recursive=1"
            tree = [{"path": p, "mode": "100644", "type": "blob", "sha": s} for p, s in under.items() if deep or "/" not in p]
            if not deep:
                tree += [{"path": f, "mode": "040000", "type": "tree", "sha": f"{below}/{f}".strip("/")}
                         for f in sorted({p.split("/")[0] for p in under if "/" in p})]
            many = deep and len(tree) > self.tree_max
            return request.answer(200, json.dumps({"sha": commit, "tree": tree[:self.tree_max] if many else tree, "truncated": many}).encode())
        for path, digest in blobs.items():
            if part == f"/git/blobs/{digest}":
                return request.answer(200, self.repository[path])
        return request.answer(404)


    # --- Notion, version 2025-09-03

    def notion(self, request, url):
        def say(status, **members):
            return request.answer(status, json.dumps(members).encode(), Content_Type="application/json")

        def text(words):
            return [{"plain_text": words, "annotations": {}}]

        def page(key):
            title, edited, _ = self.notion_pages[key]
            return {"object": "page", "id": key, "last_edited_time": edited, "in_trash": False,
                    "parent": self.notion_parents.get(key, {}), "last_edited_by": {"object": "user", "id": self.notion_edited_by.get(key, "ann")},
                    "properties": {"title": {"type": "title", "title": text(title)}}}

        if request.headers.get("Authorization") != "Bearer ntn_x" or request.headers["Notion-Version"] != "2025-09-03":
            return say(401, object="error", code="unauthorized", message="API token is invalid.")
        path, body = url.path.removeprefix("/notion"), json.loads(request.content or b"{}")
        if path == "/search":
            found = [page(key) for key in self.notion_pages]
            if self.notion_table:
                found.append({"object": "data_source", "id": "t1", "last_edited_time": "2026-01-01T10:00:00.000Z",
                              "title": text("Stock")})
            at = int(body.get("start_cursor", 0))
            return say(200, object="list", results=found[at:at + 2], has_more=at + 2 < len(found), next_cursor=str(at + 2))
        if path == "/data_sources/t1/query":
            rows = [{"object": "page", "properties": {"Name": {"type": "title", "title": text(name)},
                                                      "Count": {"type": "number", "number": count}}}
                    for name, count in self.notion_table]
            return say(200, object="list", results=rows, has_more=False, next_cursor=None)
        kind, key = path.strip("/").split("/")[:2] if path.count("/") > 1 else (path.strip("/"), "")

        def words(texts):
            return "".join(one["text"]["content"] for one in texts)

        def blocks(children):
            return [(one["type"], words(one[one["type"]]["rich_text"])) for one in children]

        def write(key, title, children):
            self.notion_minute += 1
            self.notion_pages[key] = (title, f"2026-02-01T10:{self.notion_minute:02}:00.000Z", children)
            self.notion_edited_by[key] = "bot"

        if path == "/users/me":
            return say(200, object="user", id="bot")
        if kind == "data_sources" and key == "t1":
            return say(200, object="data_source", id="t1", properties={
                "Name": {"type": "title"}, "Count": {"type": "number"}, "Tags": {"type": "multi_select"}})
        if request.command in ("POST", "PATCH"):
            self.notion_written.append((request.command, path, body))
        if kind == "pages" and request.command == "POST":
            parent = body["parent"]
            if parent.get("page_id") not in self.notion_pages and parent.get("data_source_id") != "t1":
                return say(404, object="error", code="object_not_found")
            key = f"new{len(self.notion_parents) + 1}"
            self.notion_parents[key] = parent
            title = next(one["title"] for one in body["properties"].values() if "title" in one)
            write(key, words(title), blocks(body["children"]))
            return say(200, **page(key))
        if kind == "pages" and request.command == "PATCH":
            assert body["erase_content"]
            write(key, words(body["properties"]["title"]["title"]), [])
            return say(200, **page(key))
        if request.command == "PATCH":
            title, _, children = self.notion_pages[key]
            write(key, title, children + blocks(body["children"]))
            return say(200, object="list", results=[])
        if kind == "pages" and key in self.notion_pages:
            return say(200, **page(key))
        if kind == "blocks" and key in self.notion_pages:
            blocks = [{"type": kind, kind: {"rich_text": text(words)}, "id": "b", "has_children": False}
                      for kind, words in self.notion_pages[key][2]]
            return say(200, object="list", results=blocks, has_more=False, next_cursor=None)
        return say(404, object="error", code="object_not_found")


    # --- OAuth 2 with PKCE: tokens of half a minute at first, so that they have to be refreshed at once

    def oauth(self, request, url):
        asked = dict(parse_qsl(request.content.decode()))
        self.grants.append(asked["grant_type"])
        time.sleep(self.grants_take_s)
        verifier = asked.get("code_verifier", "")
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
        good = asked["client_id"] == "lectern" and asked.get("client_secret") == "s3cret" and (
            self.granted.pop(asked["code"], None) == challenge if asked["grant_type"] == "authorization_code"
            else asked["refresh_token"] == "refresh-1")
        if not good:
            return request.answer(400, b'{"error": "invalid_grant"}')
        first = asked["grant_type"] == "authorization_code"
        token = {"access_token": "old" if first else "ntn_x", "token_type": "bearer", "expires_in": 30 if first else 3600}
        return request.answer(200, json.dumps({**token, **({"refresh_token": "refresh-1"} if first else {})}).encode())


class Mailbox:
    """One mailbox, INBOX, of ann with password secret or the token ntn_x; mails: UID -> bytes. With `tls` (the context of a
    server) it speaks TLS from the start, with `starttls` after that command. With `idle` it tells of mails as they come (IDLE,
    RFC 2177), and hang_up() ends the sessions that are told."""

    def __init__(self, tls=None, starttls=None, idle=False):
        self.mails, self.validity, self.commands, self.idle_sockets = {}, 7, [], []
        mailbox = self

        class Handler(socketserver.StreamRequestHandler):
            def say(self, text):
                self.wfile.write(text.encode() + b"\r\n")

            def fetch(self, arguments):
                numbers = sorted(mailbox.mails)
                if arguments.endswith("(UID RFC822.SIZE)"):
                    first = int(arguments.split(":")[0])
                    for i, uid in enumerate(numbers, 1):
                        if i >= first:
                            self.say(f"* {i} FETCH (UID {uid} RFC822.SIZE {len(mailbox.mails[uid])})")
                    return
                uid = int(arguments.split()[0])
                if uid in mailbox.mails:
                    mail = mailbox.mails[uid]
                    self.wfile.write(b"* %d FETCH (UID %d BODY[] {%d}\r\n" % (numbers.index(uid) + 1, uid, len(mail)))
                    self.wfile.write(mail + b" FLAGS ())\r\n")

            def setup(self):
                if tls:
                    self.request = tls.wrap_socket(self.request, server_side=True)
                self.is_safe = bool(tls)
                super().setup()

            def begin_tls(self):
                self.request = starttls.wrap_socket(self.request, server_side=True)
                self.is_safe = True
                super().setup()

            def tell(self, tag):
                """Until the client has enough: how many mails there are, when that changes."""
                self.wfile.write(b"+ idling\r\n")
                mailbox.idle_sockets.append(self.request)
                told, self.ended = len(mailbox.mails), False
                def watch():
                    nonlocal told
                    while not self.ended:
                        time.sleep(0.02)
                        if len(mailbox.mails) != told:
                            told = len(mailbox.mails)
                            with contextlib.suppress(OSError):  # hung up
                                self.say(f"* {told} EXISTS")
                threading.Thread(target=watch, daemon=True).start()
                self.rfile.readline()
                self.ended = True
                self.say(f"{tag} OK done")

            def may(self, command, arguments):
                if command == "LOGIN":
                    return arguments.replace('"', "") == "ann secret" and (self.is_safe or not starttls)
                return base64.b64decode(arguments.split()[1]) == b"user=ann\x01auth=Bearer ntn_x\x01\x01"

            def handle(self):
                self.say("* OK IMAP4rev1 ready")
                while line := self.rfile.readline():
                    tag, command, *rest = line.decode().strip().split(" ", 2)
                    arguments = rest[0] if rest else ""
                    mailbox.commands.append(command.upper())
                    if command == "UID":
                        command, arguments = arguments.split(" ", 1)
                        mailbox.commands.append(arguments)
                    if command == "CAPABILITY":
                        self.say("* CAPABILITY IMAP4rev1 SASL-IR AUTH=XOAUTH2" + (" STARTTLS" if starttls else "") + (" IDLE" if idle else ""))
                    elif command == "IDLE":
                        self.tell(tag)
                        continue
                    elif command == "STARTTLS" and starttls:
                        self.say(f"{tag} OK begin")
                        self.begin_tls()
                        continue
                    elif command in ("LOGIN", "AUTHENTICATE") and not self.may(command, arguments):
                        self.say(f"{tag} NO wrong")
                        continue
                    elif command == "EXAMINE" and arguments != '"INBOX"':
                        self.say(f"{tag} NO no such mailbox")
                        continue
                    elif command == "EXAMINE":
                        self.say(f"* {len(mailbox.mails)} EXISTS")
                        self.say(f"* OK [UIDVALIDITY {mailbox.validity}] valid")
                    elif command == "FETCH":
                        self.fetch(arguments)
                    self.say(f"{tag} OK done")
                    if command == "LOGOUT":
                        return

        class Server(socketserver.ThreadingTCPServer):
            allow_reuse_address = daemon_threads = True

        self.server = Server(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()

    def hang_up(self):
        for one in self.idle_sockets:
            one.shutdown(socket.SHUT_RDWR)
        self.idle_sockets.clear()
