/* must.h - a measurement that cannot go on says why and ends. */
#pragma once

#include "base/base.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

static inline void must(bool ok, const Error *err)
{
    if (ok)
        return;
    fprintf(stderr, "%s: %s\n", program_invocation_short_name, err->message);
    exit(1);
}
