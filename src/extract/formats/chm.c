/* chm.c - compiled help files of Windows (CHM): the pages in the order of their table of contents.
 *
 * The layout is that of the "Unofficial (Preliminary) HTML Help Specification" and of libchm's
 * description: a directory of names, and one stream packed with LZX that holds most files. */
#include "base/map.h"
#include "extract/archive/lzx.h"
#include "extract/charset/encoding.h"
#include "extract/extractor.h"
#include "extract/formats/html.h"
#include "extract/formats/markup.h"

enum { NAME_MAX_BYTES = 4096, FILES_MAX = 200000, LEVEL_MAX = 6, LIST_START = 0x14 };
static const size_t UNPACKED_MAX = MB(256), RATIO_FREE = MB(16), RATIO_MAX = 300;

typedef struct File {
    Str name; /* without the slash in front */
    uint64_t section, offset, length;
    bool is_written;
} File;

typedef struct Help {
    DocWriter *doc;
    Arena *arena;
    Str bytes, content, unpacked;
    VEC(File) files;
    Map by_name; /* lower case -> index from 1 */
    Str charset;
    int missing_count;
} Help;

static uint64_t number_at(Str bytes, size_t at, int width)
{
    uint64_t number = 0;
    for (int i = 0; i < width && at + (size_t)i < bytes.length; i++)
        number |= (uint64_t)(unsigned char)bytes.at[at + (size_t)i] << (8 * i);
    return number;
}

/* --- The directory --- */

/* Seven bits a byte, the highest first; the eighth says that more follow. */
static uint64_t packed_number(Str *rest)
{
    uint64_t number = 0;
    for (size_t i = 0; i < rest->length && i < 10; i++) {
        unsigned char c = (unsigned char)rest->at[i];
        number = number << 7 | (c & 0x7F);
        if (!(c & 0x80)) {
            *rest = str_from(*rest, i + 1);
            return number;
        }
    }
    *rest = STR_NONE;
    return 0;
}

static void read_list(Help *help, Str chunk)
{
    size_t free_bytes = number_at(chunk, 4, 4);
    Str rest = str_slice(chunk, LIST_START, chunk.length - MIN(free_bytes, chunk.length));
    while (rest.length && help->files.count < FILES_MAX) {
        uint64_t length = packed_number(&rest);
        if (length == 0 || length > NAME_MAX_BYTES || length > rest.length)
            return;
        File file = { .name = str_slice(rest, 0, length) };
        rest = str_from(rest, length);
        file.section = packed_number(&rest);
        file.offset = packed_number(&rest);
        file.length = packed_number(&rest);
        if (str_starts(file.name, S("/")))
            file.name = str_from(file.name, 1);
        *vec_push(help->arena, &help->files) = file;
        MapEntry *entry = map_add(&help->by_name, str_lower(help->arena, file.name), NULL);
        entry->number = (int64_t)help->files.count;
    }
}

static bool read_directory(Help *help, Error *err)
{
    Str bytes = help->bytes;
    size_t at = number_at(bytes, 0x48, 8), length = number_at(bytes, 0x50, 8);
    uint64_t version = number_at(bytes, 4, 4);
    uint64_t content = version >= 3 ? number_at(bytes, 0x58, 8) : at + length;
    Str directory = str_slice(bytes, at, MIN(bytes.length, at + length));
    size_t header = number_at(directory, 8, 4), chunk = number_at(directory, 0x10, 4);
    if (!str_starts(directory, S("ITSP")) || chunk < 64 || chunk > MB(1) || at > bytes.length)
        return fail(err, ERROR_DAMAGED, "the help file's directory is broken");
    help->content = str_from(bytes, MIN(content, bytes.length));
    for (size_t i = header; i < directory.length; i += chunk) {
        Str part = str_slice(directory, i, i + chunk);
        if (str_starts(part, S("PMGL")))
            read_list(help, part);
    }
    return help->files.count > 0 || fail(err, ERROR_DAMAGED, "the help file lists no files");
}

static File *find_file(Help *help, Str name)
{
    const MapEntry *entry = map_find(&help->by_name, str_lower(help->arena, name));
    return entry ? &help->files.at[entry->number - 1] : NULL;
}

static Str read_file(const Help *help, const File *file)
{
    Str from = !file ? STR_NONE : file->section == 0 ? help->content : help->unpacked;
    if (!from.length || file->offset > from.length || file->length > from.length - file->offset)
        return STR_NONE;
    return str_slice(from, file->offset, file->offset + file->length);
}

/* --- The packed stream --- */

#define PACKED "::DataSpace/Storage/MSCompressed/"
#define RESETS PACKED "Transform/{7FC28940-9D31-11D0-9B27-00A0C91E9C7C}/InstanceData/ResetTable"

static bool unpack(Help *help, Error *err)
{
    Str packed = read_file(help, find_file(help, S(PACKED "Content")));
    Str control = read_file(help, find_file(help, S(PACKED "ControlData")));
    Str resets = read_file(help, find_file(help, S(RESETS)));
    if (!packed.length)
        return true; /* nothing is packed */
    uint64_t size = number_at(resets, 0x10, 8), frame = number_at(resets, 0x20, 8);
    uint64_t unit = number_at(control, 8, 4) >= 2 ? LZX_FRAME : 1;
    uint64_t window = number_at(control, 16, 4) * unit, interval = number_at(control, 12, 4) * unit;
    if (!str_is(str_slice(control, 4, 8), "LZXC") || frame != LZX_FRAME)
        return fail(err, ERROR_DAMAGED, "the help file is packed by an unknown method");
    if (size > UNPACKED_MAX || (size > RATIO_FREE && size / RATIO_MAX > packed.length))
        return fail(err, ERROR_TOO_LARGE, "the help file unpacks to %zu MB", (size_t)(size >> 20));
    LzxSource source = { .packed = packed,
                         .reset_frames = interval / LZX_FRAME,
                         .resets = str_from(resets, number_at(resets, 12, 4)) };
    for (source.window_bits = 15; (uint64_t)1 << source.window_bits < window;)
        if (++source.window_bits > 21)
            return fail(err, ERROR_DAMAGED, "the help file is packed with an impossible window");
    help->unpacked = lzx_unpack(help->arena, &source, size);
    if (help->unpacked.length < size)
        doc_warning(help->doc, S("a part of the help file is broken"));
    return true;
}

/* --- What it says about itself --- */

/* Windows' code page by the primary language of a locale ([MS-LCID]). */
static Str charset_of(uint32_t locale)
{
    static const struct {
        uint8_t language;
        const char *charset;
    } charsets[] = {
        { 0x01, "windows-1256" }, { 0x02, "windows-1251" }, { 0x05, "windows-1250" },
        { 0x08, "windows-1253" }, { 0x0D, "windows-1255" }, { 0x0E, "windows-1250" },
        { 0x11, "shift_jis" },    { 0x12, "euc-kr" },       { 0x15, "windows-1250" },
        { 0x18, "windows-1250" }, { 0x19, "windows-1251" }, { 0x1A, "windows-1250" },
        { 0x1B, "windows-1250" }, { 0x1E, "windows-874" },  { 0x1F, "windows-1254" },
        { 0x22, "windows-1251" }, { 0x23, "windows-1251" }, { 0x24, "windows-1250" },
        { 0x25, "windows-1257" }, { 0x26, "windows-1257" }, { 0x27, "windows-1257" },
        { 0x29, "windows-1256" }, { 0x2A, "windows-1258" },
    };
    if ((locale & 0xFF) == 0x04)
        return locale == 0x0404 || locale == 0x0C04 ? S("big5") : S("gbk");
    for (size_t i = 0; i < COUNT(charsets); i++)
        if (charsets[i].language == (locale & 0xFF))
            return str(charsets[i].charset);
    return S("windows-1252");
}

static void read_system(Help *help)
{
    enum { TITLE = 3, LOCALE = 4, COMPILER = 9 };
    Str rest = str_from(read_file(help, find_file(help, S("#SYSTEM"))), 4), title = STR_NONE;
    while (rest.length >= 4) {
        uint64_t code = number_at(rest, 0, 2), length = number_at(rest, 2, 2);
        Str value = str_slice(rest, 4, 4 + length), text = value;
        ptrdiff_t end = str_find(value, (Str){ "", 1 });
        if (end >= 0)
            text = str_slice(value, 0, (size_t)end);
        if (code == TITLE)
            title = text;
        else if (code == LOCALE)
            help->charset = charset_of((uint32_t)number_at(value, 0, 4));
        else if (code == COMPILER)
            doc_meta(help->doc, "software", text);
        rest = str_from(rest, 4 + length);
    }
    doc_meta(help->doc, "title", text_decode(help->arena, title, help->charset, NULL));
}

/* --- Pages --- */

static bool has_heading(Str html)
{
    for (ptrdiff_t at; (at = str_find_char(html, '<')) >= 0;) {
        html = str_from(html, (size_t)at + 1);
        if (html.length > 2 && (html.at[0] | 32) == 'h' && html.at[1] >= '1' && html.at[1] <= '6')
            return true;
    }
    return false;
}

static void write_page(Help *help, File *file, Str title, int level)
{
    AUTO_ARENA Arena *arena = arena_new(GB(1));
    Str bytes = read_file(help, file);
    if (file->is_written || !doc_writer_ok(help->doc))
        return;
    file->is_written = true;
    help->missing_count += bytes.length < file->length;
    Str declared = charset_in_html(bytes);
    Str text = text_decode(arena, bytes, declared.length ? declared : help->charset, NULL);
    Place place = { .part = text_decode(arena, file->name, STR_NONE, NULL) };
    doc_place(help->doc, &place);
    if (!has_heading(text))
        doc_heading(help->doc, MAX(1, MIN(level, LEVEL_MAX)), title);
    html_write_chapter(help->doc, text, &place);
}

/* Entries are <object type="text/sitemap"> with parameters Name and Local, in nested lists. */
static void write_contents(Help *help, Str hhc)
{
    Arena *arena = help->arena;
    Str declared = charset_in_html(hhc), title = STR_NONE, local = STR_NONE;
    HtmlReader in =
        html_reader(text_decode(arena, hhc, declared.length ? declared : help->charset, NULL));
    HtmlToken token;
    int level = 0;
    while (html_next(&in, &token) && doc_writer_ok(help->doc)) {
        bool is_start = token.kind == HTML_START;
        if (token.kind == HTML_TEXT)
            continue;
        if (str_is(token.name, "ul")) {
            level += is_start ? 1 : -1;
        } else if (str_is(token.name, "param")) {
            Str name = markup_attribute(arena, token.attributes, "name");
            Str value = markup_attribute(arena, token.attributes, "value");
            if (str_equal_ignore_case(name, S("Name")))
                title = value;
            else if (str_equal_ignore_case(name, S("Local")))
                local = markup_path(arena, STR_NONE, value, NULL);
        } else if (str_is(token.name, "object")) {
            File *file = is_start || !local.length ? NULL : find_file(help, local);
            if (file)
                write_page(help, file, title, level);
            else if (!is_start && title.length && !local.length && level > 0)
                doc_heading(help->doc, MIN(level, LEVEL_MAX), title);
            title = local = STR_NONE;
        }
    }
}

static bool is_page(Str name)
{
    static const Str ends[] = { S_INIT(".htm"), S_INIT(".html"), S_INIT(".xhtml"), S_INIT(".txt") };
    for (size_t i = 0; i < COUNT(ends); i++)
        if (str_ends_ignore_case(name, ends[i]))
            return true;
    return false;
}

static bool chm_extract(const ExtractSource *source, DocWriter *doc, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(GB(1));
    Help help = { .doc = doc, .arena = arena, .bytes = source->bytes, .by_name = map_new(arena) };
    char note[64];
    if (!read_directory(&help, err) || !unpack(&help, err))
        return false;
    read_system(&help);
    for (size_t i = 0; i < help.files.count; i++)
        if (str_ends_ignore_case(help.files.at[i].name, S(".hhc")))
            write_contents(&help, read_file(&help, &help.files.at[i]));
    for (size_t i = 0; i < help.files.count; i++)
        if (is_page(help.files.at[i].name))
            write_page(&help, &help.files.at[i], STR_NONE, 1);
    snprintf(note, sizeof note, "%d pages are broken", help.missing_count);
    if (help.missing_count)
        doc_warning(doc, str(note));
    return true;
}

static int chm_sniff(Str bytes)
{
    return str_starts(bytes, S("ITSF")) && number_at(bytes, 4, 4) <= 4 ? 95 : 0;
}

const Extractor extractor_chm = {
    .name = "chm",
    .title = "Windows help (CHM)",
    .extensions = LIST("chm", "chi"),
    .media_types = LIST("application/vnd.ms-htmlhelp", "application/x-chm"),
    .sniff = chm_sniff,
    .extract = chm_extract,
};
