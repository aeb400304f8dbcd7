/* arrow_batch.c - the messages of an Arrow file and the buffers of a batch of rows (Message.fbs).
 * See arrow_file.h. */
#include "extract/byte_view.h"
#include "extract/columns/arrow_file.h"

enum { BATCH_MAX = 256 << 20, PIECES_MAX = 100000, HEAD_MAX = 64 << 20 };

/* Places of the fields of a table in Message.fbs. */
enum { MESSAGE_KIND = 1, MESSAGE_HEAD, MESSAGE_BODY_LENGTH };
enum { BATCH_LENGTH, BATCH_NODES, BATCH_BUFFERS, BATCH_COMPRESSION, BATCH_PIECES };
enum { DICTIONARY_ID, DICTIONARY_ROWS, DICTIONARY_IS_DELTA };

static const uint32_t goes_on = 0xFFFFFFFF; /* before a length, since version 0.15 */

static bool take_message(ArrowFile *file, ArrowMessage *message)
{
    Str bytes = file->bytes;
    size_t at = file->at;
    if (at < bytes.length && little32(bytes, at) == goes_on)
        at += 4;
    size_t length = little32(bytes, at);
    if (at + 4 > bytes.length || length == 0)
        return false;
    at += 4;
    file->is_cut = length > MIN(HEAD_MAX, bytes.length - at);
    if (file->is_cut)
        return false;
    FlatTable root = flat_root(bytes_part(bytes, at, length));
    int64_t body = flat_number(root, MESSAGE_BODY_LENGTH, 8, 0);
    at += length;
    file->is_cut = body < 0 || (uint64_t)body > bytes.length - at;
    if (file->is_cut)
        return false;
    *message = (ArrowMessage){ .kind = flat_number(root, MESSAGE_KIND, 1, 0),
                               .head = flat_inner(root, MESSAGE_HEAD),
                               .body = bytes_part(bytes, at, (size_t)body) };
    file->at = at + (size_t)body;
    return true;
}

bool arrow_is_stream(Str bytes)
{
    ArrowFile file = { .bytes = bytes };
    ArrowMessage message;
    return take_message(&file, &message) && message.kind == ARROW_SCHEMA && !message.body.length &&
           flat_list(message.head, 1, 4).count > 0;
}

bool arrow_begin(ArrowFile *file, Str bytes, Error *err)
{
    ArrowMessage message;
    file->bytes = bytes;
    file->at = str_starts(bytes, S("ARROW1")) ? 8 : 0;
    file->words_left = BATCH_MAX;
    file->rows_left = GB(1);
    if (!take_message(file, &message) || message.kind != ARROW_SCHEMA)
        return fail(err, ERROR_DAMAGED, "the Arrow table does not say what its columns are");
    return arrow_read_schema(file, message.head, err);
}

int64_t arrow_row_count(const ArrowMessage *message)
{
    return MAX(0, flat_number(message->head, BATCH_LENGTH, 8, 0));
}

/* --- The buffers of a batch --- */

typedef struct Batch {
    ArrowFile *file;
    Arena *arena;
    Str body;
    FlatList nodes, buffers, pieces;
    size_t node, buffer, piece;
    ColumnCodec codec;
    size_t *left; /* bytes that may still be unpacked */
    bool is_broken, is_too_large;
} Batch;

/* A packed buffer begins with its length when unpacked; -1: it was left as it is. */
static Str unpack(Batch *batch, Str packed)
{
    int64_t length = (int64_t)little64(packed, 0);
    if (packed.length == 0 || batch->codec == CODEC_PLAIN)
        return packed;
    if (length == -1)
        return str_from(packed, 8);
    batch->is_too_large |= length < 0 || (uint64_t)length > *batch->left;
    batch->is_broken |= batch->is_too_large;
    if (batch->is_broken)
        return STR_NONE;
    *batch->left -= (size_t)length;
    Buf out = buf_new(batch->arena, (size_t)length);
    batch->is_broken |= !column_unpack(batch->codec, str_from(packed, 8), &out);
    return buf_str(&out);
}

static Str take_buffer(Batch *batch)
{
    if (batch->buffer >= batch->buffers.count) {
        batch->is_broken = true;
        return STR_NONE;
    }
    size_t entry = batch->buffers.at + 16 * batch->buffer++;
    uint64_t at = little64(batch->buffers.bytes, entry);
    uint64_t length = little64(batch->buffers.bytes, entry + 8);
    batch->is_broken |= at > batch->body.length || length > batch->body.length - at;
    return batch->is_broken ? STR_NONE : unpack(batch, bytes_part(batch->body, at, length));
}

static void take_pieces(Batch *batch, ArrowArray *array)
{
    uint64_t count = batch->piece < batch->pieces.count
                         ? little64(batch->pieces.bytes, batch->pieces.at + 8 * batch->piece)
                         : 0;
    batch->piece++;
    batch->is_broken |= count > MIN(PIECES_MAX, batch->buffers.count);
    if (batch->is_broken)
        return;
    Str *pieces = arena_new_array(batch->arena, Str, count);
    for (size_t i = 0; i < count; i++)
        pieces[i] = take_buffer(batch);
    array->pieces = pieces;
    array->piece_count = count;
}

static void take_values(Batch *batch, ArrowArray *array, ArrowLayout layout)
{
    switch (layout) {
    case ARROW_FIXED:
    case ARROW_BITS:
    case ARROW_UNION: array->values = take_buffer(batch); break;
    case ARROW_BYTES:
        array->starts = take_buffer(batch);
        array->values = take_buffer(batch);
        break;
    case ARROW_DENSE_UNION:
        array->values = take_buffer(batch);
        array->starts = take_buffer(batch);
        break;
    case ARROW_VIEWS:
        array->values = take_buffer(batch);
        take_pieces(batch, array);
        break;
    case ARROW_LIST:
    case ARROW_MAP: array->starts = take_buffer(batch); break;
    case ARROW_LIST_VIEW:
        array->starts = take_buffer(batch);
        array->sizes = take_buffer(batch);
        break;
    default: break;
    }
}

static bool has_presence(ArrowLayout layout)
{
    return layout != ARROW_NONE && layout != ARROW_UNION && layout != ARROW_DENSE_UNION &&
           layout != ARROW_RUNS;
}

/* A column and those inside of it, in the order of the schema. of_words: the words of a dictionary
 * themselves, not their numbers. */
static void take_array(Batch *batch, const ArrowField *field, bool of_words, ArrowArray *array)
{
    if (batch->node >= batch->nodes.count)
        batch->is_broken = true;
    if (batch->is_broken)
        return;
    array->field = field;
    array->is_words = field->has_words && !of_words;
    array->count = little64(batch->nodes.bytes, batch->nodes.at + 16 * batch->node++);
    ArrowLayout layout = array->is_words ? ARROW_FIXED : field->layout;
    if (has_presence(layout))
        array->present = take_buffer(batch);
    take_values(batch, array, layout);
    if (array->is_words) {
        array->words = arrow_words(batch->file, field->dictionary);
        return;
    }
    array->items = arena_new_array(batch->arena, ArrowArray, field->item_count);
    for (size_t i = 0; i < field->item_count && !batch->is_broken; i++)
        take_array(batch, &field->items[i], false, &array->items[i]);
}

static bool begin_batch(Batch *batch, FlatTable rows, Str body, Error *err)
{
    static const ColumnCodec codecs[] = { CODEC_LZ4_FRAME, CODEC_ZSTD };
    FlatTable compression = flat_inner(rows, BATCH_COMPRESSION);
    batch->body = body;
    batch->nodes = flat_list(rows, BATCH_NODES, 16);
    batch->buffers = flat_list(rows, BATCH_BUFFERS, 16);
    batch->pieces = flat_list(rows, BATCH_PIECES, 8);
    if (compression.bytes.length) {
        int64_t codec = flat_number(compression, 0, 1, 0);
        if (codec < 0 || codec >= (int64_t)COUNT(codecs))
            return fail(err, ERROR_UNSUPPORTED,
                        "the rows are packed in way %" PRId64 ", which is not read", codec);
        batch->codec = codecs[codec];
    }
    batch->file->codecs |= 1u << batch->codec;
    return true;
}

static bool end_batch(const Batch *batch, const char *what, Error *err)
{
    if (batch->is_too_large)
        return fail(err, ERROR_TOO_LARGE, "%s of the Arrow table is too large", what);
    return !batch->is_broken || fail(err, ERROR_DAMAGED, "%s of the Arrow table is broken", what);
}

bool arrow_batch(ArrowFile *file, const ArrowMessage *message, Arena *arena, ArrowArray **columns_r,
                 Error *err)
{
    size_t most = MIN(BATCH_MAX, file->rows_left), left = most;
    Batch batch = { .file = file, .arena = arena, .left = &left };
    ArrowArray *columns = arena_new_array(arena, ArrowArray, file->root.item_count);
    if (!begin_batch(&batch, message->head, message->body, err))
        return false;
    for (size_t i = 0; i < file->root.item_count; i++)
        take_array(&batch, &file->root.items[i], false, &columns[i]);
    file->rows_left -= most - left;
    if (!end_batch(&batch, "a batch of rows", err))
        return false;
    *columns_r = columns;
    return true;
}

/* --- Dictionaries --- */

ArrowWords *arrow_words(const ArrowFile *file, int64_t id)
{
    for (size_t i = 0; i < file->words.count; i++)
        if (file->words.at[i]->id == id)
            return file->words.at[i];
    return NULL;
}

/* The field whose values are words of that dictionary. */
static const ArrowField *field_of_words(const ArrowField *field, int64_t id)
{
    if (field->has_words && field->dictionary == id)
        return field;
    const ArrowField *found = NULL;
    for (size_t i = 0; i < field->item_count && !found; i++)
        found = field_of_words(&field->items[i], id);
    return found;
}

static bool add_words(ArrowFile *file, const ArrowMessage *message, Error *err)
{
    int64_t id = flat_number(message->head, DICTIONARY_ID, 8, 0);
    Batch batch = { .file = file, .arena = file->arena, .left = &file->words_left };
    ArrowWords *words = arrow_words(file, id);
    const ArrowField *field = words ? words->field : field_of_words(&file->root, id);
    ArrowArray part = { 0 };
    if (!field)
        return true;
    if (!begin_batch(&batch, flat_inner(message->head, DICTIONARY_ROWS), message->body, err))
        return false;
    take_array(&batch, field, true, &part);
    if (!end_batch(&batch, "a dictionary", err))
        return false;
    if (!words) {
        words = arena_new_one(file->arena, ArrowWords);
        *words = (ArrowWords){ .id = id, .field = field };
        *vec_push(file->arena, &file->words) = words;
    }
    if (!flat_number(message->head, DICTIONARY_IS_DELTA, 1, 0))
        words->parts.count = 0;
    *vec_push(file->arena, &words->parts) = part;
    return true;
}

bool arrow_next(ArrowFile *file, ArrowMessage *message_r, Error *err)
{
    while (take_message(file, message_r)) {
        if (message_r->kind == ARROW_ROWS)
            return true;
        if (message_r->kind == ARROW_DICTIONARY && !add_words(file, message_r, err))
            return false;
    }
    return file->is_cut && fail(err, ERROR_DAMAGED, "the Arrow table is cut off");
}
