/* cmd_version.c - what this program is, and what it was built with. */
#include <archive.h>
#include <mupdf/fitz/version.h>
#include <sqlite3.h>
#include <unicode/uvernum.h>

#include "cli/output.h"
#include "net/libcurl.h"

static bool run(CommandLine *line, Error *err)
{
    if (!libcurl_load(err))
        return false;
    AUTO_JSON json_t *about = json_pack(
        "{s:s, s:{s:s, s:s, s:s, s:s, s:s}}", "version", VERSION, "libraries", "sqlite",
        sqlite3_libversion(), "mupdf", FZ_VERSION, "icu", U_ICU_VERSION, "curl",
        libcurl.version_info(CURLVERSION_NOW)->version, "libarchive", archive_version_string());
    const char *name;
    const json_t *value;
    if (output_json(line, about))
        return true;
    printf("lectern %s\n", VERSION);
    json_object_foreach(json_object_get(about, "libraries"), name, value)
        printf("  %-14s %s\n", name, json_string_value(value));
    return true;
}

const Command command_version = {
    .name = "version",
    .arguments = "",
    .summary = "What this program is, and what it was built with",
    .run = run,
};
