/* execution_follow.c - see execution_follow.h. */
#include "cli/execution_follow.h"

#include "base/clock.h"
#include "cli/output.h"

#define ASK_FIRST_MS 50
#define ASK_MAX_MS 1000
#define LABEL_MAX 400

typedef struct Following {
    CommandLine *line;
    Arena *arena;      /* of one look at it */
    VEC(int64_t) told; /* steps that were printed: frame and number */
    char waits[1000];  /* what it waited for when that was said last */
} Following;

/* --- Steps --- */

static const json_t *frame_numbered(const json_t *frames, int64_t number)
{
    size_t i;
    const json_t *frame;
    json_array_foreach(frames, i, frame)
    {
        if (output_int(frame, "frame") == number)
            return frame;
    }
    return NULL;
}

/* "both[1]." in front of what the second branch of the step `both` walks. */
static void add_place(Buf *label, const json_t *frames, int64_t number)
{
    const json_t *frame = frame_numbered(frames, number);
    if (!frame)
        return; /* the workflow's own sequence */
    add_place(label, frames, output_int(frame, "parent"));
    buf_addf(label, STR_FMT "[%" PRId64 "].", STR_ARG(json_member_text(frame, "step")),
             output_int(frame, "place"));
}

static void print_step(Following *following, const json_t *step, const json_t *frames)
{
    Buf label = buf_new(following->arena, LABEL_MAX);
    Str message = json_member_text(json_object_get(step, "error"), "message");
    add_place(&label, frames, output_int(step, "frame"));
    buf_add(&label, json_member_text(step, "step"));
    printf("%-8s %-24s %-14s %8.2f s", output_member(step, "state"),
           str_c(following->arena, buf_str(&label)), output_member(step, "type"),
           (double)output_int(step, "duration_ms") / 1000);
    if (message.length) {
        printf("  ");
        output_text(message);
    }
    putchar('\n');
}

static bool is_told(Following *following, int64_t key)
{
    for (size_t i = 0; i < following->told.count; i++)
        if (following->told.at[i] == key)
            return true;
    *vec_push(following->line->arena, &following->told) = key;
    return false;
}

static void print_steps(Following *following, const json_t *execution)
{
    size_t i;
    const json_t *step;
    json_array_foreach(json_object_get(execution, "steps"), i, step)
    {
        int64_t key = output_int(step, "frame") << 32 | output_int(step, "number");
        if (json_is_string(json_object_get(step, "finished_at")) && !is_told(following, key))
            print_step(following, step, json_object_get(execution, "frames"));
    }
    fflush(stdout);
}

/* --- What it waits for --- */

static void add_wait(Buf *out, const json_t *wait)
{
    Str event = json_member_text(wait, "event"), until = json_member_text(wait, "until");
    Str kind = json_member_text(wait, "for");
    buf_addf(out, "%s" STR_FMT " waits for " STR_FMT, out->length ? ", " : "",
             STR_ARG(json_member_text(wait, "step")), STR_ARG(kind));
    if (str_is(kind, "event"))
        buf_addf(out, " '" STR_FMT "'", STR_ARG(event));
    if (until.length)
        buf_addf(out, " until " STR_FMT, STR_ARG(until));
}

/* Branches and items are waited for as long as they walk: that is seen by their steps. */
static void note_waits(Following *following, const json_t *execution)
{
    Buf out = buf_new(following->arena, sizeof following->waits - 1);
    size_t i;
    const json_t *wait;
    if (str_is(json_member_text(execution, "state"), "paused"))
        buf_add(&out, S("it is paused"));
    json_array_foreach(json_object_get(execution, "waits"), i, wait)
    {
        if (!str_is(json_member_text(wait, "for"), "children"))
            add_wait(&out, wait);
    }
    if (out.length && !str_is(buf_str(&out), following->waits))
        output_note(buf_str(&out));
    snprintf(following->waits, sizeof following->waits, STR_FMT, STR_ARG(buf_str(&out)));
}

/* --- Its end --- */

static bool end(const CommandLine *line, const json_t *execution, Error *err)
{
    const json_t *output = json_object_get(execution, "output"),
                 *error = json_object_get(execution, "error");
    Str step = json_member_text(error, "step");
    bool is_json = output_json(line, execution);
    if (json_is_object(error))
        return fail(err, error_code(json_string_value(json_object_get(error, "code"))),
                    "%s" STR_FMT "%s" STR_FMT, step.length ? "step '" : "", STR_ARG(step),
                    step.length ? "': " : "", STR_ARG(json_member_text(error, "message")));
    if (is_json || json_is_null(output))
        return true;
    if (json_is_string(output))
        output_text(json_member_text(execution, "output"));
    else
        json_dumpf(output, stdout, JSON_INDENT(2) | JSON_ENCODE_ANY);
    putchar('\n');
    return true;
}

static bool look(Following *following, Client *client, const char *path, bool *is_over_r,
                 Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(MB(16));
    AUTO_JSON json_t *execution = NULL;
    const bool tells = !following->line->json && !following->line->quiet;
    if (!client_call(client, "GET", path, S(""), &execution, err))
        return false;
    following->arena = arena;
    *is_over_r = json_is_string(json_object_get(execution, "finished_at"));
    if (tells)
        print_steps(following, execution);
    if (tells && !*is_over_r)
        note_waits(following, execution);
    return !*is_over_r || end(following->line, execution, err);
}

bool execution_follow(CommandLine *line, Client *client, Str id, Error *err)
{
    Following following = { .line = line };
    const char *path = output_id_path(line->arena, "/v1/workflow-executions", id, "");
    int64_t pause_ms = ASK_FIRST_MS;
    bool is_over = false;
    while (look(&following, client, path, &is_over, err)) {
        if (is_over)
            return true;
        sleep_ms(pause_ms);
        pause_ms = MIN(pause_ms * 2, ASK_MAX_MS);
    }
    return false;
}
