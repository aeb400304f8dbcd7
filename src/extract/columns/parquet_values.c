/* parquet_values.c - see parquet_values.h. */
#include "extract/columns/parquet_values.h"

#include "extract/byte_view.h"

/* More values than that in one page are not believed. */
enum { PAGE_VALUES_MAX = 1 << 24, LAST_BYTES_MAX = 1 << 20 };

static uint64_t take_varint(Str bytes, size_t *at, bool *is_broken)
{
    uint64_t number = 0;
    for (int shift = 0; shift < 64 && *at < bytes.length; shift += 7) {
        unsigned byte = byte_at(bytes, (*at)++);
        number |= (uint64_t)(byte & 0x7F) << shift;
        if (!(byte & 0x80))
            return number;
    }
    *is_broken = true;
    return 0;
}

/* `width` bits from bit `bit` of the bytes from `at`, the lowest first. */
static uint64_t bits_at(Str bytes, size_t at, size_t bit, unsigned width)
{
    uint64_t number = 0;
    unsigned done = 0;
    at += bit / 8;
    bit %= 8;
    while (done < width) {
        number |= (uint64_t)(byte_at(bytes, at++) >> bit) << done;
        done += 8 - (unsigned)bit;
        bit = 0;
    }
    return width >= 64 ? number : number & ((UINT64_C(1) << width) - 1);
}

/* --- Runs --- */

ParquetRuns parquet_runs(Str bytes, unsigned width)
{
    return (ParquetRuns){ .bytes = bytes, .width = width, .is_broken = width > 32 };
}

static void next_run(ParquetRuns *runs)
{
    uint64_t head = take_varint(runs->bytes, &runs->at, &runs->is_broken), bytes;
    size_t room = runs->bytes.length - runs->at;
    runs->is_packed = head & 1;
    if (runs->is_packed) {
        runs->left = MIN(head >> 1, (uint64_t)PAGE_VALUES_MAX) * 8;
        bytes = MIN(runs->left / 8 * runs->width, room); /* the last run may be cut short */
        runs->packed_at = runs->at;
        runs->bit = 0;
    } else {
        runs->left = head >> 1;
        bytes = (runs->width + 7) / 8;
        runs->is_broken |= bytes > room;
        runs->value = (uint32_t)bits_at(runs->bytes, runs->at, 0, (unsigned)bytes * 8);
    }
    runs->at += (size_t)MIN(bytes, room);
}

uint32_t parquet_runs_next(ParquetRuns *runs)
{
    if (runs->width == 0)
        return 0;
    while (runs->left == 0 && !runs->is_broken)
        next_run(runs);
    if (runs->is_broken)
        return 0;
    runs->left--;
    if (!runs->is_packed)
        return runs->value;
    runs->value = (uint32_t)bits_at(runs->bytes, runs->packed_at, runs->bit, runs->width);
    runs->bit += runs->width;
    runs->is_broken |= runs->packed_at + (runs->bit + 7) / 8 > runs->bytes.length;
    return runs->value;
}

/* --- Differences --- */

static uint64_t take_zigzag(ParquetDeltas *deltas)
{
    uint64_t number = take_varint(deltas->bytes, &deltas->at, &deltas->is_broken);
    return number >> 1 ^ (0 - (number & 1));
}

ParquetDeltas parquet_deltas(Str bytes)
{
    ParquetDeltas deltas = { .bytes = bytes };
    deltas.block_size = take_varint(bytes, &deltas.at, &deltas.is_broken);
    deltas.mini_count = take_varint(bytes, &deltas.at, &deltas.is_broken);
    deltas.count = take_varint(bytes, &deltas.at, &deltas.is_broken);
    deltas.value = take_zigzag(&deltas);
    deltas.is_broken |= deltas.mini_count == 0 || deltas.mini_count > COUNT(deltas.widths) ||
                        deltas.block_size == 0 || deltas.block_size > PAGE_VALUES_MAX ||
                        deltas.block_size % deltas.mini_count ||
                        deltas.block_size / deltas.mini_count % 8;
    if (!deltas.is_broken)
        deltas.mini = deltas.mini_count; /* the first block is still to come */
    return deltas;
}

static void next_miniblock(ParquetDeltas *deltas)
{
    uint64_t size = deltas->block_size / deltas->mini_count;
    if (deltas->mini < deltas->mini_count)
        deltas->at += (size_t)(size / 8 * deltas->widths[deltas->mini]);
    deltas->in_mini = 0;
    if (++deltas->mini < deltas->mini_count)
        return;
    deltas->smallest = take_zigzag(deltas);
    for (size_t i = 0; i < deltas->mini_count; i++) {
        deltas->widths[i] = byte_at(deltas->bytes, deltas->at++);
        deltas->is_broken |= deltas->widths[i] > 64;
    }
    deltas->mini = 0;
    deltas->is_broken |= deltas->at > deltas->bytes.length;
}

uint64_t parquet_deltas_next(ParquetDeltas *deltas)
{
    deltas->is_broken |= deltas->taken >= deltas->count;
    if (deltas->is_broken)
        return 0;
    if (deltas->taken++ == 0)
        return deltas->value;
    if (deltas->mini >= deltas->mini_count ||
        deltas->in_mini == deltas->block_size / deltas->mini_count)
        next_miniblock(deltas);
    if (deltas->is_broken)
        return 0;
    unsigned width = deltas->widths[deltas->mini];
    deltas->is_broken |= deltas->at + (deltas->in_mini * width + 7) / 8 > deltas->bytes.length;
    deltas->value += deltas->smallest +
                     bits_at(deltas->bytes, deltas->at, (size_t)deltas->in_mini * width, width);
    deltas->in_mini++;
    return deltas->value;
}

/* Where the bytes after them begin: the last block keeps room for miniblocks that are not used,
 * but not their bytes. */
static size_t deltas_end(const ParquetDeltas *deltas)
{
    if (deltas->count < 2 || deltas->mini >= deltas->mini_count)
        return deltas->at;
    return deltas->at +
           (size_t)(deltas->block_size / deltas->mini_count / 8 * deltas->widths[deltas->mini]);
}

/* All of them passed over: the bytes behind, or nothing. */
static Str after_deltas(Str bytes, bool *is_broken)
{
    ParquetDeltas deltas = parquet_deltas(bytes);
    deltas.is_broken |= deltas.count > PAGE_VALUES_MAX;
    for (uint64_t i = 0; i < deltas.count && !deltas.is_broken; i++)
        parquet_deltas_next(&deltas);
    *is_broken |= deltas.is_broken || deltas_end(&deltas) > bytes.length;
    return *is_broken ? STR_NONE : str_from(bytes, deltas_end(&deltas));
}

/* --- Values --- */

static size_t width_of(const ParquetColumn *column)
{
    static const size_t widths[] = {
        [PARQUET_INT32] = 4, [PARQUET_INT64] = 8,  [PARQUET_INT96] = 12,
        [PARQUET_FLOAT] = 4, [PARQUET_DOUBLE] = 8,
    };
    return column->type == PARQUET_FIXED          ? column->width
           : (size_t)column->type < COUNT(widths) ? widths[column->type]
                                                  : 0;
}

/* A number of the column's type in as many bytes as it has. */
static ParquetValue value_of(const ParquetColumn *column, Str bytes)
{
    ParquetValue value = { .bytes = bytes };
    uint64_t low = little32(bytes, 0);
    switch (column->type) {
    case PARQUET_INT32:
        value.bits = column->shown.kind == COLUMN_UNSIGNED ? low : (uint64_t)(int32_t)low;
        break;
    case PARQUET_FLOAT: value.bits = low; break;
    case PARQUET_INT64:
    case PARQUET_DOUBLE: value.bits = low | (uint64_t)little32(bytes, 4) << 32; break;
    default: value.bits = little16(bytes, 0); break;
    }
    return value;
}

static Str take_plain(const ParquetColumn *column, Str bytes, size_t *at, bool *is_broken)
{
    size_t width = width_of(column), room = bytes.length - MIN(*at, bytes.length);
    if (column->type == PARQUET_BYTES) {
        width = little32(bytes, *at);
        *is_broken |= room < 4 || width > room - 4;
        *at += 4;
    } else {
        *is_broken |= width > room;
    }
    if (*is_broken)
        return STR_NONE;
    Str value = str_slice(bytes, *at, *at + width);
    *at += width;
    return value;
}

ParquetWords parquet_words(Arena *arena, const ParquetColumn *column, Str bytes, size_t count)
{
    ParquetWords words = { .bytes = bytes };
    size_t width = width_of(column), at = 0;
    bool is_broken = false;
    if (column->type != PARQUET_BYTES) {
        words.count = width ? MIN(count, bytes.length / width) : 0;
        return words;
    }
    count = MIN(count, bytes.length / 4);
    uint32_t *starts = arena_new_array(arena, uint32_t, count + 1);
    words.starts = starts;
    for (; words.count < count; words.count++) {
        starts[words.count] = (uint32_t)at;
        take_plain(column, bytes, &at, &is_broken);
        if (is_broken)
            break;
    }
    return words;
}

bool parquet_values_begin(ParquetValues *values, Str bytes, size_t count)
{
    bool is_text = values->column->type == PARQUET_BYTES || values->column->type == PARQUET_FIXED;
    Str rest = STR_NONE;
    values->bytes = bytes;
    values->count = count;
    switch (values->encoding) {
    case ENCODING_PLAIN: return true;
    case ENCODING_PLAIN_DICTIONARY:
    case ENCODING_DICTIONARY:
        values->runs = parquet_runs(str_from(bytes, 1), byte_at(bytes, 0));
        return values->words != NULL;
    case ENCODING_RUNS:
        values->runs = parquet_runs(bytes_part(bytes, 4, little32(bytes, 0)), 1);
        return values->column->type == PARQUET_BOOLEAN;
    case ENCODING_DELTA:
        values->lengths = parquet_deltas(bytes);
        return values->column->type == PARQUET_INT32 || values->column->type == PARQUET_INT64;
    case ENCODING_DELTA_LENGTH:
        values->lengths = parquet_deltas(bytes);
        values->bytes = after_deltas(bytes, &values->is_broken);
        return is_text;
    case ENCODING_DELTA_BYTES:
        values->prefixes = parquet_deltas(bytes);
        rest = after_deltas(bytes, &values->is_broken);
        values->lengths = parquet_deltas(rest);
        values->bytes = after_deltas(rest, &values->is_broken);
        values->last = buf_new(values->arena, LAST_BYTES_MAX);
        return is_text;
    case ENCODING_SPLIT:
        return width_of(values->column) > 0 && width_of(values->column) <= sizeof values->split;
    default: return false;
    }
}

static ParquetValue next_word(ParquetValues *values)
{
    const ParquetWords *words = values->words;
    size_t index = parquet_runs_next(&values->runs), width = width_of(values->column), at;
    if (index >= words->count)
        values->is_broken = true;
    if (values->is_broken)
        return (ParquetValue){ 0 };
    at = words->starts ? words->starts[index] : index * width;
    Str bytes = take_plain(values->column, words->bytes, &at, &values->is_broken);
    return value_of(values->column, bytes);
}

static Str next_length(ParquetValues *values)
{
    uint64_t length = parquet_deltas_next(&values->lengths);
    values->is_broken |= values->lengths.is_broken || length > values->bytes.length - values->at;
    if (values->is_broken)
        return STR_NONE;
    Str bytes = str_slice(values->bytes, values->at, values->at + (size_t)length);
    values->at += (size_t)length;
    return bytes;
}

/* A text that shares its beginning with the one before. */
static Str next_suffixed(ParquetValues *values)
{
    uint64_t shared = parquet_deltas_next(&values->prefixes);
    Str suffix = next_length(values);
    values->is_broken |= values->prefixes.is_broken || shared > values->last.length;
    if (values->is_broken)
        return STR_NONE;
    values->last.length = (size_t)shared;
    buf_add(&values->last, suffix);
    return buf_str(&values->last);
}

/* The bytes of a value are apart: all the first ones, then all the second ones (BYTE_STREAM_SPLIT).
 */
static ParquetValue next_split(ParquetValues *values)
{
    size_t width = width_of(values->column), stride = values->bytes.length / width;
    values->is_broken |= values->index >= stride;
    for (size_t i = 0; i < width; i++)
        values->split[i] = (char)byte_at(values->bytes, i * stride + values->index);
    values->index++;
    return value_of(values->column, (Str){ values->split, width });
}

ParquetValue parquet_values_next(ParquetValues *values)
{
    ParquetValue value = { 0 };
    switch (values->encoding) {
    case ENCODING_PLAIN_DICTIONARY:
    case ENCODING_DICTIONARY: value = next_word(values); break;
    case ENCODING_RUNS: value.bits = parquet_runs_next(&values->runs); break;
    case ENCODING_DELTA:
        value.bits = parquet_deltas_next(&values->lengths);
        values->is_broken |= values->lengths.is_broken;
        if (values->column->type == PARQUET_INT32)
            value.bits = values->column->shown.kind == COLUMN_UNSIGNED
                             ? (uint32_t)value.bits
                             : (uint64_t)(int32_t)value.bits;
        break;
    case ENCODING_DELTA_LENGTH: value = value_of(values->column, next_length(values)); break;
    case ENCODING_DELTA_BYTES: value = value_of(values->column, next_suffixed(values)); break;
    case ENCODING_SPLIT: value = next_split(values); break;
    default:
        if (values->column->type == PARQUET_BOOLEAN) {
            values->is_broken |= values->bit / 8 >= values->bytes.length;
            value.bits = byte_at(values->bytes, values->bit / 8) >> (values->bit % 8) & 1;
            values->bit++;
        } else {
            value = value_of(values->column, take_plain(values->column, values->bytes, &values->at,
                                                        &values->is_broken));
        }
    }
    values->is_broken |= values->runs.is_broken;
    return value;
}
