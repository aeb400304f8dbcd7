/* entities_test.c - what a text names, and where. */
#include "classify/entities.h"

#include <criterion/criterion.h>

/* 2026-11-22 */
#define TODAY 1795305600

/* Kinds and values joined by "; ", in the order of the text. */
static const char *told(Arena *arena, Str text)
{
    EntityList list = entities_find(arena, text, TODAY, NULL);
    Buf out = buf_new(arena, KB(16));
    for (size_t i = 0; i < list.entities.count; i++) {
        const Entity *entity = &list.entities.at[i];
        cr_assert_leq(entity->end, text.length);
        cr_assert_lt(entity->start, entity->end);
        cr_assert(str_equal(entity->text, str_slice(text, entity->start, entity->end)));
        buf_addf(&out, "%s%s=" STR_FMT, out.length ? "; " : "", entity_kind_rows[entity->kind].word,
                 STR_ARG(entity->value));
    }
    return buf_c(&out);
}

static const struct {
    const char *text, *expected;
} cases[] = {
    { "", "" },
    { "Nothing is named here.", "" },
    /* Names. */
    { "Angela Merkel met Emmanuel Macron in Berlin.",
      "person=Angela Merkel; person=Emmanuel Macron; place=Berlin" },
    { "Dr. Helena Strand joined Northwind Traders Ltd in New York.",
      "person=Helena Strand; organisation=Northwind Traders Ltd; place=New York" },
    { "The European Central Bank and The Guardian are in the news.",
      "organisation=European Central Bank; organisation=The Guardian" },
    { "Hartmann & Söhne GmbH pays.", "organisation=Hartmann & Söhne GmbH" },
    { "Ludwig van Beethoven moved to Vienna.", "person=Ludwig van Beethoven; place=Vienna" },
    /* Money and shares. */
    { "It costs $1,250.00 or 1.250,50 \xE2\x82\xAC.", "money=1250.00 USD; money=1250.50 EUR" },
    { "EUR 3 million, CHF 12'500 and 5 dollars",
      "money=3000000 EUR; money=12500 CHF; money=5 USD" },
    { "It fell by 3.5% or 12 percent.", "percent=3.5%; percent=12%" },
    { "Room 12, page 1,234", "" },
    /* What has check digits. */
    { "IBAN DE89 3704 0044 0532 0130 00, BIC COBADEFFXXX",
      "iban=DE89370400440532013000; bic=COBADEFFXXX" },
    { "IBAN DE89 3704 0044 0532 0130 01", "" },
    { "card 4111 1111 1111 1111", "card=4111111111111111" },
    { "card 4111 1111 1111 1112", "" },
    { "VAT DE136695976", "vat_id=DE136695976" },
    { "VAT DE136695977", "" },
    { "BE0428759497 and GB 980 7806 84", "vat_id=BE0428759497; vat_id=GB980780684" },
    { "the word STANDARD alone is no bank", "" },
    /* Addresses. */
    { "Write to Ann@Example.com or see (https://example.com/a_(b)).",
      "email=ann@example.com; url=https://example.com/a_(b)" },
    { "Call +49 30 1234567 today", "phone=+49301234567; date=2026-11-22" },
    { "Tel. 030 / 123 45 67", "phone=030 / 123 45 67" },
    /* Dates, in the language of the text; a whole one in any where there are few words. */
    { "Due on 3/4/2026.", "date=2026-03-04" },
    { "Das Haus wurde am 1. März 2026 und nicht im Mai verkauft.",
      "date=2026-03-01; date=2026-05-01/2026-06-01" },
    { "Rechnungsdatum: 12. Oktober 2026", "date=2026-10-12; invoice_date=2026-10-12" },
    { "Date de facture : 3 septembre 2026", "date=2026-09-03; invoice_date=2026-09-03" },
    { "MwSt. 19 %", "percent=19%" },
};

Test(classify, a_text_names_what_the_table_says)
{
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    for (size_t i = 0; i < COUNT(cases); i++)
        cr_expect_str_eq(told(arena, str(cases[i].text)), cases[i].expected, "%s\n  %s",
                         cases[i].text, told(arena, str(cases[i].text)));
}

static const Entity *field(const EntityList *list, EntityKind kind)
{
    for (size_t i = 0; i < list->entities.count; i++)
        if (list->entities.at[i].kind == kind)
            return &list->entities.at[i];
    return NULL;
}

static void expect_field(const EntityList *list, EntityKind kind, const char *value)
{
    const Entity *found = field(list, kind);
    cr_expect(found, "no %s", entity_kind_rows[kind].word);
    if (found)
        cr_expect(str_is(found->value, value), "%s is " STR_FMT, entity_kind_rows[kind].word,
                  STR_ARG(found->value));
}

Test(classify, an_invoice_has_its_fields)
{
    AUTO_ARENA Arena *arena = arena_new(MB(16));
    EntityList list =
        entities_find(arena,
                      S("INVOICE\nInvoice No.: 2026-0042\nInvoice date: 3 March 2026\n"
                        "Due date: 2 April 2026\n\nConsulting 10 h\n"
                        "Subtotal: EUR 1,000.00\nVAT 19%: EUR 190.00\n"
                        "Total: EUR 1,190.00\n"),
                      TODAY, NULL);
    expect_field(&list, ENTITY_INVOICE_NUMBER, "2026-0042");
    expect_field(&list, ENTITY_INVOICE_DATE, "2026-03-03");
    expect_field(&list, ENTITY_INVOICE_DUE, "2026-04-02");
    expect_field(&list, ENTITY_INVOICE_NET, "1000.00 EUR");
    expect_field(&list, ENTITY_INVOICE_TAX, "190.00 EUR");
    expect_field(&list, ENTITY_INVOICE_TOTAL, "1190.00 EUR");
    cr_expect_null(field(&list, ENTITY_CONTRACT_PARTY));
}

Test(classify, a_contract_has_parties_date_and_law)
{
    AUTO_ARENA Arena *arena = arena_new(MB(16));
    EntityList list = entities_find(
        arena,
        S("This Agreement is made as of 1 July 2025 by and between Acme Holdings Inc. "
          "(\"Supplier\") and "
          "Borealis Foods GmbH (\"Customer\"). It is governed by the laws of Germany."),
        TODAY, NULL);
    expect_field(&list, ENTITY_CONTRACT_PARTY, "Acme Holdings Inc");
    expect_field(&list, ENTITY_CONTRACT_DATE, "2025-07-01");
    expect_field(&list, ENTITY_CONTRACT_LAW, "Germany");
}

Test(classify, personal_data_is_counted_and_weighed)
{
    AUTO_ARENA Arena *arena = arena_new(MB(16));
    Str text = S("Mr. Miller, miller@example.com; Mr. Miller; card 4111 1111 1111 1111");
    EntityList list = entities_find(arena, text, TODAY, NULL);
    PersonalReport report = personal_report(arena, &list);
    cr_assert_eq(report.kinds.count, 3);
    cr_expect_eq(report.kinds.at[0].kind, ENTITY_CARD);
    cr_expect_eq(report.kinds.at[1].kind, ENTITY_EMAIL);
    cr_expect_eq(report.kinds.at[2].count, 2);
    cr_expect_eq(report.kinds.at[2].distinct, 1);
    cr_expect_eq(report.severity, SEVERITY_HIGH);
    list = entities_find(arena, S("It rained in Berlin."), TODAY, NULL);
    cr_expect_eq(personal_report(arena, &list).severity, SEVERITY_NONE);
}

Test(classify, any_bytes_are_read_to_their_end)
{
    static const char *const odd[] = { "\xC3",
                                       "\xE2\x80",
                                       "$",
                                       "1,",
                                       "http://",
                                       "{\xFF\xFE}",
                                       "Dr.",
                                       "'s",
                                       "A & ",
                                       "\xE2\x80\x99s ",
                                       "0000000000000000000000000",
                                       "+" };
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    for (size_t i = 0; i < COUNT(odd); i++)
        for (size_t k = 0; k < COUNT(odd); k++)
            told(arena, str_format(arena, "%s%s", odd[i], odd[k]));
}

static bool is_third_time(void *self)
{
    int *asked = self;
    return ++*asked >= 3;
}

Test(entities, are_looked_for_no_longer_than_somebody_wants_them)
{
    static const char line[] = "On 12 March 2024 Dr. Maria Lopez paid $1,250.00 in Berlin.\n";
    AUTO_ARENA Arena *arena = arena_new(GB(1));
    Buf text = buf_new(arena, MB(2));
    int asked = 0;
    const StopCheck stop = { is_third_time, &asked };
    while (text.length < MB(1))
        buf_add(&text, str(line));
    EntityList all = entities_find(arena, str_slice(buf_str(&text), 0, KB(64)), TODAY, NULL);
    EntityList some = entities_find(arena, buf_str(&text), TODAY, &stop);
    cr_expect(some.is_stopped && !all.is_stopped);
    cr_expect_lt(some.entities.count, all.entities.count);
    cr_expect_leq(asked, 8, "%d", asked); /* once in each way to look, no more */
}

Test(entities, of_a_text_that_nobody_stops_are_the_same_with_a_check)
{
    static const char text[] = "On 12 March 2024 Dr. Maria Lopez of Acme Ltd paid $1,250.00.";
    AUTO_ARENA Arena *arena = arena_new(MB(8));
    int asked = -1000;
    const StopCheck stop = { is_third_time, &asked };
    EntityList with = entities_find(arena, S(text), TODAY, &stop);
    EntityList without = entities_find(arena, S(text), TODAY, NULL);
    cr_assert(!with.is_stopped && with.entities.count == without.entities.count);
    cr_assert_gt(with.entities.count, 3);
}
