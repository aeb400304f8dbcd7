/* schema_notation.c - from the short notation to JSON Schema; see schema_notation.h. */
#include "api/schema_notation.h"

typedef struct Writing {
    JsonWriter *json;
    SchemaUse use;
    Error *err;
} Writing;

static bool put_type(const Writing *w, const char *name, Str text, bool is_null_too);

/* The next piece of *rest before a separator that stands in no bracket and no word. */
static bool next_piece(Str *rest, char separator, Str *piece_r)
{
    size_t depth = 0, i = 0;
    bool in_word = false;
    if (!rest->length)
        return false;
    for (; i < rest->length; i++) {
        char c = rest->at[i];
        if (c == '\'')
            in_word = !in_word;
        else if (!in_word && HAS_CHAR(c, "[{"))
            depth++;
        else if (!in_word && HAS_CHAR(c, "]}"))
            depth--;
        else if (!in_word && !depth && c == separator)
            break;
    }
    *piece_r = str_trim(str_slice(*rest, 0, i));
    *rest = str_from(*rest, i + 1);
    return true;
}

static bool is_between(Str text, char first, char last)
{
    return text.length > 1 && text.at[0] == first && text.at[text.length - 1] == last;
}

static Str inside(Str text) { return str_slice(text, 1, text.length - 1); }

static bool take_null(Str *text)
{
    bool is_null_too = str_ends(*text, S("?"));
    if (is_null_too)
        *text = str_trim(str_slice(*text, 0, text->length - 1));
    return is_null_too;
}

static void put_json_type(JsonWriter *json, const char *type, bool is_null_too)
{
    if (!is_null_too) {
        put_text(json, "type", str(type));
        return;
    }
    put_array(json, "type");
    put_text(json, NULL, str(type));
    put_text(json, NULL, S("null"));
    put_end(json);
}

/* --- Simple types --- */

static const struct {
    const char *word, *type, *keyword, *value;
} simple[] = {
    { "text", "string", NULL, NULL },
    { "int", "integer", NULL, NULL },
    { "number", "number", NULL, NULL },
    { "bool", "boolean", NULL, NULL },
    { "object", "object", NULL, NULL },
    { "time", "string", "format", "date-time" },
    { "file", "string", "contentMediaType", "application/octet-stream" },
};

/* What comes after the word: "200" of a text, "1..100" of a number. */
static bool put_limits(const Writing *w, Str word, Str limits)
{
    int64_t min, max;
    ptrdiff_t dots = str_find(limits, S(".."));
    if (!limits.length)
        return true;
    if (str_is(word, "text") && str_to_int(limits, 0, INT64_MAX, &max)) {
        put_int(w->json, "maxLength", max);
        return true;
    }
    if (str_is(word, "int") && dots > 0 &&
        str_to_int(str_slice(limits, 0, (size_t)dots), INT64_MIN, INT64_MAX, &min) &&
        str_to_int(str_from(limits, (size_t)dots + 2), INT64_MIN, INT64_MAX, &max)) {
        put_int(w->json, "minimum", min);
        put_int(w->json, "maximum", max);
        return true;
    }
    return fail(w->err, ERROR_INTERNAL, "'" STR_FMT "' are no limits of '" STR_FMT "'",
                STR_ARG(limits), STR_ARG(word));
}

static bool put_simple(const Writing *w, Str text, bool is_null_too)
{
    ptrdiff_t space = str_find_char(text, ' ');
    Str word = str_slice(text, 0, space < 0 ? text.length : (size_t)space);
    for (size_t i = 0; i < COUNT(simple); i++) {
        if (!str_is(word, simple[i].word))
            continue;
        put_json_type(w->json, simple[i].type, is_null_too);
        if (simple[i].keyword)
            put_text(w->json, simple[i].keyword, str(simple[i].value));
        return put_limits(w, word, str_trim(str_from(text, word.length)));
    }
    return str_is(text, "any") ||
           fail(w->err, ERROR_INTERNAL, "there is no type '" STR_FMT "'", STR_ARG(text));
}

/* --- Objects, lists, words, shapes --- */

static bool put_properties(const Writing *w, Str members)
{
    Str piece;
    put_object(w->json, "properties");
    while (next_piece(&members, ',', &piece)) {
        Str rest = piece, member;
        char name[64];
        if (!next_piece(&rest, ':', &member))
            return fail(w->err, ERROR_INTERNAL, "a member has no name");
        bool is_optional = take_null(&member);
        if (str_is(member, "*"))
            continue;
        snprintf(name, sizeof name, STR_FMT, STR_ARG(member));
        if (!put_type(w, name, rest.length ? str_trim(rest) : S("text"),
                      is_optional && w->use == SCHEMA_OF_BODY))
            return false;
    }
    put_end(w->json);
    return true;
}

static void put_required(const Writing *w, Str members)
{
    bool is_first = true;
    for (Str piece, member; next_piece(&members, ',', &piece);) {
        if (!next_piece(&piece, ':', &member) || take_null(&member) || str_is(member, "*"))
            continue;
        if (is_first)
            put_array(w->json, "required");
        is_first = false;
        put_text(w->json, NULL, member);
    }
    if (!is_first)
        put_end(w->json);
}

static bool put_further(const Writing *w, Str members)
{
    for (Str piece, member; next_piece(&members, ',', &piece);)
        if (next_piece(&piece, ':', &member) && str_is(member, "*"))
            return put_type(w, "additionalProperties", str_trim(piece), false);
    if (w->use == SCHEMA_OF_BODY)
        put_bool(w->json, "additionalProperties", false);
    return true;
}

static bool put_members(const Writing *w, Str members, bool is_null_too)
{
    put_json_type(w->json, "object", is_null_too);
    if (!put_properties(w, members))
        return false;
    put_required(w, members);
    return put_further(w, members);
}

static void put_shape(JsonWriter *json, Str shape, bool is_null_too)
{
    char reference[100];
    snprintf(reference, sizeof reference, "#/components/schemas/" STR_FMT, STR_ARG(shape));
    if (!is_null_too) {
        put_text(json, "$ref", str(reference));
        return;
    }
    put_array(json, "anyOf");
    put_object(json, NULL);
    put_text(json, "$ref", str(reference));
    put_end(json);
    put_object(json, NULL);
    put_text(json, "type", S("null"));
    put_end(json);
    put_end(json);
}

static void put_words(JsonWriter *json, Str words, bool is_null_too)
{
    Str word;
    put_array(json, "enum");
    while (next_piece(&words, '|', &word)) {
        is_null_too |= take_null(&word);
        put_text(json, NULL, inside(word));
    }
    if (is_null_too)
        put_null(json, NULL);
    put_end(json);
}

static bool put_either(const Writing *w, Str alternatives, bool is_null_too)
{
    Str piece;
    put_array(w->json, "anyOf");
    while (next_piece(&alternatives, '|', &piece))
        if (!put_type(w, NULL, piece, is_null_too))
            return false;
    put_end(w->json);
    return true;
}

static bool put_keywords(const Writing *w, Str text, bool is_null_too)
{
    Str rest = text, first;
    if (!next_piece(&rest, '|', &first))
        return fail(w->err, ERROR_INTERNAL, "a type is missing");
    if (first.at[0] == '\'') {
        put_words(w->json, text, is_null_too);
        return true;
    }
    if (rest.length)
        return put_either(w, text, is_null_too);
    is_null_too |= take_null(&text);
    if (is_between(text, '[', ']')) {
        put_json_type(w->json, "array", is_null_too);
        return put_type(w, "items", inside(text), false);
    }
    if (is_between(text, '{', '}'))
        return put_members(w, inside(text), is_null_too);
    if (text.length && text.at[0] >= 'A' && text.at[0] <= 'Z') {
        put_shape(w->json, text, is_null_too);
        return true;
    }
    return put_simple(w, text, is_null_too);
}

static bool put_type(const Writing *w, const char *name, Str text, bool is_null_too)
{
    put_object(w->json, name);
    if (!put_keywords(w, text, is_null_too))
        return false;
    put_end(w->json);
    return true;
}

bool schema_put(JsonWriter *json, const char *name, Str notation, SchemaUse use, Error *err)
{
    Writing writing = { json, use, err };
    return put_type(&writing, name, notation, false);
}
