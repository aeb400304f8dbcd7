/* rtf_text.h - Rich Text Format (RTF 1.9.1) as blocks, HTML that Outlook wrapped in it, and its
 * compressed form in mail. */
#pragma once

#include "extract/document.h"

bool rtf_is_text(Str bytes);
/* Writes the document: facts, paragraphs, lists, tables, notes, embedded files. Never fails; a
 * broken file gives what can be read. */
void rtf_write(Str bytes, DocWriter *doc);
/* Does it hold HTML made by Outlook (\fromhtml1), and the HTML, as UTF-8 ([MS-OXRTFEX]). */
bool rtf_holds_html(Str bytes);
Str rtf_html(Arena *arena, Str bytes);
/* The RTF of a message's PidTagRtfCompressed ([MS-OXRTFCP]: LZFu or as it is), at most
 * `bytes_max`. Fails with ERROR_DAMAGED. */
MUST_CHECK bool rtf_decompress(Arena *arena, Str bytes, size_t bytes_max, Str *rtf_r, Error *err);
