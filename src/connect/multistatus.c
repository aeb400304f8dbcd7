/* multistatus.c - see multistatus.h. */
#include "connect/multistatus.h"

#include "extract/formats/markup.h"

/* "HTTP/1.1 404 Not Found" */
static bool is_refused(Str status)
{
    ptrdiff_t space = str_find_char(status, ' ');
    Str code = space < 0 ? STR_NONE : str_trim(str_from(status, (size_t)space));
    return str_starts(code, S("4")) || str_starts(code, S("5"));
}

/* A status beside the properties is the member's own, and one that is refused is not there. */
static void read_response(Arena *arena, HtmlReader *in, DavMember *member)
{
    HtmlToken token;
    bool is_in_properties = false, is_there = true;
    while (html_next(in, &token)) {
        if (str_is(token.name, "propstat"))
            is_in_properties = token.kind == HTML_START;
        if (token.kind == HTML_END && str_is(token.name, "response"))
            break;
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
        else if (str_is(token.name, "status") && !is_in_properties)
            is_there = !is_refused(str_trim(markup_words(arena, markup_inner(in))));
    }
    if (!is_there)
        member->href = STR_NONE;
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
