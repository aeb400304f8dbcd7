/* count.c - questions for a number of documents are answered from the tables, not from passages. */
#include "answer/answer_int.h"
#include "library/facts.h"

#define SLICES_MAX 100

typedef struct CountWork {
    AnswerRun *run;
    const CountQuestion *counts;
    int64_t roots, children; /* children: in archives and mails */
    Document shown[CITATIONS_MAX];
    size_t shown_count;
} CountWork;

static bool is_counted(const CountQuestion *counts, Str name)
{
    for (size_t i = 0; i < counts->extensions.count; i++) {
        Str extension = counts->extensions.at[i];
        if (name.length > extension.length && str_ends_ignore_case(name, extension) &&
            name.at[name.length - extension.length - 1] == '.')
            return true;
    }
    return counts->extensions.count == 0;
}

static void count_document(CountWork *work, const Document *document)
{
    if (!is_counted(work->counts, document->name))
        return;
    if (document->parent.length) {
        work->children++;
        return;
    }
    work->roots++;
    if (work->shown_count < CITATIONS_MAX)
        work->shown[work->shown_count++] = *document;
}

static bool count_collection(DbTx *tx, CountWork *work, Str collection, Error *err)
{
    const SearchRequest *search = &work->run->request->search;
    const FactCondition *facts;
    if (!fact_conditions_read(work->run->arena, search->metadata, &facts, err))
        return false;
    DocumentFilter filter = { .collection = collection,
                              .formats = search->formats,
                              .tags_any = search->tags,
                              .name_has = search->name,
                              .facts = facts,
                              .fact_count = search->metadata.count,
                              .within = search->documents,
                              .date_from_ms = search->after_ms,
                              .date_to_ms = search->before_ms };
    Slice slice = { .limit = SLICE_MAX };
    for (int i = 0; i < SLICES_MAX; i++) {
        DocumentList list;
        if (!document_list(tx, work->run->scope, work->run->arena, &filter, DOCUMENT_BY_NAME, false,
                           &slice, &list, err))
            return false;
        for (size_t j = 0; j < list.count; j++)
            count_document(work, &list.at[j]);
        slice.after = list.next;
        if (!list.next.length)
            return true;
    }
    return fail(err, ERROR_TOO_LARGE, "there are too many documents to count them by name");
}

static bool count_work(DbTx *tx, void *argument, Error *err)
{
    CountWork *work = argument;
    const StrList *collections = &work->run->request->search.collections;
    work->roots = work->children = 0;
    work->shown_count = 0;
    for (size_t i = 0; i < MAX(collections->count, 1); i++)
        if (!count_collection(tx, work, collections->count ? collections->at[i] : S(""), err))
            return false;
    return true;
}

static Str count_text(const CountWork *work)
{
    Arena *arena = work->run->arena;
    Str what = work->counts->shown;
    if (work->roots == 0 && work->children == 0)
        return str_format(arena, "There are no " STR_FMT " in the library.", STR_ARG(what));
    Str inside =
        work->children
            ? str_format(arena, ", and %" PRId64 " more inside archives and mails", work->children)
            : S("");
    if (work->roots == 1)
        return str_format(arena, "There is 1 in the library, " STR_FMT STR_FMT ".",
                          STR_ARG(work->shown[0].name), STR_ARG(inside));
    return str_format(arena, "There are %" PRId64 " " STR_FMT " in the library" STR_FMT ".",
                      work->roots, STR_ARG(what), STR_ARG(inside));
}

bool answer_by_counting(AnswerRun *run, bool *is_answered_r, Error *err)
{
    CountQuestion counts;
    int numbers[CITATIONS_MAX];
    *is_answered_r = question_counts(run->arena, run->question, &counts);
    if (!*is_answered_r)
        return true;
    CountWork *work = arena_new_one(run->arena, CountWork);
    *work = (CountWork){ .run = run, .counts = &counts };
    if (!store_read(run->answers->db, run->scope, count_work, work, err) ||
        !tell_step(run, S("counted documents in the library's tables"), err))
        return false;
    for (size_t i = 0; i < work->shown_count; i++) {
        const Document *document = &work->shown[i];
        numbers[i] = (int)i + 1;
        run->citations[i] = (Citation){ .number = numbers[i],
                                        .document = document->id,
                                        .name = document->name,
                                        .format = document->format,
                                        .place = S(""),
                                        .heading = S(""),
                                        .quote = document->name,
                                        .score = 1 };
        if (!tell_source(run, &run->citations[i], err))
            return false;
    }
    run->answer.citation_count = work->shown_count;
    run->answer.is_found = true;
    AnswerSentence sentence = { .text = count_text(work),
                                .is_supported = true,
                                .citations = numbers,
                                .citation_count = work->shown_count };
    return add_sentence(run, &sentence, err);
}
