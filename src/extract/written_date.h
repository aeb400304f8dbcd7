/* written_date.h - dates as people write them, in the order that sorts. */
#pragma once

#include "base/base.h"

enum { WRITTEN_DATE_SIZE = 16 };

/* "4 March 2011", "March 4th, 2011", "Mar 2011", "2011/3/4" and "<2011-03-04 Fri>" as ISO 8601, in
 * `out`; the text itself when it is none of them, or may be two ("3/4/2011"). */
Str written_date(Str text, char out[WRITTEN_DATE_SIZE]);
