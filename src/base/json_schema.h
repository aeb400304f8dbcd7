/* json_schema.h - whether a value has the shape that a schema asks for.
 *
 * JSON Schema 2020-12 (core and validation vocabularies), read straight from the schema's tree:
 * what models are asked for, what people ask documents for, and what a workflow's step takes. Left
 * out are $dynamicRef, $anchor, addresses of other schemas, and the unevaluated... words; a schema
 * with them is refused when it is checked, not held half.
 *
 * The words are a list: json_schema.def.
 *
 * Threads: any; nothing is kept. */
#pragma once

#include "base/json.h"

#define SCHEMA_BYTES_MAX KB(64)

/* Whether the schema itself is one, with words that we hold. The place of what is wrong is said:
 * "properties.age.minimum must be a number". */
MUST_CHECK bool json_schema_check(const json_t *schema, Error *err);

/* Whether the value is as the schema wants it; ERROR_INVALID says where it is not:
 * "questions[2].answer must be a text". The schema was checked before. Nesting of schemas and
 * values ends at 64. */
MUST_CHECK bool json_schema_holds(const json_t *schema, const json_t *value, Error *err);

/* Every object in it says all of its members and allows no others: what OpenAI calls strict. */
bool json_schema_is_closed(const json_t *schema);
