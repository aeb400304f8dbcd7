"""lectern_client.py FILE QUESTION - upload, wait, search, ask with citations, stream, and watch events; needs only requests.

LECTERN_URL and LECTERN_KEY say where and who.
"""
import json
import os
import sys
import threading
import time
from pathlib import Path

import requests

URL = os.environ.get("LECTERN_URL", "http://127.0.0.1:8000")
session = requests.Session()
session.headers["Authorization"] = f"Bearer {os.environ['LECTERN_KEY']}"


def call(method, path, **options):
    answer = session.request(method, URL + path, timeout=60, **options)
    if not answer.ok:
        error = answer.json()["error"]
        raise SystemExit(f"{error['code']}: {error['message']}")
    return answer


def events_of(answer):
    """(name, data) of each server-sent event."""
    name = ""
    for line in answer.iter_lines(decode_unicode=True):
        if line.startswith("event: "):
            name = line[7:]
        elif line.startswith("data: "):
            yield name, json.loads(line[6:])


def watch(heard):
    """What happens in the workspace, until a document is ready."""
    with call("GET", "/v1/events", stream=True, headers={"Accept": "text/event-stream"}) as stream:
        for name, data in events_of(stream):
            heard.append(name)
            if name == "document" and data.get("state") == "ready":
                return


def add(path):
    with open(path, "rb") as file:
        document = call("POST", "/v1/documents", files={"file": (Path(path).name, file)}).json()["documents"][0]
    while document["state"] not in ("ready", "failed", "cancelled"):
        time.sleep(0.1)
        document = call("GET", f"/v1/documents/{document['id']}").json()
    return document


if __name__ == "__main__":
    path, question = sys.argv[1:]
    heard = []
    watcher = threading.Thread(target=watch, args=(heard,), daemon=True)
    watcher.start()
    while not heard and watcher.is_alive():  # until the stream has said hello, so that nothing is missed
        time.sleep(0.01)
    print("document", add(path)["id"])
    watcher.join(10)
    print("events", *sorted(set(heard)))
    for hit in call("POST", "/v1/search", json={"query": question, "limit": 3}).json()["results"]:
        print("found", hit["document"]["name"], hit["place"], hit["snippet"][:60])
    with call("POST", "/v1/ask", json={"question": question, "stream": True}, stream=True) as stream:
        for name, data in events_of(stream):
            print("streamed", name)
    for citation in call("POST", "/v1/ask", json={"question": question, "stream": False}).json()["citations"]:
        print("cited", citation["number"], citation["quote"][:60])
