/* id.h - identifiers that people and other programs see: UUID version 7 (RFC 9562, 5.7). */
#pragma once

#include "base/base.h"

#define ID_LENGTH 36

/* A new id; ids made in one process sort in the order they were made. Any thread. */
Str id_new(Arena *arena);
void id_write(char out[ID_LENGTH + 1]);
/* Looks like any UUID, lower case. */
bool id_is_valid(Str text);
