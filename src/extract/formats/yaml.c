/* yaml.c - YAML of one or more documents. */
#include "extract/formats/settings.h"

static bool yaml_extract(const ExtractSource *source, DocWriter *doc, Error *err)
{
    return settings_write(source, doc, SETTINGS_YAML, "yaml", err);
}

/* Nothing marks these files but their names. */
static int yaml_sniff(Str bytes) { return settings_sniff(bytes) ? 4 : 0; }

const Extractor extractor_yaml = {
    .name = "yaml",
    .title = "Settings (YAML)",
    .extensions = LIST("yaml", "yml"),
    .media_types = LIST("application/yaml", "text/yaml", "text/x-yaml", "application/x-yaml"),
    .sniff = yaml_sniff,
    .extract = yaml_extract,
};
