/* smime_test.c - signed mail in one piece. */
#include "extract/formats/dump.h"

extern const Extractor extractor_smime;

#define OID(last) "\x06\x09\x2A\x86\x48\x86\xF7\x0D\x01\x07" last
#define HEAD(last) "\x30\x80" OID(last) "\xA0\x80\x30\x80\x02\x01\x01\x31\x00\x30\x80" OID("\x01")

static const char *read(Arena *arena, Str bytes)
{
    return dump(arena, &extractor_smime, bytes, (DumpOptions){ 0 });
}

Test(extract, signed_mail_is_read_without_its_signature)
{
    AUTO_ARENA Arena *arena = arena_new(MB(16));
    Str whole = S(HEAD("\x02") "\xA0\x0E\x04\x0CSubject: S\n\n"),
        pieces = S(HEAD("\x02") "\xA0\x80\x24\x80\x04\x07Subject\x04\x05: S\n\n\0\0\0\0"),
        alone = S(HEAD("\x02") "\0\0\0\0"), enveloped = S(HEAD("\x03"));
    const char *expected =
        "meta(signature) S/MIME, not verified\n+ signed.eml\n  meta(subject) S\n";
    cr_expect_eq(extractor_smime.sniff(whole), 85);
    cr_expect_str_eq(read(arena, whole), expected);
    cr_expect_str_eq(read(arena, pieces), expected);
    cr_expect_str_eq(read(arena, alone),
                     "~ the file is a signature alone; what it signs is elsewhere\n");
    cr_expect_str_eq(read(arena, enveloped), "! encrypted\n");
    cr_expect_str_eq(read(arena, S("\x30\x84\xFF\xFF\xFF\xFF\x06\x84")), "! damaged\n");
    cr_expect_eq(extractor_smime.sniff(S("0\x0B just a text that begins so")), 0);
}
