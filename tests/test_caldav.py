"""Tasks in calendar programs that speak CalDAV: python-caldav, and the requests of others as they send them."""
import logging
import xml.etree.ElementTree as ET
from datetime import datetime, timezone
from zoneinfo import ZoneInfo

import pytest
import requests
from conftest import Late
from dateutil.rrule import WEEKLY, rrule

caldav, icalendar = Late("caldav"), Late("icalendar")
D, C, CS = "{DAV:}", "{urn:ietf:params:xml:ns:caldav}", "{http://calendarserver.org/ns/}"
logging.getLogger("caldav").setLevel(logging.ERROR)


@pytest.fixture(scope="module")
def library(server):
    return server


@pytest.fixture(scope="module")
def feed(library):
    made = library.post("/v1/task_feeds", {"name": "Phone"}).json()
    return made["url"].split("/")[-2]


def add(library, summary, **fields):
    answer = library.post("/v1/tasks", {"summary": summary, **fields})
    assert answer.status_code == 201, answer.text
    return answer.json()


def ask(library, method, path, body="", depth="0", password=None, **headers):
    return requests.request(method, library.url + path, data=body.encode(), timeout=30, auth=("anybody", password or library.key),
                            headers={"Depth": depth, "Content-Type": "application/xml; charset=utf-8", **headers}, allow_redirects=False)


def found(answer):
    """The properties that are there, by href."""
    assert answer.status_code == 207, answer.text
    result = {}
    for response in ET.fromstring(answer.content).iter(D + "response"):
        good = [p for s in response.iter(D + "propstat") if " 200 " in s.findtext(D + "status") for p in s.find(D + "prop")]
        result[response.findtext(D + "href")] = {p.tag: p for p in good}
    return result


def query(library, inside, **more):
    body = f"""<c:calendar-query xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav"><d:prop><d:getetag/></d:prop>
        <c:filter><c:comp-filter name="VCALENDAR">{inside}</c:comp-filter></c:filter></c:calendar-query>"""
    return found(ask(library, "REPORT", "/dav/tasks/", body, "1", **more))


def path_of(task):
    return f"/dav/tasks/{task['id']}.ics"


ZONES = ["Europe/Berlin", "Europe/London", "Europe/Dublin", "America/New_York", "America/Sao_Paulo", "America/Santiago", "Australia/Lord_Howe", "Australia/Sydney",
         "Africa/Casablanca", "Asia/Gaza", "Asia/Kolkata", "Asia/Tokyo", "Pacific/Chatham", "America/St_Johns", "America/Nuuk"]


def test_what_recurs_keeps_its_hour_for_other_programs(library):
    """The zones as icalendar reads them, against the system's own: every week for three years, and the hours around each change."""
    made = {zone: add(library, zone, deadline={"end": "2027-01-04T09:30:00Z", "time_zone": zone}, recurrence="FREQ=WEEKLY;UNTIL=20291231") for zone in ZONES}
    library.call("DELETE", f"/v1/tasks/{made['Asia/Tokyo']['id']}")
    text = library.get("/v1/tasks.ics").text
    read = icalendar.Calendar.from_ical(text)
    zones = {str(z["TZID"]): z.to_tz(lookup_tzid=False) for z in read.walk("VTIMEZONE")}
    assert set(zones) == set(ZONES) - {"Asia/Tokyo"}
    for todo in read.walk("VTODO"):
        zone = str(todo["SUMMARY"])
        if zone not in zones:
            continue
        own, start = ZoneInfo(zone), todo["DTSTART"].dt.replace(tzinfo=None)
        assert start.replace(tzinfo=own).astimezone(timezone.utc).strftime("%H:%M") == "09:30"
        until = todo["RRULE"]["UNTIL"][0]
        assert until == datetime(2029, 12, 31, 23, 59, 59, tzinfo=own).astimezone(timezone.utc), zone
        for moment in rrule(WEEKLY, dtstart=start, until=datetime(2029, 12, 31)):
            assert moment.replace(tzinfo=zones[zone]).utcoffset() == moment.replace(tzinfo=own).utcoffset(), (zone, moment)
    for task in made.values():
        library.call("DELETE", f"/v1/tasks/{task['id']}")


def test_python_caldav_finds_and_reads_the_tasks(library, feed):
    task = add(library, "Grüße & <Küsse>", deadline="2035-03-01", category="dav")
    hidden = add(library, "only suggested", status="suggested")
    done = add(library, "is done", status="done")
    with caldav.DAVClient(f"{library.url}/dav/", username="anybody", password=library.key) as client:
        [calendar] = client.principal().calendars()
        todos = {str(t.icalendar_component["uid"]): t for t in calendar.todos(include_completed=True)}
        open_ones = {str(t.icalendar_component["uid"]) for t in calendar.todos()}
        assert calendar.get_supported_components() == ["VTODO"]
        assert str(todos[task["id"]].icalendar_component["summary"]) == "Grüße & <Küsse>"
        assert hidden["id"] not in todos and done["id"] in todos
        assert task["id"] in open_ones and done["id"] not in open_ones
        state = calendar.objects_by_sync_token(load_objects=True)
        new = add(library, "came later")
        library.call("DELETE", f"/v1/tasks/{task['id']}")
        changed = calendar.objects_by_sync_token(state.sync_token)
        assert any(new["id"] in str(o.url) for o in changed)
        state.sync()
        urls = {str(u) for u in state.objects_by_url()}
        assert any(new["id"] in u for u in urls) and not any(task["id"] in u for u in urls)
    with caldav.DAVClient(f"{library.url}/dav/", username="anybody", password=feed) as client:
        [calendar] = client.principal().calendars()
        assert calendar.get_display_name() == "Phone"
        with pytest.raises(caldav.lib.error.DAVError):
            calendar.save_todo(summary="written from outside")


def test_a_program_finds_its_way_from_the_name_of_the_server(library):
    there = requests.request("PROPFIND", library.url + "/.well-known/caldav", timeout=10, allow_redirects=False)
    assert there.status_code == 301 and there.headers["Location"] == "/dav/"
    unknown = requests.request("PROPFIND", library.url + "/dav/", headers={"Depth": "0"}, timeout=10)
    assert unknown.status_code == 401 and unknown.headers["WWW-Authenticate"].startswith("Basic ")
    assert ask(library, "PROPFIND", "/dav/", password="wrong").status_code == 401
    options = ask(library, "OPTIONS", "/dav/tasks/")
    assert "calendar-access" in options.headers["DAV"] and "REPORT" in options.headers["Allow"]
    # As DAVx5 asks: who, then where, then what is there.
    root = found(ask(library, "PROPFIND", "/dav/", """<propfind xmlns="DAV:" xmlns:CAL="urn:ietf:params:xml:ns:caldav"
        xmlns:X="urn:x"><prop><current-user-principal/><CAL:calendar-home-set/><resourcetype/><X:colour/></prop></propfind>"""))
    assert root["/dav/"][D + "current-user-principal"].findtext(D + "href") == "/dav/"
    assert root["/dav/"][C + "calendar-home-set"].findtext(D + "href") == "/dav/" and "{urn:x}colour" not in root["/dav/"]
    home = found(ask(library, "PROPFIND", "/dav/", """<propfind xmlns="DAV:" xmlns:CAL="urn:ietf:params:xml:ns:caldav"
        xmlns:CS="http://calendarserver.org/ns/"><prop><resourcetype/><displayname/><CAL:supported-calendar-component-set/>
        <current-user-privilege-set/><CS:getctag/><sync-token/></prop></propfind>""", "1"))
    tasks = home["/dav/tasks/"]
    assert tasks[D + "resourcetype"].find(C + "calendar") is not None
    assert [c.get("name") for c in tasks[C + "supported-calendar-component-set"]] == ["VTODO"]
    assert tasks[D + "current-user-privilege-set"].find(f"{D}privilege/{D}write") is None
    assert found(ask(library, "PROPFIND", "/dav/tasks/"))["/dav/tasks/"][D + "displayname"].text == "Tasks"
    assert ask(library, "PROPFIND", "/dav/", depth="infinity").status_code == 403


def test_a_task_has_one_etag_until_it_changes(library):
    task = add(library, "etag")
    one = ask(library, "GET", path_of(task))
    assert one.status_code == 200 and "SUMMARY:etag" in one.text
    props = '<propfind xmlns="DAV:"><prop><getetag/><getcontenttype/></prop></propfind>'
    listed = found(ask(library, "PROPFIND", "/dav/tasks/", props, "1"))[path_of(task)]
    assert listed[D + "getetag"].text == one.headers["ETag"]
    assert found(ask(library, "PROPFIND", path_of(task), props))[path_of(task)][D + "getetag"].text == one.headers["ETag"]
    tag = '<propfind xmlns="DAV:" xmlns:s="http://calendarserver.org/ns/"><prop><s:getctag/></prop></propfind>'
    before = found(ask(library, "PROPFIND", "/dav/tasks/", tag))["/dav/tasks/"][CS + "getctag"].text
    assert before == found(ask(library, "PROPFIND", "/dav/tasks/", tag))["/dav/tasks/"][CS + "getctag"].text
    library.call("PATCH", f"/v1/tasks/{task['id']}", json={"summary": "other"})
    assert ask(library, "GET", path_of(task)).headers["ETag"] != one.headers["ETag"]
    assert found(ask(library, "PROPFIND", "/dav/tasks/", tag))["/dav/tasks/"][CS + "getctag"].text != before


def test_multiget_names_what_is_there_and_what_is_not(library):
    task = add(library, "wanted")
    body = f"""<C:calendar-multiget xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"><D:prop><D:getetag/><C:calendar-data/></D:prop>
        <D:href>{path_of(task)}</D:href><D:href>/dav/tasks/a&amp;b.ics</D:href><D:href>../../etc/passwd</D:href></C:calendar-multiget>"""
    answer = ask(library, "REPORT", "/dav/tasks/", body)
    shown = found(answer)
    assert "SUMMARY:wanted" in shown[path_of(task)][C + "calendar-data"].text
    assert shown["/dav/tasks/a&b.ics"] == {} and shown["../../etc/passwd"] == {} and answer.text.count("404 Not Found") == 2


def test_a_query_gets_what_its_filter_says(library):
    early = add(library, "early", deadline="2041-01-05", category="filtered")
    late = add(library, "late", deadline={"start": "2041-02-01T08:00:00Z", "end": "2041-02-02T08:00:00Z"}, category="filtered")
    done = add(library, "finished", status="done", category="filtered")
    todo = '<c:comp-filter name="VTODO"><c:prop-filter name="CATEGORIES"><c:text-match>FILTERED</c:text-match></c:prop-filter>%s</c:comp-filter>'
    for inside, expected in [
        ("", [early, late, done]),
        ('<c:time-range start="20410101T000000Z" end="20410110T000000Z"/>', [early]),
        ('<c:time-range start="20410201T120000Z"/>', [late]),
        ('<c:prop-filter name="COMPLETED"><c:is-not-defined/></c:prop-filter>', [early, late]),
        ('<c:prop-filter name="STATUS"><c:text-match negate-condition="yes">completed</c:text-match></c:prop-filter>', [early, late]),
        ('<c:prop-filter name="DUE"><c:time-range end="20410131T000000Z"/></c:prop-filter>', [early]),
        ('<c:comp-filter name="VALARM"/>', []),
    ]:
        assert set(query(library, todo % inside)) == {path_of(t) for t in expected}, inside
    assert query(library, '<c:comp-filter name="VEVENT"/>') == {}
    odd = ask(library, "REPORT", "/dav/tasks/", """<c:calendar-query xmlns:c="urn:ietf:params:xml:ns:caldav"><c:filter>
        <c:comp-filter name="VCALENDAR"><c:colour/></c:comp-filter></c:filter></c:calendar-query>""")
    assert odd.status_code == 403 and "supported-filter" in odd.text


def test_a_feed_shows_its_own_persons_tasks_until_it_is_revoked(library):
    made = library.post("/v1/task_feeds", {"name": "Old phone"}).json()
    secret = made["url"].split("/")[-2]
    assert ask(library, "PROPFIND", "/dav/tasks/", password=secret).status_code == 207
    assert ask(library, "PUT", "/dav/tasks/x.ics", "BEGIN:VCALENDAR", password=secret).status_code == 405
    assert ask(library, "GET", "/v1/tasks", password=secret).status_code == 401
    library.call("DELETE", f"/v1/task_feeds/{made['id']}")
    assert ask(library, "PROPFIND", "/dav/tasks/", password=secret).status_code == 401


@pytest.mark.parametrize("token, status", [
    ("", 207), ("urn:lectern:tasks:1", 403), ("urn:lectern:tasks:x", 403), ("http://elsewhere/1", 403), ("urn:lectern:tasks:99999999999999", 403)])
def test_a_sync_token_that_is_old_or_foreign_is_refused(library, token, status):
    body = f'<sync-collection xmlns="DAV:"><sync-token>{token}</sync-token><prop><getetag/></prop></sync-collection>'
    answer = ask(library, "REPORT", "/dav/tasks/", body)
    assert answer.status_code == status and ("valid-sync-token" in answer.text) == (status == 403)


LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))


@pytest.mark.parametrize("body", [
    "<propfind", "{}", "\0\0", '<propfind xmlns="DAV:"><prop>' * 3000, "<a>" * 20, '<html xmlns="DAV:"/>', "<propfind/>",
    f'<!DOCTYPE propfind [<!ENTITY l0 "ha">{LAUGHS}]><propfind xmlns="DAV:"><prop>&l9;</prop></propfind>',
    '<!DOCTYPE p [<!ENTITY f SYSTEM "file:///etc/passwd">]><propfind xmlns="DAV:"><prop><displayname>&f;</displayname></prop></propfind>',
    '<propfind xmlns="DAV:"><prop>' + "".join(f"<a{n}/>" for n in range(500)) + "</prop></propfind>",
    '<sync-collection xmlns="DAV:"><sync-token>' + "x" * 100000 + "</sync-token></sync-collection>",
])
def test_a_body_that_makes_no_sense_is_refused(library, body):
    for method, path in (("PROPFIND", "/dav/tasks/"), ("REPORT", "/dav/tasks/")):
        answer = ask(library, method, path, body)
        assert answer.status_code in (400, 403, 413), (method, answer.status_code, answer.text[:200])
        assert "root:" not in answer.text
    assert library.get("/health").json()["status"] == "ok"
