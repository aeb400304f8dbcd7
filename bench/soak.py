#!/usr/bin/env python3
"""The gateway under mixed load for a while: bench/soak.py [--minutes 10] [--program build/lectern]

Plain calls, streams, and an upstream whose faults change every few seconds. Memory and descriptors must be flat: what is
measured in the second fifth of the time is compared with the last fifth. Needs ../shared/peers/gateway, wrk and cc.
"""
import argparse
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent
PEERS = ROOT.parent / "shared" / "peers" / "gateway"
FAULTS = ["", "fault=500", "fault=cut,at=3", "", "fault=reset", "fault=429,retry_after=0", "", "fault=badjson", "fault=noend", "latency=30"]
MOCK, PORT = 9130, 9131


def resident_mb(pid):
    return int(next(line for line in open(f"/proc/{pid}/status") if line.startswith("VmRSS")).split()[1]) / 1024


def descriptors(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


def start(work, program):
    for source in ("mock_upstream", "sse_client"):
        subprocess.run(["cc", "-O2", "-o", work / source, PEERS / f"{source}.c"], check=True)
    mock = subprocess.Popen([work / "mock_upstream", str(MOCK), "size=700,deltas=32,gap=5,stamp=1"])
    data = work / "library"
    out = subprocess.run([program, "keys", "add", "soak", "--data", data, "--json"], check=True, capture_output=True, text=True)
    server = subprocess.Popen([program, "serve", "--data", data, "--listen", f"127.0.0.1:{PORT}", "--provider-url",
                               f"http://127.0.0.1:{MOCK}/v1"], stderr=open(work / "log", "w"))
    for _ in range(200):
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{PORT}/ready", timeout=2).read()
            break
        except OSError:
            time.sleep(0.05)
    return mock, server, json.loads(out.stdout)["key"]


def load(work, key, seconds):
    """Plain calls and streams at once, for so long."""
    url = f"http://127.0.0.1:{PORT}/v1/chat/completions"
    env = {**os.environ, "MODEL": "gpt-4o-mini", "HEADERS": f"Authorization: Bearer {key}"}
    calls = subprocess.Popen(["wrk", "-t1", "-c16", f"-d{seconds}s", "--timeout", "20s", "-s", PEERS / "load.lua", url], env=env,
                             stdout=subprocess.PIPE, text=True)
    subprocess.run([work / "sse_client", "-n", "100", "-c", "25", "-d", "32", "-m", "gpt-4o-mini", "-H",
                    f"Authorization: Bearer {key}", url], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return int(calls.communicate()[0].split("RESULT ")[1].split()[0])


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--minutes", type=float, default=10)
    p.add_argument("--program", default=str(ROOT / "build" / "lectern"))
    a = p.parse_args()
    if not PEERS.is_dir():
        print("skipped: needs ../shared/peers/gateway")
        return
    work = pathlib.Path(tempfile.mkdtemp(prefix="lectern-soak-"))
    mock, server, key = start(work, a.program)
    samples, calls, began, turn = [], 0, time.monotonic(), 0
    fds_before = descriptors(server.pid)
    try:
        while (spent := time.monotonic() - began) < a.minutes * 60:
            urllib.request.urlopen(f"http://127.0.0.1:{MOCK}/defaults/{FAULTS[turn % len(FAULTS)]}").read()
            calls += load(work, key, 3)
            turn += 1
            if FAULTS[turn % len(FAULTS)] == "":
                samples.append((spent, resident_mb(server.pid), descriptors(server.pid)))
        assert server.poll() is None, f"the server ended:\n{(work / 'log').read_text()[-2000:]}"
        early = [s for s in samples if 0.2 <= s[0] / (a.minutes * 60) < 0.4]
        late = [s for s in samples if s[0] / (a.minutes * 60) >= 0.8]
        first, last = (statistics.median(s[1] for s in part) for part in (early, late))
        most = max(s[2] for s in samples)
        end = time.monotonic() + 90  # connections that are kept for the next call go after a minute
        while descriptors(server.pid) > fds_before + 4 and time.monotonic() < end:
            time.sleep(1)
        fds = descriptors(server.pid)
        print(f"{a.minutes:g} minutes, {calls:,} calls, {turn * 100:,} streams: {first:.1f} MB then {last:.1f} MB resident; "
              f"{fds_before} descriptors before, {most} at most, {fds} after")
        if last > first * 1.1 + 2 or fds > fds_before + 16:  # readers of the database stay open
            sys.exit("memory or descriptors grow")
    finally:
        for process in (server, mock):
            process.terminate()
            process.wait(10)
        shutil.rmtree(work, ignore_errors=True)


if __name__ == "__main__":
    main()
