"""Personas on the paths of the second system: POST and GET /api/personas, PUT /api/personas/{id}."""


def make(server, **fields):
    answer = server.post("/api/personas", {"name": "Archivist", "instructions": "Quote dates first.",
                                           "settings": {"temperature": 0.3, "tone": "formal"}, **fields})
    assert answer.status_code == 201, answer.text
    return answer.json()["persona"]


def test_a_persona_is_made_listed_and_changed(server):
    one = make(server)
    assert (one["name"], one["instructions"], one["version"]) == ("Archivist", "Quote dates first.", 1)
    assert one["settings"]["temperature"] == 0.3 and one["settings"]["tone"] == "formal"
    listed = server.get("/api/personas").json()["personas"]
    assert [p["id"] for p in listed] == [one["id"]]
    changed = server.call("PUT", f"/api/personas/{one['id']}", json={"settings": {"tone": "brief"}})
    assert changed.status_code == 200, changed.text
    changed = changed.json()["persona"]
    assert changed["version"] == 2 and changed["settings"]["tone"] == "brief"
    assert changed["instructions"] == "Quote dates first." and changed["settings"]["temperature"] == 0.3
    # It is the same persona that the native paths have.
    assert server.get("/v1/personas/archivist").json()["tone"] == "brief"
    assert server.call("DELETE", f"/v1/personas/{one['id']}").status_code == 204
    assert server.call("PUT", f"/api/personas/{one['id']}", json={"name": "x"}).status_code == 404


def test_what_a_persona_cannot_be_is_refused(server):
    for body, field in [({"instructions": "x"}, "name"), ({"name": " "}, "name"), ({"name": "x", "settings": 3}, "settings"),
                        ({"name": "x", "settings": {"temperature": 3}}, "temperature"),
                        ({"name": "x", "settings": {"temperature": -1}}, "temperature"),
                        ({"name": "x", "settings": {"search_mode": "best"}}, "search_mode"),
                        ({"name": "x", "settings": {"colour": "red"}}, "colour"),
                        ({"name": "x", "settings": {"collections": ["nowhere"]}}, "collections")]:
        answer = server.post("/api/personas", body)
        assert answer.status_code == 400 and answer.json()["error"]["field"] == field, (body, answer.text)
    assert server.get("/api/personas").json()["personas"] == []
