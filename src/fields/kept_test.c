/* kept_test.c - what a person corrected stays when the document is read again. */
#include "fields/kept.h"

#include <criterion/criterion.h>

#define SCHEMA                                                                                     \
    "{'type':'object','required':['date'],'properties':{'date':{'type':'string'},"                 \
    "'total':{'type':'number'},'items':{'type':'array','items':{'type':'object','properties':"     \
    "{'text':{'type':'string'},'amount':{'type':'number'}}}}}}"

static json_t *quoted(const char *text)
{
    json_error_t error;
    char copy[2000];
    size_t i = 0;
    for (; text[i] && i + 1 < sizeof(copy); i++)
        copy[i] = text[i] == '\'' ? '"' : text[i];
    copy[i] = 0;
    json_t *json = json_loads(copy, 0, &error);
    cr_assert(json, "%s: %s", error.text, text);
    return json;
}

/* What is read, each time. */
#define READ                                                                                       \
    "{'values':{'date':'2024-05-03','total':10,'items':[{'text':'a'},{'text':'b'}]},'fields':["    \
    "{'path':'date','value':'2024-05-03','made_by':'rules'},"                                      \
    "{'path':'total','value':10,'made_by':'rules'},"                                               \
    "{'path':'items[0].text','value':'a','made_by':'rules'},"                                      \
    "{'path':'items[1].text','value':'b','made_by':'rules'}]}"

static const struct {
    const char *about, *path, *value; /* of a person */
    const char *again;                /* what the values are then, read again as `read` */
    const char *schema;               /* the second time; NULL: the same */
} cases[] = {
    { "a value", "total", "12",
      "{'date':'2024-05-03','total':12,'items':[{'text':'a'},{'text':'b'}]}", NULL },
    { "one that is not there", "date", "null", "{'total':10,'items':[{'text':'a'},{'text':'b'}]}",
      NULL },
    { "an item", "items[1].text", "'c'",
      "{'date':'2024-05-03','total':10,'items':[{'text':'a'},{'text':'c'}]}", NULL },
    { "an item more", "items[2].amount", "3",
      "{'date':'2024-05-03','total':10,'items':[{'text':'a'},{'text':'b'},{'amount':3}]}", NULL },
    { "of an item, taken away", "items[0].text", "null",
      "{'date':'2024-05-03','total':10,'items':[{},{'text':'b'}]}", NULL },
    { "of a schema that has it no more", "total", "12",
      "{'date':'2024-05-03','total':10,'items':[{'text':'a'},{'text':'b'}]}",
      "{'type':'object','properties':{'date':{'type':'string'}}}" },
};

Test(fields, what_a_person_corrected_stays_when_it_is_read_again)
{
    Arena *arena = arena_new(MB(64));
    Error err;
    for (size_t i = 0; i < COUNT(cases); i++) {
        json_t *schema = quoted(SCHEMA), *next = quoted(cases[i].schema ? cases[i].schema : SCHEMA);
        json_t *before = quoted(READ), *again = quoted(READ), *third = quoted(READ);
        json_t *wrapped = NULL, *expected = quoted(cases[i].again), *list;
        char holder[200];
        snprintf(holder, sizeof(holder), "{'value':%s}", cases[i].value);
        wrapped = quoted(holder);
        json_t *value = json_object_get(wrapped, "value");
        cr_assert(kept_correct(arena, schema, before, str(cases[i].path), value, &err), "%s: %s",
                  cases[i].about, err.message);
        cr_assert(kept_read_again(arena, next, before, again, &err), "%s", err.message);
        cr_assert(kept_read_again(arena, next, again, third, &err), "%s", err.message);
        cr_expect(json_equal(json_object_get(again, "values"), expected), "%s: %s", cases[i].about,
                  json_print(arena, json_object_get(again, "values")).at);
        cr_expect(json_equal(again, third), "%s: read a third time", cases[i].about);
        list = json_object_get(again, "missing");
        cr_expect_eq(json_array_size(list), i == 1 ? 1 : 0, "%s", cases[i].about);
        json_t *all[] = { schema, next, before, again, third, wrapped, expected };
        for (size_t k = 0; k < COUNT(all); k++)
            json_decref(all[k]);
    }
    arena_free(arena);
}
