/* fuzz_service_stream.c - a service's answer in any dialect, whole and torn in two anywhere, means
 * the same. The first byte chooses the dialect, the second the task, the third where it is torn. */
#include "gateway/dialect.h"

static const Dialect *const dialects[] = {
#define DIALECT(name) &dialect_##name,
#include "gateway/dialects.def"
#undef DIALECT
};

/* What a task's answer is made of. */
static const struct {
    ModelTask task;
    bool is_stream;
} kinds[] = { { TASK_CHAT, true },       { TASK_CHAT, false },   { TASK_COMPLETION, true },
              { TASK_EMBEDDING, false }, { TASK_RERANK, false }, { TASK_TRANSCRIPTION, false } };

typedef struct Choice {
    const Dialect *dialect;
    ModelTask task;
    bool is_stream;
} Choice;

typedef struct Heard {
    Buf text;
    ModelCollector collector;
    bool is_good;
    FinishReason finish;
    ModelUsage usage;
} Heard;

static bool hear(void *self, const ModelEvent *event, Error *err)
{
    Heard *heard = self;
    buf_addf(&heard->text, "%d.%d.%d:", event->kind, event->choice, event->index);
    buf_add(&heard->text, event->text);
    return model_collect(&heard->collector, event, err);
}

static Heard read_answer(Arena *arena, Arena *scratch, const Choice *choice, Str bytes, size_t cut)
{
    Heard heard = { .text = buf_new(arena, MB(4)) };
    WireReader reader = { .dialect = choice->dialect,
                          .arena = arena,
                          .scratch = scratch,
                          .task = choice->task,
                          .is_stream = choice->is_stream,
                          .event = hear,
                          .self = &heard };
    Error err = { 0 };
    model_collect_begin(&heard.collector, arena, MB(4));
    wire_reader_begin(&reader, MB(8));
    heard.is_good = wire_reader_feed(&reader, str_slice(bytes, 0, cut), &err) &&
                    wire_reader_feed(&reader, str_from(bytes, cut), &err) &&
                    wire_reader_finish(&reader, &err);
    if (!heard.is_good && (err.code == ERROR_NONE || !err.message[0]))
        __builtin_trap(); /* a failure says why */
    heard.finish = reader.finish;
    heard.usage = reader.usage;
    wire_reader_end(&reader);
    (void)model_collected(&heard.collector);
    return heard;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 4)
        return 0;
    AUTO_ARENA Arena *arena = arena_new(MB(256));
    AUTO_ARENA Arena *scratch = arena_new(MB(64));
    Choice choice = { dialects[data[0] % COUNT(dialects)], kinds[data[1] % COUNT(kinds)].task,
                      kinds[data[1] % COUNT(kinds)].is_stream };
    Str bytes = { (const char *)data + 3, size - 3 };
    Heard whole = read_answer(arena, scratch, &choice, bytes, 0);
    Heard torn = read_answer(arena, scratch, &choice, bytes, data[2] * bytes.length / 256);
    if (whole.is_good != torn.is_good ||
        (whole.is_good && (!str_equal(buf_str(&whole.text), buf_str(&torn.text)) ||
                           whole.finish != torn.finish || whole.usage.output != torn.usage.output)))
        __builtin_trap();
    WireError said;
    StrList names;
    Error err;
    choice.dialect->read_error(arena, bytes, &said);
    (void)!choice.dialect->read_models(arena, bytes, &names, &err);
    return 0;
}
