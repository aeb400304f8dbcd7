/* fuzz_fronts.c - a client's body on any front is refused with a reason, or becomes one valid body
 * for a service of any dialect. The first byte chooses the front, the second the dialect. */
#include "gateway/front.h"

#include "base/json_walk.h"

static const Front *const fronts[] = {
#define FRONT(name) &front_##name,
#include "gateway/fronts.def"
#undef FRONT
};

static const Dialect *const dialects[] = {
#define DIALECT(name) &dialect_##name,
#include "gateway/dialects.def"
#undef DIALECT
};

static void check_failure(const Error *err)
{
    if (err->code == ERROR_NONE || !err->message[0])
        __builtin_trap(); /* a failure says why */
}

static void write_for(Arena *arena, const Dialect *dialect, const ModelRequest *request)
{
    DialectTarget target = { .model = S("model") };
    WireRequest wire = { .body = buf_new(arena, MB(64)) };
    Error err = { 0 };
    if (!(dialect->tasks & 1U << request->task))
        return;
    (void)dialect->path(arena, request, &target);
    if (!dialect->write(arena, request, &target, &wire, &err))
        check_failure(&err);
    else if (!wire.media_type.length && !json_walk_is_valid(buf_str(&wire.body)))
        __builtin_trap();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    AUTO_ARENA Arena *arena = arena_new(MB(512));
    const Front *front = fronts[data[0] % COUNT(fronts)];
    Str body = { (const char *)data + 2, size - 2 };
    ModelRequest request = { .is_stream = front->streams_unasked };
    Error err = { 0 };
    if (front->is_form)
        request.form_type = S("multipart/form-data; boundary=B");
    if (front->scan(arena, body, &request, &err) && front->read(arena, body, &request, &err))
        write_for(arena, dialects[data[1] % COUNT(dialects)], &request);
    else
        check_failure(&err);
    return 0;
}
