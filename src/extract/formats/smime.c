/* smime.c - signed mail as one piece (PKCS #7, CMS; RFC 5652, RFC 8551): what was signed becomes
 * a child; the signature is not verified. Encrypted mail is refused with the reason.
 *
 *     ContentInfo ::= SEQUENCE { OID, [0] SignedData }
 *     SignedData  ::= SEQUENCE { version, SET of algorithms,
 *                                SEQUENCE { OID, [0] OCTET STRING OPTIONAL }, ... } */
#include "extract/extractor.h"

enum { TAG_SEQUENCE = 0x30, TAG_SET = 0x31, TAG_OID = 0x06, TAG_CONTENT = 0xA0, DEPTH_MAX = 8 };

static const char OID_SIGNED[] = "\x2A\x86\x48\x86\xF7\x0D\x01\x07\x02";
static const char OID_ENVELOPED[] = "\x2A\x86\x48\x86\xF7\x0D\x01\x07\x03";
static const char OID_COMPRESSED[] = "\x2A\x86\x48\x86\xF7\x0D\x01\x09\x10\x01\x09";

typedef struct Item {
    unsigned tag;
    Str bytes;
    bool is_open; /* BER: the length is not said; an end mark follows */
} Item;

/* The next BER item of *rest. */
static bool next_item(Str *rest, Item *item)
{
    if (rest->length < 2)
        return false;
    const unsigned char *in = (const unsigned char *)rest->at;
    size_t at = 2, length = in[1];
    *item = (Item){ .tag = in[0], .is_open = length == 0x80 };
    if (length > 0x80) {
        size_t count = length & 0x7F;
        if (count > 4 || rest->length < 2 + count)
            return false;
        for (length = 0; count > 0; count--)
            length = length << 8 | in[at++];
    }
    item->bytes = item->is_open ? str_from(*rest, at) : str_slice(*rest, at, at + length);
    *rest = item->is_open ? STR_NONE : str_from(*rest, at + length);
    return true;
}

static bool enter(Str *rest, unsigned tag)
{
    Item item;
    if (!next_item(rest, &item) || item.tag != tag)
        return false;
    *rest = item.bytes;
    return true;
}

static bool is_oid(Str bytes, const char *oid, size_t length)
{
    return str_equal(bytes, (Str){ oid, length });
}

/* An octet string: in one piece, or of pieces (BER). */
static bool add_octets(Str *rest, int depth, Buf *out)
{
    Item item;
    if (depth > DEPTH_MAX || !next_item(rest, &item))
        return false;
    if (item.tag == 0x04) {
        buf_add(out, item.bytes);
        return true;
    }
    if (item.tag != 0x24)
        return false;
    Str pieces = item.bytes;
    while (pieces.length > 1 && (pieces.at[0] || pieces.at[1]))
        if (!add_octets(&pieces, depth + 1, out))
            break;
    *rest = item.is_open ? str_from(pieces, 2) : *rest;
    return true;
}

/* Past the version and the algorithms to the content. */
static bool find_content(Str rest, Buf *out)
{
    Item item;
    if (!enter(&rest, TAG_CONTENT) || !enter(&rest, TAG_SEQUENCE) || !next_item(&rest, &item) ||
        !next_item(&rest, &item) || item.tag != TAG_SET || item.is_open)
        return false;
    return enter(&rest, TAG_SEQUENCE) && next_item(&rest, &item) && item.tag == TAG_OID &&
           enter(&rest, TAG_CONTENT) && add_octets(&rest, 0, out);
}

/* The OID of the whole, and what follows it. */
static bool read_kind(Str bytes, Str *oid, Str *rest)
{
    Item item;
    *rest = bytes;
    if (!enter(rest, TAG_SEQUENCE) || !next_item(rest, &item) || item.tag != TAG_OID)
        return false;
    *oid = item.bytes;
    return true;
}

static bool smime_extract(const ExtractSource *source, DocWriter *doc, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(GB(1));
    Str oid, rest;
    if (!read_kind(source->bytes, &oid, &rest))
        return fail(err, ERROR_DAMAGED, "the signed message is broken");
    if (is_oid(oid, OID_COMPRESSED, sizeof OID_COMPRESSED - 1))
        return fail(err, ERROR_UNSUPPORTED, "it is a compressed S/MIME message");
    if (!is_oid(oid, OID_SIGNED, sizeof OID_SIGNED - 1))
        return fail(err, ERROR_ENCRYPTED,
                    "the message is encrypted with S/MIME; only its receiver's key opens it");
    Buf content = buf_new(arena, source->bytes.length);
    if (!find_content(rest, &content) || !content.length) {
        doc_warning(doc, S("the file is a signature alone; what it signs is elsewhere"));
        return true;
    }
    doc_meta(doc, "signature", S("S/MIME, not verified"));
    doc_child(doc, S("signed.eml"), S("message/rfc822"), buf_str(&content));
    return true;
}

static int smime_sniff(Str bytes)
{
    Str oid, rest;
    if (bytes.length < 20 || (unsigned char)bytes.at[0] != TAG_SEQUENCE ||
        !read_kind(bytes, &oid, &rest))
        return 0;
    return is_oid(oid, OID_SIGNED, sizeof OID_SIGNED - 1) ||
                   is_oid(oid, OID_ENVELOPED, sizeof OID_ENVELOPED - 1) ||
                   is_oid(oid, OID_COMPRESSED, sizeof OID_COMPRESSED - 1)
               ? 85
               : 0;
}

const Extractor extractor_smime = {
    .name = "smime",
    .title = "Signed mail (S/MIME, PKCS #7)",
    .extensions = LIST("p7m", "p7s", "p7b", "p7c"),
    .media_types = LIST("application/pkcs7-mime", "application/x-pkcs7-mime",
                        "application/pkcs7-signature", "application/x-pkcs7-signature"),
    .sniff = smime_sniff,
    .extract = smime_extract,
};
