/* mathml.c - see mathml.h. */
#include "extract/formats/mathml.h"

#include "extract/formats/markup.h"
#include "extract/math_text.h"

enum { MATH_DEPTH_MAX = 64, SIGN_MAX = 16 };

/* What stands around and between the children of an element. */
typedef struct Layout {
    const char *name;
    const char *before, *after;
    const char *second, *third, *more; /* before these children; NULL: nothing */
    bool has_brackets;                 /* about each child that is more than a word or number */
    bool has_brackets_around;          /* about all of them */
} Layout;
static const Layout layouts[] = {
    { .name = "mfrac", .second = "/", .has_brackets = true },
    { .name = "msup", .second = "^", .has_brackets = true },
    { .name = "msub", .second = "_", .has_brackets = true },
    { .name = "msubsup", .second = "_", .third = "^", .has_brackets = true },
    { .name = "munder", .second = "_", .has_brackets = true },
    { .name = "mover", .second = "^", .has_brackets = true },
    { .name = "munderover", .second = "_", .third = "^", .has_brackets = true },
    { .name = "msqrt", .before = "\u221A", .has_brackets_around = true },
    { .name = "mroot", .after = ")", .second = "^(1/", .has_brackets = true },
    { .name = "mfenced", .second = ", ", .third = ", ", .more = ", " },
    { .name = "mtable", .second = "; ", .third = "; ", .more = "; " },
    { .name = "mtr", .second = ", ", .third = ", ", .more = ", " },
    { .name = "mlabeledtr", .second = ", ", .third = ", ", .more = ", " },
};
static const Layout row = { 0 };

typedef struct Open {
    const Layout *layout;
    size_t start; /* of its text */
    int children;
    char close[SIGN_MAX]; /* of <mfenced> */
} Open;

typedef struct Math {
    Buf *out;
    Open open[MATH_DEPTH_MAX];
    int depth, too_deep;
    int hidden;        /* elements open in one that is not shown, itself counted */
    bool after_letter; /* the last thing written is a name or number */
    bool after_word;   /* and it has more than one letter: "sin" */
} Math;

static const Layout *find_layout(Str name)
{
    for (size_t i = 0; i < COUNT(layouts); i++)
        if (str_is(name, layouts[i].name))
            return &layouts[i];
    return &row;
}

static void add_sign(Math *math, const char *sign)
{
    if (!sign || !*sign)
        return;
    buf_add(math->out, str(sign));
    math->after_letter = math->after_word = false;
}

static void read_fence(Str attributes, const char *name, const char *usual, char out[SIGN_MAX])
{
    AUTO_ARENA Arena *scratch = arena_new(KB(64));
    Buf sign = buf_new(scratch, KB(1));
    Str value;
    if (html_attribute(attributes, name, &value) && value.length < SIGN_MAX)
        html_decode(&sign, value);
    else
        buf_add(&sign, str(usual));
    snprintf(out, SIGN_MAX, STR_FMT, STR_ARG(str_trim(buf_str(&sign))));
}

static void begin_child(Math *math)
{
    if (!math->depth)
        return;
    Open *parent = &math->open[math->depth - 1];
    const Layout *is = parent->layout;
    const char *const signs[] = { is->before, is->second, is->third, is->more };
    add_sign(math, signs[MIN(parent->children, 3)]);
    parent->children++;
}

static void begin_element(Math *math, const HtmlToken *token)
{
    if (math->hidden || str_starts(token->name, S("annotation")) ||
        str_is(token->name, "mphantom")) {
        math->hidden++;
        return;
    }
    if (math->depth >= MATH_DEPTH_MAX) {
        math->too_deep++;
        return;
    }
    begin_child(math);
    Open *open = &math->open[math->depth++];
    *open = (Open){ .layout = find_layout(token->name) };
    if (str_is(token->name, "mfenced")) {
        char sign[SIGN_MAX];
        read_fence(token->attributes, "open", "(", sign);
        read_fence(token->attributes, "close", ")", open->close);
        add_sign(math, sign);
    }
    open->start = math->out->length;
}

static void end_element(Math *math)
{
    int *counted = math->hidden ? &math->hidden : math->too_deep ? &math->too_deep : NULL;
    if (counted) {
        --*counted;
        return;
    }
    if (!math->depth)
        return;
    const Open *open = &math->open[--math->depth];
    const Layout *parent = math->depth ? math->open[math->depth - 1].layout : &row;
    if (open->layout->has_brackets_around)
        math_bracket(math->out, open->start + strlen(open->layout->before));
    add_sign(math, open->layout->after);
    add_sign(math, open->close);
    if (parent->has_brackets)
        math_bracket(math->out, open->start);
}

/* Signs that are not seen: "function of", "times", "comma", "plus" (U+2061 to U+2064). */
static bool is_invisible(Str text)
{
    return text.length == 3 && str_starts(text, S("\xE2\x81")) && text.at[2] >= '\xA1' &&
           text.at[2] <= '\xA4';
}

static bool is_name(Str text)
{
    unsigned char first = (unsigned char)text.at[0];
    return (first | 32) >= 'a' ? (first | 32) <= 'z' || first >= 0xC3
                               : first >= '0' && first <= '9';
}

static void add_token(Math *math, const HtmlToken *token)
{
    AUTO_ARENA Arena *scratch = arena_new(token->text.length * 4 + KB(64));
    Buf decoded = buf_new(scratch, SIZE_MAX / 4);
    markup_add(&decoded, token);
    Str text = str_trim(buf_str(&decoded));
    if (math->hidden || !text.length || is_invisible(text))
        return;
    bool is_letter = is_name(text);
    bool is_word = is_letter && text.length > 1;
    if (math->after_letter && is_letter && (is_word || math->after_word))
        buf_add_char(math->out, ' ');
    buf_add(math->out, text);
    math->after_letter = is_letter;
    math->after_word = is_word;
}

void mathml_add(Buf *out, Str inner)
{
    AUTO_FREE Math *math = heap_alloc(sizeof *math);
    HtmlReader in = html_reader(inner);
    HtmlToken token;
    in.is_xml = true;
    math->out = out;
    while (html_next(&in, &token)) {
        if (token.kind == HTML_TEXT)
            add_token(math, &token);
        else if (token.kind == HTML_END)
            end_element(math);
        else {
            begin_element(math, &token);
            if (token.is_empty)
                end_element(math);
        }
    }
    while (math->depth)
        end_element(math);
}
