/* hwp.c - documents of the Korean word processor Hangul, version 5 ("Hwp Document File Formats
 * 5.0", Hancom): an OLE file whose sections are records, packed by deflate. */
#include <openssl/evp.h>

#include "extract/charset/encoding.h"
#include "extract/inflate.h"
#include "extract/ole/ole_properties.h"
#include "extract/word/hwp_body.h"

#define SECTION_MAX MB(256)

enum {
    SECTIONS_MAX = 10000,
    STYLES_MAX = 65536,
    FLAG_PACKED = 1,
    FLAG_PASSWORD = 2,
    FLAG_DISTRIBUTION = 4,
    FLAG_RIGHTS = 16,
    SEED_DATA = 256,
    DIGEST_AT = 4,
    KEY_SIZE = 16,
};

enum {
    TAG_PARAGRAPH_SHAPE = 0x19,
    TAG_STYLE = 0x1A,
    TAG_DISTRIBUTION = 0x1C,
    TAG_PARAGRAPH = 0x42,
    TAG_TEXT = 0x43,
    TAG_CONTROL = 0x47,
    TAG_LIST = 0x48,
    TAG_PICTURE = 0x55,
    TAG_EQUATION = 0x58,
    TAG_MEMO = 0x5D,
};

typedef struct Record {
    unsigned tag, level;
    Str bytes;
} Record;

typedef struct Hwp {
    OleFile *ole;
    Arena *arena;
    HwpBody body;
    uint32_t flags;
    VEC(HwpParagraph) shapes;       /* of paragraphs */
    VEC(int) styles;                /* heading levels */
    HwpParagraph next;              /* of the text that comes */
    unsigned levels[HWP_DEPTH_MAX]; /* of the controls that are open */
} Hwp;

/* --- Streams --- */

static Str unpack(const Hwp *hwp, Str bytes)
{
    if (!(hwp->flags & FLAG_PACKED))
        return bytes;
    Buf out = buf_new(hwp->arena, MIN(SECTION_MAX, arena_room(hwp->arena) / 4));
    inflate_into(&out, bytes, INFLATE_RAW);
    return buf_str(&out);
}

static bool next_record(Str *rest, Record *record)
{
    uint32_t head = le32_at(*rest, 0);
    size_t size = head >> 20, at = 4;
    if (rest->length < 4)
        return false;
    if (size == 0xFFF) {
        size = le32_at(*rest, 4);
        at = 8;
    }
    *record = (Record){ .tag = head & 0x3FF,
                        .level = head >> 10 & 0x3FF,
                        .bytes = str_slice(*rest, at, at + size) };
    *rest = str_from(*rest, at + size);
    return true;
}

/* A document for distribution is encrypted under a key that it holds itself, hidden by the numbers
 * of a simple generator. */
static Str open_distribution(const Hwp *hwp, Str bytes)
{
    Record record;
    unsigned char data[SEED_DATA];
    if (!next_record(&bytes, &record) || record.tag != TAG_DISTRIBUTION ||
        record.bytes.length < SEED_DATA || bytes.length > INT32_MAX)
        return STR_NONE;
    memcpy(data, record.bytes.at, SEED_DATA);
    uint32_t seed = le32_at(record.bytes, 0), state = seed;
    unsigned run = 0;
    unsigned char mask = 0;
    for (size_t i = 0; i < SEED_DATA; i++, run--) {
        if (run == 0) {
            state = state * 214013 + 2531011;
            mask = (unsigned char)(state >> 16);
            state = state * 214013 + 2531011;
            run = (state >> 16 & 0xF) + 1;
        }
        data[i] ^= mask;
    }
    unsigned char *out = arena_alloc(hwp->arena, bytes.length + KEY_SIZE);
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    int length = 0;
    bool ok = context &&
              EVP_DecryptInit_ex(context, EVP_aes_128_ecb(), NULL, data + DIGEST_AT + (seed & 0xF),
                                 NULL) == 1 &&
              EVP_CIPHER_CTX_set_padding(context, 0) == 1 &&
              EVP_DecryptUpdate(context, out, &length, (const unsigned char *)bytes.at,
                                (int)bytes.length) == 1;
    EVP_CIPHER_CTX_free(context);
    return ok ? (Str){ (const char *)out, (size_t)length } : STR_NONE;
}

/* --- Styles --- */

static void read_info(Hwp *hwp)
{
    Error ignored;
    Str bytes;
    Record record;
    if (!ole_read_path(hwp->ole, "DocInfo", SECTION_MAX, &bytes, &ignored))
        return;
    bytes = unpack(hwp, bytes);
    while (next_record(&bytes, &record)) {
        if (record.tag == TAG_PARAGRAPH_SHAPE && hwp->shapes.count < STYLES_MAX) {
            uint32_t look = le32_at(record.bytes, 0);
            int head = (int)(look >> 23 & 3), level = (int)(look >> 25 & 7) + 1;
            *vec_push(hwp->arena, &hwp->shapes) =
                (HwpParagraph){ .heading = head == 1 ? level : 0,
                                .list_level = head >= 2 ? level : 0,
                                .is_numbered = head == 2 };
        } else if (record.tag == TAG_STYLE && hwp->styles.count < STYLES_MAX) {
            size_t length = (size_t)le16_at(record.bytes, 0) * 2;
            Str name = text_from_utf16(hwp->arena, str_slice(record.bytes, 2, 2 + length));
            *vec_push(hwp->arena, &hwp->styles) = hwp_heading(name);
        }
    }
}

/* --- Sections --- */

/* Characters below 32 are controls: alone, or the first of eight. */
static Str paragraph_text(Arena *arena, Str bytes)
{
    Buf words = buf_new(arena, bytes.length + 2);
    for (size_t i = 0; i + 2 <= bytes.length;) {
        unsigned c = le16_at(bytes, i);
        bool is_alone = c == 0 || c == 10 || c == 13 || c >= 24;
        if (c >= 32)
            buf_add(&words, str_slice(bytes, i, i + 2));
        else if (c == 9 || c == 10)
            buf_add_bytes(&words, c == 9 ? "\t" : "\n", 2);
        else if (c == 24)
            buf_add_bytes(&words, "-", 2);
        else if (c >= 25 && is_alone)
            buf_add_bytes(&words, " ", 2);
        i += c >= 32 || is_alone ? 2 : 16;
    }
    return text_from_utf16(arena, buf_str(&words));
}

static HwpHolder holder_of_control(Str id)
{
    static const struct {
        const char *id; /* as it stands in the file, last letter first */
        HwpHolder holder;
    } holders[] = { { " lbt", HWP_TABLE },    { "daeh", HWP_HEADER },  { "toof", HWP_HEADER },
                    { "  nf", HWP_FOOTNOTE }, { "  ne", HWP_ENDNOTE }, { "tmct", HWP_COMMENT } };
    for (size_t i = 0; i < COUNT(holders); i++)
        if (str_is(id, holders[i].id))
            return holders[i].holder;
    return HWP_BOX;
}

static void begin_paragraph(Hwp *hwp, Str bytes)
{
    size_t shape = le16_at(bytes, 8), style = bytes.length > 10 ? (unsigned char)bytes.at[10] : 0;
    hwp->next = shape < hwp->shapes.count ? hwp->shapes.at[shape] : (HwpParagraph){ 0 };
    if (style < hwp->styles.count && hwp->styles.at[style])
        hwp->next.heading = hwp->styles.at[style];
}

static void open_holder(Hwp *hwp, HwpHolder holder, unsigned level)
{
    if (hwp->body.depth >= HWP_DEPTH_MAX - 1)
        return;
    hwp->levels[hwp->body.depth] = level;
    hwp_begin(&hwp->body, holder);
}

static void read_record(Hwp *hwp, const Record *record, Arena *scratch)
{
    HwpBody *body = &hwp->body;
    while (body->depth && record->level <= hwp->levels[body->depth - 1])
        hwp_end(body);
    switch (record->tag) {
    case TAG_PARAGRAPH: begin_paragraph(hwp, record->bytes); break;
    case TAG_TEXT: hwp_paragraph(body, paragraph_text(scratch, record->bytes), hwp->next); break;
    case TAG_CONTROL:
        open_holder(hwp, holder_of_control(str_slice(record->bytes, 0, 4)), record->level);
        break;
    case TAG_MEMO: open_holder(hwp, HWP_COMMENT, record->level); break;
    case TAG_LIST: /* of a table's cell: its address and size follow */
        if (body->depth && record->level == hwp->levels[body->depth - 1] + 1)
            hwp_cell(body, le16_at(record->bytes, 10), le16_at(record->bytes, 12),
                     le16_at(record->bytes, 14));
        break;
    case TAG_PICTURE: body->pictures += body->pictures < 1000000; break;
    case TAG_EQUATION: {
        size_t length = (size_t)le16_at(record->bytes, 4) * 2;
        hwp_paragraph(body, text_from_utf16(scratch, str_slice(record->bytes, 6, 6 + length)),
                      (HwpParagraph){ 0 });
        break;
    }
    default: break;
    }
}

static bool read_section(Hwp *hwp, const char *folder, int number)
{
    char path[40];
    Error ignored;
    Str bytes;
    Record record;
    snprintf(path, sizeof path, "%s/Section%d", folder, number);
    if (!ole_read_path(hwp->ole, path, SECTION_MAX, &bytes, &ignored))
        return false;
    if (hwp->flags & FLAG_DISTRIBUTION)
        bytes = open_distribution(hwp, bytes);
    bytes = unpack(hwp, bytes);
    AUTO_ARENA Arena *scratch = arena_new(MB(512));
    while (doc_writer_ok(hwp->body.doc) && next_record(&bytes, &record)) {
        arena_reset(scratch);
        if (record.bytes.length < MB(64))
            read_record(hwp, &record, scratch);
    }
    while (hwp->body.depth)
        hwp_end(&hwp->body);
    return true;
}

/* The first lines of the document, which are kept beside it. */
static void write_preview(Hwp *hwp)
{
    Error ignored;
    Str bytes;
    if (ole_read_path(hwp->ole, "PrvText", MB(4), &bytes, &ignored)) {
        doc_paragraph(hwp->body.doc, text_from_utf16(hwp->arena, bytes));
        doc_warning(hwp->body.doc, S("only the preview of the text could be read"));
    }
}

static bool hwp_extract(const ExtractSource *source, DocWriter *doc, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(GB(2));
    OleFile ole;
    Str header, facts;
    Error ignored;
    if (!ole_open(arena, source->bytes, &ole, err) ||
        !ole_read_path(&ole, "FileHeader", KB(64), &header, err))
        return false;
    Hwp hwp = {
        .ole = &ole, .arena = arena, .body = hwp_body(doc, arena), .flags = le32_at(header, 36)
    };
    if (hwp.flags & (FLAG_PASSWORD | FLAG_RIGHTS))
        return fail(err, ERROR_ENCRYPTED,
                    "the document is protected by a password, in a way that only Hangul opens");
    if (ole_read_path(&ole, "\5HwpSummaryInformation", MB(1), &facts, &ignored))
        ole_write_properties(facts, doc);
    read_info(&hwp);
    int count = 0;
    const char *folder = hwp.flags & FLAG_DISTRIBUTION ? "ViewText" : "BodyText";
    while (count < SECTIONS_MAX && read_section(&hwp, folder, count))
        count++;
    if (!count)
        write_preview(&hwp);
    hwp_finish(&hwp.body);
    return true;
}

static int hwp_sniff(Str bytes)
{
    AUTO_ARENA Arena *arena = arena_new(GB(1));
    Error ignored;
    Str header;
    return ole_is_file(bytes) && ole_holds(bytes, "FileHeader") &&
                   ole_read_stream(arena, bytes, "FileHeader", KB(64), &header, &ignored) &&
                   str_starts(header, S("HWP Document File"))
               ? 95
               : 0;
}

const Extractor extractor_hwp = {
    .name = "hwp",
    .title = "Hangul document",
    .extensions = LIST("hwp", "hwt"),
    .media_types =
        LIST("application/x-hwp", "application/vnd.hancom.hwp", "application/haansofthwp"),
    .sniff = hwp_sniff,
    .extract = hwp_extract,
};
