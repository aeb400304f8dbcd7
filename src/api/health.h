/* health.h - how the server and its parts are, for people, monitors and the page. */
#pragma once

#include "api/api.h"

/* How far the change to another embedding model is, or null. */
void health_put_change(const Api *api, Arena *arena, JsonWriter *json, const char *name);
/* Members about this server that the page shows: version, model, provider, notices, limits. */
void health_put_server(const Api *api, Arena *arena, const Scope *scope, JsonWriter *json);
