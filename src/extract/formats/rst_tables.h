/* rst_tables.h - tables of reStructuredText: drawn as a grid or with rows of "=", as lists and as
 * CSV.
 */
#pragma once

#include "extract/marked.h"

/* The first line from `i` whose indent is less than `indent`. */
size_t rst_body_end(const Marked *m, size_t i, size_t end, size_t indent);

/* The table that begins at line `i`; how many lines it has, 0: none begins there. */
size_t rst_grid_table(Marked *m, size_t i, size_t end);
size_t rst_simple_table(Marked *m, size_t i, size_t end);
/* "* - cell" begins a row, "  - cell" a cell. */
void rst_list_table(Marked *m, size_t first, size_t end, int header_rows);
/* A row of the open table. */
void rst_csv_row(Marked *m, Str line);
