/* output.c - see output.h. */
#include "cli/output.h"

#include "base/utf8.h"
#include "cli/term.h"
#include "net/url.h"

bool output_json(const CommandLine *line, const json_t *json)
{
    if (!line->json)
        return false;
    json_dumpf(json, stdout, JSON_INDENT(2) | JSON_ENCODE_ANY);
    fputc('\n', stdout);
    return true;
}

void output_id(const CommandLine *line, const json_t *made)
{
    if (!output_json(line, made))
        printf(STR_FMT "\n", STR_ARG(json_member_text(made, "id")));
}

static void write_clean(FILE *to, Str text, bool keeps_lines)
{
    size_t size;
    for (size_t at = 0; at < text.length; at += size) {
        uint32_t c = utf8_decode(text, at, &size);
        if (c == '\n' && !keeps_lines)
            fputc(' ', to);
        else if ((c >= 0x20 || c == '\n' || c == '\t') && (c < 0x7F || c >= 0xA0))
            fwrite(text.at + at, 1, size, to);
    }
}

void output_text(Str text) { write_clean(stdout, text, true); }

void output_note(Str text)
{
    write_clean(stderr, text, false);
    fputc('\n', stderr);
}

char *output_id_path(Arena *arena, const char *folder, Str id, const char *end)
{
    Str coded = url_encode(arena, id);
    return str_c(arena, str_format(arena, "%s/" STR_FMT "%s", folder, STR_ARG(coded), end));
}

int64_t output_int(const json_t *object, const char *name)
{
    return json_integer_value(json_object_get(object, name));
}

const char *output_member(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));
    return text ? text : "";
}

char *output_path(Arena *arena, const char *path, const char *name, Str value)
{
    Str encoded = url_encode(arena, value);
    return str_c(arena, str_format(arena, "%s%c%s=" STR_FMT, path, strchr(path, '?') ? '&' : '?',
                                   name, STR_ARG(encoded)));
}

Str output_progress(Arena *arena, const json_t *progress)
{
    char left[16];
    int64_t percent = output_int(progress, "percent");
    const json_t *seconds = json_object_get(progress, "seconds_left");
    if (!json_is_integer(seconds))
        return str_format(arena, "%" PRId64 " %%", percent);
    return str_format(arena, "%" PRId64 " %%, %s left", percent,
                      term_duration(json_integer_value(seconds), left));
}

void output_filter(const CommandLine *line, JsonWriter *json, const char *option, const char *name)
{
    if (!option_is_given(line, option))
        return;
    put_array(json, name);
    put_text(json, NULL, option_value(line, option));
    put_end(json);
}
