"""Models of the data folder: adding one, changing to it while the old one serves, going on after a kill."""
import json
import random
import sqlite3
import struct
import time

import pytest

from conftest import Server

WORDS = "[PAD] [UNK] [CLS] [SEP] [MASK] the water pump must be inspected every six months ferry granite violin , .".split()
WIDTH, INNER, PLACES = 32, 64, 64


def write_model(folder, seed, width=WIDTH, rows=len(WORDS), scores_pairs=False):
    """A BERT of one layer with random weights."""
    folder.mkdir(parents=True)
    numbers = random.Random(seed)
    tensors, data = {}, bytearray()

    def add(name, *shape, middle=0.0):
        count = 1
        for size in shape:
            count *= size
        start = len(data)
        data.extend(struct.pack(f"<{count}f", *(middle + numbers.gauss(0, 0.3) for _ in range(count))))
        tensors[name] = {"dtype": "F32", "shape": list(shape), "data_offsets": [start, len(data)]}

    def pair(name, *shape, middle=0.0):
        add(name + ".weight", *shape, middle=middle)
        add(name + ".bias", shape[0])

    add("embeddings.word_embeddings.weight", rows, width)
    add("embeddings.position_embeddings.weight", PLACES, width)
    add("embeddings.token_type_embeddings.weight", 2, width)
    pair("embeddings.LayerNorm", width, middle=1.0)
    layer = "encoder.layer.0."
    for part in ("query", "key", "value"):
        pair(layer + "attention.self." + part, width, width)
    pair(layer + "attention.output.dense", width, width)
    pair(layer + "attention.output.LayerNorm", width, middle=1.0)
    pair(layer + "intermediate.dense", INNER, width)
    pair(layer + "output.dense", width, INNER)
    pair(layer + "output.LayerNorm", width, middle=1.0)
    if scores_pairs:
        pair("bert.pooler.dense", width, width)
        pair("classifier", 1, width)
    header = json.dumps(tensors).encode()
    (folder / "model.safetensors").write_bytes(struct.pack("<Q", len(header)) + header + bytes(data))
    (folder / "vocab.txt").write_text("\n".join(WORDS) + "\n")
    (folder / "config.json").write_text(json.dumps({
        "model_type": "bert", "hidden_act": "gelu", "num_hidden_layers": 1, "hidden_size": width,
        "num_attention_heads": 2, "intermediate_size": INNER, "max_position_embeddings": PLACES,
        **({"architectures": ["BertForSequenceClassification"]} if scores_pairs else {})}))
    return folder


TEXTS = [(f"note{i}.txt", f"The {word} must be inspected every {word} months, note {i}.\n".encode())
         for i, word in enumerate(["water", "pump", "ferry", "granite", "violin"] * 6)]


@pytest.fixture
def changing(tmp_path):
    """A server whose library is embedded with `first`, and has `second`."""
    server = Server(tmp_path / "library")
    for seed, name in enumerate(("first", "second")):
        server.cli("models", "add", str(write_model(tmp_path / name, seed)))
    server.start()
    server.new_key()
    server.cli("models", "use", "first")
    wait_change(server)
    server.add(*TEXTS)
    yield server
    server.stop()


def state(server):
    return json.loads(server.cli("models", "ls", "--json").stdout)


def wait_change(server, seconds=60):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        now = state(server)
        if now["change"] is None:
            return now
        time.sleep(0.05)
    raise AssertionError(f"still changing: {now}")


def found(server):
    """Nothing too while a server has not followed what another one chose, which refuses to search by meaning."""
    answer = server.post("/v1/search", {"query": "ferry pump", "mode": "semantic", "limit": 10})
    assert answer.status_code < 500, answer.text
    return [(r["document"]["name"], round(r["scores"]["semantic"], 5)) for r in answer.json().get("results", [])]


def wait_found(server, wanted, seconds=30):
    end = time.monotonic() + seconds
    while found(server) != wanted and time.monotonic() < end:
        time.sleep(0.1)
    return found(server)


def wait_found_any(server, seconds=30):
    end = time.monotonic() + seconds
    while not (results := found(server)) and time.monotonic() < end:
        time.sleep(0.1)
    return results


def test_a_search_says_when_it_has_results_by_meaning_alone(changing):
    assert wait_found_any(changing)
    for query, mode, says in (("zeppelin", "hybrid", True), ("zeppelin pump", "hybrid", False), ("zeppelin", "semantic", False),
                              ("zeppelin -ferry", "hybrid", True)):
        answer = changing.post("/v1/search", {"query": query, "mode": mode, "remember": False}).json()
        assert answer["results"] and ("near to it in meaning" in (answer["notice"] or "")) is says, (query, mode, answer["notice"])


def test_a_change_says_how_far_it_is_and_how_long_it_takes(changing):
    health = changing.get("/health").json()
    assert health["model_change"] is None and health["model"]["name"].startswith("first/")
    changing.cli("models", "use", "second")
    seen = []
    while (change := changing.get("/health").json()["model_change"]) is not None:
        assert change["name"] == "second" and 0 <= change["percent"] <= 99 and change["done"] <= change["total"]
        assert change["seconds_left"] is None or change["seconds_left"] >= 0
        seen.append(change["percent"])
    assert seen == sorted(seen)
    wait_found_any(changing)
    assert "model      second/" in changing.cli("status").stdout


def test_a_search_in_the_middle_of_a_change_gives_the_old_results(changing):
    old = found(changing)
    assert old
    assert json.loads(changing.cli("models", "use", "second", "--json").stdout)["change"]["name"] == "second"
    seen = set()
    while True:
        results = found(changing)
        if state(changing)["change"] is None:
            break
        seen.add(tuple(results))
    assert seen <= {tuple(old)}, "while the change goes on, the old vectors are searched"
    used = {m["name"]: m["used"] for m in state(changing)["models"]}
    assert used["second"] and not used["first"]
    end = time.monotonic() + 30
    while (new := found(changing)) == old and time.monotonic() < end:
        assert new, "there is never nothing"
        time.sleep(0.02)
    assert new and new != old
    # And back: the vectors are made again, the results are the first ones.
    changing.cli("models", "use", "first")
    wait_change(changing)
    assert wait_found(changing, old) == old


def test_a_change_goes_on_after_a_kill(changing):
    old = found(changing)
    changing.cli("models", "use", "second")
    changing.kill()
    changing.start()
    now = wait_change(changing)
    assert [m["name"] for m in now["models"] if m["used"]] == ["second"]
    end = time.monotonic() + 30
    while (new := found(changing)) in (old, []) and time.monotonic() < end:
        time.sleep(0.1)
    assert new and new != old
    changing.add(("late.txt", b"The late pump.\n"))
    results = changing.post("/v1/search", {"query": "late", "mode": "semantic", "limit": 100}).json()["results"]
    assert "late.txt" in [r["document"]["name"] for r in results]


def vectors_found(server, only="note"):
    """Each document with its score by meaning: a score tells whose vectors were searched, and with whose query."""
    answer = server.post("/v1/search", {"query": "ferry pump", "mode": "semantic", "limit": 100, "copies": True}).json()
    scores = {r["document"]["name"]: r["scores"]["semantic"] for r in answer["results"]}
    return {(name, score and round(score, 4)) for name, score in scores.items() if name.startswith(only)}


def wait_vectors(server, is_right, seconds=90, only="note"):
    end = time.monotonic() + seconds
    while not is_right(now := vectors_found(server, only)):
        assert time.monotonic() < end, now
        time.sleep(0.05)
    return now


def change_model(server, name):
    """Seconds it took."""
    began = time.monotonic()
    server.cli("models", "use", name)
    wait_change(server)
    return time.monotonic() - began


def kill_in_changes(folder, database, rounds, chance):
    """Change the model to and fro, and kill the server at any moment of it."""
    server = Server(folder / "library", database)
    for seed, name in enumerate(("first", "second")):
        server.cli("models", "add", str(write_model(folder / name, seed)))
    server.start()
    try:
        server.new_key()
        change_model(server, "first")
        server.add(*TEXTS)
        scores = {"first": wait_vectors(server, lambda found: len(found) == len(TEXTS))}
        took = change_model(server, "second")
        scores["second"] = wait_vectors(server, lambda found: len(found) == len(TEXTS) and found != scores["first"])
        assert not scores["first"] & scores["second"]
        now = "second"
        for number in range(rounds):
            now = "second" if now == "first" else "first"
            server.cli("models", "use", now)
            server.upload((f"late{number}.txt", f"The late pump, number {number}.\n".encode()))
            for _ in range(chance.randint(1, 2)):
                time.sleep(chance.random() * took)
                server.kill()
                server.start()
                assert vectors_found(server) in scores.values(), f"round {number}"
            while state(server)["change"] is not None:
                assert vectors_found(server) in scores.values(), f"round {number}"
            assert [m["name"] for m in state(server)["models"] if m["used"]] == [now]
            wait_vectors(server, lambda found: found == scores[now])
        everything = {f"late{n}.txt" for n in range(rounds)}
        wait_vectors(server, lambda found: {name for name, score in found if score} == everything, only="late")
    finally:
        server.stop()


def test_a_change_that_is_killed_at_any_moment_goes_on_and_mixes_nothing(database_kind, request, tmp_path):
    database = "" if database_kind == "sqlite" else request.getfixturevalue("postgres").new_database()
    kill_in_changes(tmp_path, database, 3, random.Random(5))


def test_another_choice_in_the_middle_of_a_change_is_followed(changing, tmp_path):
    changing.cli("models", "add", str(write_model(tmp_path / "third", 3)))
    changing.add(*((f"more{i}.txt", f"The ferry {WORDS[5 + i % 8]} granite, {i}.\n".encode()) for i in range(300)))
    for name in ("second", "third", "second", "third"):
        changing.cli("models", "use", name)
    assert [m["name"] for m in wait_change(changing)["models"] if m["used"]] == ["third"]


def test_a_model_that_the_settings_name_embeds_everything_again(tmp_path):
    """More documents than were looked at in one minute once; the sweep is called, not waited for."""
    server = Server(tmp_path / "library", arguments=["--model", str(write_model(tmp_path / "one", 1))]).start()
    server.new_key()
    server.upload(*TEXTS, *((f"note, number {i}.txt", f"The pump of ferry {i}.\n".encode()) for i in range(150)))
    old = wait_vectors(server, lambda found: len(found) == 100 and all(score for _, score in found))
    server.stop()
    server.arguments = ["--model", str(write_model(tmp_path / "other", 2, width=64))]
    with sqlite3.connect(server.data / "lectern.db") as database:
        database.execute("UPDATE schedules SET next_at = 9000000000000 WHERE type = 'sweep'")
    server.start()
    vectors_found(server)  # loads it
    server.stop()
    with sqlite3.connect(server.data / "lectern.db") as database:
        database.execute("UPDATE schedules SET next_at = 0 WHERE type = 'sweep'")
    server.start()
    vectors_found(server)
    wait_vectors(server, lambda found: len(found) == 100 and not found & old, seconds=20)
    end = time.monotonic() + 20
    while (count := json.loads(server.cli("status", "--json").stdout)["health"]["index"]["vectors"]) < len(TEXTS) + 150:
        assert time.monotonic() < end, f"only {count}"
    server.stop()


def test_a_cross_encoder_orders_the_best_anew(changing, tmp_path):
    before = found(changing)
    changing.stop()
    changing.arguments = ["--rerank-model", str(write_model(tmp_path / "scores", 7, scores_pairs=True))]
    changing.start()
    after = wait_found_any(changing)
    assert sorted(n for n, _ in after) != [] and after != before
    words = changing.post("/v1/search", {"query": "ferry", "mode": "keyword"}).json()["results"]
    assert words and "ferry" in words[0]["snippet"], "the words alone are not reordered"


def test_models_are_listed_and_removed_by_name(changing):
    assert state(changing)["reason"] is None
    listed = changing.cli("models", "ls").stdout
    assert "* first" in listed and "second" in listed and "32 values" in listed
    refused = changing.cli("models", "rm", "first", check=False)
    assert refused.returncode and "in use" in refused.stderr
    changing.cli("models", "rm", "second")
    assert [m["name"] for m in state(changing)["models"]] == ["first"]
    assert "no model" in changing.cli("models", "use", "second", check=False).stderr
    assert changing.post("/v1/models/local/first/use").status_code == 403, "it is the owner's to say"


def test_a_model_is_added_under_names_that_can_be_chosen(tmp_path):
    server, folder = Server(tmp_path / "library"), write_model(tmp_path / "good", 1)
    refused = server.cli("models", "add", str(folder), "--name", "n" * 65, check=False)
    assert refused.returncode == 2 and "at most 64" in refused.stderr
    assert server.cli("models", "add", str(folder), "--name", "n" * 64).stdout.startswith("n" * 64 + "/")
    assert [m["name"] for m in state(server)["models"]] == ["n" * 64]


def test_embeddings_of_queries_and_passages_have_the_models_prompts(tmp_path):
    folder = write_model(tmp_path / "asking", 5)
    (folder / "config_sentence_transformers.json").write_text(
        json.dumps({"prompts": {"query": "water pump ", "document": "ferry "}}))
    server = Server(tmp_path / "library")
    server.cli("models", "add", str(folder))
    server.start()
    server.new_key()
    try:
        server.cli("models", "use", "asking")
        wait_change(server)

        def vector(text, **options):
            answer = server.post("/v1/embeddings", {"input": text, "model": "lectern", **options})
            assert answer.status_code == 200, answer.text
            return answer.json()["data"][0]["embedding"]

        assert vector("granite", input_type="query") == vector("water pump granite")
        assert vector("granite", input_type="passage") == vector("ferry granite")
        assert vector("granite") not in (vector("granite", input_type="query"), vector("ferry granite"))
        assert len(vector("granite", dimensions=8)) == 8
        wrong = server.post("/v1/embeddings", {"input": "granite", "model": "lectern", "input_type": "poem"})
        assert wrong.status_code == 400 and "input_type" in wrong.text
        long = server.post("/v1/embeddings", {"input": "granite", "model": "lectern", "dimensions": 33})
        assert long.status_code == 400 and "32" in long.text
    finally:
        server.stop()


def divide_weights(folder, parts):
    """As Hugging Face divides large models: several files, and an index that says which tensor is where."""
    whole = (folder / "model.safetensors").read_bytes()
    size = struct.unpack("<Q", whole[:8])[0]
    tensors, data, where = json.loads(whole[8:8 + size]), whole[8 + size:], {}
    for part in range(parts):
        name, header, own = f"model-{part + 1:05}-of-{parts:05}.safetensors", {}, b""
        for tensor in list(tensors)[part::parts]:
            begin, end = tensors[tensor]["data_offsets"]
            header[tensor] = {**tensors[tensor], "data_offsets": [len(own), len(own) + end - begin]}
            own += data[begin:end]
            where[tensor] = name
        text = json.dumps(header).encode()
        (folder / name).write_bytes(struct.pack("<Q", len(text)) + text + own)
    index = {"metadata": {"total_size": len(data)}, "weight_map": where}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    (folder / "model.safetensors").unlink()
    return folder


def test_weights_in_several_files_are_one_model(tmp_path):
    server = Server(tmp_path / "library")
    server.cli("models", "add", str(write_model(tmp_path / "whole", 5)))
    divided = divide_weights(write_model(tmp_path / "divided", 5), 3)
    server.cli("models", "add", str(divided))
    server.start()
    try:
        server.new_key()
        vectors = []
        for name in ("whole", "divided"):
            server.cli("models", "use", name)
            wait_change(server)
            answer = server.post("/v1/embeddings", {"input": "the water pump", "model": "lectern"})
            assert answer.status_code == 200, answer.text
            vectors.append(answer.json()["data"][0]["embedding"])
        assert vectors[0] == vectors[1]
        sizes = [m["bytes"] for m in state(server)["models"]]
        assert sizes[1] and abs(sizes[0] - sizes[1]) < 4096, "the parts count together"
    finally:
        server.stop()
    (divided / "model-00002-of-00003.safetensors").unlink()
    refused = server.cli("models", "add", str(divided), "--name", "lacking", check=False)
    assert refused.returncode and "model-00002-of-00003.safetensors" in refused.stderr


def byte_letters():
    """How vocabularies of byte-level BPE write the bytes."""
    others = (chr(n) for n in range(256, 512))
    return [chr(b) if 32 < b < 127 or 160 < b != 173 else next(others) for b in range(256)]


def test_a_model_with_byte_level_bpe_is_added_with_its_two_files(tmp_path):
    merges = ["t h", "th e", "\u0120 the", "p u", "pu m", "pum p", "\u0120 pump"]
    pieces = ["<s>", "<pad>", "</s>", "<unk>", "<mask>", *byte_letters(), *(m.replace(" ", "") for m in merges)]
    folder = write_model(tmp_path / "bytes", 5, rows=len(pieces))
    (folder / "vocab.txt").unlink()
    (folder / "vocab.json").write_text(json.dumps({piece: i for i, piece in enumerate(pieces)}))
    (folder / "merges.txt").write_text("\n".join(["#version: 0.2", *merges]) + "\n", encoding="utf-8")
    server = Server(tmp_path / "library")
    server.cli("models", "add", str(folder))
    server.start()
    try:
        server.new_key()
        server.cli("models", "use", "bytes")
        wait_change(server)

        def vector(text):
            answer = server.post("/v1/embeddings", {"input": text, "model": "lectern"})
            assert answer.status_code == 200, answer.text
            return answer.json()["data"][0]["embedding"], answer.json()["usage"]["prompt_tokens"]

        assert vector("the pump") == vector([pieces.index("the"), pieces.index("\u0120pump")])
        assert vector("the pump")[1] == 4 and vector("\u6c34")[1] == 5, "three bytes, and the two around them"
    finally:
        server.stop()


def test_a_folder_that_is_no_model_is_refused(tmp_path):
    server = Server(tmp_path / "library")
    broken = write_model(tmp_path / "broken", 3, rows=5)
    refused = server.cli("models", "add", str(broken), check=False)
    assert refused.returncode and "the model only 5" in refused.stderr
    refused = server.cli("models", "add", str(tmp_path), check=False)
    assert refused.returncode


@pytest.mark.parametrize("lost, more, says", [
    ("model.safetensors", None, "has no model.safetensors"),
    ("model.safetensors", "model.safetensors.index.json", "no weight_map"),
    ("vocab.txt", "merges.txt", "no tokenizer (tokenizer.json"),
    ("vocab.txt", "sentencepiece.bpe.model", "reading"),
    ("config.json", None, "without one")])
def test_what_a_folder_lacks_is_named(tmp_path, lost, more, says):
    folder = write_model(tmp_path / "lacking", 3)
    (folder / lost).unlink()
    if more:
        (folder / more).write_text("{}")
    refused = Server(tmp_path / "library").cli("models", "add", str(folder), check=False)
    assert refused.returncode and says in refused.stderr


def test_without_a_model_the_list_says_what_searching_does(tmp_path):
    server = Server(tmp_path / "library", arguments=["--model", str(tmp_path / "nowhere")]).start()
    try:
        assert "words only" in server.cli("models", "ls").stdout and "models add" in state(server)["reason"]
    finally:
        server.stop()
