/* document.h - what every format becomes: blocks with places, and child documents.
 *
 * An extractor writes through a DocWriter; each finished block goes to a sink at once (the pipe of
 * a worker, or a Document in memory), so a long file never has to fit. Every text is made valid
 * UTF-8 NFC here, once.
 *
 * The document's text is its blocks' texts in order, joined by one line end between rows of a
 * table and two between other blocks. Offsets everywhere are bytes of that text.
 *
 *     extractor -> DocWriter -> DocSink  (sandbox: messages to the server; memory: DocTree)
 *
 * Threads: a writer belongs to one. */
#pragma once

#include "base/base.h"

typedef enum BlockKind {
    BLOCK_HEADING, /* level 1-6 */
    BLOCK_PARAGRAPH,
    BLOCK_LIST_ITEM, /* level 1 and deeper; the marker is kept in `label` ("-", "3.") */
    BLOCK_ROW,       /* one row of a table: text is the cells joined by " | " */
    BLOCK_CODE,      /* `label` is the language */
    BLOCK_QUOTE,
    BLOCK_IMAGE,  /* text is the alternative text */
    BLOCK_NOTE,   /* footnote, comment, speaker note; `label` says which */
    BLOCK_HEADER, /* running header or footer, said once */
    BLOCK_META,   /* `label` is the key, text the value: title, author, subject, From ... */
    BLOCK_PAGE,   /* a new page or slide begins; no text. place.page, box = page size */
    BLOCK_KIND_COUNT,
} BlockKind;

const char *block_kind_name(BlockKind kind); /* "heading" */

/* Where a block is in the original; what does not apply is zero or empty. */
typedef struct Place {
    int32_t page; /* from 1; slides count as pages */
    bool is_slide;
    float x0, y0, x1, y1;          /* box on the page in points from its top left corner */
    int32_t line_first, line_last; /* from 1, for text by lines */
    int64_t start_ms, end_ms;      /* in a recording; both 0: none */
    Str sheet;                     /* "Sheet1" */
    Str cells;                     /* "B4" or "B4:F4" */
    Str part;                      /* "1 text/plain", "headers" */
    Str anchor;                    /* an element's id, a JSON path, an XML path */
} Place;

/* "page 3", "slide 2", "Sheet1!B4:F4", "lines 12-18", "12:03-12:09", "part 1 text/plain"; "" when
 * nothing is known. People and tests read this form. */
Str place_text(Arena *arena, const Place *place);

typedef struct Cell {
    uint32_t start, length; /* in the block's text */
    uint16_t column_span, row_span;
} Cell;

/* Where one word of a block is on its page, in points: kept where the page itself holds no text,
 * so that a citation can mark it. */
typedef struct WordBox {
    uint32_t start, length; /* in the block's text */
    float x0, y0, x1, y1;
} WordBox;

typedef struct Block {
    BlockKind kind;
    int level;
    bool is_header_row; /* of a BLOCK_ROW */
    uint32_t table;     /* of a BLOCK_ROW: the number of its table, from 1 */
    Str text, label;
    Place place;
    const Cell *cells; /* of a BLOCK_ROW */
    size_t cell_count;
    const WordBox *words; /* in the order of the text; only of recognised pictures */
    size_t word_count;
} Block;

/* What one document may hold; a file that goes past one of them is cut there and says so. */
typedef struct DocLimits {
    size_t text_max;        /* bytes of all blocks of one document and its children */
    size_t block_max;       /* count, likewise */
    size_t block_text_max;  /* one block; longer ones are split at a word */
    size_t child_max;       /* count of members and attachments, all levels */
    size_t child_bytes_max; /* of all of them, unpacked */
    int depth_max;          /* archives inside archives */
    int page_max;
} DocLimits;
extern const DocLimits doc_limits_default;

/* Receives what a writer finishes. Each returns false to stop the extraction (cancelled, a broken
 * pipe, over a limit). Strings are valid only during the call. */
typedef struct DocSink {
    bool (*block)(void *self, const Block *block, Error *err);
    /* A child document begins: its name inside the parent ("a/b.txt") and its bytes. Blocks that
     * follow belong to it until child_end; children nest. */
    bool (*child_begin)(void *self, Str name, Str media_type, Str bytes, Error *err);
    /* `failure` is NULL when the child was read, else why not. */
    bool (*child_end)(void *self, const Error *failure, Error *err);
    bool (*progress)(void *self, const char *stage, int64_t done, int64_t total, Error *err);
    /* Something a person should know: "3 images have no text". */
    bool (*warning)(void *self, Str text, Error *err);
    /* What the document being written was recognised as: an extractor's name, its media type. */
    bool (*format)(void *self, Str format, Str media_type, Error *err);
    /* Another class of worker reads this page (0: all) of the document being written; its blocks
     * belong here. See doc_later(). */
    bool (*later)(void *self, const char *worker, int page, Error *err);
    void *self;
} DocSink;

typedef struct DocWriter DocWriter;

/* `arena` keeps the writer; scratch memory of a block is given back when it is finished. */
DocWriter *doc_writer_new(Arena *arena, const DocSink *sink, const DocLimits *limits);
void doc_writer_free(DocWriter *doc);
const DocLimits *doc_writer_limits(const DocWriter *doc);
/* The password that members are tried with as well; kept, not copied. */
void doc_writer_password(DocWriter *doc, Str password);
/* Instead of languages: text in pictures is not read. */
#define LANGUAGES_NONE "none"
/* The class of worker that reads members where the program at work has no readers itself. */
#define DOC_MAIN_WORKER "main"

/* The place of the blocks that follow, until set again. Copied. */
void doc_place(DocWriter *doc, const Place *place);
/* Only the lines, page or box of the current place. */
void doc_place_lines(DocWriter *doc, int first, int last);
void doc_place_box(DocWriter *doc, float x0, float y0, float x1, float y1);

/* Each writes one block. Text is cleaned and white space at its ends dropped; an empty text
 * writes nothing. All return false once the sink has stopped or a limit is reached, and keep
 * returning it: an extractor may check each call or only doc_writer_ok() now and then. */
bool doc_page(DocWriter *doc, int number, bool is_slide, float width, float height);
bool doc_heading(DocWriter *doc, int level, Str text);
bool doc_paragraph(DocWriter *doc, Str text);
bool doc_list_item(DocWriter *doc, int level, Str marker, Str text);
bool doc_code(DocWriter *doc, Str language, Str text); /* white space kept */
bool doc_quote(DocWriter *doc, Str text);
bool doc_image(DocWriter *doc, Str alternative_text);
bool doc_note(DocWriter *doc, const char *label, Str text);
bool doc_header(DocWriter *doc, Str text);
bool doc_meta(DocWriter *doc, const char *key, Str value);
/* The boxes of the words of the next text block, whose text must be clean already (NFC, trimmed, no
 * "\r"): else they are dropped. Copied. For a row: after its cells, right before doc_row_end(). */
void doc_words(DocWriter *doc, const WordBox *words, size_t count);
bool doc_warning(DocWriter *doc, Str text);
bool doc_progress(DocWriter *doc, const char *stage, int64_t done, int64_t total);

/* A table: begin, then for each row its cells and doc_row_end(), then end. Rows before
 * doc_header_end() are header rows; with no call there are none. */
void doc_table_begin(DocWriter *doc);
void doc_cell(DocWriter *doc, Str text);
void doc_cell_span(DocWriter *doc, Str text, int column_span, int row_span);
bool doc_row_end(DocWriter *doc); /* uses the current place */
void doc_header_end(DocWriter *doc);
void doc_table_end(DocWriter *doc);

/* A member or attachment: recognised, extracted as a child document, and handed over with its
 * bytes. A failure of the child is recorded on it and is not a failure of the parent. */
bool doc_child(DocWriter *doc, Str name, Str media_type, Str bytes);
/* A member that could not be unpacked: a child document without text that says why. */
bool doc_child_failed(DocWriter *doc, Str name, const Error *failure);

/* A member was not unpacked because it grows out of all proportion: after a few of them, in all
 * archives together, the document is read no further. */
void doc_bomb(DocWriter *doc);

/* Say what the document is; extract_document() does. */
bool doc_format(DocWriter *doc, const char *format, const char *media_type);
/* This page (0: the whole document) is for another class of worker, "picture" say; what it finds
 * belongs here. Called right after doc_page(); whoever receives the document asks that class. */
bool doc_later(DocWriter *doc, const char *worker, int page);

bool doc_writer_ok(const DocWriter *doc);
/* Fails with the sink's error. A limit is not a failure: what came before it was written, and a
 * warning was sent that says which. */
MUST_CHECK bool doc_writer_end(DocWriter *doc, Error *err);

/* --- A whole document in memory --------------------------------------------------------- */

typedef struct DocNode DocNode;
struct DocNode {
    Str name, media_type;
    Str format; /* the extractor's name; empty: not recognised */
    Str bytes;  /* of a child, when kept; else empty */
    VEC(Block) blocks;
    VEC(uint32_t) starts; /* of each block in the document's text */
    size_t text_length;   /* of the document's text, see doc_node_text() */
    VEC(DocNode *) children;
    VEC(Str) warnings;
    DocNode *parent;
    Error failure; /* code ERROR_NONE when it was read */
};

/* A sink that builds a tree in the arena. keep_bytes: children keep theirs. */
DocNode *doc_tree_new(Arena *arena, Str name, bool keep_bytes, DocSink *sink_r);
/* Append a block as the sink does; for readers of stored blocks. */
void doc_node_add(Arena *arena, DocNode *node, const Block *block);
/* The document's text, put together: the tree holds that of each block. */
Str doc_node_text(Arena *arena, const DocNode *node);

typedef enum DocFormat { DOC_MARKDOWN, DOC_TEXT, DOC_JSON, DOC_HTML } DocFormat;
/* Write a document and its children. HTML is a fragment with all text escaped; each block has
 * id="b0", "b1", ... and data-start, its offset in the text. */
void doc_print(const DocNode *node, DocFormat format, Buf *out);
/* As HTML, with bytes start..end of the text in <mark>; the first mark has id="passage". */
typedef struct DocSpan {
    size_t start, end;
} DocSpan;
void doc_print_marked(const DocNode *node, DocSpan passage, Buf *out);
