/* document_json.c - see document_json.h. */
#include "api/document_json.h"

#include "base/file.h"
#include "base/utf8.h"
#include "library/facts.h"

static void put_error_position(JsonWriter *json, const Error *err)
{
    if (!err->end)
        return;
    put_object(json, "position");
    put_int(json, "start", err->start);
    put_int(json, "end", err->end);
    put_end(json);
}

void put_error(JsonWriter *json, const char *name, const Error *err)
{
    put_object(json, name);
    put_text(json, "code", str(error_name(err->code)));
    put_text(json, "message", str(err->message));
    if (err->field[0])
        put_text(json, "field", str(err->field));
    put_error_position(json, err);
    put_end(json);
}

static void put_progress(JsonWriter *json, const DocumentProgress *progress)
{
    if (!progress->is_running) {
        put_null(json, "progress");
        return;
    }
    put_object(json, "progress");
    put_text(json, "stage", progress->stage);
    put_int(json, "done", progress->done);
    put_int(json, "total", progress->total);
    put_int(json, "percent",
            progress->total > 0 ? MIN(progress->done * 100 / progress->total, 100) : 0);
    if (progress->seconds_left >= 0)
        put_int(json, "seconds_left", progress->seconds_left);
    else
        put_null(json, "seconds_left");
    put_end(json);
}

static void put_failure(JsonWriter *json, const Document *document)
{
    if (!document->error_code.length) {
        put_null(json, "error");
        return;
    }
    put_object(json, "error");
    put_text(json, "code", document->error_code);
    put_text(json, "message", document->error_message);
    put_end(json);
}

/* The name of its format, and what that is to people. */
static void put_format(JsonWriter *json, Str name)
{
    put_text_or_null(json, "format", name);
    put_text_or_null(json, "family", library_family(name));
}

void put_document_brief(JsonWriter *json, const DocumentView *view)
{
    const Document *document = &view->document;
    put_text(json, "id", document->id);
    put_text(json, "name", path_name(document->name));
    put_text(json, "path", document->name);
    put_text(json, "state", str(document_state_name(document->state)));
    put_bool(json, "searchable", view->is_searchable);
    put_text_or_null(json, "parent", document->parent);
    put_progress(json, &view->progress);
    put_failure(json, document);
}

void put_document(JsonWriter *json, const DocumentView *view)
{
    const Document *document = &view->document;
    put_document_brief(json, view);
    put_text_or_null(json, "title", document->title);
    put_text_or_null(json, "media_type", document->media_type);
    put_format(json, document->format);
    put_int(json, "size", document->size_bytes);
    put_raw(json, "warnings", document->warnings.length ? document->warnings : S("[]"));
    put_raw(json, "metadata", document->metadata.length ? document->metadata : S("{}"));
    facts_put(json, document->metadata);
    if (document->quality.length)
        put_raw(json, "extraction_quality", document->quality);
    else
        put_null(json, "extraction_quality");
    put_text_or_null(json, "language", document->language);
    put_int(json, "pages", document->page_count);
    put_bool(json, "paged", library_is_paged(document->format));
    put_texts(json, "tags", document->tags);
    put_text_or_null(json, "collection", document->collection);
    put_bool(json, "restricted", document->guard.length > 0);
    put_int(json, "children", view->child_count);
    put_int(json, "version", document->version);
    put_int(json, "chunks", document->chunk_count);
    put_text(json, "source", document->source);
    put_text(json, "sha256", document->blob);
    put_time(json, "document_date", document->document_date_ms);
    put_time(json, "created_at", document->created_at_ms);
    put_time(json, "updated_at", document->updated_at_ms);
    put_time(json, "deleted_at", document->deleted_at_ms);
}

void put_structure(JsonWriter *json, const char *name, const DocumentStructure *structure)
{
    put_object(json, name);
    for (int32_t kind = 0; kind < BLOCK_KINDS_MAX; kind++)
        if (structure->blocks[kind])
            put_int(json, library_block_kind(kind), structure->blocks[kind]);
    put_int(json, "tables", structure->tables);
    put_int(json, "sheets", structure->sheets);
    put_end(json);
}

void put_chunk(JsonWriter *json, const Chunk *chunk)
{
    put_int(json, "number", chunk->number);
    put_int(json, "ordinal", chunk->ordinal);
    put_text(json, "text", chunk->text);
    put_int(json, "start", chunk->start);
    put_int(json, "length", chunk->length);
    put_text(json, "heading", chunk->heading);
    put_text(json, "place", chunk->place);
    put_int(json, "tokens", chunk->token_count);
}

/* --- Search --- */

void put_understood(JsonWriter *json, const QueryReading *reading)
{
    put_array(json, "understood");
    for (size_t i = 0; i < reading->parts.count; i++) {
        const QueryPart *part = &reading->parts.at[i];
        put_object(json, NULL);
        put_text(json, "kind", str(query_part_kind_name(part->kind)));
        put_text_or_null(json, "key", part->key);
        put_text(json, "op", part->op.length ? part->op : S("="));
        put_text(json, "value", part->value);
        put_int(json, "start", (int64_t)utf8_utf16_units(reading->text, part->start));
        put_int(json, "end", (int64_t)utf8_utf16_units(reading->text, part->end));
        put_bool(json, "negated", part->is_negated);
        if (part->group)
            put_int(json, "group", part->group);
        put_end(json);
    }
    put_end(json);
}

static void put_leg(JsonWriter *json, const char *name, int rank, double value, bool as_rank)
{
    if (!rank)
        put_null(json, name);
    else if (as_rank)
        put_int(json, name, rank);
    else
        put_number(json, name, value);
}

/* Browsers count UTF-16 units. */
static void put_highlights(JsonWriter *json, const SearchHit *hit, Str snippet)
{
    put_array(json, "highlights");
    for (size_t i = 0; i < hit->match_count; i++) {
        int64_t start = hit->matches[i][0] - hit->snippet_start;
        int64_t end = hit->matches[i][1] - hit->snippet_start;
        put_array(json, NULL);
        put_int(json, NULL, (int64_t)utf8_utf16_units(snippet, (size_t)MAX(start, 0)));
        put_int(json, NULL, (int64_t)utf8_utf16_units(snippet, (size_t)MAX(end, 0)));
        put_end(json);
    }
    put_end(json);
}

static void put_hit_document(JsonWriter *json, const ChunkHit *row)
{
    put_object(json, "document");
    put_text(json, "id", row->chunk.document);
    put_text(json, "name", path_name(row->name));
    put_text(json, "path", row->name);
    put_text_or_null(json, "title", row->title);
    put_format(json, row->format);
    put_bool(json, "paged", library_is_paged(row->format));
    put_text_or_null(json, "collection", row->collection);
    put_text_or_null(json, "parent", row->parent);
    put_end(json);
}

static void put_leg_share(JsonWriter *json, const SearchLegShare *leg)
{
    put_object(json, NULL);
    put_text(json, "name", str(leg->name));
    put_number(json, "score", leg->score);
    put_number(json, "normal", leg->normal);
    put_number(json, "weight", leg->weight);
    put_number(json, "kept", leg->kept);
    put_number(json, "value", leg->value);
    put_end(json);
}

static void put_term_share(JsonWriter *json, const SearchTermShare *term)
{
    static const char *const fields[] = { "title", "heading", "body", "name" };
    put_object(json, NULL);
    put_text(json, "word", term->word);
    put_text(json, "term", term->how.text);
    put_number(json, "weight", term->how.weight);
    put_number(json, "idf", term->how.rarity);
    put_number(json, "tf", term->how.frequency);
    put_object(json, "fields");
    for (size_t i = 0; i < COUNT(fields); i++)
        put_int(json, fields[i], term->how.in_field[i]);
    put_end(json);
    put_number(json, "score", term->how.score);
    put_number(json, "value", term->value);
    put_end(json);
}

static void put_explanation(JsonWriter *json, Arena *arena, const SearchExplanation *explanation)
{
    put_object(json, "explanation");
    put_array(json, "shares");
    for (size_t i = 0; i < explanation->share_count; i++) {
        const SearchShare *share = &explanation->shares[i];
        put_object(json, NULL);
        put_text(json, "name", str_lower(arena, str(share->name)));
        put_text(json, "title", str(share->title));
        put_number(json, "value", share->value);
        put_end(json);
    }
    put_end(json);
    put_array(json, "legs");
    for (size_t i = 0; i < explanation->leg_count; i++)
        put_leg_share(json, &explanation->legs[i]);
    put_end(json);
    put_array(json, "terms");
    for (size_t i = 0; i < explanation->term_count; i++)
        put_term_share(json, &explanation->terms[i]);
    put_end(json);
    put_end(json);
}

/* What was folded under it, and in a list of documents its other passages. */
static void put_under(JsonWriter *json, Arena *arena, const SearchHit *hit)
{
    put_array(json, "copies");
    for (size_t i = 0; i < hit->copy_count; i++) {
        put_object(json, NULL);
        put_hit_document(json, hit->copies[i]);
        put_text(json, "place", hit->copies[i]->chunk.place);
        put_int(json, "start", hit->copies[i]->chunk.start);
        put_int(json, "end", hit->copies[i]->chunk.start + hit->copies[i]->chunk.length);
        put_end(json);
    }
    put_end(json);
    if (!hit->passage_count)
        return;
    put_array(json, "passages");
    for (size_t i = 0; i < hit->passage_count; i++)
        put_hit(json, arena, &hit->passages[i]);
    put_end(json);
}

void put_hit(JsonWriter *json, Arena *arena, const SearchHit *hit)
{
    const Chunk *chunk = &hit->row.chunk;
    Str snippet = str_slice(chunk->text, (size_t)hit->snippet_start, (size_t)hit->snippet_end);
    put_object(json, NULL);
    put_hit_document(json, &hit->row);
    put_int(json, "chunk", chunk->number);
    put_int(json, "ordinal", chunk->ordinal);
    put_number(json, "score", hit->score);
    put_object(json, "scores");
    put_leg(json, "keyword", hit->keyword_rank, hit->keyword_score, false);
    put_leg(json, "semantic", hit->semantic_rank, hit->semantic_score, false);
    put_end(json);
    put_object(json, "ranks");
    put_leg(json, "keyword", hit->keyword_rank, 0, true);
    put_leg(json, "semantic", hit->semantic_rank, 0, true);
    put_end(json);
    put_text(json, "heading", chunk->heading);
    put_text(json, "place", chunk->place);
    if (chunk->page)
        put_int(json, "page", chunk->page);
    else
        put_null(json, "page");
    put_int(json, "start", chunk->start);
    put_int(json, "end", chunk->start + chunk->length);
    put_text(json, "text", chunk->text);
    put_text(json, "snippet", snippet);
    put_highlights(json, hit, snippet);
    if (hit->explanation)
        put_explanation(json, arena, hit->explanation);
    put_under(json, arena, hit);
    put_end(json);
}
