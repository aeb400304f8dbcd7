/* runs.h - runs as the API shows them. */
#pragma once

#include "api/api.h"
#include "store/runs_store.h"

/* The whole answer to what has started one. */
bool respond_run(HttpResponse *response, const Run *run);
