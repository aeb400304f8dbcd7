#include "store/label_sets_store.h"

#include "base/clock.h"
#include "base/hash.h"
#include "base/id.h"
#include "base/utf8.h"
#include "store/document_access_sql.h"
#include "store/sql.h"

#define SETS                                                                                       \
    "SELECT s.id, s.user_id, s.name, s.description, s.labels, s.is_multi, s.precision_wanted,"     \
    " s.threshold, s.asks, s.collection, s.sets_tags, s.revision, s.trained_revision,"             \
    " s.created_at, s.updated_at,"                                                                 \
    " (SELECT count(*) FROM label_examples e WHERE e.workspace = s.workspace"                      \
    "  AND e.label_set = s.id),"                                                                   \
    " (SELECT count(*) FROM classifications c WHERE c.workspace = s.workspace"                     \
    "  AND c.label_set = s.id AND c.state = 'asked')"                                              \
    " FROM label_sets s WHERE s.workspace = $1 "

static void read_set(DbRows *row, Arena *arena, void *item)
{
    *(LabelSet *)item = (LabelSet){
        .id = db_get_text(row, 0, arena),
        .user = db_get_text(row, 1, arena),
        .name = db_get_text(row, 2, arena),
        .description = db_get_text(row, 3, arena),
        .labels = db_get_text(row, 4, arena),
        .is_multi = db_get_int(row, 5),
        .precision_wanted = db_get_real(row, 6),
        .threshold = db_get_real(row, 7),
        .asks = db_get_text(row, 8, arena),
        .collection = db_get_text(row, 9, arena),
        .sets_tags = db_get_int(row, 10),
        .revision = db_get_int(row, 11),
        .trained_revision = db_get_int(row, 12),
        .created_at_ms = db_get_int(row, 13),
        .updated_at_ms = db_get_int(row, 14),
        .example_count = db_get_int(row, 15),
        .asked_count = db_get_int(row, 16),
    };
}

static bool check_name(DbTx *tx, const Scope *scope, Arena *arena, const LabelSet *set, Error *err)
{
    int64_t count;
    if (!db_query_int(tx,
                      DB_SAME("SELECT count(*) FROM label_sets WHERE workspace = $1"
                              " AND name_fold = $2 AND id <> $3"),
                      DB_ARGS(db_text(scope->workspace), db_text(utf8_fold(arena, set->name)),
                              db_text(set->id)),
                      0, &count, err))
        return false;
    return !count || fail(err, ERROR_CONFLICT, "there is a label set '" STR_FMT "' already",
                          STR_ARG(str_slice(set->name, 0, 100)));
}

static bool check_room(DbTx *tx, const Scope *scope, Error *err)
{
    int64_t count;
    return db_query_int(tx, DB_SAME("SELECT count(*) FROM label_sets WHERE workspace = $1"),
                        DB_ARGS(db_text(scope->workspace)), 0, &count, err) &&
           (count < LABEL_SETS_MAX ||
            fail(err, ERROR_CONFLICT, "there are %d label sets already; remove one first",
                 LABEL_SETS_MAX));
}

bool label_set_add(DbTx *tx, const Scope *scope, Arena *arena, LabelSet *set, Error *err)
{
    LabelSet added = *set;

    added.id = id_new(arena);
    added.user = scope->user;
    added.revision = 1;
    added.trained_revision = 0;
    added.created_at_ms = added.updated_at_ms = now_ms();
    if (!check_room(tx, scope, err) || !check_name(tx, scope, arena, &added, err) ||
        !db_exec(tx,
                 DB_SAME("INSERT INTO label_sets (workspace, id, user_id, name, name_fold,"
                         " description, labels, is_multi, precision_wanted, threshold, asks,"
                         " collection, sets_tags, revision, trained_revision, classifier,"
                         " created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9,"
                         " $10, $11, $12, $13, 1, 0, $14, $15, $15)"),
                 DB_ARGS(db_text(scope->workspace), db_text(added.id), db_text(added.user),
                         db_text(added.name), db_text(utf8_fold(arena, added.name)),
                         db_text(added.description), db_text(added.labels), db_int(added.is_multi),
                         db_real(added.precision_wanted), db_real(added.threshold),
                         db_text(added.asks), db_text(added.collection), db_int(added.sets_tags),
                         db_blob(STR_NONE), db_int(added.created_at_ms)),
                 NULL, err))
        return false;
    *set = added;
    return true;
}

bool label_set_find(DbTx *tx, const Scope *scope, Arena *arena, Str id_or_name, LabelSet *set_r,
                    Error *err)
{
    return sql_find(tx, arena,
                    DB_SAME(SETS "AND (s.id = $2 OR s.name_fold = $3) ORDER BY s.id = $2 DESC"),
                    DB_ARGS(db_text(scope->workspace), db_text(id_or_name),
                            db_text(utf8_fold(arena, id_or_name))),
                    read_set, set_r, "label set", id_or_name, err);
}

bool label_set_list(DbTx *tx, const Scope *scope, Arena *arena, Str collection,
                    LabelSetList *list_r, Error *err)
{
    SqlItems items;

    if (!sql_list(tx, arena,
                  DB_SAME(SETS "AND ($2 = '' OR s.collection = $2) ORDER BY s.name_fold"),
                  DB_ARGS(db_text(scope->workspace), db_text(collection)), read_set,
                  sizeof(LabelSet), &items, err))
        return false;
    *list_r = (LabelSetList){ .at = items.at, .count = items.count };
    return true;
}

bool label_set_update(DbTx *tx, const Scope *scope, Arena *arena, LabelSet *set, Error *err)
{
    LabelSet was, now = *set;

    if (!label_set_find(tx, scope, arena, set->id, &was, err) ||
        !check_name(tx, scope, arena, set, err))
        return false;
    bool learns_anew = !str_equal(was.labels, now.labels) || was.is_multi != now.is_multi ||
                       was.precision_wanted != now.precision_wanted;
    now.revision = was.revision + learns_anew;
    now.trained_revision = was.trained_revision;
    now.updated_at_ms = now_ms();
    if (!db_exec(tx,
                 DB_SAME("UPDATE label_sets SET name = $3, name_fold = $4, description = $5,"
                         " labels = $6, is_multi = $7, precision_wanted = $8, threshold = $9,"
                         " asks = $10, collection = $11, sets_tags = $12,"
                         " revision = revision + $13, updated_at = $14"
                         " WHERE workspace = $1 AND id = $2"),
                 DB_ARGS(db_text(scope->workspace), db_text(now.id), db_text(now.name),
                         db_text(utf8_fold(arena, now.name)), db_text(now.description),
                         db_text(now.labels), db_int(now.is_multi), db_real(now.precision_wanted),
                         db_real(now.threshold), db_text(now.asks), db_text(now.collection),
                         db_int(now.sets_tags), db_int(learns_anew), db_int(now.updated_at_ms)),
                 NULL, err))
        return false;
    *set = now;
    return true;
}

bool label_set_remove(DbTx *tx, const Scope *scope, Str id, Error *err)
{
    return sql_change(tx, DB_SAME("DELETE FROM label_sets WHERE workspace = $1 AND id = $2"),
                      DB_ARGS(db_text(scope->workspace), db_text(id)), "label set", id, err);
}

/* --- Examples --- */

static bool next_revision(DbTx *tx, const Scope *scope, Str set, Error *err)
{
    return sql_change(tx,
                      DB_SAME("UPDATE label_sets SET revision = revision + 1"
                              " WHERE workspace = $1 AND id = $2"),
                      DB_ARGS(db_text(scope->workspace), db_text(set)), "label set", set, err);
}

static bool check_example_room(DbTx *tx, const Scope *scope, Str set, Error *err)
{
    int64_t count;
    return db_query_int(tx,
                        DB_SAME("SELECT count(*) FROM label_examples WHERE workspace = $1"
                                " AND label_set = $2"),
                        DB_ARGS(db_text(scope->workspace), db_text(set)), 0, &count, err) &&
           (count < LABEL_EXAMPLES_MAX ||
            fail(err, ERROR_CONFLICT, "the label set has %d examples already; remove some first",
                 LABEL_EXAMPLES_MAX));
}

bool label_example_set(DbTx *tx, const Scope *scope, Arena *arena, Str set, LabelExample *example,
                       Error *err)
{
    LabelExample kept = *example;
    SqlItems items;
    Str hash = sha256_hex(arena, kept.text);

    kept.user = scope->user;
    kept.created_at_ms = now_ms();
    kept.id = id_new(arena);
    if (!next_revision(tx, scope, set, err) || !check_example_room(tx, scope, set, err) ||
        !db_exec(tx,
                 DB_SAME("INSERT INTO label_examples (workspace, label_set, id, hash, text, labels,"
                         " source, document, user_id, created_at)"
                         " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"
                         " ON CONFLICT (workspace, label_set, hash) DO UPDATE SET labels = $6,"
                         " source = $7, user_id = $9"),
                 DB_ARGS(db_text(scope->workspace), db_text(set), db_text(kept.id), db_text(hash),
                         db_text(kept.text), db_text(kept.labels), db_text(kept.source),
                         db_text_or_null(kept.document), db_text(kept.user),
                         db_int(kept.created_at_ms)),
                 NULL, err) ||
        !sql_list(tx, arena,
                  DB_SAME("SELECT id FROM label_examples WHERE workspace = $1 AND label_set = $2"
                          " AND hash = $3"),
                  DB_ARGS(db_text(scope->workspace), db_text(set), db_text(hash)), sql_read_text,
                  sizeof(Str), &items, err))
        return false;
    kept.id = *(Str *)items.at;
    *example = kept;
    return true;
}

#define EXAMPLES                                                                                   \
    "SELECT id, text, labels, source, document, user_id, created_at FROM label_examples e"         \
    " WHERE workspace = $1 AND label_set = $2 "

static void read_example(DbRows *row, Arena *arena, void *item)
{
    *(LabelExample *)item = (LabelExample){
        .id = db_get_text(row, 0, arena),
        .text = db_get_text(row, 1, arena),
        .labels = db_get_text(row, 2, arena),
        .source = db_get_text(row, 3, arena),
        .document = db_get_text(row, 4, arena),
        .user = db_get_text(row, 5, arena),
        .created_at_ms = db_get_int(row, 6),
    };
}

bool label_example_list(DbTx *tx, const Scope *scope, Arena *arena, Str set, const Slice *slice,
                        LabelExampleList *list_r, Error *err)
{
    SqlItems items;
    int64_t limit = slice ? slice_limit(slice) : LABEL_EXAMPLES_MAX;
    const SqlPart newest = { EXAMPLES "AND ($3 = '' OR id < $3)", "e.document",
                             " ORDER BY id DESC LIMIT $4" };
    const SqlPart oldest = { EXAMPLES "AND id > $3", "e.document", " ORDER BY id LIMIT $4" };

    if (!access_list_named(tx, scope, arena, slice ? &newest : &oldest,
                           DB_ARGS(db_text(scope->workspace), db_text(set),
                                   db_text(slice ? slice->after : STR_NONE), db_int(limit + 1)),
                           read_example, sizeof(LabelExample), &items, err))
        return false;
    *list_r = (LabelExampleList){ .at = items.at, .count = MIN(items.count, (size_t)limit) };
    if (items.count > (size_t)limit)
        list_r->next = list_r->at[limit - 1].id;
    return true;
}

bool label_example_remove(DbTx *tx, const Scope *scope, Str set, Str id, Error *err)
{
    return next_revision(tx, scope, set, err) &&
           sql_change(tx,
                      DB_SAME("DELETE FROM label_examples WHERE workspace = $1 AND label_set = $2"
                              " AND id = $3"),
                      DB_ARGS(db_text(scope->workspace), db_text(set), db_text(id)), "example", id,
                      err);
}

/* --- What was learned --- */

static void read_blob(DbRows *row, Arena *arena, void *item)
{
    *(Str *)item = db_get_blob(row, 0, arena);
}

bool label_set_classifier(DbTx *tx, const Scope *scope, Arena *arena, Str id, Str *bytes_r,
                          Error *err)
{
    return sql_find(
        tx, arena, DB_SAME("SELECT classifier FROM label_sets WHERE workspace = $1 AND id = $2"),
        DB_ARGS(db_text(scope->workspace), db_text(id)), read_blob, bytes_r, "label set", id, err);
}

static bool forget_trainings(DbTx *tx, const Scope *scope, Str set, Error *err)
{
    return db_exec(tx,
                   DB_SAME("DELETE FROM label_trainings WHERE workspace = $1 AND label_set = $2"
                           " AND id NOT IN (SELECT id FROM label_trainings WHERE workspace = $1"
                           " AND label_set = $2 ORDER BY id DESC LIMIT $3)"),
                   DB_ARGS(db_text(scope->workspace), db_text(set), db_int(LABEL_TRAININGS_MAX)),
                   NULL, err);
}

bool label_set_trained(DbTx *tx, const Scope *scope, Arena *arena, Str id, int64_t revision,
                       Str classifier, const LabelTraining *training, Error *err)
{
    int64_t changed;
    if (!db_exec(
            tx,
            DB_SAME("UPDATE label_sets SET classifier = $3, trained_revision = $4"
                    " WHERE workspace = $1 AND id = $2 AND trained_revision <= $4"),
            DB_ARGS(db_text(scope->workspace), db_text(id), db_blob(classifier), db_int(revision)),
            &changed, err))
        return false;
    if (!changed)
        return true;
    return db_exec(tx,
                   DB_SAME("INSERT INTO label_trainings (workspace, label_set, id, way, examples,"
                           " folds, accuracy, macro_f1, calibration_error, threshold, trained_at)"
                           " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)"),
                   DB_ARGS(db_text(scope->workspace), db_text(id), db_text(id_new(arena)),
                           db_text(training->way), db_int(training->examples),
                           db_int(training->folds), db_real(training->accuracy),
                           db_real(training->macro_f1), db_real(training->calibration_error),
                           db_real(training->threshold), db_int(now_ms())),
                   NULL, err) &&
           forget_trainings(tx, scope, id, err);
}

static void read_training(DbRows *row, Arena *arena, void *item)
{
    *(LabelTraining *)item = (LabelTraining){
        .way = db_get_text(row, 0, arena),
        .examples = db_get_int(row, 1),
        .folds = db_get_int(row, 2),
        .accuracy = db_get_real(row, 3),
        .macro_f1 = db_get_real(row, 4),
        .calibration_error = db_get_real(row, 5),
        .threshold = db_get_real(row, 6),
        .trained_at_ms = db_get_int(row, 7),
    };
}

bool label_training_list(DbTx *tx, const Scope *scope, Arena *arena, Str set,
                         LabelTrainingList *list_r, Error *err)
{
    SqlItems items;

    if (!sql_list(tx, arena,
                  DB_SAME("SELECT way, examples, folds, accuracy, macro_f1, calibration_error,"
                          " threshold, trained_at FROM label_trainings WHERE workspace = $1"
                          " AND label_set = $2 ORDER BY id"),
                  DB_ARGS(db_text(scope->workspace), db_text(set)), read_training,
                  sizeof(LabelTraining), &items, err))
        return false;
    *list_r = (LabelTrainingList){ .at = items.at, .count = items.count };
    return true;
}
