/* cors.h - which pages of other sites may call the API from a browser (Fetch, "CORS protocol").
 *
 * Sites of the setting cors_origins may, with a key: cookies of theirs are never allowed. In the
 * development profile pages of this machine may too. What is answered to others has no headers of
 * this kind, so that their browsers keep it from them. Any thread. */
#pragma once

#include "api/api.h"

/* A browser asks whether it may send a request of another site. */
bool cors_is_question(const Api *api, const HttpRequest *http);
/* The answer to one. */
void cors_answer(const HttpRequest *http, HttpResponse *response);
/* Adds what lets an allowed page read this response. */
void cors_headers(const Api *api, const HttpRequest *http, HttpResponse *response);
