/* code.c - source code: each function, class or method becomes a code block whose anchor is its
 * name, with the comment above it; imports are facts about the file.
 *
 * No parser of a language: a table says how each language writes comments, strings and blocks and
 * which words begin a definition; the rest is by braces or by indents. The text is the file's. */
#include "extract/charset/encoding.h"
#include "extract/extractor.h"
#include "extract/formats/code_lexer.h"
#include "extract/formats/code_names.h"
#include "extract/metadata.h"

/* A block has at most LINES_MAX lines, so that its place is worth showing; what belongs to no
 * definition is cut at the first blank line after LINES_GOOD. */
enum { LINES_MAX = 40, LINES_GOOD = 20, NAME_LENGTH = 96, IMPORTS_BYTES = 2000, NEST_MAX = 32 };

static const struct {
    const char *extension, *language;
} extensions_of[] = {
#define LANGUAGE(extension, language) { extension, language },
#include "extract/formats/languages.def"
#undef LANGUAGE
};

static const char *const extensions[] = {
#define LANGUAGE(extension, language) extension,
#include "extract/formats/languages.def"
#undef LANGUAGE
    NULL,
};

/* A definition whose body goes on. */
typedef struct Nest {
    char name[NAME_LENGTH];
    int depth, indent; /* of brackets and columns where it began */
    bool is_open;      /* its body has begun */
} Nest;

typedef struct Code {
    DocWriter *doc;
    Arena *arena; /* of a line */
    CodeLexer lexer;
    Nest nests[NEST_MAX];
    int nest_count;
    bool is_ended; /* the block's definition ended: what follows is a block of its own */
    const char *language;
    const CodeFamily *family; /* how it says what it defines */
    Buf imports;
    int import_brackets; /* still open in the last import */
    char name[NAME_LENGTH];
    Str text; /* of the block so far: a part of the file */
    int first, count, definitions;
} Code;

/* --- Which language --- */

static const char *language_of_line(Str line)
{
    static const struct {
        const char *word, *language;
    } programs[] = { { "python", "python" }, { "bash", "bash" },       { "/sh", "bash" },
                     { "zsh", "bash" },      { "node", "javascript" }, { "ruby", "ruby" },
                     { "perl", "perl" },     { "php", "php" },         { "lua", "lua" },
                     { "Rscript", "r" },     { "env sh", "bash" },     { "awk", "awk" } };
    if (!str_starts(line, S("#!")))
        return NULL;
    for (size_t i = 0; i < COUNT(programs); i++)
        if (str_find(line, str(programs[i].word)) >= 0)
            return programs[i].language;
    return NULL;
}

static bool is_cpp(Str text)
{
    static const char *const marks[] = { "\nnamespace ", "\nclass ", "template<", "template <",
                                         "std::" };
    for (size_t i = 0; i < COUNT(marks); i++)
        if (str_find(str_slice(text, 0, KB(64)), str(marks[i])) >= 0)
            return true;
    return false;
}

static const char *language_of(Str name, Str text)
{
    AUTO_ARENA Arena *arena = arena_new(KB(64));
    Str extension = extension_of_name(arena, name), line;
    for (size_t i = 0; i < COUNT(extensions_of); i++)
        if (str_is(extension, extensions_of[i].extension))
            return str_is(extension, "h") && is_cpp(text) ? "cpp" : extensions_of[i].language;
    const char *found = text_next_line(&text, &line) ? language_of_line(line) : NULL;
    return found ? found : "text";
}

/* --- Imports --- */

static int bracket_balance(Str code)
{
    int balance = 0;
    for (size_t i = 0; i < code.length; i++)
        balance += HAS_CHAR(code.at[i], "({") ? 1 : HAS_CHAR(code.at[i], ")}") ? -1 : 0;
    return balance;
}

/* One more line of an import: "(", "b,", "c,", ")" become "(b, c)". */
static void add_import(Code *c, Str line)
{
    Buf *out = &c->imports;
    bool closes = line.length && HAS_CHAR(line.at[0], ")}");
    if (closes && out->at[out->length - 1] == ',')
        out->length--;
    if (line.length && !closes && !HAS_CHAR(out->at[out->length - 1], "({"))
        buf_add_char(out, ' ');
    buf_add(out, line);
}

/* The line without the comment at its end; `code` has spaces for strings and comments. */
static Str without_comment(Str line, Str code)
{
    size_t end = MIN(code.length, line.length);
    while (end && HAS_CHAR(code.at[end - 1], " \t"))
        end--;
    return str_trim(code_is_comment(str_from(line, end)) ? str_slice(line, 0, end) : line);
}

static void note_import(Code *c, Str line, Str code)
{
    size_t at = 0;
    Str word, trimmed = without_comment(line, code);
    if (str_ends(trimmed, S(";")))
        trimmed.length--;
    if (trimmed.length > 200 || c->imports.length + trimmed.length > IMPORTS_BYTES) {
        c->import_brackets = 0;
        return;
    }
    if (c->import_brackets <= 0) {
        if (!code_next_word(trimmed, &at, &word) || at > 20 ||
            !code_has_word(c->family->imports, word))
            return;
        c->import_brackets = 0;
        if (c->imports.length)
            buf_add(&c->imports, S("; "));
        buf_add(&c->imports, trimmed);
    } else
        add_import(c, trimmed);
    c->import_brackets += bracket_balance(code);
}

/* --- Blocks --- */

static void flush(Code *c)
{
    if (c->count) {
        doc_place(c->doc, &(Place){ .line_first = c->first,
                                    .line_last = c->first + c->count - 1,
                                    .anchor = str(c->name) });
        doc_code(c->doc, str(c->language), c->text);
    }
    c->count = 0;
}

static void add_line(Code *c, Str line, int number)
{
    if (c->count++ == 0) {
        c->text = line;
        c->first = number;
    }
    c->text.length = (size_t)(line.at + line.length - c->text.at);
}

/* A definition begins here, or above where its comment does. */
static void begin_definition(Code *c, Str name, Str comment, int comment_count, int number)
{
    if (comment_count && comment_count < c->count) {
        c->count -= comment_count;
        c->text.length = (size_t)(comment.at - c->text.at);
        flush(c);
    } else if (!comment_count)
        flush(c);
    if (comment_count) {
        c->text = comment;
        c->first = number - comment_count;
        c->count = comment_count;
    }
    snprintf(c->name, sizeof c->name, STR_FMT, STR_ARG(str_slice(name, 0, NAME_LENGTH - 1)));
    c->is_ended = false;
    c->definitions++;
}

/* --- Where definitions end --- */

static int indent_of(Str line)
{
    int indent = 0;
    for (size_t i = 0; i < line.length && HAS_CHAR(line.at[i], " \t"); i++)
        indent += line.at[i] == '\t' ? 8 - indent % 8 : 1;
    return indent;
}

static bool ends_by_indent(const Code *c)
{
    return c->family->is == CODE_INDENT || c->family->is == CODE_END;
}

/* Only what closes: "}", ");", "end". */
static bool is_closer(Str line)
{
    line = str_trim(line);
    if (str_starts(line, S("end")) && (line.length == 3 || !code_is_word_char(line.at[3])))
        return true;
    for (size_t i = 0; i < line.length; i++)
        if (!HAS_CHAR(line.at[i], "})];, "))
            return false;
    return true;
}

/* Such a definition ends where the next begins. */
static bool has_no_bodies(const Code *c)
{
    CodeFamilyIs family = c->family->is;
    return family == CODE_SIGNATURE || family == CODE_CLAUSE || family == CODE_LABEL ||
           family == CODE_SQL || family == CODE_DIVISION;
}

static void open_nest(Code *c, Str line, int depth)
{
    if (c->nest_count == NEST_MAX || has_no_bodies(c))
        return;
    Nest *nest = &c->nests[c->nest_count++];
    *nest = (Nest){ .depth = depth, .indent = indent_of(line) };
    snprintf(nest->name, sizeof nest->name, "%s", c->name);
}

static void close_nest(Code *c)
{
    c->nest_count--;
    c->is_ended = true;
}

/* Before a line of code is added: languages by indents end here what is no deeper. */
static void close_by_indent(Code *c, Str code)
{
    if (!ends_by_indent(c) || !str_trim(code).length)
        return;
    bool closes = is_closer(code);
    while (c->nest_count && indent_of(code) <= c->nests[c->nest_count - 1].indent &&
           !(closes && HAS_CHAR(str_trim(code).at[0], ")]}")))
        close_nest(c);
}

/* After it: a body that has been closed. */
static void close_by_brackets(Code *c)
{
    if (ends_by_indent(c))
        return;
    while (c->nest_count) {
        Nest *nest = &c->nests[c->nest_count - 1];
        nest->is_open |= c->lexer.deepest > nest->depth;
        if (!nest->is_open || c->lexer.depth > nest->depth)
            return;
        close_nest(c);
    }
}

/* What comes after a definition belongs to the one around it. */
static void leave_definition(Code *c)
{
    flush(c);
    c->is_ended = false;
    snprintf(c->name, sizeof c->name, "%s", c->nest_count ? c->nests[c->nest_count - 1].name : "");
}

/* Begins, continues or ends the block that the line belongs to, before it is added. */
static void place_line(Code *c, Str line, Str code, int number, Str comment, int comment_count,
                       int depth)
{
    Str name;
    bool begins = code_definition_name(c->family, code, c->lexer.deepest, str(c->name), &name);
    close_by_indent(c, code);
    if (begins) {
        begin_definition(c, name, comment, comment_count, number);
        open_nest(c, code, depth);
    } else if (c->is_ended && !is_closer(line)) {
        leave_definition(c);
    }
}

static void write_code(Code *c, Str text)
{
    Str line, comment = STR_NONE;
    int comment_count = 0;
    bool after_blank = false;
    for (int number = 1; doc_writer_ok(c->doc) && text_next_line(&text, &line); number++) {
        bool is_blank = str_trim(line).length == 0;
        bool is_outer = !is_blank && !HAS_CHAR(line.at[0], " \t})");
        int depth = c->lexer.depth;
        Str code = code_lexer_line(&c->lexer, c->arena, line);
        place_line(c, line, code, number, comment, comment_count, depth);
        if (c->count >= LINES_MAX || (after_blank && is_outer && c->count >= LINES_GOOD))
            flush(c);
        note_import(c, line, code);
        if (!is_blank && code_is_comment(line)) {
            /* Told by where it is in the block; a block that was cut begins anew. */
            if (comment_count++ == 0 || c->count == 0) {
                comment = line;
                comment_count = 1;
            }
        } else {
            comment_count = 0;
        }
        after_blank = is_blank;
        if (!is_blank || c->count)
            add_line(c, line, number);
        close_by_brackets(c);
        arena_reset(c->arena);
    }
    flush(c);
}

static int count_lines(Str text)
{
    Str line;
    int count = 0;
    while (text_next_line(&text, &line))
        count++;
    return count;
}

static bool code_extract(const ExtractSource *source, DocWriter *doc, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(GB(1));
    if (text_is_binary(source->bytes))
        return fail(err, ERROR_UNSUPPORTED, "it is not text");
    Str text = text_decode(arena, source->bytes, charset_in_media_type(source->media_type), NULL);
    AUTO_ARENA Arena *line_arena = arena_new(GB(1));
    Code c = { .doc = doc, .arena = line_arena, .imports = buf_new(arena, KB(16)) };
    c.language = language_of(source->name, text);
    c.family = code_family(c.language);
    c.lexer = code_lexer(c.language);
    if (c.family->is == CODE_LISP) {
        c.lexer.opens = '(';
        c.lexer.closes = ')';
    }
    doc_meta(doc, "programming_language", str(c.language));
    doc_meta_whole(doc, "lines", count_lines(text));
    write_code(&c, text);
    doc_place(doc, &(Place){ 0 });
    if (c.definitions)
        doc_meta_whole(doc, "definitions", c.definitions);
    doc_meta(doc, "imports", buf_str(&c.imports));
    return true;
}

static int code_sniff(Str bytes)
{
    Str rest = str_slice(bytes, 0, KB(4)), line;
    if (str_starts(bytes, S("{\\rtf")) || str_starts(bytes, S("%PDF-")) || text_is_binary(bytes))
        return 0;
    return text_next_line(&rest, &line) && language_of_line(line) ? 38 : 5;
}

const Extractor extractor_code = {
    .name = "code",
    .title = "Source code and settings",
    .extensions = extensions,
    .media_types = LIST("text/x-source", "text/x-c", "text/x-python", "text/javascript",
                        "application/javascript", "text/x-shellscript", "application/x-sh",
                        "text/css", "application/sql"),
    .sniff = code_sniff,
    .extract = code_extract,
};
