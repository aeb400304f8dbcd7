#include "store/migrate.h"

extern const Migration migration_0071;

#define TABLES(text, number, strict)                                                               \
    "CREATE TABLE document_tags ("                                                                 \
    "    workspace " text " NOT NULL,"                                                             \
    "    tag " text " NOT NULL,"                                                                   \
    "    created_at " number " NOT NULL,"                                                          \
    "    document " text " NOT NULL,"                                                              \
    "    PRIMARY KEY (workspace, tag, created_at, document),"                                      \
    "    FOREIGN KEY (workspace, document) REFERENCES documents (workspace, id)"                   \
    "        ON DELETE CASCADE"                                                                    \
    ")" strict ";"                                                                                 \
    "CREATE INDEX document_tags_by_document ON document_tags (workspace, document);"               \
    "CREATE INDEX documents_of_format ON documents (workspace, format, deleted_at, created_at, "   \
    "id);"                                                                                         \
    "CREATE INDEX documents_of_collection ON documents (workspace, collection, deleted_at, "       \
    "created_at, id);"                                                                             \
    "CREATE INDEX documents_by_size ON documents (workspace, deleted_at, size_bytes, id);"         \
    "CREATE INDEX documents_by_date ON documents (workspace, deleted_at, document_date, id);"      \
    "CREATE INDEX documents_by_day ON documents (workspace, deleted_at,"                           \
    "    (CASE WHEN document_date = 0 THEN created_at ELSE document_date END));"

/* What lists of large libraries are read from: an index for each order and each common filter, and
 * the tags of the documents outside the trash, by tag. */
const Migration migration_0071 = {
    .up = { TABLES(
                "TEXT", "INTEGER",
                " STRICT") "INSERT INTO document_tags (workspace, tag, created_at, document)"
                           " WITH RECURSIVE parts (workspace, document, created_at, tag, rest) AS ("
                           "  SELECT workspace, id, created_at, '', substr(tags, 2) FROM documents"
                           "  WHERE tags <> '' AND deleted_at = 0"
                           "  UNION ALL SELECT workspace, document, created_at,"
                           "   substr(rest, 1, instr(rest, char(31)) - 1), substr(rest, "
                           "instr(rest, char(31)) + 1)"
                           "  FROM parts WHERE rest <> '')"
                           " SELECT DISTINCT workspace, tag, created_at, document FROM parts WHERE "
                           "tag <> '';",
            TABLES("TEXT COLLATE \"C\"", "BIGINT",
                   "") "INSERT INTO document_tags (workspace, tag, created_at, document)"
                       " SELECT DISTINCT d.workspace, t, d.created_at, d.id FROM documents d,"
                       "  unnest(string_to_array(trim(both chr(31) from d.tags), chr(31))) t"
                       " WHERE d.tags <> '' AND d.deleted_at = 0;" },
    .down = { "DROP INDEX documents_by_day; DROP INDEX documents_by_date;"
              " DROP INDEX documents_by_size; DROP INDEX documents_of_collection;"
              " DROP INDEX documents_of_format; DROP TABLE document_tags;",
              NULL },
};
