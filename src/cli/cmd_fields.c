/* cmd_fields.c - values of a schema: of a file without any library, by rules; of a document by its
 * id, as the server reads it. */
#include <unistd.h>

#include "base/file.h"
#include "cli/client.h"
#include "cli/extracting.h"
#include "cli/output.h"
#include "fields/kept.h"
#include "fields/paper.h"
#include "library/ingest.h"

static const CommandOption options[] = {
    { "schema", "NAME|FILE",
      "invoice (default), receipt, contract, cv, letter, or a file with a JSON schema" },
    { "csv", NULL, "a table: its head, and a line of values" },
    { "list", "NAME", "with --csv: a line for each item of this list, as items" },
    { "save", NULL, "keep the values of a document with it" },
    { "password", "TEXT", "opens an encrypted file" },
    { "reader", "CLASS", "ask this class of worker for the file" },
    { "languages", "LIST", "of text in pictures, as eng+deu" },
    { NULL, NULL, NULL },
};

/* A name says which ready-made one; anything else is a file. */
static bool read_schema(const CommandLine *line, json_t **schema_r, Error *err)
{
    Str name = option_is_given(line, "schema") ? option_value(line, "schema") : S("invoice"), text;
    const ReadySchema *ready = ready_schema(name);
    if (ready)
        return json_parse(str(ready->json), KB(64), schema_r, err);
    char *path = str_c(line->arena, name);
    return file_read(line->arena, path, MB(1), &text, err) &&
           (json_parse(text, MB(1), schema_r, err) || fail_in(err, "%s", path));
}

static bool read_file(CommandLine *line, Arena *arena, const FieldNode *root, json_t **answer_r,
                      Error *err)
{
    AUTO_FIELDS FieldsResult result = { 0 };
    Extraction extraction;
    Ingested ingested;
    Paper paper;
    IngestSettings settings = { .chunk_chars = 4000 };
    if (!extract_file(line, arena, &extraction, err))
        return false;
    ingest_node(arena, extraction.root, &settings, &ingested);
    if (!paper_of_text(ingested.text, &paper, err))
        return false;
    paper.input.blocks = ingested.blocks;
    paper.input.block_count = ingested.block_count;
    fields_read(arena, root, &paper.input, &result);
    Buf out = buf_new(arena, MB(16));
    JsonWriter json = put_begin(&out);
    paper_put(&json, arena, &paper, STR_NONE, &result);
    put_end(&json);
    return json_parse(buf_str(&out), MB(16), answer_r, err);
}

static bool read_document(CommandLine *line, const json_t *schema, json_t **answer_r, Error *err)
{
    AUTO_CLIENT Client *client = NULL;
    Buf body = buf_new(line->arena, MB(2));
    Str name = option_is_given(line, "schema") ? option_value(line, "schema") : S("invoice");
    JsonWriter json = put_begin(&body);
    if (ready_schema(name))
        put_text(&json, "schema", name);
    else
        put_raw(&json, "schema", json_print(line->arena, schema));
    put_text(&json, "document", line->words[0]);
    put_bool(&json, "save", option_is_given(line, "save"));
    put_end(&json);
    return client_open(line, &client, err) &&
           client_call(client, "POST", "/v1/fields", buf_str(&body), answer_r, err);
}

static void print_values(const CommandLine *line, const json_t *answer)
{
    const json_t *field, *one;
    size_t i;
    json_array_foreach(json_object_get(answer, "fields"), i, field)
    {
        const json_t *value = json_object_get(field, "value");
        Str text = json_is_string(value) ? json_member_text(field, "value")
                                         : fields_print(line->arena, value);
        printf("%-28s  %3.0f%%  ", output_member(field, "path"),
               json_number_value(json_object_get(field, "confidence")) * 100);
        output_text(text);
        putchar('\n');
    }
    json_array_foreach(json_object_get(answer, "missing"), i, one)
        printf("%-28s     -  not found\n", json_string_value(one));
}

static bool run(CommandLine *line, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(GB(4));
    AUTO_JSON json_t *schema = NULL, *answer = NULL;
    const FieldNode *root;
    char *path = str_c(line->arena, line->words[0]);
    bool is_file = str_is(line->words[0], "-") || access(path, R_OK) == 0;
    if (!read_schema(line, &schema, err) || !fields_schema(arena, schema, &root, err) ||
        !(is_file ? read_file(line, arena, root, &answer, err)
                  : read_document(line, schema, &answer, err)))
        return false;
    if (option_is_given(line, "csv")) {
        KeptRow row = { json_member_text(answer, "document"), path_name(line->words[0]),
                        json_object_get(answer, "values") };
        Buf out = buf_new(arena, MB(16));
        kept_table(&out, root, &row, 1, option_value(line, "list"));
        return fd_write_all(STDOUT_FILENO, buf_str(&out), err);
    }
    if (!output_json(line, answer))
        print_values(line, answer);
    return true;
}

const Command command_fields = {
    .name = "fields",
    .arguments = "FILE|ID",
    .summary = "Values of a schema from a file or a document: invoice numbers, dates, totals, ...",
    .options = options,
    .word_min = 1,
    .word_max = 1,
    .run = run,
};
