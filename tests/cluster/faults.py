"""Takes parts of a cluster away and gives them back, one or two at a time, and measures how soon each node serves again."""
import os
import random
import signal
import threading
import time
from collections import defaultdict

import requests

SERVES_WITHIN_S = 5
GIVE_UP_S = 60
LEASE_S = 35  # longer than a node may keep a job without a word


class Fault:
    """take() and give() of one kind; a node of the victims is not called meanwhile where it does not answer."""

    def __init__(self, cluster, kind, node):
        self.cluster, self.kind, self.node = cluster, kind, node

    def __str__(self):
        return self.kind + (f" {self.node.name}" if self.node else "")

    def take(self):
        for node in [self.node] if self.node else self.cluster.nodes:
            node.calm_since = None
        if self.node:
            self.node.is_up = False
        getattr(self, "take_" + self.kind)()

    def give(self):
        getattr(self, "give_" + self.kind)()
        if self.node:
            self.node.is_up = True

    def take_node_killed(self):
        self.node.kill()

    def give_node_killed(self):
        self.node.start(wait=False)

    def take_node_stopped(self):
        self.node.signal(signal.SIGSTOP)

    def give_node_stopped(self):
        self.node.signal(signal.SIGCONT)

    def take_database_killed(self):
        self.cluster.database.kill()

    def give_database_killed(self):
        self.cluster.database.start()

    def take_s3_killed(self):
        self.cluster.s3.kill()

    def give_s3_killed(self):
        self.cluster.s3.start()

    def take_way_broken(self):
        self.node.way.break_all()

    def give_way_broken(self):
        pass

    def take_way_silent(self):
        self.node.way.process.send_signal(signal.SIGSTOP)

    def give_way_silent(self):
        self.node.way.process.send_signal(signal.SIGCONT)


# How often each comes, beside the others, and whether it is of one node.
KINDS = {"node_killed": (4, True), "node_stopped": (2, True), "database_killed": (3, False), "s3_killed": (2, False),
         "way_broken": (2, True), "way_silent": (2, True)}


def lacks(node):
    """What a node does not do of all that clients want: to say that it is ready, to find, to take a file; None: it does."""
    name = f"probe{time.monotonic_ns()}"
    steps = {"ready": (200, lambda: requests.get(node.url + "/ready", timeout=2)),
             "search": (200, lambda: node.try_call("POST", "/v1/search", timeout=2, json={"query": "note", "mode": "keyword"})),
             "upload": (202, lambda: node.try_call("POST", "/v1/documents", timeout=4, files={"file": (f"{name}.txt", f"A {name}.\n".encode())}))}
    for step, (good, call) in steps.items():
        try:
            answer = call()
        except requests.RequestException as lost:
            return f"{step}: {type(lost).__name__}"
        if answer.status_code != good:
            return f"{step}: {answer.status_code} {answer.text[:200]}"
    return None


class Waiting:
    """What kept a node from serving, and for how long."""

    def __init__(self):
        self.began, self.reasons = time.monotonic(), []

    def add(self, reason):
        if not self.reasons or self.reasons[-1][1] != reason:
            self.reasons.append((time.monotonic() - self.began, reason))

    def machine(self, node):
        """A machine with too much to do makes anything late: what the node had of the processors, and how many wanted them."""
        return f"it had {node.cpu_seconds():.1f} s of a processor since its start, and {os.getloadavg()[0]:.0f} wanted the {os.cpu_count()}"

    def __str__(self):
        return "; ".join(f"{at:.1f} s {reason}" for at, reason in self.reasons)


class Driver(threading.Thread):
    """Until told to stop; `back` has the seconds of each node after each return."""

    def __init__(self, cluster, seed, kinds, say, two=0.25, long=0.05):
        super().__init__(daemon=True, name="faults")
        self.cluster, self.kinds, self.say, self.two, self.long = cluster, kinds, say, two, long
        self.random = random.Random(seed)
        self.is_stopping = False
        self.back = defaultdict(list)
        self.wrong = []

    def choose(self):
        kinds = [kind for kind in KINDS if kind in self.kinds]
        count = 2 if self.random.random() < self.two else 1
        faults = []
        while len(faults) < count:
            kind = self.random.choices(kinds, [KINDS[k][0] for k in kinds])[0]
            node = self.random.choice(self.cluster.nodes) if KINDS[kind][1] else None
            if all(f.node is not node if node else f.kind != kind for f in faults):
                faults.append(Fault(self.cluster, kind, node))
        return faults

    def wait_back(self, fault):
        """Each node by itself, all at the same time: from the return until one whole round of work is done."""
        began = time.monotonic()

        def wait(node):
            waiting = Waiting()
            while (reason := lacks(node)) and time.monotonic() - began < GIVE_UP_S:
                waiting.add(reason)
                if node.process.poll() is not None:
                    self.wrong.append((f"a node ended with {node.process.returncode}", f"{node.name} {node.log.read_text()[-300:]}"))
                    node.start(wait=False)  # as systemd would
                time.sleep(0.05)
            took = time.monotonic() - began
            self.back[fault.kind].append(took)
            if took > SERVES_WITHIN_S:
                self.wrong.append((f"{node.name} served {took:.1f} s after {fault} was over", f"{waiting}; {waiting.machine(node)}"))
        waiting = [threading.Thread(target=wait, args=(node,)) for node in self.cluster.nodes]
        for one in waiting:
            one.start()
        for one in waiting:
            one.join()

    def run(self):
        while not self.is_stopping:
            time.sleep(self.random.uniform(1, 4))
            faults = self.choose()
            held = [self.random.uniform(0.5, 8) if self.random.random() < 1 - self.long else LEASE_S for _ in faults]
            self.say(" and ".join(f"{fault} for {seconds:.1f} s" for fault, seconds in zip(faults, held)))
            for fault, seconds in zip(faults, held):
                fault.take()
                time.sleep(seconds / len(faults))
            for fault in faults[:-1]:
                fault.give()
            faults[-1].give()
            self.wait_back(faults[-1])
            for node in self.cluster.nodes:
                if node.calm_since is None:
                    node.calm_since = time.monotonic()
