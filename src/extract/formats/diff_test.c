/* diff_test.c - patches: files and hunks. */
#include "extract/formats/dump.h"

extern const Extractor extractor_diff;

Test(extract, diff_files_and_hunks_are_read)
{
    static const DumpCase cases[] = {
        { "a patch", "Why.\n\n--- a/x.c\t2020\n+++ b/x.c\t2021\n@@ -1 +1 @@\n-a\n+b\n",
          "p Why.\nh2 x.c\ncode(diff) --- a/x.c\t2020\\n+++ b/x.c\t2021\ncode(diff) @@ -1 +1 "
          "@@\\n-a\\n+b\n" },
        { "commits that git mailed",
          "From 0a1b2c Mon Sep 17 00:00:00 2001\nFrom: =?utf-8?q?J=C3=B6?= <j@x.org>\nDate: Tue, 2 "
          "Jan 2024 03:04:05 +0100\nSubject: [PATCH] Mend\n the thing\n\nWhy.\n---\n a.c | 2 +-\n\n"
          "diff --git a/a.c b/a.c\n--- a/a.c\n+++ b/a.c\n@@ -1 +1 @@\n-a\n+b\n",
          "h1 [PATCH] Mend the thing\nmeta(from) J\xC3\xB6 <j@x.org>\n"
          "meta(sent) 2024-01-02T03:04:05+01:00\nmeta(subject) [PATCH] Mend the thing\n"
          "p Why.\\n---\\n a.c | 2 +-\nh2 a.c\n"
          "code(diff) diff --git a/a.c b/a.c\\n--- a/a.c\\n+++ b/a.c\n"
          "code(diff) @@ -1 +1 @@\\n-a\\n+b\n" },
    };
    DUMP_CASES(extractor_diff, cases);
}
