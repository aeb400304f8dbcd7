/* limit_options.h - limits of a key, a person or the workspace as options of a command. */
#pragma once

#include "base/json.h"
#include "cli/command.h"

/* Rows for a command's table of options. */
#define LIMIT_OPTIONS                                                                              \
    { "day", "AMOUNT", "budget of a day, in dollars (5.00) or calls (500calls); none: no limit" }, \
        { "month", "AMOUNT", "the same of a month" }, { "total", "AMOUNT", "the same in all" },    \
        { "requests", "N", "requests a minute" }, { "tokens", "N", "tokens a minute" },            \
        { "concurrent", "N", "calls at the same time" },                                           \
    {                                                                                              \
        "models", "A,B", "only these models; * stands for any text"                                \
    }

bool limit_options_given(const CommandLine *line);
/* That there is something to set, and nothing that only a service, or all but services, can have.
 */
MUST_CHECK bool limit_options_check(const CommandLine *line, bool is_service, Error *err);
/* Writes the options into the `limits` of a service's document. */
MUST_CHECK bool limit_options_of_service(const CommandLine *line, json_t *document, Error *err);
/* The document of PUT .../limits: what the options say, else what `now` says (the answer of GET
 * .../limits; NULL: nothing is limited yet). */
MUST_CHECK bool limit_options_document(const CommandLine *line, const json_t *now, Str *document_r,
                                       Error *err);
