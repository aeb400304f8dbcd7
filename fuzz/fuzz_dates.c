/* fuzz_dates.c - any text: what is found lies in it in order, and a printed range is not backwards.
 */
#include "text/date.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void need(bool good)
{
    if (!good)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const Str languages[] = { S_INIT("en"), S_INIT("de"), S_INIT("fr"), S_INIT("es") };
    if (size < 3)
        return 0;
    AUTO_ARENA Arena *arena = arena_new(MB(256));
    DateReference reference = { .now = (int64_t)data[0] * 8640000 + data[1] * 3607,
                                .language = languages[data[2] % COUNT(languages)],
                                .prefers_past = data[2] & 4,
                                .is_day_first = data[2] & 8 };
    Str text = { (const char *)data + 3, MIN(size - 3, KB(16)) };
    DateFound *found;
    size_t count = date_find(arena, text, &reference, &found), last = 0;
    for (size_t i = 0; i < count; i++) {
        const DateFound *f = &found[i];
        need(f->start >= last && f->end > f->start && f->end <= text.length && f->iso.length > 0);
        need(f->is_ambiguous == (f->other_iso.length > 0));
        const DateMoment *from = &f->value.start, *to = &f->value.end;
        need(f->kind != DATE_RANGE || !from->has_day || !to->has_day ||
             from->seconds <= to->seconds);
        last = f->end;
    }
    return 0;
}
