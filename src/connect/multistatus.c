/* multistatus.c - see multistatus.h. */
#include "connect/multistatus.h"

#include "extract/formats/markup.h"

static void read_response(Arena *arena, HtmlReader *in, DavMember *member)
{
    HtmlToken token;
    while (html_next(in, &token)) {
        if (token.kind == HTML_END && str_is(token.name, "response"))
            return;
        if (token.kind != HTML_START)
            continue;
        if (str_is(token.name, "collection"))
            member->is_folder = true;
        if (token.is_empty)
            continue;
        if (str_is(token.name, "href") && !member->href.length)
            member->href = str_trim(markup_words(arena, markup_inner(in)));
        else if (str_is(token.name, "getetag"))
            member->etag = str_trim(markup_words(arena, markup_inner(in)));
        else if (str_is(token.name, "getlastmodified"))
            member->modified = str_trim(markup_words(arena, markup_inner(in)));
        else if (str_is(token.name, "getcontentlength"))
            (void)str_to_int(str_trim(markup_words(arena, markup_inner(in))), 0, INT64_MAX,
                             &member->size);
    }
}

bool multistatus_read(Arena *arena, Str xml, DavMembers *members_r)
{
    HtmlReader in = markup_reader(arena, xml);
    HtmlToken token;
    bool is_multistatus = false;
    *members_r = (DavMembers){ 0 };
    while (html_next(&in, &token)) {
        if (token.kind != HTML_START || token.is_empty)
            continue;
        is_multistatus |= str_is(token.name, "multistatus");
        if (!is_multistatus || !str_is(token.name, "response"))
            continue;
        DavMember member = { 0 };
        read_response(arena, &in, &member);
        if (member.href.length && members_r->all.count < MULTISTATUS_MAX)
            *vec_push(arena, &members_r->all) = member;
    }
    return is_multistatus;
}
