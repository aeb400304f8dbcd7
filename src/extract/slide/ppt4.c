/* ppt4.c - see ppt4.h. */
#include "extract/slide/ppt4.h"

#include "extract/charset/encoding.h"

enum { OBJECTS_MAX = 65535, SLIDE_SIZE = 0x22, PAGE_SIZE = 0x26, FIRST_SLIDE_ID = 0x100 };

typedef struct Deck {
    Str stream;
    bool is_big;
    size_t table, count; /* of the objects: size and position, eight bytes each */
    DocWriter *doc;
} Deck;

static uint32_t number(const Deck *deck, Str bytes, size_t at, int width)
{
    uint32_t value = 0;
    for (int i = 0; i < width && at + (size_t)i < bytes.length; i++) {
        uint32_t byte = (unsigned char)bytes.at[at + (size_t)i];
        value |= byte << 8 * (deck->is_big ? width - 1 - i : i);
    }
    return value;
}

static Str object(const Deck *deck, size_t index)
{
    if (index >= deck->count)
        return STR_NONE;
    size_t at = deck->table + index * 8;
    size_t size = number(deck, deck->stream, at, 4) & 0x0FFFFFFF;
    size_t start = number(deck, deck->stream, at + 4, 4);
    return str_slice(deck->stream, start, start + size);
}

/* The next text of a page's shapes: its length, its bytes filled to an even number, and the length
 * again behind the mark of the runs of its paragraphs. */
static bool next_text(const Deck *deck, Str shapes, size_t *at, Str *text_r)
{
    enum { RUNS = 0x0C };
    for (; *at + 10 <= shapes.length; *at += 2) {
        size_t count = number(deck, shapes, *at, 4), end = *at + 4 + count + (count & 1);
        if (count == 0 || count > shapes.length || end + 6 > shapes.length)
            continue;
        if (number(deck, shapes, end, 2) != RUNS || number(deck, shapes, end + 2, 4) != count)
            continue;
        *text_r = str_slice(shapes, *at + 4, *at + 4 + count);
        *at = end;
        return true;
    }
    return false;
}

/* Paragraphs end with CR; VT is a line break, DEL hides itself. */
static Str decode(const Deck *deck, Arena *arena, Str bytes)
{
    enum { MACINTOSH = 10000, WINDOWS = 1252 };
    Buf out = buf_new(arena, bytes.length);
    for (size_t i = 0; i < bytes.length; i++) {
        char c = bytes.at[i];
        if (c == '\r' || c == '\n' || c == '\v')
            buf_add_char(&out, c == '\v' ? ' ' : '\n');
        else if ((unsigned char)c >= 0x20 && c != 0x7F)
            buf_add_char(&out, c);
    }
    int codepage = deck->is_big ? MACINTOSH : WINDOWS;
    return text_decode_known(arena, buf_str(&out), charset_of_codepage(codepage));
}

/* The first text of a slide is its title. */
static void write_page(const Deck *deck, Str page)
{
    Str shapes = object(deck, number(deck, page, 0, 4)), bytes;
    bool is_first = true;
    for (size_t at = 0; next_text(deck, shapes, &at, &bytes) && doc_writer_ok(deck->doc);) {
        AUTO_ARENA Arena *arena = arena_new(GB(1));
        Str text = str_trim(decode(deck, arena, bytes));
        if (is_first && str_find_char(text, '\n') < 0)
            doc_heading(deck->doc, 1, text);
        else
            for (Str line; str_next(&text, '\n', &line);)
                doc_list_item(deck->doc, 1, S("-"), line);
        is_first = false;
    }
}

static void write_notes(const Deck *deck, Str page)
{
    Str shapes = object(deck, number(deck, page, 0, 4)), bytes;
    for (size_t at = 0; next_text(deck, shapes, &at, &bytes) && doc_writer_ok(deck->doc);) {
        AUTO_ARENA Arena *arena = arena_new(GB(1));
        doc_note(deck->doc, "speaker note", decode(deck, arena, bytes));
    }
}

bool ppt4_write(Str stream, DocWriter *doc, Error *err)
{
    enum { TABLE_AT = 8, COUNT_AT = 12 };
    Deck deck = { .stream = stream, .doc = doc };
    deck.is_big = str_starts(stream, S("\x0B\xAD\xDE\xED"));
    if (!deck.is_big && !str_starts(stream, S("\xED\xDE\xAD\x0B")))
        return fail(err, ERROR_DAMAGED, "the PowerPoint 4 presentation has no beginning");
    deck.table = number(&deck, stream, TABLE_AT, 4);
    deck.count = MIN(number(&deck, stream, COUNT_AT, 2), (uint32_t)OBJECTS_MAX);
    int slides = 0;
    for (size_t i = 0; i < deck.count && doc_writer_ok(doc); i++) {
        Str slide = object(&deck, i);
        if (slide.length != SLIDE_SIZE || number(&deck, slide, 26, 2) < FIRST_SLIDE_ID)
            continue; /* another object, or a master */
        Str page = object(&deck, number(&deck, slide, 8, 4));
        Str notes = object(&deck, number(&deck, slide, 12, 4));
        if (page.length != PAGE_SIZE)
            continue;
        doc_page(doc, ++slides, true, 0, 0);
        write_page(&deck, page);
        if (notes.length == PAGE_SIZE)
            write_notes(&deck, notes);
    }
    doc_place(doc, &(Place){ 0 });
    return true;
}
