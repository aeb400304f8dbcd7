/* metafile.c - see metafile.h. */
#include "extract/office/metafile.h"

#include <math.h>

#include "extract/charset/encoding.h"

enum { PIECES_MAX = 1000000, LINE_MAX = 65536 };

Str metafile_text(Arena *arena, Str bytes, unsigned charset)
{
    static const struct {
        uint8_t charset;
        int codepage;
    } pages[] = { { 77, 10000 }, { 128, 932 },  { 129, 949 },  { 134, 936 },  { 136, 950 },
                  { 161, 1253 }, { 162, 1254 }, { 163, 1258 }, { 177, 1255 }, { 178, 1256 },
                  { 186, 1257 }, { 204, 1251 }, { 222, 874 },  { 238, 1250 } };
    int codepage = 1252;
    for (size_t i = 0; i < COUNT(pages); i++)
        if (pages[i].charset == charset)
            codepage = pages[i].codepage;
    return text_decode_known(arena, bytes, charset_of_codepage(codepage));
}

void metafile_add(MetafilePieces *pieces, MetafilePiece piece, unsigned align)
{
    bool is_placed = isfinite(piece.x) && isfinite(piece.y) && isfinite(piece.width);
    if (!str_trim(piece.text).length || pieces->pieces.count >= PIECES_MAX || !is_placed)
        return;
    if ((align & METAFILE_ALIGN_CENTER) == METAFILE_ALIGN_CENTER)
        piece.x -= piece.width / 2;
    else if (align & METAFILE_ALIGN_RIGHT)
        piece.x -= piece.width;
    if (!(piece.height > 0))
        piece.height = 1;
    *vec_push(pieces->arena, &pieces->pieces) = piece;
}

static int by_y(const void *a, const void *b)
{
    const MetafilePiece *left = a, *right = b;
    return (left->y > right->y) - (left->y < right->y);
}

static int by_x(const void *a, const void *b)
{
    const MetafilePiece *left = a, *right = b;
    return (left->x > right->x) - (left->x < right->x);
}

static void write_line(MetafilePieces *pieces, size_t first, size_t end, DocWriter *doc)
{
    AUTO_ARENA Arena *arena = arena_new(MB(4));
    Buf line = buf_new(arena, LINE_MAX);
    MetafilePiece *at = pieces->pieces.at;
    qsort(at + first, end - first, sizeof *at, by_x);
    for (size_t i = first; i < end && !line.overflowed; i++) {
        bool is_apart = i > first && (at[i - 1].width <= 0 ||
                                      at[i].x > at[i - 1].x + at[i - 1].width + at[i].height / 5);
        if (is_apart && line.length && line.at[line.length - 1] != ' ')
            buf_add_char(&line, ' ');
        buf_add(&line, at[i].text);
    }
    doc_paragraph(doc, buf_str(&line));
}

void metafile_write(MetafilePieces *pieces, DocWriter *doc)
{
    MetafilePiece *at = pieces->pieces.at;
    size_t count = pieces->pieces.count, first = 0;
    if (count)
        qsort(at, count, sizeof *at, by_y);
    for (size_t i = 1; i <= count && doc_writer_ok(doc); i++) {
        if (i < count && at[i].y - at[first].y <= MIN(at[i].height, at[first].height) * 0.4)
            continue;
        write_line(pieces, first, i, doc);
        first = i;
    }
}
