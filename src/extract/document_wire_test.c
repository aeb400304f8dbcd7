#include <criterion/criterion.h>
#include <math.h>

#include "extract/document_wire.h"

static Arena *arena;
static Buf log_text;
static WireReader *reader;
static Buf kept; /* the last frame */
static unsigned kept_type;

static bool on_block(void *self, const Block *block, Error *err)
{
    (void)self, (void)err;
    buf_addf(&log_text, "%s '" STR_FMT "' %s %zu;", block_kind_name(block->kind),
             STR_ARG(block->text), place_text(arena, &block->place).at, block->cell_count);
    return true;
}

static bool on_child_begin(void *self, Str name, Str media_type, uint64_t bytes, Error *err)
{
    (void)self, (void)err;
    buf_addf(&log_text, "<" STR_FMT " " STR_FMT " %d ", STR_ARG(name), STR_ARG(media_type),
             (int)bytes);
    return true;
}

static bool on_child_bytes(void *self, Str bytes, Error *err)
{
    (void)self, (void)err;
    buf_addf(&log_text, "+%zu ", bytes.length);
    return true;
}

static bool on_child_end(void *self, const Error *failure, Error *err)
{
    (void)self, (void)err;
    buf_addf(&log_text, "%s>", failure ? failure->message : "");
    return true;
}

static bool on_warning(void *self, Str text, Error *err)
{
    (void)self, (void)err;
    buf_addf(&log_text, "!" STR_FMT, STR_ARG(text));
    return true;
}

static bool on_later(void *self, Str worker, int page, Error *err)
{
    (void)self, (void)err;
    buf_addf(&log_text, "{" STR_FMT " %d}", STR_ARG(worker), page);
    return true;
}

static bool on_format(void *self, Str format, Str media_type, Error *err)
{
    (void)self, (void)err, (void)media_type;
    buf_addf(&log_text, "[" STR_FMT "]", STR_ARG(format));
    return true;
}

static const WireSink sink = { on_block,   on_child_begin, on_child_bytes, on_child_end,
                               on_warning, on_later,       on_format,      NULL };

/* Straight across, keeping the last frame for those who want to spoil it. */
static bool cross(void *self, unsigned type, Str payload, Error *err)
{
    (void)self;
    kept_type = type;
    kept.length = 0;
    buf_add(&kept, payload);
    return document_wire_read(reader, type, payload, err);
}

static void open_arena(void)
{
    arena = arena_new(MB(64));
    log_text = buf_new(arena, MB(1));
    kept = buf_new(arena, MB(1));
    reader = document_wire_reader(arena, &sink, NULL);
}
static void close_arena(void) { arena_free(arena); }
TestSuite(extract_wire, .init = open_arena, .fini = close_arena);

Test(extract_wire, a_document_arrives_as_it_was_sent)
{
    DocSink out;
    Error err;
    (void)document_wire_writer(arena, true, cross, NULL, &out);
    char *big = arena_alloc(arena, MB(1));
    Cell cells[] = { { 0, 1, 1, 1 }, { 4, 2, 2, 1 } };
    Block row = { .kind = BLOCK_ROW,
                  .table = 1,
                  .text = S("a | \xC3\xA9"),
                  .cells = cells,
                  .cell_count = 2,
                  .place = { .sheet = S("S"), .cells = S("A1:B1") } };
    Block cue = { .kind = BLOCK_PARAGRAPH,
                  .text = S("hi"),
                  .place = { .start_ms = 3723456, .end_ms = 3729000 } };
    Error why;
    fail(&why, ERROR_DAMAGED, "broken");
    cr_assert(out.format(out.self, S("zip"), S("application/zip"), &err));
    cr_assert(out.block(out.self, &row, &err), "%s", err.message);
    cr_assert(out.block(out.self, &cue, &err), "%s", err.message);
    cr_assert(out.child_begin(out.self, S("a/b"), S("text/plain"), (Str){ big, MB(1) }, &err));
    cr_assert(out.child_begin(out.self, S("c"), S(""), S(""), &err));
    cr_assert(out.child_end(out.self, &why, &err) && out.child_end(out.self, NULL, &err));
    cr_assert(out.warning(out.self, S("careful"), &err));
    cr_assert(document_wire_end(reader, &err));
    cr_assert_str_eq(buf_c(&log_text),
                     "[zip]row 'a | \xC3\xA9' S!A1:B1 2;"
                     "paragraph 'hi' 1:02:03-1:02:09 0;<a/b text/plain 1048576 +524288 "
                     "+524288 <c  0 broken>>!careful");
}

Test(extract_wire, a_members_bytes_come_only_when_another_reader_needs_them)
{
    DocSink out;
    Error err;
    (void)document_wire_writer(arena, false, cross, NULL, &out);
    cr_assert(out.child_begin(out.self, S("a"), S(""), S("12345"), &err), "%s", err.message);
    cr_assert(out.child_begin(out.self, S("b.png"), S(""), S("123"), &err));
    cr_assert(out.later(out.self, "picture", 0, &err), "%s", err.message);
    cr_assert(out.child_end(out.self, NULL, &err));
    cr_assert(out.later(out.self, "poppler", 2, &err));
    cr_assert(out.later(out.self, "poppler", 3, &err));
    cr_assert(out.child_end(out.self, NULL, &err));
    cr_assert(out.later(out.self, "picture", 7, &err));
    cr_assert(document_wire_end(reader, &err));
    cr_assert_str_eq(buf_c(&log_text), "<a  5 <b.png  3 +3 {picture 0}>+5 {poppler 2}{poppler 3}>"
                                       "{picture 7}");
}

Test(extract_wire, words_arrive_with_their_boxes_or_are_refused)
{
    DocSink out;
    Error err;
    WordBox words[] = { { 0, 2, 1, 2, 3, 4 }, { 3, 1, 4, 2, 5, 4 } };
    Block block = {
        .kind = BLOCK_PARAGRAPH, .text = S("\xC3\xA9 x"), .words = words, .word_count = 2
    };
    (void)document_wire_writer(arena, false, cross, NULL, &out);
    cr_assert(out.block(out.self, &block, &err), "%s", err.message);
    words[1].length = 2;
    cr_assert(!out.block(out.self, &block, &err), "beyond the text");
    words[1] = (WordBox){ 1, 1, 0, 0, 1, 1 };
    cr_assert(!out.block(out.self, &block, &err), "inside a character, and before the last end");
    words[1] = (WordBox){ 3, 1, 1, 0, 1, 1 };
    cr_assert(out.block(out.self, &block, &err), "%s", err.message);
    const float none = NAN;
    memcpy(kept.at + kept.length - 4 * sizeof none, &none, sizeof none);
    cr_assert(!document_wire_read(reader, kept_type, buf_str(&kept), &err), "no number");
}

Test(extract_wire, numbers_of_a_damaged_file_are_brought_within_bounds)
{
    DocSink to;
    Error err = { 0 };
    document_wire_writer(arena, false, cross, NULL, &to);
    const Block block = { .kind = BLOCK_LIST_ITEM,
                          .level = 5000,
                          .text = S("text"),
                          .place = { .page = -1,
                                     .x0 = NAN,
                                     .x1 = 1e30F,
                                     .y1 = -INFINITY,
                                     .line_first = 7,
                                     .line_last = 3,
                                     .start_ms = INT64_MIN,
                                     .end_ms = INT64_MAX },
                          .words = (WordBox[]){ { .length = 4, .x1 = INFINITY } },
                          .word_count = 1 };
    cr_expect(to.block(to.self, &block, &err), "%s", err.message);
    cr_expect(to.warning(to.self, S("a name that is no text: \xE9\0."), &err), "%s", err.message);
    cr_expect(to.child_begin(to.self, S("a"), S("m\xFF/plain"), S(""), &err), "%s", err.message);
}

Test(extract_wire, every_spoilt_frame_is_refused_or_harmless)
{
    DocSink out;
    Error err;
    (void)document_wire_writer(arena, true, cross, NULL, &out);
    Cell cells[] = { { 0, 1, 1, 1 } };
    Block row = { .kind = BLOCK_ROW, .table = 1, .text = S("\xC3\xA9 x"), .cells = cells };
    cr_assert(out.block(out.self, &row, &err));
    Str good = str_copy(arena, buf_str(&kept));
    for (size_t length = 0; length < good.length; length++)
        cr_expect(!document_wire_read(reader, kept_type, str_slice(good, 0, length), &err));
    for (size_t at = 0; at < good.length; at++)
        for (int bit = 0; bit < 8; bit++) {
            char *spoilt = str_c(arena, good);
            spoilt[at] = (char)(spoilt[at] ^ 1 << bit);
            (void)!document_wire_read(reader, kept_type, (Str){ spoilt, good.length }, &err);
        }
    /* A cell that cuts a character. */
    row.cell_count = 1;
    cr_assert(!out.block(out.self, &row, &err) && err.code == ERROR_DAMAGED);
}

Test(extract_wire, what_comes_at_the_wrong_time_is_refused)
{
    DocSink out;
    Error err;
    (void)document_wire_writer(arena, true, cross, NULL, &out);
    cr_assert(!document_wire_read(reader, 99, S(""), &err));
    cr_assert(!document_wire_read(reader, 3, S("bytes of nothing"), &err));
    cr_assert(!out.child_end(out.self, NULL, &err));
    cr_assert(out.child_begin(out.self, S("c"), S(""), S("12345"), &err));
    cr_assert(!document_wire_end(reader, &err));
    cr_assert(!document_wire_read(reader, 3, S("more"), &err));
    for (int i = 0; i < 5; i++)
        cr_assert(out.child_begin(out.self, S("c"), S(""), S(""), &err));
    cr_assert(!out.child_begin(out.self, S("too deep"), S(""), S(""), &err));
}

Test(extract_wire, limits_are_counted_again)
{
    DocLimits limits = doc_limits_default;
    DocSink out;
    Error err;
    limits.text_max = 10, limits.child_bytes_max = 4;
    reader = document_wire_reader(arena, &sink, &limits);
    (void)document_wire_writer(arena, true, cross, NULL, &out);
    Block block = { .kind = BLOCK_PARAGRAPH, .text = S("12345678") };
    cr_assert(out.block(out.self, &block, &err));
    cr_assert(!out.block(out.self, &block, &err) && err.code == ERROR_TOO_LARGE);
    cr_assert(!out.child_begin(out.self, S("c"), S(""), S("12345"), &err));
    cr_assert_eq(err.code, ERROR_TOO_LARGE);
}
