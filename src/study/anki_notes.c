#include "study/anki_notes.h"

#include "base/utf8.h"

#define TAGS_MAX 50
#define TAG_BYTES_MAX 100
#define NAME_BYTES_MAX 12 /* of an entity */

static const struct {
    const char *name;
    uint32_t character;
} entities[] = { { "amp", '&' },      { "lt", '<' },       { "gt", '>' },
                 { "quot", '"' },     { "apos", '\'' },    { "nbsp", ' ' },
                 { "ndash", 0x2013 }, { "mdash", 0x2014 }, { "hellip", 0x2026 } };
/* Tags after which, or before which, a new line begins. */
static const char *const breaking[] = { "br", "div", "p", "li", "tr", "h1", "h2", "h3", "hr" };

static bool is_breaking(Str tag)
{
    Str name = str_starts(tag, S("/")) ? str_from(tag, 1) : tag;
    size_t end = 0;
    while (end < name.length && !HAS_CHAR(name.at[end], " \t\r\n/"))
        end++;
    for (size_t i = 0; i < COUNT(breaking); i++)
        if (str_equal_ignore_case(str_slice(name, 0, end), str(breaking[i])))
            return true;
    return false;
}

/* "#39" or "amp"; 0: unknown. */
static uint32_t meaning_of(Str name)
{
    int64_t number;
    if (str_starts(name, S("#")) && str_to_int(str_from(name, 1), 1, 0x10FFFF, &number))
        return number < 0xD800 || number > 0xDFFF ? (uint32_t)number : 0;
    for (size_t i = 0; i < COUNT(entities); i++)
        if (str_is(name, entities[i].name))
            return entities[i].character;
    return 0;
}

/* How many bytes of the text it took; 1 when it is no entity. */
static size_t add_entity(Buf *out, Str text)
{
    ptrdiff_t end = str_find_char(str_slice(text, 0, NAME_BYTES_MAX), ';');
    uint32_t character = end > 1 ? meaning_of(str_slice(text, 1, (size_t)end)) : 0;
    if (!character) {
        buf_add_char(out, '&');
        return 1;
    }
    buf_add_utf8(out, character);
    return (size_t)end + 1;
}

/* A line end unless one stands there already. */
static void break_line(Buf *out)
{
    if (out->length && out->at[out->length - 1] != '\n')
        buf_add_char(out, '\n');
}

Str anki_text(Arena *arena, Str html)
{
    Buf out = buf_new(arena, html.length * 3 + 1);
    for (size_t at = 0; at < html.length;) {
        Str rest = str_from(html, at);
        ptrdiff_t end = rest.at[0] == '<'                ? str_find_char(rest, '>')
                        : str_starts(rest, S("[sound:")) ? str_find_char(rest, ']')
                                                         : -1;
        if (end > 0) {
            if (rest.at[0] == '<' && is_breaking(str_slice(rest, 1, (size_t)end)))
                break_line(&out);
            at += (size_t)end + 1;
        } else if (rest.at[0] == '&') {
            at += add_entity(&out, rest);
        } else {
            buf_add_char(&out, rest.at[0]);
            at++;
        }
    }
    return utf8_clean(arena, str_trim(buf_str(&out)));
}

/* The sentence with its gaps filled: what stands between "::" and the next "::" or "}}". */
static Str without_gaps(Arena *arena, Str text)
{
    Buf out = buf_new(arena, text.length + 1);
    for (ptrdiff_t at; (at = str_find(text, S("{{c"))) >= 0;) {
        Str gap = str_from(text, (size_t)at);
        ptrdiff_t word = str_find(gap, S("::")), end = str_find(gap, S("}}"));
        if (word < 0 || end < word)
            break;
        Str inside = str_slice(gap, (size_t)word + 2, (size_t)end);
        ptrdiff_t hint = str_find(inside, S("::"));
        buf_add(&out, str_slice(text, 0, (size_t)at));
        buf_add(&out, hint < 0 ? inside : str_slice(inside, 0, (size_t)hint));
        text = str_from(gap, (size_t)end + 2);
    }
    buf_add(&out, text);
    return buf_str(&out);
}

static Str tags_of(Arena *arena, Str tags)
{
    Buf out = buf_new(arena, KB(64));
    JsonWriter json = put_begin_array(&out);
    Str tag;
    for (size_t count = 0; count < TAGS_MAX && str_next(&tags, ' ', &tag);)
        if (tag.length && tag.length <= TAG_BYTES_MAX) {
            put_text(&json, NULL, tag);
            count++;
        }
    put_end(&json);
    return buf_str(&out);
}

bool anki_note_read(Arena *arena, Str fields, Str tags, StudyCard *card_r)
{
    ptrdiff_t gap = str_find(fields, S(ANKI_FIELD_GAP));
    Str rest = gap < 0 ? STR_NONE : str_from(fields, (size_t)gap + strlen(ANKI_FIELD_GAP));
    ptrdiff_t next = str_find(rest, S(ANKI_FIELD_GAP));
    Str front = anki_text(arena, gap < 0 ? fields : str_slice(fields, 0, (size_t)gap));
    Str back = anki_text(arena, next < 0 ? rest : str_slice(rest, 0, (size_t)next));
    if (!back.length && str_find(front, S("{{c")) >= 0)
        back = without_gaps(arena, front);
    if (!front.length || !back.length || front.length > STUDY_CARD_TEXT_MAX ||
        back.length > STUDY_CARD_TEXT_MAX)
        return false;
    *card_r = (StudyCard){ .front = front, .back = back, .tags = tags_of(arena, tags) };
    return true;
}
