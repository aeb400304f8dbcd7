/* fuzz_dav.c - any body is read as a CalDAV request or refused; its filter is judged on a task. */
#include "tasks/dav.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const Str task =
        S_INIT("BEGIN:VCALENDAR\r\nBEGIN:VTODO\r\nCREATED:20270101T080000Z\r\nSUMMARY:lo\r\n ng\r\n"
               "DTSTART:20270201T080000Z\r\nDUE;VALUE=DATE:20270301\r\nEND:VTODO\r\n");
    AUTO_ARENA Arena *arena = arena_new(MB(256));
    DavRequest request;
    Error err;
    if (!dav_read(arena, (Str){ (const char *)data, size }, &request, &err))
        return 0;
    if (request.names.count > DAV_NAMES_MAX || request.hrefs.count > DAV_HREFS_MAX ||
        request.filter.conditions.count > DAV_CONDITIONS_MAX)
        abort();
    dav_wants(arena, &request.filter, task);
    return 0;
}
