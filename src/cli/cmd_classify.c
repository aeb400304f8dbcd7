/* cmd_classify.c - labels of a file or a document, and what else there is to say of it. */
#include "base/file.h"
#include "base/utf8.h"
#include "cli/client.h"
#include "cli/extracting.h"
#include "cli/output.h"

static const CommandOption options[] = {
    { "labels", "SET", "a label set by name or id, or names between commas: \"order, complaint\"" },
    { "workflow", "NAME", "label sets in stages, stored under that name" },
    { "password", "TEXT", "opens an encrypted file" },
    { "reader", "CLASS", "ask this class of worker" },
    { "languages", "LIST", "of text in pictures and of speech, as eng+deu" },
    { NULL, NULL, NULL },
};

#define TEXT_MAX KB(900) /* a request holds 1 MB of text, escaped */

static bool put_text_of(CommandLine *line, Arena *arena, JsonWriter *json, Error *err)
{
    Extraction extraction;
    Buf text = buf_new(arena, GB(2));
    if (!extract_file(line, arena, &extraction, err))
        return false;
    doc_print(extraction.root, DOC_TEXT, &text);
    Str all = buf_str(&text);
    put_text(json, "text", str_slice(all, 0, utf8_floor(all, MIN(all.length, TEXT_MAX))));
    return true;
}

static bool write_body(CommandLine *line, Arena *arena, Buf *body, Error *err)
{
    Str labels = option_value(line, "labels"), word = line->words[0];
    JsonWriter json = put_begin(body);
    if (str_is(word, "-") || file_exists(str_c(line->arena, word))) {
        if (!put_text_of(line, arena, &json, err))
            return false;
    } else {
        put_text(&json, "document", word);
    }
    if (str_find_char(labels, ',') >= 0)
        put_pieces(&json, "labels", labels, ',');
    else if (labels.length)
        put_text(&json, "label_set", labels);
    if (option_is_given(line, "workflow"))
        put_text(&json, "workflow", option_value(line, "workflow"));
    put_end(&json);
    return true;
}

static void print_labels(const json_t *said)
{
    size_t i;
    const json_t *one;
    json_array_foreach(json_object_get(said, "labels"), i, one)
    {
        if (!json_is_true(json_object_get(one, "said")))
            continue;
        printf("%.2f  ", json_number_value(json_object_get(one, "confidence")));
        output_text(json_member_text(one, "label"));
        putchar('\n');
    }
    if (json_is_false(json_object_get(said, "sure")))
        output_note(S("not sure: a person should look"));
}

static void print_stages(const json_t *stages)
{
    size_t i;
    const json_t *stage;
    json_array_foreach(stages, i, stage)
    {
        output_text(json_member_text(stage, "name"));
        puts(json_is_true(json_object_get(stage, "skipped")) ? ": skipped" : ":");
        print_labels(stage);
    }
}

/* A line each: name and label. */
static void print_report(const json_t *said)
{
    static const char *const names[] = { "document_type", "sentiment" };
    for (size_t i = 0; i < COUNT(names); i++) {
        const json_t *one = json_object_get(said, names[i]);
        printf("%-14s %.2f  %s\n", names[i], json_number_value(json_object_get(one, "confidence")),
               output_member(one, "label"));
    }
    printf("%-14s %s\n", "language", output_member(said, "language"));
    printf("%-14s %s\n", "personal_data",
           json_member_text(json_object_get(said, "personal_data"), "severity").at);
}

static bool run(CommandLine *line, Error *err)
{
    AUTO_CLIENT Client *client = NULL;
    AUTO_JSON json_t *answer = NULL;
    AUTO_ARENA Arena *arena = arena_new(GB(16));
    Buf body = buf_new(arena, MB(8));
    if (option_is_given(line, "labels") && option_is_given(line, "workflow"))
        return fail(err, ERROR_INVALID, "give either --labels or --workflow");
    if (!write_body(line, arena, &body, err) || !client_open(line, &client, err) ||
        !client_call(client, "POST", "/v1/classify", buf_str(&body), &answer, err))
        return false;
    if (output_json(line, answer))
        return true;
    if (option_is_given(line, "workflow"))
        print_stages(json_object_get(answer, "stages"));
    else if (option_is_given(line, "labels"))
        print_labels(answer);
    else
        print_report(answer);
    return true;
}

const Command command_classify = {
    .name = "classify",
    .arguments = "FILE|ID",
    .summary = "Say which labels a file or a document of the library has, with how sure that is",
    .options = options,
    .word_min = 1,
    .word_max = 1,
    .run = run,
};
