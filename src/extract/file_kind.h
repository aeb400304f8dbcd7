/* file_kind.h - what a file that no extractor reads seems to be, for messages. Any thread. */
#pragma once

#include "base/base.h"

/* "a JPEG picture", "an ELF program"; "a binary file of an unknown kind" or "text" otherwise. */
const char *file_kind(Str bytes);
/* The first bytes are those of a known kind, and it is not plain text that begins so by chance. */
bool file_kind_is_known(Str bytes);
/* Known, and nothing here reads it. */
bool file_kind_is_refused(Str bytes);
/* One of several files that an archive was cut into, by its name ("a.z01", "a.7z.002", "a.r05") or
 * by the end of a split ZIP archive. */
bool file_is_part(Str bytes, Str name);
