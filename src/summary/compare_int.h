/* compare_int.h - what the files compare*.c share. */
#pragma once

#include "summary/compare.h"

/* Fills pieces and numbers of both sides, which are one line each. */
void difference_mark(Arena *arena, Str left, Str right, Difference *difference);
