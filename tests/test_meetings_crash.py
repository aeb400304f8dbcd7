"""A server that is killed at any moment while bots are sent: each meeting gets one, whatever was cut off.

As a program: python3 tests/test_meetings_crash.py TRIALS
"""
import random
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path

import requests
from conftest import Server, wait_until
from mock_attendee import KEY, OVER, SECRET, MockAttendee
from test_meetings import ics, zoom


def alive(attendee, links):
    with attendee.lock:
        return Counter(b["meeting_url"] for b in attendee.bots.values() if b["meeting_url"] in links and b["state"] not in OVER)


def one_trial(server, attendee, calendar, random_, trial):
    """Meetings that are new in a calendar, asked for by it and by a person at once, and a kill in between."""
    links = [zoom() for _ in range(3)]
    attendee.show(ics(*[(f"{trial}-{i}", 60 + i, link, "") for i, link in enumerate(links)]))
    attendee.silent = random_.random() < 0.3

    def ask():
        try:
            server.post(f"/v1/calendars/{calendar}/sync")
            server.post("/v1/meeting-bots/all", {"hours": 24})
        except (requests.RequestException, AssertionError):
            pass

    asking = threading.Thread(target=ask)
    asking.start()
    time.sleep(random_.random() * 0.15)
    server.kill()
    asking.join()
    server.start()
    server.post(f"/v1/calendars/{calendar}/sync")

    def all_sent():
        for bot in server.get("/v1/meeting-bots?open=1&limit=200").json()["items"]:
            if bot["state"] == "planned":
                server.post(f"/v1/meeting-bots/{bot['id']}/look")
        return set(alive(attendee, links)) == set(links)

    assert wait_until(all_sent, seconds=60), alive(attendee, links)
    assert set(alive(attendee, links).values()) == {1}, alive(attendee, links)


def trials(folder, count, seed):
    attendee = MockAttendee()
    server = Server(folder / "library").start()
    try:
        server.key = server.cli("keys", "add", "owner", "--role", "owner").stdout.split()[-1]
        server.post("/v1/meeting-bot-services", {"kind": "attendee", "url": attendee.url, "key": KEY, "webhook_secret": SECRET})
        attendee.show(ics())
        calendar = server.post("/v1/calendars", {"url": attendee.url + "/calendar.ics", "auto_schedule": True}).json()["id"]
        random_ = random.Random(seed)
        for trial in range(count):
            one_trial(server, attendee, calendar, random_, trial)
        with attendee.lock:  # every bot that was ever made, also those that were called off since
            return len(attendee.asked("POST", "/api/v1/bots"))
    finally:
        server.stop()
        attendee.stop()


def test_a_kill_makes_no_second_bot_and_loses_none(tmp_path):
    trials(tmp_path, 2, 11)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as temporary:
        asked = trials(Path(temporary), int(sys.argv[1]), 7)
        print(f"{sys.argv[1]} kills, {asked} creations asked for: one bot a meeting each time")
