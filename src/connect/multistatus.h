/* multistatus.h - what a WebDAV server says of a folder (RFC 4918, section 14.16). Pure. */
#pragma once

#include "base/json.h"

#define MULTISTATUS_MAX 50000 /* members that are read */

typedef struct DavMember {
    Str href; /* as written: an address or its path, escaped */
    Str etag, modified;
    int64_t size;
    bool is_folder;
} DavMember;

typedef struct DavMembers {
    VEC(DavMember) all;
} DavMembers;

/* False when it is no multistatus. */
bool multistatus_read(Arena *arena, Str xml, DavMembers *members_r);
