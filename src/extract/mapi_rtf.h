/* mapi_rtf.h - the HTML or text that the RTF body of an Outlook message was made from
 * ([MS-OXRTFEX]); rtf_text.h unpacks it. */
#pragma once

#include "base/base.h"

/* The HTML inside (*is_html_r), else the text without formatting. */
Str mapi_rtf_body(Arena *arena, Str rtf, bool *is_html_r);
