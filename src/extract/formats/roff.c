/* roff.c - manual pages (man(7), mdoc(7)) and papers (ms(7)) of troff, by their macros: nothing is
 * computed, macros that a document defines are left out, of conditions only "n" is true. */
#include "extract/formats/roff.h"

#include "base/utf8.h"
#include "extract/charset/encoding.h"
#include "extract/metadata.h"

enum { CELLS_MAX = 100, TABLE_ROWS_MAX = 20000 };

/* --- Blocks --- */

void roff_flush(Roff *r)
{
    Str text = buf_str(&r->text);
    if (str_trim(text).length) {
        doc_place_lines(r->doc, r->first, r->line);
        switch (r->block) {
        case ROFF_HEADING: doc_heading(r->doc, r->level, text); break;
        case ROFF_ITEM: doc_list_item(r->doc, MAX(1, r->level), r->label, text); break;
        case ROFF_CODE: doc_code(r->doc, STR_NONE, text); break;
        case ROFF_QUOTE: doc_quote(r->doc, text); break;
        case ROFF_NOTE: doc_note(r->doc, "footnote", text); break;
        default: doc_paragraph(r->doc, text);
        }
    }
    arena_reset(r->block_arena);
    r->text = buf_new(r->block_arena, MB(16));
    r->label = STR_NONE;
    r->joins = r->wants_tag = false;
}

void roff_begin(Roff *r, RoffBlock block, int level)
{
    roff_flush(r);
    r->block = block;
    r->level = level;
    r->first = r->line;
    r->keeps_lines = block == ROFF_CODE;
    r->wants_title = false;
}

void roff_text(Roff *r, Str text)
{
    if (r->text.length == 0)
        r->first = r->line;
    else if (!r->joins)
        buf_add_char(&r->text, r->keeps_lines ? '\n' : ' ');
    r->joins = str_ends(text, S("\\c"));
    roff_add(&r->text, &r->strings, text);
}

static void end_line(Roff *r)
{
    if (r->text.length && r->block != ROFF_HEADING) {
        buf_add_char(&r->text, '\n');
        r->joins = true;
    }
}

static Str plain(Roff *r, Str text)
{
    Buf out = buf_new(r->line_arena, KB(64));
    roff_add(&out, &r->strings, text);
    return str_trim(buf_str(&out));
}

void roff_title(Roff *r, Str name, Str section)
{
    if (r->has_title || !name.length)
        return;
    r->has_title = true;
    Str title = section.length ? str_format(r->line_arena, STR_FMT "(" STR_FMT ")", STR_ARG(name),
                                            STR_ARG(section))
                               : name;
    doc_place_lines(r->doc, r->line, r->line);
    doc_meta(r->doc, "title", title);
    doc_heading(r->doc, 1, title);
}

/* --- Lines that are no text --- */

static bool next_line(Roff *r, Str *line_r)
{
    r->line++;
    return text_next_line(&r->rest, line_r);
}

/* ".name rest" as its parts; false: text. */
static bool is_control(Str line, Str *name_r, Str *rest_r)
{
    size_t at = 1;
    if (!line.length || !HAS_CHAR(line.at[0], ".'"))
        return false;
    while (at < line.length && HAS_CHAR(line.at[at], " \t"))
        at++;
    size_t begin = at;
    while (at < line.length && !HAS_CHAR(line.at[at], " \t") &&
           !(at > begin && line.at[at] == '\\'))
        at++;
    *name_r = str_slice(line, begin, at);
    *rest_r = str_from(line, at);
    return true;
}

/* Past the lines up to ".end" or, without a name, "..". */
static void skip_to(Roff *r, Str end)
{
    Str line, name, rest;
    while (next_line(r, &line))
        if (is_control(line, &name, &rest) && str_equal(name, end))
            return;
}

static int braces_of(Str line)
{
    int depth = 0;
    for (size_t i = 0; i + 1 < line.length; i++) {
        if (line.at[i] != '\\')
            continue;
        i++;
        depth += line.at[i] == '{' ? 1 : line.at[i] == '}' ? -1 : 0;
    }
    return depth;
}

static void skip_braces(Roff *r, int depth)
{
    Str line;
    while (depth > 0 && next_line(r, &line))
        depth += braces_of(line);
}

static void read_line(Roff *r, Str line, int depth);

/* .if, .ie, .el: what is not true is passed over. */
static void read_condition(Roff *r, Str name, Str rest, int depth)
{
    bool is_true = !r->was_true;
    Str whole = rest;
    rest = str_trim(rest);
    if (!str_is(name, "el")) {
        size_t at = 0;
        bool is_not = str_starts(rest, S("!"));
        at += is_not;
        is_true = (at < rest.length && rest.at[at] == 'n') != is_not;
        while (at < rest.length && !HAS_CHAR(rest.at[at], " \t") &&
               !str_starts(str_from(rest, at), S("\\{")))
            at++;
        rest = str_trim(str_from(rest, at));
        r->was_true = is_true;
    }
    if (!is_true)
        skip_braces(r, braces_of(whole));
    else if (str_starts(rest, S("\\{")))
        rest = str_from(rest, 2);
    if (is_true && rest.length && !str_is(rest, "\\") && depth < 8)
        read_line(r, rest, depth + 1);
}

static void define_string(Roff *r, Str rest)
{
    Str name;
    if (!roff_argument(&rest, r->line_arena, &name) || r->strings.count > 1000)
        return;
    rest = str_trim(rest);
    if (str_starts(rest, S("\"")))
        rest = str_from(rest, 1);
    Buf out = buf_new(r->line_arena, ROFF_STRING_MAX);
    roff_add(&out, &r->strings, rest);
    Str *text = arena_new_one(r->arena, Str);
    *text = str_copy(r->arena, buf_str(&out));
    map_add(&r->strings, str_copy(r->arena, name), NULL)->pointer = text;
}

/* --- Tables of tbl(1) --- */

static void write_table_row(Roff *r, Str line, char separator)
{
    Str cell;
    doc_place_lines(r->doc, r->line, r->line);
    for (int i = 0; i < CELLS_MAX && str_next(&line, separator, &cell); i++) {
        if (!str_starts(cell, S("T{"))) {
            doc_cell(r->doc, plain(r, cell));
            continue;
        }
        /* A text of lines up to "T}", which the next cell may follow. */
        Buf text = buf_new(r->line_arena, KB(64));
        Str inside, name, rest;
        while (next_line(r, &inside) && !str_starts(inside, S("T}"))) {
            buf_add(&text, text.length ? S(" ") : STR_NONE);
            roff_add(&text, &r->strings, is_control(inside, &name, &rest) ? rest : inside);
        }
        doc_cell(r->doc, buf_str(&text));
        bool goes_on = inside.length > 2 && str_starts(inside, S("T}"));
        line = goes_on ? str_from(inside, 3) : STR_NONE;
    }
    doc_row_end(r->doc);
}

static char table_separator(Str options)
{
    ptrdiff_t at = str_find(options, S("tab"));
    Str rest = at < 0 ? STR_NONE : str_trim(str_from(options, (size_t)at + 3));
    return rest.length > 1 && rest.at[0] == '(' ? rest.at[1] : '\t';
}

static void read_table(Roff *r)
{
    Str line, name, rest;
    char separator = '\t';
    bool in_rows = false, is_first = true;
    roff_flush(r);
    doc_table_begin(r->doc);
    for (int rows = 0; rows < TABLE_ROWS_MAX && next_line(r, &line);) {
        arena_reset(r->line_arena);
        Str trimmed = str_trim(line);
        if (is_control(line, &name, &rest)) {
            if (str_is(name, "TE"))
                break;
            in_rows &= !str_is(name, "T&"); /* another layout follows */
        } else if (!in_rows) {
            if (is_first && str_ends(trimmed, S(";")))
                separator = table_separator(trimmed);
            in_rows = str_ends(trimmed, S("."));
            is_first = false;
        } else if (trimmed.length && !str_is(trimmed, "_") && !str_is(trimmed, "=")) {
            write_table_row(r, line, separator);
            rows++;
        }
    }
    doc_table_end(r->doc);
}

/* --- Macros --- */

/* All arguments, joined; of .BR and its kin without spaces, since only the font changes. */
static void add_arguments(Roff *r, Str rest, bool joins)
{
    Str argument;
    Buf out = buf_new(r->line_arena, rest.length + 2);
    for (bool is_first = true; roff_argument(&rest, r->line_arena, &argument); is_first = false) {
        buf_add(&out, is_first || joins ? STR_NONE : S(" "));
        buf_add(&out, argument);
    }
    if (out.length)
        roff_text(r, buf_str(&out));
}

static void end_tag(Roff *r)
{
    if (r->wants_tag && r->text.length) {
        r->wants_tag = false;
        end_line(r);
    }
}

static void begin_heading(Roff *r, int level, Str rest)
{
    roff_begin(r, ROFF_HEADING, level);
    add_arguments(r, rest, false);
    if (r->text.length)
        roff_begin(r, ROFF_PARAGRAPH, 0);
    else
        r->wants_title = true;
    r->lists = 0;
}

static void read_man_title(Roff *r, Str rest)
{
    Str parts[5] = { 0 };
    for (size_t i = 0; i < COUNT(parts); i++)
        if (!roff_argument(&rest, r->line_arena, &parts[i]))
            break;
        else
            parts[i] = plain(r, parts[i]);
    roff_title(r, parts[0], parts[1]);
    doc_meta(r->doc, "date", parts[2]);
    doc_meta(r->doc, "software", parts[3]);
}

/* .IP: a mark is the item's, any other word is its tag. */
static void begin_indented(Roff *r, Str rest)
{
    Str tag = STR_NONE;
    bool has_tag = roff_argument(&rest, r->line_arena, &tag);
    roff_begin(r, has_tag || r->lists ? ROFF_ITEM : ROFF_PARAGRAPH, r->lists + 1);
    tag = plain(r, tag);
    if (tag.length && utf8_floor(tag, 4) == tag.length && tag.length <= 4)
        r->label = str_copy(r->block_arena, tag);
    else if (tag.length) {
        roff_text(r, tag);
        end_line(r);
    }
}

typedef enum ManRole {
    MAN_TITLE,
    MAN_HEADING,
    MAN_PARAGRAPH,
    MAN_TAG,
    MAN_INDENT,
    MAN_FONT,
    MAN_FONTS,
    MAN_CODE,
    MAN_TEXT,
    MAN_BREAK,
    MAN_DEEPER,
    MAN_BACK,
    MAN_QUOTE,
    MAN_NOTE,
    MAN_TABLE,
    MAN_LINK,
    MAN_PAPER_TITLE,
    MAN_INCLUDE,
    MAN_STRING,
    MAN_CONDITION,
    MAN_DEFINE,
    MAN_IGNORE,
} ManRole;

static const struct {
    const char *name;
    ManRole role;
    int level;
} man_macros[] = {
    { "TH", MAN_TITLE, 0 },       { "SH", MAN_HEADING, 2 },   { "SS", MAN_HEADING, 3 },
    { "NH", MAN_HEADING, 0 },     { "P", MAN_PARAGRAPH, 0 },  { "PP", MAN_PARAGRAPH, 0 },
    { "LP", MAN_PARAGRAPH, 0 },   { "HP", MAN_PARAGRAPH, 0 }, { "QP", MAN_QUOTE, 0 },
    { "QS", MAN_QUOTE, 0 },       { "QE", MAN_TEXT, 0 },      { "TP", MAN_TAG, 0 },
    { "TQ", MAN_BREAK, 0 },       { "IP", MAN_INDENT, 0 },    { "B", MAN_FONT, 0 },
    { "I", MAN_FONT, 0 },         { "SM", MAN_FONT, 0 },      { "SB", MAN_FONT, 0 },
    { "R", MAN_FONT, 0 },         { "CW", MAN_FONT, 0 },      { "UL", MAN_FONT, 0 },
    { "BX", MAN_FONT, 0 },        { "MR", MAN_LINK, 0 },      { "BR", MAN_FONTS, 0 },
    { "IR", MAN_FONTS, 0 },       { "RB", MAN_FONTS, 0 },     { "RI", MAN_FONTS, 0 },
    { "BI", MAN_FONTS, 0 },       { "IB", MAN_FONTS, 0 },     { "SY", MAN_FONT, 0 },
    { "OP", MAN_FONT, 0 },        { "nf", MAN_CODE, 0 },      { "EX", MAN_CODE, 0 },
    { "DS", MAN_CODE, 0 },        { "LD", MAN_CODE, 0 },      { "ID", MAN_CODE, 0 },
    { "CD", MAN_CODE, 0 },        { "Vb", MAN_CODE, 0 },      { "EQ", MAN_CODE, 0 },
    { "PS", MAN_IGNORE, 0 },      { "fi", MAN_TEXT, 0 },      { "EE", MAN_TEXT, 0 },
    { "DE", MAN_TEXT, 0 },        { "Ve", MAN_TEXT, 0 },      { "EN", MAN_TEXT, 0 },
    { "br", MAN_BREAK, 0 },       { "sp", MAN_PARAGRAPH, 0 }, { "Sp", MAN_PARAGRAPH, 0 },
    { "RS", MAN_DEEPER, 0 },      { "RE", MAN_BACK, 0 },      { "FS", MAN_NOTE, 0 },
    { "FE", MAN_TEXT, 0 },        { "AB", MAN_TEXT, 0 },      { "AE", MAN_TEXT, 0 },
    { "TS", MAN_TABLE, 0 },       { "UR", MAN_FONT, 0 },      { "MT", MAN_FONT, 0 },
    { "TL", MAN_PAPER_TITLE, 1 }, { "AU", MAN_TEXT, 0 },      { "AI", MAN_TEXT, 0 },
    { "so", MAN_INCLUDE, 0 },     { "mso", MAN_IGNORE, 0 },   { "ds", MAN_STRING, 0 },
    { "if", MAN_CONDITION, 0 },   { "ie", MAN_CONDITION, 0 }, { "el", MAN_CONDITION, 0 },
    { "de", MAN_DEFINE, 0 },      { "de1", MAN_DEFINE, 0 },   { "am", MAN_DEFINE, 0 },
    { "ig", MAN_DEFINE, 0 },      { "RP", MAN_IGNORE, 0 },
};

/* What ends an open tag or title before it is done. */
static void begin_macro(Roff *r, ManRole role)
{
    bool is_text = role == MAN_FONT || role == MAN_FONTS || role == MAN_LINK;
    if (r->wants_title && !is_text && role != MAN_BREAK && role != MAN_CONDITION)
        roff_begin(r, ROFF_PARAGRAPH, 0);
}

static void write_code_or_text(Roff *r, ManRole role)
{
    RoffBlock block = role == MAN_CODE ? ROFF_CODE : role == MAN_NOTE ? ROFF_NOTE : ROFF_QUOTE;
    roff_begin(r, role == MAN_TEXT ? ROFF_PARAGRAPH : block, 0);
}

static void read_heading(Roff *r, int level, Str rest)
{
    Str number;
    int64_t depth = 1;
    if (!level && roff_argument(&rest, r->line_arena, &number)) /* .NH 2 */
        str_to_int(number, 1, 5, &depth);
    begin_heading(r, level ? level : (int)depth + 1, level ? rest : STR_NONE);
}

static void apply(Roff *r, size_t which, Str name, Str rest, int depth)
{
    ManRole role = man_macros[which].role;
    Str argument = STR_NONE;
    switch (role) {
    case MAN_TITLE: read_man_title(r, rest); break;
    case MAN_HEADING: read_heading(r, man_macros[which].level, rest); break;
    case MAN_PAPER_TITLE: begin_heading(r, 1, STR_NONE); break;
    case MAN_PARAGRAPH: roff_begin(r, r->keeps_lines ? ROFF_CODE : ROFF_PARAGRAPH, 0); break;
    case MAN_TAG:
        roff_begin(r, ROFF_ITEM, r->lists + 1);
        r->wants_tag = true;
        break;
    case MAN_INDENT: begin_indented(r, rest); break;
    case MAN_FONT: add_arguments(r, rest, false); break;
    case MAN_FONTS: add_arguments(r, rest, true); break;
    case MAN_LINK:
        roff_argument(&rest, r->line_arena, &argument);
        roff_text(r, str_format(r->line_arena, STR_FMT "(" STR_FMT ")", STR_ARG(argument),
                                STR_ARG(str_slice(str_trim(rest), 0, 8))));
        break;
    case MAN_CODE:
    case MAN_NOTE:
    case MAN_QUOTE:
    case MAN_TEXT: write_code_or_text(r, role); break;
    case MAN_BREAK:
        end_line(r);
        r->wants_tag = r->wants_tag || str_is(name, "TQ");
        break;
    case MAN_DEEPER: r->lists = MIN(r->lists + 1, 8); break;
    case MAN_BACK: r->lists = MAX(r->lists - 1, 0); break;
    case MAN_TABLE: read_table(r); break;
    case MAN_INCLUDE: r->skipped++; break;
    case MAN_STRING: define_string(r, rest); break;
    case MAN_CONDITION: read_condition(r, name, rest, depth); break;
    case MAN_DEFINE:
        if (!str_is(name, "ig"))
            roff_argument(&rest, r->line_arena, &argument);
        roff_argument(&rest, r->line_arena, &argument);
        skip_to(r, str_is(name, "ig") && argument.length ? argument : S("."));
        break;
    case MAN_IGNORE: break;
    }
}

static void read_macro(Roff *r, Str name, Str rest, int depth)
{
    if (str_is(name, "Dd") || str_is(name, "Dt"))
        r->is_mdoc = true;
    if (r->is_mdoc && mdoc_macro(r, name, rest))
        return;
    for (size_t i = 0; i < COUNT(man_macros); i++)
        if (str_is(name, man_macros[i].name)) {
            begin_macro(r, man_macros[i].role);
            apply(r, i, name, rest, depth);
            if (man_macros[i].role == MAN_FONT || man_macros[i].role == MAN_FONTS)
                end_tag(r);
            return;
        }
}

static void read_line(Roff *r, Str line, int depth)
{
    Str name, rest;
    if (is_control(line, &name, &rest)) {
        if (name.length && name.at[0] != '\\')
            read_macro(r, name, rest, depth);
    } else if (!str_trim(line).length) {
        if (r->keeps_lines)
            roff_text(r, STR_NONE);
        else if (r->block != ROFF_ITEM)
            roff_begin(r, r->wants_title ? r->block : ROFF_PARAGRAPH, r->level);
    } else {
        roff_text(r, line);
        end_tag(r);
    }
}

static bool roff_extract(const ExtractSource *source, DocWriter *doc, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(GB(1));
    AUTO_ARENA Arena *block_arena = arena_new(GB(1));
    AUTO_ARENA Arena *line_arena = arena_new(GB(1));
    Str line;
    if (text_is_binary(source->bytes))
        return fail(err, ERROR_UNSUPPORTED, "it is not text");
    Roff r = { .doc = doc,
               .arena = arena,
               .block_arena = block_arena,
               .line_arena = line_arena,
               .strings = map_new(arena) };
    r.rest = text_decode(arena, source->bytes, charset_in_media_type(source->media_type), NULL);
    roff_begin(&r, ROFF_PARAGRAPH, 0);
    while (doc_writer_ok(doc) && next_line(&r, &line)) {
        arena_reset(line_arena);
        read_line(&r, line, 0);
    }
    roff_flush(&r);
    doc_place(doc, &(Place){ 0 });
    if (r.skipped)
        doc_warning(doc, str_format(arena, "%" PRId64 " included file%s not read", r.skipped,
                                    r.skipped == 1 ? " is" : "s are"));
    return true;
}

/* A title macro of man or mdoc with a section, or several macros of papers. */
static int roff_sniff(Str bytes)
{
    AUTO_ARENA Arena *arena = arena_new(KB(256));
    int macros = 0, lines = 0;
    bool has_title = false;
    Str line, name, rest;
    if (!bytes.length || text_is_binary(bytes))
        return 0;
    Str head = text_head(arena, bytes, KB(16));
    while (lines < 400 && text_next_line(&head, &line)) {
        lines++;
        if (!is_control(line, &name, &rest))
            continue;
        has_title |=
            str_is(name, "TH") || str_is(name, "Dd") || str_is(name, "Dt") || str_is(name, "TL");
        macros += str_is(name, "SH") || str_is(name, "Sh") || str_is(name, "PP") ||
                  str_is(name, "NH") || str_is(name, "LP") || str_is(name, "so") ||
                  str_starts(name, S("\\\""));
    }
    return has_title && macros ? 62 : macros > 2 ? 20 : macros ? 6 : 0;
}

const Extractor extractor_roff = {
    .name = "roff",
    .title = "Manual pages and papers (troff)",
    .extensions = LIST("man", "mdoc", "roff", "troff", "nroff", "ms", "1", "2", "3", "4", "5", "6",
                       "7", "8", "9", "3pm", "1p", "3p", "tr"),
    .media_types = LIST("text/troff", "application/x-troff", "application/x-troff-man",
                        "application/x-troff-ms"),
    .sniff = roff_sniff,
    .extract = roff_extract,
};
