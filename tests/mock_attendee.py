"""A service of meeting bots that behaves as Attendee documents it: states, events, errors, signed webhooks; and a calendar beside it.

`refuse` is a list of (status, body, headers) that the next creations answer with; `silent` breaks off one creation after it was done.
`tell(bot, state, ...)` moves a bot and sends the webhook; `again` sends it more than once, `bad` with another signature.
`/calendar.ics` (ETag), `/dav/` (PROPFIND, REPORT), `/google` (events.list, syncToken) and `/graph` (calendarView) show `events`.
`bot["media"]` is what it has recorded; `bot["expired"]` addresses of it are over.
"""
import base64
import datetime
import hashlib
import hmac
import json
import re
import threading
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlparse

import requests

KEY = "attendee-key"
SECRET = base64.b64encode(b"sixteen secret bytes or more").decode()
OVER = {"fatal_error", "ended", "data_deleted"}
# What leads to a state, as event_type.
EVENTS = {"joining": "join_requested", "waiting_room": "put_in_waiting_room", "joined_not_recording": "joined_meeting",
          "joined_recording": "recording_permission_granted", "leaving": "leave_requested", "post_processing": "meeting_ended",
          "ended": "post_processing_completed", "fatal_error": "could_not_join", "data_deleted": "data_deleted"}


def canonical(payload):
    return json.dumps(payload, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()


def sign(payload, secret=SECRET):
    return base64.b64encode(hmac.new(base64.b64decode(secret), canonical(payload), hashlib.sha256).digest()).decode()


def now():
    return datetime.datetime.now(datetime.timezone.utc).isoformat().replace("+00:00", "Z")


class MockAttendee:
    def __init__(self):
        self.bots, self.requests, self.refuse, self.silent = {}, [], [], False
        self.events, self.calendar, self.etag, self.gone_token = [], "", 1, False
        self.google, self.changes, self.tokens = [], [], []
        self.hook, self.link = None, 0
        self.graph = []
        self.lock = threading.Lock()
        mock = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def log_message(self, *_):
                pass

            def answer(self, status, body, **headers):
                data = body if isinstance(body, bytes) else body.encode() if isinstance(body, str) else json.dumps(body).encode() if body is not None else b""
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name.replace("_", "-"), value)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def serve(self):
                length = int(self.headers.get("Content-Length") or 0)
                text = self.rfile.read(length).decode()
                url = urlparse(self.path)
                with mock.lock:
                    mock.requests.append((self.command, self.path, text))
                    if url.path.startswith("/api/v1/"):
                        mock.bot_api(self, url, text)
                    else:
                        mock.calendar_api(self, url, text)

            do_GET = do_POST = do_PATCH = do_DELETE = do_PROPFIND = do_REPORT = serve

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.handle_error = lambda *_: None  # who asked was killed
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()

    # --- Bots ---

    def shown(self, bot):
        return {k: bot[k] for k in ("id", "meeting_url", "metadata", "state", "events", "join_at", "deduplication_key")} | {
            "transcription_state": "complete" if bot["state"] == "ended" else "not_started", "recording_state": "not_started"}

    def bot_api(self, to, url, text):
        if to.headers.get("Authorization", "").lower() != f"token {KEY}":
            return to.answer(401, {"detail": "Invalid API key"}, WWW_Authenticate="Token")
        if url.path == "/api/v1/bots" and to.command == "POST":
            return self.create(to, json.loads(text))
        if url.path == "/api/v1/bots":
            wanted = parse_qs(url.query).get("deduplication_key", [None])[0]
            found = [self.shown(b) for b in self.bots.values() if b["deduplication_key"] == wanted]
            return to.answer(200, {"next": None, "previous": None, "results": found})
        found = re.fullmatch(r"/api/v1/bots/([^/]+)(/\w+)?", url.path)
        bot = self.bots.get(found[1]) if found else None
        if not bot:
            return to.answer(404, {"detail": "Not found."})
        return self.one(to, bot, found[2] or "", text)

    def create(self, to, body):
        if self.refuse:
            status, said, headers = self.refuse.pop(0)
            return to.answer(status, said, **headers)
        key = body.get("deduplication_key")
        if key and any(b["deduplication_key"] == key and b["state"] not in OVER for b in self.bots.values()):
            return to.answer(400, {"error": "Deduplication key already in use. A bot in a non-terminal state with this deduplication key already exists."})
        bot = {"id": "bot_" + uuid.uuid4().hex[:12], "meeting_url": body["meeting_url"], "metadata": body.get("metadata"), "events": [],
               "state": "scheduled" if body.get("join_at") else "joining", "join_at": body.get("join_at"), "deduplication_key": key,
               "transcript": [], "body": body}
        self.bots[bot["id"]] = bot
        if self.silent:
            self.silent = False
            to.close_connection = True
            return to.connection.close()
        return to.answer(201, self.shown(bot))

    def one(self, to, bot, what, text):
        if to.command in ("PATCH", "DELETE") and bot["state"] != "scheduled":
            return to.answer(400, {"error": "Bot is not in the scheduled state"})
        if to.command == "DELETE":
            del self.bots[bot["id"]]
            return to.answer(204, None)
        if to.command == "PATCH":
            bot.update(json.loads(text))
        if what == "/leave":
            bot["state"] = "leaving"
        if what == "/transcript":
            return to.answer(200, bot["transcript"])
        if what == "/recording":
            return to.answer(200, {"url": self.url + f"/media/{bot['id']}?n={self.links()}" if bot.get("media") else "https://example.org/r.mp4", "start_timestamp_ms": 1}) if bot["state"] == "ended" else to.answer(404, {"detail": "Not found."})
        return to.answer(200, self.shown(bot))

    def links(self):
        """Each is good once: the number of the last one."""
        self.link += 1
        return self.link

    def media(self, to, url):
        """What a bot has recorded; an address that is over says so, and with 200 once."""
        bot = self.bots.get(url.path.rsplit("/", 1)[1], {})
        if bot.get("expired"):
            bot["expired"] -= 1
            return to.answer(403, "<Error><Code>AccessDenied</Code></Error>") if bot["expired"] else to.answer(200, "<html>expired</html>")
        return to.answer(200, bot["media"], Content_Type="application/octet-stream")

    def news(self, bot, state, sub_type=None, at=None, key=None):
        """The webhook of a change, and the change itself."""
        event = {"type": EVENTS.get(state, state), "sub_type": sub_type, "created_at": at or now()}
        payload = {"idempotency_key": key or str(uuid.uuid4()), "bot_id": bot["id"], "bot_metadata": bot["metadata"], "trigger": "bot.state_change",
                   "data": {"new_state": state, "old_state": bot["state"], "created_at": event["created_at"], "event_type": event["type"], "event_sub_type": sub_type}}
        with self.lock:
            bot["state"] = state
            bot["events"].append(event)
        return payload

    def send(self, payload, signature=None):
        return requests.post(self.hook, data=json.dumps(payload, indent=1), timeout=30,
                             headers={"Content-Type": "application/json", "X-Webhook-Signature": signature or sign(payload)})

    def tell(self, bot, state, **options):
        answer = self.send(self.news(bot, state, **options))
        assert answer.status_code == 200, answer.text
        return answer.json()

    def asked(self, method, path):
        return [text for m, p, text in self.requests if m == method and p.split("?")[0] == path]

    # --- Calendars ---

    def show(self, calendar):
        self.calendar = calendar
        self.etag += 1

    def calendar_api(self, to, url, text):
        if url.path == "/calendar.ics":
            if to.headers.get("If-None-Match") == f'"{self.etag}"':
                return to.answer(304, None)
            return to.answer(200, self.calendar, ETag=f'"{self.etag}"')
        if url.path == "/dav/":
            if to.headers.get("Authorization") != "Basic " + base64.b64encode(b"ann:pw").decode():
                return to.answer(401, "")
            if to.command == "PROPFIND":
                return to.answer(207, f'<d:multistatus xmlns:d="DAV:" xmlns:s="http://calendarserver.org/ns/"><d:response><d:href>/dav/</d:href><d:propstat><d:prop><s:getctag>{self.etag}</s:getctag></d:prop></d:propstat></d:response></d:multistatus>')
            data = self.calendar.replace("&", "&amp;").replace("<", "&lt;")
            return to.answer(207, f'<d:multistatus xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav"><d:response><d:href>/dav/1.ics</d:href><d:propstat><d:prop><d:getetag>"1"</d:getetag><c:calendar-data>{data}</c:calendar-data></d:prop></d:propstat></d:response></d:multistatus>')
        if url.path == "/token":
            self.tokens.append(text)
            return to.answer(200, {"access_token": "fresh", "expires_in": 3600})
        if url.path.startswith("/media/"):
            return self.media(to, url)
        if url.path == "/graph/calendarView":
            return self.graph_events(to, parse_qs(url.query))
        if url.path == "/google/events":
            return self.google_events(to, parse_qs(url.query))
        return to.answer(404, "")

    def graph_events(self, to, query):
        if to.headers.get("Authorization") != "Bearer fresh" or 'outlook.timezone="UTC"' not in to.headers.get("Prefer", ""):
            return to.answer(401, {"error": {"code": "InvalidAuthenticationToken"}})
        page = int(query.get("$skip", ["0"])[0])
        body = {"value": self.graph[page] if self.graph else []}
        if page + 1 < len(self.graph):
            body["@odata.nextLink"] = f"{self.url}/graph/calendarView?$skip={page + 1}"
        return to.answer(200, body)

    def google_events(self, to, query):
        if to.headers.get("Authorization") != "Bearer fresh":
            return to.answer(401, {"error": {"code": 401}})
        if "syncToken" in query:
            if self.gone_token:
                self.gone_token = False
                return to.answer(410, {"error": {"code": 410, "message": "Sync token is no longer valid, a full sync is required."}})
            return to.answer(200, {"items": self.changes, "nextSyncToken": "s2"})
        pages, page = self.google, int(query.get("pageToken", ["0"])[0])
        body = {"items": pages[page] if pages else []}
        body |= {"nextPageToken": str(page + 1)} if page + 1 < len(pages) else {"nextSyncToken": "s1"}
        return to.answer(200, body)
