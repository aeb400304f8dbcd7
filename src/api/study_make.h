/* study_make.h - making study content, for the handlers of several paths. */
#pragma once

#include "api/document_json.h"
#include "store/jobs_store.h"
#include "study/make.h"

/* Server-sent events: progress, item, delta (of prose), done or error. */
bool make_streamed(ApiRequest *request, const MakeWish *wish, HttpResponse *response);
/* Made while the client waits: it stops when he leaves. */
MUST_CHECK bool make_answered(ApiRequest *request, const MakeWish *wish, HttpResponse *response,
                              StudyMade *made_r, Error *err);
/* Its members, into an object that is open. */
void put_made(JsonWriter *json, Arena *arena, const StudyMade *made, const JobRow *job);
