/* cmd_extract.c - what is in a file, read in a sandboxed worker, without any library. */
#include <unistd.h>

#include "base/file.h"
#include "cli/extracting.h"
#include "cli/output.h"
#include "cli/term.h"

static const CommandOption options[] = {
    { "format", "NAME", "markdown (default), text, json or html" },
    { "password", "TEXT", "opens an encrypted file" },
    { "reader", "CLASS", "ask this class of worker, as poppler for a second opinion on a PDF" },
    { "languages", "LIST",
      "of text in pictures and of speech, as eng+deu; none: it is not recognised" },
    { NULL, NULL, NULL },
};

#define PRINT_MAX GB(2)

static bool read_format(const CommandLine *line, DocFormat *format_r, Error *err)
{
    static const char *const names[] = { "markdown", "text", "json", "html" };
    static const DocFormat formats[] = { DOC_MARKDOWN, DOC_TEXT, DOC_JSON, DOC_HTML };
    Str wanted = option_value(line, "format");
    if (line->json)
        wanted = S("json");
    for (size_t i = 0; i < COUNT(names); i++)
        if (wanted.length ? str_is(wanted, names[i]) : i == 0) {
            *format_r = formats[i];
            return true;
        }
    return fail_field(err, "format", "--format is markdown, text, json or html");
}

static bool run(CommandLine *line, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(GB(16));
    Extraction extraction;
    DocFormat format = DOC_MARKDOWN;
    if (!read_format(line, &format, err) || !extract_file(line, arena, &extraction, err))
        return false;
    Buf out = buf_new(arena, PRINT_MAX);
    doc_print(extraction.root, format, &out);
    for (size_t i = 0; i < extraction.root->warnings.count && !line->quiet; i++)
        output_note(str_format(arena, "note: " STR_FMT, STR_ARG(extraction.root->warnings.at[i])));
    if (out.overflowed)
        return fail(err, ERROR_TOO_LARGE, "the text has more than %zu MB", PRINT_MAX >> 20);
    if (!isatty(
            STDOUT_FILENO)) /* byte for byte for programs, nothing that moves a cursor for people */
        return fd_write_all(STDOUT_FILENO, buf_str(&out), err);
    output_text(buf_str(&out));
    return true;
}

const Command command_extract = {
    .name = "extract",
    .arguments = "FILE",
    .summary = "Print what is in a file, without any library",
    .options = options,
    .word_min = 1,
    .word_max = 1,
    .run = run,
};
