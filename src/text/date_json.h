/* date_json.h - found dates as the API and the command show them. */
#pragma once

#include "base/json.h"
#include "text/date.h"

/* An object of the array that is open: kind, value, text, start, end, ... With a zone, points and
 * ranges get instants in UTC as well; false when there is no such zone. */
MUST_CHECK bool date_put(JsonWriter *json, Str text, const DateFound *found, Str zone, Error *err);
