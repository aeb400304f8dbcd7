/* fuzz_openai_stream.c - a service's stream, whole and torn in two anywhere, means the same. */
#include "gateway/dialect.h"

typedef struct Heard {
    Buf text;
    bool is_good;
    FinishReason finish;
    ModelUsage usage;
} Heard;

static bool hear(void *self, const ModelEvent *event, Error *err)
{
    (void)err;
    buf_add(&((Heard *)self)->text, event->text);
    return true;
}

static Heard read_answer(Arena *arena, Arena *scratch, Str bytes, size_t cut)
{
    Heard heard = { .text = buf_new(arena, MB(4)) };
    WireReader reader = { .dialect = &dialect_openai,
                          .arena = arena,
                          .scratch = scratch,
                          .is_stream = true,
                          .event = hear,
                          .self = &heard };
    Error err;
    wire_reader_begin(&reader, MB(8));
    heard.is_good = wire_reader_feed(&reader, str_slice(bytes, 0, cut), &err) &&
                    wire_reader_feed(&reader, str_from(bytes, cut), &err) &&
                    wire_reader_finish(&reader, &err);
    heard.finish = reader.finish;
    heard.usage = reader.usage;
    wire_reader_end(&reader);
    return heard;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    AUTO_ARENA Arena *scratch = arena_new(MB(64));
    Str bytes = { (const char *)data + 1, size - 1 };
    Heard whole = read_answer(arena, scratch, bytes, 0);
    Heard torn = read_answer(arena, scratch, bytes, data[0] * (size - 1) / 256);
    if (whole.is_good != torn.is_good ||
        (whole.is_good && (!str_equal(buf_str(&whole.text), buf_str(&torn.text)) ||
                           whole.finish != torn.finish || whole.usage.output != torn.usage.output)))
        __builtin_trap();
    WireError said;
    StrList names;
    Error err;
    dialect_openai.read_error(arena, bytes, &said);
    (void)!dialect_openai.read_models(arena, bytes, &names, &err);
    return 0;
}
