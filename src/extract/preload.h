/* preload.h - everything the extractors' libraries do once, done before a sandbox closes. */
#pragma once

/* Start the libraries and load their tables: character sets, MIME, XML, archives. A process calls
 * it before it gives up files and before fork(); later calls do nothing. One thread. */
void extract_preload(void);
