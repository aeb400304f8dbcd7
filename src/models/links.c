/* links.c - see links.h. */
#include "models/links.h"

#include <ctype.h>

#define OUT_MAX MB(8)

/* What a page would fetch, run or send by itself. */
static const char *const tags[] = {
    "a",     "area",  "audio", "base", "button", "embed",   "form",     "frame",  "iframe",
    "image", "img",   "input", "link", "meta",   "object",  "script",   "source", "style",
    "svg",   "track", "video", "!--",  "body",   "picture", "template", "html",
};

Str links_given(Arena *arena, const ChatMessage *messages, size_t count)
{
    Buf out = buf_new(arena, MB(64));
    for (size_t i = 0; i < count; i++)
        if (!str_is(messages[i].role, "assistant")) {
            buf_add(&out, messages[i].text);
            buf_add_char(&out, '\n');
        }
    return buf_str(&out);
}

LinkBreaker link_breaker(Arena *arena, Str given)
{
    return (LinkBreaker){ .given = given,
                          .word = buf_new(arena, LINK_WORD_MAX * 2),
                          .out = buf_new(arena, OUT_MAX) };
}

/* Up to what cannot stand in an address, or ends the sentence that has it. */
static Str address_at(Str word, size_t start)
{
    size_t end = start;
    while (end < word.length && !HAS_CHAR(word.at[end], ")>\"'`]|\\"))
        end++;
    while (end > start && HAS_CHAR(word.at[end - 1], ".,;:!?*_"))
        end--;
    return str_slice(word, start, end);
}

static bool is_given(const LinkBreaker *breaker, Str address)
{
    return address.length > 0 && str_find(breaker->given, address) >= 0;
}

static bool is_tag(Str behind)
{
    size_t length = behind.length && behind.at[0] == '/' ? 1 : 0, first = length;
    if (str_starts(behind, S("!--")))
        return true;
    while (length < behind.length && isalnum((unsigned char)behind.at[length]))
        length++;
    Str name = str_slice(behind, first, length);
    for (size_t i = 0; i < COUNT(tags); i++)
        if (str_equal_ignore_case(name, str(tags[i])))
            return true;
    return false;
}

/* Whether a blank must stand before byte `i` of the word. */
static bool breaks_before(const LinkBreaker *breaker, Str word, size_t i)
{
    Str behind = str_from(word, i);
    char before = i ? word.at[i - 1] : ' ';
    if (before == ']' && behind.at[0] == '(')
        return true;
    if (before == '<')
        return is_tag(behind);
    if (before == ':' && str_starts(behind, S("//")))
        return !is_given(breaker, address_at(word, i - 1));
    return i >= 4 && str_equal_ignore_case(str_slice(word, i - 4, i), S("www.")) &&
           (i == 4 || !isalnum((unsigned char)word.at[i - 5])) &&
           !is_given(breaker, address_at(word, i - 4));
}

static void take_word(LinkBreaker *breaker)
{
    Str word = buf_str(&breaker->word);
    for (size_t i = 0; i < word.length; i++) {
        if (breaks_before(breaker, word, i))
            buf_add_char(&breaker->out, ' ');
        buf_add_char(&breaker->out, word.at[i]);
    }
    breaker->word.length = 0;
}

Str links_break(LinkBreaker *breaker, Str text)
{
    breaker->out.length = 0;
    for (size_t i = 0; i < text.length; i++) {
        bool is_space = HAS_CHAR(text.at[i], " \t\r\n");
        if (is_space || breaker->word.length >= LINK_WORD_MAX)
            take_word(breaker);
        if (is_space)
            buf_add_char(&breaker->out, text.at[i]);
        else
            buf_add_char(&breaker->word, text.at[i]);
    }
    return buf_str(&breaker->out);
}

Str links_end(LinkBreaker *breaker)
{
    breaker->out.length = 0;
    take_word(breaker);
    return buf_str(&breaker->out);
}

/* Most texts have nothing that could be one. */
static bool has_sign(Str text)
{
    static const char *const signs[] = { "](", "://", "<", "www." };
    for (size_t i = 0; i < COUNT(signs); i++)
        if (str_find_ignore_case(text, str(signs[i])) >= 0)
            return true;
    return false;
}

Str links_broken(Arena *arena, Str text, Str given)
{
    if (!has_sign(text))
        return text;
    LinkBreaker breaker = link_breaker(arena, given);
    Buf whole = buf_new(arena, OUT_MAX);
    buf_add(&whole, links_break(&breaker, text));
    buf_add(&whole, links_end(&breaker));
    return buf_str(&whole);
}

/* A schema bounds how deep the value is. */
void links_break_json(Arena *arena, json_t *value, Str given)
{
    size_t i;
    const char *name;
    json_t *one;
    if (json_is_string(value)) {
        Str text = { json_string_value(value), json_string_length(value) };
        Str broken = links_broken(arena, text, given);
        if (broken.at != text.at)
            (void)json_string_setn(value, broken.at, broken.length);
    } else if (json_is_array(value)) {
        json_array_foreach(value, i, one) links_break_json(arena, one, given);
    } else if (json_is_object(value)) {
        json_object_foreach(value, name, one) links_break_json(arena, one, given);
    }
}
