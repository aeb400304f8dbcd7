/* openai.h - what the two files of OpenAI's dialect share. */
#pragma once

#include "gateway/dialect_json.h"

MUST_CHECK bool openai_write(Arena *arena, const ModelRequest *request, const DialectTarget *target,
                             WireRequest *wire, Error *err);
