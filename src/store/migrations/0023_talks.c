#include "store/migrate.h"

extern const Migration migration_0023;

/* Conversations that branch: a message follows its parent, and the conversation shows the path to
 * one of them. Personas and prompts are recipes: named, with versions that stay. */
const Migration migration_0023 = {
    .up = { "ALTER TABLE conversations ADD COLUMN folder TEXT NOT NULL DEFAULT '';"
            "ALTER TABLE conversations ADD COLUMN persona TEXT NOT NULL DEFAULT '';"
            "ALTER TABLE conversations ADD COLUMN share TEXT NOT NULL DEFAULT '';"
            "ALTER TABLE conversations ADD COLUMN shown TEXT NOT NULL DEFAULT '';"
            "ALTER TABLE messages ADD COLUMN parent TEXT NOT NULL DEFAULT '';"
            "ALTER TABLE messages ADD COLUMN text_fold TEXT NOT NULL DEFAULT '';"
            "UPDATE messages SET text_fold = lower(text), parent = coalesce("
            "    (SELECT p.id FROM messages p WHERE p.workspace = messages.workspace"
            "     AND p.conversation = messages.conversation"
            "     AND p.ordinal = messages.ordinal - 1), '');"
            "UPDATE conversations SET shown = coalesce("
            "    (SELECT m.id FROM messages m WHERE m.workspace = conversations.workspace"
            "     AND m.conversation = conversations.id ORDER BY m.ordinal DESC LIMIT 1), '');"
            "CREATE UNIQUE INDEX conversations_by_share ON conversations (workspace, share)"
            "    WHERE share <> '';"
            "CREATE TABLE recipes ("
            "    workspace TEXT NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,"
            "    id TEXT NOT NULL,"
            "    kind TEXT NOT NULL,"
            "    user_id TEXT NOT NULL,"
            "    name TEXT NOT NULL,"
            "    name_fold TEXT NOT NULL,"
            "    version INTEGER NOT NULL,"
            "    shares TEXT NOT NULL," /* JSON: which versions of a prompt are tried */
            "    created_at INTEGER NOT NULL,"
            "    updated_at INTEGER NOT NULL,"
            "    PRIMARY KEY (workspace, id)"
            ") STRICT;"
            "CREATE UNIQUE INDEX recipes_by_name ON recipes (workspace, kind, name_fold);"
            "CREATE TABLE recipe_versions ("
            "    workspace TEXT NOT NULL,"
            "    recipe TEXT NOT NULL,"
            "    number INTEGER NOT NULL,"
            "    user_id TEXT NOT NULL,"
            "    body TEXT NOT NULL," /* JSON */
            "    created_at INTEGER NOT NULL,"
            "    PRIMARY KEY (workspace, recipe, number),"
            "    FOREIGN KEY (workspace, recipe) REFERENCES recipes (workspace, id)"
            "        ON DELETE CASCADE"
            ") STRICT;"
            "CREATE TABLE recipe_defaults ("
            "    workspace TEXT NOT NULL,"
            "    subject_kind TEXT NOT NULL," /* "collection", "key" */
            "    subject TEXT NOT NULL,"
            "    recipe TEXT NOT NULL,"
            "    PRIMARY KEY (workspace, subject_kind, subject),"
            "    FOREIGN KEY (workspace, recipe) REFERENCES recipes (workspace, id)"
            "        ON DELETE CASCADE"
            ") STRICT;",
            NULL },
    .down = { "DROP TABLE recipe_defaults; DROP TABLE recipe_versions; DROP TABLE recipes;"
              "DROP INDEX conversations_by_share;"
              "DELETE FROM messages WHERE role = 'summary';"
              "ALTER TABLE messages DROP COLUMN text_fold;"
              "ALTER TABLE messages DROP COLUMN parent;"
              "ALTER TABLE conversations DROP COLUMN shown;"
              "ALTER TABLE conversations DROP COLUMN share;"
              "ALTER TABLE conversations DROP COLUMN persona;"
              "ALTER TABLE conversations DROP COLUMN folder;",
              NULL },
};
