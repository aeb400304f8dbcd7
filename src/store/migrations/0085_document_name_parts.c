#include "store/migrate.h"

extern const Migration migration_0085;

/* A name and a title as parts of them are looked for: see documents_names.c. */
#define TEXT_OF(row)                                                                               \
    "replace(replace(" row "name_fold || char(10) || lower(" row "title), '_', ' '), '-', ' ')"
#define ADD(row)                                                                                   \
    " INSERT INTO document_name_parts (rowid, text) VALUES (" row "rowid, " TEXT_OF(row) ");"
#define TAKE(row)                                                                                  \
    " INSERT INTO document_name_parts (document_name_parts, rowid, text)"                          \
    " VALUES ('delete', " row "rowid, " TEXT_OF(row) ");"

/* Which documents have three characters in a row in their names. Triggers keep it, so that older
 * programs do too. It knows documents by their rowids, which stay: the program never runs VACUUM,
 * and VACUUM renumbers only tables without an index. PostgreSQL has nothing of it: row-level
 * security lets no index of parts be used. */
const Migration migration_0085 = {
    .up = { "CREATE VIRTUAL TABLE document_name_parts USING fts5 (text, content = '',"
            "    columnsize = 0, detail = none, tokenize = 'trigram case_sensitive 1');"
            "INSERT INTO document_name_parts (rowid, text)"
            " SELECT rowid, " TEXT_OF(
                "") " FROM documents ORDER BY rowid;"
                    "CREATE TRIGGER documents_name_in AFTER INSERT ON documents BEGIN" ADD(
                        "NEW.") " END;"
                                "CREATE TRIGGER documents_name_out AFTER DELETE ON documents "
                                "BEGIN" TAKE("OLD.") " END;"
                                                     "CREATE TRIGGER documents_name_again AFTER "
                                                     "UPDATE OF name_fold, title ON documents"
                                                     " WHEN OLD.name_fold IS NOT NEW.name_fold OR "
                                                     "OLD.title IS NOT NEW.title"
                                                     " BEGIN" TAKE("OLD.") ADD("NEW.") " END;",
            "SELECT 1;" },
    .down = { "DROP TRIGGER documents_name_again; DROP TRIGGER documents_name_out;"
              "DROP TRIGGER documents_name_in; DROP TABLE document_name_parts;",
              "SELECT 1;" },
};
