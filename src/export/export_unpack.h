/* export_unpack.h - a ZIP file of an export into an empty folder.
 *
 * Nothing is trusted: names that lead out of the folder, links, more than EXPORT_UNPACK_FILES_MAX
 * files and more than EXPORT_UNPACK_RATIO_MAX times the bytes of the ZIP file end it. One thread.
 */
#pragma once

#include "base/base.h"

#define EXPORT_UNPACK_FILES_MAX 10000000
#define EXPORT_UNPACK_RATIO_MAX 200

MUST_CHECK bool export_unpack(const char *zip, const char *folder, Error *err);
