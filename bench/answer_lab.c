/* answer_lab.c - what an answer sees: every unit that was read for each question with its features,
 * and the signs by which it is decided, one JSON line for each question. bench/answer_train.py
 * learns the weights of src/answer/features.def and signs.def from it.
 *
 *     answer_lab DATA_FOLDER MODEL_FOLDER QUESTIONS.tsv > units.jsonl */
#include "answer/answer_int.h"
#include "api/api.h"
#include "base/clock.h"
#include "base/file.h"
#include "cli/app.h"
#include "store/workspaces_store.h"

#define UNITS_SHOWN 60

typedef struct Lab {
    Arena *arena;
    Answers *answers;
    Scope scope;
} Lab;

static bool workspace_work(DbTx *tx, void *argument, Error *err)
{
    Lab *lab = argument;
    Scope all = scope_system();
    WorkspaceList list;
    if (!workspace_list(tx, &all, lab->arena, &list, err))
        return false;
    lab->scope = (Scope){ .workspace = list.at[0].id, .role = ROLE_OWNER };
    return true;
}

static void put_unit(AnswerRun *run, Reading *reading, size_t index, bool compares,
                     JsonWriter *json)
{
    const Unit *unit = &reading->units[index];
    run->answer.citation_count = 0;
    const Citation *citation = cite_unit(run, reading, index, 0);
    put_object(json, NULL);
    put_text(json, "document", citation->name);
    put_text(json, "place", citation->place);
    put_text(json, "quote", citation->quote);
    put_text(json, "text", unit->text);
    if (compares)
        put_text(json, "around", reading_surroundings(reading, index));
    put_int(json, "passage", (int64_t)unit->passage);
    put_int(json, "kind", unit->kind);
    put_int(json, "group", (int64_t)reading->passages[unit->passage].group);
    put_bool(json, "compared", compares);
    put_bool(json, "repeated", unit->is_repeated);
    put_number(json, "score", unit->score);
    put_int(json, "near", (int64_t)unit->near);
    put_int(json, "wide", (int64_t)unit->wide);
    put_int(json, "words", (int64_t)unit->words);
    put_int(json, "chunk", (int64_t)reading->passages[unit->passage].words);
    put_int(json, "frame", (int64_t)reading->passages[unit->passage].frame);
    put_array(json, "features");
    for (int f = 0; f < FEATURE_COUNT; f++)
        put_number(json, NULL, unit->features[f]);
    put_end(json);
    put_array(json, "signs");
    double signs[SIGN_COUNT];
    Error err;
    if (compares)
        compare_meaning(run, reading, index);
    for (int i = 0; decide_unit(run, reading, index, signs, &err) && i < SIGN_COUNT; i++)
        put_number(json, NULL, signs[i]);
    put_end(json);
    put_int(json, "whole", (int64_t)reading->passages[unit->passage].document);
    if (compares) {
        put_array(json, "nearness");
        for (size_t i = 0; i < reading->question.word_count && reading->has_meaning; i++)
            put_number(json, NULL, reading->nearness[i]);
        put_end(json);
    }
    put_end(json);
}

static void put_part(AnswerRun *run, const Part *part, JsonWriter *json)
{
    Reading *reading = part->reading;
    size_t compared = 0, other_group = 0;
    put_object(json, NULL);
    put_text(json, "question", part->question);
    put_int(json, "form", reading->question.form);
    put_array(json, "words");
    for (size_t i = 0; i < reading->question.word_count; i++) {
        const QuestionWord *word = &reading->question.words[i];
        put_text(json, NULL,
                 str_format(run->arena, STR_FMT "%s%s%s %.1f", STR_ARG(word->text),
                            word->is_name ? " name" : "", word->is_number ? " number" : "",
                            word->is_weak ? " weak" : "", word->rarity));
    }
    put_end(json);
    put_array(json, "units");
    for (size_t i = 0; i < reading->unit_count && i < UNITS_SHOWN; i++) {
        /* The units that may come first, also when the best document is taken away. */
        size_t unit = reading->order[i];
        bool is_other = reading->passages[reading->units[unit].passage].group !=
                        reading->passages[reading->units[reading->order[0]].passage].group;
        bool compares = compared++ < 4 || (is_other && other_group++ < 2);
        put_unit(run, reading, unit, compares, json);
    }
    put_end(json);
    put_end(json);
}

static bool run_question(const Lab *lab, Str id, Str question, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(GB(1));
    AnswerRequest request = { .question = question };
    AnswerSink sink = { 0 };
    AnswerRun *run = arena_new_one(arena, AnswerRun);
    run->answers = lab->answers;
    run->scope = &lab->scope;
    run->arena = arena;
    run->request = &request;
    run->sink = &sink;
    run->citation_max = CITATIONS_MAX;
    run->question = question;
    run->words = words_new();
    run->text = buf_new(arena, KB(64));
    int64_t start = monotonic_us();
    if (!look_up(run, err))
        return false;
    Buf out = buf_new(arena, MB(64));
    JsonWriter json = put_begin(&out);
    put_text(&json, "id", id);
    put_int(&json, "took_us", monotonic_us() - start);
    put_int(&json, "search_us", run->results.took_us);
    put_array(&json, "parts");
    for (size_t i = 0; i < run->part_count; i++)
        put_part(run, &run->parts[i], &json);
    put_end(&json);
    put_end(&json);
    words_free(run->words);
    puts(buf_c(&out));
    return true;
}

static bool run_all(Lab *lab, const char *path, Error *err)
{
    Str text, line, id, kind, question;
    if (!file_read(lab->arena, path, MB(16), &text, err))
        return false;
    str_next(&text, '\n', &line);
    while (str_next(&text, '\n', &line)) {
        if (!str_next(&line, '\t', &id) || !str_next(&line, '\t', &kind) ||
            !str_next(&line, '\t', &question))
            continue;
        if (!run_question(lab, id, question, err))
            return false;
    }
    return true;
}

int main(int argc, char **argv)
{
    Error err = { 0 };
    App *app;
    AUTO_ARENA Arena *arena = arena_new(MB(256));
    if (argc != 4)
        return 2;
    Lab lab = { .arena = arena };
    Settings settings;
    SettingFlag flags[] = { { "data", str(argv[1]) },
                            { "model", str(argv[2]) },
                            { "provider_url", S("off") } };
    AppOptions options = { .settings = &settings, .is_quiet = true };
    if (!settings_read(arena, &(SettingsFrom){ .flags = flags, .flag_count = COUNT(flags) },
                       &settings, NULL, &err) ||
        !app_start(&options, &app, &err))
        goto failed;
    (void)library_wait_indexed(app_api(app)->library, 60000);
    (void)library_model(app_api(app)->library, arena);
    lab.answers = app_api(app)->answers;
    if (!store_read(app_api(app)->db, &(Scope){ .is_system = true }, workspace_work, &lab, &err) ||
        !run_all(&lab, argv[3], &err))
        goto failed;
    app_stop(app);
    return 0;
failed:
    fprintf(stderr, "answer_lab: %s\n", err.message);
    return 1;
}
