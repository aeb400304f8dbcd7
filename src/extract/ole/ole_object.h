/* ole_object.h - documents embedded in old Office files as OLE objects. */
#pragma once

#include "extract/document.h"
#include "extract/ole/ole_file.h"

/* What an object's storage (NULL: the root) holds, as a child document when some format here reads
 * it: a package, a file as "Ole10Native" ([MS-OLEDS] 2.3.6), contents of another program, or, at
 * the root, an Office document. False when there is nothing of that kind. */
bool ole_write_object(OleFile *file, const OleEntry *storage, Str name, DocWriter *doc);
/* An object of OLE 1 ([MS-OLEDS] 2.2.4), as RTF keeps it, likewise. */
bool ole_write_old_object(Str bytes, DocWriter *doc);
