/* study_files_api.c - decks as files: CSV and Anki's packages out, tables in. */
#include "api/pack.h"
#include "api/study_json.h"
#include "base/clock.h"
#include "store/anki_file.h"
#include "study/card_table.h"

#define EXPORT_PART 1000

typedef struct FileWork {
    ApiRequest *request;
    AnkiCards out;
} FileWork;

/* --- Out --- */

/* Oldest first, as they were added. */
static bool load_cards(DbTx *tx, FileWork *work, Error *err)
{
    const ApiRequest *request = work->request;
    const StudyCardFilter filter = { .deck = request->params[0] };
    Slice slice = { .limit = EXPORT_PART };
    VEC(StudyCard) cards = { 0 };
    StudyCardList part;
    do {
        if (!study_card_list(tx, request->scope, request->arena, &filter, &slice, &part,
                             &slice.after, err))
            return false;
        for (size_t i = 0; i < part.count; i++)
            *vec_push(request->arena, &cards) = part.at[i];
    } while (slice.after.length);
    for (size_t i = 0; i < cards.count / 2; i++) {
        StudyCard swapped = cards.at[i];
        cards.at[i] = cards.at[cards.count - 1 - i];
        cards.at[cards.count - 1 - i] = swapped;
    }
    work->out.cards = (StudyCardList){ cards.at, cards.count };
    return true;
}

static bool load_deck(DbTx *tx, void *argument, Error *err)
{
    FileWork *work = argument;
    const ApiRequest *request = work->request;
    const StudyDue due = { 0 };
    Learner learner;
    if (!study_deck_find(tx, request->scope, request->arena, request->params[0], &due,
                         &work->out.deck, err) ||
        !learner_resolve(tx, request->scope, request->arena, &learner, err) ||
        !load_cards(tx, work, err) ||
        !study_review_list(tx, request->scope, request->arena, request->params[0],
                           &work->out.reviews, err))
        return false;
    work->out.retention = learner.retention;
    work->out.new_a_day = learner.new_a_day;
    work->out.reviews_a_day = learner.reviews_a_day;
    work->out.now_ms = now_ms();
    return true;
}

/* The deck's name as a file's, in ASCII. */
static void name_file(HttpResponse *response, Arena *arena, Str name, const char *ending)
{
    char *safe = str_c(arena, str_slice(name, 0, 80));
    for (char *at = safe; *at; at++)
        if ((unsigned char)*at < ' ' || (unsigned char)*at > '~' || HAS_CHAR(*at, "\"\\/:*?<>|"))
            *at = '_';
    http_header(response, "Content-Disposition",
                str_format(arena, "attachment; filename=\"%s.%s\"", safe, ending));
}

static bool export_package(FileWork *work, HttpResponse *response, Error *err)
{
    Arena *arena = work->request->arena;
    Str database;
    if (!anki_file_write(arena, &work->out, &database, err))
        return false;
    const PackFile files[] = { { .name = S("collection.anki2"), .bytes = database },
                               { .name = S("media"), .bytes = S("{}") } };
    response->media_type = S("application/apkg");
    name_file(response, arena, work->out.deck.name, "apkg");
    return pack_files(PACK_ZIP, files, COUNT(files), &response->body, err);
}

bool study_decks_export(ApiRequest *request, HttpResponse *response, Error *err)
{
    FileWork work = { .request = request };
    Str format = http_query(request->http, "format");
    bool is_table = str_is(format, "csv");
    if (!is_table && !str_is(format, "apkg"))
        return fail_field(err, "format", "'format' is csv or apkg");
    if (!store_read(request->api->db, request->scope, load_deck, &work, err))
        return false;
    if (!is_table)
        return export_package(&work, response, err);
    response->media_type = S("text/csv; charset=utf-8");
    name_file(response, request->arena, work.out.deck.name, "csv");
    card_table_write(&response->body, work.out.cards.at, work.out.cards.count);
    return true;
}

/* --- In --- */

typedef struct AddWork {
    const ApiRequest *request;
    const StudyCardList *cards;
    int64_t added;
} AddWork;

static bool add_cards(DbTx *tx, void *argument, Error *err)
{
    AddWork *work = argument;
    const ApiRequest *request = work->request;
    StudyCardList added;
    work->added = 0;
    for (size_t i = 0; i < work->cards->count; i += STUDY_CARD_ADD_MAX) {
        size_t count = MIN(work->cards->count - i, STUDY_CARD_ADD_MAX);
        if (!study_card_add(tx, request->scope, request->arena, request->params[0],
                            work->cards->at + i, count, &added, err))
            return false;
        work->added += (int64_t)added.count;
    }
    return true;
}

bool study_import(ApiRequest *request, const StudyCardList *cards, int64_t left_out,
                  HttpResponse *response, Error *err)
{
    AddWork work = { .request = request, .cards = cards };
    if (!store_write(request->api->db, request->scope, add_cards, &work, err))
        return false;
    JsonWriter json = put_begin(&response->body);
    put_int(&json, "read", (int64_t)cards->count);
    put_int(&json, "added", work.added);
    put_int(&json, "known", (int64_t)cards->count - work.added);
    if (left_out >= 0)
        put_int(&json, "left_out", left_out);
    put_end(&json);
    return true;
}

bool study_decks_import(ApiRequest *request, HttpResponse *response, Error *err)
{
    StudyCardList cards;
    return card_table_read(request->arena, request->http->body, &cards, err) &&
           (cards.count ||
            fail(err, ERROR_DAMAGED, "no cards were found: each line has a front and a back")) &&
           study_import(request, &cards, -1, response, err);
}
