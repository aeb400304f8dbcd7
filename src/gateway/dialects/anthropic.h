/* anthropic.h - what the two files of Anthropic's dialect share. */
#pragma once

#include "gateway/dialect_json.h"

MUST_CHECK bool anthropic_read_frame(WireReader *reader, Str event, Str data, Error *err);
MUST_CHECK bool anthropic_read_whole(WireReader *reader, Str body, Error *err);
void anthropic_read_error(Arena *arena, Str body, WireError *error_r);
MUST_CHECK bool anthropic_read_models(Arena *arena, Str body, StrList *names_r, Error *err);
