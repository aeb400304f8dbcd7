"""No-op jobs a second of Celery over Redis: BROKER=... jobs_peer.py [JOBS]

Two worker processes, no results kept. Queueing and running are timed apart; pick-up is the time from
sending a job to an idle worker until it runs. Prints one JSON line like jobs_bench."""
import json
import os
import subprocess
import sys
import tempfile
import time

import redis
from celery import Celery

PINGS = 200
app = Celery("jobs_peer", broker=os.environ["BROKER"])
app.conf.update(task_ignore_result=True, worker_prefetch_multiplier=16)


@app.task
def noop():
    pass


@app.task
def ping(sent, path):
    with open(path, "a") as out:
        out.write(f"{(time.clock_gettime(time.CLOCK_MONOTONIC) - sent) * 1000}\n")


def main():
    jobs = int(sys.argv[1]) if len(sys.argv) > 1 else 20000
    broker = redis.Redis(unix_socket_path=os.environ["BROKER"].removeprefix("redis+socket://"))
    began = time.perf_counter()
    for _ in range(jobs):
        noop.delay()
    inserted = jobs / (time.perf_counter() - began)
    worker = subprocess.Popen([sys.executable, "-m", "celery", "-A", "jobs_peer", "worker", "-c", "2", "-l", "ERROR",
                               "--without-gossip", "--without-mingle", "--without-heartbeat"],
                              cwd=os.path.dirname(os.path.abspath(__file__)), stdout=subprocess.DEVNULL)
    try:
        while broker.llen("celery") == jobs:
            time.sleep(0.005)
        began = time.perf_counter()
        while broker.llen("celery") or broker.zcard("unacked_index"):
            time.sleep(0.01)
        done = jobs / (time.perf_counter() - began)
        with tempfile.NamedTemporaryFile() as times:
            for _ in range(PINGS):
                ping.delay(time.clock_gettime(time.CLOCK_MONOTONIC), times.name)
                time.sleep(0.02)
            time.sleep(0.5)
            waits = sorted(float(line) for line in open(times.name))
    finally:
        worker.terminate()
        worker.wait(20)
    print(json.dumps({"what": "celery-redis", "jobs": jobs, "inserted_one_by_one": round(inserted), "done": round(done),
                      "pickup": [round(waits[len(waits) // 2], 2), round(waits[len(waits) * 99 // 100], 2)]}))


if __name__ == "__main__":
    main()
