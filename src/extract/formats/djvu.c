/* djvu.c - DjVu documents ("DjVu3 specification"): the text layer of each page with the places of
 * its words, outline, facts and remarks. Scanned pages without one are for the reader of pictures.
 */
#include "extract/djvu/djvu.h"

#include "extract/comment.h"
#include "extract/djvu/djvu_page.h"
#include "extract/extractor.h"
#include "extract/metadata.h"

#define TEXT_MAX MB(64)

enum {
    DEPTH_MAX = 10,
    ZONES_MAX = 2000000,
    ZONE_SIZE = 17,
    BIAS = 0x8000,
    WORDS_MAX = 20000,
    FACTS_MAX = 1000,
    OUTLINE_MAX = 100000,
};

typedef enum ZoneType { ZONE_PAGE = 1, ZONE_PARAGRAPH = 4, ZONE_LINE = 5, ZONE_WORD = 6 } ZoneType;

typedef struct Zone {
    int type;
    int x, y, width, height; /* pixels; y is counted from the page's bottom */
    int start, length;       /* of the text */
    int children;
} Zone;

typedef struct Reader {
    DocWriter *doc;
    Arena *arena; /* of a page */
    int pages, empty_pages, zones_left, facts_left;
    /* Of a page: */
    DjvuInfo info;
    bool has_text;
    Str text;
    Buf block;
    VEC(WordBox) words;
    Zone box; /* of the block */
    bool has_box;
    int line_bottom, line_height;
} Reader;

/* Numbers of DjVu have their high byte first. */
static unsigned number_at(Str bytes, size_t at, size_t size)
{
    unsigned number = 0;
    for (size_t i = 0; i < size; i++)
        number = number << 8 | (at + i < bytes.length ? (unsigned char)bytes.at[at + i] : 0);
    return number;
}

/* --- The text layer --- */

/* Chunks ending with "z" are packed, with "a" plain. */
static Str chunk_text(const Reader *r, const DjvuChunk *chunk)
{
    return chunk->id.at[3] == 'z' || str_is(chunk->id, "NAVM")
               ? bzz_unpack(r->arena, chunk->bytes, TEXT_MAX)
               : chunk->bytes;
}

/* A zone's box in points from the page's top left corner, turned as the page is shown. */
static void zone_box(const Reader *r, const Zone *zone, float box[4])
{
    float scale = 72.0F / (float)r->info.dpi;
    float left = (float)zone->x, right = (float)(zone->x + zone->width);
    float top = (float)(r->info.height - zone->y - zone->height),
          bottom = (float)(r->info.height - zone->y);
    float w = (float)r->info.width, h = (float)r->info.height;
    float turned[4] = { left, top, right, bottom };
    if (r->info.turns == 2)
        memcpy(turned, (float[]){ w - right, h - bottom, w - left, h - top }, sizeof turned);
    else if (r->info.turns == 1)
        memcpy(turned, (float[]){ top, w - right, bottom, w - left }, sizeof turned);
    else if (r->info.turns == 3)
        memcpy(turned, (float[]){ h - bottom, left, h - top, right }, sizeof turned);
    for (int i = 0; i < 4; i++)
        box[i] = turned[i] * scale;
}

static void write_block(Reader *r)
{
    float box[4];
    if (r->has_box) {
        zone_box(r, &r->box, box);
        doc_place(r->doc, &(Place){ .page = r->pages });
        doc_place_box(r->doc, box[0], box[1], box[2], box[3]);
    }
    if (r->block.length) {
        doc_words(r->doc, r->words.at, r->words.count);
        doc_paragraph(r->doc, buf_str(&r->block));
        r->has_text = true;
    }
    r->block.length = 0;
    r->words.count = 0;
    r->has_box = false;
}

static void widen_box(Reader *r, const Zone *zone)
{
    Zone *box = &r->box;
    if (!r->has_box) {
        *box = *zone;
        r->has_box = true;
        return;
    }
    int right = MAX(box->x + box->width, zone->x + zone->width);
    int top = MAX(box->y + box->height, zone->y + zone->height);
    box->x = MIN(box->x, zone->x);
    box->y = MIN(box->y, zone->y);
    box->width = right - box->x;
    box->height = top - box->y;
}

static void add_words(Reader *r, const Zone *zone)
{
    Str text = str_trim(str_slice(r->text, (size_t)MAX(zone->start, 0),
                                  (size_t)MAX(zone->start, 0) + (size_t)zone->length));
    if (!text.length)
        return;
    if (r->block.length)
        buf_add_char(&r->block, ' ');
    float box[4];
    zone_box(r, zone, box);
    if (r->words.count < WORDS_MAX)
        *vec_push(r->arena, &r->words) = (WordBox){ .start = (uint32_t)r->block.length,
                                                    .length = (uint32_t)text.length,
                                                    .x0 = box[0],
                                                    .y0 = box[1],
                                                    .x1 = box[2],
                                                    .y1 = box[3] };
    buf_add(&r->block, text);
    widen_box(r, zone);
}

/* Lines far below the one before begin a block: some files have no paragraphs. */
static void begin_line(Reader *r, const Zone *line)
{
    int gap = r->line_bottom - (line->y + line->height);
    if (r->block.length && (gap > MAX(r->line_height, line->height) || gap < -3 * line->height))
        write_block(r);
    r->line_bottom = line->y;
    r->line_height = line->height;
}

/* A zone's numbers are kept as differences to its parent, or to the zone before it. */
static bool take_zone(Reader *r, Str *rest, const Zone *parent, const Zone *before, Zone *zone)
{
    if (rest->length < ZONE_SIZE || r->zones_left-- <= 0)
        return false;
    *zone = (Zone){ .type = (int)number_at(*rest, 0, 1),
                    .x = (int)number_at(*rest, 1, 2) - BIAS,
                    .y = (int)number_at(*rest, 3, 2) - BIAS,
                    .width = (int)number_at(*rest, 5, 2) - BIAS,
                    .height = (int)number_at(*rest, 7, 2) - BIAS,
                    .start = (int)number_at(*rest, 9, 2) - BIAS,
                    .length = (int)number_at(*rest, 11, 3),
                    .children = (int)number_at(*rest, 14, 3) };
    *rest = str_from(*rest, ZONE_SIZE);
    if (before) {
        bool is_below =
            zone->type == ZONE_PAGE || zone->type == ZONE_PARAGRAPH || zone->type == ZONE_LINE;
        zone->x += is_below ? before->x : before->x + before->width;
        zone->y = is_below ? before->y - (zone->y + zone->height) : zone->y + before->y;
        zone->start += before->start + before->length;
    } else if (parent) {
        zone->x += parent->x;
        zone->y = parent->y + parent->height - (zone->y + zone->height);
        zone->start += parent->start;
    }
    /* Within what two bytes can say, or it is broken. */
    static const int far = 1 << 20;
    return abs(zone->x) < far && abs(zone->y) < far && zone->width >= 0 && zone->height >= 0 &&
           zone->start >= 0 && zone->start <= (int)TEXT_MAX;
}

static bool read_zone(Reader *r, Str *rest, const Zone *parent, const Zone *before, Zone *zone,
                      int depth)
{
    if (depth > DEPTH_MAX || !take_zone(r, rest, parent, before, zone))
        return false;
    if (zone->type <= ZONE_PARAGRAPH)
        write_block(r);
    else if (zone->type == ZONE_LINE)
        begin_line(r, zone);
    /* The letters of a word are one word. */
    bool is_word = zone->type >= ZONE_WORD || zone->children == 0;
    if (is_word && depth < DEPTH_MAX && (!parent || parent->type < ZONE_WORD))
        add_words(r, zone);
    Zone child, last;
    for (int i = 0; i < zone->children; i++) {
        if (!read_zone(r, rest, zone, i ? &last : NULL, &child, depth + 1))
            return false;
        last = child;
    }
    if (zone->type <= ZONE_PARAGRAPH)
        write_block(r);
    return true;
}

static void read_text(Reader *r, Str layer)
{
    size_t length = number_at(layer, 0, 3);
    Str rest = str_from(layer, 3 + length + 1);
    Zone zone;
    r->text = str_slice(layer, 3, 3 + length);
    r->block = buf_new(r->arena, TEXT_MAX);
    if (!read_zone(r, &rest, NULL, NULL, &zone, 0) && !r->has_text && !r->block.length) {
        doc_paragraph(r->doc, r->text); /* no zones, or broken ones */
        r->has_text = r->text.length > 0;
    }
    write_block(r);
}

/* --- Remarks: expressions like (metadata (author "A")) and (maparea "url" "words" ...) --- */

/* The string at the begin of *rest, which moves past it. */
static Str take_string(Reader *r, Str *rest)
{
    Buf out = buf_new(r->arena, rest->length + 1);
    size_t i = 1;
    for (; i < rest->length && rest->at[i] != '"'; i++) {
        if (rest->at[i] == '\\' && i + 1 < rest->length)
            i++;
        buf_add_char(&out, rest->at[i]);
    }
    *rest = str_from(*rest, i + 1);
    return buf_str(&out);
}

static void write_fact(Reader *r, Str key, Str value)
{
    static const struct {
        const char *name, *key;
    } facts[] = { { "year", "published" },    { "Creator", "software" },
                  { "Producer", "producer" }, { "CreationDate", "created" },
                  { "ModDate", "modified" },  { "note", "comment" } };
    if (r->facts_left-- <= 0 || key.length > 60)
        return;
    for (size_t i = 0; i < COUNT(facts); i++)
        if (str_equal_ignore_case(key, str(facts[i].name)))
            key = str(facts[i].key);
    doc_meta(r->doc, str_c(r->arena, str_lower(r->arena, key)), value);
}

static void read_metadata(Reader *r, Str rest)
{
    while (rest.length) {
        rest = str_trim(rest);
        if (!str_starts(rest, S("(")))
            return;
        size_t i = 1;
        while (i < rest.length && !HAS_CHAR(rest.at[i], " \t\r\n\"()"))
            i++;
        Str key = str_slice(rest, 1, i);
        rest = str_trim(str_from(rest, i));
        if (!str_starts(rest, S("\"")))
            return;
        write_fact(r, key, take_string(r, &rest));
        rest = str_trim(rest);
        if (str_starts(rest, S(")")))
            rest = str_from(rest, 1);
    }
}

static void read_remarks(Reader *r, Str text)
{
    ptrdiff_t at = str_find(text, S("(metadata"));
    if (at >= 0)
        read_metadata(r, str_from(text, (size_t)at + 9));
    while ((at = str_find(text, S("(maparea"))) >= 0 && arena_room(r->arena) > 2 * text.length) {
        text = str_trim(str_from(text, (size_t)at + 8));
        if (str_starts(text, S("(url"))) /* a link with the name of a window */
            text = str_trim(str_from(text, 4));
        if (str_starts(text, S("\"")))
            take_string(r, &text);
        text = str_trim(text);
        if (str_starts(text, S("\"_"))) { /* the window */
            take_string(r, &text);
            text = str_trim(text);
        }
        if (str_starts(text, S(")")))
            text = str_trim(str_from(text, 1));
        if (str_starts(text, S("\"")))
            comment_write(r->doc, STR_NONE, take_string(r, &text));
    }
}

/* --- Outline --- */

static bool write_bookmark(Reader *r, Str *rest, int level, int *left)
{
    unsigned children = number_at(*rest, 0, 1);
    size_t title = number_at(*rest, 1, 3);
    size_t url = number_at(*rest, 4 + title, 3);
    if (rest->length < 7 || (*left)-- <= 0 || level > DEPTH_MAX)
        return false;
    doc_list_item(r->doc, level, S("-"), str_slice(*rest, 4, 4 + title));
    *rest = str_from(*rest, 7 + title + url);
    for (unsigned i = 0; i < children; i++)
        if (!write_bookmark(r, rest, level + 1, left))
            return false;
    return true;
}

static void read_outline(Reader *r, Str outline)
{
    int left = OUTLINE_MAX;
    outline = str_from(outline, 2);
    while (write_bookmark(r, &outline, 1, &left))
        ;
}

/* --- Pages --- */

/* A page without words is asked for right where it begins. */
static void begin_page(Reader *r, Str page, Str layer)
{
    r->info = (DjvuInfo){ .dpi = 300 };
    DjvuChunk chunk;
    for (Str rest = page; djvu_next_chunk(&rest, &chunk);)
        if (str_is(chunk.id, "INFO")) {
            r->info = djvu_info(chunk.bytes);
            break;
        }
    doc_page(r->doc, ++r->pages, false, djvu_points(&r->info, true), djvu_points(&r->info, false));
    if (str_trim(str_slice(layer, 3, 3 + number_at(layer, 0, 3))).length)
        return;
    if (djvu_has_picture(page))
        doc_later(r->doc, "picture", r->pages);
    else
        r->empty_pages++;
}

static void read_page(Reader *r, Str form, bool is_page)
{
    DjvuChunk chunk;
    Str layer = STR_NONE;
    arena_reset(r->arena);
    r->words.at = NULL;
    r->words.count = r->words.capacity = 0;
    r->has_text = false;
    for (Str rest = form; is_page && !layer.length && djvu_next_chunk(&rest, &chunk);)
        if (str_starts(chunk.id, S("TXT")))
            layer = chunk_text(r, &chunk);
    if (is_page)
        begin_page(r, form, layer);
    while (djvu_next_chunk(&form, &chunk) && doc_writer_ok(r->doc)) {
        if (arena_room(r->arena) < 2 * TEXT_MAX)
            break;
        if (str_starts(chunk.id, S("TXT")) && layer.length) {
            read_text(r, layer);
            layer = STR_NONE;
        } else if (str_starts(chunk.id, S("ANT"))) {
            read_remarks(r, chunk_text(r, &chunk));
        }
    }
}

static void read_form(Reader *r, Str form)
{
    DjvuChunk chunk;
    Str kind = str_slice(form, 0, 4), rest = str_from(form, 4);
    if (!str_is(kind, "DJVM")) {
        if (str_is(kind, "DJVU") || str_is(kind, "DJVI"))
            read_page(r, rest, str_is(kind, "DJVU"));
        return;
    }
    while (djvu_next_chunk(&rest, &chunk) && doc_writer_ok(r->doc)) {
        Str inner = str_slice(chunk.bytes, 0, 4);
        if (str_is(chunk.id, "NAVM"))
            read_outline(r, chunk_text(r, &chunk));
        else if (str_is(chunk.id, "FORM") && !str_is(inner, "DJVM"))
            read_form(r, chunk.bytes);
    }
}

static bool djvu_extract(const ExtractSource *source, DocWriter *doc, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(GB(1));
    Reader r = { .doc = doc, .arena = arena, .zones_left = ZONES_MAX, .facts_left = FACTS_MAX };
    Str rest = str_from(source->bytes, 4);
    DjvuChunk chunk;
    if (!djvu_next_chunk(&rest, &chunk) || !str_is(chunk.id, "FORM"))
        return fail(err, ERROR_DAMAGED, "the DjVu file has no pages");
    read_form(&r, chunk.bytes);
    doc_place(doc, &(Place){ 0 });
    doc_meta_whole(doc, "pages", r.pages);
    char warning[100];
    snprintf(warning, sizeof warning, "%d page%s no text and no picture", r.empty_pages,
             r.empty_pages == 1 ? " has" : "s have");
    if (r.empty_pages)
        doc_warning(doc, str(warning));
    if (r.pages == 0)
        doc_warning(doc, S("the file holds no pages; they may be in files of their own"));
    return true;
}

static int djvu_sniff(Str bytes) { return djvu_is_file(bytes) ? 95 : 0; }

const Extractor extractor_djvu = {
    .name = "djvu",
    .title = "DjVu document",
    .extensions = LIST("djvu", "djv"),
    .media_types = LIST("image/vnd.djvu", "image/x-djvu", "image/vnd.djvu+multipage"),
    .is_paged = true,
    .sniff = djvu_sniff,
    .extract = djvu_extract,
};
