/* markdown.h - what of cmark-gfm has to start before a sandbox closes. */
#pragma once

void markdown_preload(void);
