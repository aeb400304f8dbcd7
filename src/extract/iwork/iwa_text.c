/* iwa_text.c - see iwa_text.h. Attributes of a text (styles, lists, attachments, notes, comments,
 * deletions) are tables of positions in UTF-16, each valid up to the next. */
#include "extract/iwork/iwa_text.h"

#include "extract/comment.h"

enum {
    TYPE_PLACEHOLDER = 7,
    TYPE_STORAGE = 2001,
    TYPE_STORAGE_OLD = 2005,
    TYPE_DRAWABLE_ATTACHMENT = 2003,
    TYPE_SHAPE = 2011,
    TYPE_PARAGRAPH_STYLE = 2022,
    TYPE_LIST_STYLE = 2023,
    TYPE_COMMENT_SHAPE = 2014,
    TYPE_IMAGE = 3005,
    TYPE_GROUP = 3008,
    TYPE_COMMENT = 3056,
    TYPE_TABLE = 6000,
    TYPE_CHART = 5000,
    TYPE_CHART_DRAWABLE = 5021,
    DEPTH_MAX = 24,
    STYLE_PARENTS = 12,
    LEVELS = 9,
};

/* Fields of a text storage. */
enum {
    TABLE_STYLES = 5,
    TABLE_LEVELS = 6,
    TABLE_LISTS = 7,
    TABLE_ATTACHMENTS = 9,
    TABLE_FOOTNOTES = 16,
    TABLE_DELETIONS = 22,
    TABLE_COMMENTS = 23,
};

/* One table of attributes, read along with the text. */
typedef struct Runs {
    Str rest;      /* entries that come later */
    Str object;    /* a reference, of the entry that is valid now */
    uint64_t from; /* its position */
    uint64_t first;
    uint64_t next; /* position of the next entry */
    Str next_entry;
    bool is_new; /* the last move passed its position */
} Runs;

typedef struct Text {
    Runs runs[TABLE_COMMENTS + 1];
    uint64_t at; /* position of its first character */
    int numbers[LEVELS + 1];
} Text;

bool iwa_is_storage(const IwaObject *object)
{
    return object && (object->type == TYPE_STORAGE || object->type == TYPE_STORAGE_OLD);
}

Str iwa_storage_text(const IwaObject *storage)
{
    return iwa_is_storage(storage) ? iwa_bytes(storage->bytes, 3) : STR_NONE;
}

static void read_next_entry(Runs *runs)
{
    IwaField field;
    runs->next = UINT64_MAX;
    while (iwa_next(&runs->rest, &field))
        if (field.number == 1 && field.is_bytes) {
            runs->next_entry = field.bytes;
            runs->next = iwa_number(field.bytes, 1, UINT64_MAX);
            return;
        }
}

/* The entry that is valid at a position; positions only grow. */
static void move_to(Runs *runs, uint64_t at)
{
    runs->is_new = false;
    while (runs->next <= at) {
        runs->from = runs->next;
        runs->object = iwa_bytes(runs->next_entry, 2);
        runs->first = iwa_number(runs->next_entry, 2, 0);
        runs->is_new = true;
        read_next_entry(runs);
    }
}

/* --- Styles --- */

static int level_of_name(Str name)
{
    if (str_is(name, "Title"))
        return 1;
    if (str_is(name, "Subtitle"))
        return 2;
    if (!str_starts(name, S("Heading")))
        return 0;
    int64_t level = 1;
    (void)str_to_int(str_trim(str_from(name, 7)), 1, 6, &level);
    return (int)level;
}

/* A style changed by hand has no name; its parent has. */
static int heading_level(const IwaFile *file, Str reference)
{
    const IwaObject *style = iwa_target(file, reference);
    for (int i = 0; i < STYLE_PARENTS && style && style->type == TYPE_PARAGRAPH_STYLE; i++) {
        Str super = iwa_bytes(style->bytes, 1), name = iwa_bytes(super, 1);
        if (name.length)
            return level_of_name(name);
        style = iwa_reference(file, super, 3);
    }
    return 0;
}

/* The label of a list level: 0 none, 1 picture, 2 text, 3 number. */
static int list_label(const IwaFile *file, Str reference, uint64_t level)
{
    const IwaObject *style = iwa_target(file, reference);
    for (int i = 0; i < STYLE_PARENTS && style && style->type == TYPE_LIST_STYLE; i++) {
        Str rest = style->bytes;
        IwaField field;
        uint64_t labels = 0;
        int label = -1;
        while (iwa_next(&rest, &field)) {
            if (field.number == 11 && !field.is_bytes && labels++ == level)
                label = (int)MIN(field.value, 3);
        }
        if (label >= 0)
            return label;
        style = iwa_reference(file, iwa_bytes(style->bytes, 1), 3);
    }
    return 0;
}

/* --- Paragraphs --- */

static void write_listed(IwaBody *body, Text *text, int label, int level, Str words)
{
    char number[16];
    Str marker = S("-");
    for (int i = level + 1; i <= LEVELS; i++)
        text->numbers[i] = 0;
    if (label == 3) {
        snprintf(number, sizeof number, "%d.", ++text->numbers[level]);
        marker = str(number);
    }
    doc_list_item(body->doc, level, marker, words);
}

static void write_paragraph(IwaBody *body, Text *text, IwaRole role, Str words)
{
    Runs *runs = text->runs;
    int level = (int)MIN(runs[TABLE_LEVELS].first, LEVELS - 1) + 1;
    int label = list_label(body->file, runs[TABLE_LISTS].object, (uint64_t)level - 1);
    int heading = heading_level(body->file, runs[TABLE_STYLES].object);
    words = str_trim(words);
    if (!words.length)
        return;
    if (role == IWA_HEADER)
        doc_header(body->doc, words);
    else if (role == IWA_TITLE)
        doc_heading(body->doc, 1, words);
    else if (role == IWA_OUTLINE || label)
        write_listed(body, text, label, level, words);
    else if (heading)
        doc_heading(body->doc, heading, words);
    else
        doc_paragraph(body->doc, words);
    if (!label)
        memset(text->numbers, 0, sizeof text->numbers);
}

static void write_footnote(IwaBody *body, Str reference)
{
    const IwaObject *mark = iwa_target(body->file, reference);
    IwaObject *storage = mark ? iwa_reference(body->file, mark->bytes, 2) : NULL;
    if (!iwa_is_storage(storage) || storage->is_written)
        return;
    storage->is_written = true;
    Str note = iwa_storage_text(storage);
    /* The note begins with the character that stands for its own mark. */
    while (str_starts(note, S("\xEF\xBF\xBC")) || str_starts(note, S("\x0E")))
        note = str_from(note, note.at[0] == 0x0E ? 1 : 3);
    doc_note(body->doc, "footnote", note);
}

static void write_attachment(IwaBody *body, Str reference, IwaRole role)
{
    IwaObject *object = iwa_target(body->file, reference);
    if (object && object->type == TYPE_DRAWABLE_ATTACHMENT)
        object = iwa_reference(body->file, object->bytes, 1);
    if (object)
        iwa_write_drawable(body, object, role);
}

/* A comment and the answers to it. */
static void iwa_write_comment(IwaBody *body, const IwaObject *comment)
{
    if (!comment || comment->type != TYPE_COMMENT || body->depth >= DEPTH_MAX)
        return;
    const IwaObject *author = iwa_reference(body->file, comment->bytes, 3);
    comment_write(body->doc, author ? iwa_bytes(author->bytes, 1) : STR_NONE,
                  iwa_bytes(comment->bytes, 1));
    Str rest = comment->bytes;
    IwaField field;
    body->depth++;
    while (iwa_next(&rest, &field) && doc_writer_ok(body->doc))
        if (field.number == 4 && field.is_bytes)
            iwa_write_comment(body, iwa_target(body->file, field.bytes));
    body->depth--;
}

/* What hangs on the paragraph's characters, after it. */
static void write_attached(IwaBody *body, const Text *text, uint64_t end, IwaRole role)
{
    static const int tables[] = { TABLE_ATTACHMENTS, TABLE_FOOTNOTES, TABLE_COMMENTS };
    for (size_t i = 0; i < COUNT(tables); i++) {
        Runs runs = text->runs[tables[i]];
        while (runs.next < end && doc_writer_ok(body->doc)) {
            move_to(&runs, runs.next);
            const IwaObject *mark = runs.object.length ? iwa_target(body->file, runs.object) : NULL;
            if (!mark)
                continue;
            if (tables[i] == TABLE_ATTACHMENTS)
                write_attachment(body, runs.object, role);
            else if (tables[i] == TABLE_FOOTNOTES)
                write_footnote(body, runs.object);
            else
                iwa_write_comment(body, iwa_reference(body->file, mark->bytes, 1));
        }
    }
}

/* The characters of a paragraph without what is deleted or stands for something else. */
static void add_words(Text *text, Str paragraph, Buf *out)
{
    uint64_t at = text->at;
    for (size_t i = 0; i < paragraph.length;) {
        unsigned char c = (unsigned char)paragraph.at[i];
        size_t size = c < 0x80 ? 1 : c < 0xE0 ? 2 : c < 0xF0 ? 3 : 4;
        Str character = str_slice(paragraph, i, i + size);
        move_to(&text->runs[TABLE_DELETIONS], at);
        bool is_deleted = text->runs[TABLE_DELETIONS].object.length > 0;
        if (str_is(character, "\xE2\x80\xA8") && !is_deleted) /* U+2028: a line ends */
            buf_add_char(out, '\n');
        else if (!is_deleted && !str_is(character, "\xEF\xBF\xBC") && (c >= 0x20 || c == '\t'))
            buf_add(out, character);
        at += size == 4 ? 2 : 1;
        i += size;
    }
    text->at = at;
}

void iwa_write_storage(IwaBody *body, IwaObject *storage, IwaRole role)
{
    if (!iwa_is_storage(storage) || storage->is_written || body->depth >= DEPTH_MAX)
        return;
    AUTO_ARENA Arena *arena = arena_new(MB(512));
    Text *text = arena_new_one(arena, Text);
    Str rest = iwa_storage_text(storage), paragraph;
    Buf words = buf_new(arena, MB(64));
    storage->is_written = true;
    body->depth++;
    for (size_t i = 0; i < COUNT(text->runs); i++) {
        text->runs[i].rest = iwa_bytes(storage->bytes, (uint32_t)i);
        if (i == TABLE_STYLES || i == TABLE_LEVELS || i == TABLE_LISTS || i == TABLE_ATTACHMENTS ||
            i == TABLE_FOOTNOTES || i == TABLE_DELETIONS || i == TABLE_COMMENTS)
            read_next_entry(&text->runs[i]);
        else
            text->runs[i].next = UINT64_MAX;
    }
    while (doc_writer_ok(body->doc) && str_next(&rest, '\n', &paragraph)) {
        for (int i = TABLE_STYLES; i <= TABLE_LISTS; i++)
            move_to(&text->runs[i], text->at);
        words.length = 0;
        add_words(text, paragraph, &words);
        text->at++;
        write_paragraph(body, text, role, buf_str(&words));
        write_attached(body, text, text->at, role);
        for (int i = TABLE_ATTACHMENTS; i <= TABLE_COMMENTS; i++)
            if (i != TABLE_DELETIONS && text->at > 0)
                move_to(&text->runs[i], text->at - 1);
    }
    body->depth--;
}

/* --- What is drawn --- */

/* A shape's text; older files name it by another field. */
static IwaObject *shape_storage(const IwaFile *file, Str shape)
{
    IwaObject *storage = iwa_reference(file, shape, 4);
    if (!iwa_is_storage(storage))
        storage = iwa_reference(file, shape, 2);
    return iwa_is_storage(storage) ? storage : NULL;
}

static void write_group(IwaBody *body, const IwaObject *group, IwaRole role)
{
    Str rest = group->bytes;
    IwaField field;
    while (iwa_next(&rest, &field) && doc_writer_ok(body->doc))
        if (field.number == 2 && field.is_bytes) {
            IwaObject *child = iwa_target(body->file, field.bytes);
            if (child)
                iwa_write_drawable(body, child, role);
        }
}

static void write_image(IwaBody *body, const IwaObject *image)
{
    Str alternative = iwa_bytes(iwa_bytes(image->bytes, 1), 8);
    body->pictures += !alternative.length && body->pictures < 1000000;
    doc_image(body->doc, alternative);
}

/* The titles of a chart and its grid: names of rows and columns are in the chart itself. */
static void write_chart(IwaBody *body, const IwaObject *chart)
{
    Str archive = iwa_bytes(chart->bytes, 10000), grid = iwa_bytes(archive, 4);
    static const uint32_t names[] = { 1, 2 };
    if (!grid.length)
        return;
    doc_table_begin(body->doc);
    for (size_t i = 0; i < COUNT(names); i++) {
        Str rest = grid;
        IwaField field;
        while (iwa_next(&rest, &field))
            if (field.number == names[i] && field.is_bytes)
                doc_cell(body->doc, field.bytes);
        doc_row_end(body->doc);
    }
    doc_table_end(body->doc);
}

/* A remark on a sticky note: its text is in the shape, or in a comment of its own. */
static void write_comment_shape(IwaBody *body, const IwaObject *object, Str shape)
{
    IwaObject *storage = shape_storage(body->file, shape);
    const IwaObject *comment = iwa_reference(body->file, object->bytes, 2);
    if (comment && comment->type == TYPE_COMMENT && iwa_bytes(comment->bytes, 1).length)
        iwa_write_comment(body, comment);
    else if (storage)
        comment_write(body->doc, STR_NONE, iwa_storage_text(storage));
    if (storage)
        storage->is_written = true;
}

void iwa_write_drawable(IwaBody *body, IwaObject *object, IwaRole role)
{
    if (object->is_written || body->depth >= DEPTH_MAX || !doc_writer_ok(body->doc))
        return;
    object->is_written = true;
    body->depth++;
    Str super = iwa_bytes(object->bytes, 1);
    switch (object->type) {
    case TYPE_SHAPE:
        iwa_write_storage(body, shape_storage(body->file, object->bytes), role);
        super = iwa_bytes(super, 1);
        break;
    case TYPE_COMMENT_SHAPE: write_comment_shape(body, object, super); break;
    case TYPE_PLACEHOLDER:
        iwa_write_storage(body, shape_storage(body->file, super), role);
        super = iwa_bytes(iwa_bytes(super, 1), 1);
        break;
    case TYPE_GROUP: write_group(body, object, role); break;
    case TYPE_TABLE: iwa_write_table(body, iwa_reference(body->file, object->bytes, 2)); break;
    case TYPE_IMAGE: write_image(body, object); break;
    case TYPE_CHART:
    case TYPE_CHART_DRAWABLE: write_chart(body, object); break;
    default:
        if (iwa_is_storage(object)) {
            object->is_written = false;
            iwa_write_storage(body, object, role);
        }
        break;
    }
    iwa_write_comment(body, iwa_reference(body->file, super, 6));
    body->depth--;
}
