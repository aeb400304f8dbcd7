"""The retrieval lab: judged sets, runs, and the command that measures, over both databases."""
import json
import math
import time

import pytest

from conftest import Server
from test_models import write_model

FACTS = {
    "heron.txt": "The heron stands still in shallow water. It strikes at fish and frogs.\n",
    "basalt.txt": "Basalt is a volcanic rock. Columns of basalt form where lava cools slowly.\n",
    "tram.txt": "The tram to the harbour runs every ten minutes. A ticket costs three crowns.\n",
}
TSV = ("query\tdocument\tgrade\n"
       "heron\theron.txt\t2\n"
       "columns of lava\tbasalt\t1\n"
       "# nobody reads this\n"
       "\n"
       "harbour ticket\ttram.txt\n"
       "harbour ticket\tbasalt.txt\t0\n"
       "harbour ticket\tgone.txt\t1\n")


@pytest.fixture(scope="module")
def library(server):
    server.add(*[(name, text.encode()) for name, text in FACTS.items()], tags="lab")
    return server


def run(server, judged, **order):
    started = server.post("/v1/lab/runs", {"set": judged, **order})
    assert started.status_code == 201, started.text
    end = time.monotonic() + 60
    while time.monotonic() < end:
        found = server.get(f"/v1/lab/runs/{started.json()['id']}").json()
        if found["result"] or found["state"] in ("dead", "cancelled"):
            return found
        time.sleep(0.05)
    raise AssertionError(found)


def test_a_set_from_lines_is_run_against_the_library_and_other_settings(library):
    made = library.post("/v1/lab/sets", {"name": "Facts", "tsv": TSV})
    assert made.status_code == 201, made.text
    judged = made.json()
    assert (judged["queries"], judged["judgements"], judged["unknown"]) == (3, 4, ["gone.txt"])
    assert library.post("/v1/lab/sets", {"name": "facts", "tsv": TSV}).status_code == 409
    again = library.post("/v1/lab/sets", {"name": "facts", "tsv": TSV, "replace": True})
    assert again.status_code == 201 and again.json()["id"] == judged["id"]

    found = run(library, judged["id"], against="mode=keyword")
    result = found["result"]
    assert found["set_name"] == "Facts" and result["queries"] == 3
    assert [leg["name"] for leg in result["legs"]][-1] == "hybrid"
    best = result["legs"][-1]
    assert best["ndcg10"] == best["recall100"] == best["mrr"] == 1 and best["p95_ms"] >= best["p50_ms"] > 0
    against = result["against"]
    assert against["settings"] == "mode=keyword" and against["better"] + against["worse"] + against["same"] == 3
    assert against["difference"] == pytest.approx(against["ndcg10"] - best["ndcg10"]) and 0 < against["p"] <= 1
    assert len(result["per_query"]) == 3 and all(one["first"] == 1 for one in result["per_query"])

    assert library.get("/v1/lab/runs", params={"set": judged["id"]}).json()["items"][0]["id"] == found["id"]
    assert library.post(f"/v1/lab/runs/{found['id']}/cancel").status_code == 409
    assert library.call("DELETE", f"/v1/lab/sets/{judged['id']}").status_code == 204
    assert library.get(f"/v1/lab/runs/{found['id']}").status_code == 404


@pytest.mark.parametrize("lines", [
    'query,document,grade\n"lava, ""slow"" columns",basalt.txt,2\n',
    '\ufeffquery;document;grade\r\n"lava, ""slow"" columns";basalt;2\r\n',
    '\ufefflava, "slow" columns\tbasalt.txt\t2\n'])
def test_a_set_may_come_from_a_spreadsheet(library, lines):
    made = library.post("/v1/lab/sets", {"name": "Sheet", "tsv": lines, "replace": True})
    assert made.status_code == 201, made.text
    (query,) = library.get(f"/v1/lab/sets/{made.json()['id']}").json()["items"]
    assert query["query"] == 'lava, "slow" columns'


def test_a_cross_encoder_is_a_leg_of_its_own(tmp_path):
    server = Server(tmp_path / "library", arguments=["--rerank-model", str(write_model(tmp_path / "scores", 7, scores_pairs=True))]).start()
    try:
        server.new_key()
        server.add(*[(name, text.encode()) for name, text in FACTS.items()])
        judged = server.post("/v1/lab/sets", {"name": "Facts", "tsv": TSV}).json()["id"]
        names = lambda **order: [leg["name"] for leg in run(server, judged, **order)["result"]["legs"]]
        assert names() == ["keyword", "semantic", "hybrid", "reranked"]
        assert names(settings="rerank=no") == ["keyword", "semantic", "hybrid"]
        assert names(settings="mode=semantic") == ["semantic", "reranked"]
        assert names(settings="mode=keyword") == ["keyword"]
        assert run(server, judged, against="rerank=no")["result"]["against"]["settings"] == "rerank=no"
        assert server.post("/v1/lab/runs", {"set": judged, "settings": "rerank=perhaps"}).status_code == 400
    finally:
        server.stop()


def test_judgements_of_results_make_a_set_and_are_taken_back(library):
    query = "volcanic rock"
    first = library.post("/v1/search", {"query": query, "tags": ["lab"]}).json()["results"][0]
    right = {"set": "Judged results", "query": query, "document": first["document"]["id"]}
    passage = {"start": first["start"], "end": first["end"]}
    judged = library.post("/v1/lab/judgements", {**right, **passage, "grade": 1}).json()
    wrong = library.post("/v1/lab/judgements", {**right, "grade": 0}).json()
    assert wrong["id"] == judged["id"]
    items = library.get(f"/v1/lab/sets/{judged['id']}", params={"query": query}).json()["items"]
    assert sorted((one["end"], one["grade"]) for one in items if one["end"]) == [(first["end"], 1)]
    result = run(library, judged["id"])["result"]
    assert result["per_query"][0]["first"] == 1
    assert library.post("/v1/lab/judgements", {**right, **passage, "grade": None}).json()["judgements"] == len(items) - 1
    dead = run(library, judged["id"])
    assert dead["state"] == "dead" and "right" in dead["error"]


@pytest.mark.parametrize("path, body, field", [
    ("/v1/lab/sets", {"name": "x", "tsv": "no tabs here"}, "tsv"),
    ("/v1/lab/sets", {"name": "x", "tsv": "q\theron.txt\t1\nq\theron.txt\tmany"}, "tsv"),
    ("/v1/lab/sets", {"name": "x", "tsv": "q\tnowhere.txt\t1"}, "tsv"),
    ("/v1/lab/sets", {"name": " ", "tsv": "q\theron.txt"}, "name"),
    ("/v1/lab/judgements", {"set": "x", "query": "q", "document": "d", "start": 5, "end": 5, "grade": 1}, "end"),
    ("/v1/lab/runs", {"set": "x", "settings": "speed=11"}, "settings"),
    ("/v1/lab/runs", {"set": "x", "against": "vector_weight=2"}, "vector_weight"),
])
def test_what_is_wrong_is_named(library, path, body, field):
    answer = library.post(path, body)
    assert answer.status_code == 400 and answer.json()["error"]["field"] == field, answer.text


def test_a_judgement_needs_a_document_that_is_here(library):
    answer = library.post("/v1/lab/judgements", {"set": "x", "query": "q", "document": "nowhere", "grade": 1})
    assert answer.status_code == 404
    assert library.post("/v1/lab/runs", {"set": "nowhere"}).status_code == 404


def test_the_command_measures_a_file_of_judgements(library, tmp_path):
    file = tmp_path / "facts.tsv"
    file.write_text(TSV)
    shown = library.cli("eval", str(file), "--against", "mode=keyword")
    assert "3 queries, 4 judgements" in shown.stdout and "mode=keyword:" in shown.stdout
    swept = library.cli("eval", "facts.tsv", "--set", "support=0 vector_weight=0.2,0.5").stdout
    rows = swept.split("\nvector_weight\n")[1].split("\n\n")[0].splitlines()
    assert [row.split()[0] for row in rows] == ["0.2", "0.5"] and rows[1].split()[1] == "1.0000"
    for wrong in ("support=2", "support=0,2", "vector_weight=0.2,0.5 support=0,0.3"):
        assert library.cli("eval", "facts.tsv", "--set", wrong, check=False).returncode == 2
    asked = json.loads(library.cli("eval", "facts.tsv", "--mode", "keyword", "--json").stdout)
    assert [leg["name"] for leg in asked["result"]["legs"]] == ["keyword"]
    assert library.cli("eval", "no such set", check=False).returncode == 4


def test_a_folder_as_beir_has_them_is_a_library_of_its_own(tmp_path, fresh_server):
    folder = tmp_path / "set"
    (folder / "qrels").mkdir(parents=True)
    corpus = [{"_id": name, "title": "", "text": text} for name, text in FACTS.items()]
    (folder / "corpus.jsonl").write_text("".join(json.dumps(one) + "\n" for one in corpus))
    (folder / "queries.jsonl").write_text('{"_id": "1", "text": "what does a heron eat"}\n'
                                          '{"_id": "2", "text": "basalt"}\n')
    (folder / "qrels" / "test.tsv").write_text("query-id\tcorpus-id\tscore\n1\theron.txt\t1\n2\ttram.txt\t1\n2\tbasalt.txt\t2\n")
    asked = json.loads(fresh_server.cli("eval", str(folder), "--mode", "keyword", "--against", "chunk_size=500", "--json").stdout)
    result = asked["result"]
    found = {one["query"]: one for one in result["per_query"]}
    assert found["what does a heron eat"]["ndcg10"] == 1
    # Basalt first, the tram not at all: 2 / (2 + 1 / log2(3)).
    assert found["basalt"]["ndcg10"] == pytest.approx(2 / (2 + 1 / math.log2(3)))
    assert result["against"]["settings"] == "chunk_size=500"
    assert not fresh_server.get("/v1/lab/sets").json()["items"]
