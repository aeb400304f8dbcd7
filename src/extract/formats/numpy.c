/* numpy.c - arrays of NumPy (.npy; .npz is a ZIP of them): rows of the last dimension, or of an
 * array's records; what is in the numbers of a large array is said by its bounds and mean. */
#include <math.h>

#include "extract/columns/numpy_type.h"
#include "extract/extractor.h"
#include "extract/metadata.h"

/* A matrix of weights or vectors says nothing to a person: of plain numbers less is shown. */
enum { NUMBERS_MAX = 10000, COLUMNS_MAX = 2000, CELL_VALUES_MAX = 1000, RECORD_DEPTH_MAX = 16 };

typedef struct Array {
    DocWriter *doc;
    Arena *arena, *row_arena;
    NumpyHead head;
    int64_t strides[NUMPY_DIMENSIONS_MAX]; /* in values */
    int64_t whole;                         /* values that are in the file */
    int64_t rows, columns, shown;
} Array;

/* --- Where values are --- */

static void find_strides(Array *array)
{
    const NumpyHead *head = &array->head;
    int64_t stride = 1;
    for (int i = 0; i < head->dimensions; i++) {
        int at = head->is_fortran ? i : head->dimensions - 1 - i;
        array->strides[at] = stride;
        stride *= head->shape[at];
    }
}

/* Its bytes; fewer where the file is cut. */
static Str value_at(const Array *array, int64_t index)
{
    size_t size = array->head.type->size;
    return str_slice(array->head.values, (size_t)index * size, ((size_t)index + 1) * size);
}

/* The first value of a row; the indices of its dimensions but the last in indices_r. */
static int64_t row_begin(const Array *array, int64_t row, int64_t *indices_r)
{
    int64_t at = 0;
    for (int i = array->head.dimensions - 2; i >= 0; i--) {
        indices_r[i] = row % array->head.shape[i];
        row /= array->head.shape[i];
        at += indices_r[i] * array->strides[i];
    }
    return at;
}

/* --- Records --- */

static void write_names(const Array *array, const NumpyType *type, Str before, int depth)
{
    for (size_t i = 0; i < type->fields.count; i++) {
        const NumpyField *field = &type->fields.at[i];
        Str name = str_format(array->arena, STR_FMT "%s" STR_FMT, STR_ARG(before),
                              before.length ? "." : "", STR_ARG(field->name));
        bool is_room = !field->name.length; /* only so that what follows begins at a round place */
        if (field->type->fields.count && depth < RECORD_DEPTH_MAX)
            write_names(array, field->type, name, depth + 1);
        else if (!is_room)
            doc_cell(array->doc, name);
    }
}

static int64_t count_names(const NumpyType *type, int depth)
{
    int64_t count = 0;
    for (size_t i = 0; i < type->fields.count; i++) {
        const NumpyField *field = &type->fields.at[i];
        if (field->type->fields.count && depth < RECORD_DEPTH_MAX)
            count += count_names(field->type, depth + 1);
        else
            count += field->name.length > 0;
    }
    return count;
}

/* Values side by side. */
static void write_field(const Array *array, const NumpyField *field, Str bytes)
{
    Buf cell = buf_new(array->row_arena, COLUMN_CELL_TEXT_MAX * 4);
    for (int64_t i = 0; i < field->count && i < CELL_VALUES_MAX && !cell.overflowed; i++) {
        buf_add(&cell, i ? S(", ") : STR_NONE);
        numpy_text(
            &cell, field->type,
            str_slice(bytes, (size_t)i * field->type->size, ((size_t)i + 1) * field->type->size));
    }
    doc_cell(array->doc, buf_str(&cell));
}

static void write_fields(const Array *array, const NumpyType *type, Str record, int depth)
{
    for (size_t i = 0; i < type->fields.count; i++) {
        const NumpyField *field = &type->fields.at[i];
        Str bytes = str_from(record, field->at);
        if (field->type->fields.count && depth < RECORD_DEPTH_MAX)
            write_fields(array, field->type, bytes, depth + 1);
        else if (field->name.length)
            write_field(array, field, bytes);
    }
}

/* --- Rows --- */

static void write_record(const Array *array, int64_t row)
{
    int64_t indices[NUMPY_DIMENSIONS_MAX];
    int64_t last = array->head.dimensions ? array->head.shape[array->head.dimensions - 1] : 1;
    int64_t at = row_begin(array, row / last, indices);
    if (array->head.dimensions)
        at += row % last * array->strides[array->head.dimensions - 1];
    write_fields(array, array->head.type, value_at(array, at), 0);
}

static void write_values(const Array *array, int64_t row)
{
    const NumpyHead *head = &array->head;
    int64_t indices[NUMPY_DIMENSIONS_MAX];
    bool is_list = head->dimensions < 2;
    int64_t at = is_list ? row : row_begin(array, row, indices);
    if (head->dimensions > 2) {
        Buf place = buf_new(array->row_arena, KB(1));
        for (int i = 0; i + 1 < head->dimensions; i++)
            buf_addf(&place, "%s%" PRId64, i ? "," : "", indices[i]);
        doc_cell(array->doc, buf_str(&place));
    }
    for (int64_t i = 0; i < array->columns; i++) {
        Buf cell = buf_new(array->row_arena, COLUMN_CELL_TEXT_MAX * 2);
        int64_t index = at + (is_list ? i : i * array->strides[head->dimensions - 1]);
        numpy_text(&cell, head->type, value_at(array, index));
        doc_cell(array->doc, buf_str(&cell));
    }
}

/* Records are rows; else the last dimension is one, or each value of a list. */
static void measure_rows(Array *array)
{
    const NumpyHead *head = &array->head;
    bool is_record = head->type->fields.count > 0, is_list = head->dimensions < 2;
    int64_t last = is_list ? 1 : head->shape[head->dimensions - 1];
    array->columns = is_record ? count_names(head->type, 0) : MIN(last, COLUMNS_MAX);
    array->rows = is_record || is_list ? head->count : last ? head->count / last : 0;
    bool is_number = !is_record && !HAS_CHAR(head->type->kind, "SUMV");
    int64_t cells = is_number ? NUMBERS_MAX : COLUMN_CELLS_MAX;
    int64_t whole_rows = is_record || is_list || !last ? array->whole : array->whole / last;
    array->shown = MIN(MIN(array->rows, COLUMN_ROWS_MAX), MAX(cells / MAX(array->columns, 1), 1));
    array->shown = MIN(array->shown, whole_rows);
}

static void write_table(Array *array)
{
    bool is_record = array->head.type->fields.count > 0;
    doc_table_begin(array->doc);
    if (is_record) {
        write_names(array, array->head.type, STR_NONE, 0);
        doc_row_end(array->doc);
        doc_header_end(array->doc);
    }
    for (int64_t i = 0; i < array->shown && doc_writer_ok(array->doc); i++) {
        is_record ? write_record(array, i) : write_values(array, i);
        doc_row_end(array->doc);
        arena_reset(array->row_arena);
    }
    doc_table_end(array->doc);
}

/* --- Facts --- */

static void write_numbers(const Array *array)
{
    double least = INFINITY, most = -INFINITY, sum = 0, number;
    int64_t count = 0;
    for (int64_t i = 0; i < array->whole; i++) {
        if (!numpy_number(array->head.type, value_at(array, i), &number))
            return;
        if (!isfinite(number))
            continue;
        least = MIN(least, number);
        most = MAX(most, number);
        sum += number;
        count++;
    }
    if (count < 2)
        return;
    doc_meta(array->doc, "minimum", str_format(array->arena, "%.15g", least));
    doc_meta(array->doc, "maximum", str_format(array->arena, "%.15g", most));
    if (isfinite(sum))
        doc_meta(array->doc, "mean", str_format(array->arena, "%.15g", sum / (double)count));
}

static void write_facts(const Array *array)
{
    const NumpyHead *head = &array->head;
    Buf shape = buf_new(array->arena, KB(1));
    for (int i = 0; i < head->dimensions; i++)
        buf_addf(&shape, "%s%" PRId64, i ? " x " : "", head->shape[i]);
    doc_meta_whole(array->doc, "rows", array->rows);
    doc_meta_whole(array->doc, "columns", array->columns);
    doc_meta(array->doc, "shape", buf_str(&shape));
    doc_meta(array->doc, "data_type", head->type->name);
    write_numbers(array);
    if (array->rows > array->shown)
        doc_warning(array->doc,
                    str_format(array->arena,
                               "only the first %" PRId64 " of %" PRId64 " rows are shown",
                               array->shown, array->rows));
    if (!array->head.type->fields.count && head->dimensions > 1 &&
        head->shape[head->dimensions - 1] > COLUMNS_MAX)
        doc_warning(array->doc,
                    str_format(array->arena, "only the first %d columns are shown", COLUMNS_MAX));
}

/* Python objects are programs for Python, which nobody else should run. */
static bool has_objects(const NumpyType *type)
{
    bool found = type->kind == 'O';
    for (size_t i = 0; i < type->fields.count && !found; i++)
        found = has_objects(type->fields.at[i].type);
    return found;
}

/* A file that is cut gives its first rows, unless each value of a row is elsewhere. */
static bool count_whole(Array *array, Error *err)
{
    const NumpyHead *head = &array->head;
    if (!head->type->size)
        return fail(err, ERROR_DAMAGED, "the array's values have no size");
    array->whole = MIN(head->count, (int64_t)(head->values.length / head->type->size));
    bool is_cut = array->whole < head->count;
    if (is_cut && (head->is_fortran || !array->whole))
        return fail(err, ERROR_DAMAGED,
                    "the file is cut off: it has %" PRId64 " of %" PRId64 " values", array->whole,
                    head->count);
    if (is_cut)
        doc_warning(array->doc,
                    str_format(array->arena,
                               "the file is cut off: it has %" PRId64 " of %" PRId64 " values",
                               array->whole, head->count));
    return true;
}

static bool numpy_extract(const ExtractSource *source, DocWriter *doc, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(MB(256));
    AUTO_ARENA Arena *row_arena = arena_new(MB(256));
    Array array = { .doc = doc, .arena = arena, .row_arena = row_arena };
    if (!numpy_read_head(arena, source->bytes, &array.head, err))
        return false;
    if (has_objects(array.head.type))
        return fail(err, ERROR_UNSUPPORTED, "its values are objects of Python, which are not read");
    if (array.head.count && !count_whole(&array, err))
        return false;
    if (array.head.count) /* else other lengths may be anything */
        find_strides(&array);
    measure_rows(&array);
    write_table(&array);
    write_facts(&array);
    return true;
}

static int numpy_sniff(Str bytes) { return str_starts(bytes, S("\x93NUMPY")) ? 90 : 0; }

const Extractor extractor_numpy = {
    .name = "numpy",
    .title = "NumPy arrays",
    .extensions = LIST("npy"),
    .media_types = LIST("application/x-numpy", "application/x-npy"),
    .sniff = numpy_sniff,
    .extract = numpy_extract,
};
