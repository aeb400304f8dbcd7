/* fields_test.c - values of small papers; what is said, and where it stands. */
#include <criterion/criterion.h>

#include "fields/fields_int.h"

typedef struct Read {
    Arena *arena;
    json_t *schema;
    FieldsResult result;
} Read;

static Read read_fields(const char *schema, const char *text)
{
    Read read = { .arena = arena_new(MB(256)) };
    const FieldNode *root;
    FieldsInput input = { .text = str(text), .today = 1732233600 };
    const ReadySchema *ready = ready_schema(str(schema));
    Error err;
    cr_assert(json_parse(str(ready ? ready->json : schema), KB(64), &read.schema, &err), "%s",
              err.message);
    cr_assert(fields_schema(read.arena, read.schema, &root, &err), "%s", err.message);
    fields_read(read.arena, root, &input, &read.result);
    for (size_t i = 0; i < read.result.values.count; i++)
        cr_assert(read.result.values.at[i].end <= strlen(text));
    return read;
}

static void end(Read *read)
{
    fields_free(&read->result);
    json_decref(read->schema);
    arena_free(read->arena);
}

#define ONE(type) "{\"type\":\"object\",\"properties\":{" type "}}"

Test(fields, a_value_stands_behind_beside_or_below_its_words)
{
    static const struct {
        const char *about, *schema, *text, *expected;
    } cases[] = {
        { "behind a colon", ONE("\"colour\":{\"type\":\"string\"}"), "Colour: deep red\n",
          "{\"colour\":\"deep red\"}" },
        { "beside", ONE("\"colour\":{\"type\":\"string\"}"), "Colour     red\nSize       4\n",
          "{\"colour\":\"red\"}" },
        { "below", ONE("\"due_date\":{\"type\":\"string\",\"format\":\"date\"}"),
          "Due date\n3 May 2024\n", "{\"due_date\":\"2024-05-03\"}" },
        { "another name of the same", ONE("\"total\":{\"type\":\"number\"}"),
          "Zwischensumme: 10,00 EUR\nGesamtbetrag: 1.234,50 EUR\n", "{\"total\":1234.5}" },
        { "in a sentence", ONE("\"start_date\":{\"type\":\"string\",\"format\":\"date\"}"),
          "This agreement takes effect on 1 June 2024 and ends a year later.\n",
          "{\"start_date\":\"2024-06-01\"}" },
        { "up to the next words", ONE("\"invoiceNumber\":{\"type\":\"string\"}"),
          "Invoice No: A-1 Invoice date: 3 May 2024 Due date: 4 June 2024\n",
          "{\"invoiceNumber\":\"A-1\"}" },
        { "by its form", ONE("\"e-mail\":{\"type\":\"string\",\"format\":\"email\"}"),
          "Write to Jo@Example.org soon.\n", "{\"e-mail\":\"jo@example.org\"}" },
        { "a list", ONE("\"skills\":{\"type\":\"array\",\"items\":{\"type\":\"string\"}}"),
          "Skills: C, SQL and Lua (a little), Go\n",
          "{\"skills\":[\"C\",\"SQL and Lua (a little)\",\"Go\"]}" },
        { "none", ONE("\"colour\":{\"type\":\"string\"}"), "It has no colour at all.\n", "{}" },
        { "of a wrong type", ONE("\"weight\":{\"type\":\"number\"}"), "Weight: heavy\n", "{}" },
        { "against the schema", ONE("\"size\":{\"type\":\"integer\",\"maximum\":9}"), "Size: 10\n",
          "{}" },
        { "a negative one", ONE("\"balance\":{\"type\":\"number\"}"), "Balance: -12.50\n",
          "{\"balance\":-12.5}" },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        Read read = read_fields(cases[i].schema, cases[i].text);
        Str tree = json_print(read.arena, read.result.tree);
        cr_expect(str_is(tree, cases[i].expected), "%s: " STR_FMT, cases[i].about, STR_ARG(tree));
        end(&read);
    }
}

Test(fields, what_is_in_no_language_has_the_dates_of_its_words)
{
    AUTO_ARENA Arena *arena = arena_new(MB(256));
    AUTO_JSON json_t *schema = json_loads(ready_schema(S("invoice"))->json, 0, NULL);
    FieldsInput input = { .text = S("Rechnungsnummer: 2026-118\nRechnungsdatum: 12. Oktober 2026\n"
                                    "F\xC3\xA4llig am: 26. Dezember 2026\n"),
                          .language = S("und"),
                          .today = 1732233600 };
    const FieldNode *root;
    FieldsResult result;
    Error err;
    cr_assert(fields_schema(arena, schema, &root, &err), "%s", err.message);
    fields_read(arena, root, &input, &result);
    Str tree = json_print(arena, result.tree);
    cr_expect(str_is(tree, "{\"number\":\"2026-118\",\"date\":\"2026-10-12\","
                           "\"due_date\":\"2026-12-26\"}"),
              STR_FMT, STR_ARG(tree));
    fields_free(&result);
}

Test(fields, sums_are_checked_and_what_is_missing_is_said)
{
    Read read = read_fields("invoice", "Invoice\nNet: 100.00\nVAT: 20.00\nTotal: 125.00 EUR\n");
    cr_assert_eq(read.result.checks.count, 1);
    cr_expect(!read.result.checks.at[0].holds);
    cr_assert_eq(read.result.missing.count, 2);
    cr_expect(str_is(read.result.missing.at[0], "number"));
    cr_expect(str_is(read.result.missing.at[1], "date"));
    cr_expect(!read.result.is_valid && read.result.problem.length);
    end(&read);
}

Test(fields, any_bytes_are_read)
{
    unsigned seed = 7;
    char text[400];
    for (int round = 0; round < 300; round++) {
        static const char *const words[] = { "Total",   ":",          " ",      "\n",
                                             "12.50",   "\xC3",       "€",      "Invoice no",
                                             "  ",      "\t",         "|",      "-",
                                             "IBAN",    "31.12.2024", "Skills", "2019 - ",
                                             "present", "%",          "x",      "\xFF" };
        size_t length = 0;
        while (length + 12 < sizeof(text)) {
            seed = seed * 1103515245u + 12345u;
            const char *word = words[(seed >> 16) % COUNT(words)];
            memcpy(text + length, word, strlen(word));
            length += strlen(word);
        }
        text[length] = 0;
        for (size_t i = 0; i < ready_schema_count; i++) {
            Read read = read_fields(ready_schemas[i].name, text);
            end(&read);
        }
    }
}

Test(fields, a_member_is_found_by_its_path)
{
    Read read = read_fields("invoice", "");
    const FieldNode *root;
    Error err;
    cr_assert(fields_schema(read.arena, read.schema, &root, &err));
    const FieldNode *amount = node_at(root, S("items[3].amount"));
    const FieldNode *name = node_at(root, S("seller.name"));
    cr_assert(amount && name);
    cr_expect(str_is(json_member_text(amount->schema, "type"), "number"));
    cr_expect(str_is(json_member_text(name->schema, "type"), "string"));
    cr_expect_null(node_at(root, S("seller.colour")));
    end(&read);
}
