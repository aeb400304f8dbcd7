/* run_prompts.c - prompts and replies for a workspace that logs them: copied at the end of a call
 * and written on the pool, so that no call waits for the database. When too many wait, some are not
 * logged. */
#include "gateway/gateway_int.h"
#include "gateway/guard.h"

#define TEXT_MAX KB(64)
#define WAITING_MAX 256

typedef struct PromptWork {
    const GatewayPorts *ports;
    Arena *arena;
    PromptRecord record;
} PromptWork;

static const GatewayPolicy *policy_of(const Run *run) { return &run->caller->config->policy; }

/* Sound and pictures are not logged, only what was asked. */
static bool has_words(const Run *run)
{
    return run->request.task != TASK_SPEECH && run->request.task != TASK_IMAGE;
}

void prompts_begin(Run *run)
{
    if (policy_of(run)->prompts != PROMPTS_OFF && !run->ask && has_words(run))
        answer_keep(run);
}

/* What a rule keeps from leaving does not stand in a log either. */
static Str text_of(const Run *run, Arena *arena, Str text)
{
    GuardNames names;
    size_t end = MIN(text.length, TEXT_MAX);
    while (end < text.length && end && ((unsigned char)text.at[end] & 0xC0) == 0x80)
        end--; /* no character is cut */
    guard_begin(&names, arena);
    return str_copy(arena, guard_mask(&names, policy_of(run)->masks, str_slice(text, 0, end)));
}

/* The texts of a call of our own, which has no body. */
static Str own_prompt(const Run *run, Arena *arena)
{
    Buf out = buf_new(arena, TEXT_MAX);
    for (size_t i = 0; i < run->request.message_count; i++)
        for (size_t j = 0; j < run->request.messages[i].count; j++) {
            buf_add(&out, run->request.messages[i].parts[j].text);
            buf_add_char(&out, '\n');
        }
    return buf_str(&out);
}

/* The texts of a form, whose files are none. */
static Str form_prompt(const Run *run, Arena *arena)
{
    Buf out = buf_new(arena, TEXT_MAX);
    const ModelRequest *request = &run->request;
    for (size_t i = 0; i < request->inputs.count; i++)
        buf_addf(&out, STR_FMT "\n", STR_ARG(request->inputs.at[i]));
    for (size_t i = 0; i < request->field_count; i++)
        if (!request->fields[i].file_name.length)
            buf_addf(&out, STR_FMT ": " STR_FMT "\n", STR_ARG(request->fields[i].name),
                     STR_ARG(request->fields[i].value));
    return buf_str(&out);
}

static Str own_reply(Run *run, Arena *arena)
{
    Buf out = buf_new(arena, TEXT_MAX);
    const ModelReply *reply = model_collected(&run->try->collector);
    for (size_t i = 0; i < reply->choices.count; i++)
        for (size_t j = 0; j < reply->choices.at[i].parts.count; j++)
            buf_add(&out, reply->choices.at[i].parts.at[j].text);
    return buf_str(&out);
}

static void write_prompt(void *argument)
{
    PromptWork *work = argument;
    Error ignored; /* there is nobody left to tell */
    (void)work->ports->write_prompt(work->ports->app, work->arena, &work->record, &ignored);
    arena_free(work->arena);
}

void prompts_end(Run *run)
{
    Gateway *gateway = run->loop->gateway;
    if (!run->caller || policy_of(run)->prompts == PROMPTS_OFF || !gateway->ports.write_prompt ||
        pool_waiting(gateway->pool) > WAITING_MAX)
        return;
    Arena *arena = arena_new(MB(16));
    PromptWork *work = arena_new_one(arena, PromptWork);
    const CallRecord *record = &run->record;
    Str prompt = run->ask                        ? own_prompt(run, arena)
                 : run->request.form_type.length ? form_prompt(run, arena)
                                                 : run->body;
    Str reply = run->ask          ? own_reply(run, arena)
                : !has_words(run) ? S("")
                : run->stream     ? buf_str(&run->kept)
                                  : buf_str(&run->response->body);
    *work = (PromptWork){ .ports = &gateway->ports,
                          .arena = arena,
                          .record = { .id = str_copy(arena, record->id),
                                      .workspace = str_copy(arena, record->workspace),
                                      .user = str_copy(arena, record->user),
                                      .key = str_copy(arena, record->key),
                                      .model = str_copy(arena, record->model),
                                      .feature = str_copy(arena, record->feature),
                                      .status = str_copy(arena, record->status),
                                      .prompt = text_of(run, arena, prompt),
                                      .reply = text_of(run, arena, reply),
                                      .is_hashed = policy_of(run)->prompts == PROMPTS_HASHED,
                                      .started_ms = record->started_ms } };
    if (!pool_add(gateway->pool, write_prompt, work))
        arena_free(arena);
}
