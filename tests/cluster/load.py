"""What clients do to a cluster, and what they were promised: the history that check.py looks at afterwards.

Every operation goes to any node, whatever is done to the nodes meanwhile. What was answered 2xx was acknowledged and has
to be so for ever; what was answered otherwise, or not at all, may have happened once or not at all."""
import base64
import hashlib
import os
import random
import re
import threading
import time
from collections import Counter, defaultdict
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import requests

GIVE_UP_S = 30  # of one operation that is tried again
CHUNK = 8 << 20


class Failed(Exception):
    """Nothing is known of what became of it."""


class Receiver(ThreadingHTTPServer):
    """Takes the calls of webhooks; one in twenty is told that it did not arrive."""

    def __init__(self):
        self.told = defaultdict(list)  # title -> webhook-id of each call
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                import json
                said = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                receiver.told[said["kind"], said["title"]].append(self.headers["webhook-id"])
                self.send_response(503 if random.random() < 0.05 else 200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        super().__init__(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server_port}/hook"


class History:
    """Written by all threads; each thing belongs to one of them."""

    def __init__(self):
        self.documents, self.tasks, self.approvals, self.runs, self.talks = {}, {}, {}, {}, {}
        self.keys, self.sessions = [], []  # that were revoked
        self.done, self.refused = Counter(), Counter()
        self.wrong = []  # seen while it ran: (what, more)
        self.calm_failures = []  # of nodes to which nothing was done
        self.seconds = defaultdict(list)

    def failed(self, node, what, why, began):
        self.refused[what, why[:60]] += 1
        if node.calm_since is not None and began > node.calm_since:
            self.calm_failures.append((node.name, what, why[:300]))


class Client(threading.Thread):
    """One of those who use the cluster, until it is told to stop."""

    def __init__(self, number, cluster, history, pause_s):
        super().__init__(daemon=True, name=f"client{number}")
        self.cluster, self.history, self.pause_s = cluster, history, pause_s
        self.number, self.count, self.random = number, 0, random.Random(f"{cluster.seed} {number}")
        self.is_stopping = False
        self.mine = []  # names of documents that are there
        self.my_tasks = []

    def run(self):
        names, weights = zip(*OPERATIONS.items())
        while not self.is_stopping:
            name = self.random.choices(names, weights)[0]
            self.count += 1
            try:
                getattr(self, name)(f"c{self.number}n{self.count}")
                self.history.done[name] += 1
            except Failed:
                pass
            except Exception as wrong:  # pylint: disable=broad-except
                self.history.wrong.append((f"{name}: {type(wrong).__name__}", str(wrong)[:500]))
            time.sleep(self.random.expovariate(1 / self.pause_s))

    # --- One request ---

    def any(self):
        """A node; mostly one that is up, as behind a proxy that looks after them."""
        up = self.cluster.up()
        return self.random.choice(up if up and self.random.random() < 0.9 else self.cluster.nodes)

    def ask_once(self, method, path, good, node=None, **options):
        node = node or self.any()
        began = time.monotonic()
        what = f"{method} {re.sub('[0-9a-f-]{36}', 'ID', path.split('?')[0])}"
        try:
            answer = node.try_call(method, path, **options)
        except requests.RequestException as lost:
            self.history.failed(node, what, type(lost).__name__, began)
            raise Failed from lost
        if answer.status_code in good:
            self.history.seconds[method + " " + path.split("/")[2].split("?")[0]].append(time.monotonic() - began)
            return answer
        self.history.failed(node, what, f"{answer.status_code} {answer.text}", began)
        if answer.status_code not in (429, 502, 503, 504):
            self.history.wrong.append((f"{what} answered {answer.status_code}", f"{node.name}: {answer.text[:400]}"))
        raise Failed(answer.status_code)

    def ask(self, method, path, good, **options):
        """Until it is acknowledged: for what may be sent twice."""
        end = time.monotonic() + GIVE_UP_S
        while True:
            try:
                return self.ask_once(method, path, good, **options)
            except Failed:
                if time.monotonic() > end or self.is_stopping:
                    raise
                time.sleep(0.2)

    # --- Documents ---

    def text(self, name):
        return f"Note {name} says word{name}. {' '.join(f'{name}x{i}' for i in range(self.random.randint(5, 200)))}\n".encode()

    def sent(self, name, data, is_read=True):
        self.history.documents[name] = {"state": "unknown", "sha256": hashlib.sha256(data).hexdigest(), "id": None, "is_read": is_read}
        return self.history.documents[name]

    def kept(self, name, document_id):
        self.history.documents[name].update(state="kept", id=document_id)
        self.mine.append(name)

    def upload(self, name):
        file = f"{name}.txt"
        data = self.text(name)
        self.sent(file, data)
        # A node that died with the first try holds the key for a while: 409, and the next try comes.
        answer, end = None, time.monotonic() + GIVE_UP_S
        while answer is None or (answer.status_code == 409 and time.monotonic() < end and not self.is_stopping):
            if answer is not None:
                time.sleep(0.5)
            answer = self.ask("POST", "/v1/documents", (202, 409), files={"file": (file, data)}, headers={"Idempotency-Key": file})
        if answer.status_code == 409:
            raise Failed(409)
        self.kept(file, answer.json()["documents"][0]["id"])

    def tus(self, name):
        """In three parts, each to another node, going on where it was broken off."""
        file, data = f"{name}t.txt", self.text(name + "t")
        self.sent(file, data)
        spoken = {"Tus-Resumable": "1.0.0"}
        begun = self.ask("POST", "/v1/tus", (201,), headers={**spoken, "Upload-Length": str(len(data)), "Upload-Metadata":
                         "filename " + base64.b64encode(file.encode()).decode()})
        path, document, end = begun.headers["Location"], None, time.monotonic() + 2 * GIVE_UP_S
        path = path[path.index("/v1/tus"):]
        while not document and time.monotonic() < end and not self.is_stopping:
            head = self.ask("HEAD", path, (200,), headers=spoken)
            at, document = int(head.headers["Upload-Offset"]), head.headers.get("Lectern-Document")
            if document:
                break
            try:
                part = data[at:at + len(data) // 3 + 1]
                answer = self.ask_once("PATCH", path, (204, 409, 423), data=part, headers={
                    **spoken, "Upload-Offset": str(at), "Content-Type": "application/offset+octet-stream"})
                document = answer.headers.get("Lectern-Document")
            except Failed:
                time.sleep(0.2)
        if not document:
            raise Failed
        self.kept(file, document)

    def chunks(self, name):
        """Over 8 MiB of what nobody can read, so that it costs no more than its bytes."""
        file, data = f"{name}.pdf", b"%PDF-1.7\n" + os.urandom(1 << 16) * 150
        self.sent(file, data, is_read=False)
        begun = self.ask("POST", "/api/files/upload/initiate", (201,), json={"filename": file, "size": len(data), "checksum": hashlib.sha256(data).hexdigest()}).json()
        numbers = list(range(begun["chunk_count"]))
        self.random.shuffle(numbers)
        document = None
        for number in numbers + numbers:
            part = data[number * CHUNK:(number + 1) * CHUNK]
            answer = self.ask("POST", f"/api/files/{begun['file_id']}/upload?chunk_number={number}", (200, 201, 202, 409), data=part, timeout=30)
            document = answer.json().get("document_id")
            if document:
                break
        document = document or self.ask("GET", f"/api/files/{begun['file_id']}/status", (200,)).json().get("document_id")
        if not document:
            raise Failed
        self.kept(file, document)

    def remove(self, name):
        if not self.mine:
            return
        file = self.mine.pop(self.random.randrange(len(self.mine)))
        document = self.history.documents[file]
        how = self.random.choice(["trash", "erase"])
        document["state"] = f"maybe {how}"
        answer = self.ask("DELETE", f"/v1/documents/{document['id']}{'?erase=1' if how == 'erase' else ''}", (200, 202, 204, 404), timeout=15)
        # When a first try has taken the rows and S3 was away, the daily clean-up takes the original.
        document.update(state=how, has_left_original=answer.status_code == 404)

    def again(self, name):
        """The same bytes, erased and sent again: neither may take the other's away."""
        file, data = f"{name}a.txt", self.text(name + "a")
        self.sent(file, data)
        for _ in range(2):
            answer = self.ask("POST", "/v1/documents", (202,), files={"file": (file, data)})
            document = answer.json()["documents"][0]["id"]
            self.ask("DELETE", f"/v1/documents/{document}?erase=1", (200, 202, 204, 404), timeout=15)
        answer = self.ask("POST", "/v1/documents", (202,), files={"file": (file, data)})
        self.kept(file, answer.json()["documents"][0]["id"])

    def read(self, name):
        if not self.mine:
            return
        document = self.history.documents[self.random.choice(self.mine)]
        answer = self.ask_once("GET", f"/v1/documents/{document['id']}/original", (200,))
        if hashlib.sha256(answer.content).hexdigest() != document["sha256"]:
            self.history.wrong.append(("an original has other bytes", document["id"]))

    def search(self, name):
        if self.random.random() < 0.5 or not self.mine:
            self.ask_once("POST", "/v1/search", (200,), json={"query": self.random.choice(["note says", "pump water", "word"]), "mode": "hybrid"})
        else:
            self.ask_once("GET", "/v1/documents?limit=20", (200,))

    def question(self, name):
        answer = self.ask_once("POST", "/v1/ask", (200,), json={"question": f"What does note {name} say?"}, timeout=20)
        self.history.talks[answer.json()["conversation"]] = answer.json()["id"]

    # --- Work ---

    def task(self, name):
        if len(self.my_tasks) < 3 or self.random.random() < 0.3:
            task = self.history.tasks[f"task {name}"] = {"state": "unknown", "assignees": [None]}
            answer = self.ask_once("POST", "/v1/tasks", (201,), json={"summary": f"task {name}"})
            task.update(state="kept", id=answer.json()["id"])
            self.my_tasks.append(f"task {name}")
        elif self.random.random() < 0.8:
            task = self.history.tasks[self.random.choice(self.my_tasks)]
            task["assignees"].append(name)  # or the last one, if this is not acknowledged
            self.ask_once("PATCH", f"/v1/tasks/{task['id']}", (200,), json={"assignee": name})
            task["assignees"] = [name]
        else:
            task = self.history.tasks[self.my_tasks.pop(0)]
            task["state"] = "maybe gone"
            self.ask("DELETE", f"/v1/tasks/{task['id']}", (200, 204, 404))
            task["state"] = "gone"

    def approval(self, name):
        """Two people's clicks at the same moment at two nodes: one of them counts."""
        answer = self.ask_once("POST", "/v1/approvals", (201,), key=self.cluster.ann, json={"title": f"approval {name}", "users": ["bob@example.org"]})
        approval = self.history.approvals[f"approval {name}"] = {"id": answer.json()["id"], "counted": []}

        def decide(decision):
            try:
                said = self.ask("POST", f"/v1/approvals/{approval['id']}/decision", (200, 409), key=self.cluster.bob, json={"decision": decision, "reason": "so"})
                if said.status_code == 200:
                    approval["counted"].append(said.json()["state"])
            except Failed:
                pass
        both = [threading.Thread(target=decide, args=(decision,)) for decision in ("approve", "deny")]
        for one in both:
            one.start()
        for one in both:
            one.join()

    def run_workflow(self, name):
        self.history.runs[name] = {"state": "unknown"}
        started = [self.ask("POST", f"/v1/workflows/{self.cluster.workflow}/start", (200, 202), json={"key": name, "input": {"name": name}}).json()["id"]
                   for _ in range(self.random.randint(1, 2))]
        if len(set(started)) > 1:
            self.history.wrong.append(("one key started two executions", name))
        self.history.runs[name].update(state="kept", id=started[0])

    # --- Keys and sessions ---

    def refused_everywhere(self, what, call):
        """At once: whoever revokes a key does so because somebody has it."""
        for node in self.cluster.up():
            began = time.monotonic()
            try:
                answer = call(node)
            except requests.RequestException as lost:
                self.history.failed(node, f"use of a revoked {what}", type(lost).__name__, began)
                continue
            if answer.status_code < 300:
                self.history.wrong.append((f"a revoked {what} is taken", node.name))

    def key(self, name):
        made = self.ask_once("POST", "/v1/keys", (201,), json={"name": name, "role": "reader"}).json()
        for node in self.cluster.up():
            self.ask_once("GET", "/v1/documents?limit=1", (200,), node=node, key=made["key"])
        self.ask("DELETE", f"/v1/keys/{made['id']}", (200, 204, 404))
        self.history.keys.append(made["key"])
        self.refused_everywhere("key", lambda node: node.try_call("GET", "/v1/documents?limit=1", key=made["key"]))

    def session(self, name):
        login = self.ask_once("POST", "/v1/session", (200, 201), json={"email": "cem@example.org", "password": "correct horse battery"})
        cookies, csrf = login.cookies, {"X-CSRF-Token": login.json()["csrf"]}
        call = lambda node, method, path: requests.request(method, node.url + path, cookies=cookies, headers=csrf, timeout=10)
        end = time.monotonic() + GIVE_UP_S
        while True:
            try:
                if call(self.any(), "DELETE", "/v1/session").status_code in (200, 204, 401):
                    break
            except requests.RequestException:
                pass
            if time.monotonic() > end:
                return
            time.sleep(0.2)
        self.history.sessions.append((dict(cookies), csrf))
        self.refused_everywhere("session", lambda node: call(node, "GET", "/v1/documents?limit=1"))


# How often each is done, beside the others.
OPERATIONS = {"upload": 20, "tus": 5, "chunks": 0.5, "remove": 8, "again": 2, "read": 10, "search": 30, "question": 2,
              "task": 10, "approval": 3, "run_workflow": 5, "key": 2, "session": 0.5}
