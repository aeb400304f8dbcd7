/* anki_notes_test.c - notes of Anki's packages as cards. */
#include <criterion/criterion.h>

#include "study/anki_notes.h"

static const struct {
    const char *html, *text;
} texts[] = {
    { "A &amp; B &lt;b&gt;", "A & B <b>" },
    { "one<br>two<div>three</div>", "one\ntwo\nthree" },
    { "<b>bold</b> and <i class=\"x\">leaning</i>", "bold and leaning" },
    { "&#65;&nbsp;&#x41;&unknown;", "A &#x41;&unknown;" },
    { "[sound:a.mp3]said", "said" },
    { "<img src=\"a.png\">", "" },
    { "a < b", "a < b" },
    { "&#55296;&#0;", "&#55296;&#0;" },
    { "<<<<<", "<<<<<" },
    { "&&&amp", "&&&amp" },
};

Test(anki_notes, html_becomes_text)
{
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    for (size_t i = 0; i < COUNT(texts); i++)
        cr_expect_str_eq(str_c(arena, anki_text(arena, str(texts[i].html))), texts[i].text, "%s",
                         texts[i].html);
}

static const struct {
    const char *fields, *front, *back; /* front NULL: no card */
} notes[] = {
    { "Q␟A", "Q", "A" },
    { "Q␟A␟where", "Q", "A" },
    { "The {{c1::Volga}} is long.␟", "The {{c1::Volga}} is long.", "The Volga is long." },
    { "{{c1::A::hint}} and {{c2::B}}", "{{c1::A::hint}} and {{c2::B}}", "A and B" },
    { "{{c1::never closed␟", "{{c1::never closed", "{{c1::never closed" },
    { "Q␟", NULL, NULL },
    { "<img src=a>␟A", NULL, NULL },
    { "", NULL, NULL },
};

Test(anki_notes, a_note_is_a_card_when_it_has_two_sides)
{
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    for (size_t i = 0; i < COUNT(notes); i++) {
        StudyCard card;
        bool is_card = anki_note_read(arena, str(notes[i].fields), S(" one  two "), &card);
        cr_expect_eq(is_card, notes[i].front != NULL, "%s", notes[i].fields);
        if (!is_card || !notes[i].front)
            continue;
        cr_expect_str_eq(str_c(arena, card.front), notes[i].front);
        cr_expect_str_eq(str_c(arena, card.back), notes[i].back);
        cr_expect_str_eq(str_c(arena, card.tags), "[\"one\",\"two\"]");
    }
}
