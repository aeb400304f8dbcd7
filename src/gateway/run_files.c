/* run_files.c - files that a message names by the id they have here (/v1/files) go out as data: no
 * service knows our ids, and with data every service can have them. Ids of another shape are a
 * service's own and stay. */
#include "base/base64.h"
#include "base/id.h"
#include "base/json.h"
#include "base/json_walk.h"
#include "gateway/gateway_int.h"

#define MARK S("\"file_id\"")
#define ID_PREFIX S("file-")

typedef struct FilesWork {
    Run *run;
    Buf body;
    size_t bytes_left;
    bool is_good;
    Error err;
} FilesWork;

static bool put_value(FilesWork *work, Str name, Str value);

static bool names_file(Str text) { return str_find(text, MARK) >= 0; }

/* The id of a file of ours that the object names; "" for none. */
static Str own_id(Arena *arena, Str object)
{
    Str id = json_text_of(arena, json_walk_member(object, "file_id"));
    bool is_ours = str_starts(id, ID_PREFIX) && id_is_valid(str_from(id, ID_PREFIX.length));
    return is_ours ? id : S("");
}

/* --- One file --- */

static Str data_url(Arena *arena, const GatewayFile *file)
{
    Str data = base64_encode(arena, file->bytes);
    return str_format(arena, "data:" STR_FMT ";base64," STR_FMT, STR_ARG(file->media_type),
                      STR_ARG(data));
}

static void put_member(FilesWork *work, const char *name, Str text)
{
    buf_addf(&work->body, "%s\"%s\":", work->body.at[work->body.length - 1] == '{' ? "" : ",",
             name);
    json_quote(&work->body, text);
}

/* The object's members but these two. */
static void put_others(FilesWork *work, Str object, const char *but, const char *and)
{
    JsonWalk walk = json_walk_begin(object);
    Str name, value;
    buf_add_char(&work->body, '{');
    while (json_walk_next(&walk, &name, &value))
        if (!str_is(name, but) && !str_is(name, and))
            buf_addf(&work->body, "%s\"" STR_FMT "\":" STR_FMT,
                     work->body.at[work->body.length - 1] == '{' ? "" : ",", STR_ARG(name),
                     STR_ARG(value));
}

/* Anthropic's: {"type": "file", "file_id": ...} becomes another kind of source. */
static void put_source(FilesWork *work, Arena *arena, const GatewayFile *file)
{
    bool is_text = str_starts(file->media_type, S("text/"));
    buf_add_char(&work->body, '{');
    put_member(work, "type", is_text ? S("text") : S("base64"));
    put_member(work, "media_type", is_text ? S("text/plain") : file->media_type);
    put_member(work, "data", is_text ? file->bytes : base64_encode(arena, file->bytes));
    buf_add_char(&work->body, '}');
}

static void put_named(FilesWork *work, Arena *arena, Str object, const GatewayFile *file)
{
    Str name = json_text_of(arena, json_walk_member(object, "filename"));
    put_others(work, object, "file_id", "filename");
    put_member(work, "filename", name.length ? name : file->name);
    put_member(work, "file_data", data_url(arena, file));
    buf_add_char(&work->body, '}');
}

static void put_picture(FilesWork *work, Arena *arena, Str object, const char *member,
                        const GatewayFile *file)
{
    put_others(work, object, "file_id", member);
    put_member(work, member, data_url(arena, file));
    buf_add_char(&work->body, '}');
}

/* `name`: of the member that the object is. */
static bool put_file(FilesWork *work, Str name, Str object, Str id)
{
    Run *run = work->run;
    GatewayPorts *ports = &run->loop->gateway->ports;
    AUTO_ARENA Arena *arena = arena_new(GATEWAY_FILES_MAX * 5 + MB(64));
    GatewayFile file;
    Str type = json_text_of(arena, json_walk_member(object, "type"));
    if (!ports->load_file(ports->load_app, arena, run->caller->workspace, id, work->bytes_left,
                          &file, &work->err))
        return false;
    work->bytes_left -= file.bytes.length;
    if (str_is(name, "image_url"))
        put_picture(work, arena, object, "url", &file);
    else if (str_is(type, "input_image"))
        put_picture(work, arena, object, "image_url", &file);
    else if (str_is(type, "file"))
        put_source(work, arena, &file);
    else
        put_named(work, arena, object, &file);
    return true;
}

/* --- The body --- */

static bool put_members(FilesWork *work, Str value)
{
    JsonWalk walk = json_walk_begin(value);
    bool is_object = value.at[0] == '{', is_first = true;
    Str name, member;
    buf_add_char(&work->body, value.at[0]);
    for (; json_walk_next(&walk, &name, &member); is_first = false) {
        if (!is_first)
            buf_add_char(&work->body, ',');
        if (is_object)
            buf_addf(&work->body, "\"" STR_FMT "\":", STR_ARG(name));
        if (!put_value(work, name, member))
            return false;
    }
    buf_add_char(&work->body, is_object ? '}' : ']');
    return true;
}

/* The value has been checked: it has at most JSON_WALK_DEPTH_MAX floors. */
static bool put_value(FilesWork *work, Str name, Str value)
{
    if (!names_file(value) || (value.at[0] != '{' && value.at[0] != '[')) {
        buf_add(&work->body, value);
        return true;
    }
    Str id = value.at[0] == '{' ? own_id(work->run->arena, value) : S("");
    return id.length ? put_file(work, name, value, id) : put_members(work, value);
}

/* Tools have ids of files too, which only their service understands. */
static bool put_body(FilesWork *work)
{
    JsonWalk walk = json_walk_begin(work->run->body);
    Str name, value;
    buf_add_char(&work->body, '{');
    while (json_walk_next(&walk, &name, &value)) {
        bool is_said = str_is(name, "messages") || str_is(name, "input");
        buf_addf(&work->body, "%s\"" STR_FMT "\":", work->body.length > 1 ? "," : "",
                 STR_ARG(name));
        if (!is_said)
            buf_add(&work->body, value);
        else if (!put_value(work, name, value))
            return false;
    }
    buf_add_char(&work->body, '}');
    return !work->body.overflowed ||
           fail(&work->err, ERROR_TOO_LARGE, "the call with its files is too large");
}

/* --- The call --- */

static void on_files(void *argument)
{
    FilesWork *work = argument;
    Run *run = work->run;
    run->is_loading = false;
    run->has_files = true;
    if (run->is_gone) {
        run_stop(run);
        return;
    }
    bool is_stream = run->front->streams_unasked;
    run->body = work->is_good ? buf_str(&work->body) : run->body;
    run->request = (ModelRequest){ .is_stream = is_stream };
    if (work->is_good && run->front->scan(run->arena, run->body, &run->request, &work->err))
        run_admit(run);
    else
        run_fail(run, &work->err, 0);
}

static void load(void *argument)
{
    FilesWork *work = argument;
    work->is_good = put_body(work);
    reactor_post(work->run->loop->reactor, on_files, work);
}

bool files_wait(Run *run)
{
    Gateway *gateway = run->loop->gateway;
    Error err;
    if (!run->front || run->has_files || !gateway->ports.load_file || !names_file(run->body))
        return false;
    FilesWork *work = arena_new_one(run->arena, FilesWork);
    *work = (FilesWork){ .run = run,
                         .body = buf_new(run->arena, run->body.length + GATEWAY_FILES_MAX * 2),
                         .bytes_left = GATEWAY_FILES_MAX };
    run->is_loading = true;
    if (pool_add(gateway->pool, load, work))
        return true;
    run->is_loading = false;
    fail(&err, ERROR_BUSY, "too many requests are waiting; try again in a moment");
    run_fail(run, &err, 1000);
    return true;
}
