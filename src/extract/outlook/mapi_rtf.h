/* mapi_rtf.h - the words of an RTF body of an Outlook message; rtf_text.h unpacks it, and finds the
 * HTML that it was made from when there is some. */
#pragma once

#include "base/base.h"

/* The text without formatting. */
Str mapi_rtf_text(Arena *arena, Str rtf);
