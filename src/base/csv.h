/* csv.h - cells of tables that spreadsheets open (RFC 4180).
 *
 * A spreadsheet runs what begins with = + - @: such a cell gets an apostrophe before it, as OWASP
 * advises, unless it is a number. */
#pragma once

#include "base/base.h"

/* One cell and what ends it: a comma, or the end of the line. */
void csv_cell(Buf *out, Str text, bool is_last);
