/* lab_test.c - settings of runs, and judged collections on disk. */
#include "search/lab_folder.h"

#include <criterion/criterion.h>
#include <unistd.h>

#include "base/file.h"

Test(search, settings_of_a_run_are_read_by_name_and_wrong_ones_are_named)
{
    static const struct {
        const char *text, *wrong; /* wrong: in the message; NULL: good */
        SearchMode mode;
        double weight;
    } cases[] = {
        { "", NULL, SEARCH_HYBRID, 0 },
        { "mode=keyword", NULL, SEARCH_KEYWORD, 0 },
        { " vector_weight=0.4  mode=semantic ", NULL, SEARCH_SEMANTIC, 0.4 },
        { "mode=best",
          "hybrid (also called basic), keyword, semantic, private, deep, super_deep, creative or "
          "uncensored",
          0, 0 },
        { "vector_weight=1.5", "'1.5'", 0, 0 },
        { "vector_weight=nan", "'nan'", 0, 0 },
        { "weight=0.5", "mode, vector_weight", 0, 0 },
        { "candidates=9", "'9'", 0, 0 },
        { "candidates=1001", "10 to 1000", 0, 0 },
        { "support=1", "0 to 0.9", 0, 0 },
        { "rerank=on", "yes or no", 0, 0 },
        { "fresh=-1", "0 to 1", 0, 0 },
        { "feedback=yes", NULL, SEARCH_HYBRID, 0 },
        { "feedback=on", "yes or no", 0, 0 },
        { "mode", "'mode' is no setting", 0, 0 },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        SearchRequest request = { 0 };
        Error err = { 0 };
        bool good = lab_settings_read(str(cases[i].text), &request, &err);
        cr_expect_eq(good, !cases[i].wrong, "%s", cases[i].text);
        if (good)
            cr_expect(request.mode == cases[i].mode && request.vector_weight == cases[i].weight,
                      "%s", cases[i].text);
        else
            cr_expect(strstr(err.message, cases[i].wrong), "%s: %s", cases[i].text, err.message);
    }
}

Test(search, a_run_may_set_what_shapes_a_ranking)
{
    SearchRequest request = { 0 };
    Error err = { 0 };
    cr_assert(
        lab_settings_read(S("candidates=50 support=0.2 rerank=no fresh=0.5"), &request, &err));
    cr_expect(request.candidates == 50 && request.support == 0.2 && request.without_rerank &&
              request.fresh == 0.5);
    cr_assert(lab_settings_read(S("support=0 rerank=yes"), &request, &err));
    cr_expect(request.support < 0 && !request.without_rerank && request.candidates == 50);
}

static void write_text(Arena *arena, const char *folder, const char *name, const char *text)
{
    Error err = { 0 };
    cr_assert(file_write(path_join(arena, str(folder), str(name)), str(text), 0600, &err), "%s",
              err.message);
}

Test(search, a_folder_as_beir_lays_it_out_becomes_documents_and_judgements)
{
    AUTO_ARENA Arena *arena = arena_new(GB(1));
    char path[] = "/tmp/lab-test-XXXXXX";
    LabFolder folder;
    Error err = { 0 };
    cr_assert(mkdtemp(path) && folder_make(path_join(arena, str(path), S("qrels")), 0700, &err));
    cr_expect(!lab_folder_read(arena, path, &folder, &err) && strstr(err.message, "corpus.tsv"));
    write_text(arena, path, "corpus.jsonl",
               "{\"_id\":\"a\",\"title\":\"One\",\"text\":\"One. More\",\"metadata\":{}}\n\n"
               "{\"_id\":7,\"text\":\"Seven\"}\n");
    write_text(arena, path, "queries.jsonl",
               "{\"_id\":\"q\",\"text\":\"is \\\"it\\\" -so: type:pdf (or not)?\"}\n"
               "{\"_id\":\"unused\",\"text\":\"x\"}\n");
    write_text(arena, path, "qrels/test.tsv",
               "query-id\tcorpus-id\tscore\nq\ta\t2\nq\t7\t0\nz\ta\t1\n");
    cr_assert(lab_folder_read(arena, path, &folder, &err), "%s", err.message);
    cr_assert_eq(folder.documents.count, 2);
    cr_expect(str_is(folder.documents.at[0].title, "One") &&
              str_is(folder.documents.at[0].text, ". More"));
    cr_expect(str_is(folder.documents.at[1].id, "7"));
    cr_expect(str_is(folder.judgements, "is  it   so  type pdf  or not ?\ta\t2\n"
                                        "is  it   so  type pdf  or not ?\t7\t0\n"),
              "%s", str_c(arena, folder.judgements));
    write_text(arena, path, "corpus.jsonl",
               "\xEF\xBB\xBF{\"id\":\"a\",\"contents\":\"As Anserini has it\"}\r\n");
    write_text(arena, path, "queries.jsonl", "\xEF\xBB\xBF{\"id\":\"q\",\"text\":\"why\"}\r\n");
    write_text(arena, path, "qrels/test.tsv", "\xEF\xBB\xBFq 0  a 2\r\n");
    cr_assert(lab_folder_read(arena, path, &folder, &err), "%s", err.message);
    cr_expect(str_is(folder.documents.at[0].text, "As Anserini has it"));
    cr_expect(str_is(folder.judgements, "why\ta\t2\n"), "as TREC has it");
    cr_expect(folder_remove(path_join(arena, str(path), S("qrels")), &err));
    cr_expect(!lab_folder_read(arena, path, &folder, &err) && strstr(err.message, "qrels.txt"));
    write_text(arena, path, "corpus.jsonl", "{\"_id\":\"a\"}\n{\"title\":\"no id\"}\n");
    cr_expect(!lab_folder_read(arena, path, &folder, &err) && strstr(err.message, "line 2"), "%s",
              err.message);
    cr_expect(folder_remove(path, &err));
}
