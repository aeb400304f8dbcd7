/* vcard.c - address cards, vCard 2.1, 3.0 and 4.0 (RFC 6350): each a heading and its lines,
 * pictures as children. */
#include "extract/charset/encoding.h"
#include "extract/extractor.h"
#include "extract/formats/content_lines.h"
#include "extract/formats/mime.h"
#include "extract/metadata.h"

static const struct {
    const char *name, *label;
    const char *join; /* between the parts of a value; NULL: it has none */
} properties[] = {
    { "N", "Name", " " },
    { "NICKNAME", "Also called", NULL },
    { "ORG", "Organization", ", " },
    { "TITLE", "Title", NULL },
    { "ROLE", "Role", NULL },
    { "EMAIL", "E-mail", NULL },
    { "TEL", "Phone", NULL },
    { "ADR", "Address", ", " },
    { "LABEL", "Address", NULL },
    { "URL", "Web page", NULL },
    { "IMPP", "Messages", NULL },
    { "BDAY", "Birthday", NULL },
    { "ANNIVERSARY", "Anniversary", NULL },
    { "GENDER", "Gender", " " },
    { "LANG", "Language", NULL },
    { "CATEGORIES", "Categories", NULL },
    { "RELATED", "Related", NULL },
    { "MEMBER", "Member", NULL },
    { "GEO", "Position", " " },
    { "TZ", "Time zone", NULL },
    { "NOTE", "Note", NULL },
    { "X-ABDATE", "Date", NULL },
    { "X-AIM", "AIM", NULL },
    { "X-SKYPE", "Skype", NULL },
    { "X-JABBER", "Jabber", NULL },
    { "X-ABRELATEDNAMES", "Related", NULL },
    { "X-SPOUSE", "Spouse", NULL },
    { "X-MANAGER", "Manager", NULL },
    { "X-ASSISTANT", "Assistant", NULL },
};

enum { PICTURES_MAX = 1000 };

typedef struct Picture {
    Str name, media_type, bytes;
} Picture;

typedef struct Writer {
    DocWriter *doc;
    Arena *arena; /* of one card */
    Buf lines;
    Str title, name;
    VEC(Picture) pictures;
    int line_first, count, picture_count;
    bool is_open;
} Writer;

/* "PHOTO;ENCODING=b;TYPE=JPEG:..." or "PHOTO:data:image/jpeg;base64,..." */
static bool take_picture(Writer *w, const ContentLine *line)
{
    bool is_picture = content_is(line, "PHOTO") || content_is(line, "LOGO");
    if (!is_picture && !content_is(line, "SOUND") && !content_is(line, "KEY"))
        return false;
    Str value = str_trim(line->value), type = content_parameter(line, "TYPE");
    if (str_starts(value, S("data:"))) {
        ptrdiff_t comma = str_find_char(value, ','), slash = str_find_char(value, '/');
        ptrdiff_t end = str_find_char(value, ';');
        type = slash > 0 && end > slash ? str_slice(value, (size_t)slash + 1, (size_t)end) : type;
        value = str_from(value, (size_t)(comma + 1));
    } else if (!content_parameter(line, "ENCODING").length &&
               str_find_ignore_case(line->parameters, S("BASE64")) < 0) {
        return false; /* an address, or text */
    }
    if (!is_picture || w->picture_count++ >= PICTURES_MAX)
        return true;
    type = str_lower(w->arena, str_slice(type, 0, 20));
    *vec_push(w->arena, &w->pictures) =
        (Picture){ .name = str_format(w->arena, "picture-%d." STR_FMT, w->picture_count,
                                      STR_ARG(type.length ? type : S("jpeg"))),
                   .bytes = mime_decode(w->arena, value, S("base64")) };
    return true;
}

/* N is family; given; other; before; after: said in the order of speech. */
static Str spoken_name(Arena *arena, Str value)
{
    static const int order[] = { 3, 1, 2, 0, 4 };
    Str parts[5] = { 0 }, rest = value;
    for (size_t i = 0; i < COUNT(parts); i++)
        if (!str_next(&rest, ';', &parts[i]))
            break;
    Buf out = buf_new(arena, KB(4));
    for (size_t i = 0; i < COUNT(order); i++) {
        Str part = str_trim(content_text(arena, parts[order[i]]));
        if (out.length && part.length)
            buf_add_char(&out, ' ');
        buf_add(&out, part);
    }
    return buf_str(&out);
}

static Str value_text(Arena *arena, const ContentLine *line, const char *join)
{
    Str value = line->value;
    if (content_is(line, "N"))
        return spoken_name(arena, value);
    if (content_is(line, "BDAY") || content_is(line, "ANNIVERSARY"))
        return content_time(arena, value);
    if (content_is(line, "TEL") && str_starts(value, S("tel:")))
        return str_from(value, 4);
    return join ? content_parts(arena, value, str(join)) : content_text(arena, value);
}

static void add_property(Writer *w, const ContentLine *line)
{
    if (content_is(line, "FN")) {
        w->title = str_copy(w->arena, str_trim(content_text(w->arena, line->value)));
        return;
    }
    for (size_t i = 0; i < COUNT(properties); i++) {
        if (!content_is(line, properties[i].name))
            continue;
        Str value = str_trim(value_text(w->arena, line, properties[i].join));
        Str types = content_types(w->arena, line);
        if (!value.length)
            return;
        if (i == 0)
            w->name = str_copy(w->arena, value);
        if (w->lines.length)
            buf_add_char(&w->lines, '\n');
        buf_add(&w->lines, str(properties[i].label));
        if (types.length)
            buf_addf(&w->lines, " (" STR_FMT ")", STR_ARG(types));
        buf_add(&w->lines, S(": "));
        buf_add(&w->lines, value);
        return;
    }
}

static void begin_card(Writer *w, int line)
{
    arena_reset(w->arena);
    w->lines = buf_new(w->arena, MB(16));
    w->pictures.at = NULL;
    w->pictures.count = w->pictures.capacity = 0;
    w->title = w->name = STR_NONE;
    w->line_first = line;
    w->is_open = true;
}

static void end_card(Writer *w, int line)
{
    doc_place(w->doc, &(Place){ .line_first = w->line_first, .line_last = line });
    doc_heading(w->doc, 2, w->title.length ? w->title : w->name);
    doc_paragraph(w->doc, buf_str(&w->lines));
    for (size_t i = 0; i < w->pictures.count; i++)
        doc_child(w->doc, w->pictures.at[i].name, STR_NONE, w->pictures.at[i].bytes);
    w->count++;
    w->is_open = false;
}

static bool vcard_extract(const ExtractSource *source, DocWriter *doc, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(GB(1));
    AUTO_ARENA Arena *scratch = arena_new(MB(256));
    if (text_is_binary(source->bytes))
        return fail(err, ERROR_UNSUPPORTED, "it is not an address card");
    ContentReader in = { 0 };
    in.rest = text_decode(arena, source->bytes, charset_in_media_type(source->media_type), NULL);
    Writer w = { .doc = doc, .arena = scratch };
    for (ContentLine line; doc_writer_ok(doc) && content_next(scratch, &in, &line);) {
        bool is_mark = str_equal_ignore_case(str_trim(line.value), S("VCARD"));
        if (content_is(&line, "BEGIN") && is_mark) {
            if (w.is_open)
                end_card(&w, line.line_first - 1);
            begin_card(&w, line.line_first);
        } else if (content_is(&line, "END") && is_mark && w.is_open) {
            end_card(&w, line.line_last);
        } else if (w.is_open && !take_picture(&w, &line)) {
            add_property(&w, &line);
        }
    }
    if (w.is_open)
        end_card(&w, in.line);
    doc_meta_whole(doc, "members", w.count);
    return true;
}

static int vcard_sniff(Str bytes)
{
    AUTO_ARENA Arena *arena = arena_new(KB(64));
    Str head = str_trim(text_head(arena, bytes, KB(1))), line;
    return text_next_line(&head, &line) && str_equal_ignore_case(str_trim(line), S("BEGIN:VCARD"))
               ? 85
               : 0;
}

const Extractor extractor_vcard = {
    .name = "vcard",
    .title = "Address cards (vCard)",
    .extensions = LIST("vcf", "vcard"),
    .media_types = LIST("text/vcard", "text/x-vcard"),
    .sniff = vcard_sniff,
    .extract = vcard_extract,
};
