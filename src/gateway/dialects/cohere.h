/* cohere.h - what the two files of Cohere's dialect share. */
#pragma once

#include "gateway/dialect_json.h"

MUST_CHECK bool cohere_read_frame(WireReader *reader, Str event, Str data, Error *err);
MUST_CHECK bool cohere_read_whole(WireReader *reader, Str body, Error *err);
void cohere_read_error(Arena *arena, Str body, WireError *error_r);
MUST_CHECK bool cohere_read_models(Arena *arena, Str body, StrList *names_r, Error *err);
