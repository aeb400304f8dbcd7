/* question.c - see question.h. */
#include "answer/question_int.h"

#include "base/ascii.h"

/* --- Word lists --- */

/* Say what is asked, or say nothing of their own, and hardly ever stand in the answer. */
static const char weak_words[] =
    " many much about name give tell list please say said says called call "
    "describe explain according kind type "
    "sort there any some also only exactly document file library find "
    "show mentioned stated given used "
    "receive receives received get gets got make makes made take takes took hold holds held "
    "work works stand stands become became belong belongs come comes came go goes went happen "
    "happens happened "
    "viele viel wieviel nenne nennt bitte heißt heißen gibt steht findet statt liegt gehört "
    "passiert "
    "geschieht combien appelle trouve cuánto cuántos llama ";
const char asking_words[] =
    " who whom whose what which when where why how wer wen wem wessen was welche welcher welches "
    "welchen welchem wann wo wohin woher warum wieso wie qui que quoi quel quelle quels quelles "
    "quand "
    "où pourquoi comment quién quiénes qué cuál cuáles cuándo dónde cómo ";
/* What stands within three words behind these may tell the form. */
static const char thing_words[] = " how what which wie was welche welcher welches welchen welchem "
                                  "quel quelle quels quelles que qué cuál cuáles ";
static const char how_words[] = " how wie ";

typedef struct FormWord {
    const char *words;
    AnswerForm form;
} FormWord;

/* What stands within three words after "what" or "which". */
static const FormWord noun_forms[] = {
    { " year years date dates day month time deadline century decade jahr jahre jahren datum tag "
      "monat uhrzeit frist année jour mois heure año fecha día mes hora ",
      FORM_DATE },
    { " percentage percent share proportion rate prozent prozentsatz anteil pourcentage ",
      FORM_SHARE },
    { " price cost costs amount budget revenue salary fee fees fare rent wage income stipend preis "
      "kosten betrag gehalt umsatz miete gebühr lohn prix coût montant loyer salaire precio coste ",
      FORM_MONEY },
    { " e-mail email address addresses url doi website phone telephone fax isbn ", FORM_ADDRESS },
    { " number age size temperature length width height weight score alter größe temperatur länge "
      "breite höhe gewicht âge taille température longueur largeur hauteur poids ",
      FORM_NUMBER },
    { " city country place province state region town location street stadt land ort straße ville "
      "pays lieu rue ciudad país lugar ",
      FORM_PLACE },
    { " company court explorer author person people publisher team group organization organisation "
      "king monarch president director president hotel project firma gericht autor unternehmen "
      "organisation gruppe société auteur entreprise tribunal empresa autor ",
      FORM_NAME },
};
static const FormWord asking_forms[] = {
    { " who whom whose wer wen wem wessen qui quién quiénes ", FORM_NAME },
    { " where wo woher wohin où dónde ", FORM_PLACE },
    { " when wann quand cuándo ", FORM_DATE },
    { " combien wieviel wieviele cuántos cuánto ", FORM_NUMBER },
};
static const char money_words[] =
    " cost costs price pay paid pays spend spent worth charge charged budget revenue income fund ";

bool word_is_in(const char *list, Str word)
{
    char key[40];
    if (!word.length || word.length > sizeof key - 3)
        return false;
    int length = snprintf(key, sizeof key, " " STR_FMT " ", STR_ARG(word));
    return str_find_ignore_case(str(list), (Str){ key, (size_t)length }) >= 0;
}

/* --- QuestionTokens --- */

static bool is_edge(char c) { return HAS_CHAR(c, ",.;:?!()[]{}\"'`"); }

QuestionTokens question_tokens(Arena *arena, Str text)
{
    QuestionTokens tokens = { 0 };
    for (size_t at = 0; at < text.length;) {
        while (at < text.length && HAS_CHAR(text.at[at], " \t\r\n"))
            at++;
        size_t start = at, end;
        while (at < text.length && !HAS_CHAR(text.at[at], " \t\r\n"))
            at++;
        end = at;
        while (start < end && is_edge(text.at[start]))
            start++;
        while (end > start && is_edge(text.at[end - 1]))
            end--;
        Str word = str_slice(text, start, end);
        if (str_ends(word, S("'s")) || str_ends(word, S("s'")))
            word = str_slice(word, 0, word.length - (str_ends(word, S("'s")) ? 2 : 1));
        else if (str_ends(word, S("\xE2\x80\x99s")))
            word = str_slice(word, 0, word.length - 4);
        if (word.length)
            *vec_push(arena, &tokens.list) = (QuestionToken){ word, start, end, at > end };
    }
    return tokens;
}

static bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }

bool word_has_digit(Str word)
{
    for (size_t i = 0; i < word.length; i++)
        if (is_digit(word.at[i]))
            return true;
    return false;
}

bool looks_like_name(Str word, bool is_first, Language language)
{
    size_t upper = 0;
    for (size_t i = 0; i < word.length; i++)
        upper += is_upper(word.at[i]);
    if (word_has_digit(word))
        return upper > 0 || str_find_char(word, '_') >= 0;
    /* Nouns are capitalised in German, and anything is at the beginning. */
    if (is_first || language == LANGUAGE_GERMAN)
        return upper > 1;
    return word.length > 1 && (is_upper(word.at[0]) || (uint8_t)word.at[0] >= 0xC3) && upper > 0;
}

/* --- Form --- */

static AnswerForm listed_form(const FormWord *forms, size_t count, Str word)
{
    for (size_t i = 0; i < count; i++)
        if (word_is_in(forms[i].words, word))
            return forms[i].form;
    return FORM_ANY;
}

static bool has_money_word(const QuestionTokens *tokens)
{
    for (size_t i = 0; i < tokens->list.count; i++)
        if (word_is_in(money_words, tokens->list.at[i].text))
            return true;
    return false;
}

static AnswerForm form_after(const QuestionTokens *tokens, size_t at)
{
    Str word = tokens->list.at[at].text;
    Str next = at + 1 < tokens->list.count ? tokens->list.at[at + 1].text : STR_NONE;
    if (word_is_in(how_words, word)) {
        if (str_equal_ignore_case(next, S("much")))
            return has_money_word(tokens) ? FORM_MONEY : FORM_NUMBER;
        static const char sizes[] =
            " many large big old tall high wide long far deep heavy fast "
            "often small hot cold thick viel viele hoch lang lange groß alt "
            "weit tief schwer schnell oft breit teuer ";
        return word_is_in(sizes, next) ? FORM_NUMBER : FORM_ANY;
    }
    for (size_t i = at + 1; i < tokens->list.count && i <= at + 3; i++) {
        AnswerForm form = listed_form(noun_forms, COUNT(noun_forms), tokens->list.at[i].text);
        if (form)
            return form;
    }
    bool costs = false;
    for (size_t i = at; i < tokens->list.count; i++)
        costs |= word_is_in(" cost costs ", tokens->list.at[i].text);
    return costs ? FORM_MONEY : FORM_ANY;
}

static AnswerForm form_of(const QuestionTokens *tokens)
{
    for (size_t i = 0; i < tokens->list.count; i++) {
        Str word = tokens->list.at[i].text;
        AnswerForm form = listed_form(asking_forms, COUNT(asking_forms), word);
        if (form)
            return form;
        if (word_is_in(thing_words, word))
            return form_after(tokens, i);
    }
    return FORM_ANY;
}

/* --- Words --- */

static const QuestionToken *token_at(const QuestionTokens *tokens, size_t byte)
{
    for (size_t i = 0; i < tokens->list.count; i++)
        if (tokens->list.at[i].start <= byte && byte < tokens->list.at[i].end)
            return &tokens->list.at[i];
    return NULL;
}

bool question_has(const Question *question, Str text)
{
    for (size_t i = 0; i < question->word_count; i++)
        if (str_equal(question->words[i].text, text))
            return true;
    return false;
}

static void add_word(Question *question, const QuestionTokens *tokens, const Word *word)
{
    Str written = str_slice(question->text, word->start, word->end);
    const QuestionToken *token = token_at(tokens, word->start);
    bool is_first = token == tokens->list.at;
    const QuestionToken *before = token && !is_first ? token - 1 : NULL;
    if (word->is_extra || !word->text.length || question->word_count >= QUESTION_WORDS_MAX ||
        question_has(question, word->text))
        return;
    bool is_name = looks_like_name(written, is_first, question->language);
    /* "who" in capitals is the organisation. */
    if (word->is_stop && !(is_name && written.length > 1 && is_upper(written.at[1])))
        return;
    if (!is_name && word_is_in(asking_words, written))
        return;
    QuestionWord *added = &question->words[question->word_count++];
    *added = (QuestionWord){ .text = word->text, .written = written };
    added->is_name = is_name;
    added->is_number = word_has_digit(written) && !is_name;
    added->is_weak = !is_name && !added->is_number &&
                     (word_is_in(weak_words, written) || written.length == 1 ||
                      (before && word_is_in(how_words, before->text)));
}

/* --- Other words for the same --- */

typedef struct Demonym {
    const char *adjective, *country;
} Demonym;

static const Demonym demonyms[] = {
#define DEMONYM(adjective, country) { adjective, country },
#include "answer/demonyms.def"
#undef DEMONYM
};
static const char *const months[] = { "january",   "february", "march",    "april",
                                      "may",       "june",     "july",     "august",
                                      "september", "october",  "november", "december" };

static Str country_of(Str word)
{
    for (size_t i = 0; i < COUNT(demonyms); i++)
        if (str_equal_ignore_case(word, str(demonyms[i].adjective)))
            return str(demonyms[i].country);
    return STR_NONE;
}

static Str adjective_of(Str word)
{
    for (size_t i = 0; i < COUNT(demonyms); i++)
        if (str_equal_ignore_case(word, str(demonyms[i].country)))
            return str(demonyms[i].adjective);
    return STR_NONE;
}

/* As an ISO date has it. */
static Str month_number(Arena *arena, Str word)
{
    for (size_t i = 0; i < COUNT(months); i++)
        if (str_equal_ignore_case(word, str(months[i])))
            return str_format(arena, "%02zu", i + 1);
    return STR_NONE;
}

static Str first_word(Arena *arena, Words *words, Language language, Str text)
{
    WordList list = words_list(words, language, text, arena);
    return list.words.count ? list.words.at[0].text : STR_NONE;
}

static void add_aliases(Arena *arena, Words *words, Question *question)
{
    bool has_year = false;
    for (size_t i = 0; i < question->word_count; i++)
        has_year |= question->words[i].is_number && question->words[i].written.length == 4;
    for (size_t i = 0; i < question->word_count; i++) {
        QuestionWord *word = &question->words[i];
        Str other = country_of(word->written);
        if (!other.length)
            other = adjective_of(word->written);
        if (other.length)
            word->alias = first_word(arena, words, question->language, other);
        else if (has_year)
            word->alias = month_number(arena, word->written);
    }
}

Str question_widened(Arena *arena, Str question)
{
    QuestionTokens tokens = question_tokens(arena, question);
    Buf out = buf_new(arena, KB(16));
    buf_add(&out, question);
    for (size_t i = 0; i < tokens.list.count; i++) {
        Str country = country_of(tokens.list.at[i].text);
        if (country.length)
            buf_addf(&out, " " STR_FMT, STR_ARG(country));
    }
    return buf_str(&out);
}

Question question_read(Arena *arena, Words *words, Str text)
{
    Question question = { .text = text, .language = language_detect(text, LANGUAGE_ENGLISH) };
    QuestionTokens tokens = question_tokens(arena, text);
    WordList list = words_list(words, question.language, text, arena);
    question.form = form_of(&tokens);
    question.words = arena_new_array(arena, QuestionWord, QUESTION_WORDS_MAX);
    for (size_t i = 0; i < list.words.count; i++)
        add_word(&question, &tokens, &list.words.at[i]);
    add_aliases(arena, words, &question);
    question_focus(&question, &tokens);
    return question;
}
