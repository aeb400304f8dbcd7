/* code_names.c - see code_names.h. */
#include "extract/formats/code_names.h"

enum { LINE_LOOKED = 400 };

static const struct {
    const char *language;
    CodeFamily family;
} families[] = {
#define FAMILY(language, is, definers, imports) { language, { CODE_##is, definers, imports } },
#include "extract/formats/language_families.def"
#undef FAMILY
};

const CodeFamily *code_family(const char *language)
{
    static const CodeFamily none = { CODE_DATA, "", "" };
    for (size_t i = 0; i < COUNT(families); i++)
        if (strcmp(families[i].language, language) == 0)
            return &families[i].family;
    return &none;
}

bool code_is_word_char(char c)
{
    return c == '_' || c == '$' || (unsigned char)c >= 0x80 || (c >= '0' && c <= '9') ||
           ((c | 32) >= 'a' && (c | 32) <= 'z');
}

bool code_has_word(const char *words, Str word)
{
    Str rest = str(words), next;
    while (word.length && str_next(&rest, ' ', &next))
        if (str_equal_ignore_case(next, word))
            return true;
    return false;
}

bool code_next_word(Str line, size_t *at, Str *word_r)
{
    while (*at < line.length && !code_is_word_char(line.at[*at]))
        ++*at;
    size_t begin = *at;
    while (*at < line.length && code_is_word_char(line.at[*at]))
        ++*at;
    *word_r = str_slice(line, begin, *at);
    return *at > begin;
}

bool code_is_comment(Str line)
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
    while (end < line.length &&
           (code_is_word_char(line.at[end]) || HAS_CHAR(line.at[end], ".:!?=-")) &&
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
    for (int i = 0; i < 6 && code_next_word(line, &at, &word); i++) {
        if (str_is(word, "template"))
            at = skip_parameters(line, at);
        if (!code_has_word(definers, word))
            continue;
        size_t begin = skip_parameters(line, at);
        /* Go's receiver and the parameters of types stand between. */
        if (str_is(word, "func") && str_starts(str_trim(str_from(line, at)), S("("))) {
            ptrdiff_t close = str_find_char(str_from(line, at), ')');
            begin = close < 0 ? at : at + (size_t)close + 1;
        }
        while (begin < line.length && !code_is_word_char(line.at[begin]) &&
               !HAS_CHAR(line.at[begin], "={;"))
            begin++;
        size_t end = begin;
        Str next;
        if (begin >= line.length || !code_next_word(line, &end, &next))
            return false;
        if (code_has_word(definers, next)) {
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
    while (begin > 0 &&
           (code_is_word_char(line.at[begin - 1]) || HAS_CHAR(line.at[begin - 1], ":~")))
        begin--;
    Str name = str_slice(line, begin, end), first = STR_NONE;
    size_t at = 0;
    code_next_word(line, &at, &first);
    if (name.length == 0 || (name.at[0] >= '0' && name.at[0] <= '9') ||
        code_has_word(others, name) || code_has_word(others, first))
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
    while (code_next_word(line, &at, &word) &&
           code_has_word("const let var export default async static exports module public private",
                         word))
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
    if (!code_has_word(definers, str_slice(trimmed, 1, at)))
        return false;
    while (at < trimmed.length && HAS_CHAR(trimmed.at[at], " ('"))
        at++;
    size_t end = at;
    while (end < trimmed.length && !HAS_CHAR(trimmed.at[end], " ()"))
        end++;
    *name_r = str_slice(trimmed, at, end);
    return end > at;
}

/* Area A are the columns 8 to 11; a file in free form has no numbers before it. */
static bool name_of_division(Str line, Str *name_r)
{
    enum { AREA_B = 11 };
    size_t begin = 0, end;
    while (begin < line.length && HAS_CHAR(line.at[begin], " 0123456789"))
        begin++;
    for (end = begin;
         end < line.length && (code_is_word_char(line.at[end]) || line.at[end] == '-');)
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
static bool name_by_form(CodeFamilyIs family, Str line, int deepest, Str before, Str *name_r)
{
    size_t end = 0;
    bool is_label = family == CODE_LABEL && str_starts(line, S(":"));
    Str trimmed = str_trim(line);
    if (family == CODE_STYLE) {
        *name_r = str_trim(str_slice(trimmed, 0, trimmed.length ? trimmed.length - 1 : 0));
        return str_ends(trimmed, S("{")) && deepest <= 1 && name_r->length;
    }
    line = str_from(line, is_label);
    while (end < line.length && (code_is_word_char(line.at[end]) || HAS_CHAR(line.at[end], "'.")))
        end++;
    Str rest = str_from(line, end);
    *name_r = str_slice(line, 0, end);
    if (!end || str_equal(*name_r, before))
        return false;
    if (family == CODE_SIGNATURE)
        return str_starts(str_trim(rest), S("::"));
    if (family == CODE_CLAUSE)
        return str_starts(rest, S("(")) && str_find(rest, S("->")) >= 0;
    return is_label || str_starts(rest, S(":"));
}

bool code_definition_name(const CodeFamily *of, Str line, int deepest, Str before, Str *name_r)
{
    CodeFamilyIs family = of->is;
    const char *definers = of->definers;
    bool is_indented = line.length && HAS_CHAR(line.at[0], " \t");
    line = str_slice(line, 0, LINE_LOOKED);
    if ((family < CODE_SIGNATURE && code_is_comment(line)) || family == CODE_DATA)
        return false;
    if (family == CODE_LISP)
        return name_of_lisp(definers, line, name_r);
    if (family == CODE_DIVISION)
        return name_of_division(line, name_r);
    if (family >= CODE_SIGNATURE)
        return (!is_indented && name_by_form(family, line, deepest, before, name_r)) ||
               name_after_word(definers, line, name_r);
    if ((family == CODE_C || family == CODE_JAVA) && str_ends(str_trim(line), S(";")))
        return false;
    if (family == CODE_C && is_indented)
        return false;
    if ((family == CODE_C || family == CODE_JAVA) &&
        name_before_parenthesis(line, is_indented, name_r))
        return true;
    if (name_after_word(definers, line, name_r))
        return true;
    if (family == CODE_SCRIPT)
        return name_of_script(line, name_r) ||
               (str_ends(str_trim(line), S("{")) && name_before_parenthesis(line, true, name_r));
    return false;
}
