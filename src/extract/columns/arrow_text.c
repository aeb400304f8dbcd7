/* arrow_text.c - values of Arrow columns as text. See arrow_file.h. */
#include "extract/byte_view.h"
#include "extract/columns/arrow_file.h"

/* Words of a dictionary may be made of words of the same one. */
enum { DEPTH_MAX = 100 };

static void add_value(Buf *out, const ArrowArray *array, size_t index, int depth);

static bool bit_at(Str bits, size_t index) { return byte_at(bits, index / 8) >> (index % 8) & 1; }

/* Sign-extended. */
static int64_t number_at(Str bytes, size_t index, size_t width)
{
    size_t at = index * width;
    switch (width) {
    case 1: return (int8_t)byte_at(bytes, at);
    case 2: return (int16_t)little16(bytes, at);
    case 4: return (int32_t)little32(bytes, at);
    default: return (int64_t)little64(bytes, at);
    }
}

/* Where a value begins in its buffer; what is negative or too far is the end. */
static size_t place_at(Str places, size_t index, bool is_long)
{
    int64_t place = number_at(places, index, is_long ? 8 : 4);
    return place < 0 ? SIZE_MAX / 2 : (size_t)place;
}

static void add_span_of_time(Buf *out, const ArrowField *field, Str bytes)
{
    int32_t first = (int32_t)little32(bytes, 0), second = (int32_t)little32(bytes, 4);
    if (str_is(str(field->unit), "months"))
        buf_addf(out, "%" PRId32 " months", first);
    else if (str_is(str(field->unit), "days"))
        buf_addf(out, "%" PRId32 " days %" PRId32 " ms", first, second);
    else if (str_is(str(field->unit), "months days"))
        buf_addf(out, "%" PRId32 " months %" PRId32 " days %" PRId64 " ns", first, second,
                 (int64_t)little64(bytes, 8));
    else
        buf_addf(out, "%" PRId64 " %s", (int64_t)little64(bytes, 0), field->unit);
}

static void add_fixed(Buf *out, const ArrowField *field, Str values, size_t index)
{
    Str bytes = bytes_part(values, index * field->width, field->width);
    int64_t number = field->width <= 8 ? number_at(values, index, field->width) : 0;
    if (field->unit)
        add_span_of_time(out, field, bytes);
    else if (field->shown.kind == COLUMN_UNSIGNED && field->width < 8)
        column_text(out, &field->shown,
                    (uint64_t)number & ((UINT64_C(1) << (8 * field->width)) - 1), STR_NONE);
    else
        column_text(out, &field->shown, (uint64_t)(number / field->per_shown), bytes);
}

static Str bytes_between(Str values, size_t start, size_t end)
{
    return end > start ? bytes_part(values, start, end - start) : STR_NONE;
}

/* The variable-size binary view layout: up to 12 bytes are in the view itself. */
static Str view_at(const ArrowArray *array, size_t index)
{
    enum { VIEW_SIZE = 16, INLINE_MAX = 12 };
    Str view = bytes_part(array->values, index * VIEW_SIZE, VIEW_SIZE);
    uint32_t length = little32(view, 0), piece = little32(view, 8);
    if (length <= INLINE_MAX)
        return bytes_part(view, 4, length);
    return piece < array->piece_count ? bytes_part(array->pieces[piece], little32(view, 12), length)
                                      : STR_NONE;
}

static void add_items(Buf *out, const ArrowArray *items, size_t start, size_t end, int depth)
{
    buf_add(out, depth ? S("[") : STR_NONE);
    for (size_t i = start; i < end && i < items->count && out->length < COLUMN_CELL_TEXT_MAX; i++) {
        buf_add(out, i > start ? S(", ") : STR_NONE);
        add_value(out, items, i, depth + 1);
    }
    buf_add(out, depth ? S("]") : STR_NONE);
}

static void add_record(Buf *out, const ArrowArray *array, size_t index, int depth)
{
    buf_add(out, depth ? S("{") : STR_NONE);
    for (size_t i = 0; i < array->field->item_count && out->length < COLUMN_CELL_TEXT_MAX; i++) {
        buf_addf(out, "%s" STR_FMT ": ", i ? ", " : "", STR_ARG(array->field->items[i].name));
        add_value(out, &array->items[i], index, depth + 1);
    }
    buf_add(out, depth ? S("}") : STR_NONE);
}

static void add_map(Buf *out, const ArrowArray *entries, size_t start, size_t end, int depth)
{
    buf_add(out, depth ? S("{") : STR_NONE);
    for (size_t i = start; i < end && i < entries->count && out->length < COLUMN_CELL_TEXT_MAX;
         i++) {
        buf_add(out, i > start ? S(", ") : STR_NONE);
        add_value(out, &entries->items[0], i, depth + 1);
        buf_add(out, S(": "));
        add_value(out, &entries->items[1], i, depth + 1);
    }
    buf_add(out, depth ? S("}") : STR_NONE);
}

static void add_member(Buf *out, const ArrowArray *array, size_t index, int depth)
{
    const ArrowField *field = array->field;
    int64_t type = number_at(array->values, index, 1);
    size_t which = type < 0 ? SIZE_MAX : (size_t)type;
    FlatList kinds = field->union_types;
    for (size_t i = 0; i < kinds.count; i++)
        if ((int32_t)little32(kinds.bytes, kinds.at + 4 * i) == type)
            which = i;
    if (which < field->item_count)
        add_value(out, &array->items[which],
                  field->layout == ARROW_UNION ? index : place_at(array->starts, index, false),
                  depth + 1);
}

/* Run-end encoding: the first run that ends behind the value. */
static void add_run(Buf *out, const ArrowArray *array, size_t index, int depth)
{
    const ArrowArray *ends = &array->items[0];
    size_t low = 0, high = ends->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int64_t end = number_at(ends->values, middle, ends->field->width);
        if (end <= (int64_t)index)
            low = middle + 1;
        else
            high = middle;
    }
    add_value(out, &array->items[1], low, depth + 1);
}

static void add_word(Buf *out, const ArrowArray *array, size_t index, int depth)
{
    int64_t number = number_at(array->values, index, array->field->word_width);
    const ArrowWords *words = array->words;
    size_t word = number < 0 ? SIZE_MAX : (size_t)number;
    for (size_t i = 0; words && i < words->parts.count; i++) {
        if (word < words->parts.at[i].count) {
            add_value(out, &words->parts.at[i], word, depth + 1);
            return;
        }
        word -= words->parts.at[i].count;
    }
}

static void add_value(Buf *out, const ArrowArray *array, size_t index, int depth)
{
    const ArrowField *field = array->field;
    if (depth > DEPTH_MAX || index >= array->count ||
        (array->present.length && !bit_at(array->present, index)))
        return;
    if (array->is_words) {
        add_word(out, array, index, depth);
        return;
    }
    size_t start = place_at(array->starts, index, field->is_long);
    size_t end = place_at(array->starts, index + 1, field->is_long);
    switch (field->layout) {
    case ARROW_FIXED: add_fixed(out, field, array->values, index); break;
    case ARROW_BITS: column_text(out, &field->shown, bit_at(array->values, index), STR_NONE); break;
    case ARROW_BYTES:
        column_text(out, &field->shown, 0, bytes_between(array->values, start, end));
        break;
    case ARROW_VIEWS: column_text(out, &field->shown, 0, view_at(array, index)); break;
    case ARROW_LIST: add_items(out, array->items, start, end, depth); break;
    case ARROW_LIST_VIEW:
        end = start + place_at(array->sizes, index, field->is_long);
        add_items(out, array->items, start, end, depth);
        break;
    case ARROW_FIXED_LIST:
        add_items(out, array->items, index * field->width, (index + 1) * field->width, depth);
        break;
    case ARROW_RECORD: add_record(out, array, index, depth); break;
    case ARROW_MAP: add_map(out, array->items, start, end, depth); break;
    case ARROW_UNION:
    case ARROW_DENSE_UNION: add_member(out, array, index, depth); break;
    case ARROW_RUNS: add_run(out, array, index, depth); break;
    case ARROW_NONE:
    case ARROW_UNKNOWN: break;
    }
}

void arrow_text(Buf *out, const ArrowArray *column, size_t row) { add_value(out, column, row, 0); }
