/* body_scan.c - see body_scan.h. */
#include "gateway/body_scan.h"

#include "gateway/hosted.h"

void body_scan_begin(BodyScan *scan, Arena *arena, Str body, ModelRequest *request)
{
    scan->arena = arena;
    scan->body = body;
    scan->request = request;
    scan->walk = json_walk_begin(body);
    scan->seen.count = 0; /* what is behind it need not be emptied */
    scan->has_failed = false;
}

/* --- What parts there are, by the words for their types --- */

static const struct PartWord {
    const char *gate; /* the other is looked for where this is found */
    const char *word;
    ModelAbility ability;
    char before; /* as a value stands behind ':'; a name behind '{' or ',' */
} part_words[] = {
    { "image", "\"image_url\"", ABILITY_IMAGES, ':' },   /* OpenAI's chat */
    { "image", "\"input_image\"", ABILITY_IMAGES, ':' }, /* its responses */
    { "image", "\"image\"", ABILITY_IMAGES, ':' },       /* Anthropic's messages */
    { "image", "\"images\"", ABILITY_IMAGES, ',' },      /* Ollama's */
    { "audio\"", "\"input_audio\"", ABILITY_AUDIO, ':' },
    { "file\"", "\"file\"", ABILITY_FILES, ':' },
    { "file\"", "\"input_file\"", ABILITY_FILES, ':' },
    { "pdf\"", "\"application/pdf\"", ABILITY_FILES, ':' },
};

/* In the texts of a conversation quotes are escaped, so these words only stand where they mean what
 * they say; the name of an argument is a name, not a value. */
static bool has_word(Str json, const struct PartWord *part)
{
    Str word = str(part->word);
    for (size_t at = 0;;) {
        ptrdiff_t found = str_find(str_from(json, at), word);
        if (found < 0)
            return false;
        at += (size_t)found;
        size_t before = at;
        while (before > 0 && HAS_CHAR(json.at[before - 1], " \t\r\n"))
            before--;
        char c = before > 0 ? json.at[before - 1] : '{';
        if (c == part->before || (c == '{' && part->before == ','))
            return true;
        at += word.length;
    }
}

static unsigned parts_in(Str json)
{
    unsigned abilities = 0;
    const char *gate = "";
    bool is_open = false;
    for (size_t i = 0; i < COUNT(part_words); i++) {
        if (strcmp(gate, part_words[i].gate) != 0)
            is_open = str_find(json, str(gate = part_words[i].gate)) >= 0;
        if (is_open && has_word(json, &part_words[i]))
            abilities |= 1U << part_words[i].ability;
    }
    return abilities;
}

static bool take(BodyScan *scan, Str name, Str value, Error *err)
{
    ModelRequest *request = scan->request;
    if (str_is(name, "model"))
        return json_unquote(scan->arena, value, &request->model) ||
               fail_field(err, "model", "model must be a text");
    if (str_is(name, "stream")) {
        /* Anything else is as good as unsaid, and that differs from front to front. */
        if (str_is(value, "true") || str_is(value, "false"))
            request->is_stream = value.at[0] == 't';
    } else if (str_is(name, "tools") && json_is_list(value) && value.length > 2) {
        request->tool_count = 1; /* there are some; how many is not asked */
        request->is_hosted = request->is_hosted || hosted_has_any(scan->arena, value);
    } else if ((str_is(name, "messages") || str_is(name, "input")) && json_is_list(value)) {
        request->parts_need |= parts_in(value);
    } else if (str_is(name, "images") && json_is_list(value) && value.length > 2) {
        request->parts_need |= 1U << ABILITY_IMAGES;
    }
    return true;
}

bool body_scan_next(BodyScan *scan, Str *name_r, Str *value_r, Error *err)
{
    if (!json_walk_next(&scan->walk, name_r, value_r))
        return false;
    scan->has_failed =
        !name_is_new(&scan->seen, *name_r, err) || !take(scan, *name_r, *value_r, err);
    return !scan->has_failed;
}

bool body_scan_end(const BodyScan *scan, Error *err)
{
    return !scan->has_failed && scan_is_good(&scan->walk, scan->body, err);
}

bool body_scan_is_filled(Str value)
{
    return (json_is_text(value) || json_is_list(value)) &&
           str_trim(str_slice(value, 1, value.length - 1)).length > 0;
}
