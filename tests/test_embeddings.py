"""`/v1/embeddings` as OpenAI's official client uses it: texts and tokens, floats and base64, shorter vectors, limits."""
import base64
import struct

import pytest

from conftest import ROOT, Server

OWN = "all-MiniLM-L6-v2"
VOCABULARY = ROOT / "build" / "model" / OWN / "vocab.txt"


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    started = Server(tmp_path_factory.mktemp("data") / "library").start()
    started.new_key()
    if OWN not in [m["id"] for m in started.get("/v1/models").json()["data"]]:
        started.stop()
        pytest.skip("needs the embedding model (tools/fetch-model)")
    yield started
    started.stop()


@pytest.fixture
def openai():
    return pytest.importorskip("openai")


@pytest.fixture
def client(openai, library):
    return openai.OpenAI(base_url=f"{library.url}/v1", api_key=library.key, max_retries=0)


@pytest.fixture(scope="module")
def ids():
    """Words' own ids, by the model's vocabulary."""
    if not VOCABULARY.exists():
        pytest.skip("needs the embedding model in build/model (tools/fetch-model)")
    lines = VOCABULARY.read_text().split("\n")
    return lambda text: [lines.index(word) for word in text.split()]


def vector(client, text, **options):
    return client.embeddings.create(model=OWN, input=text, **options).data[0].embedding


def test_embeddings_are_the_same_as_numbers_and_as_base64(client, library):
    texts = ["the kestrel hovers", "granite is a rock", "the kestrel hovers"]
    packed = client.embeddings.create(model="text-embedding-3-small", input=texts)  # base64 by itself
    plain = library.post("/v1/embeddings", {"model": OWN, "input": texts, "user": "me"}).json()
    assert [d["index"] for d in plain["data"]] == [0, 1, 2]
    assert len(plain["data"][0]["embedding"]) == 384
    for a, b in zip(packed.data, plain["data"]):
        assert a.embedding == pytest.approx(b["embedding"], abs=1e-7)
        assert sum(x * x for x in b["embedding"]) == pytest.approx(1, abs=1e-4)
    assert plain["data"][0]["embedding"] == plain["data"][2]["embedding"]


def test_the_client_gets_floats_when_it_asks_for_them(client):
    assert vector(client, "granite", encoding_format="float") == pytest.approx(vector(client, "granite"), abs=1e-7)


def test_usage_counts_the_tokens_that_were_read(client):
    usage = client.embeddings.create(model=OWN, input=["granite is a rock", "the rock"]).usage
    assert usage.prompt_tokens == usage.total_tokens == 4 + 2 + 2 * 2
    long = client.embeddings.create(model=OWN, input="rock " * 5000).usage
    assert long.total_tokens == 256, "the rest is cut"


def test_embeddings_may_be_shorter_but_stay_unit_vectors(client, library):
    short, whole = vector(client, "hello", dimensions=64), vector(client, "hello")
    size = sum(x * x for x in whole[:64]) ** 0.5
    assert short == pytest.approx([x / size for x in whole[:64]], abs=1e-6)
    assert vector(client, "hello", dimensions=384) == whole
    packed = library.post("/v1/embeddings", {"model": OWN, "input": "hello", "dimensions": 64, "encoding_format": "base64"}).json()
    assert struct.unpack("<64f", base64.b64decode(packed["data"][0]["embedding"])) == pytest.approx(short)


def test_a_batch_may_have_2048_texts_which_do_not_change_each_other(client):
    texts = [f"rock number {i} " + "and granite " * (i % 7) for i in range(2048)]
    answer = client.embeddings.create(model=OWN, input=texts)
    assert [d.index for d in answer.data] == list(range(2048))
    for i in (0, 255, 256, 1029, 2047):
        assert answer.data[i].embedding == vector(client, texts[i])


def test_tokens_are_the_text_they_were_made_of(client, ids):
    text = vector(client, "granite is a rock")
    tokens = ids("granite is a rock")
    around = [*ids("[CLS]"), *tokens, *ids("[SEP]")]
    assert vector(client, tokens) == text
    assert vector(client, around) == text, "the tokens around a text may be there already"
    lists = client.embeddings.create(model=OWN, input=[tokens, ids("the rock"), around])
    assert [d.embedding for d in lists.data] == [text, vector(client, "the rock"), text]
    assert lists.usage.total_tokens == 6 + 4 + 6
    assert client.embeddings.create(model=OWN, input=tokens * 1000).usage.total_tokens == 256


@pytest.mark.parametrize("body, param", [
    ({"input": [1, -2, 3]}, "input"), ({"input": [1, "two"]}, "input"), ({"input": [1, 2.5]}, "input"),
    ({"input": [[1], []]}, "input"), ({"input": [[1, [2]]]}, "input"), ({"input": [30522]}, "input"),
    ({"input": [2 ** 40]}, "input"), ({"input": [5, 6], "model": "text-embedding-3-small"}, "input"),
    ({"input": ""}, "input"), ({}, "input"), ({"input": None}, "input"),
    ({"input": 7}, "input"), ({"input": {"text": "x"}}, "input"), ({"input": ["x", None]}, "input"), ({"input": ["x", ""]}, "input"),
    ({"input": []}, "input"), ({"input": ["x"] * 2049}, "input"), ({"input": "x", "dimensions": 4096}, "dimensions"),
    ({"input": ["rock " * 254] * 1200}, "input"), ({"input": "x", "dimensions": "64"}, "dimensions"),
    ({"input": "x", "dimensions": 0}, "dimensions"), ({"input": "x", "encoding_format": "int8"}, "encoding_format"),
    ({"input": "x", "encoding_format": 8}, "encoding_format"), ({"input": "x", "model": "whisper-1"}, "model")])
def test_embedding_requests_that_are_wrong_name_what_is_wrong(library, body, param):
    answer = library.post("/v1/embeddings", {"model": OWN, **body})
    error = answer.json()["error"]
    assert answer.status_code == (404 if param == "model" else 400) and error["param"].split("[")[0] == param, error
    assert error["message"] and error["type"] == "invalid_request_error"


def test_the_client_raises_its_own_errors(openai, client):
    with pytest.raises(openai.NotFoundError) as missing:
        client.embeddings.create(model="whisper-1", input="granite")
    assert missing.value.param == "model"
    with pytest.raises(openai.BadRequestError, match="384 dimensions"):
        client.embeddings.create(model=OWN, input="granite", dimensions=1000)
    with pytest.raises(openai.BadRequestError, match="send texts"):
        client.embeddings.create(model="text-embedding-3-large", input=[[1318, 15]])
