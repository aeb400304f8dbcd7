/* cmd_date.c - the dates and times that a sentence says, without any library. */
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "cli/output.h"
#include "text/date_json.h"

static const CommandOption options[] = {
    { "reference", "TIME", "when it was said, as 2026-11-21T10:00:00; now when not given" },
    { "zone", "NAME", "where it was said, as Europe/Berlin; UTC when not given" },
    { "language", "CODE", "en (default), de, fr or es" },
    { "past", NULL, "\"in August\" is the last one, not the next" },
    { "day-first", NULL, "3/4 is the third of April" },
    { NULL, NULL, NULL },
};

static bool read_reference(const CommandLine *line, DateReference *reference_r, Error *err)
{
    Str said = option_value(line, "reference"), language = option_value(line, "language");
    DateReference reference = { .language = language.length ? language : S("en"),
                                .prefers_past = option_is_given(line, "past"),
                                .is_day_first = option_is_given(line, "day-first") };
    bool good = said.length ? date_read_civil(said, &reference.now, err)
                            : date_local(now_ms(), option_value(line, "zone"), &reference.now, err);
    if (good)
        *reference_r = reference;
    return good;
}

static bool read_text(const CommandLine *line, Str *text_r, Error *err)
{
    if (line->word_count == 1 && str_is(line->words[0], "-"))
        return fd_read_all(line->arena, STDIN_FILENO, DATE_TEXT_MAX, text_r, err);
    *text_r = str_join(line->arena, line->words, line->word_count, S(" "));
    return true;
}

static bool print_json(const CommandLine *line, Str text, const DateFound *found, size_t count,
                       Error *err)
{
    Buf out = buf_new(line->arena, MB(64));
    JsonWriter json = put_begin(&out);
    put_array(&json, "items");
    for (size_t i = 0; i < count; i++)
        if (!date_put(&json, text, &found[i], option_value(line, "zone"), err))
            return false;
    put_end(&json);
    put_end(&json);
    AUTO_JSON json_t *whole = NULL;
    return json_parse(buf_str(&out), MB(64), &whole, err) && output_json(line, whole);
}

static bool run(CommandLine *line, Error *err)
{
    DateReference reference;
    DateFound *found;
    Str text;
    if (!read_reference(line, &reference, err) || !read_text(line, &text, err))
        return false;
    size_t count = date_find(line->arena, text, &reference, &found);
    if (line->json)
        return print_json(line, text, found, count, err);
    for (size_t i = 0; i < count; i++)
        printf(STR_FMT "\n", STR_ARG(found[i].iso));
    return true;
}

const Command command_date = {
    .name = "date",
    .arguments = "TEXT",
    .summary =
        "The dates, times, ranges and durations that a sentence says, one ISO 8601 value a line",
    .options = options,
    .word_min = 1,
    .word_max = -1,
    .run = run,
};
