#include "store/migrate.h"

extern const Migration migration_0033;

/* Executions of document workflows, whose definitions are recipes, and what starts them. A frame is
 * one sequence of steps being walked: the workflow's own, a branch, an item of a for-each. */
const Migration migration_0033 = {
    .up = { "CREATE TABLE workflow_executions ("
            "    workspace TEXT NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,"
            "    id TEXT NOT NULL,"
            "    workflow TEXT NOT NULL," /* a recipe, which may be gone since */
            "    version INTEGER NOT NULL,"
            "    name TEXT NOT NULL,"
            "    body TEXT NOT NULL,"     /* JSON: the definition as it was */
            "    document TEXT NOT NULL," /* empty: none; it may be gone since */
            "    user_id TEXT NOT NULL,"
            "    started_by TEXT NOT NULL," /* api, manual, upload, ... */
            "    key TEXT,"                 /* NULL: started as often as asked */
            "    is_dry INTEGER NOT NULL,"  /* nothing outside and nothing of ours changes */
            "    parent TEXT NOT NULL,"     /* an execution; empty: none */
            "    parent_frame INTEGER NOT NULL,"
            "    depth INTEGER NOT NULL,"
            "    state TEXT NOT NULL,"
            "    input TEXT NOT NULL,"  /* JSON */
            "    output TEXT NOT NULL," /* JSON; empty: none yet */
            "    error_code TEXT NOT NULL,"
            "    error TEXT NOT NULL,"
            "    error_step TEXT NOT NULL,"
            "    created_at INTEGER NOT NULL,"
            "    finished_at INTEGER NOT NULL,"
            "    expires_at INTEGER NOT NULL," /* 0: never */
            "    frame_count INTEGER NOT NULL,"
            "    PRIMARY KEY (workspace, id)"
            ") STRICT;"
            "CREATE UNIQUE INDEX workflow_executions_by_key"
            "    ON workflow_executions (workspace, workflow, key);"
            "CREATE INDEX workflow_executions_by_workflow"
            "    ON workflow_executions (workspace, workflow, id);"
            "CREATE INDEX workflow_executions_by_state ON workflow_executions (workspace, state, "
            "id);"
            "CREATE INDEX workflow_executions_by_document"
            "    ON workflow_executions (workspace, document, id);"
            "CREATE INDEX workflow_executions_open ON workflow_executions (created_at)"
            "    WHERE finished_at = 0;"
            "CREATE INDEX workflow_executions_by_end ON workflow_executions (finished_at)"
            "    WHERE finished_at > 0;"
            "CREATE INDEX workflow_executions_by_parent ON workflow_executions (workspace, parent);"
            "CREATE TABLE workflow_frames ("
            "    workspace TEXT NOT NULL,"
            "    execution TEXT NOT NULL,"
            "    number INTEGER NOT NULL,"  /* 0: the workflow's own */
            "    parent INTEGER NOT NULL,"  /* -1: none */
            "    step TEXT NOT NULL,"       /* of the parent, which it belongs to */
            "    place INTEGER NOT NULL,"   /* which branch or item, from 0 */
            "    item TEXT NOT NULL,"       /* JSON of a for-each; empty: none */
            "    position TEXT NOT NULL,"   /* the next step; empty: behind the last */
            "    attempt INTEGER NOT NULL," /* of that step, from 1 */
            "    state TEXT NOT NULL,"
            "    wait TEXT NOT NULL,"          /* what for; empty: nothing */
            "    wait_until INTEGER NOT NULL," /* 0: for ever */
            "    wait_event TEXT NOT NULL,"
            "    woken TEXT NOT NULL," /* JSON: by what; empty: not */
            "    error TEXT NOT NULL," /* JSON: what an error branch is told */
            "    children_left INTEGER NOT NULL,"
            "    step_count INTEGER NOT NULL,"   /* rows of workflow_steps */
            "    is_step_open INTEGER NOT NULL," /* the last of them is under way */
            "    PRIMARY KEY (workspace, execution, number),"
            "    FOREIGN KEY (workspace, execution) REFERENCES workflow_executions (workspace, id)"
            "        ON DELETE CASCADE"
            ") STRICT;"
            "CREATE INDEX workflow_frames_by_parent"
            "    ON workflow_frames (workspace, execution, parent, number);"
            "CREATE INDEX workflow_frames_by_event ON workflow_frames (workspace, wait_event)"
            "    WHERE wait_event <> '';"
            "CREATE TABLE workflow_steps ("
            "    workspace TEXT NOT NULL,"
            "    execution TEXT NOT NULL,"
            "    frame INTEGER NOT NULL,"
            "    number INTEGER NOT NULL," /* in the order in which the frame began them, from 1 */
            "    step TEXT NOT NULL,"
            "    type TEXT NOT NULL,"
            "    state TEXT NOT NULL,"
            "    attempt INTEGER NOT NULL,"
            "    input TEXT NOT NULL,"  /* JSON */
            "    output TEXT NOT NULL," /* JSON; empty: none */
            "    error_code TEXT NOT NULL,"
            "    error TEXT NOT NULL,"
            "    tokens INTEGER NOT NULL,"
            "    cost INTEGER NOT NULL," /* pico-dollars */
            "    started_at INTEGER NOT NULL,"
            "    finished_at INTEGER NOT NULL,"
            "    PRIMARY KEY (workspace, execution, frame, number),"
            "    FOREIGN KEY (workspace, execution) REFERENCES workflow_executions (workspace, id)"
            "        ON DELETE CASCADE"
            ") STRICT;"
            "CREATE TABLE workflow_triggers ("
            "    workspace TEXT NOT NULL,"
            "    workflow TEXT NOT NULL,"
            "    number INTEGER NOT NULL," /* its place in the definition, from 0 */
            "    kind TEXT NOT NULL,"
            "    user_id TEXT NOT NULL," /* whose rights the executions have */
            "    rule TEXT NOT NULL,"    /* JSON: as the definition has it */
            "    PRIMARY KEY (workspace, workflow, number),"
            "    FOREIGN KEY (workspace, workflow) REFERENCES recipes (workspace, id)"
            "        ON DELETE CASCADE"
            ") STRICT;"
            "CREATE INDEX workflow_triggers_by_kind ON workflow_triggers (workspace, kind);",
            NULL },
    .down = { "DROP TABLE workflow_triggers; DROP TABLE workflow_steps; DROP TABLE workflow_frames;"
              "DROP TABLE workflow_executions;",
              NULL },
};
