/* 0074_document_counts.c - how many documents and how much of them, kept as they change.
 *
 * A row for each state, format, collection, ... that documents share; triggers keep them, so that
 * nothing can forget to, older programs included. In SQLite, which has one writer, a row is
 * changed. In PostgreSQL that row would make all writers wait for each other: there every change is
 * a row of its own, the sum of the rows is the count, and now and then one change adds up those
 * that nobody else holds. With lectern.counting = 'off' in a transaction nothing is counted: for
 * filling a database, which is counted at the end (counts_store.h). */
#include "store/migrate.h"

extern const Migration migration_0074;
/* clang-format off */
#define TABLES(text, number, ends_documents, ends_tags)                                            \
    "CREATE TABLE document_counts ("                                                               \
    "    workspace " text " NOT NULL,"                                                             \
    "    in_trash " number " NOT NULL,"                                                            \
    "    collection " text " NOT NULL,"                                                            \
    "    format " text " NOT NULL,"                                                                \
    "    state " text " NOT NULL,"                                                                 \
    "    vector_model " text " NOT NULL,"                                                          \
    "    documents " number " NOT NULL,"                                                           \
    "    versions " number " NOT NULL,"                                                            \
    "    pages " number " NOT NULL,"                                                               \
    "    chunks " number " NOT NULL,"                                                              \
    "    vectors " number " NOT NULL,"                                                             \
    "    text_bytes " number " NOT NULL,"                                                          \
    "    file_bytes " number " NOT NULL" ends_documents                                            \
    "CREATE TABLE tag_counts ("                                                                    \
    "    workspace " text " NOT NULL,"                                                             \
    "    tag " text " NOT NULL,"                                                                   \
    "    documents " number " NOT NULL" ends_tags

#define GROUP_OF(row)                                                                              \
    row ".workspace, " row ".deleted_at > 0, coalesce(" row ".collection, ''), " row ".format, "   \
    row ".state, " row ".vector_model"
#define SAME_GROUP(row)                                                                            \
    "workspace = " row ".workspace AND in_trash = (" row ".deleted_at > 0)"                        \
    " AND collection = coalesce(" row ".collection, '') AND format = " row ".format"               \
    " AND state = " row ".state AND vector_model = " row ".vector_model"
#define COUNTED_COLUMNS                                                                            \
    "deleted_at, collection, format, state, vector_model, version, page_count, chunk_count, vector_count,"  \
    " text_bytes, size_bytes"
#define IS_CHANGED(differs)                                                                        \
    "OLD.deleted_at " differs " NEW.deleted_at OR OLD.collection " differs " NEW.collection"       \
    " OR OLD.format " differs " NEW.format OR OLD.state " differs " NEW.state"                     \
    " OR OLD.vector_model " differs " NEW.vector_model"                                            \
    " OR OLD.version " differs " NEW.version"                                                      \
    " OR OLD.page_count " differs " NEW.page_count OR OLD.chunk_count " differs " NEW.chunk_count" \
    " OR OLD.vector_count " differs " NEW.vector_count"                                            \
    " OR OLD.text_bytes " differs " NEW.text_bytes OR OLD.size_bytes " differs " NEW.size_bytes"

#define COUNT_IN                                                                                   \
    " INSERT INTO document_counts (workspace, in_trash, collection, format, state, vector_model,"  \
    "  documents, versions, pages, chunks, vectors, text_bytes, file_bytes)"                                 \
    " VALUES (" GROUP_OF("NEW") ", 1, NEW.version, NEW.page_count, NEW.chunk_count, NEW.vector_count,"          \
    "  NEW.text_bytes, NEW.size_bytes)"                                                            \
    " ON CONFLICT (workspace, in_trash, collection, format, state, vector_model) DO UPDATE SET"    \
    "  documents = documents + 1, versions = versions + excluded.versions, pages = pages + excluded.pages,"                                 \
    "  chunks = chunks + excluded.chunks, vectors = vectors + excluded.vectors,"                   \
    "  text_bytes = text_bytes + excluded.text_bytes,"                                             \
    "  file_bytes = file_bytes + excluded.file_bytes;"
#define COUNT_OUT                                                                                  \
    " UPDATE document_counts SET documents = documents - 1, versions = versions - OLD.version, pages = pages - OLD.page_count,"       \
    "  chunks = chunks - OLD.chunk_count, vectors = vectors - OLD.vector_count,"                   \
    "  text_bytes = text_bytes - OLD.text_bytes, file_bytes = file_bytes - OLD.size_bytes"         \
    "  WHERE " SAME_GROUP("OLD") ";"                                                               \
    " DELETE FROM document_counts WHERE " SAME_GROUP("OLD") " AND documents = 0;"

#define SQLITE_TRIGGERS                                                                            \
    "CREATE TRIGGER documents_count_in AFTER INSERT ON documents BEGIN" COUNT_IN " END;"           \
    "CREATE TRIGGER documents_count_out AFTER DELETE ON documents BEGIN" COUNT_OUT " END;"         \
    "CREATE TRIGGER documents_count_again AFTER UPDATE OF " COUNTED_COLUMNS " ON documents"        \
    " WHEN " IS_CHANGED("IS NOT") " BEGIN" COUNT_OUT COUNT_IN " END;"                              \
    "CREATE TRIGGER document_tags_count_in AFTER INSERT ON document_tags BEGIN"                    \
    " INSERT INTO tag_counts (workspace, tag, documents) VALUES (NEW.workspace, NEW.tag, 1)"       \
    "  ON CONFLICT (workspace, tag) DO UPDATE SET documents = documents + 1;"                      \
    "END;"                                                                                         \
    "CREATE TRIGGER document_tags_count_out AFTER DELETE ON document_tags BEGIN"                   \
    " UPDATE tag_counts SET documents = documents - 1"                                             \
    "  WHERE workspace = OLD.workspace AND tag = OLD.tag;"                                         \
    " DELETE FROM tag_counts WHERE workspace = OLD.workspace AND tag = OLD.tag AND documents = 0;" \
    "END;"

#define CHANGE_OF(row, sign)                                                                       \
    "INSERT INTO document_counts (workspace, in_trash, collection, format, state, vector_model,"   \
    " documents, versions, pages, chunks, vectors, text_bytes, file_bytes) VALUES (" row ".workspace,"       \
    " (" row ".deleted_at > 0)::int, coalesce(" row ".collection, ''), " row ".format,"            \
    " " row ".state, " row ".vector_model, " sign "1, " sign row ".version, " sign row ".page_count,"                    \
    " " sign row ".chunk_count, " sign row ".vector_count, " sign row ".text_bytes,"               \
    " " sign row ".size_bytes);"
#define POSTGRES_TRIGGERS                                                                          \
    "CREATE FUNCTION add_up_document_counts(of_workspace text) RETURNS void LANGUAGE sql AS $f$"   \
    " WITH gone AS (DELETE FROM document_counts WHERE ctid = ANY (ARRAY(SELECT ctid"               \
    "   FROM document_counts WHERE workspace = of_workspace FOR UPDATE SKIP LOCKED)) RETURNING *)" \
    " INSERT INTO document_counts (workspace, in_trash, collection, format, state, vector_model,"  \
    "  documents, versions, pages, chunks, vectors, text_bytes, file_bytes)"                                 \
    " SELECT workspace, in_trash, collection, format, state, vector_model, sum(documents), sum(versions),"        \
    "  sum(pages), sum(chunks), sum(vectors), sum(text_bytes), sum(file_bytes) FROM gone"          \
    " GROUP BY workspace, in_trash, collection, format, state, vector_model"                       \
    " HAVING (sum(documents), sum(versions), sum(pages), sum(chunks), sum(vectors), sum(text_bytes),"             \
    "  sum(file_bytes)) <> (0, 0, 0, 0, 0, 0, 0) $f$;"                                                \
    "CREATE FUNCTION add_up_tag_counts(of_workspace text) RETURNS void LANGUAGE sql AS $f$"        \
    " WITH gone AS (DELETE FROM tag_counts WHERE ctid = ANY (ARRAY(SELECT ctid"                    \
    "   FROM tag_counts WHERE workspace = of_workspace FOR UPDATE SKIP LOCKED)) RETURNING *)"      \
    " INSERT INTO tag_counts (workspace, tag, documents)"                                          \
    " SELECT workspace, tag, sum(documents) FROM gone GROUP BY workspace, tag"                     \
    " HAVING sum(documents) <> 0 $f$;"                                                             \
    "CREATE FUNCTION count_document() RETURNS trigger LANGUAGE plpgsql AS $f$ BEGIN"               \
    " IF TG_OP <> 'INSERT' THEN " CHANGE_OF("OLD", "-") " END IF;"                                 \
    " IF TG_OP <> 'DELETE' THEN " CHANGE_OF("NEW", "") " END IF;"                                  \
    " IF random() < 0.005 THEN"                                                                    \
    "  PERFORM add_up_document_counts(CASE TG_OP WHEN 'DELETE' THEN OLD.workspace"                 \
    "   ELSE NEW.workspace END);"                                                                  \
    " END IF; RETURN NULL; END $f$;"                                                               \
    "CREATE FUNCTION count_tag() RETURNS trigger LANGUAGE plpgsql AS $f$ BEGIN"                    \
    " IF TG_OP = 'INSERT' THEN"                                                                    \
    "  INSERT INTO tag_counts (workspace, tag, documents) VALUES (NEW.workspace, NEW.tag, 1);"     \
    " ELSE"                                                                                        \
    "  INSERT INTO tag_counts (workspace, tag, documents) VALUES (OLD.workspace, OLD.tag, -1);"    \
    " END IF;"                                                                                     \
    " IF random() < 0.005 THEN"                                                                    \
    "  PERFORM add_up_tag_counts(CASE TG_OP WHEN 'DELETE' THEN OLD.workspace"                      \
    "   ELSE NEW.workspace END);"                                                                  \
    " END IF; RETURN NULL; END $f$;"                                                               \
    "CREATE TRIGGER documents_count AFTER INSERT OR DELETE ON documents FOR EACH ROW"              \
    " WHEN (" IS_COUNTING ") EXECUTE FUNCTION count_document();"                                   \
    "CREATE TRIGGER documents_count_again AFTER UPDATE OF " COUNTED_COLUMNS " ON documents"        \
    " FOR EACH ROW WHEN ((" IS_CHANGED("IS DISTINCT FROM") ") AND " IS_COUNTING ")"                \
    " EXECUTE FUNCTION count_document();"                                                          \
    "CREATE TRIGGER document_tags_count AFTER INSERT OR DELETE ON document_tags FOR EACH ROW"      \
    " WHEN (" IS_COUNTING ") EXECUTE FUNCTION count_tag();"
#define IS_COUNTING "current_setting('lectern.counting', true) IS DISTINCT FROM 'off'"

#define COUNT_ALL(in_trash)                                                                        \
    "INSERT INTO document_counts (workspace, in_trash, collection, format, state, vector_model,"   \
    " documents, versions, pages, chunks, vectors, text_bytes, file_bytes)"                                  \
    " SELECT workspace, " in_trash ", coalesce(collection, ''), format, state, vector_model,"      \
    " count(*), sum(version), sum(page_count), sum(chunk_count), sum(vector_count), sum(text_bytes),"            \
    " sum(size_bytes) FROM documents GROUP BY 1, 2, 3, 4, 5, 6;"                                   \
    "INSERT INTO tag_counts (workspace, tag, documents)"                                           \
    " SELECT workspace, tag, count(*) FROM document_tags GROUP BY workspace, tag;"

const Migration migration_0074 = {
    .up = { TABLES("TEXT", "INTEGER",
                   ", PRIMARY KEY (workspace, in_trash, collection, format, state, vector_model)"
                   ") STRICT, WITHOUT ROWID;",
                   ", PRIMARY KEY (workspace, tag)) STRICT, WITHOUT ROWID;")
            COUNT_ALL("deleted_at > 0") SQLITE_TRIGGERS,
            TABLES("TEXT COLLATE \"C\"", "BIGINT",
                   "); CREATE INDEX document_counts_of ON document_counts (workspace);",
                   "); CREATE INDEX tag_counts_of ON tag_counts (workspace, tag);")
            COUNT_ALL("(deleted_at > 0)::int") POSTGRES_TRIGGERS },
    .down = { "DROP TRIGGER document_tags_count_out; DROP TRIGGER document_tags_count_in;"
              " DROP TRIGGER documents_count_again; DROP TRIGGER documents_count_out;"
              " DROP TRIGGER documents_count_in; DROP TABLE tag_counts; DROP TABLE document_counts;",
              "DROP TRIGGER document_tags_count ON document_tags;"
              " DROP TRIGGER documents_count_again ON documents;"
              " DROP TRIGGER documents_count ON documents; DROP FUNCTION count_tag;"
              " DROP FUNCTION count_document;"
              " DROP FUNCTION add_up_tag_counts; DROP FUNCTION add_up_document_counts;"
              " DROP TABLE tag_counts; DROP TABLE document_counts;" },
};
/* clang-format on */
