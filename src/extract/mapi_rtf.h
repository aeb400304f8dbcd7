/* mapi_rtf.h - the RTF body of Outlook messages: unpacked ([MS-OXRTFCP]), and the HTML or text
 * that it was made from ([MS-OXRTFEX]). */
#pragma once

#include "base/base.h"

/* Empty when it is broken. */
Str mapi_rtf_unpack(Arena *arena, Str packed);
/* The HTML inside (*is_html_r), else the text without formatting. */
Str mapi_rtf_body(Arena *arena, Str rtf, bool *is_html_r);
