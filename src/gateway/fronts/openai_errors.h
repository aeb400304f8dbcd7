/* openai_errors.h - failures as OpenAI's clients know them, on all of its fronts. */
#pragma once

#include "gateway/front.h"

void openai_write_error(Buf *out, const Error *err, int status);
void openai_write_stream_error(FrontWriter *writer, const Error *err);
