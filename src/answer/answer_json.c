/* answer_json.c - see answer_json.h. */
#include "answer/answer_json.h"

#include "base/file.h"

static void put_cited_document(JsonWriter *json, const Citation *citation)
{
    if (!citation->document.length) {
        put_null(json, "document");
        return;
    }
    put_object(json, "document");
    put_text(json, "id", citation->document);
    put_text(json, "name", path_name(citation->name));
    put_text(json, "path", citation->name);
    put_text_or_null(json, "format", citation->format);
    put_text_or_null(json, "family", library_family(citation->format));
    put_bool(json, "paged", library_is_paged(citation->format));
    if (citation->version)
        put_int(json, "version", citation->version);
    put_end(json);
}

void put_citation_members(JsonWriter *json, const Citation *citation)
{
    put_int(json, "number", citation->number);
    put_cited_document(json, citation);
    put_text(json, "place", citation->place);
    if (citation->page)
        put_int(json, "page", citation->page);
    else
        put_null(json, "page");
    put_text(json, "heading", citation->heading);
    put_int(json, "start", citation->start);
    put_int(json, "end", citation->end);
    put_text(json, "quote", citation->quote);
    put_number(json, "score", citation->score);
}

void put_citation(JsonWriter *json, const char *name, const Citation *citation)
{
    put_object(json, name);
    put_citation_members(json, citation);
    put_end(json);
}

void put_sentence(JsonWriter *json, const AnswerSentence *sentence)
{
    put_object(json, NULL);
    put_text(json, "text", sentence->text);
    put_text_or_null(json, "key", sentence->key);
    put_bool(json, "supported", sentence->is_supported);
    put_array(json, "citations");
    for (size_t i = 0; i < sentence->citation_count; i++)
        put_int(json, NULL, sentence->citations[i]);
    put_end(json);
    put_end(json);
}
