/* fuzz_ics.c - any bytes are read as a calendar or refused; its meetings lie in the window. */
#include "meetings/ics.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO_ARENA Arena *arena = arena_new(MB(256));
    const IcsWindow window = { .from_ms = INT64_C(1805673600000),
                               .until_ms = INT64_C(1806883200000),
                               .address = S_INIT("ann@example.org") };
    IcsMeetings list;
    Error err;
    if (!ics_read(arena, (Str){ (const char *)data, MIN(size, KB(64)) }, &window, &list, &err))
        return 0;
    for (size_t i = 0; i < list.count; i++)
        if (!list.at[i].uid.length || list.at[i].starts_at_ms >= window.until_ms ||
            list.at[i].ends_at_ms < list.at[i].starts_at_ms)
            abort();
    return 0;
}
