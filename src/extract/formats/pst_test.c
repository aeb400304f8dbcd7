/* pst_test.c - Outlook stores: a real one, and what is made of broken ones. */
#include "extract/formats/dump.h"

extern const Extractor extractor_pst;

#define STORE "../shared/corpus/pst/tika__testPST_variousBodyTypes.pst"

Test(extract, outlook_stores_become_messages_in_folders)
{
    AUTO_ARENA Arena *arena = arena_new(MB(256));
    Error err = { 0 };
    Str bytes;
    if (!file_read(arena, STORE, MB(1), &bytes, &err)) {
        printf("skipped: needs ../shared\n");
        return;
    }
    cr_expect_eq(extractor_pst.sniff(bytes), 95);
    Str text = str(dump(arena, &extractor_pst, bytes, (DumpOptions){ 0 }));
    cr_expect(str_starts(text, S("meta(members) 4\nrowh Folder | Messages\nrow Inbox/tmp | 4\n"
                                 "+ Inbox/tmp/original email.eml\n  meta(from) Allison")));
    cr_expect(str_find(text, S("p This is the original email (html)\n")) > 0);

    /* Cut or spoilt anywhere, it ends. */
    for (size_t at = 600; at < bytes.length; at += 7919) {
        Str spoilt = str_copy(arena, bytes);
        ((char *)(uintptr_t)spoilt.at)[at] ^= 0x55;
        dump(arena, &extractor_pst, spoilt, (DumpOptions){ 0 });
        dump(arena, &extractor_pst, str_slice(bytes, 0, at), (DumpOptions){ 0 });
        arena_reset(arena);
        cr_assert(file_read(arena, STORE, MB(1), &bytes, &err));
    }
}

Test(extract, outlook_stores_that_are_none_are_refused)
{
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    char bytes[600] = "!BDN\0\0\0\0SM\x17";
    Str store = { bytes, sizeof bytes };
    cr_expect_str_eq(dump(arena, &extractor_pst, store, (DumpOptions){ 0 }), "! damaged\n");
    bytes[513] = 0x10;
    cr_expect_str_eq(dump(arena, &extractor_pst, store, (DumpOptions){ 0 }), "! encrypted\n");
    cr_expect_eq(extractor_pst.sniff(S("!BDN")), 0);
}
