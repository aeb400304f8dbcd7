/* json.c - JSON, JSON lines and JSON5: lines of "path: value", and tables for lists of like
 * objects.
 *
 * Read in one pass with a look ahead over flat objects only, so a file may be as long as it likes.
 * What is not JSON is kept as lines of text and said. */
#include "extract/formats/json.h"
#include "base/map.h"
#include "extract/charset/encoding.h"
#include "extract/formats/json_pull.h"

/* A group of lines becomes one block; COLUMNS_MAX: more different keys than that are no table. */
enum {
    DEPTH_MAX = 100,
    GROUP_LINES = 30,
    GROUP_BYTES = 4000,
    COLUMNS_MAX = 64,
    LOOK_ROWS = 10000,
    PATH_MAX_BYTES = 400,
    CODE_LINES = 40,
};

typedef struct Writer {
    DocWriter *doc;
    JsonReader in;
    Arena *arena; /* of one token or row */
    Arena *group_arena;
    Buf group;
    int group_line, group_count;
    char group_path[PATH_MAX_BYTES + 1];
    char path[PATH_MAX_BYTES + 1];
    size_t path_length;
    int depth;
    bool has_lines; /* places say them */
} Writer;

/* --- Paths: "orders[3].name" --- */

static size_t pushed(Writer *w, int length)
{
    size_t before = w->path_length, room = PATH_MAX_BYTES - before;
    w->path_length += length > 0 ? MIN((size_t)length, room - 1) : 0;
    return before;
}

static size_t push_index(Writer *w, size_t index)
{
    return pushed(
        w, snprintf(w->path + w->path_length, PATH_MAX_BYTES - w->path_length, "[%zu]", index));
}

static size_t push_key(Writer *w, Str key)
{
    key = str_slice(key, 0, 120);
    return pushed(w, snprintf(w->path + w->path_length, PATH_MAX_BYTES - w->path_length,
                              "%s" STR_FMT, w->path_length ? "." : "", STR_ARG(key)));
}

static void pop_path(Writer *w, size_t before)
{
    w->path_length = before;
    w->path[before] = '\0';
}

static void set_place(Writer *w, int first, const char *path)
{
    char anchor[PATH_MAX_BYTES + 4];
    snprintf(anchor, sizeof anchor, "$%s%s", path[0] && path[0] != '[' ? "." : "", path);
    doc_place(w->doc, &(Place){ .line_first = w->has_lines ? first : 0,
                                .line_last = w->has_lines ? MAX(first, w->in.line) : 0,
                                .anchor = str(anchor) });
}

/* --- Lines of values --- */

static void flush_group(Writer *w)
{
    if (w->group_count) {
        set_place(w, w->group_line, w->group_path);
        doc_paragraph(w->doc, buf_str(&w->group));
    }
    arena_reset(w->group_arena);
    w->group = buf_new(w->group_arena, SIZE_MAX / 4);
    w->group_count = 0;
}

static void add_value(Writer *w, Str value)
{
    if (w->group.length + value.length > GROUP_BYTES || w->group_count >= GROUP_LINES)
        flush_group(w);
    if (w->group_count++ == 0) {
        w->group_line = w->in.line;
        memcpy(w->group_path, w->path, w->path_length + 1);
    } else {
        buf_add_char(&w->group, '\n');
    }
    if (w->path_length) {
        buf_add(&w->group, str(w->path));
        buf_add(&w->group, S(": "));
    }
    buf_add(&w->group, value);
}

/* --- Looking ahead for tables --- */

typedef struct Columns {
    VEC(Str) names;
    Map index; /* name to position */
    size_t rows;
} Columns;

/* Pass one object whose values are all simple, noting its keys. */
static bool look_object(JsonReader *in, Columns *columns, Arena *arena)
{
    if (json_take(in, NULL, NULL) != TOKEN_OBJECT)
        return false;
    while (json_at_key(in)) {
        Str key;
        bool added;
        if (!json_take_key(in, arena, &key))
            return false;
        JsonToken value = json_peek(in);
        if (value != TOKEN_STRING && value != TOKEN_WORD)
            return false;
        if (json_take(in, NULL, NULL) != value)
            return false;
        MapEntry *entry = map_add(&columns->index, key, &added);
        if (added) {
            entry->number = (int64_t)columns->names.count;
            *vec_push(arena, &columns->names) = key;
        }
        if (columns->names.count > COLUMNS_MAX)
            return false;
        if (json_peek(in) == TOKEN_COMMA)
            json_take(in, NULL, NULL);
    }
    columns->rows++;
    return json_take(in, NULL, NULL) == TOKEN_OBJECT_END;
}

/* Is what comes a table: two or more flat objects, with mostly the same keys? */
static bool look_table(const Writer *w, Columns *columns, Arena *arena)
{
    JsonReader in = w->in;
    columns->index = map_new(arena);
    while (json_peek(&in) == TOKEN_OBJECT && columns->rows < LOOK_ROWS) {
        if (!look_object(&in, columns, arena))
            return false;
        if (json_peek(&in) == TOKEN_COMMA)
            json_take(&in, NULL, NULL);
    }
    JsonToken after = json_peek(&in);
    bool ends = after == TOKEN_ARRAY_END || after == TOKEN_END || columns->rows == LOOK_ROWS;
    return ends && columns->rows >= 2 && columns->names.count >= 2;
}

/* One row; false when the object is not flat after all, with the reader back at its beginning. */
static bool write_row(Writer *w, const Columns *columns, size_t number)
{
    JsonReader before = w->in;
    int first = (json_peek(&w->in), w->in.line);
    Str *cells = arena_new_array(w->arena, Str, columns->names.count);
    json_take(&w->in, NULL, NULL);
    while (json_at_key(&w->in)) {
        Str key, value = STR_NONE;
        bool is_pair = json_take_key(&w->in, w->arena, &key);
        JsonToken kind = json_take(&w->in, w->arena, &value);
        MapEntry *column = is_pair ? map_find(&columns->index, key) : NULL;
        if (!column || (kind != TOKEN_STRING && kind != TOKEN_WORD)) {
            w->in = before;
            return false;
        }
        cells[column->number] = value;
        if (json_peek(&w->in) == TOKEN_COMMA)
            json_take(&w->in, NULL, NULL);
    }
    if (json_take(&w->in, NULL, NULL) != TOKEN_OBJECT_END) {
        w->in = before;
        return false;
    }
    size_t path = push_index(w, number);
    set_place(w, first, w->path);
    pop_path(w, path);
    for (size_t i = 0; i < columns->names.count; i++)
        doc_cell(w->doc, cells[i]);
    doc_row_end(w->doc);
    return true;
}

/* Write the objects that come as a table; how many there were. */
static size_t write_table(Writer *w)
{
    AUTO_ARENA Arena *arena = arena_new(MB(512));
    Columns columns = { 0 };
    size_t count = 0;
    if (json_peek(&w->in) != TOKEN_OBJECT || !look_table(w, &columns, arena))
        return 0;
    flush_group(w);
    set_place(w, w->in.line, w->path);
    doc_table_begin(w->doc);
    for (size_t i = 0; i < columns.names.count; i++)
        doc_cell(w->doc, columns.names.at[i]);
    doc_header_end(w->doc);
    while (json_peek(&w->in) == TOKEN_OBJECT && doc_writer_ok(w->doc) &&
           write_row(w, &columns, count)) {
        arena_reset(w->arena);
        count++;
        if (json_peek(&w->in) == TOKEN_COMMA)
            json_take(&w->in, NULL, NULL);
    }
    doc_table_end(w->doc);
    return count;
}

/* --- Values --- */

static bool write_value(Writer *w);

static bool write_object(Writer *w)
{
    json_take(&w->in, NULL, NULL);
    while (json_at_key(&w->in)) {
        Str key;
        if (!json_take_key(&w->in, w->arena, &key))
            return false;
        size_t path = push_key(w, key);
        arena_reset(w->arena);
        bool ok = write_value(w);
        pop_path(w, path);
        if (!ok || !doc_writer_ok(w->doc))
            return false;
        if (json_peek(&w->in) == TOKEN_COMMA)
            json_take(&w->in, NULL, NULL);
    }
    return json_take(&w->in, NULL, NULL) == TOKEN_OBJECT_END;
}

static bool is_simple(JsonToken token) { return token == TOKEN_STRING || token == TOKEN_WORD; }

/* Simple values of a list are one line, as long as it stays short. */
static bool write_simple_items(Writer *w)
{
    AUTO_ARENA Arena *arena = arena_new(MB(512));
    Buf line = buf_new(arena, SIZE_MAX / 4);
    while (is_simple(json_peek(&w->in))) {
        Str value = STR_NONE;
        if (!is_simple(json_take(&w->in, w->arena, &value)))
            return false;
        if (line.length && line.length + value.length > GROUP_BYTES) {
            add_value(w, buf_str(&line));
            arena_reset(arena);
            line = buf_new(arena, SIZE_MAX / 4);
        }
        /* Notebooks and the like keep lines of a text as items that end in line ends. */
        if (line.length && line.at[line.length - 1] != '\n')
            buf_add(&line, S(", "));
        buf_add(&line, value);
        arena_reset(w->arena);
        if (json_peek(&w->in) == TOKEN_COMMA)
            json_take(&w->in, NULL, NULL);
    }
    if (line.length)
        add_value(w, buf_str(&line));
    return true;
}

static bool write_array(Writer *w)
{
    json_take(&w->in, NULL, NULL);
    size_t index = write_table(w);
    while (doc_writer_ok(w->doc)) {
        JsonToken next = json_peek(&w->in);
        if (next == TOKEN_ARRAY_END)
            break;
        if (is_simple(next)) {
            if (!write_simple_items(w))
                return false;
            continue;
        }
        size_t path = push_index(w, index++);
        bool ok = write_value(w);
        pop_path(w, path);
        if (!ok)
            return false;
        if (json_peek(&w->in) == TOKEN_COMMA)
            json_take(&w->in, NULL, NULL);
        if (w->depth == 1)
            flush_group(w); /* things of the outermost list stay apart */
    }
    return json_take(&w->in, NULL, NULL) == TOKEN_ARRAY_END;
}

static bool write_value(Writer *w)
{
    Str value = STR_NONE;
    JsonToken next = json_peek(&w->in);
    if (is_simple(next)) {
        if (json_take(&w->in, w->arena, &value) != next)
            return false;
        add_value(w, value);
        arena_reset(w->arena);
        return true;
    }
    if ((next != TOKEN_OBJECT && next != TOKEN_ARRAY) || w->depth >= DEPTH_MAX)
        return false;
    w->depth++;
    bool ok = next == TOKEN_OBJECT ? write_object(w) : write_array(w);
    w->depth--;
    return ok;
}

/* --- The file --- */

static void write_as_text(Writer *w, Str text)
{
    Str line, block = STR_NONE;
    int count = 0, first = w->in.line;
    while (doc_writer_ok(w->doc) && text_next_line(&text, &line)) {
        if (count++ == 0)
            block = line;
        block.length = (size_t)(line.at + line.length - block.at);
        if (count == CODE_LINES || text.length == 0) {
            doc_place(w->doc, &(Place){ .line_first = first, .line_last = first + count - 1 });
            doc_code(w->doc, S("json"), block);
            first += count;
            count = 0;
        }
    }
}

/* A value is broken. In JSON lines the next line is fine again; else the rest is text. */
static void write_broken(Writer *w, const JsonReader *start, bool is_lines)
{
    char text[120];
    flush_group(w);
    snprintf(text, sizeof text, "line %d is not valid JSON; %s read as text", w->in.line,
             is_lines ? "it was" : "the rest was");
    doc_warning(w->doc, str(text));
    if (is_lines) {
        w->in = *start;
        Str rest = str_from(w->in.text, w->in.at), line = STR_NONE;
        text_next_line(&rest, &line);
        write_as_text(w, line);
        w->in.at = w->in.text.length - rest.length;
        w->in.line++;
    } else {
        while (w->in.at > 0 && w->in.text.at[w->in.at - 1] != '\n')
            w->in.at--;
        write_as_text(w, str_from(w->in.text, w->in.at));
        w->in.at = w->in.text.length;
    }
}

void json_write_values(Str text, bool has_lines, DocWriter *doc)
{
    AUTO_ARENA Arena *arena = arena_new(GB(1));
    AUTO_ARENA Arena *group_arena = arena_new(GB(1));
    Writer w = { .doc = doc, .arena = arena, .group_arena = group_arena, .has_lines = has_lines };
    w.in = (JsonReader){ .text = text, .line = 1 };
    flush_group(&w);
    size_t index = write_table(&w);
    while (doc_writer_ok(doc) && json_peek(&w.in) != TOKEN_END) {
        JsonReader start = w.in;
        /* A further value after the first: the file is JSON lines. */
        size_t path = index ? push_index(&w, index) : 0;
        w.depth = 0;
        if (!write_value(&w))
            write_broken(&w, &start, index > 0);
        pop_path(&w, path);
        flush_group(&w);
        index++;
    }
}

static bool json_extract(const ExtractSource *source, DocWriter *doc, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(GB(1));
    if (text_is_binary(source->bytes))
        return fail(err, ERROR_UNSUPPORTED, "it is not text");
    json_write_values(text_decode(arena, source->bytes, STR_NONE, NULL), true, doc);
    return true;
}

static int json_sniff(Str bytes)
{
    AUTO_ARENA Arena *arena = arena_new(KB(64));
    if (text_is_binary(bytes))
        return 0;
    JsonReader in = { .text = text_head(arena, bytes, KB(4)) };
    Str word;
    JsonToken first = json_take(&in, arena, &word);
    JsonToken second = first == TOKEN_OBJECT || first == TOKEN_ARRAY ? json_peek(&in) : TOKEN_BAD;
    if (first == TOKEN_OBJECT)
        return second == TOKEN_STRING ? 45 : second == TOKEN_OBJECT_END ? 30 : 3;
    if (first != TOKEN_ARRAY)
        return 3;
    if (second == TOKEN_OBJECT || second == TOKEN_STRING)
        return 45;
    if (second == TOKEN_WORD && json_take(&in, arena, &word) == TOKEN_WORD)
        return json_peek(&in) == TOKEN_COMMA ? 30 : 3;
    return second == TOKEN_ARRAY || second == TOKEN_ARRAY_END ? 30 : 3;
}

const Extractor extractor_json = {
    .name = "json",
    .title = "JSON, JSON lines, JSON5",
    .extensions = LIST("json", "jsonl", "ndjson", "jsonc", "json5", "webmanifest"),
    .media_types = LIST("application/json", "application/x-ndjson", "application/jsonl",
                        "application/ld+json", "text/json", "application/json5"),
    .sniff = json_sniff,
    .extract = json_extract,
};
