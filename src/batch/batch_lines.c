/* batch_lines.c - the input of a batch: one JSON object on each line, looked at before any is
 * asked.
 *
 *     {"custom_id": "1", "method": "POST", "url": "/v1/chat/completions", "body": {...}} */
#include "base/json_walk.h"
#include "base/map.h"
#include "base/utf8.h"
#include "batch/batch_int.h"

#define PROBLEMS_MAX 100 /* more are not told */
#define CUSTOM_ID_MAX 512

bool batch_next_line(BatchReader *reader, Str *line_r)
{
    while (str_next(&reader->rest, '\n', line_r)) {
        reader->line++;
        *line_r = str_trim(*line_r);
        if (line_r->length)
            return true;
    }
    return false;
}

bool batch_read_line(Arena *arena, Str line, BatchRequest *request_r)
{
    request_r->body = json_walk_member(line, "body");
    return json_unquote(arena, json_walk_member(line, "custom_id"), &request_r->custom_id);
}

Str batch_problem(Arena *arena, const char *code, Str message, int64_t line)
{
    Buf out = buf_new(arena, KB(8));
    JsonWriter json = put_begin(&out);
    put_text(&json, "code", str(code));
    if (line)
        put_int(&json, "line", line);
    else
        put_null(&json, "line");
    put_text(&json, "message", message);
    put_null(&json, "param");
    put_end(&json);
    return buf_str(&out);
}

typedef struct Checking {
    Arena *arena, *scratch;
    Str endpoint;
    Map ids;
    Buf problems;
    int problem_count;
    bool has_models; /* several */
    BatchCheck found;
} Checking;

static void note(Checking *check, int64_t line, const char *code, const char *message)
{
    if (check->problem_count++ >= PROBLEMS_MAX)
        return;
    if (check->problems.length)
        buf_add_char(&check->problems, ',');
    buf_add(&check->problems, batch_problem(check->arena, code, str(message), line));
}

static void note_model(Checking *check, Str body)
{
    Str model = json_text_of(check->scratch, json_walk_member(body, "model"));
    if (check->has_models || str_equal(model, check->found.model))
        return;
    check->has_models = check->found.model.length > 0;
    check->found.model = check->has_models ? S("") : str_copy(check->arena, model);
}

static bool is_text(Checking *check, Str object, const char *name, Str wanted)
{
    return str_equal(json_text_of(check->scratch, json_walk_member(object, name)), wanted);
}

static void check_id(Checking *check, int64_t number, Str line)
{
    Str id = json_text_of(check->scratch, json_walk_member(line, "custom_id"));
    if (!id.length || id.length > CUSTOM_ID_MAX)
        note(check, number, "invalid_custom_id", "custom_id is a text of 1 to 512 bytes");
    else if (map_find(&check->ids, id))
        note(check, number, "duplicate_custom_id",
             "another line has this custom_id; each has one of its own");
    else
        (void)map_add(&check->ids, str_copy(check->arena, id), NULL);
}

static void check_line(Checking *check, int64_t number, Str line)
{
    arena_reset(check->scratch);
    if (line.length > BATCH_LINE_BYTES_MAX) {
        note(check, number, "line_too_long", "a line has at most 16 MiB");
        return;
    }
    if (line.at[0] != '{' || !json_walk_is_valid(line) || !utf8_is_valid(line)) {
        note(check, number, "invalid_json_line", "this line is not a JSON object in UTF-8");
        return;
    }
    Str body = json_walk_member(line, "body");
    check_id(check, number, line);
    if (!is_text(check, line, "method", S("POST")))
        note(check, number, "invalid_method", "method is POST");
    if (!is_text(check, line, "url", check->endpoint))
        note(check, number, "mismatched_endpoint", "url is not the batch's endpoint");
    if (!body.length || body.at[0] != '{')
        note(check, number, "missing_body", "body is the object that is posted");
    else
        note_model(check, body);
}

void batch_check(Arena *arena, Str input, Str endpoint, BatchCheck *check_r)
{
    AUTO_ARENA Arena *scratch = arena_new(MB(64));
    Checking check = { .arena = arena,
                       .scratch = scratch,
                       .endpoint = endpoint,
                       .ids = map_new(arena),
                       .problems = buf_new(arena, MB(1)) };
    BatchReader reader = { .rest = input };
    for (Str line; check.found.total <= BATCH_LINES_MAX && batch_next_line(&reader, &line);) {
        check.found.total++;
        check_line(&check, reader.line, line);
    }
    if (!check.found.total)
        note(&check, 0, "empty_file", "the file has no line");
    if (check.found.total > BATCH_LINES_MAX)
        note(&check, 0, "too_many_lines", "a batch has at most 100,000 lines");
    check.found.problems = buf_str(&check.problems);
    *check_r = check.found;
}
