/* rows.c - lists of objects from tables: a head whose cells name members, and the rows below it up
 * to the totals; lines of a receipt without a head. */
#include "fields/fields_int.h"

#define COLUMNS_MAX 24
#define ROWS_MAX 200
#define NAMED 0.9
#define UNNAMED 0.6

typedef struct Column {
    const FieldNode *node;
    size_t column, end; /* letters, or the number of the cell */
} Column;

typedef struct Head {
    Column columns[COLUMNS_MAX];
    size_t count;
    size_t line;
} Head;

static const FieldNode *member_of(const FieldNode *item, Thing thing)
{
    for (size_t i = 0; i < item->member_count; i++)
        if (item->members[i]->thing == thing)
            return item->members[i];
    return NULL;
}

/* --- With a head --- */

/* The member that the cell names most surely and that no other cell has taken. */
static const FieldNode *named_member(const Reading *reading, const FieldNode *item, size_t span,
                                     const Head *head)
{
    const FieldNode *best = NULL;
    int best_rank = 1000;
    const Label *end = reading->labels.at + reading->labels.count;
    for (const Label *label = label_of_span(reading, span);
         label && label < end && label->span == span; label++)
        for (size_t i = 0; i < item->member_count; i++) {
            int rank = 0;
            bool is_taken = false;
            for (size_t c = 0; c < head->count; c++)
                is_taken = is_taken || head->columns[c].node == item->members[i];
            if (!is_taken && label_means_node(reading, label, item->members[i], &rank) &&
                rank + (label->begins ? 0 : 100) < best_rank) {
                best = item->members[i];
                best_rank = rank + (label->begins ? 0 : 100);
            }
        }
    return best;
}

static bool read_head(const Reading *reading, const FieldNode *item, size_t index, Head *head_r)
{
    const Line *line = &reading->lines.at[index];
    Head head = { .line = index };
    size_t previous = SIZE_MAX;
    if (line->count < 2)
        return false;
    for (size_t i = line->first; i < line->first + line->count && head.count < COLUMNS_MAX; i++) {
        const Span *span = &reading->spans.at[i];
        if (line->table && span->column == previous)
            continue;
        previous = span->column;
        Str text = span_text(reading, span);
        head.columns[head.count] = (Column){ named_member(reading, item, i, &head), span->column,
                                             span->column + (line->table ? 0 : text.length) };
        head.count++;
    }
    size_t named = 0;
    for (size_t c = 0; c < head.count; c++)
        named += head.columns[c].node != NULL;
    if (named < MIN(item->member_count, 2U))
        return false;
    *head_r = head;
    return true;
}

/* Below which column a part of a line stands: where it overlaps, else the nearest. */
static const Column *column_of(const Head *head, const Span *span, size_t length, bool is_table)
{
    const Column *best = NULL;
    size_t best_gap = is_table ? 1 : 12;
    for (size_t c = 0; c < head->count; c++) {
        const Column *column = &head->columns[c];
        size_t start = span->column, end = span->column + (is_table ? 0 : length);
        size_t gap = start > column->end    ? start - column->end
                     : column->column > end ? column->column - end
                                            : 0;
        if (gap < best_gap) {
            best = column;
            best_gap = gap;
        }
    }
    return best;
}

/* Totals end a table. */
static bool is_total(const Reading *reading, const Line *line)
{
    static const Thing things[] = { THING_TOTAL,          THING_NET,      THING_TAX,
                                    THING_TAX_RATE,       THING_DISCOUNT, THING_SHIPPING,
                                    THING_PAYMENT_METHOD, THING_IBAN };
    const Label *label = NULL;
    for (size_t i = line->first; !label && i < line->first + line->count; i++)
        label = label_of_span(reading, i);
    if (!label || !label->begins)
        return false;
    /* "Total care package" is an article; "Total (EUR)" and "VAT 20 %" are not. */
    Str rest = str_slice(reading->text, label->end, reading->spans.at[label->span].end);
    size_t letters = 0;
    for (size_t i = 0; i < rest.length; i++)
        letters += (unsigned char)((rest.at[i] | 32) - 'a') < 26;
    for (size_t i = 0; i < COUNT(things); i++)
        if (label_means_thing(reading, label, things[i], NULL) && letters <= 12)
            return true;
    return false;
}

static Str item_path(const Reading *reading, Str path, const json_t *list, const FieldNode *member)
{
    return str_format(reading->arena, STR_FMT "[%zu]." STR_FMT, STR_ARG(path),
                      json_array_size(list), STR_ARG(member->name));
}

static size_t read_row(const Reading *reading, const Head *head, const Line *line, Str path,
                       const json_t *list, json_t *item)
{
    size_t kept = 0;
    for (size_t i = line->first; i < line->first + line->count; i++) {
        const Span *span = &reading->spans.at[i];
        size_t end = span->end;
        Found found;
        const Column *column = column_of(head, span, end - span->start, line->table != 0);
        while (line->table && i + 1 < line->first + line->count &&
               reading->spans.at[i + 1].column == span->column)
            end = reading->spans.at[++i].end;
        if (!column || !column->node ||
            json_object_get(item, str_c(reading->arena, column->node->name)) ||
            !value_find(reading, column->node, column->node->kind, span->start, end, &found))
            continue;
        kept += keep_value(reading, column->node, item_path(reading, path, list, column->node),
                           &found, NAMED, item);
    }
    return kept;
}

static bool has_required(const FieldNode *item, const json_t *value)
{
    for (size_t i = 0; i < item->member_count; i++)
        if (item->members[i]->is_required && !json_object_get(value, item->members[i]->name.at))
            return false;
    return true;
}

/* Values that were kept of a row that is none are forgotten. */
static void end_row(const Reading *reading, size_t values, bool is_row, json_t *item, json_t *into)
{
    if (is_row)
        json_array_append_new(into, item);
    else {
        reading->result->values.count = values;
        json_decref(item);
    }
}

static bool read_table(const Reading *reading, const FieldNode *list, const Head *head, Str path,
                       json_t *into)
{
    const Line *first = &reading->lines.at[head->line];
    for (size_t i = head->line + 1; i < reading->lines.count && json_array_size(into) < ROWS_MAX;
         i++) {
        const Line *line = &reading->lines.at[i];
        size_t values = reading->result->values.count;
        if (line->table != first->table || is_total(reading, line) || line->is_heading)
            break;
        if (line->count < 2)
            continue;
        json_t *item = json_object();
        size_t kept = read_row(reading, head, line, path, into, item);
        end_row(reading, values, kept >= 2 && has_required(list->item, item), item, into);
    }
    return json_array_size(into) > 0;
}

/* --- Without a head --- */

/* The amounts of a line from its end on: "2 x 1,19   2,38". */
static size_t trailing_amounts(const Reading *reading, size_t from, size_t to, Found amounts[3])
{
    size_t count = 0;
    Found found;
    while (count < 3 && number_find(reading, from, to, true, false, &found)) {
        size_t letters = 0;
        for (size_t i = found.end; i < to; i++)
            letters += (unsigned char)((reading->text.at[i] | 32) - 'a') < 26;
        /* Behind the last may be the sign of its tax, between two a times. */
        if (letters > (count ? 1 : 3))
            break;
        amounts[count++] = found;
        to = found.start;
    }
    return count;
}

static bool has_cents(Str text) { return text.length > 3 && text.at[text.length - 3] == '.'; }

/* "Milk 1.5%   2.38 A": words, and an amount with cents behind them. */
static bool read_bare(const Reading *reading, const FieldNode *item, const Line *line, Str path,
                      const json_t *list, json_t *into)
{
    const FieldNode *description = member_of(item, THING_DESCRIPTION);
    const FieldNode *quantity = member_of(item, THING_QUANTITY);
    const FieldNode *price = member_of(item, THING_UNIT_PRICE);
    const FieldNode *amount = member_of(item, THING_LINE_AMOUNT);
    size_t from = reading->spans.at[line->first].start;
    size_t to = reading->spans.at[line->first + line->count - 1].end, close = to;
    Found amounts[3], text;
    size_t count = trailing_amounts(reading, from, to, amounts);
    if (!description || !amount || !count || !has_cents(amounts[0].text))
        return false;
    close = amounts[count - 1].start;
    if (line->count > 1)
        close = MIN(close, reading->spans.at[line->first].end);
    while (close > from && HAS_CHAR(reading->text.at[close - 1], " \t|*xX@"))
        close--;
    if (close > from + 3 && (unsigned char)reading->text.at[close - 1] >= 0x80)
        while (close > from && (unsigned char)reading->text.at[close - 1] >= 0x80)
            close--;
    size_t letters = 0;
    for (size_t i = from; i < close; i++)
        letters += (unsigned char)((reading->text.at[i] | 32) - 'a') < 26;
    if (letters < 2 || !value_find(reading, description, KIND_TEXT, from, close, &text) ||
        !keep_value(reading, description, item_path(reading, path, list, description), &text,
                    UNNAMED, into))
        return false;
    keep_value(reading, amount, item_path(reading, path, list, amount), &amounts[0], UNNAMED, into);
    if (quantity && count > 1)
        keep_value(reading, quantity, item_path(reading, path, list, quantity), &amounts[count - 1],
                   UNNAMED, into);
    if (price && count > 2)
        keep_value(reading, price, item_path(reading, path, list, price), &amounts[1], UNNAMED,
                   into);
    return true;
}

static bool read_bare_lines(const Reading *reading, const FieldNode *list, Str path, json_t *into)
{
    for (size_t i = 0; i < reading->lines.count && json_array_size(into) < ROWS_MAX; i++) {
        const Line *line = &reading->lines.at[i];
        size_t values = reading->result->values.count;
        const Label *label = label_of_span(reading, line->first);
        if (json_array_size(into) && is_total(reading, line))
            break;
        if (is_total(reading, line) || (label && label->begins && label->has_colon))
            continue;
        json_t *item = json_object();
        bool is_row = read_bare(reading, list->item, line, path, into, item);
        end_row(reading, values, is_row, item, into);
    }
    return json_array_size(into) > 0;
}

bool find_rows(const Reading *reading, const FieldNode *list, Str path, json_t *into)
{
    Head head, best = { 0 };
    size_t best_named = 0;
    for (size_t i = 0; i < reading->lines.count; i++) {
        size_t named = 0;
        if (!read_head(reading, list->item, i, &head))
            continue;
        for (size_t c = 0; c < head.count; c++)
            named += head.columns[c].node != NULL;
        if (named > best_named) {
            best = head;
            best_named = named;
        }
    }
    if (best_named && read_table(reading, list, &best, path, into))
        return true;
    return list->thing == THING_LINE_ITEMS && read_bare_lines(reading, list, path, into);
}
