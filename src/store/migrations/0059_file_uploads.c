#include "store/migrate.h"

extern const Migration migration_0059;

/* Files that come in parts. The bytes of a part are an original of the blob store, so any node goes
 * on with an upload; a finished one stays as another name of its document. */
const Migration migration_0059 = {
    .up = { "CREATE TABLE file_uploads ("
            "    workspace TEXT NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,"
            "    id TEXT NOT NULL,"
            "    user_id TEXT NOT NULL,"
            "    name TEXT NOT NULL,"
            "    media_type TEXT NOT NULL,"
            "    collection TEXT NOT NULL,"
            "    metadata TEXT NOT NULL,"
            "    size INTEGER NOT NULL,"
            "    chunk_size INTEGER NOT NULL,"
            "    sha256 TEXT NOT NULL,"
            "    joined TEXT NOT NULL,"
            "    received INTEGER NOT NULL,"
            "    document TEXT NOT NULL,"
            "    created_at INTEGER NOT NULL,"
            "    expires_at INTEGER NOT NULL,"
            "    PRIMARY KEY (workspace, id)"
            ") STRICT;"
            "CREATE INDEX file_uploads_by_end ON file_uploads (expires_at) WHERE expires_at > 0;"
            "CREATE INDEX file_uploads_by_document ON file_uploads (workspace, document);"
            "CREATE TABLE file_upload_parts ("
            "    workspace TEXT NOT NULL,"
            "    upload TEXT NOT NULL,"
            "    start INTEGER NOT NULL,"
            "    size INTEGER NOT NULL,"
            "    blob TEXT NOT NULL,"
            "    PRIMARY KEY (workspace, upload, start),"
            "    FOREIGN KEY (workspace, upload) REFERENCES file_uploads (workspace, id)"
            "        ON DELETE CASCADE"
            ") STRICT;"
            "CREATE INDEX file_upload_parts_by_blob ON file_upload_parts (workspace, blob);",
            NULL },
    .down = { "DROP TABLE file_upload_parts; DROP TABLE file_uploads;", NULL },
};
