#!/usr/bin/env python3
"""The gateway beside others, before the same mock upstream: bench/gateway.py [--peers DIR] [--rounds N] [--seconds N]

Uses ../shared/peers/gateway: its mock, load generators and script; nginx is the floor. --peers names the folder where its
install_peers.sh has put LiteLLM; without it only nginx stands beside us. Lectern runs as people run it: with a key, its
records and its metrics, over a fresh library. --streams N opens so many streams at once instead, each with a delta a second
(two descriptors each: see ulimit -n), and tells what one costs in memory.
"""
import argparse
import json
import os
import pathlib
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import time

import gateway_hits

ROOT = pathlib.Path(__file__).resolve().parent.parent
PEERS = ROOT.parent / "shared" / "peers" / "gateway"
PORT = 9120


def new_key(program, data):
    """A key of a fresh library, made before the server starts."""
    out = subprocess.run([program, "keys", "add", "bench", "--data", data, "--json"], check=True, capture_output=True, text=True)
    return json.loads(out.stdout)["key"]


def resident_kb(process):
    return int(re.search(r"^VmRSS:\s+(\d+)", pathlib.Path(f"/proc/{process.pid}/status").read_text(), re.M)[1])


def many_streams(program, scripts, data, key, count):
    """Resident memory for each of `count` streams, half of the way through them; it was warmed by 50."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    for source in ("mock_upstream", "sse_client"):
        subprocess.run(["cc", "-O2", "-o", scripts / source, scripts / f"{source}.c"], check=True)
    url = f"http://127.0.0.1:{PORT}/v1/chat/completions"
    client = lambda n: [scripts / "sse_client", "-n", str(n), "-c", str(n), "-d", "12", "-H", f"Authorization: Bearer {key}", url]
    mock = subprocess.Popen([scripts / "mock_upstream", "9100", "stamp=1,gap=1000,deltas=12"], stdout=subprocess.DEVNULL)
    server = subprocess.Popen([program, "serve", "--data", data, "--listen", f"127.0.0.1:{PORT}", "--provider-url",
                               "http://127.0.0.1:9100/v1", "--provider-key", "sk-mock", "--connections-per-address", "20000"],
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        time.sleep(2)
        subprocess.run(client(50), check=True, stdout=subprocess.DEVNULL)
        before = resident_kb(server)
        streams = subprocess.Popen(client(count), stdout=subprocess.PIPE, text=True)
        time.sleep(7)
        each = (resident_kb(server) - before) / count
        told = json.loads(streams.communicate()[0])
        print(f"{count} open streams: {each:.1f} KiB each, lag of a delta p50 {told['lag'][0] / 1e3:.2f} ms, failed {told['failed']}")
    finally:
        for process in (server, mock):
            process.terminate()
            process.wait()


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--peers", help="where LiteLLM is installed")
    p.add_argument("--rounds", default="3")
    p.add_argument("--seconds", default="3")
    p.add_argument("--faults", action="store_true", help="the fault matrix instead of the speeds")
    p.add_argument("--streams", type=int, help="so many streams at once instead of the speeds")
    p.add_argument("--hits", action="store_true", help="only calls that are answered from what is kept")
    p.add_argument("--program", default=str(ROOT / "build" / "lectern"))
    a = p.parse_args()
    if not PEERS.is_dir():
        print("skipped: needs ../shared/peers/gateway")
        return
    work = pathlib.Path(tempfile.mkdtemp(prefix="lectern-gateway-"))
    try:
        if a.hits:
            gateway_hits.run(a.program, new_key, work, PEERS / "mock_upstream.c")
            return
        scripts = work / "scripts"
        shutil.copytree(PEERS, scripts)
        for file in scripts.iterdir():
            file.chmod(0o755)
        data = work / "library"
        key = new_key(a.program, data)
        if a.streams:
            many_streams(a.program, scripts, data, key, a.streams)
            return
        start = (f"{a.program} serve --data {data} --listen 127.0.0.1:{PORT} --provider-url http://127.0.0.1:9100/v1 "
                 "--provider-key sk-mock --reactors 1")
        with open(scripts / "gateways.toml", "a") as out:
            out.write(f'lectern = {{ url = "http://127.0.0.1:{PORT}/v1", headers = "Authorization: Bearer {key}", start = "{start}" }}\n')
        names = "direct,nginx,lectern" + (",litellm" if a.peers else "")
        words = ["faults.py"] if a.faults else ["bench.py", "--rounds", a.rounds, "--seconds", a.seconds]
        extra = ["--set", f"peers={a.peers}"] if a.peers else []
        sys.stdout.flush()
        subprocess.run([sys.executable, scripts / words[0], *words[1:], "--only", names, *extra], check=True)
        if not a.faults:
            gateway_hits.run(a.program, new_key, work, PEERS / "mock_upstream.c")
    finally:
        shutil.rmtree(work, ignore_errors=True)


if __name__ == "__main__":
    main()
