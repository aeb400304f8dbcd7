/* fuzz_json_mend.c - a reply of a model: what is found in it is JSON, and valid JSON stays as it
 * is. */
#include "base/json_mend.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    Str text = { (const char *)data, MIN(size, KB(4)) };
    JsonMended mended = { 0 };
    Error err = { 0 };
    json_t *strict = json_loadb(text.at ? text.at : "", text.length, JSON_REJECT_DUPLICATES, NULL);
    bool found = json_mend(text, KB(4), &mended, &err);
    if (strict && (!found || mended.is_mended || !json_equal(strict, mended.json)))
        abort();
    if (found) {
        json_t *again = NULL;
        if (!json_parse(json_print(arena, mended.json), MB(1), &again, &err))
            abort();
        json_decref(again);
    }
    json_decref(strict);
    json_decref(mended.json);
    return 0;
}
