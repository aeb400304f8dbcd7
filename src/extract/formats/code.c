/* code.c - source code: each function, class or method becomes a code block whose anchor is its
 * name, with the comment above it; imports are facts about the file.
 *
 * No parser of a language: a table says how each language writes comments, strings and blocks and
 * which words begin a definition; the rest is by braces or by indents. The text is the file's. */
#include "extract/charset/encoding.h"
#include "extract/extractor.h"
#include "extract/formats/code_lexer.h"
#include "extract/metadata.h"

/* A block has at most LINES_MAX lines, so that its place is worth showing; what belongs to no
 * definition is cut at the first blank line after LINES_GOOD. */
enum {
    LINES_MAX = 40,
    LINES_GOOD = 20,
    NAME_LENGTH = 96,
    IMPORTS_BYTES = 2000,
    LINE_LOOKED = 400,
    NEST_MAX = 32
};

typedef enum Family {
    FAMILY_C,
    FAMILY_JAVA,
    FAMILY_SCRIPT,
    FAMILY_INDENT,
    FAMILY_END,
    FAMILY_LISP,
    FAMILY_SQL,
    FAMILY_SIGNATURE, /* name :: type */
    FAMILY_CLAUSE,    /* name(...) -> */
    FAMILY_LABEL,     /* name: or :name */
    FAMILY_STYLE,     /* selector { */
    FAMILY_DIVISION,  /* NAME. and NAME SECTION. in the area that COBOL keeps for them */
    FAMILY_DATA
} Family;

static const struct {
    const char *language;
    Family family;
    const char *definers; /* words that a name follows */
    const char *imports;  /* words that begin a line of import */
} languages[] = {
#define FAMILY(language, family, definers, imports)                                                \
    { language, FAMILY_##family, definers, imports },
#include "extract/formats/language_families.def"
#undef FAMILY
};

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
    size_t which; /* in languages[]; COUNT(languages): none */
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

/* --- Words of a line --- */

static bool is_word_char(char c)
{
    return c == '_' || c == '$' || (unsigned char)c >= 0x80 || (c >= '0' && c <= '9') ||
           ((c | 32) >= 'a' && (c | 32) <= 'z');
}

static bool has_word(const char *words, Str word)
{
    Str rest = str(words), next;
    while (word.length && str_next(&rest, ' ', &next))
        if (str_equal_ignore_case(next, word))
            return true;
    return false;
}

/* The next word of the line, whatever lies between. */
static bool next_word(Str line, size_t *at, Str *word_r)
{
    while (*at < line.length && !is_word_char(line.at[*at]))
        ++*at;
    size_t begin = *at;
    while (*at < line.length && is_word_char(line.at[*at]))
        ++*at;
    *word_r = str_slice(line, begin, *at);
    return *at > begin;
}

static bool is_comment(Str line)
{
    static const char *const marks[] = { "//", "/*", "*", "#", "--", ";", "\"\"\"", "%", "@", "[" };
    Str trimmed = str_trim(line);
    for (size_t i = 0; i < COUNT(marks); i++)
        if (str_starts(trimmed, str(marks[i])))
            return !str_starts(trimmed, S("#include")) && !str_starts(trimmed, S("#define"));
    return false;
}

static Str qualified_name(Str line, size_t begin, size_t end)
{
    while (end < line.length && (is_word_char(line.at[end]) || HAS_CHAR(line.at[end], ".:!?=-")) &&
           !(line.at[end] == ':' && (end + 1 >= line.length || line.at[end + 1] != ':') &&
             (end == 0 || line.at[end - 1] != ':')) &&
           !(HAS_CHAR(line.at[end], "=-") && line.at[end - 1] != '_'))
        end++;
    return str_slice(line, begin, end);
}

/* Past the parameters of types that begin here: "<T, 'a>". */
static size_t skip_parameters(Str line, size_t at)
{
    size_t end = at;
    int depth = 0;
    while (end < line.length && line.at[end] == ' ')
        end++;
    for (; end < line.length; end++) {
        depth += line.at[end] == '<' ? 1 : line.at[end] == '>' ? -1 : 0;
        if (depth == 0)
            return line.at[end] == '>' ? end + 1 : at;
    }
    return at;
}

/* "def name", "class Name", "export async function name" */
static bool name_after_word(const char *definers, Str line, Str *name_r)
{
    Str word;
    size_t at = 0;
    for (int i = 0; i < 6 && next_word(line, &at, &word); i++) {
        if (str_is(word, "template"))
            at = skip_parameters(line, at);
        if (!has_word(definers, word))
            continue;
        size_t begin = skip_parameters(line, at);
        /* Go's receiver and the parameters of types stand between. */
        if (str_is(word, "func") && str_starts(str_trim(str_from(line, at)), S("("))) {
            ptrdiff_t close = str_find_char(str_from(line, at), ')');
            begin = close < 0 ? at : at + (size_t)close + 1;
        }
        while (begin < line.length && !is_word_char(line.at[begin]) &&
               !HAS_CHAR(line.at[begin], "={;"))
            begin++;
        size_t end = begin;
        Str next;
        if (begin >= line.length || !next_word(line, &end, &next))
            return false;
        if (has_word(definers, next)) {
            at = begin;
            continue;
        }
        *name_r = qualified_name(line, begin, end);
        return true;
    }
    return false;
}

/* "static int name(char *a)" at the beginning of a line, without a ";" at its end. */
static bool name_before_parenthesis(Str line, bool is_indented, Str *name_r)
{
    static const char others[] =
        "if for while switch return else do catch sizeof new throw case "
        "delete await yield defined typeof assert synchronized elseif elif "
        "until unless using lock fixed foreach match when try";
    ptrdiff_t open = str_find_char(line, '(');
    Str trimmed = str_trim(line);
    if (open <= 0 || trimmed.length == 0 || str_ends(trimmed, S(";")) ||
        (is_indented && str_ends(trimmed, S(","))) ||
        str_find_char(str_slice(line, 0, (size_t)open), '=') >= 0 ||
        str_find_char(str_slice(line, 0, (size_t)open), '"') >= 0 ||
        HAS_CHAR(trimmed.at[0], "#(.!:,"))
        return false;
    size_t end = (size_t)open;
    while (end > 0 && line.at[end - 1] == ' ')
        end--;
    size_t begin = end;
    while (begin > 0 && (is_word_char(line.at[begin - 1]) || HAS_CHAR(line.at[begin - 1], ":~")))
        begin--;
    Str name = str_slice(line, begin, end), first = STR_NONE;
    size_t at = 0;
    next_word(line, &at, &first);
    if (name.length == 0 || (name.at[0] >= '0' && name.at[0] <= '9') || has_word(others, name) ||
        has_word(others, first))
        return false;
    /* A call is a name alone; a definition has a type before it, or a block after it. */
    bool has_type = str_trim(str_slice(line, 0, begin)).length > 0;
    if (!str_ends(trimmed, S("{")) && (is_indented || !has_type))
        return false;
    *name_r = name;
    return true;
}

/* name = (a) => {, name: function(a) {, name() { of a shell */
static bool name_of_script(Str line, Str *name_r)
{
    size_t at = 0;
    Str word;
    if (str_find(line, S("=>")) < 0 && str_find(line, S("function")) < 0 &&
        str_find(line, S("()")) < 0)
        return false;
    while (
        next_word(line, &at, &word) &&
        has_word("const let var export default async static exports module public private", word))
        ;
    Str rest = str_trim(str_from(line, at));
    bool is_function = (str_starts(rest, S("=")) || str_starts(rest, S(":"))) &&
                       (str_find(rest, S("=>")) >= 0 || str_find(rest, S("function")) >= 0);
    if (!word.length || !(is_function || str_starts(rest, S("()"))) || str_ends(rest, S(";")))
        return false;
    *name_r = word;
    return true;
}

static bool name_of_lisp(const char *definers, Str line, Str *name_r)
{
    size_t at = 1;
    Str trimmed = str_trim(line);
    if (!str_starts(trimmed, S("(")))
        return false;
    while (at < trimmed.length && !HAS_CHAR(trimmed.at[at], " ()"))
        at++;
    if (!has_word(definers, str_slice(trimmed, 1, at)))
        return false;
    while (at < trimmed.length && HAS_CHAR(trimmed.at[at], " ('"))
        at++;
    size_t end = at;
    while (end < trimmed.length && !HAS_CHAR(trimmed.at[end], " ()"))
        end++;
    *name_r = str_slice(trimmed, at, end);
    return end > at;
}

static Family family_of(const Code *c)
{
    return c->which < COUNT(languages) ? languages[c->which].family : FAMILY_DATA;
}

/* Area A are the columns 8 to 11; a file in free form has no numbers before it. */
static bool name_of_division(Str line, Str *name_r)
{
    enum { AREA_B = 11 };
    size_t begin = 0, end;
    while (begin < line.length && HAS_CHAR(line.at[begin], " 0123456789"))
        begin++;
    for (end = begin; end < line.length && (is_word_char(line.at[end]) || line.at[end] == '-');)
        end++;
    Str rest = str_trim(str_from(line, end));
    *name_r = str_slice(line, begin, end);
    if (begin >= AREA_B || begin == end)
        return false;
    if (str_equal_ignore_case(*name_r, S("PROGRAM-ID")) && rest.length > 1) {
        rest = str_trim(str_from(rest, 1));
        *name_r = str_ends(rest, S(".")) ? str_slice(rest, 0, rest.length - 1) : rest;
        return true;
    }
    return str_is(rest, ".") || str_equal_ignore_case(rest, S("SECTION.")) ||
           str_equal_ignore_case(rest, S("DIVISION."));
}

/* Definitions that are told by their form, at the first column. */
static bool name_by_form(const Code *c, Family family, Str line, Str *name_r)
{
    size_t end = 0;
    bool is_label = family == FAMILY_LABEL && str_starts(line, S(":"));
    Str trimmed = str_trim(line);
    if (family == FAMILY_STYLE) {
        *name_r = str_trim(str_slice(trimmed, 0, trimmed.length ? trimmed.length - 1 : 0));
        return str_ends(trimmed, S("{")) && c->lexer.deepest <= 1 && name_r->length;
    }
    line = str_from(line, is_label);
    while (end < line.length && (is_word_char(line.at[end]) || HAS_CHAR(line.at[end], "'.")))
        end++;
    Str rest = str_from(line, end);
    *name_r = str_slice(line, 0, end);
    if (!end || str_is(*name_r, c->name))
        return false;
    if (family == FAMILY_SIGNATURE)
        return str_starts(str_trim(rest), S("::"));
    if (family == FAMILY_CLAUSE)
        return str_starts(rest, S("(")) && str_find(rest, S("->")) >= 0;
    return is_label || str_starts(rest, S(":"));
}

static bool definition_name(const Code *c, Str line, Str *name_r)
{
    if (c->which == COUNT(languages))
        return false;
    Family family = languages[c->which].family;
    const char *definers = languages[c->which].definers;
    bool is_indented = line.length && HAS_CHAR(line.at[0], " \t");
    line = str_slice(line, 0, LINE_LOOKED);
    if ((family < FAMILY_SIGNATURE && is_comment(line)) || family == FAMILY_DATA)
        return false;
    if (family == FAMILY_LISP)
        return name_of_lisp(definers, line, name_r);
    if (family == FAMILY_DIVISION)
        return name_of_division(line, name_r);
    if (family >= FAMILY_SIGNATURE)
        return (!is_indented && name_by_form(c, family, line, name_r)) ||
               name_after_word(definers, line, name_r);
    if ((family == FAMILY_C || family == FAMILY_JAVA) && str_ends(str_trim(line), S(";")))
        return false;
    if (family == FAMILY_C && is_indented)
        return false;
    if ((family == FAMILY_C || family == FAMILY_JAVA) &&
        name_before_parenthesis(line, is_indented, name_r))
        return true;
    if (name_after_word(definers, line, name_r))
        return true;
    if (family == FAMILY_SCRIPT)
        return name_of_script(line, name_r) ||
               (str_ends(str_trim(line), S("{")) && name_before_parenthesis(line, true, name_r));
    return false;
}

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
    return str_trim(is_comment(str_from(line, end)) ? str_slice(line, 0, end) : line);
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
        if (c->which == COUNT(languages) || !next_word(trimmed, &at, &word) || at > 20 ||
            !has_word(languages[c->which].imports, word))
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
    return family_of(c) == FAMILY_INDENT || family_of(c) == FAMILY_END;
}

/* Only what closes: "}", ");", "end". */
static bool is_closer(Str line)
{
    line = str_trim(line);
    if (str_starts(line, S("end")) && (line.length == 3 || !is_word_char(line.at[3])))
        return true;
    for (size_t i = 0; i < line.length; i++)
        if (!HAS_CHAR(line.at[i], "})];, "))
            return false;
    return true;
}

/* Such a definition ends where the next begins. */
static bool has_no_bodies(const Code *c)
{
    Family family = family_of(c);
    return family == FAMILY_SIGNATURE || family == FAMILY_CLAUSE || family == FAMILY_LABEL ||
           family == FAMILY_SQL || family == FAMILY_DIVISION;
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
    bool begins = definition_name(c, code, &name);
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
        if (!is_blank && is_comment(line)) {
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
    while (c.which < COUNT(languages) && strcmp(languages[c.which].language, c.language) != 0)
        c.which++;
    c.lexer = code_lexer(c.language);
    if (family_of(&c) == FAMILY_LISP) {
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
