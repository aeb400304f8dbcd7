/* zip_test.c - ZIP archives: members, unsafe names, bombs, broken files. */
#include "extract/formats/dump.h"
#include "extract/formats/zip_directory.h"

extern const Extractor extractor_zip;

static void put(Buf *out, uint64_t number, int size)
{
    for (int i = 0; i < size; i++)
        buf_add_char(out, (char)(number >> (8 * i)));
}

typedef struct Member {
    const char *name, *text;
    uint32_t offset; /* where the directory says it is; UINT32_MAX: the truth */
} Member;

static uint32_t crc32_of(Str text)
{
    uint32_t crc = UINT32_MAX;
    for (size_t i = 0; i < text.length; i++) {
        crc ^= (uint8_t)text.at[i];
        for (int k = 0; k < 8; k++)
            crc = crc >> 1 ^ (crc & 1 ? 0xEDB88320u : 0);
    }
    return ~crc;
}

/* What local and central headers have in common, from the version on. */
static void put_common(Buf *out, const Member *member)
{
    Str text = str(member->text);
    put(out, 20, 2);
    put(out, 0, 2);
    put(out, 0, 2); /* stored */
    put(out, 0, 4);
    put(out, crc32_of(text), 4);
    put(out, text.length, 4);
    put(out, text.length, 4);
    put(out, strlen(member->name), 2);
    put(out, 0, 2);
}

static Str make_zip(Arena *arena, const Member *members, size_t count)
{
    Buf out = buf_new(arena, MB(1)), directory = buf_new(arena, MB(1));
    for (size_t i = 0; i < count; i++) {
        uint32_t offset =
            members[i].offset == UINT32_MAX ? (uint32_t)out.length : members[i].offset;
        buf_add(&out, S("PK\3\4"));
        put_common(&out, &members[i]);
        buf_add(&out, str(members[i].name));
        buf_add(&out, str(members[i].text));
        buf_add(&directory, S("PK\1\2"));
        put(&directory, 20, 2);
        put_common(&directory, &members[i]);
        put(&directory, 0, 8);
        put(&directory, 0, 2);
        put(&directory, offset, 4);
        buf_add(&directory, str(members[i].name));
    }
    size_t at = out.length;
    buf_add(&out, buf_str(&directory));
    buf_add(&out, S("PK\5\6"));
    put(&out, 0, 4);
    put(&out, count, 2);
    put(&out, count, 2);
    put(&out, directory.length, 4);
    put(&out, at, 4);
    put(&out, 0, 2);
    return buf_str(&out);
}

static void expect_zip(const Member *members, size_t count, const char *expected)
{
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    const char *got =
        dump(arena, &extractor_zip, make_zip(arena, members, count), (DumpOptions){ 0 });
    cr_expect_str_eq(got, expected, "got\n%s", got);
}

Test(extract, zip_lists_and_reads_members)
{
    static const Member members[] = { { "a.txt", "alpha", UINT32_MAX },
                                      { "d/b.md", "# beta", UINT32_MAX } };
    expect_zip(members, 2,
               "rowh Name | Size | Modified\nrow a.txt | 5 | \nrow d/b.md | 6 | \n"
               "meta(members) 2\nmeta(unpacked_size) 11\n"
               "+ a.txt\n  p alpha\n+ d/b.md\n  h1 beta\n");
}

Test(extract, zip_names_lead_nowhere)
{
    static const Member members[] = { { "../../etc/x.txt", "a", UINT32_MAX },
                                      { "C:\\w\\y.txt", "b", UINT32_MAX } };
    expect_zip(members, 2,
               "rowh Name | Size | Modified\nrow ../../etc/x.txt | 1 | \nrow C:\\w\\y.txt | 1 | \n"
               "meta(members) 2\nmeta(unpacked_size) 2\n"
               "~ 2 members had an unsafe name that was changed\n"
               "+ etc/x.txt\n  p a\n+ w/y.txt\n  p b\n");
}

Test(extract, zip_members_that_share_bytes_are_refused)
{
    static const Member members[] = { { "a.txt", "alpha", 0 }, { "b.txt", "beta", 0 } };
    expect_zip(members, 2, "! damaged\n");
}

Test(extract, zip_documents_that_nobody_claims_are_archives)
{
    static const Member members[] = { { "META-INF/MANIFEST.MF", "Implementation-Title: Rose\n",
                                        UINT32_MAX } };
    expect_zip(members, 1,
               "meta(title) Rose\nrowh Name | Size | Modified\n"
               "row META-INF/MANIFEST.MF | 27 | \nmeta(members) 1\nmeta(unpacked_size) 27\n"
               "+ META-INF/MANIFEST.MF\n  p Implementation-Title: Rose\n");
}

Test(extract, zip_without_directory_gives_what_is_there)
{
    static const Member members[] = { { "a.txt", "alpha", UINT32_MAX },
                                      { "b.txt", "beta", UINT32_MAX } };
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    Str zip = make_zip(arena, members, 2);
    const char *got =
        dump(arena, &extractor_zip, str_slice(zip, 0, zip.length - 60), (DumpOptions){ 0 });
    cr_expect(strstr(got, "+ a.txt\n  p alpha\n"), "%s", got);
    got = dump(arena, &extractor_zip, S("PK\3\4 and nothing else"), (DumpOptions){ 0 });
    cr_expect(strstr(got, "! damaged\n"), "%s", got);
}

Test(extract, zip_paths_are_made_safe)
{
    static const struct {
        const char *name, *expected;
        bool is_changed;
    } cases[] = {
        { "a/b.txt", "a/b.txt", false },
        { "./a//b", "a/b", false },
        { "/etc/passwd", "etc/passwd", true },
        { "a\\b", "a/b", false },
        { "..\\..\\a", "a", true },
        { "c:/a", "a", true },
        { "a\nb", "a_b", true },
        { "..", "unnamed", true },
        { "", "unnamed", false },
    };
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    for (size_t i = 0; i < COUNT(cases); i++) {
        bool is_changed;
        Str safe = zip_safe_path(arena, str(cases[i].name), &is_changed);
        cr_expect(str_is(safe, cases[i].expected), "%s: " STR_FMT, cases[i].name, STR_ARG(safe));
        cr_expect_eq(is_changed, cases[i].is_changed, "%s", cases[i].name);
    }
    cr_expect(str_is(zip_name(arena, S("caf\x82.txt")), "caf\u00e9.txt"));
}

Test(extract, zip_sample_reads_archives_inside)
{
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    const char *got = dump_sample(arena, "bundle.zip", false);
    cr_expect(strstr(got, "+ inner.zip\n"), "%s", got);
    cr_expect(strstr(got, "    p A letter inside two archives.\n"), "%s", got);
}

/* AES in a ZIP archive around AES in a 7z archive, by 7-Zip. */
Test(extract, the_password_of_an_archive_opens_the_archives_in_it)
{
    static const Str bytes = S_INIT(
        "PK\003\0043\000\001\000c\000\212`u]\000\000\000\000\272\000\000\000\236\000\000\000"
        "\005\000\013\000in.7z\001\231\007\000\002\000AE\003\000\000\363\322I/\202>\316z\376"
        "O\322\302\260A\237\365\026l\3218\026\335=\324\226\272[c\003\300\354 \300!Qy\032\263"
        "\247\301\357\022\224JT\025\0212\232\204\335\304\013\217\362\202\373`\264\016\257)\222"
        "\350C\375\027\262x\245\333\2755\015*\223\237\017T\215gz\344{\227\3130\235\222\266s"
        "\213y\023*\077J&\213\230\013[\303y\362\233)u\206\327k\341(\302\3151v\343\310\357,\035"
        "\3329\2353\2340\362\177\326a\316\266\004\342A'\217\252\022\374\344H\3743\023\230\372"
        "\232e0\236\006b\345\242@\311\213\324\316e\3264\260I\311\022!\307\231\216\365\042\333"
        "\200\253\042{cq\304\233\300\202PK\001\002\077\0033\000\001\000c\000\212`u]\000\000"
        "\000\000\272\000\000\000\236\000\000\000\005\000/\000\000\000\000\000\000\000 \200"
        "\244\201\000\000\000\000in.7z\012\000 \000\000\000\000\000\001\000\030\000c\241\200"
        "o\260y\335\001\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\001"
        "\231\007\000\002\000AE\003\000\000PK\005\006\000\000\000\000\001\000\001\000b\000\000"
        "\000\350\000\000\000\000\000");
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    const char *got = dump(arena, &extractor_zip, bytes, (DumpOptions){ .password = "pw" });
    cr_expect(strstr(got, "the innermost line"), "%s", got);
    got = dump(arena, &extractor_zip, bytes, (DumpOptions){ .password = "no" });
    cr_expect(strstr(got, "! encrypted") && !strstr(got, "innermost"), "%s", got);
}
