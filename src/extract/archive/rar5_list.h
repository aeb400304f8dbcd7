/* rar5_list.h - the names in a RAR 5 archive with encrypted members, at which libarchive stops
 * ("RAR 5.0 archive format", rarlab.com). Nothing is decrypted. */
#pragma once

#include "extract/archive/archive_members.h"

/* Lists every member and says of each why it is not read; false, with nothing written, when no
 * member is encrypted or the names are. */
bool rar5_list_encrypted(const ExtractSource *source, Members *members);
