#include "text/sentencepiece.h"

#include "base/utf8.h"
#include "text/unigram.h"

/* --- Protobuf (protobuf.dev, "Encoding") ------------------------------------------------- */

typedef enum Wire { WIRE_NUMBER = 0, WIRE_8_BYTES = 1, WIRE_BYTES = 2, WIRE_4_BYTES = 5 } Wire;

typedef struct Field {
    uint64_t number; /* of the field in its message */
    Wire wire;
    uint64_t value; /* WIRE_NUMBER; the others' bytes */
    Str bytes;
} Field;

static bool take_varint(Str *rest, uint64_t *value_r)
{
    uint64_t value = 0;
    for (unsigned shift = 0; shift < 64 && rest->length; shift += 7) {
        uint8_t byte = (uint8_t)rest->at[0];
        *rest = str_from(*rest, 1);
        value |= (uint64_t)(byte & 0x7F) << shift;
        if (byte < 0x80) {
            *value_r = value;
            return true;
        }
    }
    return false;
}

static bool take_bytes(Str *rest, uint64_t length, Str *bytes_r)
{
    if (length > rest->length)
        return false;
    *bytes_r = str_slice(*rest, 0, length);
    *rest = str_from(*rest, length);
    return true;
}

static bool take_field(Str *rest, Field *field_r, Error *err)
{
    uint64_t key, length = 0;
    Field field = { 0 };
    bool good = take_varint(rest, &key);
    field.number = key >> 3;
    field.wire = (Wire)(key & 7);
    if (good && field.wire == WIRE_NUMBER)
        good = take_varint(rest, &field.value);
    else if (good && field.wire == WIRE_BYTES)
        good = take_varint(rest, &length) && take_bytes(rest, length, &field.bytes);
    else if (good)
        good = (field.wire == WIRE_8_BYTES && take_bytes(rest, 8, &field.bytes)) ||
               (field.wire == WIRE_4_BYTES && take_bytes(rest, 4, &field.bytes));
    if (!good)
        return fail(err, ERROR_INVALID, "the message ends early or has a field of no known type");
    *field_r = field;
    return true;
}

/* The field is of the wire type that its number has. */
static bool check_wire(const Field *field, Wire wire, Error *err)
{
    return field->wire == wire ||
           fail(err, ERROR_INVALID, "field %" PRIu64 " has the wrong type", field->number);
}

/* --- The messages ------------------------------------------------------------------------ */

enum { MODEL_PIECES = 1, MODEL_TRAINER = 2, MODEL_NORMALIZER = 3 };
enum { PIECE_TEXT = 1, PIECE_SCORE = 2, PIECE_TYPE = 3 };
enum { TRAINER_MODEL = 3, TRAINER_SUFFIX_SPACE = 24, TRAINER_BYTES = 35 };
enum { NORMALIZER_MAP = 2, NORMALIZER_PREFIX = 3, NORMALIZER_SPACES = 4, NORMALIZER_ESCAPES = 5 };
enum { MODEL_IS_UNIGRAM = 1, MODEL_IS_BPE = 2 };

static bool read_piece_field(const Field *field, SentencePiece *piece, Error *err)
{
    switch (field->number) {
    case PIECE_TEXT:
        piece->text = field->bytes;
        return check_wire(field, WIRE_BYTES, err) &&
               (utf8_is_valid(field->bytes) || fail(err, ERROR_INVALID, "it is not UTF-8"));
    case PIECE_SCORE:
        if (!check_wire(field, WIRE_4_BYTES, err))
            return false;
        memcpy(&piece->score, field->bytes.at, sizeof piece->score);
        return true;
    case PIECE_TYPE:
        piece->type = (PieceType)MIN(field->value, (uint64_t)PIECE_BYTE + 1);
        return check_wire(field, WIRE_NUMBER, err) &&
               ((piece->type >= PIECE_NORMAL && piece->type <= PIECE_BYTE) ||
                fail(err, ERROR_INVALID, "its type is %" PRIu64, field->value));
    default: return true;
    }
}

static bool read_piece(Str bytes, SentencePiece *piece, Error *err)
{
    Field field;
    piece->type = PIECE_NORMAL;
    while (bytes.length)
        if (!take_field(&bytes, &field, err) || !read_piece_field(&field, piece, err))
            return false;
    return true;
}

static bool read_trainer_field(const Field *field, SentencePieceModel *model, Error *err)
{
    switch (field->number) {
    case TRAINER_MODEL:
        model->is_bpe = field->value == MODEL_IS_BPE;
        return check_wire(field, WIRE_NUMBER, err) &&
               (model->is_bpe || field->value == MODEL_IS_UNIGRAM ||
                fail(err, ERROR_UNSUPPORTED, "the model is neither Unigram nor BPE"));
    case TRAINER_SUFFIX_SPACE:
        return check_wire(field, WIRE_NUMBER, err) &&
               (!field->value ||
                fail(err, ERROR_UNSUPPORTED, "spaces belong to the words before them"));
    case TRAINER_BYTES:
        model->has_byte_fallback = field->value != 0;
        return check_wire(field, WIRE_NUMBER, err);
    default: return true;
    }
}

static bool read_normalizer_field(const Field *field, SentencePieceModel *model, Error *err)
{
    switch (field->number) {
    case NORMALIZER_MAP: model->charsmap = field->bytes; return check_wire(field, WIRE_BYTES, err);
    case NORMALIZER_SPACES:
        model->keeps_spaces = !field->value;
        return check_wire(field, WIRE_NUMBER, err);
    case NORMALIZER_PREFIX:
    case NORMALIZER_ESCAPES:
        return check_wire(field, WIRE_NUMBER, err) &&
               (field->value || fail(err, ERROR_UNSUPPORTED, "words are not marked by U+2581"));
    default: return true;
    }
}

typedef bool (*ReadField)(const Field *field, SentencePieceModel *model, Error *err);

static bool read_settings(const Field *whole, ReadField read, SentencePieceModel *model, Error *err)
{
    Str bytes = whole->bytes;
    Field field;
    if (!check_wire(whole, WIRE_BYTES, err))
        return false;
    while (bytes.length)
        if (!take_field(&bytes, &field, err) || !read(&field, model, err))
            return false;
    return true;
}

typedef VEC(SentencePiece) PieceList;

static bool read_model_field(const Field *field, Arena *arena, PieceList *pieces,
                             SentencePieceModel *model, Error *err)
{
    switch (field->number) {
    case MODEL_PIECES:
        if (pieces->count == UNIGRAM_PIECES_MAX)
            return fail(err, ERROR_TOO_LARGE, "more than %d pieces", UNIGRAM_PIECES_MAX);
        return (check_wire(field, WIRE_BYTES, err) &&
                read_piece(field->bytes, vec_push(arena, pieces), err)) ||
               fail_in(err, "piece %zu", pieces->count - 1);
    case MODEL_TRAINER: return read_settings(field, read_trainer_field, model, err);
    case MODEL_NORMALIZER: return read_settings(field, read_normalizer_field, model, err);
    default: return true;
    }
}

static bool find_unknown(SentencePieceModel *model, Error *err)
{
    size_t found = 0;
    for (size_t i = 0; i < model->count; i++)
        if (model->pieces[i].type == PIECE_UNKNOWN) {
            model->unknown = i;
            found++;
        }
    return found == 1 || fail(err, ERROR_INVALID, "%zu pieces are for what is unknown", found);
}

bool sentencepiece_read(Str bytes, Arena *arena, SentencePieceModel *model_r, Error *err)
{
    SentencePieceModel model = { 0 };
    PieceList pieces = { 0 };
    Field field;
    while (bytes.length)
        if (!take_field(&bytes, &field, err) ||
            !read_model_field(&field, arena, &pieces, &model, err))
            return false;
    model.pieces = pieces.at;
    model.count = pieces.count;
    if (!find_unknown(&model, err))
        return false;
    *model_r = model;
    return true;
}
