/* process.h - a file of a form that is added to the library while its sender waits for its text. */
#pragma once

#include "api/api.h"
#include "library/library.h"

#define PROCESS_WAIT_MS 60000

typedef struct Processed {
    Str name;
    Error failure; /* of adding; code ERROR_NONE: there is a document */
    DocumentView view;
} Processed;

void process_new(ApiRequest *request, const NewFile *file, Processed *out);
void process_part(ApiRequest *request, const HttpPart *part, Processed *out);
/* A text as a file, waited for; `like` has its name, media type and collection. Fails as adding
 * does. */
MUST_CHECK bool process_text(ApiRequest *request, const NewFile *like, Str text, Processed *out,
                             Error *err);
bool process_has_text(const DocumentView *view);
/* Until its text is there, it has failed, or the time is over. */
MUST_CHECK bool process_wait(ApiRequest *request, DocumentView *view, int64_t until_ms, Error *err);
