"""Every statement that a server asks of SQLite: none reads a large table whole, or sorts much of one, but those that have to.

A library as large as plan_statistics.def says has the same plans as a small one, and the statistics say how many rows each step reads."""
import collections
import re
import sqlite3
import time

import pytest
from test_tenants import House, filled

MUCH = 20000  # rows, some 10 ms
LARGE = 1000000  # rows of a table; what is smaller may be read
# What may read much: how it begins or what it is about, and why.
MAY = [
    (r'.* (FROM|INTO) "\w+"', "a person's or a workspace's data, looked for in every table: erasing, exporting and their proofs"),
    (r"SELECT .* FROM call_sums ", "usage and dashboards add up the sums of a time"),
    (r"SELECT count\(\*\) FROM (conversations|documents|messages|searches) WHERE workspace = \$1$", "how much is exported, said before it is"),
    (r"SELECT CAST\(coalesce\(sum\(size_bytes \+ text_bytes\)", "how much is exported, said before it is"),
    (r"DELETE FROM prompt_logs WHERE user_id = ", "a person is erased"),
    (r"SELECT CAST\(coalesce\(sum\(size\), 0\) AS BIGINT\) FROM client_files ", "the room that programs' files take, where one is added: thousands"),
    (r"SELECT count\(\*\) FROM tasks t ", "how many tasks a filter has, beside a page of them"),
    (r"SELECT t\.id, t\.number, .* FROM tasks t ", "tasks in an order that has no index; a workspace has thousands, not a million"),
    (r"SELECT (count\(\*\)|state, count\(\*\)) FROM connection_items ", "how far a connection is, which a person looks at"),
    (r"(SELECT|UPDATE) .*connection_items .*state = 'failed'", "what failed is few of a connection"),
    (r"SELECT \* FROM \(SELECT decided_at / 86400000 AS day", "decisions of a set of labels by day, which a person looks at"),
    (r"SELECT s\.id, s\.user_id, s\.name, .* FROM label_sets s ", "sets of labels with how many they have decided"),
    (r"SELECT max\(s\.query\), ", "what was searched for in vain, which a person looks at"),
    (r"SELECT count\(DISTINCT d\.id\) FROM chunks c CROSS JOIN documents d .* c\.number > ", "what is new of a saved search: passages after the last look"),
    (r"SELECT d\.id, d\.chunk_count, .* d\.(guard <> ''|collection = )", "the bitmap of a collection, or of what is hidden, where columns in memory do not say it"),
    (r"SELECT d\.id, d\.updated_at, d\.chunk_count, ", "columns in memory are filled a page at a time"),
    (r"SELECT type, state, count\(\*\), min\(run_at\), ", "jobs of the last hours by their minutes"),
]
STEP = re.compile(r"(SCAN|SEARCH) (\S+)(?: USING (AUTOMATIC )?(?:PARTIAL )?(?:COVERING )?(?:INDEX (\S+)|(INTEGER PRIMARY KEY)|(PRIMARY KEY)))?(?: \((.*?)\))?(?: LEFT-JOIN)?$")


class Planner:
    """SQLite's plans of a library, and how many rows each step of them reads by the statistics."""

    def __init__(self, path):
        self.database = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
        self.rows, self.shared, self.table = {}, {}, {}
        for table, index, statistic in self.database.execute("SELECT tbl, idx, stat FROM sqlite_stat1"):
            numbers = [int(word) for word in statistic.split() if word.isdigit()]
            self.rows[table] = max(self.rows.get(table, 0), numbers[0])
            self.shared[index], self.table[index] = numbers, table

    def plan(self, statement):
        """[(step, the step it belongs to, what stands beside it)]"""
        count = max(map(int, re.findall(r"\$(\d+)", statement)), default=0)
        steps = self.database.execute("EXPLAIN QUERY PLAN " + re.sub(r"\$(\d+)", r"?\1", statement), [None] * count).fetchall()
        beside, names = collections.defaultdict(list), {id: text for id, _, _, text in steps}
        for _, parent, _, text in steps:
            beside[parent].append(text)
        return [(text, names.get(parent, ""), beside[parent]) for _, parent, _, text in steps]

    def table_of(self, alias, statement):
        named = [alias, *re.findall(rf"\b(\w+)(?: AS)? {re.escape(alias)}\b", statement)]
        return next((table for table in named if table in self.rows), None)

    def read(self, step, statement):
        """(table, how many rows it reads of it); None where that is no table."""
        found = STEP.match(step)
        if not found or "CONSTANT ROW" in step:
            return None
        scans, alias, is_automatic, index, by_number, by_key, terms = found.groups()
        table = self.table[index] if index and index in self.table else self.table_of(alias, statement)
        if not table:
            return None
        equal = sum(term.endswith("=?") for term in terms.split(" AND ")) if terms else 0
        if is_automatic or (scans == "SCAN" and not index):
            return table, self.rows[table]
        if by_number:
            return table, 1 if equal else self.rows[table]
        return table, self.shared[table if by_key else index][0 if scans == "SCAN" else equal]

    def much(self, statement):
        """The steps that read more of a large table than they should."""
        for step, parent, beside in self.plan(statement):
            if step.startswith("BLOOM FILTER"):
                table = self.table_of(step.split()[3], statement)
                if table and self.rows[table] >= LARGE:
                    yield step
                continue
            read = self.read(step, statement)
            if not read or self.rows[read[0]] < LARGE or read[1] <= MUCH:
                continue
            sorts = any("TEMP B-TREE" in one and " PART " not in one and " LAST " not in one for one in beside)
            ends_early = "LIMIT" in statement or ("EXISTS" in statement and "SUBQUERY" in parent) or re.match(r"SELECT (coalesce\()?(max|min)\(\w+\)(, 0\))? FROM", statement)
            sweeps = statement.startswith("DELETE") and re.search(r"[<>]\?", step)  # what is over goes, and no more is read
            if sorts or not (ends_early or sweeps):
                yield step


@pytest.fixture(scope="module")
def asked(tmp_path_factory):
    """(every statement that a server asked by requests, sweeps and ticks, its library)"""
    folder = tmp_path_factory.mktemp("plans")
    notes, library = folder / "notes", folder / "library" / "lectern.db"
    house = House(folder, "", {"LECTERN_DATABASE": f"noting:{notes}:{library}"})
    try:
        for method, path in house.routes:
            if method == "GET":
                house.ours.call(method, filled(path, house.ids))
        house.ours.made("/v1/search", {"query": "ledger type:markdown", "collections": [house.ids["collection"]], "facets": ["type", "tag"]})
        house.settle()
        time.sleep(2)
    finally:
        house.stop()
    return sorted(set(notes.read_text().split("\0")) - {""}), library


def test_what_is_asked_is_most_of_what_can_be_asked(asked):
    statements, _ = asked
    assert len(statements) > 600 and any("INTO documents" in one for one in statements)


def test_no_statement_reads_a_large_table_whole(asked):
    statements, library = asked
    planner, found = Planner(library), {}
    for statement in statements:
        if re.match(r"\s*(SELECT|INSERT|UPDATE|DELETE|WITH)\b", statement) and not any(re.match(begin, statement) for begin, _ in MAY):
            steps = list(planner.much(statement))
            if steps:
                found[statement] = steps
    assert not found, f"{len(found)}\n" + "\n".join(f"{statement}\n    {step}" for statement, steps in found.items() for step in steps)


def test_a_plan_that_reads_much_is_seen(asked):
    """The test itself."""
    planner = Planner(asked[1])
    for statement in ("SELECT count(*) FROM documents", "SELECT id FROM documents d WHERE workspace = $1 AND source = $2 ORDER BY name LIMIT 5",
                      "SELECT 1 FROM chunks c JOIN documents d ON d.language = c.heading", "DELETE FROM audit WHERE workspace = $1 AND details = $2"):
        assert list(planner.much(statement)), statement
    for statement in ("SELECT * FROM documents WHERE workspace = $1 AND id = $2", "SELECT max(sequence) FROM index_changes",
                      "SELECT id FROM documents WHERE workspace = $1 ORDER BY created_at DESC, id DESC LIMIT $2"):
        assert not list(planner.much(statement)), statement
