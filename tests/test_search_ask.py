"""Search and answers over both databases."""
import json
import re
import time

import pytest

from conftest import Server

FACTS = {
    "kestrel.txt": "The kestrel hovers above the verge. It feeds mainly on voles and can see ultraviolet light.\n",
    "granite.md": "# Granite\n\nGranite is an intrusive rock. The quarry at Ardal opened in 1874 and employs 212 people.\n",
    "ferry.txt": "The ferry from Bergen to Ardal takes four hours. The fare is 480 kroner for an adult.\n",
    "violin.txt": "A violin has four strings. The sound post stands under the bridge inside the body.\n",
}


@pytest.fixture(scope="module")
def library(server):
    server.add(*[(name, text.encode()) for name, text in FACTS.items()], tags="facts")
    return server


def search(server, query, **options):
    answer = server.post("/v1/search", {"query": query, "tags": ["facts"], **options})
    assert answer.status_code == 200, answer.text
    return answer.json()


def names(answer):
    return [r["document"]["name"] for r in answer["results"]]


def test_a_word_finds_its_document_with_place_and_scores(library):
    first = search(library, "voles")["results"][0]
    assert first["document"]["name"] == "kestrel.txt"
    assert "voles" in first["snippet"] and first["scores"]["keyword"] > 0
    start, end = first["highlights"][0]
    assert first["snippet"][start:end].lower() == "voles"
    assert first["place"]


def test_a_page_further_on_is_the_same_by_get_and_by_post(library):
    asked = {"q": "the violin quarry ferry", "mode": "keyword"}
    every = library.get("/v1/search", params={**asked, "limit": 3}).json()["results"]
    behind = library.get("/v1/search", params={**asked, "limit": 2, "offset": 1}).json()["results"]
    posted = library.post("/v1/search", {"query": asked["q"], "mode": "keyword", "limit": 2, "offset": 1}).json()["results"]
    assert len(every) == 3
    assert [hit["chunk"] for hit in behind] == [hit["chunk"] for hit in posted] == [hit["chunk"] for hit in every[1:]]
    assert library.get("/v1/search", params={**asked, "offset": -1}).status_code == 400


def test_a_snippet_shows_the_text_and_the_facts_only_for_their_own_words(server):
    page = "<html><head><title>Almanac of herons</title><meta name='author' content='Ada Quill'></head><body><p>The marsh floods in April.</p></body></html>"
    server.add(("almanac.html", page.encode()), tags="almanac")
    shown = lambda query: search(server, query, tags=["almanac"])["results"][0]["snippet"]
    assert shown("marsh floods").strip().startswith("The marsh")
    assert "Ada Quill" in shown("quill")


def test_a_score_is_the_sum_of_what_it_is_made_of(library):
    plain = search(library, "where do voles live")["results"]
    assert all("explanation" not in one for one in plain)
    for one in search(library, "where do voles live", explain=True)["results"]:
        shares = one["explanation"]["shares"]
        assert shares and sum(share["value"] for share in shares) == pytest.approx(one["score"], abs=1e-5)
        assert {share["name"] for share in shares} <= {"keyword", "semantic", "neighbours", "covered", "exact", "named", "rerank", "fresh"}


def test_a_file_is_found_by_its_name_whatever_its_title_and_under_its_new_name(library):
    page = b"<html><head><title>Annual report</title></head><body><p>The drivers drove 480 km.</p></body></html>"
    library.add(("otter_2021_q3.html", page), ("notes.txt", b"The otter of 2021 swam in q3, said the report.\n"), tags="facts")
    [report] = [one for one in search(library, "otter q3", explain=True)["results"][:1]]
    assert report["document"]["name"] == "otter_2021_q3.html"
    assert "named" in {share["name"] for share in report["explanation"]["shares"]}
    assert names(search(library, "otter_2021_q3.html"))[0] == "otter_2021_q3.html"
    assert library.call("PATCH", f"/v1/documents/{report['document']['id']}", json={"name": "badger.html"}).status_code == 200
    end = time.monotonic() + 20
    while names(search(library, "badger"))[:1] != ["badger.html"]:
        assert time.monotonic() < end
        time.sleep(0.05)


def test_who_types_a_file_name_sees_where_the_file_begins(library):
    pages = "".join(f"# Part {i}\n\n{'The puffin digs its burrow with beak and feet. ' * (8 if i == 1 else 1)}\n\n" for i in range(1, 40))
    library.add(("atlantic_survey_1987.md", pages.encode()), tags="survey")
    for typed in ("atlantic survey 1987", "atlantic_survey_1987.md"):
        first = search(library, typed, tags=["survey"])["results"][0]
        assert first["document"]["name"] == "atlantic_survey_1987.md" and first["start"] == 0


def test_results_are_grouped_by_document_and_copies_are_folded(library):
    text = "The dipper walks under water. It nests behind waterfalls in fast streams."
    library.add(("dipper.txt", (text + "\n").encode()), ("dipper copy.txt", (text + " \n").encode()), tags="facts")
    [first] = [one for one in search(library, "dipper waterfalls")["results"] if "dipper" in one["document"]["name"]]
    assert len(first["copies"]) == 1 and "dipper" in first["copies"][0]["document"]["name"]
    assert names(search(library, "dipper waterfalls", copies=True)).count("dipper.txt") == 1
    grouped = names(search(library, "the", group="document"))
    assert grouped and len(grouped) == len(set(grouped))
    for wrong in ({"group": "page"}, {"fresh": 2}):
        answer = library.post("/v1/search", {"query": "dipper", **wrong})
        assert answer.status_code == 400 and answer.json()["error"]["field"] in wrong


def test_words_in_quotes_must_appear_and_minus_words_must_not(library):
    assert names(search(library, '"sound post"')) == ["violin.txt"]
    assert names(search(library, '"post sound"')) == []
    assert "ferry.txt" not in names(search(library, "Ardal -ferry"))
    assert "granite.md" in names(search(library, "Ardal -ferry"))


def test_filters_narrow_the_result(library):
    assert names(search(library, "Ardal", formats=["markdown"])) == ["granite.md"]
    assert names(search(library, "Ardal", name="ferry")) == ["ferry.txt"]
    assert names(search(library, "Ardal", before="2001-01-01")) == []


def test_an_answer_cites_the_exact_characters(library):
    answer = library.post("/v1/ask", {"question": "How many people does the quarry at Ardal employ?"}).json()
    assert answer["found"] and "212" in answer["answer"] and "[1]" in answer["answer"]
    citation = answer["citations"][0]
    assert citation["document"]["name"] == "granite.md" and "212" in citation["quote"]
    text = library.get(f"/v1/documents/{citation['document']['id']}/text").content
    assert text[citation["start"]:citation["end"]].decode() == citation["quote"]
    assert all(s["supported"] and s["citations"] for s in answer["sentences"])


def test_what_the_library_does_not_say_is_not_answered(library):
    answer = library.post("/v1/ask", {"question": "What is the boiling point of tungsten hexafluoride?"}).json()
    assert not answer["found"] and answer["refused"] and "does not say" in answer["answer"]


def test_a_streamed_answer_ends_with_the_whole(library):
    events = []
    with library.call("POST", "/v1/ask", json={"question": "What is the fare of the ferry from Bergen?", "stream": True},
                      stream=True) as answer:
        assert answer.headers["Content-Type"].startswith("text/event-stream")
        name = None
        for line in answer.iter_lines(decode_unicode=True):
            if line.startswith("event:"):
                name = line[6:].strip()
            elif line.startswith("data:"):
                events.append((name, json.loads(line[5:])))
    kinds = [name for name, _ in events]
    assert kinds[-1] == "done" and "delta" in kinds and "sentence" in kinds
    text = "".join(data["text"] for name, data in events if name == "delta")
    assert "480" in text and events[-1][1]["answer"].strip() == text.strip()


def test_a_conversation_is_kept_with_feedback(library):
    first = library.post("/v1/ask", {"question": "Where is the sound post of a violin?"}).json()
    conversation = first["conversation"]
    library.post("/v1/ask", {"question": "How many strings does it have?", "conversation": conversation})
    kept = library.get(f"/v1/conversations/{conversation}").json()
    assert [m["role"] for m in kept["messages"]] == ["user", "assistant"] * 2
    assert "four" in kept["messages"][3]["text"].lower()
    assert library.post(f"/v1/messages/{first['id']}/feedback", {"rating": -1, "reason": "too short"}).status_code == 204
    kept = library.get(f"/v1/conversations/{conversation}").json()
    assert kept["messages"][1]["feedback"]["rating"] == -1


def test_the_passage_is_marked_in_the_html_view(library):
    citation = library.post("/v1/ask", {"question": "What does the kestrel feed on?"}).json()["citations"][0]
    view = library.get(f"/v1/documents/{citation['document']['id']}/view",
                       params={"start": citation["start"], "end": citation["end"]})
    assert view.status_code == 200 and "<mark" in view.text and "voles" in view.text


def test_the_official_openai_client_works(library):
    from openai import OpenAI
    client = OpenAI(base_url=f"{library.url}/v1", api_key=library.key)
    assert "lectern" in [m.id for m in client.models.list()]
    answer = client.chat.completions.create(model="lectern", messages=[
        {"role": "user", "content": "How long does the ferry from Bergen to Ardal take?"}])
    assert "four hours" in answer.choices[0].message.content
    text = ""
    for chunk in client.chat.completions.create(model="lectern", stream=True, messages=[
            {"role": "user", "content": "How long does the ferry from Bergen to Ardal take?"}]):
        text += chunk.choices[0].delta.content or "" if chunk.choices else ""
    assert "four hours" in text


def test_embeddings_in_openai_shape(library):
    from openai import OpenAI
    if not library.get("/health").json()["model"]:
        pytest.skip("needs the embedding model")
    client = OpenAI(base_url=f"{library.url}/v1", api_key=library.key)
    model = client.embeddings.create(model="text-embedding-3-small", input=["a cat", "a kitten", "tax law"])
    a, b, c = (v.embedding for v in model.data)

    def dot(x, y):
        return sum(i * j for i, j in zip(x, y))
    assert abs(dot(a, a) - 1) < 1e-3 and dot(a, b) > dot(a, c) + 0.2


def test_a_passage_with_several_vectors_is_found_once_by_its_best_part(tmp_path, database_kind, request):
    """What one sentence of a long passage says is found by its meaning; erasing takes every vector."""
    database = request.getfixturevalue("postgres").new_database() if database_kind == "postgresql" else ""
    filling = ["The committee met in the town hall and agreed to the minutes of the meeting before. ",
               "Nobody had anything to add about the roof, which is to be painted next year. ",
               "The treasurer read out the accounts and was thanked for her work by all. "]
    text = "".join(filling * 2) + "A lynx was seen hunting deer near the mill. " + "".join(filling)
    server = Server(tmp_path / "library", database, arguments=("--vectors-per-chunk", "4")).start()
    try:
        server.new_key()
        (document,) = server.add(("minutes.txt", text.encode()))
        index = server.get("/health").json()["index"]
        assert index["chunks"] == 1 and index["vectors"] == 4, index
        found = server.post("/v1/search", {"query": "wild cat catching its prey", "mode": "semantic"}).json()
        assert [r["document"]["name"] for r in found["results"]] == ["minutes.txt"]
        assert server.get("/health").json()["index"]["vectors"] == 4
        assert server.call("DELETE", f"/v1/documents/{document['id']}?erase=true").status_code < 300
        assert server.get("/health").json()["index"]["vectors"] == 0
    finally:
        server.stop()


def test_copies_are_folded_documents_grouped_and_the_young_favoured(library):
    text = ("The lighthouse at Skagen was built of brick and has shown its light since the year 1858. "
            "Its keeper lives in the house below and climbs the stairs twice a day. ")
    library.add(("skagen.txt", text.encode()), ("skagen copy.txt", (text + "\n").encode()),
                ("skagen 2.txt", text.replace("1858", "1859").encode()), tags="copies")
    ask = {"query": "lighthouse keeper stairs", "tags": ["copies"]}
    folded = library.post("/v1/search", ask).json()["results"]
    assert len(folded) == 2, "another year is no copy"
    copied = [r for r in folded if len(r["copies"]) == 1]
    assert len(copied) == 1
    names_of_both = {copied[0]["document"]["name"], copied[0]["copies"][0]["document"]["name"]}
    assert names_of_both == {"skagen.txt", "skagen copy.txt"}
    assert len(library.post("/v1/search", {**ask, "copies": True}).json()["results"]) == 3
    long = "".join(f"Chapter {n}. The walrus sleeps on the ice of fjord number {n}. " * 12 + "\n\n" for n in range(6))
    library.add(("walrus.txt", long.encode()), tags="walrus")
    grouped = library.post("/v1/search", {"query": "walrus", "tags": ["walrus"], "group": "document"}).json()["results"]
    assert len(grouped) == 1 and grouped[0]["passages"]
    assert grouped[0]["passages"][0]["score"] <= grouped[0]["score"]
    fresh = library.post("/v1/search", {**ask, "fresh": 0.5, "explain": True}).json()["results"][0]
    shares = fresh["explanation"]["shares"]
    assert abs(sum(s["value"] for s in shares) - fresh["score"]) < 1e-4
    assert any(s["name"] == "fresh" and s["value"] > 0.4 for s in shares)
    for wrong in ({"fresh": 2}, {"group": "word"}):
        assert library.post("/v1/search", {**ask, **wrong}).status_code in (400, 422)


def test_neighbouring_passages_show_different_text(library):
    ibis = "By rock {n} the ibis and the other ibis nest beside the ibis colony. "
    river = "Sentence {n} says that the river with number {n} is long and slow. "
    text = "".join((ibis if n in (3, 12, 13, 14, 15, 25) else river).format(n=n) for n in range(1, 31))
    library.add(("ibis.txt", text.encode()), tags="ibis")
    found = library.post("/v1/search", {"query": "ibis nest", "tags": ["ibis"]}).json()["results"]
    assert len(found) >= 2 and found[0]["start"] < found[1]["end"] and found[1]["start"] < found[0]["end"]
    assert all("ibis" in one["snippet"] for one in found[:2])
    rocks = [set(re.findall(r"rock (\d+)", one["snippet"])) for one in found[:2]]
    assert not rocks[0] & rocks[1]
    for one in found[:2]:
        assert all(one["snippet"][a:b] in ("ibis", "nest") for a, b in one["highlights"])


@pytest.mark.parametrize("query", ['"', "...", "- ?", "*"])
def test_signs_alone_find_nothing(library, query):
    assert not search(library, query)["results"]


def test_a_number_that_is_nowhere_is_told(library):
    answer = search(library, "granite XK-99213")
    assert answer["missing"] == "XK-99213" and names(answer)[0] == "granite.md"
    assert search(library, "granite")["missing"] is None


def test_only_exclusions_list_the_documents_without_them(library):
    left = search(library, "-granite type:text", facets=["type"])
    assert "granite.md" not in names(left) and {"kestrel.txt", "violin.txt"} <= set(names(left))
    assert left["total"] == left["documents"] == len(left["results"])


def test_facets_of_conditions_count_what_is_listed(library):
    library.add(("bare.html", b"<html><body></body></html>"), ("full.html", b"<p>Something is in it.</p>"), tags="bare")
    listed = library.post("/v1/search", {"query": "type:html", "tags": ["bare"], "facets": ["type", "year"]}).json()
    assert listed["total"] == 1 and names(listed) == ["full.html"]
    assert [[value["count"] for value in facet["values"]] for facet in listed["facets"]] == [[1], [1]]


def test_a_long_document_leaves_room_for_others_when_results_are_documents(library):
    lines = "".join(f"The gannet dives. Sentence {n} says that gannets are what the gannet log of day {n} is about. " * 12 + "\n\n" for n in range(210))
    few = [(f"gannet {n}.txt", f"Of many birds of rock {n}, long lists of which lie in the archive, one is a gannet.".encode()) for n in range(4)]
    library.add(("gannets.txt", lines.encode()), *few, tags="gannet")
    grouped = search(library, "gannet", tags=["gannet"], mode="keyword", group="document", limit=10)
    assert sorted(names(grouped)) == sorted(["gannets.txt", *(name for name, _ in few)])


def test_counts_of_values_are_the_same_on_every_page(library):
    library.add(*((f"moor {n}.txt", f"Moor {n} lies under grass.".encode()) for n in range(230)), tags="moor")
    pages = ({"limit": 10}, {"limit": 60}, {"limit": 10, "offset": 70})
    counts = [search(library, "heather bog", tags=["moor"], facets=["type"], **page) for page in pages]
    assert len({(one["documents"], one["facets"][0]["values"][0]["count"]) for one in counts}) == 1


def test_more_like_a_document_leaves_it_and_its_copies_out(library):
    owl = "The barn owl hunts voles by hearing alone, over meadows at night, and nests in old barns. "
    made = library.add(("owl.txt", owl.encode()), ("owl copy.txt", (owl + "\n").encode()),
                       ("tawny.txt", b"The tawny owl hunts voles and mice at night; it nests in hollow trees.\n"),
                       ("tax.txt", b"The tax office closes at four. Forms are sent by post.\n"), tags="like")
    answer = library.post("/v1/search", {"like": made[0]["id"], "tags": ["like"]})
    assert answer.status_code == 200, answer.text
    found = [r["document"]["name"] for r in answer.json()["results"]]
    assert found[0] == "tawny.txt" and "owl.txt" not in found and "owl copy.txt" not in found
    passage = library.post("/v1/search", {"like": made[0]["id"], "ordinal": 0, "tags": ["like"]}).json()
    assert passage["results"][0]["document"]["name"] == "tawny.txt"
    gone = {"like": made[0]["id"], "ordinal": 7}
    assert library.post("/v1/search", gone).status_code == 404
    assert library.post("/v1/search", {"like": "0198c0de-0000-7000-8000-000000000000"}).status_code == 404
    assert library.post("/v1/search", {}).status_code in (400, 422)
