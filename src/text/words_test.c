/* words_test.c - what becomes of a text's words. */
#include "text/words.h"

#include <criterion/criterion.h>

typedef struct Case {
    const char *about, *text;
    Language language;
    const char *expected; /* "word@position", extra forms in brackets */
} Case;

static const Case cases[] = {
    { "stemmed, folded, accents dropped", "Naïve RUNNING dogs", LANGUAGE_ENGLISH,
      "naiv@0 [naïve@0] run@1 dog@2" },
    { "possessives", "Alzheimer\xE2\x80\x99s don't", LANGUAGE_ENGLISH, "alzheim@0 don't@1" },
    { "elision", "l'homme d\xE2\x80\x99Orsay", LANGUAGE_FRENCH, "l@0 homm@1 d@2 orsay@3" },
    { "identifier by hyphens", "X-Oblique-Strategy", LANGUAGE_ENGLISH,
      "x@0 [x-oblique-strategy@0] obliqu@1 strategi@2" },
    { "letters with digits stay", "P051JTWX", LANGUAGE_ENGLISH, "p051jtwx@0" },
    { "a DOI", "10.1186/1471-2458-3-5.", LANGUAGE_ENGLISH,
      "10.1186@0 [10.1186/1471-2458-3-5@0] 1471@1 2458@2 3@3 5@4" },
    { "a file name", "foo_bar.c", LANGUAGE_ENGLISH, "foo@0 [foo_bar.c@0] bar@1 c@2" },
    { "unit on a number", "1.06M", LANGUAGE_ENGLISH, "1.06m@0 [1.06@0]" },
    { "money",
      "$9.43, \xE2\x82\xAC"
      "5",
      LANGUAGE_ENGLISH,
      "9.43@0 [$9.43@0] 5@1 [\xE2\x82\xAC"
      "5@1]" },
    { "thousands", "1,060,000.5 or 1,06", LANGUAGE_ENGLISH, "1060000.5@0 or@1 1@2 06@3" },
    { "version", "3.2.1", LANGUAGE_ENGLISH, "3@0 [3.2.1@0] 2@1 1@2" },
    { "per cent", "5% of", LANGUAGE_ENGLISH, "5@0 [5%@0] of@1" },
    { "languages with signs", "C++ and C#", LANGUAGE_ENGLISH, "c@0 [c++@0] and@1 c@2 [c#@2]" },
    { "pairs of Han", "北京大学 人", LANGUAGE_CHINESE,
      "北京@0 [北@0] 京大@1 [京@1] 大学@2 [大@2] [学@3] 人@4" },
    { "full width", "ＡＢＣ１２", LANGUAGE_ENGLISH, "abc12@0" },
    { "Swedish keeps its vowels for the stemmer", "Flygplanen över", LANGUAGE_SWEDISH,
      "flygplan@0 over@1 [över@1]" },
    { "Russian keeps й, loses ё", "Зелёный", LANGUAGE_RUSSIAN, "зелен@0 [зелёный@0]" },
    { "words of a name in code", "getUserName XMLParser iPhone max_length", LANGUAGE_ENGLISH,
      "getusernam@0 [get@0] [user@0] [name@0] xmlparser@1 [xml@1] [parser@1] iphon@2 [phone@2] "
      "max@3 [max_length@3] length@4" },
    { "an e-mail address", "ada@example.org", LANGUAGE_ENGLISH,
      "ada@0 [ada@example.org@0] exampl@1 org@2" },
    { "a path", "src/text/words.c", LANGUAGE_ENGLISH,
      "src@0 [src/text/words.c@0] text@1 word@2 c@3" },
    { "a part number", "X-100/4b", LANGUAGE_ENGLISH, "x@0 [x-100/4b@0] 100@1 4b@2 [4@2]" },
    { "a date", "2024-01-31", LANGUAGE_ENGLISH, "2024@0 [2024-01-31@0] 01@1 31@2" },
    { "an IBAN", "DE89370400440532013000", LANGUAGE_ENGLISH, "de89370400440532013000@0" },
    { "Catalan", "les cançons", LANGUAGE_CATALAN, "les@0 cancon@1 [cançons@1]" },
    { "Hindi", "लड़कियों", LANGUAGE_HINDI, "लड़क@0" },
    { "nothing", " ... -- ", LANGUAGE_ENGLISH, "" },
    { "bad bytes are spaces",
      "a\xFF"
      "b",
      LANGUAGE_ENGLISH, "a@0 b@1" },
};

static void describe(void *self, const Word *word)
{
    Buf *out = self;
    buf_addf(out, "%s%s" STR_FMT "@%u%s", out->length ? " " : "", word->is_extra ? "[" : "",
             STR_ARG(word->text), word->position, word->is_extra ? "]" : "");
}

Test(text, words_are_as_the_table_says)
{
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    Words *words = words_new();
    for (size_t i = 0; i < COUNT(cases); i++) {
        /* Twice: the second time from the cache. */
        for (int round = 0; round < 2; round++) {
            Buf out = buf_new(arena, KB(4));
            words_split(words, cases[i].language, str(cases[i].text), describe, &out);
            cr_expect_str_eq(buf_c(&out), cases[i].expected, "%s: %s", cases[i].about, buf_c(&out));
        }
    }
    words_free(words);
}

Test(text, byte_ranges_cover_the_source)
{
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    Words *words = words_new();
    Str text = S("Der schöne Häuser-Bau, 1,000 Mal.");
    WordList list = words_list(words, LANGUAGE_GERMAN, text, arena);
    cr_assert_eq(list.words.count, 9);
    cr_expect(str_is(str_slice(text, list.words.at[1].start, list.words.at[1].end), "schöne"));
    cr_expect(list.words.at[0].is_stop && !list.words.at[1].is_stop);
    cr_expect(str_is(str_slice(text, list.words.at[7].start, list.words.at[7].end), "1,000"));
    cr_expect(str_is(list.words.at[7].text, "1000"));
    cr_expect_eq(words_count(words, LANGUAGE_GERMAN, text), 6);
    words_free(words);
}

static const struct {
    const char *text;
    Language expected;
} languages[] = {
    { "The quick brown fox jumps over the lazy dog and does not look back.", LANGUAGE_ENGLISH },
    { "Der schnelle braune Fuchs springt über den faulen Hund und schaut nicht zurück.",
      LANGUAGE_GERMAN },
    { "Le renard brun saute par-dessus le chien et ne regarde pas derrière lui.", LANGUAGE_FRENCH },
    { "El zorro marrón salta sobre el perro perezoso y no mira hacia atrás.", LANGUAGE_SPANISH },
    { "La volpe marrone salta sopra il cane pigro e non si guarda indietro.", LANGUAGE_ITALIAN },
    { "A raposa marrom salta sobre o cão preguiçoso e não olha para trás.", LANGUAGE_PORTUGUESE },
    { "De snelle bruine vos springt over de luie hond en kijkt niet om.", LANGUAGE_DUTCH },
    { "Den snabba bruna räven hoppar över den lata hunden och ser sig inte om.", LANGUAGE_SWEDISH },
    { "Быстрая лиса прыгает через ленивую собаку и не смотрит назад.", LANGUAGE_RUSSIAN },
    { "Nopea ruskea kettu hyppää laiskan koiran yli ja se ei katso taakse.", LANGUAGE_FINNISH },
    { "La guineu marró salta per sobre del gos mandrós i no mira enrere, però aquest és més lent.",
      LANGUAGE_CATALAN },
    { "Rubah cokelat itu melompat di atas anjing yang malas dan tidak akan melihat ke belakang.",
      LANGUAGE_INDONESIAN },
    { "Ruda lapė peršoka per tingų šunį ir nežiūri atgal, bet tai jau buvo kaip visada.",
      LANGUAGE_LITHUANIAN },
    { "तेज़ भूरी लोमड़ी आलसी कुत्ते के ऊपर कूदती है", LANGUAGE_HINDI },
    { "வேகமான நரி சோம்பேறி நாயின் மேல் தாவுகிறது", LANGUAGE_TAMIL },
    { "Արագ շագանակագույն աղվեսը ցատկում է ծույլ շան վրայով", LANGUAGE_ARMENIAN },
    { "敏捷的棕色狐狸跳过懒狗", LANGUAGE_CHINESE },
    { "素早い茶色の狐はのろまな犬を飛び越える", LANGUAGE_JAPANESE },
    { "빠른 갈색 여우가 게으른 개를 뛰어넘는다", LANGUAGE_KOREAN },
    { "42", LANGUAGE_ENGLISH },
    { "", LANGUAGE_ENGLISH },
};

static const struct {
    const char *kind, *text;
    Language expected;
} documents[] = {
    { "sentences", "The quick brown fox jumps over the lazy dog and does not look back.",
      LANGUAGE_ENGLISH },
    { "sentences",
      "Der schnelle braune Fuchs springt über den faulen Hund und schaut nicht zurück.",
      LANGUAGE_GERMAN },
    { "sentences", "Le renard brun saute par-dessus le chien et ne regarde pas derrière lui.",
      LANGUAGE_FRENCH },
    { "sentences", "A raposa marrom salta sobre o cão preguiçoso e não olha para trás.",
      LANGUAGE_PORTUGUESE },
    { "sentences", "Быстрая лиса прыгает через ленивую собаку и не смотрит назад.",
      LANGUAGE_RUSSIAN },
    { "a card",
      "Dr. Ana de Souza\nAcme do Brasil\nE-mail: ana@acme.com.br\nURL: "
      "http://www.acme.com\nPhone (cell): 555-0100\nAddress: Rua A 7, Rio de Janeiro",
      LANGUAGE_OTHER },
    { "a sheet", "a | b | c | d\n1 | 2 | 3 | 4\na | b | c | d\na | y | e | o", LANGUAGE_OTHER },
    { "a sheet", "Item | Price | Stock\nChair | 40 | 7\nDesk | 120 | 2\nLamp | 15 | 30",
      LANGUAGE_OTHER },
    { "code", "int main(int c, char **v)\n{\n    int e = a.com(c), d = to_do(v[c]);\n}",
      LANGUAGE_OTHER },
    { "addresses", "http://www.example.com/de/index.html\nhttp://example.com/la/as.html",
      LANGUAGE_OTHER },
    { "a language that we do not have",
      "Všichni lidé rodí se svobodní a sobě rovní co do důstojnosti a práv. Jsou nadáni rozumem a "
      "svědomím a mají spolu jednat v duchu bratrství.",
      LANGUAGE_OTHER },
    { "nothing", "", LANGUAGE_OTHER },
};

Test(text, a_document_without_sentences_is_in_no_language)
{
    for (size_t i = 0; i < COUNT(documents); i++) {
        Language found = language_of_document(str(documents[i].text));
        cr_expect_eq(found, documents[i].expected, "%s: %s is %s", documents[i].kind,
                     documents[i].text, language_about(found)->code);
    }
}

Test(text, a_few_words_given_to_be_read_are_guessed_and_a_card_is_not)
{
    cr_expect_eq(language_of_text(S("Great food!"), LANGUAGE_ENGLISH), LANGUAGE_ENGLISH);
    cr_expect_eq(language_of_text(S("Wo ist das?"), LANGUAGE_ENGLISH), LANGUAGE_GERMAN);
    cr_expect_eq(language_of_text(S("INVOICE\nInvoice No.: 2026-0042\nInvoice date: 3 March 2026\n"
                                    "Bill to: Acme Corp., attn. Mr. Tom Miller\nTotal: 1,190.00\n"),
                                  LANGUAGE_ENGLISH),
                 LANGUAGE_ENGLISH);
    cr_expect_eq(language_of_text(S("BEGIN:VCARD\nVERSION:3.0\nN:Muster;Max\nFN:Max Muster\n"
                                    "ORG:Beispiel AG\nTEL;TYPE=WORK:+41 44 555 01 00\n"
                                    "EMAIL:max@example.com\nADR;TYPE=WORK:;;Weg 1;Bern\nEND:VCARD"),
                                  LANGUAGE_ENGLISH),
                 LANGUAGE_OTHER);
}

Test(text, a_language_is_recognised_or_guessed)
{
    for (size_t i = 0; i < COUNT(languages); i++)
        cr_expect_eq(
            language_detect(str(languages[i].text), LANGUAGE_ENGLISH), languages[i].expected,
            "%s: %s", languages[i].text,
            language_about(language_detect(str(languages[i].text), LANGUAGE_ENGLISH))->code);
    cr_expect_eq(language_named(S("de-AT")), LANGUAGE_GERMAN);
    cr_expect_eq(language_named(S("xx")), LANGUAGE_OTHER);
    cr_expect_eq(language_read_as(S("und")), LANGUAGE_ENGLISH);
    cr_expect_eq(language_read_as(S("de-AT")), LANGUAGE_GERMAN);
}
