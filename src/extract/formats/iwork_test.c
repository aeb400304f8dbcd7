/* iwork_test.c - packages of both generations are built here. */
#include <openssl/evp.h>

#include "extract/formats/dump.h"
#include "extract/formats/package_of.h"
#include "extract/iwork/iwork.h"

extern const Extractor extractor_pages, extractor_numbers, extractor_keynote;

#define NAMES                                                                                      \
    "xmlns:sf='http://developer.apple.com/namespaces/sf' "                                         \
    "xmlns:sfa='http://developer.apple.com/namespaces/sfa' "
#define PAGES_ROOT "<sl:document " NAMES "xmlns:sl='http://developer.apple.com/namespaces/sl'>"
#define NUMBERS_ROOT "<ls:document " NAMES "xmlns:ls='http://developer.apple.com/namespaces/ls'>"
#define KEYNOTE_ROOT                                                                               \
    "<key:presentation " NAMES "xmlns:key='http://developer.apple.com/namespaces/keynote2'>"

static const struct {
    const char *about;
    const Extractor *extractor;
    const char *part, *xml, *expected;
} cases[] = {
    { "headings, notes, comments and facts of Pages", &extractor_pages, "index.xml",
      PAGES_ROOT
      "<sf:metadata><sf:title><sf:string sfa:string='Tea'/></sf:title></sf:metadata>"
      "<sf:stylesheet><sf:paragraphstyle sf:name='Heading 2' sfa:ID='s1'/></sf:stylesheet>"
      "<sl:section-prototypes><sl:prototype><sf:p>Lorem</sf:p></sl:prototype></"
      "sl:section-prototypes>"
      "<sf:headers><sf:header><sf:text-body><sf:p>Running</sf:p></sf:text-body></sf:header>"
      "</sf:headers><sf:footnotes><sf:p>The note.<sf:footnotebr/></sf:p></sf:footnotes>"
      "<sf:annotations><sf:annotation><sf:p>Why?</sf:p></sf:annotation></sf:annotations>"
      "<sf:text-body><sf:p sf:style='s1'>Leaves<sf:br/></sf:p><sf:p>One<sf:tab/>two"
      "<sf:lnbr/>three<sf:br/></sf:p></sf:text-body></sl:document>",
      "meta(title) Tea\nheader Running\nh2 Leaves\np One\ttwo\\nthree\nnote(footnote) The note.\n"
      "note(comment) Why?\n" },
    { "cells of Numbers by their distance", &extractor_numbers, "index.xml",
      NUMBERS_ROOT
      "<ls:workspace ls:workspace-name='Costs'><sf:tabular-model sf:name='T' "
      "sf:num-header-rows='1'><sf:grid sf:numcols='3' sf:numrows='3'><sf:datasource>"
      "<sf:t sf:ct='0'><sf:ct sfa:s='a'/></sf:t><sf:t><sf:ct sfa:s='b'/></sf:t>"
      "<sf:n sf:ct='255' sf:v='1.5'/><sf:d sf:cell-date='0'/>"
      "<sf:f><sf:r><sf:rn sf:v='-872.39999999999998'/></sf:r></sf:f></sf:datasource></sf:grid>"
      "</sf:tabular-model></ls:workspace></ls:document>",
      "h1 Costs\np T\nrowh a | b | \nrow 1.5 | 2001-01-01 | -872.4\n" },
    { "slides of Keynote, what their masters draw, speaker notes", &extractor_keynote, "index.apxl",
      KEYNOTE_ROOT
      "<key:size sfa:w='800' sfa:h='600'/><key:theme-list><key:master-slide>"
      "<key:title-placeholder><sf:p>Title Text</sf:p></key:title-placeholder>"
      "<sf:p>Company</sf:p></key:master-slide></key:theme-list><key:slide-list><key:slide>"
      "<key:title-placeholder><sf:p>First</sf:p></key:title-placeholder><key:body-placeholder>"
      "<sf:p sf:list-level='2'>Point</sf:p></key:body-placeholder><key:notes><sf:p>Say it</sf:p>"
      "</key:notes></key:slide></key:slide-list></key:presentation>",
      "header Company\npage \nh1 First\nli2 - Point\nnote(speaker note) Say it\n" },
};

Test(extract, an_iwork_document_of_2009_is_read_from_its_xml)
{
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO_ARENA Arena *arena = arena_new(MB(64));
        Member members[] = { { cases[i].part, cases[i].xml, 0 } };
        Str bytes = package_of(arena, members, 1);
        cr_expect(extractor_choose(bytes, STR_NONE, STR_NONE) == cases[i].extractor, "%s",
                  cases[i].about);
        const char *got = dump(arena, cases[i].extractor, bytes, (DumpOptions){ 0 });
        cr_expect_str_eq(got, cases[i].expected, "%s:\n%s", cases[i].about, got);
    }
}

/* --- Since 2013: objects --- */

static void add_varint(Buf *out, uint64_t number)
{
    for (; number > 0x7F; number >>= 7)
        buf_add_char(out, (char)(0x80 | number));
    buf_add_char(out, (char)number);
}

static void add_number(Buf *out, unsigned field, uint64_t number)
{
    add_varint(out, field << 3);
    add_varint(out, number);
}

static void add_bytes(Buf *out, unsigned field, Str bytes)
{
    add_varint(out, field << 3 | 2);
    add_varint(out, bytes.length);
    buf_add(out, bytes);
}

static void add_reference(Buf *out, unsigned field, uint64_t id)
{
    Buf reference = buf_new(out->arena, 64);
    add_number(&reference, 1, id);
    add_bytes(out, field, buf_str(&reference));
}

/* A table of attributes: one from a position on, none from another. */
static void add_attribute(Buf *out, unsigned field, uint64_t at, uint64_t id, uint64_t end)
{
    Buf entry = buf_new(out->arena, 64), table = buf_new(out->arena, 64);
    Buf last = buf_new(out->arena, 64);
    add_number(&entry, 1, at);
    add_reference(&entry, 2, id);
    add_number(&last, 1, end);
    add_bytes(&table, 1, buf_str(&entry));
    add_bytes(&table, 1, buf_str(&last));
    add_bytes(out, field, buf_str(&table));
}

static void add_object(Buf *out, uint64_t id, unsigned type, const Buf *message)
{
    Buf info = buf_new(out->arena, 64), header = buf_new(out->arena, 128);
    add_number(&info, 1, type);
    add_number(&info, 3, message->length);
    add_number(&header, 1, id);
    add_bytes(&header, 2, buf_str(&info));
    add_varint(out, header.length);
    buf_add(out, buf_str(&header));
    buf_add(out, buf_str(message));
}

/* One chunk of Snappy. */
static Str snappy(Arena *arena, Str bytes)
{
    Buf chunk = buf_new(arena, KB(64)), out = buf_new(arena, KB(64));
    add_varint(&chunk, bytes.length);
    buf_add_char(&chunk, (char)(61 << 2));
    buf_add_char(&chunk, (char)((bytes.length - 1) & 0xFF));
    buf_add_char(&chunk, (char)((bytes.length - 1) >> 8));
    buf_add(&chunk, bytes);
    buf_add_char(&out, 0);
    for (int i = 0; i < 3; i++)
        buf_add_char(&out, (char)(chunk.length >> (8 * i)));
    buf_add(&out, buf_str(&chunk));
    return buf_str(&out);
}

static Str sample_pages(Arena *arena)
{
    Buf out = buf_new(arena, KB(64)), document = buf_new(arena, KB(1)),
        body = buf_new(arena, KB(1));
    Buf style = buf_new(arena, 64), super = buf_new(arena, 64), mark = buf_new(arena, 64);
    Buf note = buf_new(arena, 64), head = buf_new(arena, 64), deleted = buf_new(arena, 8);
    add_reference(&document, 4, 2);
    add_number(&body, 1, 0);
    add_bytes(&body, 3, S("Title\nWords\xEF\xBF\xBC and gone\n"));
    add_attribute(&body, 5, 0, 3, 6);
    add_attribute(&body, 16, 11, 4, 12);
    add_attribute(&body, 22, 16, 7, 21);
    add_bytes(&super, 1, S("Heading 3"));
    add_bytes(&style, 1, buf_str(&super));
    add_reference(&mark, 2, 5);
    add_bytes(&note, 3, S("\xEF\xBF\xBC A note"));
    add_number(&head, 1, 1);
    add_bytes(&head, 3, S("Running"));
    add_object(&out, 1, 10000, &document);
    add_object(&out, 2, 2001, &body);
    add_object(&out, 3, 2022, &style);
    add_object(&out, 4, 2008, &mark);
    add_object(&out, 5, 2001, &note);
    add_object(&out, 6, 2001, &head);
    add_object(&out, 7, 2060, &deleted);
    return snappy(arena, buf_str(&out));
}

Test(extract, an_iwork_document_of_today_is_read_from_its_objects)
{
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    Str part = sample_pages(arena);
    Member members[] = { { "Index/Document.iwa", part.at, part.length } };
    Str bytes = package_of(arena, members, 1);
    cr_expect(extractor_choose(bytes, STR_NONE, STR_NONE) == &extractor_pages);
    const char *got = dump(arena, &extractor_pages, bytes, (DumpOptions){ 0 });
    cr_expect_str_eq(got, "header Running\nh3 Title\np Words and\nnote(footnote) A note\n", "%s",
                     got);
    for (size_t cut = 1; cut < part.length; cut += 7) {
        members[0].size = cut;
        dump(arena, &extractor_pages, package_of(arena, members, 1), (DumpOptions){ 0 });
    }
}

/* A part as '09 encrypts it: a vector, then a random block and the XML. */
static Str encrypted_package(Arena *arena, const char *password, const char *xml)
{
    unsigned char key[16];
    char *part = arena_alloc(arena, strlen(xml) + 64);
    int length = 0, last = 0;
    memcpy(part, "0123456789abcdef", 16);
    Str plain = str_format(arena, "sixteen of noise%s", xml);
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    cr_assert(PKCS5_PBKDF2_HMAC_SHA1(password, (int)strlen(password),
                                     (const unsigned char *)"someSalt", 8, 4000, 16, key) == 1 &&
              EVP_EncryptInit_ex(context, EVP_aes_128_cbc(), NULL, key,
                                 (const unsigned char *)part) == 1 &&
              EVP_EncryptUpdate(context, (unsigned char *)part + 16, &length,
                                (const unsigned char *)plain.at, (int)plain.length) == 1 &&
              EVP_EncryptFinal_ex(context, (unsigned char *)part + 16 + length, &last) == 1);
    EVP_CIPHER_CTX_free(context);
    Member member = { "index.xml", part, 16 + (size_t)(length + last) };
    Str package = package_of(arena, &member, 1);
    char *bytes = arena_alloc(arena, package.length);
    memcpy(bytes, package.at, package.length);
    memcpy(bytes + 8, "\x6B\x63", 2); /* the method, twice */
    memcpy(bytes + str_find(package, S("PK\1\2")) + 10, "\x6B\x63", 2);
    return (Str){ bytes, package.length };
}

Test(extract, an_iwork_document_of_2009_opens_with_its_password_only)
{
    static const struct {
        const char *password, *message;
    } passwords[] = { { "rosebud", "" },
                      { "", "the document is protected by a password" },
                      { "other", "the document is encrypted and the password is wrong" } };
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    Str bytes = encrypted_package(arena, "rosebud",
                                  PAGES_ROOT
                                  "<sf:text-body><sf:p>Secret</sf:p></sf:text-body></sl:document>");
    for (size_t i = 0; i < COUNT(passwords); i++) {
        Error err = { 0 };
        DocSink sink;
        DocNode *node = doc_tree_new(arena, S("a.pages"), false, &sink);
        DocWriter *doc = doc_writer_new(arena, &sink, NULL);
        ExtractSource source = { .bytes = bytes, .password = str(passwords[i].password) };
        bool ok = extractor_pages.extract(&source, doc, &err);
        cr_expect_eq(ok, i == 0);
        cr_expect_str_eq(err.message, passwords[i].message);
        cr_expect(i > 0 || (doc_writer_end(doc, &err) && node->blocks.count == 1 &&
                            str_is(node->blocks.at[0].text, "Secret")));
        doc_writer_free(doc);
    }
}

/* Found by fuzzing: ten million rounds kept a reader busy for ten seconds. */
Test(extract, iwork_keys_that_take_long_to_make_are_not_made)
{
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    Error err = { 0 };
    Str key;
    char verifier[104] = { 2, 0, 1, 0, (char)0x80, (char)0x84, 0x1E, 0 }; /* two million rounds */
    cr_expect(
        !iwork_key(arena, (Str){ verifier, sizeof verifier }, S("word"), STR_NONE, &key, &err));
    cr_expect(str_find(str(err.message), S("not known")) > 0, "%s", err.message);
}
