/* djvu_page.c - see djvu_page.h. */
#include "extract/djvu/djvu_page.h"

#include "extract/djvu/djvu.h"

enum { DPI = 300, INCLUDES_MAX = 16, CHUNKS_MAX = 256 };
#define DIRECTORY_MAX MB(16)

/* Numbers of DjVu have their high byte first. */
static size_t number_at(Str bytes, size_t at, size_t size)
{
    size_t number = 0;
    for (size_t i = 0; i < size; i++)
        number = number << 8 | (at + i < bytes.length ? (uint8_t)bytes.at[at + i] : 0);
    return number;
}

bool djvu_next_chunk(Str *rest, DjvuChunk *chunk_r)
{
    size_t length = number_at(*rest, 4, 4);
    if (rest->length < 8)
        return false;
    *chunk_r = (DjvuChunk){ str_slice(*rest, 0, 4), str_slice(*rest, 8, 8 + length) };
    *rest = str_from(*rest, 8 + length + (length & 1));
    return true;
}

DjvuInfo djvu_info(Str chunk)
{
    static const int turns[8] = { [6] = 1, [2] = 2, [5] = 3 };
    DjvuInfo info = { .width = (int)number_at(chunk, 0, 2),
                      .height = (int)number_at(chunk, 2, 2),
                      .dpi = (int)(number_at(chunk, 7, 1) << 8 | number_at(chunk, 6, 1)),
                      .turns = turns[number_at(chunk, 9, 1) & 7] };
    if (info.dpi < 25 || info.dpi > 6000)
        info.dpi = DPI; /* where a page does not say it */
    return info;
}

float djvu_points(const DjvuInfo *info, bool is_width)
{
    bool is_turned = info->turns & 1;
    return (float)(is_width != is_turned ? info->width : info->height) * 72 / (float)info->dpi;
}

static Str find_chunk(Str form, const char *id)
{
    DjvuChunk chunk;
    while (djvu_next_chunk(&form, &chunk))
        if (str_is(chunk.id, id))
            return chunk.bytes;
    return STR_NONE;
}

bool djvu_has_picture(Str page)
{
    return find_chunk(page, "Sjbz").length > 0 || find_chunk(page, "BG44").length > 0;
}

/* --- Parts of a file --- */

typedef struct File {
    Arena *arena;
    Str directory; /* DIRM, or nothing */
    Str rest;      /* the chunks of the outer form */
    Str kind;      /* "DJVU" or "DJVM" */
} File;

static bool open_file(Arena *arena, Str bytes, File *file_r)
{
    Str rest = str_from(bytes, 4);
    DjvuChunk chunk;
    if (!djvu_is_file(bytes) || !djvu_next_chunk(&rest, &chunk))
        return false;
    *file_r = (File){ .arena = arena,
                      .kind = str_slice(chunk.bytes, 0, 4),
                      .rest = str_from(chunk.bytes, 4) };
    file_r->directory = find_chunk(file_r->rest, "DIRM");
    return true;
}

/* The page's chunks; pages follow each other in the file as they do in the document. */
static bool find_page(const File *file, int number, Str *page_r)
{
    Str rest = file->rest;
    DjvuChunk chunk;
    *page_r = file->rest;
    if (str_is(file->kind, "DJVU"))
        return number == 1;
    while (djvu_next_chunk(&rest, &chunk))
        if (str_is(chunk.id, "FORM") && str_starts(chunk.bytes, S("DJVU")) && --number == 0) {
            *page_r = str_from(chunk.bytes, 4);
            return true;
        }
    return false;
}

/* DIRM: a byte of flags, how many, where each is; then packed: sizes, flags, names. */
static size_t component_index(const File *file, Str name)
{
    size_t count = number_at(file->directory, 1, 2);
    Str packed = str_from(file->directory, 3 + 4 * count);
    Str names = bzz_unpack(file->arena, packed, DIRECTORY_MAX), one;
    names = str_from(names, 4 * count);
    for (size_t i = 0; i < count && str_next(&names, '\0', &one); i++)
        if (str_equal(one, name))
            return i;
    return SIZE_MAX;
}

/* A component that pages share, by the name that an INCL chunk says; its chunks. */
static Str find_shared(const File *file, Str name)
{
    bool is_bundled = number_at(file->directory, 0, 1) & 0x80;
    size_t index = is_bundled ? component_index(file, str_trim(name)) : SIZE_MAX, count = 0;
    Str rest = file->rest;
    DjvuChunk chunk;
    while (index != SIZE_MAX && djvu_next_chunk(&rest, &chunk))
        if (str_is(chunk.id, "FORM") && count++ == index)
            return str_from(chunk.bytes, 4);
    return STR_NONE;
}

/* The shapes that the page's own begin from: in the page, or in a component it includes. */
static void find_library(const File *file, Str page, Jb2Library *library_r)
{
    Str packed = find_chunk(page, "Djbz");
    DjvuChunk chunk;
    for (int i = 0; packed.length == 0 && i < INCLUDES_MAX && djvu_next_chunk(&page, &chunk);)
        if (str_is(chunk.id, "INCL")) {
            packed = find_chunk(find_shared(file, chunk.bytes), "Djbz");
            i++;
        }
    if (packed.length)
        jb2_library(file->arena, packed, library_r);
}

/* --- Turning --- */

static bool is_black(const Jb2Page *page, int x, int y)
{
    return page->rows[(size_t)y * page->stride + (size_t)x / 8] >> (7 - x % 8) & 1;
}

/* A quarter against the clock. */
static Jb2Page turned(Arena *arena, const Jb2Page *page)
{
    Jb2Page out = { .width = page->height, .height = page->width, .is_cut = page->is_cut };
    out.stride = ((size_t)out.width + 7) / 8;
    out.rows = arena_alloc(arena, out.stride * (size_t)out.height + 1);
    for (int y = 0; y < page->height; y++)
        for (int x = 0; x < page->width; x++)
            if (is_black(page, x, y))
                out.rows[(size_t)(page->width - 1 - x) * out.stride + (size_t)y / 8] |=
                    (uint8_t)(0x80 >> y % 8);
    return out;
}

static Iw44Picture turned_colours(Arena *arena, const Iw44Picture *picture)
{
    Iw44Picture out = { .width = picture->height, .height = picture->width };
    out.pixels = arena_alloc(arena, (size_t)out.width * (size_t)out.height * 3);
    for (int y = 0; y < picture->height; y++)
        for (int x = 0; x < picture->width; x++)
            memcpy(out.pixels +
                       ((size_t)(picture->width - 1 - x) * (size_t)out.width + (size_t)y) * 3,
                   picture->pixels + ((size_t)y * (size_t)picture->width + (size_t)x) * 3, 3);
    return out;
}

/* --- Pages --- */

static bool open_page(Arena *arena, Str bytes, int page, File *file_r, Str *chunks_r, Error *err)
{
    if (!open_file(arena, bytes, file_r))
        return fail(err, ERROR_DAMAGED, "the DjVu file has no pages");
    if (page < 1 || !find_page(file_r, page, chunks_r))
        return fail(err, ERROR_NOT_FOUND, "there is no page %d", page);
    return true;
}

bool djvu_draw(Arena *arena, Str bytes, int page, DjvuInfo *info_r, Jb2Page *picture_r, Error *err)
{
    File file;
    Str chunks;
    Jb2Library library = { 0 };
    Jb2Page picture;
    if (!open_page(arena, bytes, page, &file, &chunks, err))
        return false;
    Str packed = find_chunk(chunks, "Sjbz");
    if (!packed.length)
        return fail(err, ERROR_UNSUPPORTED, "the page has no black and white part");
    DjvuInfo info = djvu_info(find_chunk(chunks, "INFO"));
    find_library(&file, chunks, &library);
    if (!jb2_page(arena, packed, &library, &picture, err))
        return false;
    info.width = picture.width;
    info.height = picture.height;
    for (int i = 0; i < info.turns; i++)
        picture = turned(arena, &picture);
    *info_r = info;
    *picture_r = picture;
    return true;
}

bool djvu_draw_colours(Arena *arena, Str bytes, int page, DjvuInfo *info_r, Iw44Picture *picture_r,
                       Error *err)
{
    File file;
    Str rest, parts[CHUNKS_MAX];
    DjvuChunk chunk;
    Iw44Picture picture;
    size_t count = 0;
    if (!open_page(arena, bytes, page, &file, &rest, err))
        return false;
    DjvuInfo info = djvu_info(find_chunk(rest, "INFO"));
    while (count < CHUNKS_MAX && djvu_next_chunk(&rest, &chunk))
        if (str_is(chunk.id, "BG44"))
            parts[count++] = chunk.bytes;
    if (!iw44_picture(arena, parts, count, &picture, err))
        return false;
    if (info.width == 0 || info.height == 0) {
        info.width = picture.width;
        info.height = picture.height;
    }
    for (int i = 0; i < info.turns; i++)
        picture = turned_colours(arena, &picture);
    *info_r = info;
    *picture_r = picture;
    return true;
}
