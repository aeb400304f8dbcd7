/* wpd.c - WordPerfect 5 and 6 to X9 documents: text, notes and running texts.
 *
 * The file is a prefix of packets and then the document: characters, and functions by their first
 * byte, whose sizes let unknown ones be passed over. */
#include "base/utf8.h"
#include "extract/extractor.h"
#include "extract/ole/ole_file.h"

enum { VERSION_5 = 0, VERSION_6 = 2, TEXT_MAX = 16 << 20, NEST_MAX = 4, PACKET_TEXT = 8 };

typedef struct Reader {
    DocWriter *doc;
    Str file;
    Arena *arena;
    int nesting;
    bool in_deleted; /* text that undoing brings back; kept apart from the rest */
    Buf deleted;
} Reader;

typedef struct Flow {
    Reader *reader;
    Buf text;
    bool in_table;
    Buf *note;       /* NULL: blocks */
    bool is_running; /* header or footer */
} Flow;

static void read_6(Flow *flow, Str bytes);

/* --- Characters of the WordPerfect sets --- */

static uint32_t nth(Str table, size_t n)
{
    for (size_t at = 0, size; at < table.length; at += size, n--) {
        uint32_t c = utf8_decode(table, at, &size);
        if (n == 0)
            return c;
    }
    return 0;
}

static uint32_t character_of(unsigned set, unsigned number)
{
    static const Str multinational =
        S_INIT("ßĸJÁáÂâÄäÀàÅåÆæÇçÉéÊêËëÈèÍíÎîÏïÌìÑñÓóÔôÖöÒòÚúÛûÜüÙùŸÿÃãĐđØøÕõÝýÐðÞþĂăĀāĄąĆćČč");
    static const Str typographic = S_INIT("●○■•*¶§¡¿«»£¥₧ƒªº½¼¢²ⁿ®©¤¾³‛’‘‟”“–—‹›○□†‡™℠℞");
    if (set == 0)
        return number >= 0x20 && number < 0x7F ? number : 0;
    if (set == 1 && number >= 23)
        return nth(multinational, number - 23);
    if (set == 4)
        return nth(typographic, number);
    return UTF8_REPLACEMENT;
}

static uint32_t short_character(unsigned number)
{
    static const Str table = S_INIT("åÅæÆäÄáàâãÃçÇëéÉèêíñÑøØõÕöÖüÜúùß");
    return nth(table, number - 1);
}

/* --- Blocks --- */

/* After the paragraph or table that it was deleted from. */
static void write_deleted(Flow *flow)
{
    Reader *reader = flow->reader;
    if (flow->note || flow->is_running || flow->in_table || reader->in_deleted)
        return;
    doc_note(reader->doc, "deleted text", str_trim(buf_str(&reader->deleted)));
    reader->deleted.length = 0;
}

static void end_paragraph(Flow *flow)
{
    Str text = str_trim(buf_str(&flow->text));
    if (flow->note) {
        if (flow->note->length && text.length)
            buf_add_char(flow->note, '\n');
        buf_add(flow->note, text);
    } else if (flow->in_table) {
        if (text.length)
            buf_add_char(&flow->text, '\n');
        return;
    } else if (flow->is_running) {
        doc_header(flow->reader->doc, text);
    } else {
        doc_paragraph(flow->reader->doc, text);
    }
    flow->text.length = 0;
    write_deleted(flow);
}

static void end_cell(Flow *flow)
{
    doc_cell(flow->reader->doc, str_trim(buf_str(&flow->text)));
    flow->text.length = 0;
}

static void begin_table(Flow *flow)
{
    if (flow->in_table || flow->note || flow->is_running)
        return;
    end_paragraph(flow);
    doc_table_begin(flow->reader->doc);
    flow->in_table = true;
}

static void end_table(Flow *flow)
{
    if (!flow->in_table)
        return;
    end_cell(flow);
    doc_row_end(flow->reader->doc);
    doc_table_end(flow->reader->doc);
    flow->in_table = false;
    write_deleted(flow);
}

/* --- WordPerfect 6 and later --- */

/* A packet of text in the prefix: its blocks follow each other. */
static Str packet_text(const Reader *reader, size_t number)
{
    size_t index = le16_at(reader->file, 14), at = index + number * 14;
    size_t count = le16_at(reader->file, index + 2);
    if (number == 0 || number >= count || at + 14 > reader->file.length ||
        reader->file.at[at + 1] != PACKET_TEXT)
        return STR_NONE;
    size_t size = le32_at(reader->file, at + 6), start = le32_at(reader->file, at + 10);
    Str packet = str_slice(reader->file, start, start + MIN(size, reader->file.length));
    size_t blocks = le16_at(packet, 0), first = le32_at(packet, 2), length = 0;
    for (size_t i = 0; i < blocks && 6 + i * 4 < packet.length; i++)
        length += le32_at(packet, 6 + i * 4);
    return str_slice(packet, first, first + MIN(length, packet.length));
}

/* Text that a function refers to: a note, a header, a box. */
static void read_packets(Flow *flow, Str function, int group)
{
    Reader *reader = flow->reader;
    if (function.length < 7 || !(function.at[4] & 0x80) || reader->nesting >= NEST_MAX)
        return;
    size_t count = (unsigned char)function.at[5];
    for (size_t i = 0; i < count && 6 + i * 2 + 2 <= function.length; i++) {
        Str text = packet_text(reader, le16_at(function, 6 + i * 2));
        if (text.length == 0)
            continue;
        AUTO_ARENA Arena *arena = arena_new(MB(64));
        Buf note = buf_new(arena, TEXT_MAX);
        Flow inner = { .reader = reader, .text = buf_new(arena, TEXT_MAX) };
        inner.is_running = group == 0xD6;
        inner.note = group == 0xD7 ? &note : NULL;
        reader->nesting++;
        read_6(&inner, text);
        reader->nesting--;
        if (inner.note)
            doc_note(reader->doc, (unsigned char)function.at[1] < 2 ? "footnote" : "endnote",
                     buf_str(&note));
    }
}

/* The group of line ends: soft, hard, and those of tables. */
static void take_line_end(Flow *flow, unsigned kind)
{
    if (kind >= 1 && kind <= 3)
        buf_add_char(&flow->text, ' ');
    else if (kind == 0x0A && flow->in_table)
        end_cell(flow);
    else if (kind >= 0x0B && kind <= 0x10 && flow->in_table) {
        end_cell(flow);
        doc_row_end(flow->reader->doc);
    } else if (kind >= 0x11 && kind <= 0x13)
        end_table(flow);
    else if (kind >= 0x17 && kind <= 0x19)
        buf_add_char(&flow->text, ' ');
    else if (kind > 3)
        end_paragraph(flow);
}

/* A function with its size; the bytes it takes. */
static size_t take_long(Flow *flow, Str rest)
{
    unsigned group = (unsigned char)rest.at[0],
             kind = rest.length > 1 ? (unsigned char)rest.at[1] : 0;
    size_t size = le16_at(rest, 2);
    if (size < 4 || size > rest.length)
        return 1;
    if (group == 0xD0)
        take_line_end(flow, kind);
    else if (group == 0xE0)
        buf_add_char(&flow->text, '\t');
    else if (group == 0xD4 && kind == 0x2A) /* a table's definition begins */
        begin_table(flow);
    else if (group == 0xD6 || group == 0xD7 || group == 0xDF)
        read_packets(flow, str_slice(rest, 0, size), (int)group);
    return size;
}

/* Text that was deleted begins (0) or ends (1); other kinds are of other changes. */
static void take_undo(Reader *reader, int kind)
{
    if (kind == 0 && reader->deleted.length)
        buf_add_char(&reader->deleted, '\n');
    if (kind == 0 || kind == 1)
        reader->in_deleted = kind == 0;
}

static size_t take_fixed(Flow *flow, Str rest)
{
    static const unsigned char sizes[16] = { 4, 5, 3, 3, 3, 3, 4, 4, 4, 5, 5, 6, 6, 8, 8, 1 };
    unsigned group = (unsigned char)rest.at[0];
    size_t size = sizes[group - 0xF0];
    if (size > rest.length)
        return rest.length;
    if (group == 0xF0) {
        uint32_t c = character_of((unsigned char)rest.at[2], (unsigned char)rest.at[1]);
        if (c)
            buf_add_utf8(&flow->text, c);
    } else if (group == 0xF1) {
        take_undo(flow->reader, rest.at[1]);
    }
    return size;
}

static void take_single(Flow *flow, unsigned c)
{
    if (c < 0x21)
        buf_add_utf8(&flow->text, short_character(c));
    else if (c < 0x7F)
        buf_add_char(&flow->text, (char)c);
    else if (c == 0x80 || c == 0x81 || c == 0xCF || c == 0xCD)
        buf_add_char(&flow->text, ' ');
    else if (c == 0x84)
        buf_add_char(&flow->text, '-');
    else if (c == 0xCC || c == 0xC7 || c == 0x87)
        end_paragraph(flow);
}

static void read_6(Flow *flow, Str bytes)
{
    Reader *reader = flow->reader;
    for (size_t at = 0; at < bytes.length && doc_writer_ok(reader->doc);) {
        unsigned c = (unsigned char)bytes.at[at];
        Str rest = str_from(bytes, at);
        size_t length = flow->text.length;
        if (c >= 0xF0)
            at += take_fixed(flow, rest);
        else if (c >= 0xD0)
            at += take_long(flow, rest);
        else {
            if (c > 0 && !(reader->in_deleted && c >= 0x82))
                take_single(flow, c);
            at++;
        }
        if (reader->in_deleted && flow->text.length > length) {
            buf_add(&reader->deleted, str_from(buf_str(&flow->text), length));
            flow->text.length = length;
        }
    }
    end_table(flow);
    if (reader->nesting == 0)
        reader->in_deleted = false; /* in a file that is cut */
    end_paragraph(flow);
}

/* --- WordPerfect 5 --- */

static void read_5(Flow *flow, Str bytes)
{
    static const unsigned char sizes[16] = { 4, 9, 11, 3, 3, 5, 6, 7, 1, 1, 1, 1, 1, 1, 1, 1 };
    for (size_t at = 0; at < bytes.length && doc_writer_ok(flow->reader->doc);) {
        unsigned c = (unsigned char)bytes.at[at];
        Str rest = str_from(bytes, at);
        at++;
        if (c >= 0xD0) {
            size_t size = (size_t)le16_at(rest, 2) + 4;
            at += size <= rest.length ? size - 1 : 0;
        } else if (c >= 0xC0) {
            if (c == 0xC0 && rest.length >= 4) {
                uint32_t wide = character_of((unsigned char)rest.at[2], (unsigned char)rest.at[1]);
                if (wide)
                    buf_add_utf8(&flow->text, wide);
            } else if (c == 0xC1) {
                buf_add_char(&flow->text, '\t');
            }
            at += sizes[c - 0xC0] - 1u;
        } else if (c == 0x0A || c == 0x0C || c == 0x8C || c == 0x99) {
            end_paragraph(flow);
        } else if (c == 0x0D || c == 0x0B || c == 0xA0) {
            buf_add_char(&flow->text, ' ');
        } else if (c == 0xA9) {
            buf_add_char(&flow->text, '-');
        } else if (c >= 0x20 && c < 0x7F) {
            buf_add_char(&flow->text, (char)c);
        }
    }
    end_paragraph(flow);
}

/* --- The way in --- */

static int wpd_sniff(Str bytes)
{
    bool is_document = bytes.length > 16 && str_starts(bytes, S("\xFFWPC")) && bytes.at[8] == 1 &&
                       bytes.at[9] == 0x0A;
    return is_document ? 95 : 0;
}

static bool wpd_extract(const ExtractSource *source, DocWriter *doc, Error *err)
{
    Str bytes = source->bytes;
    size_t start = le32_at(bytes, 4);
    int version = (unsigned char)bytes.at[10];
    if (le16_at(bytes, 12))
        return fail(err, ERROR_ENCRYPTED,
                    "the WordPerfect file has a password, which cannot be used here");
    if (start >= bytes.length || (version != VERSION_5 && version != VERSION_6))
        return fail(err, ERROR_DAMAGED, "the WordPerfect file has no text");
    AUTO_ARENA Arena *arena = arena_new(MB(256));
    Reader reader = {
        .doc = doc, .file = bytes, .arena = arena, .deleted = buf_new(arena, TEXT_MAX)
    };
    Flow flow = { .reader = &reader, .text = buf_new(arena, TEXT_MAX) };
    if (version == VERSION_6)
        read_6(&flow, str_from(bytes, start));
    else
        read_5(&flow, str_from(bytes, start));
    return true;
}

const Extractor extractor_wpd = {
    .name = "wpd",
    .title = "WordPerfect document",
    .extensions = LIST("wpd", "wp", "wp5", "wp6"),
    .media_types = LIST("application/vnd.wordperfect", "application/wordperfect"),
    .sniff = wpd_sniff,
    .extract = wpd_extract,
};
