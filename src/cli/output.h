/* output.h - results of commands on standard output, as JSON or for people. */
#pragma once

#include "base/json.h"
#include "cli/command.h"

/* The whole value, indented, when --json was given. False otherwise: print for people then. */
bool output_json(const CommandLine *line, const json_t *json);
/* Of what was made its id, or all that was answered when --json was given. */
void output_id(const CommandLine *line, const json_t *made);
/* Text with control characters dropped (but line ends), so that a file cannot move the cursor. */
void output_text(Str text);
/* One line on standard error, likewise, line ends as spaces. */
void output_note(Str text);
int64_t output_int(const json_t *object, const char *name);
/* Its text, "" when it is none, for printf: of what the program says, as ids, states and times;
 * what people or files say goes through output_text. */
const char *output_member(const json_t *object, const char *name);
/* "path?name=value" with the value percent-encoded; the first gets '?', others '&'. */
char *output_path(Arena *arena, const char *path, const char *name, Str value);
/* "folder/ID" and then `end`, with the id percent-encoded. */
char *output_id_path(Arena *arena, const char *folder, Str id, const char *end);
/* "45 %, 3 min left" of an object with percent and seconds_left. */
Str output_progress(Arena *arena, const json_t *progress);
/* The option's value as a list of one, the member `name` of a search; nothing when not given. */
void output_filter(const CommandLine *line, JsonWriter *json, const char *option, const char *name);
