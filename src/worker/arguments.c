/* arguments.c - what the server tells a worker to do. */
#include "base/json.h"
#include "worker/worker.h"

Str worker_arguments_write(Arena *arena, const WorkerArguments *args)
{
    Buf out = buf_new(arena, SANDBOX_ARGS_MAX);
    JsonWriter json = put_begin(&out);
    put_text(&json, "name", str_slice(args->name, 0, KB(4)));
    put_text(&json, "media_type", str_slice(args->media_type, 0, 200));
    put_text(&json, "password", str_slice(args->password, 0, KB(1)));
    put_text(&json, "languages", str_slice(args->languages, 0, 200));
    put_text(&json, "quote", str_slice(args->quote, 0, KB(8)));
    put_int(&json, "page", args->page);
    put_int(&json, "width", args->width);
    put_int(&json, "bytes_max", args->bytes_max);
    put_int(&json, "side_max", args->side_max);
    put_int(&json, "pixels_max", args->pixels_max);
    put_bool(&json, "sends_members", args->sends_members);
    put_bool(&json, "skips_look", args->skips_look);
    put_bool(&json, "hears_elsewhere", args->hears_elsewhere);
    put_array(&json, "pages");
    for (size_t i = 0; i < MIN(args->page_count, (size_t)WORKER_PAGES_MAX); i++)
        put_int(&json, NULL, args->pages[i]);
    put_end(&json);
    put_end(&json);
    return buf_str(&out);
}

static bool read_pages(const json_t *list, Arena *arena, WorkerArguments *args, Error *err)
{
    size_t count = json_array_size(list), i;
    if (count > WORKER_PAGES_MAX)
        return fail(err, ERROR_INTERNAL, "a worker was given %zu pages at once", count);
    int *pages = arena_new_array(arena, int, count);
    json_t *page;
    json_array_foreach(list, i, page) pages[i] = (int)json_integer_value(page);
    args->pages = pages;
    args->page_count = count;
    return true;
}

bool worker_arguments_read(Str text, Arena *arena, WorkerArguments *args_r, Error *err)
{
    AUTO_JSON json_t *json = NULL;
    json_t *pages = NULL;
    WorkerArguments args = { 0 };
    if (!json_parse(text, SANDBOX_ARGS_MAX, &json, err) ||
        !json_read(json, arena,
                   JSON_FIELDS({ "name", JSON_STR, &args.name },
                               { "media_type", JSON_STR, &args.media_type },
                               { "password", JSON_STR, &args.password },
                               { "languages", JSON_STR, &args.languages },
                               { "quote", JSON_STR, &args.quote }, { "page", JSON_I64, &args.page },
                               { "width", JSON_I64, &args.width },
                               { "bytes_max", JSON_I64, &args.bytes_max },
                               { "side_max", JSON_I64, &args.side_max },
                               { "pixels_max", JSON_I64, &args.pixels_max },
                               { "sends_members", JSON_FLAG, &args.sends_members },
                               { "skips_look", JSON_FLAG, &args.skips_look },
                               { "hears_elsewhere", JSON_FLAG, &args.hears_elsewhere },
                               { "pages", JSON_ANY, &pages }),
                   err) ||
        !read_pages(pages, arena, &args, err))
        return false;
    *args_r = args;
    return true;
}
