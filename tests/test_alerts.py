"""Alerts about model calls: opened once, told once, listed, acknowledged."""
import contextlib
import json
import sqlite3
import time

from conftest import Server, wait_until
from test_notices import Hook, add_person, hook, mail, signed, start  # noqa: F401 (fixtures)


def ask_database(server, statement):
    with contextlib.closing(sqlite3.connect(server.data / "lectern.db")) as database:
        return database.execute(statement).fetchone()[0]


def test_failing_calls_open_one_alert_and_one_notice(tmp_path, mock):
    server = Server(tmp_path / "library", arguments=["--provider-url", mock.url]).start()
    try:
        server.key = server.cli("keys", "add", "owner", "--role", "owner").stdout.split()[-1]
        rules = {r["rule"]: r["limit"] for r in server.get("/v1/alerts/rules").json()["items"]}
        assert rules == {"slow_answers": 10, "many_errors": 5, "high_cost": 20, "provider_down": 1,
                         "failing_work": 50, "late_work": 3600, "damaged_originals": 0.5, "failing_workflow": 20,
                         "full_disk": 90, "database_away": 60, "old_backup": 0, "failing_backup": 2, "low_memory": 5,
                         "certificate_expiring": 14, "late_replica": 256, "missing_vectors": 1}
        assert server.call("PUT", "/v1/alerts/rules", json={"slow_answers": -1}).status_code == 400
        assert server.call("PUT", "/v1/alerts/rules", json={"slow": 1}).status_code == 400
        assert server.call("PUT", "/v1/alerts/rules", json={"slow_answers": {"hold_seconds": -1}}).status_code == 400
        assert server.call("PUT", "/v1/alerts/rules", json={"many_errors": 50, "slow_answers": {"limit": 1, "repeat_seconds": 60}}).status_code == 200
        # Nobody is told of a service that is down, which is kept all the same.
        silence = server.post("/v1/alerts/silences", {"rule": "provider_down", "seconds": 3600, "reason": "it moves"}).json()
        assert server.post("/v1/alerts/silences", {"rule": "none", "seconds": 1}).status_code == 400
        assert [s["reason"] for s in server.get("/v1/alerts/silences").json()["items"]] == ["it moves"]
        # One of thirteen calls takes 1.5 s: little on average, but more than one in twenty.
        assert server.post("/v1/chat/completions", {"model": "slow", "messages": [{"role": "user", "content": "x"}]}).status_code == 200
        for _ in range(12):
            server.post("/v1/chat/completions", {"model": "broken", "messages": [{"role": "user", "content": "x"}]})
        wait_until(lambda: len(server.get("/v1/calls").json()["items"]) == 13, 30)
        with contextlib.closing(sqlite3.connect(server.data / "lectern.db")) as database, database:
            database.execute("UPDATE schedules SET next_at = 1 WHERE name = 'alerts'")  # the minute has passed
        found = wait_until(lambda: server.get("/v1/alerts?open=1").json()["items"], 90)
        errors = [a for a in found if a["rule"] == "many_errors"]
        assert len(errors) == 1 and errors[0]["value"] > 50 and errors[0]["limit"] == 50 and not errors[0]["acknowledged_at"]
        slow = [a for a in found if a["rule"] == "slow_answers"]
        assert len(slow) == 1 and 1 < slow[0]["value"] <= 2 and slow[0]["limit"] == 1
        down = [a for a in found if a["rule"] == "provider_down"]
        assert len(down) == 1 and down[0]["subject"] and down[0]["state"] == "firing" and down[0]["told_count"] == 0
        notices = [n["kind"] for n in server.get("/v1/notices").json()["items"]]
        assert sorted(notices) == ["many_errors", "slow_answers"]
        cli = lambda *words: server.cli("alerts", *words).stdout
        assert "firing" in cli() and "provider_down" in cli("ls") and "it moves" in cli("silences")
        cli("set", "full_disk", "80", "--hold", "5m", "--repeat", "0")
        assert "above 80 %, for 300 s\n" in cli("rules") and "certificate_expiring  below 14 days, again every 86400 s" in cli("rules")
        cli("unsilence", silence["id"])
        assert server.get("/v1/alerts/silences").json()["items"] == []
        assert "nobody is told until" in cli("silence", "--for", "2h") and "every rule" in cli("silences")
        assert server.post(f"/v1/alerts/{errors[0]['id']}/acknowledge").status_code == 204
        assert [a for a in server.get("/v1/alerts").json()["items"] if a["acknowledged_at"]]
        reader = server.cli("keys", "add", "reader", "--role", "reader").stdout.split()[-1]
        assert server.get("/v1/alerts", key=reader).status_code == 403
    finally:
        server.stop()


def test_an_alert_goes_out_by_mail_and_as_a_signed_call_of_a_webhook_once(tmp_path, mail, hook):  # noqa: F811
    server = start(tmp_path, mail.url)
    try:
        add_person(server)
        secret = server.post("/v1/webhooks", {"url": hook, "kinds": ["full_disk"]}).json()["secret"]
        assert server.call("PUT", "/v1/alerts/rules", json={"full_disk": {"limit": 0.01, "hold_seconds": 0}}).status_code == 200

        open_ones = lambda: [one for one in server.get("/v1/alerts?open=1").json()["items"] if one["rule"] == "full_disk"]
        server.run_recurring("alerts")
        assert wait_until(open_ones, 90)[0]["told_count"] == 1
        message = mail.wait()[0]
        assert message["To"] == "ann@example.org" and "disk" in message["Subject"] and "the limit is" in message.get_content()
        headers, body = wait_until(lambda: Hook.calls)[0]
        assert json.loads(body)["kind"] == "full_disk" and headers["webhook-signature"] == signed(secret, headers, body)
        server.run_recurring("alerts")
        wait_until(lambda: ask_database(server, "SELECT next_at FROM schedules WHERE name = 'alerts'") > 1, 90)
        time.sleep(1)
        assert (open_ones()[0]["told_count"], len(mail.mails), len(Hook.calls)) == (1, 1, 1), "judged again, and told once"
    finally:
        server.stop()
