/* languages.c - see languages.h. */
#include "worker/picture/languages.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"

typedef struct Language {
    char name[32];
    const char *data;
    size_t length;
} Language;

static Language languages[OCR_LANGUAGE_MAX];
static size_t language_count;

static const Str ending = S_INIT(".traineddata");

static const Language *find(const char *name)
{
    for (size_t i = 0; i < language_count; i++)
        if (strcmp(languages[i].name, name) == 0)
            return &languages[i];
    return NULL;
}

static void map_language(Arena *arena, const char *folder, Str file)
{
    Str name = str_slice(file, 0, file.length - ending.length);
    if (language_count == OCR_LANGUAGE_MAX || name.length >= sizeof languages->name ||
        find(str_c(arena, name)))
        return;
    AUTO_CLOSE int fd = open(path_join(arena, str(folder), file), O_RDONLY | O_CLOEXEC);
    struct stat status;
    if (fd < 0 || fstat(fd, &status) != 0 || status.st_size <= 0)
        return;
    void *data = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (data == MAP_FAILED)
        return;
    Language *language = &languages[language_count++];
    memcpy(language->name, name.at, name.length);
    language->data = data;
    language->length = (size_t)status.st_size;
}

static void map_folder(Arena *arena, const char *folder)
{
    DIR *entries = opendir(folder);
    if (!entries)
        return;
    for (const struct dirent *entry; (entry = readdir(entries));)
        if (str_ends(str(entry->d_name), ending))
            map_language(arena, folder, str(entry->d_name));
    closedir(entries);
}

static int compare(const void *a, const void *b)
{
    const Language *x = a, *y = b;
    bool x_first = strcmp(x->name, "eng") == 0, y_first = strcmp(y->name, "eng") == 0;
    return x_first != y_first ? (x_first ? -1 : 1) : strcmp(x->name, y->name);
}

void languages_preload(void)
{
    static const char *const folders[] = { "/usr/local/share/tessdata",
                                           "/usr/share/tesseract-ocr/5/tessdata",
                                           "/usr/share/tesseract-ocr/4.00/tessdata",
                                           "/usr/share/tessdata" };
    AUTO_ARENA Arena *arena = arena_new(MB(4));
    const char *chosen = getenv("TESSDATA_PREFIX");
    if (language_count)
        return;
    if (chosen && *chosen)
        map_folder(arena, chosen);
    for (size_t i = 0; i < COUNT(folders); i++)
        map_folder(arena, folders[i]);
    qsort(languages, language_count, sizeof *languages, compare);
}

static bool is_language(const char *name)
{
    return strcmp(name, "osd") != 0 && strcmp(name, "equ") != 0 && strcmp(name, "snum") != 0;
}

size_t languages_count(void)
{
    size_t count = 0;
    for (size_t i = 0; i < language_count; i++)
        count += is_language(languages[i].name);
    return count;
}

const char *languages_name(size_t index)
{
    for (size_t i = 0; i < language_count; i++)
        if (is_language(languages[i].name) && index-- == 0)
            return languages[i].name;
    return NULL;
}

const char *languages_data(const char *name, size_t *length_r)
{
    const Language *language = find(name);
    if (!language)
        return NULL;
    *length_r = language->length;
    return language->data;
}

/* ISO 639-1 names, as people and browsers write them. */
static const struct {
    const char *two, *three;
} codes[] = {
    { "en", "eng" },     { "de", "deu" },        { "fr", "fra" }, { "es", "spa" }, { "it", "ita" },
    { "pt", "por" },     { "nl", "nld" },        { "pl", "pol" }, { "ru", "rus" }, { "uk", "ukr" },
    { "cs", "ces" },     { "sv", "swe" },        { "da", "dan" }, { "no", "nor" }, { "fi", "fin" },
    { "tr", "tur" },     { "el", "ell" },        { "hu", "hun" }, { "ro", "ron" }, { "ja", "jpn" },
    { "ko", "kor" },     { "ar", "ara" },        { "he", "heb" }, { "hi", "hin" }, { "vi", "vie" },
    { "zh", "chi_sim" }, { "zh-tw", "chi_tra" },
};

static const char *code_of(const char *name)
{
    for (size_t i = 0; i < COUNT(codes); i++)
        if (strcmp(codes[i].two, name) == 0)
            return codes[i].three;
    return name;
}

Str languages_installed(Arena *arena, Str wanted)
{
    Buf out = buf_new(arena, KB(1));
    size_t start = 0;
    for (size_t i = 0; i <= wanted.length; i++) {
        if (i < wanted.length && !HAS_CHAR(wanted.at[i], "+, ;"))
            continue;
        Str part = str_lower(arena, str_slice(wanted, start, i));
        start = i + 1;
        const char *name = code_of(str_c(arena, part));
        if (part.length && find(name) && is_language(name))
            buf_addf(&out, "%s%s", out.length ? "+" : "", name);
    }
    return buf_str(&out);
}

bool languages_has_script(const char *name, const char *script)
{
    static const struct {
        const char *script, *languages;
    } scripts[] = {
        { "Han", " chi_sim chi_sim_vert chi_tra chi_tra_vert jpn jpn_vert " },
        { "HanS", " chi_sim " },
        { "HanT", " chi_tra " },
        { "Japanese", " jpn jpn_vert " },
        { "Hiragana", " jpn jpn_vert " },
        { "Katakana", " jpn jpn_vert " },
        { "Korean", " kor kor_vert " },
        { "Hangul", " kor kor_vert " },
        { "Cyrillic", " rus ukr bul bel srp mkd kaz kir mon tat tgk uzb_cyrl aze_cyrl " },
        { "Greek", " ell grc " },
        { "Arabic", " ara fas urd pus uig snd kur_ara " },
        { "Hebrew", " heb yid " },
        { "Devanagari", " hin mar nep san " },
        { "Bengali", " ben asm " },
        { "Tamil", " tam " },
        { "Telugu", " tel " },
        { "Kannada", " kan " },
        { "Malayalam", " mal " },
        { "Gujarati", " guj " },
        { "Gurmukhi", " pan " },
        { "Thai", " tha " },
        { "Georgian", " kat kat_old " },
        { "Armenian", " hye " },
        { "Ethiopic", " amh tir " },
        { "Khmer", " khm " },
        { "Lao", " lao " },
        { "Myanmar", " mya " },
        { "Sinhala", " sin " },
        { "Tibetan", " bod dzo " },
    };
    char word[40];
    bool is_of_other = false;
    snprintf(word, sizeof word, " %s ", name);
    for (size_t i = 0; i < COUNT(scripts); i++) {
        bool is_listed = strstr(scripts[i].languages, word) != NULL;
        if (is_listed && strcmp(scripts[i].script, script) == 0)
            return true;
        is_of_other = is_of_other || is_listed;
    }
    return strcmp(script, "Latin") == 0 && !is_of_other;
}
