/* office_fact.c - see office_fact.h. */
#include "extract/formats/office_fact.h"

void office_fact(HtmlReader *in, const HtmlToken *token, DocWriter *doc)
{
    static const struct {
        const char *name, *key;
    } facts[] = { { "title", "title" },       { "subject", "subject" },
                  { "author", "author" },     { "keywords", "keywords" },
                  { "company", "company" },   { "description", "description" },
                  { "category", "category" }, { "manager", "manager" },
                  { "created", "created" },   { "lastauthor", "last_author" },
                  { "lastsaved", "modified" } };
    for (size_t i = 0; i < COUNT(facts); i++)
        if (str_is(token->name, facts[i].name)) {
            AUTO_ARENA Arena *arena = arena_new(MB(64));
            doc_meta(doc, facts[i].key,
                     markup_words(arena, str_slice(markup_inner(in), 0, KB(64))));
            return;
        }
}
