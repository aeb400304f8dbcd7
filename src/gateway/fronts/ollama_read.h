/* ollama_read.h - bodies as Ollama's clients write them. */
#pragma once

#include "gateway/json_read.h"
#include "gateway/model.h"

MUST_CHECK bool ollama_read_chat(Arena *arena, Str body, ModelRequest *request, Error *err);
MUST_CHECK bool ollama_read_generate(Arena *arena, Str body, ModelRequest *request, Error *err);
