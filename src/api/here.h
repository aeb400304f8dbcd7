/* here.h - calls of models that this server answers itself: chat from the library, vectors by its
 * own encoder, rankings by its own cross-encoder.
 *
 * Threads: any; an answer runs on the caller's thread and may block. */
#pragma once

#include "answer/answer.h"
#include "api/api.h"
#include "models/models.h"

#define HERE_MODEL "lectern"      /* the best there is, for every task of these */
#define HERE_QUOTING "extractive" /* chat of quoted sentences, never by a service */

/* GatewayPorts.answer_here; `api` is an Api. */
bool api_answer_here(void *api, HereCall *call, Error *err);
/* As fronts/citations.h of the gateway describes it; `index`: how many there were before. */
Str api_citation(Arena *arena, const Citation *citation, int index);
/* GatewayPorts.version_here: changes with the workspace's documents and with the encoder. */
uint64_t api_version_here(void *api, Str workspace);
/* ModelsOptions.models_here. */
HereModels api_models_here(void *api, Arena *arena);
