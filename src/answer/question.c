/* question.c - see question.h. */
#include "answer/question_int.h"

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
/* Stand for something said before. "that" and "this" mostly do not. */
static const char pronouns[] =
    " it its he him his she her hers they them their theirs one ones "
    "these those er sie ihn ihr ihre sein seine elle lui ils elles ello ";
static const char openers[] = " and what about how or also but then und oder aber et mais y pero ";
static const char prepositions[] =
    " in at to from by for of on within after with under during before until over per ";
static const char asking_words[] =
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
static bool is_digit(char c) { return c >= '0' && c <= '9'; }

static bool has_digit(Str word)
{
    for (size_t i = 0; i < word.length; i++)
        if (is_digit(word.at[i]))
            return true;
    return false;
}

static bool looks_like_name(Str word, bool is_first, Language language)
{
    size_t upper = 0;
    for (size_t i = 0; i < word.length; i++)
        upper += is_upper(word.at[i]);
    if (has_digit(word))
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

static bool is_listed(const Question *question, Str text)
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
        is_listed(question, word->text))
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
    added->is_number = has_digit(written) && !is_name;
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

/* --- Follow-ups --- */

static size_t strong_words(const Question *question, size_t *names_r)
{
    size_t strong = 0;
    *names_r = 0;
    for (size_t i = 0; i < question->word_count; i++) {
        strong += !question->words[i].is_weak;
        *names_r += question->words[i].is_name;
    }
    return strong;
}

static bool has_pronoun(const QuestionTokens *tokens)
{
    for (size_t i = 0; i < tokens->list.count; i++)
        if (word_is_in(pronouns, tokens->list.at[i].text))
            return true;
    return false;
}

static bool needs_more(const QuestionTokens *tokens, const Question *question, bool *is_elliptic_r)
{
    size_t names, strong = strong_words(question, &names);
    bool opens = tokens->list.count && word_is_in(openers, tokens->list.at[0].text) &&
                 !(tokens->list.count > 1 && word_is_in(" what how ", tokens->list.at[0].text) &&
                   !str_equal_ignore_case(tokens->list.at[1].text, S("about")));
    *is_elliptic_r = opens && strong < 3;
    return *is_elliptic_r || strong == 0 || (strong < 2 && !names) ||
           (has_pronoun(tokens) && names + strong < 5);
}

Str question_complete(Arena *arena, Words *words, Str question, Str before)
{
    Question own = question_read(arena, words, question);
    QuestionTokens tokens = question_tokens(arena, question);
    bool is_elliptic, has_number = false, has_name = false;
    if (!before.length || !needs_more(&tokens, &own, &is_elliptic))
        return question;
    for (size_t i = 0; i < own.word_count; i++) {
        has_number |= own.words[i].is_number;
        has_name |= own.words[i].is_name;
    }
    Question earlier = question_read(arena, words, before);
    Buf out = buf_new(arena, KB(16));
    buf_add(&out, question);
    for (size_t i = 0; i < earlier.word_count; i++) {
        const QuestionWord *word = &earlier.words[i];
        /* "and in 2020?" asks with 2020 instead of 2021, "what about Uber?" instead of Lyft. */
        bool is_replaced =
            is_elliptic && ((word->is_number && has_number) || (word->is_name && has_name));
        if (is_replaced || word->is_weak || is_listed(&own, word->text))
            continue;
        buf_add_char(&out, ' ');
        buf_add(&out, word->written);
    }
    return buf_str(&out);
}

/* --- Parts --- */

static bool is_and(Str word) { return word_is_in(" and und et y e ", word); }

/* The token where a second question begins, or 0: "..., and at how many ...". */
static size_t second_question(const QuestionTokens *tokens)
{
    for (size_t i = 2; i + 2 < tokens->list.count; i++) {
        if (!is_and(tokens->list.at[i].text))
            continue;
        size_t asks = i + 1 + word_is_in(prepositions, tokens->list.at[i + 1].text);
        if (asks + 1 < tokens->list.count && word_is_in(asking_words, tokens->list.at[asks].text))
            return i;
    }
    return 0;
}

static bool is_group_word(const QuestionTokens *tokens, size_t at, Language language)
{
    Str word = tokens->list.at[at].text;
    return looks_like_name(word, at == 0, language) || has_digit(word);
}

typedef struct Coordination {
    size_t first, and, last; /* tokens: the first group is first..and-1, the second and+1..last */
} Coordination;

/* "Forrest Gump and Michael Angstadt", "in FY 2011 and in FY 2010": names or numbers side by side.
 */
static bool find_coordination(const QuestionTokens *tokens, Language language,
                              Coordination *found_r)
{
    for (size_t i = 2; i + 1 < tokens->list.count; i++) {
        if (!is_and(tokens->list.at[i].text))
            continue;
        size_t first = i, last = i;
        while (first > 1 && i - first < 3 && is_group_word(tokens, first - 1, language) &&
               !tokens->list.at[first - 1].ends_clause)
            first--;
        if (word_is_in(prepositions, tokens->list.at[i + 1].text) && i + 2 < tokens->list.count)
            last++;
        size_t group = last;
        while (last + 1 < tokens->list.count && last - i < 4 &&
               is_group_word(tokens, last + 1, language) &&
               (last == group || !tokens->list.at[last].ends_clause))
            last++;
        if (first == i || last == group)
            continue;
        if (group > i && word_is_in(prepositions, tokens->list.at[first - 1].text))
            first--;
        *found_r = (Coordination){ first, i, last };
        return true;
    }
    return false;
}

static Str without(Arena *arena, Str text, size_t start, size_t end)
{
    return str_format(arena, STR_FMT " " STR_FMT, STR_ARG(str_trim(str_slice(text, 0, start))),
                      STR_ARG(str_trim(str_from(text, end))));
}

QuestionParts question_split(Arena *arena, Words *words, Str question)
{
    QuestionParts parts = { .at = { question }, .count = 1 };
    QuestionTokens tokens = question_tokens(arena, question);
    Language language = language_detect(question, LANGUAGE_ENGLISH);
    const QuestionToken *token = tokens.list.at;
    size_t second = second_question(&tokens);
    Coordination found;
    if (second) {
        Str first = str_trim(str_slice(question, 0, token[second - 1].end));
        Str rest = str_trim(str_from(question, token[second].end));
        parts = (QuestionParts){ { first, question_complete(arena, words, rest, first) }, 2 };
    } else if (find_coordination(&tokens, language, &found)) {
        Str first = without(arena, question, token[found.and ].start, token[found.last].end);
        Str other = without(arena, question, token[found.first].start, token[found.and ].end);
        parts = (QuestionParts){ { first, other }, 2 };
    }
    return parts;
}

/* --- Counting --- */

static const char file_nouns[] = " file files document documents ";
static const char verbs[] = " are is do does did have has were was can in there ";
static const char *const library_phrases[] = { "library",    "are there", "do i have",
                                               "do we have", "uploaded",  "collection",
                                               "indexed",    "added",     "in lectern",
                                               "stored here" };

typedef struct CountedKind {
    const char *words, *extensions;
} CountedKind;
static const CountedKind counted_kinds[] = {
#define COUNTED(words, extensions) { " " words " ", extensions },
#include "answer/counted.def"
#undef COUNTED
};

/* The first token after "how many", or 0. */
static size_t after_how_many(const QuestionTokens *tokens)
{
    for (size_t i = 0; i + 2 < tokens->list.count; i++)
        if (str_equal_ignore_case(tokens->list.at[i].text, S("how")) &&
            str_equal_ignore_case(tokens->list.at[i + 1].text, S("many")))
            return i + 2;
    return 0;
}

static bool asks_of_library(Str question)
{
    for (size_t i = 0; i < COUNT(library_phrases); i++)
        if (str_find_ignore_case(question, str(library_phrases[i])) >= 0)
            return true;
    return false;
}

static StrList words_of(Arena *arena, Str list)
{
    VEC(Str) words = { 0 };
    Str word;
    while (str_next(&list, ' ', &word))
        if (word.length)
            *vec_push(arena, &words) = word;
    return (StrList){ words.at, words.count };
}

static Str one_extension(Arena *arena, Str question, const QuestionToken *token)
{
    bool has_dot = token->start > 0 && question.at[token->start - 1] == '.';
    bool begins = token->start < 2 || HAS_CHAR(question.at[token->start - 2], " (*\"'");
    return has_dot && begins ? str_lower(arena, token->text) : STR_NONE;
}

/* What is said between "how many" and the verb. */
static bool read_counted(Arena *arena, const QuestionTokens *tokens, Str question, size_t first,
                         size_t end, CountQuestion *counts)
{
    bool has_noun = false;
    Str dotted = STR_NONE, before_noun = STR_NONE;
    const char *kind = NULL;
    for (size_t i = first; i < end; i++) {
        const QuestionToken *token = &tokens->list.at[i];
        Str extension = one_extension(arena, question, token);
        if (extension.length)
            dotted = extension;
        if (word_is_in(file_nouns, token->text)) {
            has_noun = true;
            before_noun = i > first ? token[-1].text : STR_NONE;
        }
        for (size_t k = 0; k < COUNT(counted_kinds) && !kind; k++)
            if (word_is_in(counted_kinds[k].words, token->text))
                kind = counted_kinds[k].extensions;
    }
    if (dotted.length)
        counts->extensions = words_of(arena, dotted);
    else if (kind)
        counts->extensions = words_of(arena, str(kind));
    else if (has_noun && before_noun.length && before_noun.length <= 5)
        counts->extensions = words_of(arena, str_lower(arena, before_noun));
    else
        return has_noun && !before_noun.length;
    return true;
}

bool question_counts(Arena *arena, Str question, CountQuestion *counts_r)
{
    QuestionTokens tokens = question_tokens(arena, question);
    size_t first = after_how_many(&tokens), end = first;
    CountQuestion counts = { 0 };
    if (!first || !asks_of_library(question))
        return false;
    while (end < tokens.list.count && end < first + 7 &&
           !word_is_in(verbs, tokens.list.at[end].text))
        end++;
    if (end == first || end == tokens.list.count ||
        !read_counted(arena, &tokens, question, first, end, &counts))
        return false;
    size_t from = tokens.list.at[first].start, to = tokens.list.at[end].start;
    counts.shown = str_trim(str_slice(question, from, to));
    *counts_r = counts;
    return true;
}
