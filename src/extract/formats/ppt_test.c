/* ppt_test.c - PowerPoint streams built record by record. */
#include "extract/formats/dump.h"
#include "extract/ole/ole_sample.h"
#include "extract/slide/ppt_records.h"

extern const Extractor extractor_ppt;

static Str atom(Arena *arena, int instance, int type, Str data)
{
    Buf out = buf_new(arena, MB(1));
    sample_number(&out, (uint64_t)instance << 4, 2);
    sample_number(&out, (uint64_t)type, 2);
    sample_number(&out, data.length, 4);
    buf_add(&out, data);
    return buf_str(&out);
}

static Str container(Arena *arena, int instance, int type, const Str *parts, size_t count)
{
    Buf out = buf_new(arena, MB(1));
    Str data = str_join(arena, parts, count, STR_NONE);
    sample_number(&out, (uint64_t)instance << 4 | PPT_CONTAINER, 2);
    sample_number(&out, (uint64_t)type, 2);
    sample_number(&out, data.length, 4);
    buf_add(&out, data);
    return buf_str(&out);
}

#define CONTAINER(instance, type, ...)                                                             \
    container(arena, instance, type, (const Str[]){ __VA_ARGS__ },                                 \
              COUNT(((const Str[]){ __VA_ARGS__ })))

static Str numbers(Arena *arena, const uint32_t *values, size_t count)
{
    Buf out = buf_new(arena, KB(4));
    for (size_t i = 0; i < count; i++)
        sample_number(&out, values[i], 4);
    return buf_str(&out);
}

#define NUMBERS(...)                                                                               \
    numbers(arena, (const uint32_t[]){ __VA_ARGS__ }, COUNT(((const uint32_t[]){ __VA_ARGS__ })))

static Str text(Arena *arena, int kind, const char *bytes)
{
    Str parts[] = { atom(arena, 0, PPT_TEXT_HEADER, NUMBERS((uint32_t)kind)),
                    atom(arena, 0, PPT_TEXT_BYTES, str(bytes)) };
    return str_join(arena, parts, 2, STR_NONE);
}

static Str shape(Arena *arena, uint32_t x, uint32_t y, uint32_t width, Str inside)
{
    return CONTAINER(0, ART_SHAPE,
                     atom(arena, 0, ART_CHILD_ANCHOR, NUMBERS(x, y, x + width, y + 100)),
                     container(arena, 0, ART_TEXT, &inside, 1));
}

static Str drawing(Arena *arena, Str shapes)
{
    Str first = CONTAINER(0, ART_SHAPE, atom(arena, 0, ART_GROUP_FRAME, NUMBERS(0, 0, 0, 0)));
    return CONTAINER(0, PPT_DRAWING, CONTAINER(0, 0xF002, CONTAINER(0, ART_GROUP, first, shapes)));
}

/* One slide, whose outline and drawing are given; `state` is of its SlideShowSlideInfoAtom. */
static const char *read_deck(Arena *arena, Str outline, Str shapes, const char *state)
{
    Str persist = atom(arena, 0, PPT_SLIDE_PERSIST, NUMBERS(2, 0, 0, 256, 0));
    Str document =
        CONTAINER(0, PPT_DOCUMENT, atom(arena, 0, PPT_DOCUMENT_ATOM, NUMBERS(5760, 4320)),
                  CONTAINER(0, PPT_SLIDE_LIST, persist, outline));
    Str info = { state, 16 };
    Str slide =
        CONTAINER(0, PPT_SLIDE, atom(arena, 0, PPT_SLIDE_INFO, info), drawing(arena, shapes));
    Str directory =
        atom(arena, 0, PPT_PERSIST_DIRECTORY, NUMBERS(1 | 2 << 20, 0, (uint32_t)document.length));
    size_t directory_at = document.length + slide.length;
    Str edit = atom(arena, 0, PPT_USER_EDIT, NUMBERS(0, 0, 0, (uint32_t)directory_at, 1, 2, 0));
    Str parts[] = { document, slide, directory, edit };
    Str user =
        atom(arena, 0, 4086, NUMBERS(20, 0xE391C05F, (uint32_t)(directory_at + directory.length)));
    OleMember members[] = { { "Current User", user },
                            { "PowerPoint Document", str_join(arena, parts, 4, STR_NONE) } };
    Str file = ole_sample(arena, members, COUNT(members));
    cr_expect_eq(extractor_ppt.sniff(file), 90);
    return dump(arena, &extractor_ppt, file, (DumpOptions){ 0 });
}

static const char shown[16] = { 0 }, hidden[16] = { [10] = 4 };

Test(extract, ppt_slides_have_titles_and_items)
{
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    Str outline_parts[] = { text(arena, 0, "The\vtitle"), text(arena, 1, "one\rtwo") };
    Str outline = str_join(arena, outline_parts, 2, STR_NONE);
    Str shapes[] = { shape(arena, 0, 0, 80, text(arena, 4, "a box")),
                     shape(arena, 0, 0, 80, atom(arena, 0, PPT_OUTLINE_REF, NUMBERS(1))),
                     shape(arena, 0, 0, 80, atom(arena, 0, PPT_OUTLINE_REF, NUMBERS(0))) };
    const char *got = read_deck(arena, outline, str_join(arena, shapes, 3, STR_NONE), hidden);
    cr_expect_str_eq(got, "page \nheader (hidden slide)\nh1 The title\np a box\nli1 - one\n"
                          "li1 - two\n");
}

Test(extract, ppt_tables_are_groups_on_a_grid)
{
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    static const char is_table[] = { (char)0x9F, 3, 1, 0, 0, 0 };
    Str group = CONTAINER(0, ART_SHAPE, atom(arena, 0, ART_GROUP_FRAME, NUMBERS(0, 0, 800, 800)),
                          atom(arena, 1, ART_PROPERTIES_3, (Str){ is_table, sizeof is_table }));
    Str cells[] = { group, shape(arena, 400, 0, 400, text(arena, 4, "b")),
                    shape(arena, 0, 0, 400, text(arena, 4, "a")),
                    shape(arena, 0, 100, 800, text(arena, 4, "wide")) };
    const char *got = read_deck(arena, STR_NONE, container(arena, 0, ART_GROUP, cells, 4), shown);
    cr_expect_str_eq(got, "page \nrow a | b\nrow wide\n");
}

Test(extract, ppt_levels_and_bullets_are_kept)
{
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    /* Runs: 4 characters at level 1, the rest at level 0 without a bullet. */
    static const char styles[] = "\4\0\0\0\1\0\0\0\0\0\4\0\0\0\0\0\1\0\0\0\0\0";
    Str parts[] = { text(arena, 1, "one\rtwo"),
                    atom(arena, 0, PPT_TEXT_STYLE, (Str){ styles, sizeof styles - 1 }) };
    Str shapes = shape(arena, 0, 0, 80, str_join(arena, parts, 2, STR_NONE));
    cr_expect_str_eq(read_deck(arena, STR_NONE, shapes, shown), "page \nli2 - one\np two\n");
}

Test(extract, ppt_texts_that_no_shape_shows_are_kept)
{
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    const char *got = read_deck(arena, text(arena, 0, "Lost title"),
                                shape(arena, 0, 0, 80, text(arena, 4, "a box")), shown);
    cr_expect_str_eq(got, "page \nh1 Lost title\np a box\n");
}

Test(extract, ppt_without_a_directory_still_has_its_texts)
{
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    Str slide =
        CONTAINER(0, PPT_SLIDE, drawing(arena, shape(arena, 0, 0, 9, text(arena, 4, "kept"))));
    OleMember members[] = { { "PowerPoint Document", slide } };
    const char *got =
        dump(arena, &extractor_ppt, ole_sample(arena, members, 1), (DumpOptions){ 0 });
    cr_expect_str_eq(got, "p kept\n");
}
