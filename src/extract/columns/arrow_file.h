/* arrow_file.h - Arrow tables (arrow.apache.org, "Columnar Format"; Message.fbs, Schema.fbs): the
 * messages of a file or stream, the schema, and the values of a batch of rows as text.
 *
 *     arrow_begin  ->  { arrow_next  ->  arrow_batch  ->  arrow_text for each cell }*
 *
 * A file is a stream between two marks, and is read as one: its footer only repeats what the
 * messages say. Values that lie outside of their buffer read as zeros. */
#pragma once

#include "extract/columns/column_codec.h"
#include "extract/columns/column_text.h"
#include "extract/columns/flat_table.h"

/* How the values of a column lie in its buffers. */
typedef enum ArrowLayout {
    ARROW_NONE, /* no values at all */
    ARROW_FIXED,
    ARROW_BITS,
    ARROW_BYTES, /* where each value begins, then all values */
    ARROW_VIEWS, /* 16 bytes for each value: itself, or where it is */
    ARROW_LIST,
    ARROW_LIST_VIEW, /* where each list begins, and how long it is */
    ARROW_FIXED_LIST,
    ARROW_RECORD,
    ARROW_MAP,
    ARROW_UNION,
    ARROW_DENSE_UNION,
    ARROW_RUNS, /* where each run of one value ends, and these values */
    ARROW_UNKNOWN,
} ArrowLayout;

typedef struct ArrowField ArrowField;
struct ArrowField {
    Str name;
    ArrowLayout layout;
    ColumnType shown;  /* of values that are no lists or records */
    const char *unit;  /* of a span of time: "s", "months"; NULL: it is none */
    size_t width;      /* bytes of a fixed value, items of a fixed list */
    bool is_long;      /* places of 64 bits */
    int64_t per_shown; /* what is shown is the value divided by this */
    bool is_required;
    bool has_words;     /* its values are numbers of words in a dictionary ... */
    int64_t dictionary; /* ... with this id */
    size_t word_width;
    FlatList union_types; /* the number of each kind of a union; none: as they come */
    ArrowField *items;
    size_t item_count;
};

typedef struct ArrowArray ArrowArray;
struct ArrowArray {
    const ArrowField *field;
    bool is_words; /* the values are numbers of words in `words` */
    size_t count;
    Str present; /* a bit for each value; empty: all are there */
    Str starts, sizes, values;
    const Str *pieces; /* of ARROW_VIEWS */
    size_t piece_count;
    ArrowArray *items;
    const struct ArrowWords *words;
};

/* A dictionary: several arrays when it grows on the way. */
typedef struct ArrowWords {
    int64_t id;
    const ArrowField *field;
    VEC(ArrowArray) parts;
} ArrowWords;

typedef struct ArrowFile {
    Arena *arena;
    Str bytes;
    size_t at;
    ArrowField root; /* its items are the columns */
    size_t fields;   /* of all levels */
    VEC(ArrowWords *) words;
    size_t words_left, rows_left; /* bytes that dictionaries and rows may still unpack to */
    unsigned codecs;              /* those in use, by bit of ColumnCodec */
    bool is_cut;                  /* the last message is not whole */
} ArrowFile;

typedef enum ArrowMessageKind {
    ARROW_SCHEMA = 1,
    ARROW_DICTIONARY = 2,
    ARROW_ROWS = 3,
} ArrowMessageKind;

typedef struct ArrowMessage {
    int64_t kind;
    FlatTable head;
    Str body;
} ArrowMessage;

/* Does a stream begin here? */
bool arrow_is_stream(Str bytes);
/* The schema is read. */
MUST_CHECK bool arrow_begin(ArrowFile *file, Str bytes, Error *err);
/* The next batch of rows; dictionaries before it are taken in. False at the end. */
bool arrow_next(ArrowFile *file, ArrowMessage *message_r, Error *err);
int64_t arrow_row_count(const ArrowMessage *message);
/* The columns of a batch, one for each item of the root; they live in the arena. */
MUST_CHECK bool arrow_batch(ArrowFile *file, const ArrowMessage *message, Arena *arena,
                            ArrowArray **columns_r, Error *err);
/* Nothing is added for a value that is not there. */
void arrow_text(Buf *out, const ArrowArray *column, size_t row);
/* "text", "list", "record". */
const char *arrow_kind_name(const ArrowField *field);

/* For the file's own parts. */
MUST_CHECK bool arrow_read_schema(ArrowFile *file, FlatTable schema, Error *err);
ArrowWords *arrow_words(const ArrowFile *file, int64_t id);
