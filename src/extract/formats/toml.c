/* toml.c - TOML. */
#include "extract/formats/settings.h"

static bool toml_extract(const ExtractSource *source, DocWriter *doc, Error *err)
{
    return settings_write(source, doc, SETTINGS_TOML, "toml", err);
}

/* Nothing marks these files but their names. */
static int toml_sniff(Str bytes) { return settings_sniff(bytes) ? 4 : 0; }

const Extractor extractor_toml = {
    .name = "toml",
    .title = "Settings (TOML)",
    .extensions = LIST("toml"),
    .media_types = LIST("application/toml"),
    .sniff = toml_sniff,
    .extract = toml_extract,
};
