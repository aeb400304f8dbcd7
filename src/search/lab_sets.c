/* lab_sets.c - judged sets out of lines of text. See lab.h. */
#include "search/lab.h"

#include "base/file.h"
#include "base/map.h"

/* Rows of one transaction. */
#define ROWS_AT_ONCE 1000

typedef struct Import {
    const Scope *scope;
    Arena *arena;
    Str name;
    bool replaces;
    char separator; /* between columns */
    Map documents;  /* id, name, file name, and that without extension -> id */
    VEC(Judgement) rows;
    size_t written;
    VEC(Str) unknown;
    LabImport result;
} Import;

/* --- Which document is meant --- */

static void know(Import *in, Str name, const Str *id)
{
    bool is_new;
    MapEntry *entry = map_add(&in->documents, name, &is_new);
    if (is_new)
        entry->pointer = arena_new_one(in->arena, Str), *(Str *)entry->pointer = *id;
}

static void know_document(Import *in, const Document *document)
{
    Str file = path_name(document->name);
    ptrdiff_t dot = str_find_last_char(file, '.');
    know(in, document->id, &document->id);
    know(in, document->name, &document->id);
    know(in, file, &document->id);
    if (dot > 0)
        know(in, str_slice(file, 0, (size_t)dot), &document->id);
}

/* Oldest first, so that of two with one name the first keeps it. */
static bool read_documents(DbTx *tx, void *argument, Error *err)
{
    Import *in = argument;
    Slice slice = { .limit = SLICE_MAX };
    in->documents = map_new(in->arena);
    do {
        DocumentList list;
        if (!document_list(tx, in->scope, in->arena, NULL, DOCUMENT_BY_CREATED, false, &slice,
                           &list, err))
            return false;
        for (size_t i = 0; i < list.count; i++)
            know_document(in, &list.at[i]);
        slice.after = list.next;
    } while (slice.after.length);
    return true;
}

/* --- Lines --- */

/* What stands between: tabs, or what a spreadsheet writes, of which the first line tells. */
static char separator_of(Str tsv)
{
    Str line = STR_NONE;
    (void)str_next(&tsv, '\n', &line);
    if (str_find_char(line, '\t') >= 0)
        return '\t';
    for (size_t i = 0, quotes = 0; i < line.length; i++) {
        quotes += line.at[i] == '"';
        if (quotes % 2 == 0 && HAS_CHAR(line.at[i], ",;"))
            return line.at[i];
    }
    return '\t';
}

/* The next column without the quotes around it; two quotes in it are one. */
static Str quoted_column(Arena *arena, Str *line, char separator)
{
    Buf column = buf_new(arena, line->length + 1);
    size_t at = 0, quotes = 0;
    for (; at < line->length && (quotes % 2 || line->at[at] != separator); at++) {
        bool is_quote = line->at[at] == '"';
        quotes += is_quote;
        if (!is_quote || (quotes % 2 && quotes > 1))
            buf_add_char(&column, line->at[at]);
    }
    *line = str_from(*line, MIN(at + 1, line->length));
    return str_trim(buf_str(&column));
}

static Str next_column(const Import *in, Str *line)
{
    Str column = STR_NONE;
    if (in->separator != '\t')
        return quoted_column(in->arena, line, in->separator);
    (void)str_next(line, '\t', &column);
    return str_trim(column);
}

static bool read_line(Import *in, Str line, int64_t number, Error *err)
{
    Str query = next_column(in, &line), document = next_column(in, &line);
    Str grade = next_column(in, &line);
    int64_t value = 1;
    if (!query.length || !document.length)
        return fail_field(err, "tsv",
                          "line %" PRId64 " has no query and document between tabs or commas",
                          number);
    if (query.length > LAB_QUERY_MAX)
        return fail_field(err, "tsv", "line %" PRId64 ": a query has at most %zu bytes", number,
                          LAB_QUERY_MAX);
    if (grade.length && !str_to_int(grade, -JUDGEMENT_GRADE_MAX, JUDGEMENT_GRADE_MAX, &value)) {
        if (number == 1)
            return true; /* a head */
        return fail_field(err, "tsv", "line %" PRId64 ": '" STR_FMT "' is no grade from 0 to %d",
                          number, STR_ARG(str_slice(grade, 0, 40)), JUDGEMENT_GRADE_MAX);
    }
    MapEntry *known = map_find(&in->documents, document);
    if (known)
        *vec_push(in->arena, &in->rows) = (Judgement){ .query = query,
                                                       .document = *(Str *)known->pointer,
                                                       .grade = MAX(value, 0) };
    else if (in->result.unknown_count++ < LAB_UNKNOWN_MAX)
        *vec_push(in->arena, &in->unknown) = document;
    return true;
}

static bool read_lines(Import *in, Str tsv, Error *err)
{
    Str line;
    if (str_starts(tsv, S("\xEF\xBB\xBF")))
        tsv = str_from(tsv, 3);
    in->separator = separator_of(tsv);
    for (int64_t number = 1; str_next(&tsv, '\n', &line); number++)
        if (str_trim(line).length && line.at[0] != '#' && !read_line(in, line, number, err))
            return false;
    if (in->rows.count)
        return true;
    if (in->result.unknown_count)
        return fail_field(err, "tsv",
                          "the library has none of the documents, '" STR_FMT "' for one",
                          STR_ARG(str_slice(in->unknown.at[0], 0, 100)));
    return fail_field(err, "tsv", "there is no line with a query and a document");
}

/* --- Rows --- */

static bool open_set(DbTx *tx, void *argument, Error *err)
{
    Import *in = argument;
    JudgedSet *set = &in->result.set;
    Error why = { 0 };
    *set = (JudgedSet){ .name = in->name };
    if (in->replaces && judged_set_find_by_name(tx, in->scope, in->arena, in->name, set, &why))
        return judgement_clear(tx, in->scope, set->id, err);
    return judged_set_add(tx, in->scope, in->arena, set, err);
}

static bool write_some(DbTx *tx, void *argument, Error *err)
{
    Import *in = argument;
    size_t end = MIN(in->written + ROWS_AT_ONCE, in->rows.count);
    for (size_t i = in->written; i < end; i++)
        if (!judgement_set(tx, in->scope, in->arena, in->result.set.id, &in->rows.at[i], err))
            return false;
    return judged_set_find(tx, in->scope, in->arena, in->result.set.id, &in->result.set, err);
}

bool lab_import(Db *db, const Scope *scope, Arena *arena, Str name, Str tsv, bool replaces,
                LabImport *import_r, Error *err)
{
    Import in = { .scope = scope, .arena = arena, .name = str_trim(name), .replaces = replaces };
    if (!in.name.length)
        return fail_field(err, "name", "a judged set needs a name");
    if (!store_read(db, scope, read_documents, &in, err) || !read_lines(&in, tsv, err) ||
        !store_write(db, scope, open_set, &in, err))
        return false;
    for (; in.written < in.rows.count; in.written += ROWS_AT_ONCE)
        if (!store_write(db, scope, write_some, &in, err))
            return false;
    in.result.unknown = (StrList){ in.unknown.at, in.unknown.count };
    *import_r = in.result;
    return true;
}
