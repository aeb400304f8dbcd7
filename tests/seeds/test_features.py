"""The list of what the earlier systems do (features.tsv; docs/seeds.md prints it): no row leads nowhere."""
import csv
import re
import subprocess
from pathlib import Path

import pytest

from conftest import PROGRAM

HERE = Path(__file__).resolve().parent
TESTS = HERE.parent
SOURCE = TESTS.parent

with open(HERE / "features.tsv", encoding="utf-8") as file:
    ROWS = list(csv.DictReader(file, delimiter="\t"))


def bare(path):
    return re.sub(r":\w+", ":", path)


@pytest.fixture(scope="module")
def known():
    routes = {(method, bare(path)) for method, path in
              re.findall(r'ROUTE\("(\w+)",\s*"([^"]+)"', (SOURCE / "src/api/routes.def").read_text())} | {("GET", "/ws")}
    settings = set(re.findall(r"^#(\w+) =", subprocess.run([PROGRAM, "config", "--example"], capture_output=True, text=True, check=True).stdout, re.M))
    commands = set(re.findall(r"^  (\w+)  +\S", subprocess.run([PROGRAM, "--help"], capture_output=True, text=True, check=True).stdout, re.M))
    pages = set(re.findall(r"\['(/[^']*)'", (SOURCE / "web/router.js").read_text()))
    return {"routes": routes, "setting": settings, "lectern": commands, "page": pages}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["feature"][:60])
def test_a_feature_is_had_by_what_is_there_and_shown_by_a_test_that_is_there(known, row):
    for way in row["had by"].split("; "):
        kind, name = way.split(" ", 1)
        assert name in known[kind] if kind in known else (kind, bare(name)) in known["routes"], way
    file, test = row["test"].split("::")
    assert re.search(rf"^def {test}\(", (TESTS / file).read_text(), re.M), row["test"]
