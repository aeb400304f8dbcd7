/* fuzz_wordpiece.c - a vocabulary and a text, split at the first 0xFF, through the tokenizer. */
#include "text/wordpiece.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count)
{
    static const char fixed[] = "[UNK]\n[CLS]\n[SEP]\nthe\n##s\na\n##b\n,\n";
    Str text = { (const char *)bytes, count }, vocab;
    WordPiece *tokenizer = NULL;
    Error err;
    str_next(&text, (char)0xFF, &vocab);
    if (!wordpiece_new(vocab, false, &tokenizer, &err) &&
        !wordpiece_new(S(fixed), false, &tokenizer, &err))
        abort();
    WordPieceToken tokens[64];
    size_t made = wordpiece_encode(tokenizer, text, tokens, COUNT(tokens));
    if (made < 2 || made > COUNT(tokens))
        abort();
    for (size_t i = 1, last = 0; i + 1 < made; i++) {
        if (tokens[i].start >= tokens[i].end || tokens[i].end > text.length ||
            tokens[i].start < last || tokens[i].id >= wordpiece_size(tokenizer))
            abort();
        last = tokens[i].start;
    }
    size_t whole = wordpiece_count(tokenizer, text) + 2;
    if (made < COUNT(tokens) && made != whole)
        abort();
    wordpiece_free(tokenizer);
    return 0;
}
