/* 0111_guards_told.c - whatever changes who sees a document writes the change that tables in memory
 * follow.
 *
 * Programs of before change `guard` and tell nobody: beside one that keeps it in memory, counts
 * would go on to name what is hidden. A collection is one change (INDEX_GUARD) whatever it holds; a
 * document tells for itself (INDEX_FILTERS) when a list of its own begins or ends to count. One
 * that is moved is told of by whoever moves it. In PostgreSQL the lock is that of hold_bound() in
 * index_changes_store.c. */
#include "store/migrate.h"

extern const Migration migration_0111;

#define BY_ITS_OWN_LIST(same)                                                                      \
    "OLD.guard <> NEW.guard AND NEW.chunk_count > 0 AND OLD.collection " same " NEW.collection"    \
    " AND NOT (OLD.guard IN ('', coalesce(NEW.collection, ''))"                                    \
    "  AND NEW.guard IN ('', coalesce(NEW.collection, '')))"
#define TELL(operation)                                                                            \
    " BEGIN INSERT INTO index_changes (workspace, operation, document, model, numbers)"            \
    " VALUES (NEW.workspace, " operation ", NEW.id, '', X''); END;"

const Migration migration_0111 = {
    .up = { "CREATE TRIGGER collections_guard_told AFTER UPDATE OF guard ON collections"
            " WHEN OLD.guard <> NEW.guard" TELL(
                "6") "CREATE TRIGGER documents_guard_told AFTER UPDATE OF guard ON documents"
                     " WHEN " BY_ITS_OWN_LIST("IS") TELL("4"),
            "CREATE FUNCTION tell_guard() RETURNS trigger LANGUAGE plpgsql AS $f$ BEGIN"
            " IF current_setting('lectern.holds_bound', true) IS DISTINCT FROM 'yes' THEN"
            "  PERFORM pg_advisory_xact_lock_shared((7103817::bigint << 40) | COALESCE("
            "    pg_sequence_last_value(pg_get_serial_sequence('index_changes', 'sequence')), 0)),"
            "   set_config('lectern.holds_bound', 'yes', true);"
            " END IF;"
            " INSERT INTO index_changes (workspace, operation, document, model, numbers)"
            "  VALUES (NEW.workspace, TG_ARGV[0]::bigint, NEW.id, '', ''::bytea);"
            " RETURN NULL; END $f$;"
            "CREATE TRIGGER collections_guard_told AFTER UPDATE OF guard ON collections"
            " FOR EACH ROW WHEN (OLD.guard <> NEW.guard) EXECUTE FUNCTION tell_guard('6');"
            "CREATE TRIGGER documents_guard_told AFTER UPDATE OF guard ON documents"
            " FOR EACH ROW WHEN (" BY_ITS_OWN_LIST(
                "IS NOT DISTINCT FROM") ")"
                                        " EXECUTE FUNCTION tell_guard('4');" },
    .down = { "DROP TRIGGER documents_guard_told; DROP TRIGGER collections_guard_told;",
              "DROP TRIGGER documents_guard_told ON documents;"
              " DROP TRIGGER collections_guard_told ON collections; DROP FUNCTION tell_guard;" },
};
