"""Every list and every row that the API shows, on PostgreSQL with many rows of 50 workspaces: no statement reads a large table whole."""
import os
import re
import subprocess

from test_tenants import House, filled

WORKSPACES = 50
ROWS = int(os.environ.get("ROWS", "4000"))  # of each table
# Tables that grow with use, and no end.
LARGE = ["documents", "chunks", "document_facts", "tasks", "jobs", "searches", "conversations", "messages", "notices", "notice_events", "audit",
         "call_sums", "call_pages", "prompt_logs", "classifications", "summaries", "study_cards", "study_reviews", "workflow_executions",
         "workflow_steps", "sessions", "approvals"]
# A table's rows once more, of workspaces that take turns: what is unique gets a number behind it, and so do times.
MORE = """
SET session_replication_role = replica;
DO $do$ DECLARE t text; fresh text; BEGIN
FOREACH t IN ARRAY ARRAY[{tables}] LOOP
 SELECT string_agg(format(CASE WHEN a.attname = 'workspace' THEN '%L, CASE n %% {workspaces} WHEN 0 THEN (r.x).workspace ELSE ''w'' || n %% {workspaces} END'
   WHEN a.atttypid = 'bigint'::regtype THEN '%L, (r.x).%I + n' ELSE '%L, (r.x).%I || ''-'' || n' END, a.attname, a.attname), ', ') INTO fresh
  FROM pg_attribute a WHERE a.attrelid = t::regclass AND a.attnum > 0 AND a.atttypid IN ('bigint'::regtype, 'text'::regtype)
   AND (a.attname ~ '(^|_)at$' OR EXISTS (SELECT FROM pg_index i WHERE i.indrelid = t::regclass AND i.indisunique AND a.attnum = ANY (i.indkey)));
 EXECUTE format('INSERT INTO %1$I SELECT p.* FROM (SELECT t AS x FROM %1$I t WHERE workspace = %3$L LIMIT 1) r,
  generate_series(1, {rows}) n, LATERAL jsonb_populate_record(r.x, jsonb_build_object(%2$s)) p', t, fresh, '{ours}');
END LOOP; END $do$;
ANALYZE;
"""
LOGGED = {"session_preload_libraries": "auto_explain", "auto_explain.log_min_duration": "0", "plan_cache_mode": "force_generic_plan", "random_page_cost": "1.1"}


def run(database, sql):
    subprocess.run(["psql", database, "-qXv", "ON_ERROR_STOP=1", "-c", sql], check=True, timeout=300)


def plans_of(log):
    """(statement, plan) of what was run."""
    for entry in re.split(r"\n(?=\S)", log):
        found = re.search(r"plan:\n\tQuery Text: (.*?)\n\t(\w.*)", entry, re.S)
        if found:
            yield found[1], found[2]


def test_no_route_reads_a_large_table_whole(postgres, tmp_path):
    database = postgres.new_database()
    house = House(tmp_path, database)
    try:
        house.settle()
        house.server.stop()
        run(database, MORE.format(tables=", ".join(f"'{t}'" for t in LARGE), workspaces=WORKSPACES, rows=ROWS, ours=house.ours.workspace))
        for name, value in LOGGED.items():
            run(database, f"ALTER DATABASE {database.rsplit('/', 1)[1]} SET {name} = '{value}'")
        log = postgres.folder / "log"
        house.server.start()
        before = log.stat().st_size
        for method, path in house.routes:
            if method == "GET":
                house.ours.connection.close()
                house.ours.call(method, filled(path, house.ids))
        house.ours.made("/v1/search", {"query": "ledger type:markdown", "collections": [house.ids["collection"]], "facets": ["type", "tag"]})
        plans = list(plans_of(log.read_bytes()[before:].decode("utf-8", "replace")))
        assert len(plans) > 300 and any("Index" in plan and " on documents" in plan for _, plan in plans)
        whole = {(scan[1], statement) for statement, plan in plans for scan in re.finditer(r"Seq Scan on (\w+)", plan) if scan[1] in LARGE}
        assert not whole, "\n".join(f"{table}: {statement}" for table, statement in sorted(whole))
    finally:
        house.stop()
