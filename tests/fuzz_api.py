"""fuzz_api.py [EXAMPLES] [SEED] [postgresql] - requests made by schemathesis from /openapi.json, to a server with rows of its own.

No answer may be a failure of the server, of a status or media type that is not described, or other than its schema.
As owner, as reader and without a key; places of ids are filled with ids of real rows half of the time.
"""
import contextlib
import random
import re
import sys
import tempfile
import warnings
from collections import Counter

import hypothesis
import requests
import schemathesis
from conftest import SAMPLES, Postgres, Server
from schemathesis import checks
from schemathesis.generation import GenerationMode

# What would end the run itself, never ends, or writes elsewhere.
LEFT_OUT = {("GET", "/v1/events"), ("GET", "/ws"), ("GET", "/v1/ws"), ("POST", "/v1/backup"), ("POST", "/v1/setup"),
            ("POST", "/v1/settings/provider"), ("DELETE", "/v1/settings/provider"), ("POST", "/v1/documents/sample"),
            ("POST", "/v1/check")}
# Another service has failed, or there is none: that is its answer, not our failure.
HONEST = {502, 503, 504}
ROLES = ("owner", "reader", None)


def rows_of(server):
    """Real rows of the kinds that most routes are about: id by the first word of the path's resource."""
    made = {}

    def make(kind, path, body):
        answer = server.post(path, body)
        assert answer.status_code < 300, (path, answer.text)
        made[kind] = answer.json()["id"]

    made["documents"] = server.add(SAMPLES / "report.pdf", ("notes.txt", b"The notice period is three months. Ada signs it on 4 May 2026."))[0]["id"]
    make("collections", "/v1/collections", {"name": "Contracts"})
    make("decks", "/v1/study/decks", {"name": "Biology"})
    make("tasks", "/v1/tasks", {"summary": "Send the offer"})
    make("groups", "/v1/groups", {"name": "Lawyers"})
    make("label-sets", "/v1/label-sets", {"name": "Letters", "labels": ["invoice", "complaint"]})
    make("saved", "/v1/search/saved", {"name": "Notices", "query": "notice period"})
    make("personas", "/v1/personas", {"name": "Lawyer", "instructions": "Be brief."})
    return made


def plan(document):
    """Operations in the order in which they are tried: what removes comes last."""
    schema = schemathesis.openapi.from_dict(document)
    operations = [found.ok() for found in schema.get_all_operations()]
    return sorted((o for o in operations if (o.method.upper(), o.path) not in LEFT_OUT), key=lambda o: o.method.upper() == "DELETE")


class Run:
    def __init__(self, server, examples, seed):
        self.server, self.examples = server, examples
        self.chance = random.Random(seed)
        self.keys = {role: server.cli("keys", "add", f"fuzz {role}", "--role", role).stdout.split()[-1] for role in ROLES if role}
        server.key = self.keys["owner"]
        self.rows = rows_of(server)
        self.session = requests.Session()
        self.wrong, self.codes = [], Counter()

    def fill(self, case):
        """A real row where the path asks for one; never where something is removed."""
        kind = re.findall(r"/([\w-]+)/\{id\}", case.operation.path)
        if kind and kind[0] in self.rows and case.method.upper() != "DELETE" and self.chance.random() < 0.7:
            case.path_parameters = {**(case.path_parameters or {}), "id": self.rows[kind[0]]}

    def send(self, case, role):
        self.fill(case)
        headers = {"Authorization": f"Bearer {self.keys[role]}"} if role else {}
        try:
            answer = self.session.request(**case.as_transport_kwargs(base_url=self.server.url, headers=headers), timeout=120, allow_redirects=False)
        except requests.exceptions.RequestException as lost:
            self.wrong.append((case.method, case.operation.path, role, "no answer", str(lost)[:200]))
            return
        self.codes[answer.status_code] += 1
        excluded = [checks.not_a_server_error] if answer.status_code in HONEST else []
        try:
            case.validate_response(answer, excluded_checks=excluded, headers=headers, checks=[
                checks.not_a_server_error, checks.status_code_conformance, checks.content_type_conformance, checks.response_schema_conformance])
        except BaseException as failure:  # an exception group, of kinds that schemathesis makes up
            if isinstance(failure, KeyboardInterrupt):
                raise
            told = [str(one).replace("\n", " ")[:400] for one in getattr(failure, "exceptions", [failure])]
            self.wrong.append((case.method, case.operation.path, role, answer.status_code, told, str(case.body)[:200], answer.text[:200]))

    def try_operation(self, operation, roles, mode):
        @hypothesis.settings(max_examples=self.examples, deadline=None, database=None, derandomize=True,
                             phases=[hypothesis.Phase.generate], suppress_health_check=list(hypothesis.HealthCheck))
        @hypothesis.given(case=operation.as_strategy(generation_mode=mode))
        def try_cases(case):
            for role in roles:
                self.send(case, role)

        with contextlib.suppress(hypothesis.errors.Unsatisfiable):  # nothing can be wrong about it
            try_cases()


def run(server, examples=20, seed=1, roles=ROLES, share=1.0):
    """What was wrong, and how often each status was answered."""
    warnings.simplefilter("ignore")
    work = Run(server, examples, seed)
    for operation in plan(server.get("/openapi.json").json()):
        if work.chance.random() < share:
            for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
                work.try_operation(operation, roles, mode)
    return work.wrong, work.codes


def main(examples=20, seed=1, database="sqlite"):
    with tempfile.TemporaryDirectory(prefix="lectern-fuzz-") as folder, contextlib.ExitStack() as after:
        cluster = Postgres() if database == "postgresql" else None
        if cluster:
            after.callback(cluster.stop)
        started = Server(f"{folder}/library", cluster.new_database() if cluster else "").start()
        after.callback(started.stop)
        wrong, codes = run(started, int(examples), int(seed))
        return wrong, codes, len(plan(started.get("/openapi.json").json()))


if __name__ == "__main__":
    found, answered, operations = main(*sys.argv[1:])
    for row in found:
        print(*row, sep="\n    ")
    print(operations, "operations,", sum(answered.values()), "requests,", len(found), "wrong;", dict(sorted(answered.items())))
    sys.exit(bool(found))
