/* iwork.c - Apple Pages, Numbers and Keynote. */
#include "extract/iwork/iwork.h"

enum { SURE = 95, UNSURE = 90 };

static int score(Str bytes, IworkKind wanted)
{
    bool is_unsure;
    IworkKind kind = iwork_kind(bytes, &is_unsure);
    if (is_unsure)
        return UNSURE - (wanted != IWORK_PAGES);
    return kind == wanted ? SURE : 0;
}

static int pages_sniff(Str bytes) { return score(bytes, IWORK_PAGES); }
static int numbers_sniff(Str bytes) { return score(bytes, IWORK_NUMBERS); }
static int keynote_sniff(Str bytes) { return score(bytes, IWORK_KEYNOTE); }

const Extractor extractor_pages = {
    .name = "pages",
    .title = "Apple Pages document",
    .extensions = LIST("pages"),
    .media_types = LIST("application/vnd.apple.pages", "application/x-iwork-pages-sffpages"),
    .sniff = pages_sniff,
    .extract = iwork_write,
};

const Extractor extractor_numbers = {
    .name = "numbers",
    .title = "Apple Numbers spreadsheet",
    .extensions = LIST("numbers"),
    .media_types = LIST("application/vnd.apple.numbers", "application/x-iwork-numbers-sffnumbers"),
    .sniff = numbers_sniff,
    .extract = iwork_write,
};

const Extractor extractor_keynote = {
    .name = "keynote",
    .title = "Apple Keynote presentation",
    .extensions = LIST("key"),
    .media_types = LIST("application/vnd.apple.keynote", "application/x-iwork-keynote-sffkey"),
    .sniff = keynote_sniff,
    .extract = iwork_write,
};
