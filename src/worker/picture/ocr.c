/* ocr.c - see ocr.h. */
#include "worker/picture/ocr.h"

#include <omp.h>

#include "base/utf8.h"
#include "worker/picture/decode.h"
#include "worker/picture/languages.h"
#include "worker/picture/ocr_prepare.h"
#include "worker/picture/tesseract_memory.h"

enum { LANGUAGES_TEXT_MAX = 256, PAGE_MS_MAX = 90000, WORDS_MAX = 50000, WORD_MAX = 1000 };

/* Above it nothing else is tried; measured on the corpus: right readings have 80 and more, of
 * upside down or foreign text 20 to 60. */
#define CONFIDENCE_GOOD 70.0F
/* Of text in the language it was read as, 85 in 100 longer words and more are known; of another
 * one in the same letters, half. */
#define KNOWN_GOOD 0.75F
/* Orientation and script as Tesseract's detector gives them are believed from here. */
#define DETECTED_SURE 1.0F

struct Ocr {
    TessBaseAPI *api;
    Arena *arena;
    char loaded[LANGUAGES_TEXT_MAX]; /* what the api was begun with */
    Str wanted;                      /* asked for and installed; empty: to be found out */
    Str found;                       /* of the pages before */
};

void ocr_preload(void)
{
    /* The sandbox allows no threads: parallel regions of Tesseract run as they are. */
    omp_set_max_active_levels(0);
    setMsgSeverity(L_SEVERITY_NONE);
    languages_preload();
}

bool ocr_open(Str wanted, Ocr **ocr_r, Error *err)
{
    AUTO_ARENA Arena *scratch = arena_new(KB(64));
    if (languages_count() == 0)
        return fail(err, ERROR_UNSUPPORTED,
                    "reading text in pictures needs Tesseract's language data (Debian: "
                    "tesseract-ocr-eng), which are not installed");
    Str installed = languages_installed(scratch, wanted);
    if (wanted.length && !installed.length)
        return fail(err, ERROR_UNSUPPORTED,
                    "Tesseract's data for the languages '" STR_FMT "' are not installed",
                    STR_ARG(str_slice(wanted, 0, 100)));
    Ocr *ocr = heap_alloc(sizeof *ocr);
    ocr->arena = arena_new(MB(1));
    ocr->wanted = str_copy(ocr->arena, installed);
    *ocr_r = ocr;
    return true;
}

static void end_api(Ocr *ocr)
{
    if (ocr->api) {
        TessBaseAPIEnd(ocr->api);
        TessBaseAPIDelete(ocr->api);
        ocr->api = NULL;
    }
    ocr->loaded[0] = '\0';
}

void ocr_close(Ocr *ocr)
{
    if (!ocr)
        return;
    end_api(ocr);
    arena_free(ocr->arena);
    free(ocr);
}

static bool begin_api(Ocr *ocr, const char *languages, TessOcrEngineMode mode, Error *err)
{
    if (ocr->api && strcmp(ocr->loaded, languages) == 0)
        return true;
    end_api(ocr);
    ocr->api = TessBaseAPICreate();
    if (!ocr->api || !tesseract_begin(ocr->api, languages, mode, languages_data))
        return fail(err, ERROR_UNSUPPORTED, "Tesseract's data for '%s' cannot be used", languages);
    snprintf(ocr->loaded, sizeof ocr->loaded, "%s", languages);
    return true;
}

/* --- Reading the result --- */

static bool is_wide_script(uint32_t c)
{
    return (c >= 0x2E80 && c <= 0x9FFF) || (c >= 0xF900 && c <= 0xFAFF) ||
           (c >= 0xFF00 && c <= 0xFFEF) || (c >= 0x20000 && c <= 0x3FFFF);
}

static bool is_number(Str text)
{
    size_t digits = 0;
    for (size_t i = 0; i < text.length; i++)
        digits += text.at[i] >= '0' && text.at[i] <= '9';
    return digits * 2 >= text.length;
}

static void take_word(Arena *arena, TessResultIterator *it, const Prepared *ready, OcrPage *page)
{
    const TessPageIterator *at = TessResultIteratorGetPageIteratorConst(it);
    int x0, y0, x1, y1;
    char *raw = TessResultIteratorGetUTF8Text(it, RIL_WORD);
    Str text = str_trim(utf8_clean(arena, str_slice(str(raw), 0, WORD_MAX)));
    if (text.length && TessPageIteratorBoundingBox(at, RIL_WORD, &x0, &y0, &x1, &y1)) {
        OcrWord word = {
            .text = str_copy(arena, text),
            .confidence = TessResultIteratorConfidence(it, RIL_WORD),
            .begins_line = TessPageIteratorIsAtBeginningOf(at, RIL_TEXTLINE),
            .begins_paragraph = TessPageIteratorIsAtBeginningOf(at, RIL_PARA),
            .is_known = TessResultIteratorWordIsFromDictionary(it) || is_number(text),
        };
        word.x0 = word.left = (float)x0;
        word.y0 = word.top = (float)y0;
        word.x1 = word.right = (float)x1;
        word.y1 = word.bottom = (float)y1;
        affine_box(&ready->back, &word.x0, &word.y0, &word.x1, &word.y1);
        *vec_push(arena, &page->words) = word;
    }
    TessDeleteText(raw);
}

/* Both by the words' lengths: specks that were read as dots say little. */
static void judge(OcrPage *page)
{
    double sum = 0, weight = 0, known = 0, longer = 0;
    for (size_t i = 0; i < page->words.count; i++) {
        const OcrWord *word = &page->words.at[i];
        size_t size, length = utf8_count(word->text);
        bool is_wide = is_wide_script(utf8_decode(word->text, 0, &size));
        sum += (double)word->confidence * (double)length;
        weight += (double)length;
        if (length >= 3 || is_wide) {
            longer++;
            known += word->is_known || is_wide;
        }
    }
    page->confidence = weight > 0 ? (float)(sum / weight) : 0;
    page->known = longer > 0 ? (float)(known / longer) : 0;
}

static void take_result(Ocr *ocr, Arena *arena, const Prepared *ready, OcrPage *page)
{
    TessResultIterator *it = TessBaseAPIGetIterator(ocr->api);
    bool has_line = true, has_paragraph = true;
    if (!it)
        return;
    do {
        size_t before = page->words.count;
        const TessPageIterator *at = TessResultIteratorGetPageIteratorConst(it);
        has_line = has_line || TessPageIteratorIsAtBeginningOf(at, RIL_TEXTLINE);
        has_paragraph = has_paragraph || TessPageIteratorIsAtBeginningOf(at, RIL_PARA);
        take_word(arena, it, ready, page);
        if (page->words.count > before) {
            page->words.at[before].begins_line = has_line;
            page->words.at[before].begins_paragraph = has_paragraph;
            has_line = has_paragraph = false;
        }
    } while (page->words.count < WORDS_MAX && TessResultIteratorNext(it, RIL_WORD));
    TessResultIteratorDelete(it);
}

static bool recognise(Ocr *ocr, Arena *arena, const Prepared *ready, const char *languages,
                      const OcrHints *hints, OcrPage *page_r, Error *err)
{
    OcrPage page = { .skew = ready->skew, .languages = str_copy(arena, str(languages)) };
    if (!begin_api(ocr, languages, OEM_LSTM_ONLY, err))
        return false;
    ETEXT_DESC *monitor = TessMonitorCreate();
    TessMonitorSetDeadlineMSecs(monitor, PAGE_MS_MAX);
    TessBaseAPISetPageSegMode(ocr->api, hints->is_sparse ? PSM_SPARSE_TEXT : PSM_AUTO);
    TessBaseAPISetImage2(ocr->api, ready->pix);
    TessBaseAPISetSourceResolution(ocr->api, 300);
    bool ok = TessBaseAPIRecognize(ocr->api, monitor) == 0;
    TessMonitorDelete(monitor);
    if (ok)
        take_result(ocr, arena, ready, &page);
    TessBaseAPIClear(ocr->api);
    judge(&page);
    *page_r = page;
    return true;
}

static bool is_good(const OcrPage *page)
{
    return page->confidence >= CONFIDENCE_GOOD && page->known >= KNOWN_GOOD;
}

/* How much a reading is worth beside another of the same picture. */
static double value_of(const OcrPage *page)
{
    double letters = 0;
    for (size_t i = 0; i < page->words.count; i++)
        if (page->words.at[i].confidence > 50)
            letters += (double)utf8_count(page->words.at[i].text);
    return (double)page->confidence * (0.4 + (double)page->known) * MIN(1, letters / 8);
}

/* --- What it is: orientation, script, language --- */

typedef struct Detected {
    int turn; /* quarters clockwise that make it upright */
    char script[40];
} Detected;

static bool detect(Ocr *ocr, PIX *pix, Detected *detected_r)
{
    int degrees = 0;
    float degrees_sure = 0, script_sure = 0;
    const char *script = NULL;
    Error unused;
    if (!begin_api(ocr, "osd", OEM_TESSERACT_ONLY, &unused))
        return false;
    TessBaseAPISetPageSegMode(ocr->api, PSM_OSD_ONLY);
    TessBaseAPISetImage2(ocr->api, pix);
    TessBaseAPISetSourceResolution(ocr->api, 300);
    bool ok = TessBaseAPIDetectOrientationScript(ocr->api, &degrees, &degrees_sure, &script,
                                                 &script_sure);
    if (ok) {
        /* It gives the turn that the text has; the other way makes it upright. */
        detected_r->turn = degrees_sure >= DETECTED_SURE ? (4 - degrees / 90) % 4 : 0;
        snprintf(detected_r->script, sizeof detected_r->script, "%s",
                 script_sure >= DETECTED_SURE && script ? script : "");
    }
    end_api(ocr);
    return ok;
}

/* The lines around the middle word are enough to compare languages. */
static PIX *sample_of(PIX *pix, const OcrPage *page)
{
    enum { SAMPLE_HEIGHT = 500 };
    int height = pixGetHeight(pix);
    if (height <= SAMPLE_HEIGHT)
        return pixClone(pix);
    float middle =
        page->words.count ? page->words.at[page->words.count / 2].top : (float)height / 2;
    int top = MAX(0, MIN((int)middle - SAMPLE_HEIGHT / 2, height - SAMPLE_HEIGHT));
    BOX box = { .x = 0, .y = top, .w = pixGetWidth(pix), .h = SAMPLE_HEIGHT, .refcount = 1 };
    return pixClipRectangle(pix, &box, NULL);
}

/* Installed languages that the script allows, tried on a sample; `page` is the reading so far. */
static bool try_languages(Ocr *ocr, Arena *arena, const Prepared *ready, const OcrHints *hints,
                          const char *script, OcrPage *page, Error *err)
{
    enum { TRIED_MAX = 6 };
    const char *best = NULL;
    AUTO_PIX PIX *sample = sample_of(ready->pix, page);
    Prepared part = *ready;
    OcrPage reading;
    int tried = 0;
    part.pix = sample;
    if (!sample ||
        !recognise(ocr, arena, &part, str_c(arena, page->languages), hints, &reading, err))
        return true;
    double best_value = value_of(&reading) * 1.05;
    for (size_t i = 0; i < languages_count() && tried < TRIED_MAX; i++) {
        const char *name = languages_name(i);
        if (str_is(page->languages, name) || (*script && !languages_has_script(name, script)))
            continue;
        tried++;
        if (!recognise(ocr, arena, &part, name, hints, &reading, err))
            continue;
        if (value_of(&reading) > best_value) {
            best_value = value_of(&reading);
            best = name;
        }
    }
    if (!best)
        return true;
    if (!recognise(ocr, arena, ready, best, hints, &reading, err))
        return false;
    if (value_of(&reading) > value_of(page))
        *page = reading;
    return true;
}

/* Read it with this turn; better than `page`: becomes it. */
static bool try_turn(Ocr *ocr, Arena *arena, PIX *pix, int turn, const OcrHints *hints,
                     Prepared *ready, OcrPage *page, Error *err)
{
    Prepared other;
    OcrPage reading;
    if (!ocr_prepare(pix, turn, hints, &other, err))
        return false;
    if (!recognise(ocr, arena, &other, str_c(arena, page->languages), hints, &reading, err)) {
        pixDestroy(&other.pix);
        return false;
    }
    reading.turned = turn * 90;
    bool is_better = value_of(&reading) > value_of(page) * 1.1;
    if (is_better) {
        pixDestroy(&ready->pix);
        *ready = other;
        *page = reading;
    } else {
        pixDestroy(&other.pix);
    }
    return true;
}

/* The first reading is poor: is it turned, in another script, in another language? */
static bool improve(Ocr *ocr, Arena *arena, PIX *pix, const OcrHints *hints, Prepared *ready,
                    OcrPage *page, Error *err)
{
    Detected is = { 0 };
    /* Sure letters stand upright; only their language is in question. */
    bool is_upright = page->confidence >= CONFIDENCE_GOOD;
    bool has_detected = is_upright || detect(ocr, ready->pix, &is);
    if (is_upright && languages_has_script(str_c(arena, page->languages), "Latin"))
        snprintf(is.script, sizeof is.script, "Latin");
    if (is.turn &&
        !try_turn(ocr, arena, pix, (page->turned / 90 + is.turn) % 4, hints, ready, page, err))
        return false;
    static const int turns[] = { 2, 1, 3 };
    for (size_t i = 0; !has_detected && !hints->is_sparse && i < COUNT(turns); i++)
        if (page->confidence < CONFIDENCE_GOOD &&
            !try_turn(ocr, arena, pix, turns[i], hints, ready, page, err))
            return false;
    if (is_good(page) || ocr->wanted.length || (is_upright && ocr->found.length))
        return true;
    return try_languages(ocr, arena, ready, hints, is.script, page, err);
}

bool ocr_read(Ocr *ocr, Arena *arena, PIX *pix, const OcrHints *hints, OcrPage *page_r, Error *err)
{
    Prepared ready;
    OcrPage page;
    const char *languages = ocr->wanted.length  ? str_c(arena, ocr->wanted)
                            : ocr->found.length ? str_c(arena, ocr->found)
                                                : languages_name(0);
    int turn = 0;
    if (!ocr_prepare(pix, 0, hints, &ready, err))
        return false;
    if (!hints->is_sparse && (turn = ocr_guess_turn(ready.pix)) != 0) {
        pixDestroy(&ready.pix);
        if (!ocr_prepare(pix, turn, hints, &ready, err))
            return false;
    }
    bool ok = recognise(ocr, arena, &ready, languages, hints, &page, err);
    page.turned = turn * 90;
    if (ok && !is_good(&page) && (page.words.count || !hints->is_sparse))
        ok = improve(ocr, arena, pix, hints, &ready, &page, err);
    if (ok && page.confidence >= CONFIDENCE_GOOD && !str_equal(page.languages, ocr->found))
        ocr->found = str_copy(ocr->arena, page.languages);
    pixDestroy(&ready.pix);
    if (ok)
        *page_r = page;
    return ok;
}
