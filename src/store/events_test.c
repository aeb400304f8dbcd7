/* events_test.c - how changes are written down for other nodes. */
#include "store/events.h"

#include <criterion/criterion.h>

Test(events, every_kind_is_found_by_its_name)
{
    EventKind kind;
    for (EventKind i = 0; i < EVENT_KIND_COUNT; i++)
        cr_expect(event_named(str(event_name(i)), &kind) && kind == i);
    cr_expect(!event_named(S("none"), &kind));
}

Test(events, lines_are_read_as_they_were_written_and_others_passed_over)
{
    AUTO_ARENA Arena *arena = arena_new(KB(64));
    const EventLine lines[] = { { EVENT_job, S("w"), S("j"), S("{\"id\":\"j\"}") },
                                { EVENT_notices, S("w"), S(""), S("{\"id\":null}") } };
    Buf text = buf_new(arena, KB(4));
    EventLine line;
    buf_add(&text, S("\nnone w j {}\njob w\njob  j {}\n"));
    for (size_t i = 0; i < COUNT(lines); i++)
        event_line_add(&text, &lines[i]);
    Str rest = buf_str(&text);
    for (size_t i = 0; i < COUNT(lines); i++) {
        cr_assert(event_line_next(&rest, &line));
        cr_expect(line.kind == lines[i].kind && str_equal(line.workspace, lines[i].workspace) &&
                  str_equal(line.id, lines[i].id) && str_equal(line.data, lines[i].data));
    }
    cr_expect(!event_line_next(&rest, &line));
}
