/* iptc.c - see iptc.h. */
#include "extract/picture/iptc.h"

#include "base/utf8.h"
#include "extract/byte_view.h"
#include "extract/charset/encoding.h"
#include "extract/picture/exif.h"
#include "extract/picture/xmp.h"

enum { RESOURCE_MAX = 2000, DATA_SET_MAX = 5000, MARKER = 0x1C };

/* Record 2, the application record (IIM 4.2, chapter 6). */
static const struct {
    uint8_t number;
    const char *key;
} data_sets[] = {
    { 5, "title" },     { 105, "title" },     { 120, "description" },
    { 80, "author" },   { 116, "copyright" }, { 25, "keywords" },
    { 15, "category" }, { 65, "software" },   { 40, "comment" },
};

typedef struct Iptc {
    PictureFacts *facts;
    const char *charset;
    Str date, time;
    Str city, state, country;
} Iptc;

static void read_data_set(Iptc *in, uint8_t number, Str value)
{
    for (size_t i = 0; i < COUNT(data_sets); i++) {
        if (data_sets[i].number != number)
            continue;
        if (in->charset || !utf8_is_valid(value))
            value =
                text_decode(in->facts->arena, str_slice(value, 0, KB(16)), str(in->charset), NULL);
        picture_fact(in->facts, data_sets[i].key, value);
    }
    switch (number) {
    case 55: in->date = value; break;
    case 60: in->time = value; break;
    case 90: in->city = value; break;
    case 95: in->state = value; break;
    case 101: in->country = value; break;
    default: break;
    }
}

static void write_place(const Iptc *in)
{
    Str parts[3];
    size_t count = 0;
    const Str all[] = { in->city, in->state, in->country };
    for (size_t i = 0; i < COUNT(all); i++)
        if (str_trim(all[i]).length)
            parts[count++] = str_trim(all[i]);
    picture_fact(in->facts, "location", str_join(in->facts->arena, parts, count, S(", ")));
}

void iptc_read(Str bytes, PictureFacts *facts)
{
    Iptc in = { .facts = facts };
    size_t at = 0;
    for (int count = 0; count < DATA_SET_MAX && at + 5 <= bytes.length; count++) {
        if (byte_at(bytes, at) != MARKER)
            break;
        uint8_t record = byte_at(bytes, at + 1), number = byte_at(bytes, at + 2);
        size_t length = big16(bytes, at + 3);
        at += 5;
        if (length & 0x8000) {
            /* An extended length: so many bytes hold it. */
            size_t size = length & 0x7FFF;
            if (size != 4 || at + 4 > bytes.length)
                break;
            length = big32(bytes, at);
            at += 4;
        }
        Str value = bytes_part(bytes, at, length);
        if (record == 1 && number == 90 && str_equal(value, S("\x1B%G")))
            in.charset = "utf-8";
        else if (record == 2)
            read_data_set(&in, number, value);
        at += value.length;
    }
    Str date = in.date;
    if (in.date.length && in.time.length >= 6)
        date = str_format(facts->arena, STR_FMT "T" STR_FMT, STR_ARG(in.date), STR_ARG(in.time));
    picture_fact_date(facts, "created", date, STR_NONE);
    write_place(&in);
}

static void read_resource(unsigned id, Str value, PictureFacts *facts)
{
    switch (id) {
    case 0x03ED: /* 16.16 dots per inch */
        if (big32(value, 0) >> 16)
            picture_fact_number(facts, "resolution", big32(value, 0) / 65536.0);
        break;
    case 0x0404: iptc_read(value, facts); break;
    case 0x040F: picture_fact_profile(facts, value); break;
    case 0x0422: exif_read(value, facts); break;
    case 0x0424: xmp_read(value, facts); break;
    default: break;
    }
}

/* Adobe Photoshop File Formats Specification, "Image Resource Blocks". */
void photoshop_resources_read(Str bytes, PictureFacts *facts)
{
    size_t at = 0;
    for (int count = 0; count < RESOURCE_MAX && at + 12 <= bytes.length; count++) {
        if (!str_equal(bytes_part(bytes, at, 4), S("8BIM")))
            return;
        unsigned id = big16(bytes, at + 4);
        size_t name = 1 + byte_at(bytes, at + 6);
        at += 6 + name + (name & 1);
        Str value = bytes_part(bytes, at + 4, big32(bytes, at));
        read_resource(id, value, facts);
        at += 4 + value.length + (value.length & 1);
    }
}
