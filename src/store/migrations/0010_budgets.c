#include "store/migrate.h"

extern const Migration migration_0010;

/* How much a key, a person or a workspace may spend in a period: pico-dollars, or calls. `lent` is
 * what nodes have borrowed of it in the period that began at `period_start`; `told` is the share in
 * per cent whose crossing has been told. A row of budget_leases is what one process has borrowed,
 * and how much of that is spent; `batch` is the last batch of calls that it counts. */
const Migration migration_0010 = {
    .up = { "CREATE TABLE budgets ("
            "    workspace TEXT NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,"
            "    id TEXT NOT NULL,"
            "    kind TEXT NOT NULL,"
            "    subject TEXT NOT NULL,"
            "    period TEXT NOT NULL,"
            "    counts_calls INTEGER NOT NULL,"
            "    amount INTEGER NOT NULL,"
            "    lent INTEGER NOT NULL,"
            "    period_start INTEGER NOT NULL,"
            "    told INTEGER NOT NULL,"
            "    created_at INTEGER NOT NULL,"
            "    PRIMARY KEY (workspace, id)"
            ") STRICT;"
            "CREATE UNIQUE INDEX budgets_by_subject ON budgets (workspace, kind, subject, period);"
            "CREATE TABLE budget_leases ("
            "    workspace TEXT NOT NULL,"
            "    budget TEXT NOT NULL,"
            "    period_start INTEGER NOT NULL,"
            "    node TEXT NOT NULL,"
            "    lent INTEGER NOT NULL,"
            "    spent INTEGER NOT NULL,"
            "    batch INTEGER NOT NULL,"
            "    seen_at INTEGER NOT NULL,"
            "    PRIMARY KEY (workspace, budget, period_start, node),"
            "    FOREIGN KEY (workspace, budget) REFERENCES budgets (workspace, id)"
            "        ON DELETE CASCADE"
            ") STRICT;"
            "CREATE INDEX budget_leases_by_node ON budget_leases (node);",
            NULL },
    .down = { "DROP TABLE budget_leases; DROP TABLE budgets;", NULL },
};
