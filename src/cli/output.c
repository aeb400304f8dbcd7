/* output.c - see output.h. */
#include "cli/output.h"

#include "base/utf8.h"
#include "net/url.h"

bool output_json(const CommandLine *line, const json_t *json)
{
    if (!line->json)
        return false;
    json_dumpf(json, stdout, JSON_INDENT(2) | JSON_ENCODE_ANY);
    fputc('\n', stdout);
    return true;
}

void output_text(Str text)
{
    size_t size;
    for (size_t at = 0; at < text.length; at += size) {
        uint32_t c = utf8_decode(text, at, &size);
        if ((c < 0x20 && c != '\n' && c != '\t') || (c >= 0x7F && c < 0xA0))
            continue;
        fwrite(text.at + at, 1, size, stdout);
    }
}

int64_t output_int(const json_t *object, const char *name)
{
    return json_integer_value(json_object_get(object, name));
}

char *output_path(Arena *arena, const char *path, const char *name, Str value)
{
    Str encoded = url_encode(arena, value);
    return str_c(arena, str_format(arena, "%s%c%s=" STR_FMT, path, strchr(path, '?') ? '&' : '?',
                                   name, STR_ARG(encoded)));
}

void output_filter(const CommandLine *line, JsonWriter *json, const char *option, const char *name)
{
    if (!option_is_given(line, option))
        return;
    put_array(json, name);
    put_text(json, NULL, option_value(line, option));
    put_end(json);
}
