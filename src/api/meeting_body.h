/* meeting_body.h - a meeting as a client describes it. */
#pragma once

#include "base/json.h"
#include "store/meetings_store.h"

/* title, meeting_url, starts_at (start_time), ends_at (end_time; an hour later), description,
 * location, attendees (names, or {name, email}), time_zone. Without ids and without whose it is;
 * link_url is what was said. */
MUST_CHECK bool meeting_body_read(Arena *arena, const json_t *json, Meeting *meeting_r, Error *err);
