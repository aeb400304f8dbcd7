/* rtf_text.c - see rtf_text.h; words of RTF 1.9.1. */
#include "extract/word/rtf_text.h"

#include "base/map.h"
#include "base/utf8.h"
#include "extract/charset/encoding.h"
#include "extract/held_table.h"
#include "extract/metadata.h"
#include "extract/ole/ole_object.h"
#include "extract/word/rtf_tokens.h"

enum {
    DEPTH_MAX = 500,
    CONTEXTS_MAX = 8,
    FONTS_MAX = 4096,
    STYLES_MAX = 4096,
    CELLS_MAX = 256,
    PENDING_MAX = 1000,
    TEXT_MAX = 16 << 20,
};

typedef enum Action {
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
} Action;

typedef struct Word {
    const char *name;
    Action action;
    intptr_t argument;
} Word;

static const Word words[] = {
#define RTF(name, action, argument) { #name, action, (intptr_t)(argument) },
#include "extract/word/rtf_words.def"
#undef RTF
};

/* What a group says, restored at its end. */
typedef struct State {
    Action destination;
    bool opens;      /* the destination began with this group */
    bool is_starred; /* after \*: an unknown destination is left out */
    bool is_new;     /* nothing but \* came yet */
    bool is_hidden, is_deleted, in_table;
    int font, skip_count, style, outline, list_level, depth;
    const char *meta;
} State;

/* A text of its own inside another: a footnote, a header. */
typedef struct Context {
    Action kind;
    bool is_endnote;
    Buf paragraph, whole;
} Context;

typedef struct Pending {
    const char *label; /* "footnote"; NULL: a paragraph of a text box */
    Str text;
} Pending;

typedef struct Edge {
    bool is_joined, goes_on;
} Edge;

typedef struct Reader {
    DocWriter *doc;
    Arena *arena;   /* of the document */
    Arena *scratch; /* of a paragraph or table */
    Map words;
    State states[DEPTH_MAX];
    int depth, too_deep;
    Context contexts[CONTEXTS_MAX];
    int context;
    Buf narrow;
    const char *narrow_charset, *charset; /* of the document */
    int default_font, skip;
    uint32_t high; /* the first half of a surrogate pair */
    const char *fonts[FONTS_MAX];
    signed char headings[STYLES_MAX];
    Buf marker, instruction, meta, name, author;
    bool has_marker;
    Buf object;
    int nibble;
    int time[6];
    HeldTable table;
    Buf cell;
    bool in_cells; /* cells were read, and the paragraph is of the table */
    Edge cells[CELLS_MAX];
    int cell_count;
    bool joined, goes_on, is_header_row;
    VEC(Pending) pending;
    size_t pictures, hidden;
} Reader;

static State *state_of(Reader *reader) { return &reader->states[reader->depth]; }

/* --- Where text goes --- */

static Buf *target(Reader *reader)
{
    switch (state_of(reader)->destination) {
    case BODY: return &reader->contexts[reader->context].paragraph;
    case MARKER: return &reader->marker;
    case INSTRUCTION: return &reader->instruction;
    case META:
    case STYLES:
    case PROPVALUE: return &reader->meta;
    case PROPNAME: return &reader->name;
    case AUTHOR: return &reader->author;
    default: return NULL;
    }
}

static bool is_ascii(Str bytes)
{
    unsigned char all = 0;
    for (size_t i = 0; i < bytes.length; i++)
        all |= (unsigned char)bytes.at[i];
    return all < 0x80;
}

static void flush(Reader *reader)
{
    Buf *out = target(reader);
    Str bytes = buf_str(&reader->narrow);
    if (out && bytes.length)
        buf_add(out, is_ascii(bytes)
                         ? bytes
                         : text_decode_known(reader->arena, bytes, reader->narrow_charset));
    reader->narrow.length = 0;
    if (reader->high && out)
        buf_add_utf8(out, UTF8_REPLACEMENT);
    reader->high = 0;
}

static void add_text(Reader *reader, Str text)
{
    flush(reader);
    Buf *out = state_of(reader)->is_deleted ? NULL : target(reader);
    if (out)
        buf_add(out, text);
}

/* Every byte waits for the next, which may be its second half. */
static void add_byte(Reader *reader, char c)
{
    const State *state = state_of(reader);
    if (reader->skip > 0) {
        reader->skip--;
        return;
    }
    if (state->is_deleted || !target(reader))
        return;
    const char *charset =
        state->font >= 0 && state->font < FONTS_MAX ? reader->fonts[state->font] : NULL;
    if (!charset)
        charset = reader->charset;
    if (charset != reader->narrow_charset || reader->high)
        flush(reader);
    reader->narrow_charset = charset;
    reader->hidden += state->is_hidden && state->destination == BODY;
    buf_add_char(&reader->narrow, c);
}

static void add_unicode(Reader *reader, int number)
{
    uint32_t c = (uint32_t)(number < 0 ? number + 0x10000 : number);
    const State *state = state_of(reader);
    uint32_t high = reader->high;
    reader->skip = state->skip_count;
    if (state->is_deleted || !target(reader) || number < -0x8000)
        return;
    reader->high = 0;
    flush(reader);
    if (c >= 0xD800 && c < 0xDC00) {
        reader->high = c;
        return;
    }
    if (c >= 0xDC00 && c < 0xE000)
        c = high ? 0x10000 + ((high - 0xD800) << 10) + (c - 0xDC00) : UTF8_REPLACEMENT;
    /* Private characters are those of symbol fonts. */
    if (c == 0xF0B7 || c == 0xF0A7)
        c = 0x2022;
    if (c < 0x110000 && c >= 0x20 && (c < 0xE000 || c >= 0xF900))
        buf_add_utf8(target(reader), c);
}

/* --- Paragraphs --- */

static void add_pending(Reader *reader, const char *label, Str text)
{
    if (str_trim(text).length && reader->pending.count < PENDING_MAX)
        *vec_push(reader->arena, &reader->pending) =
            (Pending){ label, str_copy(reader->arena, text) };
}

static void renew(Reader *reader)
{
    arena_reset(reader->scratch);
    reader->contexts[0].paragraph = buf_new(reader->scratch, TEXT_MAX);
    reader->cell = buf_new(reader->scratch, TEXT_MAX);
    reader->table = (HeldTable){ .arena = reader->scratch };
}

static void write_pending(Reader *reader)
{
    for (size_t i = 0; i < reader->pending.count; i++) {
        const Pending *pending = &reader->pending.at[i];
        if (pending->label)
            doc_note(reader->doc, pending->label, pending->text);
        else
            doc_paragraph(reader->doc, pending->text);
    }
    reader->pending.count = 0;
}

static void end_table(Reader *reader)
{
    if (reader->table.rows.count || reader->table.is_begun)
        held_table_write(&reader->table, reader->doc);
    reader->in_cells = false;
}

static Str take_marker(Reader *reader)
{
    Str marker = reader->has_marker ? str_trim(buf_str(&reader->marker)) : STR_NONE;
    /* A bullet of a symbol font is a letter or a sign of its own. */
    bool is_number = false;
    for (size_t i = 0; i < marker.length; i++)
        is_number |= marker.at[i] >= '0' && (unsigned char)marker.at[i] <= 'z';
    bool is_listed = reader->has_marker;
    reader->has_marker = false;
    reader->marker.length = 0;
    return !is_listed ? STR_NONE : is_number && marker.length > 1 ? marker : S("-");
}

static void end_cell_paragraph(Reader *reader, Str marker, Str text)
{
    if (reader->cell.length && text.length)
        buf_add_char(&reader->cell, '\n');
    if (marker.length && !str_is(marker, "-"))
        buf_addf(&reader->cell, STR_FMT " ", STR_ARG(marker));
    buf_add(&reader->cell, text);
    reader->contexts[0].paragraph.length = 0;
}

static void write_paragraph(Reader *reader, Str marker, Str text)
{
    const State *state = state_of(reader);
    int heading = state->outline >= 0 && state->outline < 9 ? MIN(state->outline + 1, 6) : 0;
    if (heading == 0 && state->style >= 0 && state->style < STYLES_MAX)
        heading = reader->headings[state->style];
    bool is_number = marker.length && !str_is(marker, "-");
    if (heading && is_number)
        text = str_format(reader->scratch, STR_FMT " " STR_FMT, STR_ARG(marker), STR_ARG(text));
    if (heading)
        doc_heading(reader->doc, heading, text);
    else if (marker.length)
        doc_list_item(reader->doc, state->list_level + 1, str_copy(reader->scratch, marker), text);
    else
        doc_paragraph(reader->doc, text);
}

static void end_paragraph(Reader *reader)
{
    flush(reader);
    Context *context = &reader->contexts[reader->context];
    Str text = str_trim(buf_str(&context->paragraph));
    if (reader->context > 0) {
        if (context->whole.length && text.length)
            buf_add_char(&context->whole, '\n');
        buf_add(&context->whole, text);
        context->paragraph.length = 0;
        return;
    }
    Str marker = str_copy(reader->scratch, take_marker(reader));
    if (state_of(reader)->in_table || reader->table.is_row_open) {
        end_cell_paragraph(reader, marker, text);
        return;
    }
    end_table(reader);
    if (text.length)
        write_paragraph(reader, marker, text);
    write_pending(reader);
    renew(reader);
}

/* --- Tables --- */

static void end_cell(Reader *reader)
{
    flush(reader);
    if (reader->context > 0) {
        buf_add_char(&reader->contexts[reader->context].paragraph, '\t');
        return;
    }
    Str marker = str_copy(reader->scratch, take_marker(reader));
    end_cell_paragraph(reader, marker, str_trim(buf_str(&reader->contexts[0].paragraph)));
    held_table_cell(&reader->table, str_copy(reader->scratch, buf_str(&reader->cell)), 1, false);
    reader->cell.length = 0;
}

static void end_row(Reader *reader)
{
    if (reader->context > 0) {
        end_paragraph(reader);
        return;
    }
    if (reader->table.is_row_open) {
        HeldTableRow *row = &reader->table.rows.at[reader->table.rows.count - 1];
        size_t kept = 0;
        for (size_t i = 0; i < row->cells.count; i++) {
            HeldTableCell cell = row->cells.at[i];
            const Edge *edge = i < (size_t)reader->cell_count ? &reader->cells[i] : NULL;
            cell.goes_on = edge && edge->goes_on && cell.text.length == 0;
            if (edge && edge->is_joined && kept > 0 && cell.text.length == 0)
                row->cells.at[kept - 1].span++;
            else
                row->cells.at[kept++] = cell;
        }
        row->cells.count = kept;
    }
    held_table_end_row(&reader->table, reader->doc, reader->is_header_row);
    reader->contexts[0].paragraph.length = 0;
}

static void begin_row(Reader *reader)
{
    reader->cell_count = 0;
    reader->joined = reader->goes_on = reader->is_header_row = false;
}

static void add_cell_edge(Reader *reader)
{
    if (reader->cell_count < CELLS_MAX)
        reader->cells[reader->cell_count++] = (Edge){ reader->joined, reader->goes_on };
    reader->joined = reader->goes_on = false;
}

/* --- Destinations --- */

static bool begin_context(Reader *reader, Action kind)
{
    if (reader->context + 1 >= CONTEXTS_MAX)
        return false;
    flush(reader);
    reader->contexts[++reader->context] = (Context){ .kind = kind,
                                                     .paragraph = buf_new(reader->arena, TEXT_MAX),
                                                     .whole = buf_new(reader->arena, TEXT_MAX) };
    return true;
}

static void end_context(Reader *reader)
{
    end_paragraph(reader);
    Context context = reader->contexts[reader->context--];
    Str text = buf_str(&context.whole);
    if (context.kind == HEADER) {
        for (Str line; str_next(&text, '\n', &line);)
            doc_header(reader->doc, line);
    } else if (context.kind == COMMENT) {
        Str author = str_trim(buf_str(&reader->author));
        if (author.length)
            text = str_format(reader->arena, STR_FMT ":\n" STR_FMT, STR_ARG(author), STR_ARG(text));
        add_pending(reader, "comment", text);
        reader->author.length = 0;
    } else {
        add_pending(reader,
                    context.kind == BOX  ? NULL
                    : context.is_endnote ? "endnote"
                                         : "footnote",
                    text);
    }
}

static void keep_link(Reader *reader)
{
    Str instruction = str_trim(buf_str(&reader->instruction));
    if (str_starts(instruction, S("HYPERLINK"))) {
        Str rest = str_trim(str_from(instruction, 9));
        bool is_quoted = str_starts(rest, S("\""));
        rest = str_from(rest, is_quoted ? 1 : 0);
        ptrdiff_t end = str_find_char(rest, is_quoted ? '"' : ' ');
        Str link = str_slice(rest, 0, end < 0 ? rest.length : (size_t)end);
        if (str_find_char(link, ':') > 0 && reader->context == 0)
            add_pending(reader, "link", link);
    }
    reader->instruction.length = 0;
}

/* A style's name tells headings in English files that have no outline levels. */
static void end_style(Reader *reader, const State *state)
{
    Str name = str_trim(buf_str(&reader->meta));
    if (state->style >= 0 && state->style < STYLES_MAX) {
        int level = state->outline >= 0 && state->outline < 9 ? state->outline + 1 : 0;
        if (level == 0 && name.length >= 9 &&
            str_equal_ignore_case(str_slice(name, 0, 8), S("heading ")))
            level = name.at[8] - '0';
        if (level == 0 && str_equal_ignore_case(name, S("title;")))
            level = 1;
        reader->headings[state->style] = (signed char)MAX(0, MIN(level, 6));
    }
    reader->meta.length = 0;
}

static void write_time(Reader *reader, const char *key)
{
    const int *t = reader->time;
    char text[64];
    if (t[0] > 0 && t[1] > 0 && t[2] > 0) {
        snprintf(text, sizeof text, "%04d-%02d-%02dT%02d:%02d:%02d", t[0] % 10000, t[1] % 100,
                 t[2] % 100, t[3] % 100, t[4] % 100, t[5] % 100);
        doc_meta(reader->doc, key, str(text));
    }
    memset(reader->time, 0, sizeof reader->time);
}

static void write_property(Reader *reader)
{
    Str name = str_lower(reader->arena, str_trim(buf_str(&reader->name)));
    if (name.length && !str_starts(name, S("_")))
        doc_meta(reader->doc, str_c(reader->arena, name), str_trim(buf_str(&reader->meta)));
    reader->meta.length = reader->name.length = 0;
}

static void end_destination(Reader *reader, const State *state)
{
    switch (state->destination) {
    case BODY: end_context(reader); break;
    case INSTRUCTION: keep_link(reader); break;
    case MARKER: reader->has_marker = true; break;
    case META:
        doc_meta(reader->doc, state->meta, str_trim(buf_str(&reader->meta)));
        reader->meta.length = 0;
        break;
    case TIME: write_time(reader, state->meta); break;
    case PROPVALUE: write_property(reader); break;
    case OBJECT:
        ole_write_old_object(buf_str(&reader->object), reader->doc);
        reader->object = buf_new(reader->arena, MB(256));
        break;
    default: break;
    }
}

static void begin_destination(Reader *reader, const Word *word)
{
    State *state = state_of(reader);
    flush(reader);
    Action action = word->action;
    /* Only the text has notes; what is left out is left out with all it holds. */
    if (state->destination == SKIP || state->destination == PICTURE || state->destination == OBJECT)
        return;
    if (action == NOTE || action == COMMENT || action == HEADER || action == BOX) {
        if (state->destination != BODY || !begin_context(reader, action)) {
            state->destination = SKIP;
            return;
        }
        state->in_table = false;
        action = BODY;
    }
    state->destination = action;
    state->opens = true;
    state->meta = (const char *)word->argument;
    reader->pictures += action == PICTURE;
    if (action == META || action == PROPVALUE)
        reader->meta.length = 0;
    if (action == PROPNAME)
        reader->name.length = 0;
    if (action == MARKER)
        reader->marker.length = 0;
    if (action == OBJECT)
        reader->object.length = 0;
    reader->nibble = -1;
}

/* --- Words --- */

static void set_font_charset(Reader *reader, const char *charset)
{
    const State *state = state_of(reader);
    if (state->destination == FONTS && state->font >= 0 && state->font < FONTS_MAX && charset)
        reader->fonts[state->font] = charset;
}

static void reset_paragraph(State *state)
{
    state->in_table = false;
    state->style = -1;
    state->outline = -1;
    state->list_level = 0;
    state->depth = 1;
}

static void take_format(Reader *reader, const Word *word, const RtfToken *token)
{
    State *state = state_of(reader);
    bool is_on = !token->has_number || token->number != 0;
    switch (word->action) {
    case CODEPAGE: reader->charset = charset_of_codepage((int)word->argument); break;
    case ANSICPG:
        if (charset_of_codepage(token->number))
            reader->charset = charset_of_codepage(token->number);
        break;
    case DEFAULT_FONT: reader->default_font = state->font = token->number; break;
    case FONT: state->font = token->number; break;
    case CHARSET: set_font_charset(reader, rtf_charset(token->number)); break;
    case FONT_CODEPAGE: set_font_charset(reader, charset_of_codepage(token->number)); break;
    case SKIP_COUNT: state->skip_count = MAX(0, MIN(token->number, 100)); break;
    case PLAIN:
        state->font = reader->default_font;
        state->is_hidden = state->is_deleted = false;
        break;
    case PARD: reset_paragraph(state); break;
    case STYLE: state->style = token->number; break;
    case OUTLINE: state->outline = token->number; break;
    case LIST_LEVEL: state->list_level = MAX(0, MIN(token->number, 8)); break;
    case HIDDEN: state->is_hidden = is_on; break;
    case DELETED:
        flush(reader);
        state->is_deleted = is_on;
        break;
    case IN_TABLE: state->in_table = is_on; break;
    case DEPTH: state->depth = token->number; break;
    case ENDNOTE:
        if (reader->context > 0)
            reader->contexts[reader->context].is_endnote = true;
        break;
    default: break;
    }
}

static void take_table(Reader *reader, Action action)
{
    const State *state = state_of(reader);
    bool is_body = state->destination == BODY;
    if (action == NEST_ROW && state->destination == NESTED) {
        buf_add_char(&reader->contexts[reader->context].paragraph, '\n');
        return;
    }
    if (!is_body)
        return;
    switch (action) {
    case ROW_BEGIN: begin_row(reader); break;
    case CELL_EDGE: add_cell_edge(reader); break;
    case JOINED: reader->joined = true; break;
    case GOES_ON: reader->goes_on = true; break;
    case ROW_HEADER: reader->is_header_row = true; break;
    case CELL: end_cell(reader); break;
    case ROW: end_row(reader); break;
    case NEST_CELL: add_text(reader, S("\t")); break;
    case NEST_ROW: add_text(reader, S("\n")); break;
    default: break;
    }
}

static void take_known(Reader *reader, const Word *word, const RtfToken *token)
{
    Action action = word->action;
    State *state = state_of(reader);
    if (action == SAME || action == BINARY || action == LIST)
        return;
    if (action <= TIME) {
        begin_destination(reader, word);
    } else if (action == TIME_PART) {
        reader->time[word->argument] = MAX(0, token->number);
    } else if (action == COUNT_OF) {
        const char *key = (const char *)word->argument;
        if (strcmp(key, "editing_time") == 0)
            doc_meta_seconds(reader->doc, key, token->number * 60.0);
        else
            doc_meta_whole(reader->doc, key, token->number);
    } else if (action == UNICODE) {
        add_unicode(reader, token->number);
    } else if (action == TEXT) {
        add_text(reader, str((const char *)word->argument));
    } else if (action == PARAGRAPH) {
        if (state->destination == BODY && !state->is_deleted)
            end_paragraph(reader);
    } else if (action >= ROW_BEGIN && action != IN_TABLE && action != DEPTH) {
        take_table(reader, action);
    } else {
        take_format(reader, word, token);
    }
}

static void take_word(Reader *reader, const RtfToken *token)
{
    const MapEntry *entry = map_find(&reader->words, token->text);
    State *state = state_of(reader);
    if (reader->skip > 0) {
        reader->skip--;
        return;
    }
    if (entry)
        take_known(reader, entry->pointer, token);
    else if (state->is_starred && state->is_new)
        state->destination =
            state->destination == BODY || !state->opens ? SKIP : state->destination;
    state->is_new = false;
}

static void take_symbol(Reader *reader, char c)
{
    switch (c) {
    case '*': state_of(reader)->is_starred = true; return;
    case '\\':
    case '{':
    case '}': add_byte(reader, c); break;
    case '~': add_text(reader, S("\xC2\xA0")); break;
    case '_': add_text(reader, S("-")); break;
    case '\r':
    case '\n':
        if (state_of(reader)->destination == BODY)
            end_paragraph(reader);
        break;
    case '\t': add_text(reader, S("\t")); break;
    default: break; /* \- and \| and \: */
    }
    state_of(reader)->is_new = false;
}

static void add_object_digits(Reader *reader, Str text)
{
    for (size_t i = 0; i < text.length; i++) {
        char c = text.at[i];
        int digit = c >= '0' && c <= '9'                     ? c - '0'
                    : (c | 0x20) >= 'a' && (c | 0x20) <= 'f' ? (c | 0x20) - 'a' + 10
                                                             : -1;
        if (digit < 0)
            continue;
        if (reader->nibble < 0) {
            reader->nibble = digit;
        } else {
            buf_add_char(&reader->object, (char)(reader->nibble << 4 | digit));
            reader->nibble = -1;
        }
    }
}

static void take_text(Reader *reader, Str text)
{
    State *state = state_of(reader);
    state->is_new = false;
    if (state->destination == OBJECT) {
        add_object_digits(reader, text);
        return;
    }
    for (size_t i = 0; i < text.length; i++)
        add_byte(reader, text.at[i]);
    /* Names in the style sheet end with a semicolon. */
    if (state->destination == STYLES && str_find_char(text, ';') >= 0) {
        flush(reader);
        end_style(reader, state);
    }
}

/* --- Groups --- */

static void begin_group(Reader *reader)
{
    flush(reader);
    reader->skip = 0;
    if (reader->depth + 1 >= DEPTH_MAX) {
        reader->too_deep++;
        return;
    }
    reader->states[reader->depth + 1] = *state_of(reader);
    State *state = &reader->states[++reader->depth];
    state->opens = state->is_starred = false;
    state->is_new = true;
    if (state->destination == STYLES)
        reset_paragraph(state), state->style = 0;
}

static void end_group(Reader *reader)
{
    flush(reader);
    reader->skip = 0;
    if (reader->too_deep > 0) {
        reader->too_deep--;
        return;
    }
    if (reader->depth == 0)
        return;
    State state = *state_of(reader);
    if (state.opens)
        end_destination(reader, &state);
    reader->depth--;
}

static Map word_map(Arena *arena)
{
    Map map = map_new(arena);
    for (size_t i = 0; i < COUNT(words); i++) {
        Word *word = arena_new_one(arena, Word);
        *word = words[i];
        map_add(&map, str(words[i].name), NULL)->pointer = word;
    }
    return map;
}

static void begin(Reader *reader, Arena *arena, Arena *scratch, DocWriter *doc)
{
    reader->doc = doc;
    reader->arena = arena;
    reader->scratch = scratch;
    reader->words = word_map(arena);
    reader->charset = "windows-1252";
    reader->states[0] = (State){ .destination = BODY, .skip_count = 1 };
    reset_paragraph(&reader->states[0]);
    reader->narrow = buf_new(arena, TEXT_MAX);
    reader->marker = buf_new(arena, KB(4));
    reader->instruction = buf_new(arena, KB(64));
    reader->meta = buf_new(arena, KB(64));
    reader->name = buf_new(arena, KB(4));
    reader->author = buf_new(arena, KB(4));
    reader->object = buf_new(arena, MB(256));
    renew(reader);
}

void rtf_write(Str bytes, DocWriter *doc)
{
    AUTO_ARENA Arena *arena = arena_new(GB(2));
    AUTO_ARENA Arena *scratch = arena_new(GB(1));
    Reader *reader = arena_new_one(arena, Reader);
    RtfToken token;
    begin(reader, arena, scratch, doc);
    while (rtf_next_token(&bytes, &token) && doc_writer_ok(doc)) {
        if (token.kind == RTF_BEGIN)
            begin_group(reader);
        else if (token.kind == RTF_END)
            end_group(reader);
        else if (token.kind == RTF_WORD)
            take_word(reader, &token);
        else if (token.kind == RTF_SYMBOL)
            take_symbol(reader, (char)token.number);
        else if (token.kind == RTF_BYTE)
            add_byte(reader, (char)token.number);
        else
            take_text(reader, token.text);
    }
    while (reader->depth > 0)
        end_group(reader);
    reset_paragraph(state_of(reader));
    held_table_end_row(&reader->table, doc, false);
    end_paragraph(reader);
    char warning[100];
    if (reader->pictures) {
        snprintf(warning, sizeof warning, "%zu image%s without text", reader->pictures,
                 reader->pictures == 1 ? "" : "s");
        doc_warning(doc, str(warning));
    }
    if (reader->hidden) {
        snprintf(warning, sizeof warning, "%zu hidden characters are part of the text",
                 reader->hidden);
        doc_warning(doc, str(warning));
    }
}
