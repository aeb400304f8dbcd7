/* settings.c - see settings.h. */
#include "extract/formats/settings.h"

#include "base/utf8.h"
#include "extract/charset/encoding.h"
#include "extract/formats/json_pull.h"
#include "extract/metadata.h"

enum { LINES_MAX = 40, NAME_LENGTH_MAX = 200, SNIFF_LINES = 200 };

typedef struct Writer {
    DocWriter *doc;
    const char *language;
    SettingsStyle style;
    Str block; /* lines that follow each other */
    int first, count;
    char name[NAME_LENGTH_MAX + 1];
    bool in_text; /* between """ or ''' of TOML */
    int documents, sections;
} Writer;

static void flush(Writer *w)
{
    if (w->count) {
        doc_place(w->doc, &(Place){ .line_first = w->first,
                                    .line_last = w->first + w->count - 1,
                                    .anchor = str(w->name) });
        doc_code(w->doc, str(w->language), w->block);
    }
    w->count = 0;
    w->block = STR_NONE;
}

static void set_name(Writer *w, Str name)
{
    name = str_slice(str_trim(name), 0, NAME_LENGTH_MAX);
    if (name.length)
        memcpy(w->name, name.at, name.length);
    w->name[name.length] = '\0';
    w->sections++;
}

static void add(Writer *w, Str line, int number)
{
    if (str_trim(line).length == 0)
        return; /* part of the block once another line follows */
    if (w->count == 0) {
        w->first = number;
        w->block = line;
    }
    w->count = number - w->first + 1;
    w->block.length = (size_t)(line.at + line.length - w->block.at);
}

/* "[name]" or "[[name]]" alone on its line, but for a comment. */
static Str section_name(Str line)
{
    line = str_trim(line);
    ptrdiff_t end = str_find_last_char(line, ']');
    if (line.length < 3 || line.at[0] != '[' || end < 2)
        return STR_NONE;
    Str after = str_trim(str_from(line, (size_t)end + 1));
    if (after.length && !HAS_CHAR(after.at[0], "#;"))
        return STR_NONE;
    Str name = str_slice(line, 1, (size_t)end);
    while (name.length && name.at[0] == '[')
        name = str_from(name, 1);
    while (name.length && name.at[name.length - 1] == ']')
        name.length--;
    return str_trim(name);
}

/* The key of "key: value" that begins in the first column; list items and comments have none. */
static Str yaml_key(Str line)
{
    if (!line.length || HAS_CHAR(line.at[0], " \t#-%&*|>{}[]!@`"))
        return STR_NONE;
    for (size_t i = 1; i < line.length; i++)
        if (line.at[i] == ':' && (i + 1 == line.length || HAS_CHAR(line.at[i + 1], " \t")))
            return str_slice(line, 0, i);
    return STR_NONE;
}

static bool is_yaml_mark(Str line)
{
    return str_starts(line, S("---")) && (line.length == 3 || HAS_CHAR(line.at[3], " \t"));
}

static void add_yaml(Writer *w, Str line, int number)
{
    Str key = yaml_key(line);
    if (is_yaml_mark(line)) {
        flush(w);
        w->documents++;
        set_name(w, STR_NONE);
    } else if (key.length) {
        bool is_mark = w->count == 1 && is_yaml_mark(w->block);
        if (!is_mark && (w->count >= 6 || w->name[0] == '\0'))
            flush(w);
        if (w->count == 0 || is_mark)
            set_name(w, key);
    } else if (w->count >= LINES_MAX) {
        flush(w);
    }
    add(w, line, number);
}

static int count_of(Str line, Str part)
{
    int count = 0;
    for (ptrdiff_t at; (at = str_find(line, part)) >= 0; count++)
        line = str_from(line, (size_t)at + part.length);
    return count;
}

static void add_sections(Writer *w, Str line, int number)
{
    Str name = w->in_text ? STR_NONE : section_name(line);
    if (name.length) {
        flush(w);
        set_name(w, name);
    } else if (w->count >= LINES_MAX) {
        flush(w);
    }
    if (w->style == SETTINGS_TOML &&
        (count_of(line, S("\"\"\"")) + count_of(line, S("'''"))) % 2 == 1)
        w->in_text = !w->in_text;
    add(w, line, number);
}

/* Java's properties were ASCII for long: "M\u00fcller". What would end a line stays as it is. */
static Str without_escapes(Arena *arena, Str text)
{
    Buf out = buf_new(arena, text.length + 1);
    for (ptrdiff_t found; (found = str_find(text, S("\\u"))) >= 0;) {
        uint32_t character = 0;
        size_t at = (size_t)found, used = json_read_unicode(str_from(text, at + 2), &character);
        buf_add(&out, str_slice(text, 0, at));
        if (used && character >= ' ')
            buf_add_utf8(&out, character);
        else
            buf_add(&out, str_slice(text, at, at + 2 + used));
        text = str_from(text, at + 2 + used);
    }
    buf_add(&out, text);
    return buf_str(&out);
}

bool settings_write(const ExtractSource *source, DocWriter *doc, SettingsStyle style,
                    const char *language, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(GB(1));
    if (text_is_binary(source->bytes))
        return fail(err, ERROR_UNSUPPORTED, "it is not text");
    Str text = text_decode(arena, source->bytes, charset_in_media_type(source->media_type), NULL);
    if (str_ends_ignore_case(source->name, S(".properties")))
        text = without_escapes(arena, text);
    Writer w = { .doc = doc, .style = style, .language = language };
    Str line;
    for (int number = 1; doc_writer_ok(doc) && text_next_line(&text, &line); number++)
        w.style == SETTINGS_YAML ? add_yaml(&w, line, number) : add_sections(&w, line, number);
    flush(&w);
    if (w.documents > 1)
        doc_meta_whole(doc, "documents", w.documents);
    return true;
}

int settings_sniff(Str bytes)
{
    AUTO_ARENA Arena *arena = arena_new(KB(256));
    int sections = 0, values = 0, others = 0;
    Str line;
    if (text_is_binary(bytes))
        return 0;
    Str head = text_head(arena, bytes, KB(16));
    for (int i = 0; i < SNIFF_LINES && text_next_line(&head, &line); i++) {
        line = str_trim(line);
        if (!line.length || HAS_CHAR(line.at[0], "#;"))
            continue;
        if (section_name(line).length)
            sections++;
        else if (str_find_char(line, '=') > 0)
            values++;
        else
            others++;
    }
    return sections > 0 && values > others && values >= sections / 2 ? 30 : 4;
}
