/* preferences.h - what the person who asks likes things to be, for handlers that heed it. */
#pragma once

#include "api/api.h"
#include "store/preferences_store.h"

MUST_CHECK bool api_preferences(const ApiRequest *request, Preferences *preferences_r, Error *err);
