/* scim.h - what the handlers of SCIM 2.0 (RFC 7643, RFC 7644) share. */
#pragma once

#include "api/api.h"

#define SCIM_USER "urn:ietf:params:scim:schemas:core:2.0:User"
#define SCIM_GROUP "urn:ietf:params:scim:schemas:core:2.0:Group"
#define SCIM_MEDIA S("application/scim+json")
#define TAG_SCIM "SCIM"
/* All paths of SCIM's clients are below it. */
#define SCIM_FOLDER "/scim/v2/"

/* Opens {"schemas":[schema], ...; the caller closes it. */
JsonWriter scim_begin(HttpResponse *response, const char *schema);
/* Closes "Resources" and the answer around it; `total` fit, `shown` of them from `start` on. */
void scim_list_end(JsonWriter *json, int64_t total, int64_t start, int64_t shown);
/* The member "meta" of a resource of /scim/v2/TYPEs. */
void scim_put_meta(JsonWriter *json, const ApiRequest *request, const char *type, Str id,
                   int64_t created_at_ms);

/* What was added, with where it is: 201. */
void scim_created(const ApiRequest *request, HttpResponse *response, const char *type, Str id);

/* The name of an attribute, without the schema that may stand before it. */
Str scim_attribute(Str name, const char *schema);
/* filter=ATTRIBUTE eq "VALUE", or of a part as ATTRIBUTE[PART eq "VALUE"], which is told as
 * ATTRIBUTE.PART; *attribute_r empty: no filter. Others are refused. */
MUST_CHECK bool scim_filter(const ApiRequest *request, Str *attribute_r, Str *value_r, Error *err);
/* startIndex (from 1) and count, at most 200; less and more mean the nearest, as RFC 7644, section
 * 3.4.2.4, has it. */
MUST_CHECK bool scim_page(const ApiRequest *request, int64_t *start_r, int64_t *count_r,
                          Error *err);
/* The list of "Operations" of a PATCH; at most 1,000 of them. */
MUST_CHECK bool scim_operations(const ApiRequest *request, const json_t **list_r, Error *err);
/* "true" and "false" as some directories write them, too; fails with the field. */
MUST_CHECK bool scim_flag(const json_t *value, const char *field, int *flag_r, Error *err);
/* Which of "add", "replace" and "remove" an operation asks for, by its first letter; fails on
 * others, and on a removal of nothing named. */
MUST_CHECK bool scim_action(const json_t *operation, char *action_r, Error *err);
/* A failure as SCIM says it, with the status that the response has; false: the tag is another. */
bool scim_refuse(const char *tag, const Error *err, HttpResponse *response);
