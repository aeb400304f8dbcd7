#include "models/prompt_bench.h"

#include "base/clock.h"

#define OUTPUT_TOKENS 1000
#define REQUEST_MAX MB(2)

bool prompt_parse(Arena *arena, Str body, Prompt *prompt_r, Error *err)
{
    AUTO_JSON json_t *json = NULL;
    *prompt_r = (Prompt){ .temperature = -1 };
    return json_parse(body, PROMPT_BODY_MAX, &json, err) && prompt_read(arena, json, prompt_r, err);
}

static bool ask(Models *models, const Scope *scope, Arena *arena, const Prompt *prompt,
                const json_t *row, ChatResult *result_r, Error *err)
{
    Str system, text;
    if (!prompt_fill(arena, prompt->system, row, &system, err) ||
        !prompt_fill(arena, prompt->template, row, &text, err))
        return false;
    ChatMessage both[] = { { .role = S("system"), .text = system },
                           { .role = S("user"), .text = text } };
    bool has_system = system.length > 0;
    ChatRequest chat = { .messages = both + !has_system,
                         .count = has_system ? 2 : 1,
                         .model = prompt->model,
                         .feature = S("prompt"),
                         .output_max = OUTPUT_TOKENS,
                         .temperature = prompt->temperature >= 0 ? prompt->temperature : 0.2 };
    return models_chat(models, scope, arena, &chat, result_r, err);
}

bool prompt_bench_row(Models *models, const Scope *scope, Arena *arena, const Prompt *prompt,
                      const json_t *row, JsonWriter *json, Error *err)
{
    Str expected = json_member_text(row, "expected");
    ChatResult result = { 0 };
    int64_t start = monotonic_us();
    bool good = ask(models, scope, arena, prompt, row, &result, err);
    put_text(json, "text", result.text);
    put_text_or_null(json, "model", result.model);
    put_int(json, "input_tokens", result.input_tokens);
    put_int(json, "output_tokens", result.output_tokens);
    put_number(json, "took_ms", (double)(monotonic_us() - start) / 1000);
    if (expected.length)
        put_bool(json, "matches", str_find_ignore_case(result.text, expected) >= 0);
    return good;
}

/* --- The run --- */

static Str request_json(Arena *arena, const PromptOrder *order)
{
    Buf out = buf_new(arena, REQUEST_MAX);
    JsonWriter json = put_begin(&out);
    put_text(&json, "prompt", order->recipe->id);
    put_raw(&json, "rows", json_print(arena, order->rows));
    put_array(&json, "versions");
    for (size_t i = 0; i < order->version_count; i++)
        put_int(&json, NULL, order->versions[i]);
    put_end(&json);
    put_end(&json);
    return out.overflowed ? STR_NONE : buf_str(&out);
}

bool prompt_run_start(DbTx *tx, const Scope *scope, Arena *arena, const PromptOrder *order,
                      Run *run_r, Error *err)
{
    const NewJob job = { .type = S("prompt_run"), .title = order->recipe->name };
    *run_r = (Run){ .kind = S(PROMPT_RUN),
                    .subject = order->recipe->id,
                    .request = request_json(arena, order) };
    if (!run_r->request.length)
        return fail(err, ERROR_TOO_LARGE, "the rows are more than %zu MiB", REQUEST_MAX / MB(1));
    return run_start(tx, scope, arena, run_r, NULL,
                     json_array_size(order->rows) * order->version_count, &job, err);
}

typedef struct PromptRun {
    Job *job;
    const json_t *rows, *versions;
    Str prompt;
    Prompt sides[PROMPT_SIDES_MAX];
    size_t side_count;
} PromptRun;

static bool sides_work(DbTx *tx, void *argument, Error *err)
{
    PromptRun *in = argument;
    Arena *arena = in->job->arena;
    for (in->side_count = 0; in->side_count < json_array_size(in->versions); in->side_count++) {
        int64_t number = json_integer_value(json_array_get(in->versions, in->side_count));
        RecipeVersion version;
        if (!recipe_version_find(tx, &in->job->scope, arena, in->prompt, number, &version, err) ||
            !prompt_parse(arena, version.body, &in->sides[in->side_count], err))
            return false;
    }
    return true;
}

static bool run_one(void *self, const Scope *scope, Arena *arena, RunItem *item, Error *err)
{
    const PromptRun *in = self;
    Buf out = buf_new(arena, RUN_RESULT_MAX);
    JsonWriter json = put_begin(&out);
    size_t number = (size_t)item->number;
    if (!prompt_bench_row(in->job->argument, scope, arena, &in->sides[number % in->side_count],
                          json_array_get(in->rows, number / in->side_count), &json, err))
        return false;
    put_end(&json);
    item->result = buf_str(&out);
    return !out.overflowed || fail(err, ERROR_TOO_LARGE, "the reply is too long to be kept");
}

bool prompt_run_job(Job *job, Error *err)
{
    AUTO_JSON json_t *request = NULL;
    PromptRun in = { .job = job };
    const RunWork work = { "asking", run_one, NULL, &in };
    bool is_gone;
    Run run;
    if (!run_of_job(job, &run, &is_gone, err) || is_gone)
        return is_gone;
    if (!json_parse(run.request, REQUEST_MAX, &request, err))
        return false;
    in.prompt = json_member_text(request, "prompt");
    in.rows = json_object_get(request, "rows");
    in.versions = json_object_get(request, "versions");
    return store_read(job->db, &job->scope, sides_work, &in, err) &&
           run_work(job, &run, &work, err);
}
