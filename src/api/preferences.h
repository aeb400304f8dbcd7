/* preferences.h - what the person who asks likes things to be, for handlers that heed it. */
#pragma once

#include "api/api.h"
#include "store/preferences_store.h"

/* The zone that he is in, where the request names none. */
MUST_CHECK bool api_zone(const ApiRequest *request, Str *zone, Error *err);
MUST_CHECK bool api_preferences(const ApiRequest *request, Preferences *preferences_r, Error *err);
