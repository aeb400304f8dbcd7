/* assist_int.h - for the files of this folder only. */
#pragma once

#include "assist/assist.h"

/* assist_suggest.c: by rules, best first. */
void assist_suggest(const AssistRequest *request, AssistReply *reply);
/* In the order of priorities, each text once. */
void assist_add_suggestion(AssistReply *reply, const AssistSuggestion *suggestion);

/* assist_model.c: *is_answered_r is false when there is no service, or it failed. */
MUST_CHECK bool assist_ask_model(Models *models, const Scope *scope, Arena *arena,
                                 const AssistRequest *request, AssistReply *reply,
                                 bool *is_answered_r, Error *err);
