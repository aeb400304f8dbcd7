/* anthropic_read.h - the body of a message, as Anthropic's clients write it. */
#pragma once

#include "gateway/json_read.h"
#include "gateway/model.h"

MUST_CHECK bool anthropic_read(Arena *arena, Str body, ModelRequest *request, Error *err);
/* Looks for addresses that the service would open itself. */
MUST_CHECK bool anthropic_check_addresses(Str value, ModelRequest *request, Error *err);
