#include "text/specials.h"

#include <unicode/uchar.h>

#include "base/utf8.h"
#include "text/trie.h"

#define ROOT 1u

struct Specials {
    Trie texts;
    SpecialToken *tokens; /* their texts are not kept; the trie has them */
    size_t size;
    bool starts[256];
};

bool specials_new(const SpecialToken *tokens, size_t count, Specials **specials_r, Error *err)
{
    if (count > SPECIALS_MAX)
        return fail(err, ERROR_TOO_LARGE, "there are %zu special tokens", count);
    Specials *specials = heap_alloc(sizeof *specials);
    specials->tokens = heap_alloc((count + 1) * sizeof *specials->tokens);
    trie_begin(&specials->texts, ROOT);
    for (size_t i = 0; i < count; i++) {
        Str text = tokens[i].text;
        specials->tokens[i] = tokens[i];
        specials->tokens[i].text = STR_NONE;
        if (!text.length)
            continue;
        specials->starts[(uint8_t)text.at[0]] = true;
        specials->size = MAX(specials->size, (size_t)tokens[i].id + 1);
        if (!trie_add(&specials->texts, ROOT, text, (uint32_t)i, err)) {
            specials_free(specials);
            return false;
        }
    }
    *specials_r = specials;
    return true;
}

void specials_free(Specials *specials)
{
    if (!specials)
        return;
    trie_end(&specials->texts);
    free(specials->tokens);
    free(specials);
}

size_t specials_size(const Specials *specials) { return specials->size; }

/* The longest special text at the start of `rest`; NULL for none. */
static const SpecialToken *special_at(const Specials *specials, Str rest, size_t *length_r)
{
    const SpecialToken *found = NULL;
    uint32_t node = ROOT;
    for (size_t i = 0; i < rest.length; i++) {
        node = trie_child(&specials->texts, node, (uint8_t)rest.at[i]);
        if (!node)
            break;
        if (specials->texts.values[node] != TRIE_NONE) {
            found = &specials->tokens[specials->texts.values[node]];
            *length_r = i + 1;
        }
    }
    return found;
}

static Str without_space_before(Str text)
{
    size_t end = text.length;
    while (end > 0) {
        size_t at = utf8_floor(text, end - 1), size;
        if (!u_isUWhiteSpace((UChar32)utf8_decode(text, at, &size)))
            break;
        end = at;
    }
    return str_slice(text, 0, end);
}

static Str without_space_after(Str text)
{
    size_t size, at = 0;
    while (at < text.length && u_isUWhiteSpace((UChar32)utf8_decode(text, at, &size)))
        at += size;
    return str_from(text, at);
}

bool specials_next(const Specials *specials, Str *rest, Str *before_r, uint32_t *id_r)
{
    size_t length = 0;
    if (!specials->size)
        return false;
    for (size_t at = 0; at < rest->length; at++) {
        if (!specials->starts[(uint8_t)rest->at[at]])
            continue;
        const SpecialToken *token = special_at(specials, str_from(*rest, at), &length);
        if (!token)
            continue;
        Str before = str_slice(*rest, 0, at), after = str_from(*rest, at + length);
        *before_r = token->takes_space_before ? without_space_before(before) : before;
        *rest = token->takes_space_after ? without_space_after(after) : after;
        *id_r = token->id;
        return true;
    }
    return false;
}
