/* mail.h - what the formats of mail share: facts, dates, plain bodies, names of attachments. */
#pragma once

#include "extract/document.h"
#include "extract/formats/mime.h"

/* A date as RFC 5322 or asctime() writes it, as ISO 8601 with its offset; empty when it is none. */
Str mail_date(Arena *arena, Str value);
/* "From <commit> Mon Sep 17 00:00:00 2001": a patch made by git format-patch, no mailbox; git
 * always writes this date, that it may be known by it. */
bool mail_is_git_postmark(Str line);
/* The headers that people read, under the names of metadata.def; "X-Mapi-key" (mapi.c) is the
 * fact of that key. */
void mail_write_headers(DocWriter *doc, Arena *arena, const MimePart *message);
/* Paragraphs and quotes (lines that begin with '>'). */
void mail_write_plain(DocWriter *doc, Str text);
/* The last part of a path, without control characters; empty when nothing safe is left. */
Str mail_safe_name(Arena *arena, Str name);
