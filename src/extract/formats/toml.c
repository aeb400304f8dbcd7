/* toml.c - TOML. */
#include "extract/formats/settings.h"

static bool toml_extract(const ExtractSource *source, DocWriter *doc, Error *err)
{
    return settings_write(source, doc, SETTINGS_TOML, "toml", err);
}

/* Nothing marks these files but their names, which weigh more than that INI could be meant. */
static int toml_sniff(Str bytes)
{
    int as_settings = settings_sniff(bytes);
    return MIN(as_settings, 10);
}

const Extractor extractor_toml = {
    .name = "toml",
    .title = "Settings (TOML)",
    .extensions = LIST("toml"),
    .media_types = LIST("application/toml"),
    .sniff = toml_sniff,
    .extract = toml_extract,
};
