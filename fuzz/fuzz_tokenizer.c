/* fuzz_tokenizer.c - a charsmap and a text, split at the first 0xFF, through Unigram. */
#include "text/unigram.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const UnigramPiece pieces[] = { { S_INIT("<unk>"), 0 },
                                           { S_INIT("\xE2\x96\x81"), -2 },
                                           { S_INIT("the"), -3 },
                                           { S_INIT("e"), -1 } };
    static const SpecialToken specials[] = { { S_INIT("<s>"), 0, true, true } };
    Str all = { (const char *)data, size };
    ptrdiff_t cut = str_find_char(all, '\xFF');
    Str bytes = cut < 0 ? S("") : str_slice(all, 0, (size_t)cut);
    Str text = cut < 0 ? all : str_from(all, (size_t)cut + 1);
    UnigramOptions options = { .pieces = pieces,
                               .piece_count = COUNT(pieces),
                               .specials = specials,
                               .special_count = COUNT(specials),
                               .splits_words = size & 1,
                               .joins = size & 2,
                               .strips = size & 4 };
    Unigram *unigram = NULL;
    Error err;
    (void)charsmap_new(bytes, &options.charsmap, &err);
    if (!unigram_new(&options, &unigram, &err))
        abort();
    uint32_t ids[64];
    size_t count = unigram_encode(unigram, text, ids, COUNT(ids));
    size_t whole = unigram_encode(unigram, text, NULL, SIZE_MAX);
    if (count != MIN(whole, COUNT(ids)))
        abort();
    for (size_t i = 0; i < count; i++)
        if (ids[i] >= unigram_size(unigram))
            abort();
    unigram_free(unigram);
    return 0;
}
