/* torrent.c - BitTorrent metainfo (bittorrent.org, BEP 3 and 27): what it is called, who made it
 * when, and the files that it is about, which are not in it.
 *
 *     d 8:announce ... 4:info d 4:name ... { 6:length | 5:files l { d 6:length 4:path l... } } e e
 */
#include "extract/extractor.h"
#include "extract/metadata.h"

enum { DEPTH_MAX = 32, FILES_MAX = 100000, PATH_MAX_BYTES = 4096 };

typedef struct Bencode {
    Str bytes;
    size_t at;
    bool is_broken;
} Bencode;

static char peek(const Bencode *in) { return in->at < in->bytes.length ? in->bytes.at[in->at] : 0; }

/* "4:name" */
static Str take_text(Bencode *in)
{
    Str rest = str_from(in->bytes, in->at);
    ptrdiff_t colon = str_find_char(str_slice(rest, 0, 20), ':');
    int64_t length = 0;
    in->is_broken |= colon < 1 || !str_to_int(str_slice(rest, 0, (size_t)colon), 0,
                                              (int64_t)rest.length - colon - 1, &length);
    if (in->is_broken)
        return STR_NONE;
    in->at += (size_t)colon + 1 + (size_t)length;
    return str_slice(rest, (size_t)colon + 1, (size_t)colon + 1 + (size_t)length);
}

/* "i42e" */
static int64_t take_number(Bencode *in)
{
    Str rest = str_from(in->bytes, in->at);
    ptrdiff_t end = str_find_char(str_slice(rest, 0, 24), 'e');
    int64_t number = 0;
    in->is_broken |= !str_starts(rest, S("i")) || end < 2 ||
                     !str_to_int(str_slice(rest, 1, (size_t)end), INT64_MIN, INT64_MAX, &number);
    in->at += in->is_broken ? 0 : (size_t)end + 1;
    return number;
}

/* Past the mark of a list or dictionary that begins with `mark`. */
static bool begin(Bencode *in, char mark)
{
    in->is_broken |= peek(in) != mark;
    in->at += !in->is_broken;
    return !in->is_broken;
}

/* Is there one more in the list or dictionary? Its end is taken. */
static bool has_more(Bencode *in)
{
    bool is_end = peek(in) == 'e';
    in->at += is_end && !in->is_broken;
    return !is_end && !in->is_broken;
}

static void skip(Bencode *in, int depth)
{
    char mark = peek(in);
    in->is_broken |= depth > DEPTH_MAX;
    if (in->is_broken)
        return;
    if (mark == 'i') {
        take_number(in);
    } else if (mark == 'l' || mark == 'd') {
        for (in->at++; has_more(in);)
            skip(in, depth + 1);
    } else {
        take_text(in);
    }
}

typedef struct Torrent {
    DocWriter *doc;
    Arena *arena;
    Bencode in;
    int64_t files, bytes;
} Torrent;

static void write_file(Torrent *torrent, Str path, int64_t size)
{
    if (torrent->files++ == 0) {
        doc_table_begin(torrent->doc);
        doc_cell(torrent->doc, S("File"));
        doc_cell(torrent->doc, S("Size"));
        doc_row_end(torrent->doc);
        doc_header_end(torrent->doc);
    }
    if (torrent->files > FILES_MAX)
        return;
    doc_cell(torrent->doc, path);
    doc_cell(torrent->doc, str_format(torrent->arena, "%" PRId64, size));
    doc_row_end(torrent->doc);
    torrent->bytes += MAX(0, MIN(size, INT64_MAX - torrent->bytes));
    arena_reset(torrent->arena);
}

/* The folders and the name of a file. */
static void take_path(Torrent *torrent, Buf *path)
{
    for (begin(&torrent->in, 'l'); has_more(&torrent->in);) {
        Str part = take_text(&torrent->in);
        buf_addf(path, "%s" STR_FMT, path->length ? "/" : "", STR_ARG(part));
    }
}

static void read_file(Torrent *torrent)
{
    Bencode *in = &torrent->in;
    int64_t size = 0;
    Buf path = buf_new(torrent->arena, PATH_MAX_BYTES);
    for (begin(in, 'd'); has_more(in);) {
        Str key = take_text(in);
        if (str_is(key, "length"))
            size = take_number(in);
        else if (str_is(key, "path"))
            take_path(torrent, &path);
        else
            skip(in, 0);
    }
    if (!in->is_broken)
        write_file(torrent, buf_str(&path), size);
}

static void read_info(Torrent *torrent)
{
    Bencode *in = &torrent->in;
    Str name = STR_NONE;
    int64_t size = 0;
    for (begin(in, 'd'); has_more(in);) {
        Str key = take_text(in);
        if (str_is(key, "name"))
            name = take_text(in);
        else if (str_is(key, "length"))
            size = take_number(in);
        else if (str_is(key, "files"))
            for (begin(in, 'l'); has_more(in);)
                read_file(torrent);
        else
            skip(in, 0);
    }
    if (torrent->files == 0 && !in->is_broken)
        write_file(torrent, name, size);
    if (torrent->files)
        doc_table_end(torrent->doc);
    doc_meta(torrent->doc, "title", name);
}

static void write_created(Torrent *torrent)
{
    int64_t seconds = take_number(&torrent->in);
    if (seconds > 0 && seconds < INT64_MAX / 1000)
        doc_meta_time(torrent->doc, "created", seconds * 1000);
}

static bool torrent_extract(const ExtractSource *source, DocWriter *doc, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(MB(256));
    Torrent torrent = { .doc = doc, .arena = arena, .in = { .bytes = source->bytes } };
    Bencode *in = &torrent.in;
    for (begin(in, 'd'); has_more(in) && doc_writer_ok(doc);) {
        Str key = take_text(in);
        if (str_is(key, "info"))
            read_info(&torrent);
        else if (str_is(key, "comment"))
            doc_paragraph(doc, take_text(in));
        else if (str_is(key, "created by"))
            doc_meta(doc, "software", take_text(in));
        else if (str_is(key, "creation date"))
            write_created(&torrent);
        else
            skip(in, 0);
    }
    if (torrent.files == 0)
        return fail(err, ERROR_DAMAGED, "the torrent does not say what files it is about");
    doc_meta_whole(doc, "members", torrent.files);
    doc_meta_whole(doc, "unpacked_size", torrent.bytes);
    if (in->is_broken)
        doc_warning(doc, S("the torrent is broken: not all of its files are listed"));
    return true;
}

/* A dictionary whose first key is a text, and the pieces of the files. */
static int torrent_sniff(Str bytes)
{
    Str head = str_slice(bytes, 0, MB(1));
    bool is_dictionary = head.length > 3 && head.at[0] == 'd' && head.at[1] >= '1' &&
                         head.at[1] <= '9' && str_find_char(str_slice(head, 0, 4), ':') > 0;
    return is_dictionary && str_find(head, S("4:infod")) >= 0 ? 85 : 0;
}

const Extractor extractor_torrent = {
    .name = "torrent",
    .title = "Torrent (its list of files)",
    .extensions = LIST("torrent"),
    .media_types = LIST("application/x-bittorrent"),
    .sniff = torrent_sniff,
    .extract = torrent_extract,
};
