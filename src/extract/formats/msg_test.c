/* msg_test.c - Outlook messages: properties, recipients, attachments, messages inside. */
#include "extract/formats/dump.h"
#include "extract/ole/ole_sample.h"

extern const Extractor extractor_msg;

/* A properties stream: `header` zeros, then numbers by their tags (id << 16 | type). */
static Str properties(Arena *arena, size_t header, const uint64_t (*numbers)[2], size_t count)
{
    Buf out = buf_new(arena, KB(4));
    while (header--)
        buf_add_char(&out, 0);
    for (size_t i = 0; i < count; i++) {
        sample_number(&out, numbers[i][0], 4);
        sample_number(&out, 6, 4);
        sample_number(&out, numbers[i][1], 8);
    }
    return buf_str(&out);
}

static Str wide(Arena *arena, const char *text)
{
    Buf out = buf_new(arena, KB(4));
    for (; *text; text++)
        sample_number(&out, (unsigned char)*text, 2);
    return buf_str(&out);
}

Test(extract, outlook_messages_become_mail)
{
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    const uint64_t top[][2] = { { 0x00390040, 0x01D0315F0A683500 }, { 0x3FF10003, 1049 } };
    const uint64_t to[][2] = { { 0x0C150003, 1 } }, embedded[][2] = { { 0x37050003, 5 } };
    const OleMember members[] = {
        { "__properties_version1.0", properties(arena, 32, top, 2) },
        { "__substg1.0_0037001E", S("\xCF\xF0\xE8\xE2\xE5\xF2") },
        { "__substg1.0_0C1A001F", wide(arena, "Ada") },
        { "__substg1.0_5D01001F", wide(arena, "ada@b.c") },
        { "__substg1.0_1000001F", wide(arena, "Hi\r\n\r\nyou") },
        { "__recip_version1.0_#00000000/", STR_NONE },
        { "__recip_version1.0_#00000000/__properties_version1.0", properties(arena, 8, to, 1) },
        { "__recip_version1.0_#00000000/__substg1.0_3001001F", wide(arena, "Bo") },
        { "__attach_version1.0_#00000000/", STR_NONE },
        { "__attach_version1.0_#00000000/__properties_version1.0", properties(arena, 8, NULL, 0) },
        { "__attach_version1.0_#00000000/__substg1.0_37010102", S("some text") },
        { "__attach_version1.0_#00000000/__substg1.0_3707001F", wide(arena, "../a.txt") },
        { "__attach_version1.0_#00000001/", STR_NONE },
        { "__attach_version1.0_#00000001/__properties_version1.0",
          properties(arena, 8, embedded, 1) },
        { "__attach_version1.0_#00000001/__substg1.0_3701000D/", STR_NONE },
        { "__attach_version1.0_#00000001/__substg1.0_3701000D/__properties_version1.0",
          properties(arena, 24, NULL, 0) },
        { "__attach_version1.0_#00000001/__substg1.0_3701000D/__substg1.0_0037001F",
          wide(arena, "Old: x") },
        { "__attach_version1.0_#00000001/__substg1.0_3701000D/__substg1.0_1000001F",
          wide(arena, "before") },
    };
    Str bytes = ole_sample(arena, members, COUNT(members));
    cr_expect_eq(extractor_msg.sniff(bytes), 90);
    cr_expect_str_eq(dump(arena, &extractor_msg, bytes, (DumpOptions){ 0 }),
                     "meta(from) Ada <ada@b.c>\nmeta(to) Bo\nmeta(sent) 2015-01-16T07:35:46Z\n"
                     "meta(subject) \u041f\u0440\u0438\u0432\u0435\u0442\np Hi\np you\n"
                     "+ a.txt\n  p some text\n"
                     "+ Old_ x.eml\n  meta(subject) Old: x\n  p before\n");
}
