/* openai.h - the parts of OpenAI's dialect. Not for other folders. */
#pragma once

#include "gateway/dialect_json.h"

MUST_CHECK bool openai_write(Arena *arena, const ModelRequest *request, const DialectTarget *target,
                             WireRequest *wire, Error *err);

/* openai_media.c: what is answered to recordings, texts to be spoken, and wishes for pictures. */
MUST_CHECK bool openai_read_words(WireReader *reader, Str body, Error *err);
MUST_CHECK bool openai_read_plain_words(WireReader *reader, Str body, Error *err);
MUST_CHECK bool openai_read_pictures(WireReader *reader, Str body, Error *err);
MUST_CHECK bool openai_read_media_frame(WireReader *reader, Str data, Error *err);

/* openai.c */
void openai_read_usage(WireReader *reader, Str object);
