"""The query language and what stands beside results, over both databases."""
import json

import pytest

TEXTS = {
    "kestrel-2024.txt": "The kestrel hovers above the verge. It eats voles all year.\n",
    "granite.md": "# Granite\n\nGranite is an intrusive rock. The quarry at Ardal opened in 1874.\n",
    "ferry.txt": "The ferry from Bergen to Ardal takes four hours. The telegraph office is closed.\n",
}


@pytest.fixture(scope="module")
def library(server):
    server.add(*[(name, text.encode()) for name, text in TEXTS.items()], tags="language")
    return server


def search(server, query, **options):
    return server.post("/v1/search", {"query": query, "tags": ["language"], "mode": "keyword", **options})


def names(answer):
    assert answer.status_code == 200, answer.text
    return sorted({r["document"]["name"] for r in answer.json()["results"]})


@pytest.mark.parametrize("query, expected", [
    ("type:markdown ardal", ["granite.md"]),
    ("-type:markdown ardal", ["ferry.txt"]),
    ("ardal NOT type:markdown", ["ferry.txt"]),
    ('file:"kestrel 2024" voles', ["kestrel-2024.txt"]),
    ("in:granite ardal", ["granite.md"]),
    ("tag:language voles", ["kestrel-2024.txt"]),
    ("tag:other voles", []),
    ("collection:none voles", ["kestrel-2024.txt"]),
    ("collection:nowhere voles", []),
    ("-collection:nowhere voles", ["kestrel-2024.txt"]),
    ("added:today voles", ["kestrel-2024.txt"]),
    ("before:2001 voles", []),
    ("size<1KB voles", ["kestrel-2024.txt"]),
    ("lang:de voles", []),
    ("pages>=10 voles", []),
    ("quality:poor voles", []),
    ("(type:markdown OR in:ferry) ardal", ["ferry.txt", "granite.md"]),
    ("(voles OR quarry)", ["granite.md", "kestrel-2024.txt"]),
    ("telegr*", ["ferry.txt"]),
    ("kestrl~", ["kestrel-2024.txt"]),
    ('"ferry ardal"~5', ["ferry.txt"]),
    ("heading:granite quarry", ["granite.md"]),
    ("body:nothing", []),
])
def test_the_server_understands_what_is_typed(library, query, expected):
    assert names(search(library, query)) == expected


def test_a_query_says_what_was_understood(library):
    parts = search(library, "type:md -tag:x voles").json()["understood"]
    assert [(p["kind"], p["key"], p["value"], p["negated"]) for p in parts] == [
        ("filter", "type", "md", False), ("filter", "tag", "x", True), ("word", None, "voles", False)]
    assert library.get("/v1/search/understand", params={"q": "type:md voles"}).json()["words"] == "voles"


def test_an_error_points_at_the_character(library):
    answer = search(library, "\U0001F600 typ:pdf")
    assert answer.status_code == 400
    error = answer.json()["error"]
    assert error["position"] == {"start": 3, "end": 7} and "'type:'" in error["message"]
    assert search(library, "typ:pdf", typing=True).status_code == 200
    done = library.cli("search", "ardal typ:pdf", check=False)
    assert done.returncode == 2 and "\n      ^^^^\n" in done.stderr


def test_operators_are_listed_with_their_values(library):
    items = {o["name"]: o for o in library.get("/v1/search/operators").json()["items"]}
    assert "pdf" in items["type"]["values"] and "format" in items["type"]["also"]
    assert items["pages"]["compares"] == ["=", ">=", ">", "<=", "<"] and items["author"]["compares"] == ["="]


def test_a_score_is_explained_down_to_its_words(library):
    answer = search(library, "ferry ardal", explain=True).json()
    explanation = answer["results"][0]["explanation"]
    assert sum(s["value"] for s in explanation["shares"]) == pytest.approx(answer["results"][0]["score"], abs=1e-4)
    legs = {leg["name"]: leg for leg in explanation["legs"]}
    for leg in legs.values():
        assert leg["value"] == pytest.approx(leg["normal"] * leg["weight"] * leg["kept"], abs=1e-4)
    terms = explanation["terms"]
    assert {term["word"] for term in terms} <= {"ferry", "ardal"}
    assert sum(term["value"] for term in terms) == pytest.approx(legs["keyword"]["value"], abs=1e-4)
    assert all(term["idf"] > 0 and term["tf"] >= 1 and sum(term["fields"].values()) for term in terms)
    assert "explanation" not in search(library, "ferry ardal").json()["results"][0]


def test_the_command_says_which_word_of_the_index_was_found(library):
    told = library.cli("search", "telegr* ardal", "--mode", "keyword", "--explain").stdout
    assert "telegr as telegraph (idf" in told, told
    assert "ardal (idf" in told, told


def test_results_are_where_others_like_them_are_asked_for(library):
    first = search(library, "kestrel").json()["results"][0]
    alike = library.post("/v1/search", {"like": first["document"]["id"], "ordinal": first["ordinal"]}).json()["results"]
    assert alike and first["document"]["id"] not in [one["document"]["id"] for one in alike]


def test_lists_and_questions_take_conditions_too(library):
    assert [d["name"] for d in library.get("/v1/documents", params={"q": "type:md tag:language"}).json()["items"]] == ["granite.md"]
    page = library.get("/v1/documents", params={"q": "granite type:md"}).json()
    assert [(p["kind"], p["value"]) for p in page["understood"]] == [("word", "granite"), ("filter", "md")]
    wrong = library.get("/v1/documents", params={"q": "tipe:md"})
    assert wrong.status_code == 400 and wrong.json()["error"]["position"] == {"start": 0, "end": 5}
    assert library.get("/v1/documents", params={"q": "tipe:md", "typing": 1}).json()["items"] == []
    answer = library.post("/v1/ask", {"question": "When did the quarry at Ardal open? type:text", "save": False}).json()
    assert not answer["found"]


def test_facets_count_documents(library):
    answer = search(library, "size<1MB", facets=["type", "tag", "year", "collection", "author", "language"]).json()
    facets = {f["key"]: {v["value"]: v["count"] for v in f["values"]} for f in answer["facets"]}
    assert facets["type"] == {"text": 2, "markdown": 1} and facets["tag"]["language"] == 3
    assert sum(facets["year"].values()) == 3 and answer["facets_over"] == "conditions"
    answer = search(library, "voles type:text", facets=["type"]).json()
    assert answer["facets_over"] == "matches" and answer["documents"] == 1
    assert answer["facets"][0]["values"] == [{"value": "text", "title": "text", "count": 1, "selected": True}]
    assert search(library, "voles", facets=["colour"]).status_code == 400


def test_what_was_likely_meant_is_suggested(library):
    suggestion = search(library, "type:text kestrle").json()["suggestion"]
    assert suggestion["query"] == "type:text kestrel"
    assert suggestion["changes"] == [{"from": "kestrle", "to": "kestrel", "start": 10, "end": 17}]
    assert search(library, "kestrel").json()["suggestion"] is None


def test_results_go_on_behind_an_offset(library):
    first = search(library, "ardal", limit=1).json()["results"]
    second = search(library, "ardal", limit=1, offset=1).json()["results"]
    assert len(first) == len(second) == 1 and first[0]["chunk"] != second[0]["chunk"]


def test_what_was_not_found_is_counted_and_history_is_forgotten(library):
    for query in ["zyzzyva qqx", "Zyzzyva QQX"]:
        library.post("/v1/search", {"query": query, "mode": "keyword", "tags": ["none such"]})
    library.post("/v1/search", {"query": "secret qqx", "mode": "keyword", "tags": ["none such"], "remember": False})
    assert library.get("/v1/search/unfound").status_code == 403
    admin = library.cli("keys", "add", "unfound", "--role", "admin").stdout.split()[-1]
    unfound = library.get("/v1/search/unfound", params={"without": "results"}, key=admin).json()["items"]
    assert [(u["times"], u["results"]) for u in unfound if u["query"].lower() == "zyzzyva qqx"] == [(2, 0)]
    assert not [u for u in unfound if "secret" in u["query"]]
    kept = library.get("/v1/search/history").json()["items"]
    assert library.call("DELETE", f"/v1/search/history/{kept[0]['id']}").status_code == 204
    assert kept[0]["id"] not in [s["id"] for s in library.get("/v1/search/history").json()["items"]]
    assert library.call("DELETE", "/v1/search/history").status_code == 204
    assert library.get("/v1/search/history").json()["items"] == []


def test_what_was_opened_was_found(library):
    admin = library.cli("keys", "add", "opened", "--role", "admin").stdout.split()[-1]

    def unopened():
        answer = library.get("/v1/search/unfound", params={"without": "opening", "limit": 500}, key=admin)
        return [u["query"] for u in answer.json()["items"]]

    done = search(library, "ferry four hours").json()
    assert "ferry four hours" in unopened()
    opened = {"document": done["results"][0]["document"]["id"], "chunk": done["results"][0]["chunk"], "rank": 1}
    path = f"/v1/search/{done['search_id']}/opened"
    for _ in range(2):
        assert library.post(path, opened).status_code == 204
    assert "ferry four hours" not in unopened()
    assert library.post("/v1/search/nothing/opened", opened).status_code == 404
    assert library.post(path, {**opened, "document": "nothing"}).status_code == 404
    assert library.post(path, {**opened, "rank": 0}).json()["error"]["field"] == "rank"
    assert library.get("/v1/search/unfound", params={"without": "luck"}, key=admin).json()["error"]["field"] == "without"
    assert search(library, "ferry", remember=False).json()["search_id"] is None
    assert search(library, "ferry", offset=1).json()["search_id"] is None


def test_modes_are_listed_and_checked(library):
    modes = {m["name"]: m for m in library.get("/v1/search/modes").json()["items"]}
    assert list(modes) == ["hybrid", "keyword", "semantic", "private", "deep", "super_deep", "creative", "uncensored"]
    assert modes["hybrid"]["also"] == ["basic"] and modes["keyword"]["also"] == []
    assert modes["semantic"]["needs"] == "an embedding model" and modes["keyword"]["is_ready"] is True
    assert search(library, "ardal", mode="basic").json()["mode"] == "hybrid"
    wrong = search(library, "ardal", mode="best")
    assert wrong.status_code == 400 and "creative or uncensored, not 'best'" in wrong.json()["error"]["message"]


def test_a_private_search_is_not_remembered(library):
    before = len(library.get("/v1/search/history", params={"limit": 500}).json()["items"])
    done = search(library, "ardal", mode="private").json()
    assert done["results"] and done["mode"] == "private" and done["search_id"] is None
    assert len(library.get("/v1/search/history", params={"limit": 500}).json()["items"]) == before


def test_the_steps_of_a_search_are_told(library):
    done = search(library, "ardal type:text", explain=True).json()
    assert [(s["name"], s["query"]) for s in done["steps"]] == [("search", "ardal"), ("results", "ardal")]
    assert done["steps"][-1]["found"] == len(done["results"]) and "steps" not in search(library, "ardal").json()
    events = search(library, "ardal type:text", stream=True).text
    names = [line[7:] for line in events.splitlines() if line.startswith("event: ")]
    assert names == ["step", "step", "done"]
    data = json.loads([line[6:] for line in events.splitlines() if line.startswith("data: ")][-1])
    assert [r["chunk"] for r in data["results"]] == [r["chunk"] for r in done["results"]]


def test_conditions_alone_list_documents_newest_first(library):
    answer = search(library, "size<1MB", limit=2).json()
    assert answer["total"] == 3 and names(search(library, "size<1MB")) == sorted(TEXTS)
    shown = [r["document"]["id"] for r in answer["results"]]
    rest = [r["document"]["id"] for r in search(library, "size<1MB", limit=2, offset=2).json()["results"]]
    assert len(set(shown + rest)) == 3
    created = [library.get(f"/v1/documents/{i}").json()["created_at"] for i in shown + rest]
    assert created == sorted(created, reverse=True)
    assert answer["results"][0]["snippet"] and answer["legs"] == {"keyword": False, "semantic": False}
    assert search(library, "type:markdown").json()["total"] == 1
    assert search(library, "").json()["total"] == 3
    assert search(library, "before:2001").json()["results"] == []
    assert library.post("/v1/search", {"query": " "}).json()["error"]["field"] == "query"


def test_pages_of_results_go_on_to_a_thousand(library):
    paragraphs = [f"Paragraph {n} tells of lighthouse {n * 7919 % 1000} and its keeper. " + f"The lamp number {n} burned. " * 22 for n in range(260)]
    [big] = library.add(("lighthouses.txt", "\n\n".join(paragraphs).encode()), tags="deep")
    pages = [library.post("/v1/search", {"query": "lighthouse keeper", "mode": "keyword", "documents": [big["id"]], "limit": 50, "offset": offset,
                                         "copies": True}).json()["results"] for offset in range(0, 250, 50)]
    chunks = [r["chunk"] for page in pages for r in page]
    assert len(chunks) == 250 and len(set(chunks)) == 250
    scores = [r["score"] for page in pages for r in page]
    assert scores == sorted(scores, reverse=True)
    again = library.post("/v1/search", {"query": "lighthouse keeper", "mode": "keyword", "documents": [big["id"]], "limit": 100, "copies": True}).json()["results"]
    assert [r["chunk"] for r in again] == chunks[:100]
    assert search(library, "ardal", offset=1001).json()["error"]["field"] == "offset"


def test_the_command_line_pages_and_finds_likes(library):
    granite = next(d for d in library.get("/v1/documents", params={"q": "granite"}).json()["items"] if d["name"] == "granite.md")
    done = library.cli("search", "--like", granite["id"] + ":0", "--json", "--mode", "keyword")
    assert granite["id"] not in {r["document"]["id"] for r in json.loads(done.stdout)["results"]}
    assert library.cli("search", "--like", granite["id"] + ":x", check=False).returncode == 2
    assert library.cli("search", check=False).returncode == 2
    assert library.cli("search", "size<1MB", "tag:language", "--offset", "2").stdout.startswith(" 3. ")


def test_freshness_and_feedback_are_asked_for(library):
    for wrong, field in [({"fresh": 2}, "fresh"), ({"fresh_days": -1}, "fresh_days"), ({"feedback": "yes"}, "feedback")]:
        assert search(library, "ardal", **wrong).json()["error"].get("field", "feedback") == field
    plain, fed = search(library, "intrusive").json(), search(library, "intrusive", feedback=True).json()
    assert plain["results"][0]["chunk"] == fed["results"][0]["chunk"]
    assert search(library, "ardal", fresh=1, fresh_days=0.5).json()["results"][0]["score"] > 0.9
