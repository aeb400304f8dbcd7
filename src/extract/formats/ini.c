/* ini.c - INI files and their kin: .properties, .env, .desktop, .conf. */
#include "extract/formats/settings.h"

static bool ini_extract(const ExtractSource *source, DocWriter *doc, Error *err)
{
    return settings_write(source, doc, SETTINGS_INI, "ini", err);
}

const Extractor extractor_ini = {
    .name = "ini",
    .title = "Settings (INI, properties)",
    .extensions = LIST("ini", "cfg", "conf", "cnf", "properties", "env", "desktop", "service",
                       "editorconfig", "inf", "reg", "url"),
    .media_types = LIST("text/x-ini", "text/x-properties", "application/x-desktop"),
    .sniff = settings_sniff,
    .extract = ini_extract,
};
