/* sqlite_database.c - SQLite databases: the rows of each table, read by SQLite itself from memory.
 *
 * The file is a stranger's, so nothing of its schema is run: no triggers, views or virtual tables,
 * no functions but harmless ones, no other file, and an end to the work. */
#include <sqlite3.h>

#include "base/utf8.h"
#include "extract/extractor.h"
#include "extract/metadata.h"

enum {
    ROWS_MAX = 10000, /* of one table */
    COLUMNS_MAX = 1000,
    CELL_MAX = KB(64),
    TABLES_MAX = 2000,
    STEP = 10000, /* instructions between two looks at the budget */
    BUDGET = 200000,
};

typedef struct Database {
    sqlite3 *db;
    DocWriter *doc;
    Arena *arena;
    int budget; /* of STEP instructions each */
    int damaged, blob_count, virtual_count;
} Database;

typedef struct Entry {
    Str type, name, sql;
} Entry;

typedef struct Entries {
    VEC(Entry) list;
} Entries;

static void close_auto(sqlite3 **db) { sqlite3_close_v2(*db); }
static void statement_auto(sqlite3_stmt **statement) { sqlite3_finalize(*statement); }

/* Only reading of tables and the schema, and functions that cannot do harm. */
static int authorize(void *self, int action, const char *a, const char *b, const char *c,
                     const char *d)
{
    (void)self, (void)a, (void)b, (void)c, (void)d;
    return action == SQLITE_SELECT || action == SQLITE_READ || action == SQLITE_FUNCTION
               ? SQLITE_OK
               : SQLITE_DENY;
}

static int spend(void *self)
{
    Database *in = self;
    return in->budget-- <= 0 || !doc_writer_ok(in->doc);
}

static void make_safe(Database *in)
{
    sqlite3_exec(in->db, "PRAGMA cell_size_check=ON; PRAGMA temp_store=MEMORY; PRAGMA mmap_size=0",
                 NULL, NULL, NULL);
    sqlite3_db_config(in->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_db_config(in->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    sqlite3_db_config(in->db, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
    sqlite3_db_config(in->db, SQLITE_DBCONFIG_ENABLE_VIEW, 0, NULL);
    sqlite3_limit(in->db, SQLITE_LIMIT_LENGTH, (int)MB(64));
    sqlite3_limit(in->db, SQLITE_LIMIT_SQL_LENGTH, (int)MB(1));
    sqlite3_limit(in->db, SQLITE_LIMIT_EXPR_DEPTH, 100);
    sqlite3_limit(in->db, SQLITE_LIMIT_ATTACHED, 0);
    sqlite3_limit(in->db, SQLITE_LIMIT_VARIABLE_NUMBER, 0);
    sqlite3_progress_handler(in->db, STEP, spend, in);
    sqlite3_set_authorizer(in->db, authorize, NULL);
}

/* Opened from a copy: a database in WAL mode is read as if it had no log, which needs two bytes
 * changed (file format, 1.3.3). */
static bool open_database(Database *in, Str bytes, Error *err)
{
    char *copy = arena_alloc(in->arena, bytes.length);
    memcpy(copy, bytes.at, bytes.length);
    copy[18] = copy[19] = 1;
    int status =
        sqlite3_open_v2(":memory:", &in->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_MEMORY, NULL);
    if (status == SQLITE_OK)
        status =
            sqlite3_deserialize(in->db, "main", (unsigned char *)copy, (sqlite3_int64)bytes.length,
                                (sqlite3_int64)bytes.length, SQLITE_DESERIALIZE_READONLY);
    if (status != SQLITE_OK)
        return fail(err, ERROR_DAMAGED, "the database cannot be opened: %s",
                    sqlite3_errstr(status));
    make_safe(in);
    return true;
}

static Str column_text(sqlite3_stmt *row, int column)
{
    const char *text = (const char *)sqlite3_column_text(row, column);
    return (Str){ text, text ? (size_t)sqlite3_column_bytes(row, column) : 0 };
}

static bool read_schema(Database *in, Entries *entries, Error *err)
{
    AUTO(statement_auto) sqlite3_stmt *row = NULL;
    int status = sqlite3_prepare_v2(
        in->db,
        "SELECT type, name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite\\_%' ESCAPE '\\'",
        -1, &row, NULL);
    while (status == SQLITE_OK && entries->list.count < TABLES_MAX &&
           sqlite3_step(row) == SQLITE_ROW)
        *vec_push(in->arena, &entries->list) =
            (Entry){ .type = str_copy(in->arena, column_text(row, 0)),
                     .name = str_copy(in->arena, column_text(row, 1)),
                     .sql = str_copy(in->arena, column_text(row, 2)) };
    if (status != SQLITE_OK)
        return fail(err, ERROR_DAMAGED, "the database's schema cannot be read: %s",
                    sqlite3_errmsg(in->db));
    return true;
}

/* --- Tables --- */

static Str quoted(Arena *arena, Str name)
{
    Buf out = buf_new(arena, name.length * 2 + 3);
    buf_add_char(&out, '"');
    for (size_t i = 0; i < name.length; i++)
        buf_add(&out, name.at[i] == '"' ? S("\"\"") : str_slice(name, i, i + 1));
    buf_add_char(&out, '"');
    return buf_str(&out);
}

/* What separates fields inside a value (Anki's notes) is a control sign that no text keeps: its
 * picture stands for it. */
static Str with_gaps_shown(Arena *arena, Str text)
{
    if (str_find_char(text, '\x1f') < 0)
        return text;
    Buf out = buf_new(arena, text.length * 3);
    for (size_t i = 0; i < text.length; i++)
        if (text.at[i] == '\x1f')
            buf_add(&out, S("␟"));
        else
            buf_add_char(&out, text.at[i]);
    return buf_str(&out);
}

static void write_cell(Database *in, sqlite3_stmt *row, int column, Arena *arena)
{
    if (sqlite3_column_type(row, column) == SQLITE_BLOB) {
        in->blob_count++;
        doc_cell(in->doc, str_format(arena, "(%d bytes)", sqlite3_column_bytes(row, column)));
        return;
    }
    Str text = str_slice(column_text(row, column), 0, CELL_MAX);
    doc_cell(in->doc, with_gaps_shown(arena, str_slice(text, 0, utf8_floor(text, text.length))));
}

static void write_row(Database *in, sqlite3_stmt *row, Str table, int number)
{
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    doc_place(in->doc, &(Place){ .sheet = table, .cells = str_format(arena, "%d", number) });
    int columns = MIN(sqlite3_column_count(row), COLUMNS_MAX);
    for (int i = 0; i < columns; i++)
        write_cell(in, row, i, arena);
    doc_row_end(in->doc);
}

static void write_header(Database *in, sqlite3_stmt *row, Str table)
{
    int columns = MIN(sqlite3_column_count(row), COLUMNS_MAX);
    doc_place(in->doc, &(Place){ .sheet = table });
    doc_table_begin(in->doc);
    for (int i = 0; i < columns; i++)
        doc_cell(in->doc, str(sqlite3_column_name(row, i)));
    doc_row_end(in->doc);
    doc_header_end(in->doc);
}

/* How many rows there are; -1 when that cannot be said. */
static int64_t count_rows(Database *in, Str name)
{
    AUTO(statement_auto) sqlite3_stmt *row = NULL;
    Str table = quoted(in->arena, name);
    Str sql = str_format(in->arena, "SELECT count(*) FROM " STR_FMT, STR_ARG(table));
    bool ok = sqlite3_prepare_v2(in->db, sql.at, (int)sql.length, &row, NULL) == SQLITE_OK &&
              sqlite3_step(row) == SQLITE_ROW;
    return ok ? sqlite3_column_int64(row, 0) : -1;
}

static void write_table(Database *in, const Entry *entry)
{
    AUTO(statement_auto) sqlite3_stmt *row = NULL;
    int count = 0, status;
    Str table = quoted(in->arena, entry->name);
    Str sql = str_format(in->arena, "SELECT * FROM " STR_FMT, STR_ARG(table));
    doc_place(in->doc, &(Place){ .sheet = entry->name });
    doc_heading(in->doc, 2, entry->name);
    if (sqlite3_prepare_v2(in->db, sql.at, (int)sql.length, &row, NULL) != SQLITE_OK) {
        in->damaged++;
        return;
    }
    write_header(in, row, entry->name);
    while ((status = sqlite3_step(row)) == SQLITE_ROW && count < ROWS_MAX && doc_writer_ok(in->doc))
        write_row(in, row, entry->name, ++count);
    doc_table_end(in->doc);
    in->damaged += status != SQLITE_ROW && status != SQLITE_DONE && in->budget > 0;
    if (status == SQLITE_ROW)
        doc_warning(in->doc,
                    str_format(in->arena,
                               "table " STR_FMT ": the first %d of %" PRId64 " rows are shown",
                               STR_ARG(entry->name), count, count_rows(in, entry->name)));
}

static bool is_virtual(const Entry *entry)
{
    return str_find_ignore_case(str_slice(entry->sql, 0, 64), S("VIRTUAL")) >= 0;
}

/* Full text and R-tree tables keep what they find by in tables of their own; only the texts that
 * they hold are of use to a reader (sqlite.org/fts5.html section 9, fts3.html section 5). */
static bool is_shadow(const Entries *entries, const Entry *entry)
{
    static const char *const parts[] = { "data",   "idx",  "docsize", "config", "segments",
                                         "segdir", "stat", "node",    "parent", "rowid" };
    ptrdiff_t line = str_find_last_char(entry->name, '_');
    bool is_part = false;
    for (size_t i = 0; i < COUNT(parts) && line > 0; i++)
        is_part |= str_is(str_from(entry->name, (size_t)line + 1), parts[i]);
    for (size_t i = 0; i < entries->list.count && is_part; i++)
        if (is_virtual(&entries->list.at[i]) &&
            str_equal(entries->list.at[i].name, str_slice(entry->name, 0, (size_t)line)))
            return true;
    return false;
}

static void write_entries(Database *in, const Entries *entries)
{
    int tables = 0;
    for (size_t i = 0; i < entries->list.count && doc_writer_ok(in->doc); i++) {
        const Entry *entry = &entries->list.at[i];
        bool is_table = str_is(entry->type, "table");
        in->virtual_count += is_table && is_virtual(entry);
        if (!is_table || is_virtual(entry) || is_shadow(entries, entry))
            continue;
        tables++;
        write_table(in, entry);
    }
    doc_place(in->doc, &(Place){ 0 });
    for (size_t i = 0; i < entries->list.count; i++)
        if (str_is(entries->list.at[i].type, "view"))
            doc_code(in->doc, S("sql"), entries->list.at[i].sql);
    doc_meta_whole(in->doc, "tables", tables);
}

static bool sqlite_extract(const ExtractSource *source, DocWriter *doc, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(source->bytes.length + MB(256));
    AUTO(close_auto) sqlite3 *db = NULL;
    Database in = { .doc = doc, .arena = arena, .budget = BUDGET };
    Entries entries = { 0 };
    if (source->bytes.length < 512)
        return fail(err, ERROR_DAMAGED, "the database is cut off in its header");
    bool is_open = open_database(&in, source->bytes, err);
    db = in.db;
    if (!is_open || !read_schema(&in, &entries, err))
        return false;
    write_entries(&in, &entries);
    if (in.budget <= 0)
        doc_warning(doc, S("reading stopped: the database takes too much work"));
    if (in.damaged)
        doc_warning(doc, str_format(arena, "%d tables are damaged; what could be read is shown",
                                    in.damaged));
    if (in.virtual_count)
        doc_warning(doc, str_format(arena, "%d virtual table%s not shown", in.virtual_count,
                                    in.virtual_count == 1 ? " is" : "s are"));
    if (in.blob_count)
        doc_warning(doc, str_format(arena, "%d binary value%s not shown", in.blob_count,
                                    in.blob_count == 1 ? " is" : "s are"));
    return true;
}

static int sqlite_sniff(Str bytes)
{
    return str_starts(bytes, (Str){ "SQLite format 3", 16 }) ? 80 : 0;
}

const Extractor extractor_sqlite_database = {
    .name = "sqlite_database",
    .title = "SQLite databases",
    .extensions = LIST("sqlite", "sqlite3", "db", "db3", "s3db", "gpkg", "mbtiles"),
    .media_types = LIST("application/vnd.sqlite3", "application/x-sqlite3"),
    .sniff = sqlite_sniff,
    .extract = sqlite_extract,
};
