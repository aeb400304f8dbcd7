"""What a cluster has to have after all: everything that was acknowledged, once, and nothing that was taken away."""
import hashlib
import time
from collections import Counter

import requests
from conftest import wait_until

QUIET_S = 180  # leases run out, and what was put off is tried again


def all_items(node, path, **query):
    items, after = [], None
    while True:
        page = node.get(path, params={"limit": 100, **query, **({"after": after} if after else {})}).json()
        items += page["items"]
        after = page.get("next")
        if not after:
            return items


def unfinished(node):
    """Jobs that wait or run, by type; what comes by the clock is not waited for."""
    return {c["type"]: (c["waiting"], c["running"], c["held"]) for c in node.get("/v1/job-counts").json()["items"]
            if (c["waiting"] or c["running"] or c["held"])}


def wait_quiet(cluster, say):
    """Until nothing is left to do: all documents are read, all executions are over."""
    node, end, told = cluster.nodes[0], time.monotonic() + QUIET_S, 0
    while True:
        documents = all_items(node, "/v1/documents")
        waiting = [d["name"] for d in documents if d["state"] not in ("ready", "failed", "cancelled")]
        running = [e["id"] for e in all_items(node, "/v1/workflow-executions") if e["finished_at"] is None]
        if not waiting and not running:
            return documents, []
        if time.monotonic() > end:
            return documents, [(f"{len(waiting)} documents and {len(running)} executions are not done after {QUIET_S} s", f"{waiting[:5]} {running[:5]} {unfinished(node)}")]
        if time.monotonic() > told:
            say(f"{len(waiting)} documents and {len(running)} executions are not done yet")
            told = time.monotonic() + 10
        time.sleep(0.5)


# --- Documents ---

def check_documents(cluster, history, documents):
    counts, states = Counter(d["name"] for d in documents), {d["name"]: d["state"] for d in documents}
    erased = Counter()
    for name, document in history.documents.items():
        state, count = document["state"], counts[name]
        if state == "kept" and count != 1:
            yield ("an acknowledged document is lost" if not count else "a document is there twice"), f"{name} {document['id']}"
        if state in ("trash", "erase") and count:
            yield "a document that was removed is there", f"{name} {state}"
        if count > 1 and state != "kept":
            yield "a document is there twice", f"{name} {state}"
        if count and document["is_read"] and states[name] != "ready":
            yield f"a document is {states[name]}", name
        erased[state] += 1


def check_bytes(cluster, history):
    top = cluster.s3.folder / "data" / "originals" / "cluster"
    objects = {f.name: f for f in top.rglob("*") if f.is_file()}
    for name, document in history.documents.items():
        if document["state"] == "kept":
            found = objects.get(document["sha256"])
            if not found:
                yield "the original of a document is gone", name
            elif hashlib.sha256(found.read_bytes()).hexdigest() != document["sha256"]:
                yield "the original of a document has other bytes", name
        if document["state"] == "erase" and document["sha256"] in objects and not document["has_left_original"]:
            yield "the original of an erased document is there", name


def check_index(cluster, history):
    kept = {name for name, document in history.documents.items() if document["state"] == "kept" and document["is_read"]}
    gone = {name for name, document in history.documents.items() if document["state"] in ("trash", "erase") and document["is_read"]}
    for node in cluster.nodes:
        last = {}

        def agrees(node=node, last=last):
            chunks, last["index"] = node.get("/v1/statistics").json()["chunks"], node.get("/health").json()["index"]
            last["chunks"] = chunks
            index = last["index"]
            return index["chunks"] == chunks and index["state"] == "ready" and not index["waiting_changes"] and index["vectors"] >= chunks
        try:
            wait_until(agrees, 60)
        except AssertionError:
            yield f"the index of {node.name} is not what the database has", str(last)
        for name in sorted(kept | gone):
            answer = node.post("/v1/search", {"query": f"word{name.removesuffix('.txt')}", "mode": "keyword"}).json()
            found = name in [r["document"]["name"] for r in answer["results"]]
            if found != (name in kept):
                yield f"{node.name} {'finds what was removed' if found else 'does not find a document'}", name


# --- Work ---

def check_tasks(cluster, history):
    tasks = all_items(cluster.nodes[0], "/v1/tasks")
    counts, by_id = Counter(t["summary"] for t in tasks), {t["id"]: t for t in tasks}
    for summary, task in history.tasks.items():
        if counts[summary] > 1:
            yield "a task is there twice", summary
        if task["state"] == "kept" and task["id"] not in by_id:
            yield "an acknowledged task is lost", summary
        elif task["state"] == "kept" and by_id[task["id"]]["assignee"] not in task["assignees"]:
            yield "an acknowledged change of a task is lost", f"{summary}: {by_id[task['id']]['assignee']}, not {task['assignees']}"
        if task["state"] == "gone" and task["id"] in by_id:
            yield "a task that was removed is there", summary


def told_once(receiver, kind, title, what):
    """Heard of at least once, and of one event alone: a repeated call has the same id."""
    try:
        wait_until(lambda: receiver.told[kind, title], 60)
    except AssertionError:
        yield f"nobody was told of {what}", title
    if len(set(receiver.told[kind, title])) > 1:
        yield f"{what} was told as two events", title


def check_approvals(cluster, history, receiver):
    for title, approval in history.approvals.items():
        state = cluster.nodes[0].get(f"/v1/approvals/{approval['id']}").json()["state"]
        if len(set(approval["counted"])) > 1:
            yield "two decisions counted", f"{title} {approval['counted']}"
        if approval["counted"] and state not in approval["counted"]:
            yield "an acknowledged decision is lost", f"{title}: {state}, not {approval['counted']}"
        yield from told_once(receiver, "approval_asked", f"Your approval is asked for: {title}", "an approval")


def check_runs(cluster, history, receiver):
    counts, names = Counter(), {run["id"]: name for name, run in history.runs.items() if "id" in run}
    for execution in all_items(cluster.nodes[0], "/v1/workflow-executions"):
        whole = lambda path=f"/v1/workflow-executions/{execution['id']}": cluster.nodes[0].get(path).json()
        counts[names.get(execution["id"]) or whole()["input"]["name"]] += 1
        if execution["state"] != "done":
            yield f"an execution is {execution['state']}", str(execution)[:300]
    for name, run in history.runs.items():
        if counts[name] > 1 or (run["state"] == "kept" and not counts[name]):
            yield f"an execution is there {counts[name]} times", name
        if run["state"] == "kept":
            yield from told_once(receiver, "workflow", f"Run {name}", "a step of a workflow")


def check_talks(cluster, history):
    for conversation, message in history.talks.items():
        answer = cluster.nodes[0].get(f"/v1/conversations/{conversation}")
        if answer.status_code != 200 or message not in answer.text:
            yield "an acknowledged answer is lost", f"{conversation} {answer.text[:200]}"


def check_jobs(cluster, _history):
    for job in all_items(cluster.nodes[0], "/v1/jobs", state="dead"):
        if job["error"].startswith("the PDF is broken"):
            continue  # the only ones are of noise, see chunks() in load.py: it may be told broken
        yield f"a job of {job['type']} is dead", job["error"]


def check_revoked(cluster, history):
    for node in cluster.nodes:
        for key in history.keys:
            if node.get("/v1/documents?limit=1", key=key).status_code != 401:
                yield "a revoked key is taken", node.name
        for cookies, csrf in history.sessions:
            if requests.get(node.url + "/v1/documents?limit=1", cookies=cookies, headers=csrf, timeout=10).status_code != 401:
                yield "a session that was ended is taken", node.name


def check_rows(cluster, _history):
    """Our own look at rows, originals and vectors."""
    done = cluster.nodes[0].cli("db", "check", check=False)
    if done.returncode:
        yield "lectern db check", (done.stdout + done.stderr)[-600:]


def check_all(cluster, history, receiver, say):
    documents, wrong = wait_quiet(cluster, say)
    say("all is quiet")
    checks = [check_documents(cluster, history, documents), check_bytes(cluster, history), check_index(cluster, history),
              check_tasks(cluster, history), check_approvals(cluster, history, receiver), check_runs(cluster, history, receiver),
              check_talks(cluster, history), check_jobs(cluster, history), check_revoked(cluster, history), check_rows(cluster, history)]
    for check in checks:
        try:
            wrong += check
        except Exception as why:  # pylint: disable=broad-except
            wrong.append((f"{check.__name__} did not come to its end", repr(why)[:500]))
    return wrong
