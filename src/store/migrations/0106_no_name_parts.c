#include "store/migrate.h"

extern const Migration migration_0106;

/* As migration 0085 made them. */
#define TEXT_OF(row)                                                                               \
    "replace(replace(" row "name_fold || char(10) || lower(" row "title), '_', ' '), '-', ' ')"
#define ADD(row)                                                                                   \
    " INSERT INTO document_name_parts (rowid, text) VALUES (" row "rowid, " TEXT_OF(row) ");"
#define TAKE(row)                                                                                  \
    " INSERT INTO document_name_parts (document_name_parts, rowid, text)"                          \
    " VALUES ('delete', " row "rowid, " TEXT_OF(row) ");"

/* Parts of names in large workspaces are found in memory, in both databases (document_parts.h of
 * src/search); to erase one document, this index of SQLite's was written anew, .9 s of a million
 * names. */
const Migration migration_0106 = {
    .up = { "DROP TRIGGER documents_name_again; DROP TRIGGER documents_name_out;"
            "DROP TRIGGER documents_name_in; DROP TABLE document_name_parts;",
            "SELECT 1;" },
    /* clang-format off */
    .down = { "CREATE VIRTUAL TABLE document_name_parts USING fts5 (text, content = '',"
              "    columnsize = 0, detail = none, tokenize = 'trigram case_sensitive 1');"
              "INSERT INTO document_name_parts (rowid, text)"
              " SELECT rowid, " TEXT_OF("") " FROM documents ORDER BY rowid;"
              "CREATE TRIGGER documents_name_in AFTER INSERT ON documents BEGIN" ADD("NEW.") " END;"
              "CREATE TRIGGER documents_name_out AFTER DELETE ON documents BEGIN" TAKE("OLD.")
              " END;"
              "CREATE TRIGGER documents_name_again AFTER UPDATE OF name_fold, title ON documents"
              " WHEN OLD.name_fold IS NOT NEW.name_fold OR OLD.title IS NOT NEW.title"
              " BEGIN" TAKE("OLD.") ADD("NEW.") " END;",
              "SELECT 1;" },
    /* clang-format on */
};
