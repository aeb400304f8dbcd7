/* cmd_db.c - looking after the database: what it is, whether originals, vectors and rows agree, and
 * its move to another kind. */
#include "base/clock.h"
#include "base/file.h"
#include "cli/app_folder.h"
#include "cli/client.h"
#include "cli/deep_check.h"
#include "cli/output.h"
#include "cli/term.h"
#include "store/move.h"

#define MOVE_STATEMENT_MS 3600000
/* Rows of a large SQLite lie in indexes in no order. */
#define MOVE_CACHE_KB (1 << 18)
#define PROGRESS_EACH_MS 200

static bool describe(CommandLine *line, Client *client, Error *err)
{
    AUTO_JSON json_t *health = NULL;
    if (!client_call(client, "GET", "/health", S(""), &health, err))
        return false;
    const json_t *database = json_object_get(health, "database");
    if (output_json(line, database))
        return true;
    const char *name;
    const json_t *value;
    json_object_foreach((json_t *)(uintptr_t)database, name, value)
    {
        char *text = json_dumps(value, JSON_ENCODE_ANY);
        printf("%-16s %s\n", name, text);
        free(text);
    }
    return true;
}

/* A copy that the server mends by itself; until then words find what it lacks. */
static bool check_vectors(const CommandLine *line, const json_t *vectors, Error *err)
{
    int64_t lacking = output_int(vectors, "lacking"), different = output_int(vectors, "different"),
            spare = output_int(vectors, "spare");
    Str store = json_member_text(vectors, "store");
    if (!line->json)
        printf("%" PRId64 " vectors; " STR_FMT " lacks %" PRId64 ", has %" PRId64
               " otherwise and %" PRId64 " too many\n",
               output_int(vectors, "rows"), STR_ARG(store), lacking, different, spare);
    return lacking + different + spare == 0 ||
           fail(err, ERROR_DAMAGED,
                STR_FMT " differs from the database; the server mends it by itself once it has "
                        "caught up, and whenever it is started again",
                STR_ARG(store));
}

static bool check(CommandLine *line, Client *client, Error *err)
{
    AUTO_JSON json_t *answer = NULL;
    if (!client_call(client, "POST", "/v1/check", S(""), &answer, err))
        return false;
    int64_t missing = output_int(answer, "missing"), spare = output_int(answer, "spare");
    if (!output_json(line, answer))
        printf("%" PRId64 " originals, %" PRId64 " missing, %" PRId64 " without a document\n",
               output_int(answer, "originals"), missing, spare);
    const json_t *vectors = json_object_get(answer, "vectors");
    if (missing)
        return fail(err, ERROR_DAMAGED, "%" PRId64 " originals are missing", missing);
    return !vectors || check_vectors(line, vectors, err);
}

static void show_damaged(const json_t *items)
{
    const json_t *item;
    size_t i;
    json_array_foreach((json_t *)(uintptr_t)items, i, item)
    {
        printf("%-8s %s  ", output_member(item, "reason"), output_member(item, "sha256"));
        output_text(json_member_text(item, "name"));
        printf("\n");
    }
}

static bool check_deep(CommandLine *line, Client *client, Error *err)
{
    DeepCheck found;
    if (!deep_check(line, client, &found, err))
        return false;
    AUTO_JSON json_t *answer = found.answer;
    if (!output_json(line, answer)) {
        printf("%" PRId64 " originals read, %" PRId64 " damaged, %" PRId64 " repaired\n",
               found.originals, found.damaged, found.repaired);
        show_damaged(found.items);
    }
    return !found.damaged ||
           fail(err, ERROR_DAMAGED,
                "%" PRId64 " originals are damaged or missing; bring them back from a backup, or "
                "set second_blob_store to a place that has them",
                found.damaged);
}

/* --- Moving ------------------------------------------------------------------------- */

typedef struct Moving {
    CommandLine *line;
    int64_t began_ms, shown_ms; /* of what the progress is of */
    bool is_indexing;
} Moving;

static void show_progress(void *argument, const MoveProgress *progress)
{
    Moving *moving = argument;
    int64_t now = monotonic_ms();
    if (progress->is_indexing != moving->is_indexing)
        moving->began_ms = now;
    moving->is_indexing = progress->is_indexing;
    if (moving->line->json || moving->line->quiet || now - moving->shown_ms < PROGRESS_EACH_MS)
        return;
    moving->shown_ms = now;
    char table[64];
    snprintf(table, sizeof table, STR_FMT, STR_ARG(progress->table));
    int64_t left = progress->total - progress->done, spent_ms = now - moving->began_ms;
    term_progress(progress->is_indexing ? "indexes and keys" : table,
                  progress->is_indexing ? "making" : "copying and comparing", progress->done,
                  progress->total, progress->done ? spent_ms * left / progress->done / 1000 : -1);
}

static void show_table(void *argument, const MoveTable *table)
{
    const Moving *moving = argument;
    const CommandLine *line = moving->line;
    if (line->json || line->quiet || !table->rows)
        return;
    term_progress_end();
    fprintf(stderr, "%-28s %10" PRId64 " rows  %.16s\n", str_c(line->arena, table->name),
            table->rows, table->sha256);
}

static void show_move(CommandLine *line, const MoveReport *report, Str target)
{
    AUTO_JSON json_t *tables = json_array();
    for (size_t i = 0; i < report->count; i++)
        json_array_append_new(tables, json_pack("{s:s, s:I, s:s}", "name",
                                                str_c(line->arena, report->tables[i].name), "rows",
                                                (json_int_t)report->tables[i].rows, "sha256",
                                                report->tables[i].sha256));
    AUTO_JSON json_t *about =
        json_pack("{s:I, s:O}", "rows", (json_int_t)report->rows, "tables", tables);
    if (output_json(line, about) || line->quiet)
        return;
    fprintf(stderr, "%" PRId64 " rows of %zu tables are there, the same by number and hash.\n",
            report->rows, report->count);
    fprintf(
        stderr, "%s, then start every node again; originals stay where they are%s.\n",
        target.length ? "Set `database` to the new address" : "Take `database` out of the settings",
        target.length ? ", and so does the database of before, which nothing uses any more" : "");
}

static bool move_between(CommandLine *line, const char *from, const char *to, Str address,
                         Error *err)
{
    const DbOptions source = { .timeout_ms = MOVE_STATEMENT_MS };
    const DbOptions target = { .timeout_ms = MOVE_STATEMENT_MS, .cache_kb = MOVE_CACHE_KB };
    Moving moving = { .line = line, .began_ms = monotonic_ms() };
    MoveOptions move = { .listener = show_table, .progress = show_progress, .argument = &moving };
    MoveReport report;
    if (!db_open(from, &source, &move.from, err))
        return false;
    bool good =
        db_open(to, &target, &move.to, err) && database_move(line->arena, &move, &report, err);
    term_progress_end();
    if (good)
        show_move(line, &report, address);
    db_close(move.to);
    db_close(move.from);
    return good;
}

/* What was moved out of the file is there still, as it was then. */
static bool move_to_file(CommandLine *line, const char *from, const char *file, Error *err)
{
    Error why = { 0 };
    if (move_between(line, from, file, S(""), &why))
        return true;
    if (why.code != ERROR_CONFLICT) {
        *err = why;
        return false;
    }
    return fail(
        err, ERROR_CONFLICT,
        "%s holds a library already, that of before if it was moved away from there; rename "
        "the file, and -wal and -shm beside it, then move once more",
        file);
}

/* Out of the database of the settings, with no server on the data folder. */
static bool move(CommandLine *line, Error *err)
{
    AUTO_CLOSE int lock = -1;
    Str folder, target = line->word_count == 2 ? line->words[1] : S("");
    Str source = line->settings.database;
    bool is_to_file = str_is(target, "sqlite");
    if (!is_to_file && !str_starts(target, S("postgresql://")) &&
        !str_starts(target, S("postgres://")))
        return fail(err, ERROR_INVALID, "use: lectern db move postgresql://... | sqlite");
    if (is_to_file == !source.length || str_equal(source, target))
        return fail(err, ERROR_INVALID, "the library is in that database already");
    if (!app_data_folder(line->arena, &line->settings, &folder, err) ||
        !app_lock_folder(folder, &lock, err))
        return false;
    char *file = path_join(line->arena, folder, S("lectern.db"));
    if (!app_has_library(line->arena, &line->settings, folder))
        return fail(err, ERROR_NOT_FOUND, "there is no library in " STR_FMT, STR_ARG(folder));
    if (is_to_file)
        return move_to_file(line, str_c(line->arena, source), file, err);
    return move_between(line, source.length ? str_c(line->arena, source) : file,
                        str_c(line->arena, target), target, err);
}

static bool run(CommandLine *line, Error *err)
{
    AUTO_CLIENT Client *client = NULL;
    Str what = line->word_count ? line->words[0] : S("show");
    if (str_is(what, "move"))
        return move(line, err);
    if (line->word_count > 1 || (!str_is(what, "show") && !str_is(what, "check")))
        return fail(err, ERROR_INVALID, "use: lectern db show | check | move URL");
    if (!client_open(line, &client, err))
        return false;
    if (str_is(what, "show"))
        return describe(line, client, err);
    return option_is_given(line, "deep") ? check_deep(line, client, err) : check(line, client, err);
}

static const CommandOption options[] = {
    { "deep", NULL, "with check: read every original and compare its SHA-256" },
    { NULL, NULL, NULL },
};

const Command command_db = {
    .name = "db",
    .arguments = "[show | check | move postgresql://... | move sqlite]",
    .summary = "The database: what it is; whether rows agree with originals and vectors; its move",
    .options = options,
    .word_max = 2,
    .reads_env = true,
    .run = run,
};
