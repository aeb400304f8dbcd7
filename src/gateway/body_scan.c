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
