"""Label sets: taught, asked, corrected; in stages, in batches, for new documents, by a model service."""
import json
import re
import time

import pytest

from conftest import ROOT, Server
from mock_provider import MockProvider
from test_classify import PLANTED

MAILS = {
    "complaint": ["The parcel arrived broken and nobody answers my calls.", "I was charged twice and I want my money back.",
                  "Your driver was rude and the box was torn open.", "This is the third time that my order is late.",
                  "The lamp stopped working after two days, very disappointing.", "I am angry about the scratched table you sent.",
                  "Nobody repaired the heater although I paid for it.", "The wrong size was delivered again, I want to complain.",
                  "The support line kept me waiting for an hour and hung up.", "Half of the screws are missing, this is unacceptable."],
    "order": ["Please send us forty chairs of the model Alba.", "We would like to order ten boxes of paper.",
              "I want to buy two tickets for Friday.", "Kindly deliver three pallets of bricks next week.",
              "Put me down for one more copy of the book.", "We need another twenty metres of cable, same as last time.",
              "Please reserve a double room for two nights.", "Can you ship five litres of blue paint to us?",
              "We hereby order the spare parts listed below.", "I would like a subscription for one year."],
    "application": ["I am applying for the position of accountant.", "Please find attached my CV for the post of driver.",
                    "I would love to join your team as a nurse.", "With ten years in sales I am a good fit for your vacancy.",
                    "I saw your job advertisement and want to apply.", "My references and my degree are enclosed with this application.",
                    "I can start working for you in May.", "After my apprenticeship I look for a job as a carpenter.",
                    "Is the internship in your laboratory still open? I would like to apply.", "My motivation for this role is your research."],
}
LABELS = [{"name": "complaint", "description": "someone is not content with goods or service"},
          {"name": "order", "description": "someone wants to buy something"},
          {"name": "application", "description": "someone looks for a job"}]
# The sentences that the library knows as spoken to a model, and those of test_classify.py that name a label.
C_LIST = (ROOT / "src" / "text" / "planted_test.c").read_text().split("planted[] = {")[1].split("};")[0]
INSTRUCTIONS = [json.loads(text) for text in re.findall(r'"(?:[^"\\]|\\.)*"', C_LIST)] + [text.replace("law", "application") for text in PLANTED]
ORDER = "Dear Sir or Madam, please send us twelve desks and twelve lamps to the address below."


def make(server, name, count=0, **members):
    made = server.post("/v1/label-sets", {"name": name, "labels": LABELS, "asks": "encoder", **members})
    assert made.status_code == 201, made.text
    if count:
        examples = [{"text": text, "label": label} for label, texts in MAILS.items() for text in texts[:count]]
        assert server.post(f"/v1/label-sets/{made.json()['id']}/examples", {"examples": examples}).status_code == 201
    return made.json()["id"]


def classify(server, **body):
    answer = server.post("/v1/classify", body)
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.fixture(scope="module")
def library(database_kind, request, tmp_path_factory):
    database = request.getfixturevalue("postgres").new_database() if database_kind == "postgresql" else ""
    started = Server(tmp_path_factory.mktemp("data") / "library", database).start()
    started.key = started.cli("keys", "add", "owner", "--role", "owner").stdout.split()[-1]
    if started.post("/v1/classify", {"text": "x", "labels": ["a", "b"]}).status_code == 404:
        started.stop()
        pytest.skip("needs the embedding model (tools/fetch-model)")
    yield started
    started.stop()


def test_a_set_is_made_changed_taught_and_removed(library):
    made = library.post("/v1/label-sets", {"name": "Mail", "labels": LABELS, "description": "What a mail wants"}).json()
    assert made["labels"] == LABELS and made["asks"] == "auto" and made["threshold"] is None
    assert library.post("/v1/label-sets", {"name": "mail", "labels": LABELS}).status_code == 409
    path = f"/v1/label-sets/{made['id']}"
    changed = library.call("PATCH", path, json={"threshold": 0.7, "name": "Post"}).json()
    assert changed["name"] == "Post" and changed["threshold"] == 0.7 and changed["labels"] == LABELS
    assert library.call("PATCH", path, json={"threshold": None}).json()["threshold"] is None
    one = library.post(f"{path}/examples", {"text": "Two chairs, please.", "label": "Order"}).json()["items"][0]
    again = library.post(f"{path}/examples", {"text": "Two chairs, please.", "label": "complaint"}).json()["items"][0]
    assert one["id"] == again["id"] and one["labels"] == ["order"], "a text is one example"
    listed = library.get(f"{path}/examples").json()
    assert [e["labels"] for e in listed["items"]] == [["complaint"]] and listed["total"] == 1
    assert library.call("DELETE", f"{path}/examples/{one['id']}").status_code == 204
    assert library.get("/v1/label-sets/post").json()["examples"] == 0, "a set is found by its name too"
    assert library.call("DELETE", path).status_code == 204
    assert library.get(path).status_code == 404


@pytest.mark.parametrize("body", [{}, {"name": "x"}, {"name": "x", "labels": ["one"]}, {"name": "x", "labels": ["a", "A"]}, {"name": "x", "labels": [1, 2]}, {"name": "x", "labels": ["a\nb", "c"]},
                                  {"name": " ", "labels": LABELS}, {"name": "x", "labels": LABELS, "threshold": 2}, {"name": "x", "labels": LABELS, "asks": "oracle"},
                                  {"name": "x", "labels": LABELS, "precision": 0}])
def test_a_set_that_cannot_be_is_refused(library, body):
    assert library.post("/v1/label-sets", body).status_code == 400


def test_ways_grow_with_examples_and_are_measured(library):
    for count, way in ((0, "zero-shot"), (3, "nearest"), (10, "head")):
        name = f"ways {count}"
        made = make(library, name, count)
        trained = library.post(f"/v1/label-sets/{made}/train").json()
        assert trained["way"] == way and trained["examples"] == 3 * count
        said = classify(library, text=ORDER, label_set=name)
        assert said["way"] == way and said["labels"][0]["label"] == "order", said["labels"]
        assert said["evidence"]["quote"] in ORDER and said["said_by"] == "encoder"
    how = library.get(f"/v1/label-sets/{made}/accuracy").json()
    assert how["current"]["measured"] and how["current"]["accuracy"] > 0.7 and how["up_to_date"]
    assert sum(one["count"] for one in how["current"]["reliability"]) == 30
    assert how["trainings"][-1]["accuracy"] == how["current"]["accuracy"] and how["days"] == []


def test_a_set_learns_in_the_background(library):
    made = make(library, "background", 10)
    end = time.monotonic() + 30
    while not library.get(f"/v1/label-sets/{made}").json()["trained"]:
        assert time.monotonic() < end, "nothing was learned"
        time.sleep(0.2)
    assert library.get(f"/v1/label-sets/{made}/accuracy").json()["current"]["way"] == "head"


def test_a_person_is_asked_below_the_threshold_and_is_learned_from(library):
    made = make(library, "asked", threshold=1)
    said = classify(library, text=ORDER, label_set="asked")
    kept = said["classification"]
    assert kept["state"] == "asked" and not said["sure"]
    asked = library.get(f"/v1/classifications?state=asked&label_set={made}").json()["items"]
    assert [one["id"] for one in asked] == [kept["id"]] and asked[0]["sample"] == ORDER
    assert library.post(f"/v1/classifications/{kept['id']}/correct", {"label": "nonsense"}).status_code == 400
    right = library.post(f"/v1/classifications/{kept['id']}/correct", {"label": "application"}).json()
    assert right["state"] == "corrected" and right["decided"] == ["application"] and right["labels"] == ["order"]
    taught = library.get(f"/v1/label-sets/{made}/examples").json()["items"]
    assert [(e["labels"], e["source"], e["text"]) for e in taught] == [(["application"], "corrected", ORDER)]
    again = classify(library, text=ORDER, label_set="asked")
    assert again["classification"] == {"id": kept["id"], "state": "corrected", "decided": ["application"]}, "a person's word stays"
    other = classify(library, text=MAILS["order"][0], label_set="asked")["classification"]["id"]
    assert library.post(f"/v1/classifications/{other}/confirm").json()["state"] == "confirmed"
    day = library.get(f"/v1/label-sets/{made}/accuracy").json()["days"]
    assert [(d["confirmed"], d["corrected"], d["accuracy"]) for d in day] == [(1, 1, 0.5)]
    assert library.get(f"/v1/label-sets/{made}").json()["asked"] == 0
    assert classify(library, text="Something else", label_set="asked", keep=False)["classification"] is None


def test_several_labels_may_apply(library):
    made = make(library, "many", multi=True)
    path = f"/v1/label-sets/{made}/examples"
    assert library.post(path, {"text": "I complain and I order.", "labels": ["order", "complaint"]}).status_code == 201
    assert library.post(path, {"text": "Neither.", "labels": []}).status_code == 201
    assert len(classify(library, text=ORDER, label_set="many")["labels"]) == 3


def test_a_workflow_runs_its_stages_under_conditions(library):
    make(library, "kind", 3)
    library.post("/v1/label-sets", {"name": "urgency", "labels": ["urgent", "can wait"], "asks": "encoder"})
    stages = [{"name": "kind", "label_set": "kind"},
              {"name": "urgent", "label_set": "urgency", "when": {"stage": "kind", "label": ["complaint", "order"], "confidence_above": 0.1}},
              {"name": "never", "label_set": "urgency", "when": {"any": [{"language": "de"}, {"entity": "iban"}]}},
              {"name": "after", "label_set": "urgency", "when": {"stage": "never", "label": "urgent"}},
              {"name": "unlike", "label_set": "urgency", "when": {"not": {"stage": "kind", "label": "application"}, "all": [{"language": "en"}]}}]
    made = library.post("/v1/classification-workflows", {"name": "Triage", "stages": stages})
    assert made.status_code == 201, made.text
    said = classify(library, text=ORDER, workflow="triage")
    assert [(s["name"], s["skipped"]) for s in said["stages"]] == [("kind", False), ("urgent", False), ("never", True), ("after", True), ("unlike", False)]
    assert said["label_set"]["name"] == "urgency" and "entities" in said and "sentiment" in said
    with_iban = classify(library, text=ORDER + " IBAN DE89 3704 0044 0532 0130 00.", workflow="Triage", keep=False)
    assert not with_iban["stages"][2]["skipped"]
    path = f"/v1/classification-workflows/{made.json()['id']}"
    assert library.call("PATCH", path, json={"stages": stages[:1]}).json()["version"] == 2
    assert [v["version"] for v in library.get(f"{path}/versions").json()["items"]] == [2, 1]
    assert len(library.post(f"{path}/restore", {"version": 1}).json()["stages"]) == 5
    assert [w["name"] for w in library.get("/v1/classification-workflows").json()["items"]] == ["Triage"]
    assert library.call("DELETE", path).status_code == 204
    assert library.post("/v1/classify", {"text": ORDER, "workflow": "Triage"}).status_code == 404


@pytest.mark.parametrize("stages", [[], [{}], [{"label_set": "nowhere"}], [{"label_set": "ways 0", "when": {"label": "order"}}], [{"label_set": "ways 0"}, {"label_set": "ways 0"}],
                                    [{"label_set": "ways 0", "when": {"entity": "ghost"}}], [{"label_set": "ways 0", "when": {"oops": 1}}], [{"label_set": "ways 0", "when": []}],
                                    [{"label_set": "ways 0"}, {"name": "b", "label_set": "ways 0", "when": {"stage": "c", "label": "x"}}]])
def test_stages_that_cannot_be_are_refused(library, stages):
    assert library.post("/v1/classification-workflows", {"name": "wrong", "stages": stages}).status_code in (400, 404)


def wait_batch(server, made, states=("done", "cancelled"), seconds=60):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        batch = server.get(f"/v1/classification-batches/{made}").json()
        if batch["state"] in states:
            return batch
        time.sleep(0.1)
    raise AssertionError(f"still {batch['state']}: {batch}")


def test_a_batch_has_progress_results_and_failures_apart(library):
    make(library, "batched", 3)
    document = library.add(("order.txt", ORDER.encode()))[0]["id"]
    started = library.post("/v1/classification-batches", {"label_set": "batched", "documents": [document, {"text": MAILS["complaint"][4]}, "no-such-document"]})
    assert started.status_code == 202 and started.json()["total"] == 3
    batch = wait_batch(library, started.json()["id"])
    assert (batch["done"], batch["failed"], batch["progress"]) == (2, 1, 1)
    assert [r["result"]["labels"][0]["label"] for r in batch["results"]] == ["order", "complaint"]
    evidence = batch["results"][0]["result"]["evidence"]
    assert evidence["document"]["id"] == document and ORDER[evidence["start"]:evidence["end"]] == evidence["quote"]
    assert batch["failures"][0]["document"] == "no-such-document" and batch["failures"][0]["error"]["code"] == "not_found"
    parts = library.get(f"/v1/classification-batches/{batch['id']}/results?limit=2").json()
    assert [p["number"] for p in parts["items"]] == [0, 1] and parts["next"]
    assert library.post(f"/v1/classification-batches/{batch['id']}/cancel").status_code == 409
    assert library.call("DELETE", f"/v1/classification-batches/{batch['id']}").status_code == 204


def test_a_batch_goes_on_after_a_restart_and_can_be_cancelled(library):
    make(library, "long", 10)
    texts = [{"text": f"{text} Number {n}."} for n in range(10) for texts in MAILS.values() for text in texts]
    made = library.post("/v1/classification-batches", {"label_set": "long", "documents": texts}).json()["id"]
    library.kill()
    library.start()
    assert library.get(f"/v1/classification-batches/{made}").json()["state"] == "running"
    batch = wait_batch(library, made)
    assert (batch["done"], batch["failed"]) == (300, 0)
    made = library.post("/v1/classification-batches", {"label_set": "long", "documents": texts}).json()["id"]
    ended = library.post(f"/v1/classification-batches/{made}/cancel").json()
    assert ended["state"] == "cancelled" and ended["done"] + ended["cancelled"] == 300


def test_new_documents_of_a_collection_are_classified_and_tagged(library):
    collection = library.post("/v1/collections", {"name": "Inbox"}).json()["id"]
    made = make(library, "inbox", 10, collection=collection, tags=True, threshold=0.01)
    library.post(f"/v1/label-sets/{made}/train")
    document = library.add(("mail.txt", MAILS["complaint"][0].encode()), collection=collection)[0]["id"]
    end = time.monotonic() + 30
    while not (found := library.get(f"/v1/classifications?document={document}").json()["items"]):
        assert time.monotonic() < end, "the document was not classified"
        time.sleep(0.1)
    assert found[0]["labels"] == ["complaint"] and found[0]["state"] == "sure"
    assert library.get(f"/v1/documents/{document}").json()["tags"] == ["complaint"]
    library.post(f"/v1/classifications/{found[0]['id']}/correct", {"label": "order"})
    assert library.get(f"/v1/documents/{document}").json()["tags"] == ["order"], "tags follow what a person says"
    library.call("DELETE", f"/v1/documents/{document}?erase=1")


@pytest.mark.parametrize("count", [0, 3, 10])
def test_a_document_cannot_choose_its_label(library, count):
    """Zero-shot, nearest examples and a trained head."""
    name = f"planted {count}"
    make(library, name, count)
    assert len(INSTRUCTIONS) >= 60
    for sentence in INSTRUCTIONS:
        text = f"{ORDER} {sentence} {MAILS['order'][1]}"
        said = classify(library, text=text, label_set=name, keep=False)
        assert said["labels"][0]["label"] == "order" and said["label_set"]["name"] == name, sentence


# --- A model service ---

class Labeller(MockProvider):
    """Says what `say` makes of the passage it is shown; a list: one reply after the other."""

    def __init__(self, say):
        super().__init__(models=["labeller"])
        self.say, self.seen = say, []

    def chat(self, http, body):
        prompt = "\n".join(m["content"] for m in body["messages"])
        passage = re.search(r"<passage[^>]*>\n(.*)\n</passage>", prompt, re.S).group(1)
        self.seen.append((passage, body))
        text = self.say(passage, len(self.seen))
        http.reply(200, {"id": "c", "object": "chat.completion", "created": 1, "model": "labeller", "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2},
                         "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": text}}]})


@pytest.fixture
def serviced(tmp_path):
    """say -> a server whose model service answers so."""
    running = []

    def start(say):
        mock = Labeller(say)
        server = Server(tmp_path / f"library{len(running)}", environment={"LECTERN_PROVIDER_URL": mock.url, "LECTERN_PROVIDER_MODEL": "labeller"}).start()
        running.extend([server, mock])
        server.key = server.cli("keys", "add", "owner", "--role", "owner").stdout.split()[-1]
        return server, mock

    yield start
    for one in running:
        one.stop()


def reply(label, quote, confidence=0.9):
    return json.dumps({"labels": [label], "quote": quote, "confidence": confidence})


def test_a_model_says_labels_with_a_quote_that_stands_there(serviced):
    server, mock = serviced(lambda passage, turn: f"Sure! ```json\n{reply('order', 'send us twelve desks')}\n```")
    make(server, "by model", asks="auto")
    said = classify(server, text=ORDER, label_set="by model")
    assert said["way"] == "model" and "labeller" in said["said_by"] and said["labels"][0]["label"] == "order"
    assert ORDER.encode()[said["evidence"]["start"]:said["evidence"]["end"]].decode() == said["evidence"]["quote"] == "send us twelve desks"
    assert not mock.seen[0][1].get("tools")
    make(server, "by encoder", asks="encoder")
    assert classify(server, text=ORDER, label_set="by encoder")["said_by"] == "encoder" and len(mock.seen) == 1


@pytest.mark.parametrize("wrong", [reply("bribe", "send us"), reply("order", "words that are nowhere"), "I would say it is an order.", "{}", '{"labels": ["order"', ""])
def test_what_a_model_makes_up_does_not_count(serviced, wrong):
    server, mock = serviced(lambda passage, turn: wrong)
    make(server, "wrong")
    make(server, "model only", asks="model")
    said = classify(server, text=ORDER, label_set="model only")
    assert said["said_by"] == "encoder" and said["notice"] and said["labels"][0]["label"] == "order"


def test_a_model_is_asked_again_with_the_reason(serviced):
    server, mock = serviced(lambda passage, turn: reply("order", "nowhere") if turn == 1 else reply("order", "twelve lamps"))
    make(server, "again", asks="model")
    assert classify(server, text=ORDER, label_set="again")["evidence"]["quote"] == "twelve lamps" and len(mock.seen) == 2


def test_a_model_does_not_see_what_speaks_to_it(serviced):
    """A model that does all that it is told: it is told nothing by the document."""
    def obey(passage, turn):
        told = passage.replace(ORDER, "").replace("End of document.", "").strip()  # that alone tells nobody anything
        return reply("application", told) if told else reply("order", "send us twelve desks")

    server, mock = serviced(obey)
    make(server, "obedient", asks="model")
    for sentence in INSTRUCTIONS:
        text = f"{ORDER} {sentence}"
        said = classify(server, text=text, label_set="obedient", keep=False)
        assert said["way"] == "model" and said["labels"][0]["label"] == "order", sentence


# --- The command ---

def test_the_command_says_labels_of_files_and_documents(library, tmp_path):
    make(library, "by command", 10)
    file = tmp_path / "mail.txt"
    file.write_text(ORDER)
    assert re.match(r"^[01]\.\d\d  order\n", library.cli("classify", str(file), "--labels", "by command").stdout)
    assert re.match(r"^0\.\d\d  order of goods\n", library.cli("classify", str(file), "--labels", "order of goods, poem").stdout)
    document = library.add(("complaint.txt", MAILS["complaint"][5].encode()))[0]["id"]
    said = json.loads(library.cli("classify", document, "--labels", "by command", "--json").stdout)
    assert said["labels"][0]["label"] == "complaint" and said["evidence"]["document"]["id"] == document
    assert "document_type" in library.cli("classify", str(file)).stdout
    assert library.cli("classify", "no-such-thing", check=False).returncode != 0
    assert library.cli("classify", str(file), "--labels", "no such set", check=False).returncode != 0
