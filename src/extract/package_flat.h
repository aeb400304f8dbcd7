/* package_flat.h - an Office package as one XML file (flat OPC, [MS-OPC] appendix; Word's
 * "XML document"): its parts are elements. */
#pragma once

#include "extract/package.h"

bool package_is_flat(Str bytes);
/* Adds the parts, whose bytes lie in the package's arena. */
void package_read_flat(Package *package);
