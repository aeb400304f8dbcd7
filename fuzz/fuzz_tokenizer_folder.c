/* fuzz_tokenizer_folder.c - the files that a folder may have its tokenizer in. The first byte says
 * which, the rest is what is in it; where it takes two, they are split at the first 0xFF. */
#include <unistd.h>

#include "base/file.h"
#include "text/tokenizer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct {
    const char *first, *second;
} sources[] = { { "tokenizer.json", NULL },
                { "vocab.json", "merges.txt" },
                { "vocab.txt", "tokenizer_config.json" },
                { "sentencepiece.bpe.model", NULL },
                { "spiece.model", NULL } };

static const char *folder(void)
{
    static char path[] = "/dev/shm/lectern-fuzz-XXXXXX";
    static bool is_made;
    if (!is_made && !mkdtemp(path))
        abort();
    is_made = true;
    return path;
}

/* Without the care of file_write(), which would take most of the time. */
static void put(Arena *arena, const char *name, Str bytes)
{
    FILE *file = fopen(path_join(arena, str(folder()), str(name)), "wb");
    if (!file || fwrite(bytes.at ? bytes.at : "", 1, bytes.length, file) != bytes.length)
        abort();
    fclose(file);
}

static void try_texts(const Tokenizer *tokenizer)
{
    static const Str texts[] = { S_INIT(""), S_INIT("the pump's 12  <s> \xE6\xB0\xB4 \xC3\xA9\n"),
                                 S_INIT("aaaaaaaaaaaaaaaa\xF0\x9F\x98\x80\xFF") };
    uint32_t ids[64];
    for (size_t i = 0; i < COUNT(texts); i++) {
        size_t count = tokenizer_encode(tokenizer, texts[i], ids, COUNT(ids));
        for (size_t k = 0; k < count; k++)
            if (ids[k] >= tokenizer_size(tokenizer))
                abort();
        if (tokenizer_count(tokenizer, texts[i]) + tokenizer_around(tokenizer) < count)
            abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO_ARENA Arena *arena = arena_new(KB(64));
    Tokenizer *tokenizer = NULL;
    Error err;
    if (!size)
        return 0;
    const char *first = sources[data[0] % COUNT(sources)].first;
    const char *second = sources[data[0] % COUNT(sources)].second;
    Str bytes = { (const char *)data + 1, size - 1 };
    ptrdiff_t cut = second ? str_find_char(bytes, '\xFF') : -1;
    put(arena, first, str_slice(bytes, 0, cut < 0 ? bytes.length : (size_t)cut));
    if (second)
        put(arena, second, cut < 0 ? STR_NONE : str_from(bytes, (size_t)cut + 1));
    if (tokenizer_open(folder(), &tokenizer, &err))
        try_texts(tokenizer);
    tokenizer_free(tokenizer);
    unlink(path_join(arena, str(folder()), str(first)));
    if (second)
        unlink(path_join(arena, str(folder()), str(second)));
    return 0;
}
