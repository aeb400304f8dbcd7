/* summary.c - see summary.h: which way, and how the result is printed. */
#include "answer/answer_json.h"
#include "base/utf8.h"
#include "summary/summary_int.h"

#define TEXT_MAX MB(1)

static const struct {
    const char *name;
    size_t words, statements;
} lengths[] = {
#define SUMMARY_LENGTH(name, words, statements) { #name, words, statements },
#include "summary/summary_lengths.def"
#undef SUMMARY_LENGTH
};
static const char *const forms[] = { "prose", "bullets" };

Summaries *summaries_new(Db *db, Searcher *searcher, Models *models)
{
    Summaries *summaries = heap_alloc(sizeof *summaries);
    *summaries = (Summaries){ db, searcher, models };
    return summaries;
}

void summaries_free(Summaries *summaries) { free(summaries); }

const char *summary_length_name(SummaryLength length) { return lengths[length].name; }

bool summary_length_named(Str name, SummaryLength *length_r, Error *err)
{
    for (size_t i = 0; i < COUNT(lengths); i++)
        if (str_is(name, lengths[i].name)) {
            *length_r = (SummaryLength)i;
            return true;
        }
    return fail_field(err, "length", "'length' is short, medium or long, not '" STR_FMT "'",
                      STR_ARG(str_slice(name, 0, 40)));
}

bool summary_form_named(Str name, SummaryForm *form_r, Error *err)
{
    for (size_t i = 0; i < COUNT(forms); i++)
        if (str_is(name, forms[i])) {
            *form_r = (SummaryForm)i;
            return true;
        }
    return fail_field(err, "form", "'form' is prose or bullets, not '" STR_FMT "'",
                      STR_ARG(str_slice(name, 0, 40)));
}

size_t wish_words(const SummaryWish *wish)
{
    return wish->words ? (size_t)wish->words : lengths[wish->length].words;
}

/* Sentences have some twenty words. */
size_t wish_statements(const SummaryWish *wish)
{
    return wish->words ? MAX((size_t)wish->words / 12, 1u) : lengths[wish->length].statements;
}

/* --- Citations and text --- */

static size_t cite(Arena *arena, const Material *material, size_t piece_number, Summary *summary)
{
    const Piece *piece = &material->pieces[piece_number];
    const MaterialDocument *document = &material->documents[piece->document];
    for (size_t i = 0; i < summary->citation_count; i++) {
        const Citation *known = &summary->citations[i];
        if (known->start == (int64_t)piece->start && str_equal(known->document, document->id))
            return i + 1;
    }
    Citation *citation = &summary->citations[summary->citation_count++];
    *citation = material_cite(arena, material, piece);
    citation->number = (int)summary->citation_count;
    return summary->citation_count;
}

static void cite_all(Arena *arena, const Material *material, Summary *summary)
{
    size_t total = 0;
    for (size_t i = 0; i < summary->count; i++)
        total += summary->statements[i].count;
    summary->citations = arena_new_array(arena, Citation, total + 1);
    for (size_t i = 0; i < summary->count; i++) {
        SummaryStatement *statement = &summary->statements[i];
        statement->numbers = arena_new_array(arena, size_t, statement->count + 1);
        for (size_t j = 0; j < statement->count; j++)
            statement->numbers[j] = cite(arena, material, statement->pieces[j], summary);
    }
}

/* Headings are kept where there are several of them. */
static bool has_headings(const Summary *summary)
{
    for (size_t i = 1; i < summary->count; i++)
        if (summary->statements[i].section != summary->statements[0].section)
            return true;
    return false;
}

static Str print(Arena *arena, const Summary *summary)
{
    Buf out = buf_new(arena, TEXT_MAX);
    bool bullets = summary->form == SUMMARY_BULLETS, headings = bullets && has_headings(summary);
    size_t section = 0;
    for (size_t i = 0; i < summary->count; i++) {
        const SummaryStatement *statement = &summary->statements[i];
        bool is_new = statement->section != section;
        section = statement->section;
        if (i)
            buf_add(&out, bullets  ? headings && is_new ? S("\n\n") : S("\n")
                           : is_new ? S("\n\n")
                                   : S(" "));
        if (headings && is_new && statement->heading.length)
            buf_addf(&out, "## " STR_FMT "\n", STR_ARG(statement->heading));
        buf_add(&out, bullets ? S("- ") : S(""));
        buf_add(&out, statement->text);
    }
    return buf_str(&out);
}

static void finish(Arena *arena, Words *words, const Material *material, const SummaryWish *wish,
                   Summary *summary)
{
    summary->form = wish->form;
    cite_all(arena, material, summary);
    summary->text = print(arena, summary);
    for (size_t i = 0; i < summary->count; i++)
        summary->words +=
            (int64_t)words_count(words, summary->language, summary->statements[i].text);
}

/* --- Making --- */

static Str notice_of(Arena *arena, const Material *material, Str why)
{
    Buf out = buf_new(arena, KB(2));
    buf_add(&out, why);
    if (material->is_cut)
        buf_addf(&out, "%sthere is too much to read whole: its beginning was",
                 out.length ? "; " : "");
    if (material->planted)
        buf_addf(&out, "%s%zu sentence%s that speak to a model were left out",
                 out.length ? "; " : "", material->planted, material->planted == 1 ? "" : "s");
    return buf_str(&out);
}

static bool make(Summaries *summaries, const Scope *scope, Arena *arena, Words *words,
                 const Material *material, const SummaryWish *wish, Summary *summary, Error *err)
{
    Str why = STR_NONE;
    Error failure = { 0 };
    bool is_made = summary_parts(summaries, scope, arena, material, wish) > 0;
    if (is_made) {
        is_made = write_summary(summaries, scope, arena, words, material, wish, summary, &failure);
        if (!is_made && failure.code == ERROR_CANCELLED) {
            *err = failure;
            return false;
        }
        if (!is_made)
            why = str_format(arena,
                             "the model service failed (%s); these are the text's own "
                             "sentences",
                             failure.message);
    }
    if (!is_made)
        choose_summary(summaries, scope, arena, words, material, wish, summary);
    summary->notice = notice_of(arena, material, why);
    finish(arena, words, material, wish, summary);
    return true;
}

bool summary_make(Summaries *summaries, const Scope *scope, Arena *arena, const Material *material,
                  const SummaryWish *wish, Summary *summary_r, Error *err)
{
    Summary summary = { .language = material->language };
    Words *words = words_new();
    bool good = make(summaries, scope, arena, words, material, wish, &summary, err);
    words_free(words);
    if (good)
        *summary_r = summary;
    return good;
}

/* --- Showing --- */

void summary_put(JsonWriter *json, const Summary *summary)
{
    put_text(json, "text", summary->text);
    put_text(json, "form", str(forms[summary->form]));
    put_array(json, "sentences");
    for (size_t i = 0; i < summary->count; i++) {
        const SummaryStatement *statement = &summary->statements[i];
        put_object(json, NULL);
        put_text(json, "text", statement->text);
        put_text_or_null(json, "heading", statement->heading);
        put_bool(json, "supported", true);
        put_number(json, "weight", statement->weight);
        put_array(json, "citations");
        for (size_t j = 0; j < statement->count; j++)
            put_int(json, NULL, (int64_t)statement->numbers[j]);
        put_end(json);
        put_end(json);
    }
    put_end(json);
    put_array(json, "citations");
    for (size_t i = 0; i < summary->citation_count; i++)
        put_citation(json, NULL, &summary->citations[i]);
    put_end(json);
    put_int(json, "words", summary->words);
    put_text_or_null(json, "language", str(language_about(summary->language)->code));
    put_text(json, "made_by", summary->made_by);
    put_text_or_null(json, "notice", summary->notice);
    put_int(json, "dropped", (int64_t)summary->dropped);
}
