"""Three nodes, PostgreSQL and S3 under load while parts of them are killed, stopped and cut off at random; then what was
acknowledged is looked for.

    cluster.py [--time SECONDS] [--seed NUMBER] [--vectors embedded|pgvector|weaviate] [--clients NUMBER] [--keep]

Prints the seed, each fault, and at the end what was wrong; the status is 1 when something was."""
import argparse
import collections
import random
import shutil
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]
from check import check_all  # noqa: E402
from faults import KINDS, Driver, lacks  # noqa: E402
from load import Client, History, Receiver  # noqa: E402
from mock_provider import MockProvider  # noqa: E402
from parts import Cluster  # noqa: E402
from test_notices import add_person  # noqa: E402

WORKFLOW = {"inputs": {"type": "object", "properties": {"name": {"type": "string"}}},
            "steps": [{"id": "work", "type": "compute", "with": {"values": {"name": "{{ input.name }}"}}},
                      {"id": "rest", "type": "wait", "for_s": 1},
                      {"id": "tell", "type": "notification", "with": {"title": "Run {{ steps.work.name }}"}}],
            "output": {"name": "{{ steps.work.name }}"}}


def options():
    parser = argparse.ArgumentParser()
    parser.add_argument("--time", type=float, default=600)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 32))
    parser.add_argument("--vectors", choices=["embedded", "pgvector", "weaviate"], default="embedded")
    parser.add_argument("--clients", type=int, default=6)
    parser.add_argument("--pause", type=float, default=0.1, help="seconds between what one client does, on average")
    parser.add_argument("--faults", default=",".join(KINDS), help="kinds with commas between")
    parser.add_argument("--two", type=float, default=0.25, help="share of faults that come two at a time")
    parser.add_argument("--long", type=float, default=0.05, help="share of those that last longer than a lease")
    parser.add_argument("--keep", action="store_true", help="leave the folders for a look")
    return parser.parse_args()


def set_up(cluster, receiver):
    node = cluster.nodes[0]
    cluster.ann, cluster.bob, _ = (add_person(node, role, f"{name}@example.org") for name, role in (("ann", "editor"), ("bob", "reader"), ("cem", "editor")))
    answer = node.post("/v1/webhooks", {"url": receiver.url, "kinds": ["approval_asked", "workflow"]})
    assert answer.status_code == 201, answer.text
    answer = node.post("/v1/workflows", {"name": "Runs", "definition": WORKFLOW})
    assert answer.status_code == 201, answer.text
    cluster.workflow = answer.json()["id"]
    assert not any(lacks(each) for each in cluster.nodes), "not even before anything was done to it"


def tell(history, driver, wrong, seconds):
    print(f"acknowledged in {seconds:.0f} s:", ", ".join(f"{count} {name}" for name, count in history.done.most_common()))
    print("not acknowledged:", sum(history.refused.values()))
    for (what, why), count in history.refused.most_common(12):
        print(f"    {count:5} {what}: {why}")
    print("seconds until every node serves again (worst, mean, count):")
    for kind, took in driver.back.items():
        print(f"    {kind:16} {max(took):5.2f} {sum(took) / len(took):5.2f} {len(took)}")
    kinds = collections.Counter(what for what, _ in wrong)
    print(f"{len(wrong)} things are wrong")
    for what, count in kinds.most_common():
        examples = [more for kind, more in wrong if kind == what][:3]
        print(f"    {count:5} {what}: {' | '.join(map(str, examples))}")


def run(wanted, folder, say):
    receiver = Receiver()
    mock = MockProvider(["good"])
    cluster = Cluster(folder, wanted.vectors, {"LECTERN_PROVIDER_URL": mock.url, "LECTERN_PROVIDER_MODEL": "good"})
    try:
        cluster.seed = wanted.seed
        set_up(cluster, receiver)
        history = History()
        driver = Driver(cluster, wanted.seed, wanted.faults.split(","), say, wanted.two, wanted.long)
        clients = [Client(number, cluster, history, wanted.pause) for number in range(wanted.clients)]
        began = time.monotonic()
        for thread in (*clients, driver):
            thread.start()
        time.sleep(wanted.time)
        for thread in (driver, *clients):
            thread.is_stopping = True
        for thread in (driver, *clients):
            thread.join()
        seconds = time.monotonic() - began
        say("looking at what is left")
        wrong = history.wrong + driver.wrong + check_all(cluster, history, receiver, say)
        wrong += [("a request failed at a node to which nothing was done", str(failure)) for failure in history.calm_failures]
        tell(history, driver, wrong, seconds)
        return not wrong
    finally:
        cluster.stop()
        mock.stop()
        receiver.shutdown()


def main():
    wanted = options()
    folder = Path(tempfile.mkdtemp(prefix="lectern-cluster-"))
    folder.chmod(0o755)
    began = time.monotonic()
    say = lambda text: print(f"{time.monotonic() - began:6.1f}  {text}", flush=True)
    print(f"seed {wanted.seed}, {wanted.time:.0f} s, vectors {wanted.vectors}, in {folder}", flush=True)
    try:
        good = run(wanted, folder, say)
    finally:
        if not wanted.keep:
            shutil.rmtree(folder, ignore_errors=True)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
