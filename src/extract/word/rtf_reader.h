/* rtf_reader.h - the parts that rtf_text.c is put together from: where text goes, paragraphs and
 * tables (rtf_blocks.c); what is no text of the document itself (rtf_destinations.c). */
#pragma once

#include "base/map.h"
#include "extract/held_table.h"

enum {
    RTF_DEPTH_MAX = 500,
    RTF_CONTEXTS_MAX = 8,
    RTF_FONTS_MAX = 4096,
    RTF_STYLES_MAX = 4096,
    RTF_CELLS_MAX = 256,
    RTF_TEXT_MAX = 16 << 20,
};

/* What a word of RTF does (rtf_words.def); those up to TIME are destinations. */
typedef enum RtfAction {
    SAME,
    SKIP,
    STYLES,
    FONTS,
    META,
    PICTURE,
    OBJECT,
    INSTRUCTION,
    MARKER,
    HEADER,
    NOTE,
    COMMENT,
    AUTHOR,
    BOX,
    NESTED,
    PROPNAME,
    PROPVALUE,
    TIME,
    TIME_PART,
    COUNT_OF,
    CODEPAGE,
    ANSICPG,
    DEFAULT_FONT,
    FONT,
    CHARSET,
    FONT_CODEPAGE,
    SKIP_COUNT,
    UNICODE,
    BINARY,
    PARAGRAPH,
    TEXT,
    PLAIN,
    PARD,
    STYLE,
    OUTLINE,
    LIST,
    LIST_LEVEL,
    HIDDEN,
    DELETED,
    ENDNOTE,
    ROW_BEGIN,
    IN_TABLE,
    DEPTH,
    CELL,
    ROW,
    NEST_CELL,
    NEST_ROW,
    CELL_EDGE,
    JOINED,
    GOES_ON,
    ROW_HEADER,
    BODY, /* the destination of the text itself */
} RtfAction;

typedef struct RtfWord {
    const char *name;
    RtfAction action;
    intptr_t argument;
} RtfWord;

/* What a group says, restored at its end. */
typedef struct RtfState {
    RtfAction destination;
    bool opens;      /* the destination began with this group */
    bool is_starred; /* after \*: an unknown destination is left out */
    bool is_new;     /* nothing but \* came yet */
    bool is_hidden, is_deleted, in_table;
    int font, skip_count, style, outline, list_level, depth;
    const char *meta;
} RtfState;

/* A text of its own inside another: a footnote, a header. */
typedef struct RtfContext {
    RtfAction kind;
    bool is_endnote;
    Buf paragraph, whole;
} RtfContext;

typedef struct RtfPending {
    const char *label; /* "footnote"; NULL: a paragraph of a text box */
    Str text;
} RtfPending;

typedef struct RtfEdge {
    bool is_joined, goes_on;
} RtfEdge;

typedef struct RtfReader {
    DocWriter *doc;
    Arena *arena;   /* of the document */
    Arena *scratch; /* of a paragraph or table */
    Map words;
    RtfState states[RTF_DEPTH_MAX];
    int depth, too_deep;
    RtfContext contexts[RTF_CONTEXTS_MAX];
    int context;
    Buf narrow;
    const char *narrow_charset, *charset; /* of the document */
    int default_font, skip;
    uint32_t high; /* the first half of a surrogate pair */
    const char *fonts[RTF_FONTS_MAX];
    signed char headings[RTF_STYLES_MAX];
    Buf marker, instruction, meta, name, author;
    Buf deleted; /* while changes were tracked, in the paragraph that is open */
    bool has_marker;
    Buf object;
    int nibble;
    int time[6];
    HeldTable table;
    Buf cell;
    bool in_cells; /* cells were read, and the paragraph is of the table */
    RtfEdge cells[RTF_CELLS_MAX];
    int cell_count;
    bool joined, goes_on, is_header_row;
    VEC(RtfPending) pending;
    size_t pictures, hidden;
} RtfReader;

static inline RtfState *rtf_state(RtfReader *reader) { return &reader->states[reader->depth]; }

/* Bytes wait in `narrow` for what may be their second half: before anything else is written they
 * become text. */
void rtf_flush(RtfReader *reader);
void rtf_add_text(RtfReader *reader, Str text);
void rtf_add_byte(RtfReader *reader, char c);
void rtf_add_unicode(RtfReader *reader, int number);

/* A note that is written after the paragraph; without a label: the text of a box. */
void rtf_add_pending(RtfReader *reader, const char *label, Str text);
void rtf_end_paragraph(RtfReader *reader);
/* Be ready for the next paragraph or table. */
void rtf_renew(RtfReader *reader);

void rtf_begin_row(RtfReader *reader);
void rtf_add_cell_edge(RtfReader *reader);
void rtf_end_cell(RtfReader *reader);
void rtf_end_row(RtfReader *reader);

void rtf_begin_destination(RtfReader *reader, const RtfWord *word);
/* Of the group that began it, with its state. */
void rtf_end_destination(RtfReader *reader, const RtfState *state);
void rtf_end_style(RtfReader *reader, const RtfState *state);
