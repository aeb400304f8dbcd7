/* postscript.c - PostScript and EPS are programs; running them is no reading, so they are refused
 * with what to do instead. */
#include "extract/charset/encoding.h"
#include "extract/extractor.h"

/* A DOS EPS begins with a table that says where the program and its preview lie (Adobe TN 5002). */
#define DOS_EPS "\xC5\xD0\xD3\xC6"

static int postscript_sniff(Str bytes)
{
    return str_starts(bytes, S("%!PS")) || str_starts(bytes, S("\x04%!PS")) ||
                   str_starts(bytes, S(DOS_EPS))
               ? 90
               : 0;
}

/* Comments of the Document Structuring Conventions: "%%Title: (Report)". */
static void write_facts(DocWriter *doc, Arena *arena, Str text)
{
    static const char *const names[][2] = { { "%%Title:", "title" },
                                            { "%%Creator:", "software" },
                                            { "%%For:", "author" },
                                            { "%%CreationDate:", "created" } };
    Str line;
    for (int lines = 0; lines < 200 && text_next_line(&text, &line); lines++) {
        if (str_starts(line, S("%%EndComments")))
            return;
        for (size_t i = 0; i < COUNT(names); i++) {
            if (!str_starts(line, str(names[i][0])))
                continue;
            Str value = str_trim(str_from(line, strlen(names[i][0])));
            if (value.length > 1 && value.at[0] == '(' && str_ends(value, S(")")))
                value = str_slice(value, 1, value.length - 1);
            doc_meta(doc, names[i][1], text_decode(arena, value, STR_NONE, NULL));
        }
    }
}

static bool postscript_extract(const ExtractSource *source, DocWriter *doc, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(MB(16));
    ptrdiff_t begin = str_find(str_slice(source->bytes, 0, MB(4)), S("%!PS"));
    Str head = str_slice(str_from(source->bytes, begin > 0 ? (size_t)begin : 0), 0, KB(64));
    write_facts(doc, arena, head);
    bool is_eps = str_find(str_slice(head, 0, 64), S("EPSF")) >= 0;
    return fail(err, ERROR_UNSUPPORTED, "%s is a program, not read: convert it to PDF",
                is_eps ? "EPS" : "PostScript");
}

const Extractor extractor_postscript = {
    .name = "postscript",
    .title = "PostScript (only refused with a reason)",
    .extensions = LIST("ps", "eps", "epsf", "epsi"),
    .media_types = LIST("application/postscript"),
    .sniff = postscript_sniff,
    .extract = postscript_extract,
};
