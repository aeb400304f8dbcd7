/* sealed_texts.c - see sealed_texts.h. */
#include "store/sealed_texts.h"

#include "base/passwords.h"
#include "base/seal.h"
#include "store/gateway_items_store.h"
#include "store/server_key.h"
#include "store/settings_store.h"
#include "store/sql.h"

#define KEY_NAME S("sealed_texts")
#define BEGUN_NAME S("texts_are_sealed") /* a setting of the server */
#define BEGUN S("true")

static const struct {
    const char *table, *text, *id, *rows;
    Str (*shown)(Arena *arena, Str text);
} tables[] = {
#define SEALED_TEXT(table, text, id, rows, shown) { #table, text, id, rows, shown },
#include "store/sealed_texts.def"
#undef SEALED_TEXT
};

typedef struct BegunWork {
    Scope system;
    Arena *arena;
    bool has_begun;
} BegunWork;

static bool begun_work(DbTx *tx, void *argument, Error *err)
{
    BegunWork *work = argument;
    Str value;
    work->has_begun = setting_find(tx, &work->system, work->arena, BEGUN_NAME, &value, err);
    return work->has_begun || err->code == ERROR_NOT_FOUND;
}

bool text_seal(Db *db, Arena *arena, Str text, Str shown, Str *whole_r, Error *err)
{
    BegunWork work = { .system = scope_system(), .arena = arena };
    Str key;
    *whole_r = STR_NONE;
    if (str_equal(text, shown))
        return true;
    if (!store_read(db, &work.system, begun_work, &work, err))
        return false;
    return !work.has_begun || (server_key(db, arena, KEY_NAME, &key, err) &&
                               seal_close(arena, key, text, whole_r, err));
}

Str text_stored(Arena *arena, Str text, Str whole)
{
    return whole.length ? passwords_hidden(arena, text) : text;
}

bool text_open(Db *db, Arena *arena, Str whole, Str *text, Error *err)
{
    Str key;
    Error why;
    if (!whole.length)
        return true;
    if (!server_key(db, arena, KEY_NAME, &key, err))
        return false;
    return seal_open(arena, key, whole, text, &why) ||
           fail(err, ERROR_DAMAGED,
                "its secrets were sealed with another master key: give them again");
}

/* --- Rows --- */

typedef struct TextRow {
    Str workspace, id, text, whole;
} TextRow;

static void read_row(DbRows *row, Arena *arena, void *item)
{
    *(TextRow *)item = (TextRow){ .workspace = db_get_text(row, 0, arena),
                                  .id = db_get_text(row, 1, arena),
                                  .text = db_get_text(row, 2, arena),
                                  .whole = db_get_blob(row, 3, arena) };
}

static bool list_rows(DbTx *tx, Arena *arena, size_t of, SqlItems *items_r, Error *err)
{
    const char *text =
        str_c(arena, str_format(arena, "SELECT workspace, %s, %s, whole FROM %s WHERE %s",
                                tables[of].id, tables[of].text, tables[of].table, tables[of].rows));
    return sql_list(tx, arena, DB_SAME(text), DB_NO_ARGS, read_row, sizeof(TextRow), items_r, err);
}

static bool save_row(DbTx *tx, Arena *arena, size_t of, const TextRow *row, Error *err)
{
    const char *text =
        str_c(arena, str_format(arena,
                                "UPDATE %s SET %s = $3, whole = $4 WHERE workspace = $1"
                                " AND %s = $2 AND %s",
                                tables[of].table, tables[of].text, tables[of].id, tables[of].rows));
    return db_exec(
        tx, DB_SAME(text),
        DB_ARGS(db_text(row->workspace), db_text(row->id), db_text(row->text), db_blob(row->whole)),
        NULL, err);
}

typedef bool RowWork(DbTx *tx, Arena *arena, size_t of, TextRow *row, Error *err);

static bool each_row(DbTx *tx, RowWork *work, Error *err)
{
    for (size_t of = 0; of < COUNT(tables); of++) {
        AUTO_ARENA Arena *arena = arena_new(GB(1));
        SqlItems items;
        if (!list_rows(tx, arena, of, &items, err))
            return false;
        for (size_t i = 0; i < items.count; i++)
            if (!work(tx, arena, of, &((TextRow *)items.at)[i], err))
                return fail_in(err, "%s", tables[of].table);
    }
    return true;
}

static bool seal_row(DbTx *tx, Arena *arena, size_t of, TextRow *row, Error *err)
{
    Str key, shown = tables[of].shown(arena, row->text);
    if (str_equal(shown, row->text))
        return true;
    if (!server_key_make(tx, arena, KEY_NAME, &key, err) ||
        !seal_close(arena, key, row->text, &row->whole, err))
        return false;
    row->text = shown;
    return save_row(tx, arena, of, row, err);
}

/* What cannot be opened stays without its secrets. */
static bool open_row(DbTx *tx, Arena *arena, size_t of, TextRow *row, Error *err)
{
    Str key;
    Error why;
    if (!row->whole.length)
        return true;
    if (!server_key_make(tx, arena, KEY_NAME, &key, err))
        return false;
    if (!seal_open(arena, key, row->whole, &row->text, &why))
        return true;
    row->whole = STR_NONE;
    return save_row(tx, arena, of, row, err);
}

static bool seal_all_work(DbTx *tx, void *argument, Error *err)
{
    BegunWork *work = argument;
    return begun_work(tx, work, err) &&
           (work->has_begun ||
            setting_replace(tx, &work->system, BEGUN_NAME, STR_NONE, BEGUN, err)) &&
           each_row(tx, seal_row, err);
}

bool texts_seal_all(Db *db, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(KB(64));
    BegunWork work = { .system = scope_system(), .arena = arena };
    return store_write(db, &work.system, seal_all_work, &work, err);
}

bool texts_open_rows(DbTx *tx, Error *err)
{
    const Scope system = scope_system();
    return each_row(tx, open_row, err) && setting_remove(tx, &system, BEGUN_NAME, err);
}

/* --- Looking --- */

typedef struct CheckWork {
    SealedTexts texts;
    Arena *arena;
    Str key;
} CheckWork;

static bool check_work(DbTx *tx, void *argument, Error *err)
{
    CheckWork *work = argument;
    for (size_t of = 0; of < COUNT(tables); of++) {
        SqlItems items;
        if (!list_rows(tx, work->arena, of, &items, err))
            return false;
        for (size_t i = 0; i < items.count; i++) {
            const TextRow *row = &((const TextRow *)items.at)[i];
            bool is_sealed = row->whole.length > 0;
            Str text;
            Error why;
            work->texts.count += is_sealed;
            work->texts.lost +=
                is_sealed && !seal_open(work->arena, work->key, row->whole, &text, &why);
            work->texts.open += !str_equal(tables[of].shown(work->arena, row->text), row->text);
        }
    }
    return true;
}

bool texts_check(Db *db, SealedTexts *texts_r, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(GB(1));
    const Scope system = scope_system();
    CheckWork work = { .arena = arena };
    if (!server_key(db, arena, KEY_NAME, &work.key, err) ||
        !store_read(db, &system, check_work, &work, err))
        return false;
    *texts_r = work.texts;
    return true;
}
