/* responses_read.h - the body of a response, as OpenAI's clients write it. */
#pragma once

#include "gateway/json_read.h"
#include "gateway/model.h"

/* In front of the encrypted_content of a thought that has no words; no signature has a colon. */
#define REDACTED_MARK "redacted:"

MUST_CHECK bool responses_read(Arena *arena, Str body, ModelRequest *request, Error *err);
/* Looks for addresses that the service would open itself. */
MUST_CHECK bool responses_check_addresses(Arena *arena, Str value, ModelRequest *request,
                                          Error *err);
