/* structured_int.h - an article or book on its way into a document; for structured.c and
 * structured_capture.c. */
#pragma once

#include "extract/formats/markup.h"
#include "extract/formats/structured.h"

enum {
    OPEN_MAX = 512,
    CAPTURE_MAX = 16,
    LIST_MAX = 32,
    COLUMNS_MAX = 256,
    TEXT_MAX = 16 << 20,
    ANCHOR_MAX = 200,
    LABEL_MAX = 80,
    NOTES_MAX = 10000
};

typedef struct StructuredOpen {
    char name[24];
    const StructuredElement *is; /* NULL: inline */
    bool is_capture, is_other_person, needs_title;
} StructuredOpen;

/* Text that goes elsewhere than into the running block. */
typedef struct StructuredCapture {
    Buf text, last; /* last: of ROLE_LAST, joined at the end */
    StructuredRole role;
    int column_span, row_span;
    char language[24];
    char date[3][24];
} StructuredCapture;

typedef struct StructuredColumn {
    char name[24];
    int number;
} StructuredColumn;

typedef struct PendingNote {
    Str text;
    const char *label;
} PendingNote;

typedef struct StructuredWriter {
    const StructuredElement *elements;
    size_t element_count;
    DocWriter *doc;
    HtmlReader in;
    Arena *arena;       /* of the block; emptied when nothing is open */
    Arena *notes_arena; /* of the notes that wait */
    Buf text;
    VEC(PendingNote) notes;
    StructuredOpen open[OPEN_MAX];
    StructuredCapture captures[CAPTURE_MAX];
    struct {
        bool is_numbered;
        int next;
    } lists[LIST_MAX];
    StructuredColumn columns[COLUMNS_MAX];
    char label[LABEL_MAX], anchor[ANCHOR_MAX + 1], marker[LABEL_MAX];
    int depth, capture_count, list_count, column_count, sections, quotes, hidden;
    int first_line, pictures;
    bool item_began, row_is_open, table_begun, has_title;
} StructuredWriter;

static inline StructuredRole structured_role(const StructuredOpen *open)
{
    return open->is ? open->is->role : ROLE_INLINE;
}

static inline StructuredCapture *structured_capture(StructuredWriter *w)
{
    return w->capture_count ? &w->captures[w->capture_count - 1] : NULL;
}

/* Where text goes now. */
static inline Buf *structured_target(StructuredWriter *w)
{
    return w->capture_count ? &structured_capture(w)->text : &w->text;
}

/* structured.c */
/* White space, where there is none yet. */
void structured_space(StructuredWriter *w, char space);
void structured_place(StructuredWriter *w);
/* The notes that wait. */
void structured_notes(StructuredWriter *w);
/* A section that begins with something else than its title gets the title of its kind. */
void structured_usual_titles(StructuredWriter *w);
/* With the number that stood before it. */
Str structured_labelled(StructuredWriter *w, Str text);
/* The text so far is a block. */
void structured_flush(StructuredWriter *w);
/* Something begins or ends here: in the running text a block, in a cell or a note a line. */
void structured_part(StructuredWriter *w);

/* structured_capture.c */
int structured_number(StructuredWriter *w, const HtmlToken *token, const char *name, int otherwise);
/* A value that does not fit leaves `out` as it is. */
void structured_copy(StructuredWriter *w, const HtmlToken *token, const char *name, char *out,
                     size_t size);
/* False: too many are open. */
bool structured_begin(StructuredWriter *w, const HtmlToken *token, StructuredRole role);
void structured_end(StructuredWriter *w, const StructuredElement *is);
