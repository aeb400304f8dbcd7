#!/usr/bin/env python3
"""How much the tests of the platform try, as they say it themselves: forged tokens, addresses inside, other workspaces, requests made from the
description of the API, repeats, stores of vectors, clients of others, settings and paths of earlier systems.

    platform_counts.py BUILD [--only tokens,addresses,functions,tenants,repeats,described,stores,clients,seeds]

BUILD has `lectern` and the programs of unit tests. Each part takes a minute or two (stores more) and prints one JSON line: how many tests passed
and what they said; ends with 1 when one failed. What is not installed here (PostgreSQL, pgvector, Weaviate) is skipped by the tests, and counted."""
import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as xml
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PYTHON = ROOT / "build/tests/bin/python"
LIMIT_S = 600
# Programs of unit tests, a pattern of their names, what is set for them.
UNITS = {"tokens": ("account", "jwt/*token*", {}), "addresses": ("net", "net/*refused*", {}), "functions": ("store", "store/*workspace*", {}),
         "stores": ("library", "vector_s*/*", {"VECTORS_ALL": "1"})}
FILES = {"tenants": ["test_tenants.py"], "repeats": ["test_route_repeats.py", "test_idempotency.py", "test_cursors.py"],
         "clients": ["test_tus.py", "test_fronts.py", "test_provider.py", "test_mcp_client.py", "test_caldav.py", "test_websocket.py", "test_examples.py"],
         "seeds": ["test_settings.py", "seeds/test_endpoints.py", "seeds/test_features.py"]}
PARTS = ("tokens", "addresses", "functions", "tenants", "repeats", "described", "stores", "clients", "seeds")


def run(argv, **environment):
    return subprocess.run([str(word) for word in argv], cwd=ROOT, capture_output=True, text=True, errors="replace", timeout=LIMIT_S, check=False,
                          env={**os.environ, **environment})


def of_unit_tests(build, name):
    program, names, environment = UNITS[name]
    suppressed = f"suppressions={ROOT}/tools/lsan.supp:print_suppressions=0"
    done = run([build / "unit" / program, "--verbose", "--filter", names], LSAN_OPTIONS=suppressed, **environment)
    said = done.stdout + done.stderr
    tested = re.search(r"Tested: .*?(\d+).*?Passing: .*?(\d+).*?Failing: .*?(\d+).*?Crashing: .*?(\d+)", re.sub(r"\x1b\[[\d;]*m", "", said))
    if not tested:
        sys.exit(f"platform_counts: {program}: {said[-500:]}")
    _, passed, failing, crashing = map(int, tested.groups())
    told = re.findall(r"(\w[^\n\]]* (?:were tried.*|exact best|needs .*))$", re.sub(r"\x1b\[[\d;]*m", "", said), re.M)
    if name == "functions":
        told.append(run([ROOT / "tools/check-isolation", "--count"]).stdout.strip())
    return {"passed": passed, "failed": failing + crashing, "told": told}


def of_files(build, name):
    """Of each file of tests: how many passed, and the figures that they recorded."""
    counts, told = {"passed": 0, "failed": 0, "skipped": 0}, []
    with tempfile.TemporaryDirectory(prefix="lectern-counts-") as folder:
        report = Path(folder) / "report.xml"
        files = [f"tests/{file}" for file in FILES[name]]
        done = run([PYTHON, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--junitxml={report}", *files], LECTERN=str(build / "lectern"))
        if not report.exists():
            sys.exit(f"platform_counts: {files}: {done.stdout[-500:]}{done.stderr[-500:]}")
        for case in xml.parse(report).iter("testcase"):
            outcome = {"failure": "failed", "error": "failed", "skipped": "skipped"}.get(next((one.tag for one in case if one.tag != "properties"), ""), "passed")
            counts[outcome] += 1
            over = next((kind for kind in ("sqlite", "postgresql") if kind in case.get("name")), "")
            told += [f"{one.get('value')} {one.get('name')}" + (f" ({over})" if over else "") for one in case.iter("property")]
    return {**counts, "told": told}


def of_description(build, _name):
    done = run([PYTHON, "tests/fuzz_api.py", "1", "1"], LECTERN=str(build / "lectern"))
    told = re.search(r"^(\d+) operations, (\d+) requests, (\d+) wrong; .*$", done.stdout, re.M)
    if not told:
        sys.exit(f"platform_counts: fuzz_api.py: {done.stdout[-500:]}{done.stderr[-500:]}")
    return {"passed": int(told[2]) - int(told[3]), "failed": int(told[3]), "told": [told[0]]}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("build", type=Path)
    parser.add_argument("--only", default=",".join(PARTS))
    options = parser.parse_args()
    build, failed = options.build.resolve(), 0
    for name in options.only.split(","):
        how = of_unit_tests if name in UNITS else of_files if name in FILES else of_description
        counts = how(build, name)
        print(json.dumps({"name": name, **counts}), flush=True)
        failed += counts["failed"]
    sys.exit(bool(failed))


if __name__ == "__main__":
    main()
