/* auth_api.h - what the page has to know before anybody is signed in. */
#pragma once

#include "api/api.h"

/* Adds "sign_in" to the answer about the session: the services that people may sign in by. */
void auth_put_ways(const ApiRequest *request, JsonWriter *json);
