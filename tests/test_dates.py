"""Dates in sentences: the command and the route."""
import json
import subprocess

import pytest

from conftest import PROGRAM

REFERENCE = "2024-03-14T15:20:00"


def date(*words, **options):
    return subprocess.run([str(PROGRAM), "date", *words], capture_output=True, text=True, timeout=60, **options)


def test_the_command_prints_one_value_a_line_and_needs_no_library(tmp_path):
    ran = date("--reference", REFERENCE, "by EOD Friday, then two weeks from Tuesday for an hour", cwd=tmp_path)
    assert ran.stdout.splitlines() == ["../2024-03-15T23:59:59", "2024-04-02", "PT1H"]
    assert date("--reference", REFERENCE, "nothing of the kind").stdout == ""
    assert date("--reference", REFERENCE, "-", input="on 7 June 2024\n").stdout == "2024-06-07\n"
    assert not list(tmp_path.iterdir())


def test_the_command_says_instants_of_a_zone(tmp_path):
    ran = date("--reference", REFERENCE, "--zone", "Europe/Berlin", "--json", "due by 5pm on 1 July 2024")
    item, = json.loads(ran.stdout)["items"]
    assert item["deadline"] and item["until"] == "2024-07-01T15:00:00.000Z" and item["value"] == "../2024-07-01T17:00:00"


@pytest.mark.parametrize("words", [["--reference", "yesterday", "x"], ["--zone", "Mars/Base", "--json", "today"]])
def test_a_wrong_reference_or_zone_is_refused(words):
    ran = date(*words)
    assert ran.returncode and ran.stderr


def test_the_route_finds_what_the_command_finds(server):
    asked = {"text": "On Friday, or every Monday", "reference": REFERENCE, "zone": "America/New_York"}
    said = server.call("POST", "/v1/dates", json=asked).json()["items"]
    assert said == server.call("GET", "/v1/dates", params=asked).json()["items"]
    assert [one["kind"] for one in said] == ["point", "recurrence"]
    assert (said[0]["value"], said[0]["other"], said[0]["text"]) == ("2024-03-15", "2024-03-08", "On Friday")
    assert said[0]["from"] == "2024-03-15T04:00:00.000Z" and said[1]["value"] == "FREQ=WEEKLY;BYDAY=MO"
    for wrong in ({}, {"text": "x", "prefer": "none"}, {"text": "x", "zone": "Mars/Base"}, {"text": "x", "reference": "soon"}):
        assert server.call("POST", "/v1/dates", json=wrong).status_code in (400, 422), wrong
