/* settings.c - INI files and their kin (.properties, .env, .desktop, .conf), TOML and YAML: each
 * section or top-level key is a block of lines as they are, with its name as the place.
 *
 * Comments stay, since they say more to people than the values; values are not interpreted. */
#include "base/file.h"
#include "extract/encoding.h"
#include "extract/extractor.h"
#include "extract/metadata.h"

enum { LINES_MAX = 40, NAME_LENGTH_MAX = 200, SNIFF_LINES = 200 };

typedef enum Style { STYLE_INI, STYLE_TOML, STYLE_YAML } Style;

static const struct {
    const char *extension, *language;
    Style style;
} styles[] = {
    { "ini", "ini", STYLE_INI },
    { "cfg", "ini", STYLE_INI },
    { "conf", "ini", STYLE_INI },
    { "cnf", "ini", STYLE_INI },
    { "properties", "properties", STYLE_INI },
    { "env", "ini", STYLE_INI },
    { "desktop", "ini", STYLE_INI },
    { "service", "ini", STYLE_INI },
    { "editorconfig", "ini", STYLE_INI },
    { "inf", "ini", STYLE_INI },
    { "reg", "ini", STYLE_INI },
    { "url", "ini", STYLE_INI },
    { "toml", "toml", STYLE_TOML },
    { "yaml", "yaml", STYLE_YAML },
    { "yml", "yaml", STYLE_YAML },
};

typedef struct Writer {
    DocWriter *doc;
    const char *language;
    Style style;
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
    if (w->style == STYLE_TOML && (count_of(line, S("\"\"\"")) + count_of(line, S("'''"))) % 2 == 1)
        w->in_text = !w->in_text;
    add(w, line, number);
}

/* By the name, else by what most lines look like. */
static Style style_of(const ExtractSource *source, Str text, const char **language)
{
    AUTO_ARENA Arena *arena = arena_new(KB(64));
    Str extension = source->name.length < KB(4) ? path_extension(arena, source->name) : STR_NONE,
        line;
    for (size_t i = 0; i < COUNT(styles); i++)
        if (str_is(extension, styles[i].extension)) {
            *language = styles[i].language;
            return styles[i].style;
        }
    int keys = 0, sections = 0;
    for (int i = 0; i < SNIFF_LINES && text_next_line(&text, &line); i++) {
        keys += yaml_key(line).length > 0 || is_yaml_mark(line);
        sections += section_name(line).length > 0;
    }
    *language = keys > sections ? "yaml" : "ini";
    return keys > sections ? STYLE_YAML : STYLE_INI;
}

static bool settings_extract(const ExtractSource *source, DocWriter *doc, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(GB(1));
    if (text_is_binary(source->bytes))
        return fail(err, ERROR_UNSUPPORTED, "it is not text");
    Str text = text_decode(arena, source->bytes, charset_in_media_type(source->media_type), NULL);
    Writer w = { .doc = doc };
    Str line;
    w.style = style_of(source, text, &w.language);
    for (int number = 1; doc_writer_ok(doc) && text_next_line(&text, &line); number++)
        w.style == STYLE_YAML ? add_yaml(&w, line, number) : add_sections(&w, line, number);
    flush(&w);
    if (w.documents > 1)
        doc_meta_whole(doc, "documents", w.documents);
    return true;
}

/* Nothing marks these files but their names; a text of sections with values is taken too. */
static int settings_sniff(Str bytes)
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

const Extractor extractor_settings = {
    .name = "settings",
    .title = "Settings (YAML, TOML, INI, properties)",
    .extensions = LIST("yaml", "yml", "toml", "ini", "cfg", "conf", "cnf", "properties", "env",
                       "desktop", "service", "editorconfig", "inf", "reg", "url"),
    .media_types = LIST("application/yaml", "application/toml", "text/yaml", "text/x-yaml",
                        "application/x-yaml", "text/x-properties"),
    .sniff = settings_sniff,
    .extract = settings_extract,
};
