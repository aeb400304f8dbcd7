/* roff_mdoc.c - the macros of mdoc(7), which say what a word is: "-x" of .Fl x, "[-x]" of .Op Fl x.
 * Arguments may be macros again. */
#include "extract/formats/roff.h"

enum { WORDS_MAX = 400, LISTS_MAX = 8 };

typedef enum MdocRole {
    MDOC_WORDS,  /* each with `before` and `after` around it */
    MDOC_AROUND, /* the rest of the line between `before` and `after` */
    MDOC_OPEN,   /* `before`, up to a macro that closes */
    MDOC_CLOSE,  /* `after` */
    MDOC_NAME,   /* without words: the manual's name */
    MDOC_PAGE,   /* Xr: name and section */
    MDOC_CALL,   /* Fn: the name, then arguments in parentheses */
    MDOC_JOIN,   /* Ns: no space before what follows */
    MDOC_TEXT,   /* No, Em: words as they are */
    MDOC_SYSTEM, /* `before` is the name of a system */
    MDOC_LINK,   /* Lk: an address, then what it is */
} MdocRole;

static const struct {
    const char *name;
    MdocRole role;
    const char *before, *after;
} inlines[] = {
    { "Fl", MDOC_WORDS, "-", "" },
    { "Ar", MDOC_TEXT, "", "" },
    { "Cm", MDOC_TEXT, "", "" },
    { "Ic", MDOC_TEXT, "", "" },
    { "Em", MDOC_TEXT, "", "" },
    { "Sy", MDOC_TEXT, "", "" },
    { "Li", MDOC_TEXT, "", "" },
    { "No", MDOC_TEXT, "", "" },
    { "Pa", MDOC_TEXT, "", "" },
    { "Ev", MDOC_TEXT, "", "" },
    { "Va", MDOC_TEXT, "", "" },
    { "Vt", MDOC_TEXT, "", "" },
    { "Ft", MDOC_TEXT, "", "" },
    { "Fa", MDOC_TEXT, "", "" },
    { "Dv", MDOC_TEXT, "", "" },
    { "Er", MDOC_TEXT, "", "" },
    { "An", MDOC_TEXT, "", "" },
    { "Ad", MDOC_TEXT, "", "" },
    { "Tn", MDOC_TEXT, "", "" },
    { "Mt", MDOC_TEXT, "", "" },
    { "Ms", MDOC_TEXT, "", "" },
    { "Cd", MDOC_TEXT, "", "" },
    { "Fd", MDOC_TEXT, "", "" },
    { "St", MDOC_TEXT, "", "" },
    { "Nd", MDOC_AROUND, "\xE2\x80\x94 ", "" },
    { "In", MDOC_AROUND, "#include <", ">" },
    { "Op", MDOC_AROUND, "[", "]" },
    { "Dq", MDOC_AROUND, "\xE2\x80\x9C", "\xE2\x80\x9D" },
    { "Sq", MDOC_AROUND, "\xE2\x80\x98", "\xE2\x80\x99" },
    { "Ql", MDOC_AROUND, "\xE2\x80\x98", "\xE2\x80\x99" },
    { "Qq", MDOC_AROUND, "\"", "\"" },
    { "Pq", MDOC_AROUND, "(", ")" },
    { "Bq", MDOC_AROUND, "[", "]" },
    { "Brq", MDOC_AROUND, "{", "}" },
    { "Aq", MDOC_AROUND, "<", ">" },
    { "Oo", MDOC_OPEN, "[", "" },
    { "Oc", MDOC_CLOSE, "", "]" },
    { "Po", MDOC_OPEN, "(", "" },
    { "Pc", MDOC_CLOSE, "", ")" },
    { "Bo", MDOC_OPEN, "[", "" },
    { "Bc", MDOC_CLOSE, "", "]" },
    { "Bro", MDOC_OPEN, "{", "" },
    { "Brc", MDOC_CLOSE, "", "}" },
    { "Ao", MDOC_OPEN, "<", "" },
    { "Ac", MDOC_CLOSE, "", ">" },
    { "Do", MDOC_OPEN, "\xE2\x80\x9C", "" },
    { "Dc", MDOC_CLOSE, "", "\xE2\x80\x9D" },
    { "So", MDOC_OPEN, "\xE2\x80\x98", "" },
    { "Sc", MDOC_CLOSE, "", "\xE2\x80\x99" },
    { "Qo", MDOC_OPEN, "\"", "" },
    { "Qc", MDOC_CLOSE, "", "\"" },
    { "Nm", MDOC_NAME, "", "" },
    { "Xr", MDOC_PAGE, "", "" },
    { "Fn", MDOC_CALL, "", "" },
    { "Fo", MDOC_CALL, "", "" },
    { "Ns", MDOC_JOIN, "", "" },
    { "Lk", MDOC_LINK, "", "" },
    { "Ux", MDOC_SYSTEM, "UNIX", "" },
    { "Bx", MDOC_SYSTEM, "BSD", "" },
    { "Fx", MDOC_SYSTEM, "FreeBSD", "" },
    { "Nx", MDOC_SYSTEM, "NetBSD", "" },
    { "Ox", MDOC_SYSTEM, "OpenBSD", "" },
    { "Dx", MDOC_SYSTEM, "DragonFly", "" },
    { "At", MDOC_SYSTEM, "AT&T UNIX", "" },
    { "Ta", MDOC_TEXT, "", "" },
};

static size_t inline_of(Str name)
{
    size_t i = 0;
    while (i < COUNT(inlines) && !str_is(name, inlines[i].name))
        i++;
    return i;
}

static bool is_closing(Str word)
{
    return word.length == 1 && HAS_CHAR(word.at[0], ".,:;)]?!|") && word.at[0] != '|';
}

/* A word, apart from the one before it unless it closes something. */
static void add_word(Roff *r, Str word, bool joins)
{
    bool had = r->text.length > 0;
    r->joins = joins || !r->has_space || !had || is_closing(word);
    roff_text(r, word);
    r->has_space = !(word.length == 1 && HAS_CHAR(word.at[0], "(["));
}

typedef struct Words {
    Str at[WORDS_MAX];
    size_t count, next;
} Words;

static void add_inline(Roff *r, Words *words, size_t which);

/* Words up to the next macro of the line; `each` is put before them. */
static void add_words(Roff *r, Words *words, const char *each)
{
    bool is_first = true;
    for (; words->next < words->count && inline_of(words->at[words->next]) == COUNT(inlines);
         words->next++) {
        Str word = words->at[words->next];
        if (is_closing(word) || !each[0]) {
            if (each[0] && is_first)
                add_word(r, str(each), false);
            add_word(r, word, false);
        } else {
            add_word(r, str(each), false);
            add_word(r, word, true);
        }
        is_first = false;
    }
    if (is_first && each[0])
        add_word(r, str(each), false);
}

/* All that is left of the line, its last punctuation behind what closes. */
static void add_around(Roff *r, Words *words, const char *before, const char *after)
{
    size_t count = words->count;
    while (count > words->next && is_closing(words->at[count - 1]))
        count--;
    Words inside = { .next = words->next };
    memcpy(inside.at, words->at, sizeof inside.at);
    inside.count = count;
    add_word(r, str(before), false);
    r->has_space = false;
    while (inside.next < inside.count) {
        size_t which = inline_of(inside.at[inside.next]);
        if (which < COUNT(inlines)) {
            inside.next++;
            add_inline(r, &inside, which);
        } else {
            add_word(r, inside.at[inside.next++], false);
        }
    }
    add_word(r, str(after), true);
    words->next = count;
}

static Str take(Words *words)
{
    return words->next < words->count ? words->at[words->next++] : STR_NONE;
}

static void add_call(Roff *r, Words *words)
{
    add_word(r, take(words), false);
    add_word(r, S("("), true);
    r->has_space = false;
    for (bool is_first = true; words->next < words->count && !is_closing(words->at[words->next]);
         is_first = false) {
        if (!is_first)
            add_word(r, S(","), true);
        r->has_space = !is_first;
        add_word(r, take(words), false);
    }
    add_word(r, S(")"), true);
}

static void add_inline(Roff *r, Words *words, size_t which)
{
    const char *before = inlines[which].before, *after = inlines[which].after;
    switch (inlines[which].role) {
    case MDOC_WORDS: add_words(r, words, before); break;
    case MDOC_TEXT: add_words(r, words, ""); break;
    case MDOC_AROUND: add_around(r, words, before, after); break;
    case MDOC_OPEN:
        add_word(r, str(before), false);
        r->has_space = false;
        break;
    case MDOC_CLOSE: add_word(r, str(after), true); break;
    case MDOC_NAME:
        if (words->next < words->count && !is_closing(words->at[words->next])) {
            if (!r->name.length)
                r->name = str_copy(r->arena, words->at[words->next]);
            add_word(r, take(words), false);
        } else {
            add_word(r, r->name, false);
        }
        break;
    case MDOC_PAGE:
        add_word(r, take(words), false);
        if (words->next < words->count && !is_closing(words->at[words->next])) {
            add_word(r, S("("), true);
            add_word(r, take(words), true);
            add_word(r, S(")"), true);
        }
        break;
    case MDOC_CALL: add_call(r, words); break;
    case MDOC_JOIN: r->has_space = false; break;
    case MDOC_SYSTEM: add_word(r, str(before), false); break;
    case MDOC_LINK: add_words(r, words, ""); break;
    }
}

static void add_line(Roff *r, Str name, Str rest)
{
    Words words = { 0 };
    size_t which = inline_of(name);
    r->has_space = true;
    if (which < COUNT(inlines))
        words.at[words.count++] = name;
    while (words.count < WORDS_MAX && roff_argument(&rest, r->line_arena, &words.at[words.count]))
        words.count++;
    while (words.next < words.count) {
        which = inline_of(words.at[words.next]);
        if (which == COUNT(inlines)) {
            add_word(r, words.at[words.next++], false);
            continue;
        }
        words.next++;
        add_inline(r, &words, which);
    }
    r->joins = false;
}

/* --- Blocks --- */

static void begin_list(Roff *r, Str rest)
{
    roff_flush(r);
    int at = MIN(r->lists, LISTS_MAX - 1);
    r->kinds[at] = str_find(rest, S("-enum")) >= 0                                        ? '1'
                   : str_find(rest, S("-bullet")) >= 0 || str_find(rest, S("-dash")) >= 0 ? '-'
                                                                                          : 't';
    r->numbers[at] = 0;
    r->lists = MIN(r->lists + 1, LISTS_MAX);
}

static void begin_item(Roff *r, Str rest)
{
    int at = MAX(r->lists, 1) - 1;
    roff_begin(r, ROFF_ITEM, at + 1);
    if (r->kinds[at] == '1')
        r->label = str_format(r->block_arena, "%d.", ++r->numbers[at]);
    else if (r->kinds[at] == '-')
        r->label = S("-");
    if (str_trim(rest).length && r->kinds[at] == 't') {
        add_line(r, STR_NONE, rest);
        buf_add_char(&r->text, '\n');
        r->joins = true;
    }
}

static void begin_section(Roff *r, int level, Str rest)
{
    roff_begin(r, ROFF_HEADING, level);
    add_line(r, STR_NONE, rest);
    roff_begin(r, ROFF_PARAGRAPH, 0);
    r->lists = 0;
}

static void read_title(Roff *r, Str rest)
{
    Str name = STR_NONE, section = STR_NONE;
    if (roff_argument(&rest, r->line_arena, &name))
        roff_argument(&rest, r->line_arena, &section);
    roff_title(r, name, section);
}

bool mdoc_macro(Roff *r, Str name, Str rest)
{
    if (str_is(name, "Dd"))
        doc_meta(r->doc, "date", str_find(rest, S("$")) >= 0 ? STR_NONE : str_trim(rest));
    else if (str_is(name, "Dt"))
        read_title(r, rest);
    else if (str_is(name, "Sh") || str_is(name, "Ss"))
        begin_section(r, str_is(name, "Sh") ? 2 : 3, rest);
    else if (str_is(name, "Pp") || str_is(name, "Lp"))
        roff_begin(r, r->keeps_lines ? ROFF_CODE : ROFF_PARAGRAPH, 0);
    else if (str_is(name, "Bl"))
        begin_list(r, rest);
    else if (str_is(name, "It"))
        begin_item(r, rest);
    else if (str_is(name, "El")) {
        roff_begin(r, ROFF_PARAGRAPH, 0);
        r->lists = MAX(r->lists - 1, 0);
    } else if (str_is(name, "Bd") || str_is(name, "D1") || str_is(name, "Dl")) {
        bool is_prose = str_find(rest, S("-filled")) >= 0 || str_find(rest, S("-ragged")) >= 0;
        roff_begin(r, is_prose ? ROFF_PARAGRAPH : ROFF_CODE, 0);
        if (!str_is(name, "Bd")) {
            add_line(r, STR_NONE, rest);
            roff_begin(r, ROFF_PARAGRAPH, 0);
        }
    } else if (str_is(name, "Ed"))
        roff_begin(r, ROFF_PARAGRAPH, 0);
    else if (str_is(name, "Fc"))
        add_line(r, S("Ns"), STR_NONE);
    else if (inline_of(name) < COUNT(inlines))
        add_line(r, name, rest);
    else
        return str_is(name, "Os") || str_is(name, "Bk") || str_is(name, "Ek");
    return true;
}
