/* links.h - the address at which a meeting takes place, found in what its event says.
 *
 * Google Meet, Zoom (with its password), Teams (old and new), Webex and Jitsi (hosts of one's own
 * too). Addresses that mail programs wrapped into their own are unwrapped. Pure; any thread. */
#pragma once

#include "base/json.h"

typedef enum LinkKind {
#define LINK_KIND(name, title, hosts) LINK_##name,
#include "meetings/link_kinds.def"
#undef LINK_KIND
    LINK_KIND_COUNT
} LinkKind;

const char *link_kind_name(LinkKind kind);

typedef struct MeetingLink {
    LinkKind kind;
    Str id;       /* the same for every way of writing the link: "abc-defg-hij", "123456789" */
    Str url;      /* without what only follows people */
    Str password; /* empty: none is needed, or none is said */
} MeetingLink;

/* The first in these texts, in their order. `jitsi_hosts`: of one's own, besides those known. */
bool link_find(Arena *arena, const Str *texts, size_t count, StrList jitsi_hosts,
               MeetingLink *link_r);
