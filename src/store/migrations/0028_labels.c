#include "store/migrate.h"

extern const Migration migration_0028;

/* Label sets that learn from examples, what they said of documents and texts, and many of them at
 * once. What is of a document goes with it. */
const Migration migration_0028 = {
    .up = { "CREATE TABLE label_sets ("
            "    workspace TEXT NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,"
            "    id TEXT NOT NULL,"
            "    user_id TEXT NOT NULL,"
            "    name TEXT NOT NULL,"
            "    name_fold TEXT NOT NULL,"
            "    description TEXT NOT NULL,"
            "    labels TEXT NOT NULL," /* JSON: names with descriptions */
            "    is_multi INTEGER NOT NULL,"
            "    precision_wanted REAL NOT NULL,"
            "    threshold REAL NOT NULL,"  /* 0: as measured */
            "    asks TEXT NOT NULL,"       /* who is asked: auto, encoder, model */
            "    collection TEXT NOT NULL," /* whose new documents are classified */
            "    sets_tags INTEGER NOT NULL,"
            "    revision INTEGER NOT NULL," /* of labels and examples */
            "    trained_revision INTEGER NOT NULL,"
            "    classifier BLOB NOT NULL,"
            "    created_at INTEGER NOT NULL,"
            "    updated_at INTEGER NOT NULL,"
            "    PRIMARY KEY (workspace, id)"
            ") STRICT;"
            "CREATE UNIQUE INDEX label_sets_by_name ON label_sets (workspace, name_fold);"
            "CREATE INDEX label_sets_by_collection ON label_sets (workspace, collection);"
            "CREATE TABLE label_examples ("
            "    workspace TEXT NOT NULL,"
            "    label_set TEXT NOT NULL,"
            "    id TEXT NOT NULL,"
            "    hash TEXT NOT NULL," /* of the text: a text is one example */
            "    text TEXT NOT NULL,"
            "    labels TEXT NOT NULL," /* JSON: names */
            "    source TEXT NOT NULL," /* given, confirmed, corrected */
            "    document TEXT,"        /* NULL: of none */
            "    user_id TEXT NOT NULL,"
            "    created_at INTEGER NOT NULL,"
            "    PRIMARY KEY (workspace, label_set, id),"
            "    FOREIGN KEY (workspace, label_set) REFERENCES label_sets (workspace, id)"
            "        ON DELETE CASCADE,"
            "    FOREIGN KEY (workspace, document) REFERENCES documents (workspace, id)"
            "        ON DELETE CASCADE"
            ") STRICT;"
            "CREATE UNIQUE INDEX label_examples_by_text"
            "    ON label_examples (workspace, label_set, hash);"
            "CREATE INDEX label_examples_by_document ON label_examples (workspace, document);"
            "CREATE TABLE label_trainings ("
            "    workspace TEXT NOT NULL,"
            "    label_set TEXT NOT NULL,"
            "    id TEXT NOT NULL,"
            "    way TEXT NOT NULL,"
            "    examples INTEGER NOT NULL,"
            "    folds INTEGER NOT NULL," /* 0: nothing could be measured */
            "    accuracy REAL NOT NULL,"
            "    macro_f1 REAL NOT NULL,"
            "    calibration_error REAL NOT NULL,"
            "    threshold REAL NOT NULL,"
            "    trained_at INTEGER NOT NULL,"
            "    PRIMARY KEY (workspace, label_set, id),"
            "    FOREIGN KEY (workspace, label_set) REFERENCES label_sets (workspace, id)"
            "        ON DELETE CASCADE"
            ") STRICT;"
            "CREATE TABLE classifications ("
            "    workspace TEXT NOT NULL,"
            "    id TEXT NOT NULL,"
            "    label_set TEXT NOT NULL,"
            "    subject TEXT NOT NULL," /* a document's id, or the hash of a text */
            "    hash TEXT NOT NULL,"    /* of what was read */
            "    document TEXT,"         /* NULL: a text */
            "    name TEXT NOT NULL,"
            "    sample TEXT NOT NULL,"   /* what a person decides by, and what is learned */
            "    labels TEXT NOT NULL,"   /* JSON: names that were said */
            "    scores TEXT NOT NULL,"   /* JSON */
            "    evidence TEXT NOT NULL," /* JSON */
            "    confidence REAL NOT NULL,"
            "    state TEXT NOT NULL,"
            "    decided TEXT NOT NULL," /* JSON: names, once a person has; else empty */
            "    made_by TEXT NOT NULL,"
            "    user_id TEXT NOT NULL," /* who decided */
            "    decided_at INTEGER NOT NULL,"
            "    created_at INTEGER NOT NULL,"
            "    updated_at INTEGER NOT NULL,"
            "    PRIMARY KEY (workspace, id),"
            "    FOREIGN KEY (workspace, label_set) REFERENCES label_sets (workspace, id)"
            "        ON DELETE CASCADE,"
            "    FOREIGN KEY (workspace, document) REFERENCES documents (workspace, id)"
            "        ON DELETE CASCADE"
            ") STRICT;"
            "CREATE UNIQUE INDEX classifications_by_subject"
            "    ON classifications (workspace, label_set, subject);"
            "CREATE INDEX classifications_by_state ON classifications (workspace, state, id);"
            "CREATE INDEX classifications_by_document ON classifications (workspace, document);"
            "CREATE TABLE classification_batches ("
            "    workspace TEXT NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,"
            "    id TEXT NOT NULL,"
            "    user_id TEXT NOT NULL,"
            "    label_set TEXT NOT NULL," /* one of the two is there */
            "    workflow TEXT NOT NULL,"
            "    workflow_version INTEGER NOT NULL,"
            "    state TEXT NOT NULL,"
            "    job TEXT NOT NULL,"
            "    created_at INTEGER NOT NULL,"
            "    finished_at INTEGER NOT NULL,"
            "    PRIMARY KEY (workspace, id)"
            ") STRICT;"
            "CREATE TABLE classification_items ("
            "    workspace TEXT NOT NULL,"
            "    batch TEXT NOT NULL,"
            "    number INTEGER NOT NULL," /* from 0 */
            "    document TEXT NOT NULL,"  /* as it was asked for: there may be none */
            "    text TEXT NOT NULL,"
            "    state TEXT NOT NULL,"
            "    result TEXT NOT NULL," /* JSON; empty: none yet */
            "    error_code TEXT NOT NULL,"
            "    error TEXT NOT NULL,"
            "    PRIMARY KEY (workspace, batch, number),"
            "    FOREIGN KEY (workspace, batch) REFERENCES classification_batches (workspace, id)"
            "        ON DELETE CASCADE"
            ") STRICT;"
            "CREATE INDEX classification_items_by_document"
            "    ON classification_items (workspace, document);"
            "CREATE INDEX classification_items_by_state"
            "    ON classification_items (workspace, batch, state, number);",
            NULL },
    .down = { "DROP TABLE classification_items; DROP TABLE classification_batches;"
              "DROP TABLE classifications; DROP TABLE label_trainings;"
              "DROP TABLE label_examples; DROP TABLE label_sets;",
              NULL },
};
