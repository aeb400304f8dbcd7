/* tnef_test.c - winmail.dat: properties, attachments, messages inside. */
#include "extract/formats/dump.h"
#include "extract/ole/ole_sample.h"

extern const Extractor extractor_tnef;

static void attribute(Buf *out, int level, uint32_t id, Str bytes)
{
    sample_number(out, (uint64_t)level, 1);
    sample_number(out, id, 4);
    sample_number(out, bytes.length, 4);
    buf_add(out, bytes);
    sample_number(out, 0, 2);
}

static void begin(Buf *out) { buf_add(out, S("\x78\x9F\x3E\x22\1\0")); }

/* A text property of one value. */
static void property(Buf *out, uint32_t id, Str text)
{
    sample_number(out, 0x1E, 2);
    sample_number(out, id, 2);
    sample_number(out, 1, 4);
    sample_number(out, text.length, 4);
    buf_add(out, text);
    sample_fill(out, 4, 0);
}

Test(extract, tnef_becomes_mail_with_attachments)
{
    AUTO_ARENA Arena *arena = arena_new(MB(16));
    Buf bytes = buf_new(arena, KB(8)), message = buf_new(arena, KB(4)),
        file = buf_new(arena, KB(4)), inner = buf_new(arena, KB(4));
    sample_number(&message, 2, 4);
    property(&message, 0x0037, S("Subject1"));
    property(&message, 0x1000, S("The text"));
    begin(&inner);
    attribute(&inner, 1, 0x00018004, S("In"));
    attribute(&inner, 1, 0x0002800C, S("inner text"));
    sample_number(&file, 1, 4);
    sample_number(&file, 0x3701000D, 4);
    sample_number(&file, 1, 4);
    sample_number(&file, inner.length + 16, 4);
    sample_number(&file, 0x00020307, 4);
    sample_number(&file, 0, 8);
    sample_number(&file, 0, 4);
    buf_add(&file, buf_str(&inner));
    begin(&bytes);
    attribute(&bytes, 1, 0x00069003, buf_str(&message));
    attribute(&bytes, 2, 0x00069002, S("x"));
    attribute(&bytes, 2, 0x00018010, S("a.txt\0"));
    attribute(&bytes, 2, 0x0006800F, S("attached"));
    attribute(&bytes, 2, 0x00069002, S("x"));
    attribute(&bytes, 2, 0x00069005, buf_str(&file));
    cr_expect_eq(extractor_tnef.sniff(buf_str(&bytes)), 90);
    cr_expect_str_eq(dump(arena, &extractor_tnef, buf_str(&bytes), (DumpOptions){ 0 }),
                     "meta(subject) Subject1\np The text\n"
                     "+ a.txt\n  p attached\n"
                     "+ In.eml\n  meta(subject) In\n  p inner text\n");
    cr_expect_str_eq(dump(arena, &extractor_tnef, S("\x78\x9F\x3E\x22\1\0"), (DumpOptions){ 0 }),
                     "! damaged\n");
}
