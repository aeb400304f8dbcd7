/* layout.c - a document as lines and the parts of them that stand apart: what is between two
 * spaces or a tab in a line of text, and the lines of each cell of a table. */
#include "base/utf8.h"
#include "fields/fields_int.h"
#include "library/library.h"
#include "text/language.h"

#define LINES_MAX 20000
#define SPANS_MAX 200000
#define PARTS_MAX 256 /* of a line, or cells of a row */
#define LANGUAGE_BYTES KB(16)

/* U+00B7: parts of a line in the head of a letter. */
static bool is_dot(Str text, size_t at)
{
    return str_starts(str_slice(text, at, at + 2), S("\xC2\xB7"));
}

static size_t skip_spaces(Str text, size_t at, size_t end)
{
    while (at < end && (HAS_CHAR(text.at[at], " \t\r\f\v|") || is_dot(text, at)))
        at += is_dot(text, at) ? 2 : 1;
    return at;
}

/* Where a part of a line ends: at a tab, a bar or dot between spaces, or two spaces. */
static size_t part_end(Str text, size_t at, size_t end)
{
    for (; at < end; at++) {
        char c = text.at[at], next = at + 1 < end ? text.at[at + 1] : '\n';
        if (c == '\t' || (c == ' ' && (HAS_CHAR(next, " \t|") || is_dot(text, at + 1))))
            return at;
    }
    return end;
}

static void add_span(Reading *reading, size_t start, size_t end, size_t column)
{
    while (end > start && HAS_CHAR(reading->text.at[end - 1], " \t\r"))
        end--;
    if (end > start && reading->spans.count < SPANS_MAX)
        *vec_push(reading->arena, &reading->spans) =
            (Span){ start, end, reading->lines.count, column };
}

static void end_line(Reading *reading, size_t first, Line line)
{
    line.first = first;
    line.count = reading->spans.count - first;
    if (line.count)
        *vec_push(reading->arena, &reading->lines) = line;
}

static void add_lines(Reading *reading, size_t start, size_t end, Line kind)
{
    kind.begins_part = true;
    while (start < end && reading->lines.count < LINES_MAX) {
        ptrdiff_t line_end = str_find_char(str_slice(reading->text, start, end), '\n');
        size_t stop = line_end < 0 ? end : start + (size_t)line_end;
        size_t first = reading->spans.count;
        for (size_t at = skip_spaces(reading->text, start, stop); at < stop;) {
            bool is_last = reading->spans.count - first + 1 >= PARTS_MAX;
            size_t close = is_last ? stop : part_end(reading->text, at, stop);
            add_span(reading, at, close, utf8_count(str_slice(reading->text, start, at)));
            at = skip_spaces(reading->text, close, stop);
        }
        end_line(reading, first, kind);
        kind.begins_part = reading->spans.count == first;
        start = stop + 1;
    }
}

static void add_row(Reading *reading, const StoredBlock *block, Line kind)
{
    size_t first = reading->spans.count, column = 0;
    kind.table = block->table ? block->table : 1;
    kind.is_header_row = block->is_header_row;
    for (size_t i = 0; i < block->cell_count && reading->spans.count - first < PARTS_MAX; i++) {
        const StoredCell *cell = &block->cell[i];
        size_t start = block->start + cell->start, end = start + cell->length;
        while (start < end && end <= reading->text.length) {
            ptrdiff_t line = str_find_char(str_slice(reading->text, start, end), '\n');
            size_t stop = line < 0 ? end : start + (size_t)line;
            add_span(reading, skip_spaces(reading->text, start, stop), stop, column);
            start = stop + 1;
        }
        column += MAX(cell->column_span, (uint16_t)1);
    }
    end_line(reading, first, kind);
}

static void add_block(Reading *reading, const StoredBlock *block)
{
    const char *kind = library_block_kind(block->kind);
    Line line = { .page = block->page, .is_heading = strcmp(kind, "heading") == 0 };
    if (strcmp(kind, "meta") == 0 || block->start + block->length > reading->text.length)
        return;
    if (strcmp(kind, "row") == 0 && block->cell_count)
        add_row(reading, block, line);
    else
        add_lines(reading, block->start, block->start + block->length, line);
}

/* Days come first outside English, and where an English paper is not in dollars. */
static bool says_days_first(const Reading *reading)
{
    Str currency = S("");
    for (size_t i = 0; i < reading->entities.entities.count && !currency.length; i++)
        if (reading->entities.entities.at[i].kind == ENTITY_MONEY)
            currency = reading->entities.entities.at[i].value;
    return !str_is(reading->language, "en") ||
           (currency.length && !str_ends(currency, S("USD")) && !str_ends(currency, S("CAD")));
}

void fields_lay_out(Reading *reading, const FieldsInput *input)
{
    Str text = input->text;
    size_t most = MIN(text.length, (size_t)FIELDS_TEXT_MAX);
    reading->text = str_slice(text, 0, utf8_floor(text, most));
    reading->today = input->today;
    reading->language = input->language;
    /* What is in no language (a sheet, a form) still has words and dates of one. */
    if (!reading->language.length || str_is(reading->language, "und"))
        reading->language =
            str(language_about(
                    language_detect(str_slice(reading->text, 0, LANGUAGE_BYTES), LANGUAGE_ENGLISH))
                    ->code);
    reading->entities = entities_find(reading->arena, reading->text, input->today, input->stop);
    reading->is_day_first = says_days_first(reading);
    for (size_t i = 0; i < input->block_count && reading->lines.count < LINES_MAX; i++)
        add_block(reading, &input->blocks[i]);
    if (!input->block_count)
        add_lines(reading, 0, reading->text.length, (Line){ 0 });
}
