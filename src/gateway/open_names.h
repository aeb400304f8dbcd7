/* open_names.h - names of models that clients have made up, for the records.
 *
 * A service may be open for any name, and each name would be a row of the sums for good. So only
 * the first of a workspace are kept by name until the program ends; what comes then is recorded as
 * "other".
 *
 * Threads: any. */
#pragma once

#include "base/base.h"

#define OPEN_NAMES_EACH 500 /* of one workspace */
#define OPEN_NAMES_MAX 20000

typedef struct OpenNames OpenNames;
OpenNames *open_names_new(void);
void open_names_free(OpenNames *names); /* NULL is fine */
/* The name that a call of this model is recorded by: itself, or "other". */
Str open_name(OpenNames *names, Str workspace, Str model);
