/* fuzz_openai_stream.c - answers of model services: any bytes in any pieces are read or refused,
 * and pieces make no difference. The first byte chooses their size. */
#include "gateway/dialect.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool read_all(ChatReader *reader, Arena *arena, Str bytes, size_t piece)
{
    Error err;
    bool good = true;
    chat_reader_begin(reader, &dialect_openai, arena);
    for (size_t at = 0; at < bytes.length && good; at += piece)
        good = chat_reader_feed(reader, str_slice(bytes, at, at + piece), &err);
    good = good && chat_reader_finish(reader, &err);
    chat_reader_end(reader);
    return good;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    ChatReader whole = { 0 }, torn = { 0 };
    StrList names;
    Error err;
    if (size < 1)
        return 0;
    Str bytes = { (const char *)data + 1, MIN(size - 1, KB(64)) };
    bool good = read_all(&whole, arena, bytes, bytes.length + 1);
    if (read_all(&torn, arena, bytes, (size_t)data[0] % 7 + 1) != good)
        abort();
    if (good &&
        (!str_equal(buf_str(&whole.text), buf_str(&torn.text)) ||
         !str_equal(whole.finish, torn.finish) || whole.output_tokens != torn.output_tokens))
        abort();
    (void)!dialect_openai.read_models(arena, bytes, &names, &err);
    (void)dialect_openai.read_error(arena, bytes);
    return 0;
}
