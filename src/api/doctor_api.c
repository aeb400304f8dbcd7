/* doctor_api.c - POST /v1/doctor: the server looks at itself, for its owners. */
#include "api/doctor.h"
#include "net/smtp.h"

#define FINDINGS_MAX MB(4)

static void put_finding(JsonWriter *json, const DoctorFinding *finding)
{
    put_object(json, NULL);
    put_text(json, "what", str(finding->what));
    put_bool(json, "good", finding->is_good);
    put_text(json, "detail", finding->detail);
    put_text_or_null(json, "advice", finding->advice);
    put_end(json);
}

bool doctor_post(ApiRequest *request, HttpResponse *response, Error *err)
{
    const Api *api = request->api;
    DoctorWish wish = { 0 };
    if (!api_fields(request, err, { "deep", JSON_FLAG, &wish.is_deep },
                    { "mail_to", JSON_STR, &wish.mail_to, .length_max = 200 }))
        return false;
    if (wish.mail_to.length && !mail_is_address(wish.mail_to))
        return fail_field(err, "mail_to", "'mail_to' is one mail address");
    AUTO_ARENA Arena *arena = arena_new(FINDINGS_MAX);
    DoctorFindings findings = { .arena = arena };
    api->examine(api->examiner, request->scope, &wish, &findings);
    JsonWriter json = api_list_begin(response);
    for (size_t i = 0; i < findings.list.count; i++)
        put_finding(&json, &findings.list.at[i]);
    api_list_end(&json, (int64_t)findings.list.count, STR_NONE);
    return true;
}
