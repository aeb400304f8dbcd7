/* extracting.c - see extracting.h. */
#include "cli/extracting.h"

#include <fcntl.h>
#include <unistd.h>

#include "base/file.h"
#include "cli/output.h"
#include "cli/term.h"

static bool show_progress(void *self, const char *stage, int64_t done, int64_t total)
{
    const CommandLine *line = self;
    if (!line->quiet && total > 50)
        term_progress(path_name(line->words[0]).at, stage, done, total, -1);
    return true;
}

bool extract_file(CommandLine *line, Arena *arena, Extraction *extraction_r, Error *err)
{
    char *path = str_c(line->arena, line->words[0]);
    AUTO_CLOSE int fd =
        str_is(line->words[0], "-") ? dup(STDIN_FILENO) : open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return fail_errno(err, "%s", path);
    Str reader = option_value(line, "reader"), languages = option_value(line, "languages");
    char *reader_name = str_c(line->arena, reader);
    ExtractionInput input = { .fd = fd,
                              .name = path_name(line->words[0]),
                              .password = option_value(line, "password"),
                              .timeout_ms = line->settings.extract_timeout * 1000,
                              .parallel = (int)line->settings.page_workers,
                              .worker = reader.length ? reader_name : NULL,
                              .languages = languages.length ? languages : line->settings.languages,
                              .progress = show_progress,
                              .self = line };
    SandboxOptions one_job = { .copied = worker_services };
    Sandbox *sandbox = sandbox_new(&one_job);
    bool good = extraction_run(sandbox, arena, &input, extraction_r, err);
    sandbox_free(sandbox);
    term_progress_end();
    return good || fail_in(err, "%s", path);
}
