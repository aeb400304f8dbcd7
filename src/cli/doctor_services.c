/* doctor_services.c - the certificate, the mail server and the services of models. */
#include "base/clock.h"
#include "base/id.h"
#include "cli/doctor.h"
#include "models/gateway_setup.h"
#include "net/certificate.h"
#include "net/smtp.h"
#include "net/url.h"

#define DAY_MS (INT64_C(24) * 60 * 60 * 1000)
#define DAYS_LEFT_MIN 14

/* --- The certificate --- */

static void say_certificate(Doctor *doctor, const CertificateFacts *facts)
{
    int64_t days = (facts->until_ms - now_ms()) / DAY_MS;
    bool is_over = facts->until_ms <= now_ms(), is_early = facts->from_ms > now_ms();
    Str about = str_format(doctor->arena, "for " STR_FMT ", %" PRId64 " days left, %zu behind it",
                           STR_ARG(facts->subject), days, facts->chain_count);
    if (is_over || is_early)
        doctor_say(doctor, false, "certificate",
                   str_format(doctor->arena, STR_FMT ": it is %s", STR_ARG(about),
                              is_over ? "over" : "not good yet"),
                   "No client connects: put a new one in its place; it is read by itself.");
    else if (!facts->is_chain_whole)
        doctor_say(doctor, false, "certificate",
                   str_format(doctor->arena, STR_FMT ": the chain to its root is not whole",
                              STR_ARG(about)),
                   "Put the certificates between it and its root behind it in the file, each "
                   "followed by its issuer (often called fullchain.pem).");
    else
        doctor_say(doctor, days >= DAYS_LEFT_MIN, "certificate",
                   facts->is_self_signed
                       ? str_format(doctor->arena, STR_FMT ", signed by itself", STR_ARG(about))
                       : about,
                   "Renew it; the new files are read by themselves.");
}

/* Behind a proxy it is the proxy's that people see. */
static void check_name(Doctor *doctor, const char *certificate)
{
    const Settings *settings = doctor->parts->settings;
    Url url;
    Error ignored;
    if (!settings->public_url.length || settings->trusted_proxies.length ||
        !url_parse(doctor->arena, settings->public_url, &url, &ignored) ||
        certificate_is_for(doctor->arena, certificate, url.host))
        return;
    doctor_say(doctor, false, "certificate name",
               str_format(doctor->arena, "it is not for " STR_FMT ", the host of public_url",
                          STR_ARG(url.host)),
               "Clients refuse it there: get one that names it, or correct public_url.");
}

void doctor_check_certificate(Doctor *doctor)
{
    const Settings *settings = doctor->parts->settings;
    CertificateFacts facts;
    Error err;
    if (!settings->tls_certificate.length)
        return;
    if (certificate_look(doctor->arena, str_c(doctor->arena, settings->tls_certificate),
                         str_c(doctor->arena, settings->tls_key), &facts, &err)) {
        say_certificate(doctor, &facts);
        check_name(doctor, str_c(doctor->arena, settings->tls_certificate));
    } else {
        doctor_say(doctor, false, "certificate", str(err.message),
                   "The pair of before serves on until the files are right; a new start fails.");
    }
}

/* --- Mail --- */

static bool send_mail(const Doctor *doctor, const SmtpServer *server, Error *err)
{
    const Settings *settings = doctor->parts->settings;
    Mail mail = { .from = settings->smtp_from,
                  .to = doctor->wish->mail_to,
                  .subject = S("Lectern can send mail"),
                  .text = S("`lectern doctor --send` sent this. There is nothing to do.\n"),
                  .id = id_new(doctor->arena),
                  .sent_at_ms = now_ms() };
    return smtp_send(server, &mail, err);
}

void doctor_check_mail(Doctor *doctor)
{
    const Settings *settings = doctor->parts->settings;
    bool sends = doctor->wish->mail_to.length > 0;
    SmtpServer server = { .url = settings->smtp_url };
    Error err;
    if (!settings->smtp_url.length) {
        if (sends)
            doctor_say(doctor, false, "mail", S("there is no mail server"),
                       "Set smtp_url and smtp_from.");
        return;
    }
    if (settings->smtp_ca.length)
        server.ca_file = str_c(doctor->arena, settings->smtp_ca);
    bool is_good = sends ? send_mail(doctor, &server, &err) : smtp_try(&server, &err);
    doctor_say(doctor, is_good, "mail",
               !is_good ? str(err.message)
               : sends  ? S("the server took the mail")
                        : S("the server was greeted and signed in to"),
               "Mails wait and are tried again: see smtp_url and smtp_ca, and whether this machine "
               "may reach the server's port.");
}

/* --- Services of models --- */

static void check_service(Doctor *doctor, const SetupService *service)
{
    Arena *arena = doctor->arena;
    ServiceTest test;
    Error err;
    if (service->provider->key_variable && !service->provider->is_local && !service->has_key) {
        doctor_say(doctor, false, "model service",
                   str_format(arena, STR_FMT " has no key", STR_ARG(service->name)),
                   "Give it one under Settings, Model services, or in the file of `gateway`.");
        return;
    }
    if (!doctor->wish->is_deep) {
        doctor_say(doctor, true, "model service",
                   str_format(arena, STR_FMT " is set up", STR_ARG(service->name)), "");
        return;
    }
    bool is_good = models_list_service(doctor->parts->api->models, doctor->scope, arena,
                                       service->name, &test, &err);
    Str why = is_good ? test.problem : str(err.message);
    is_good = is_good && test.lists;
    doctor_say(doctor, is_good, "model service",
               is_good
                   ? str_format(arena, STR_FMT " lists %zu models in %" PRId64 " ms",
                                STR_ARG(service->name), test.models.count, test.took_ms)
                   : str_format(arena, STR_FMT ": " STR_FMT, STR_ARG(service->name), STR_ARG(why)),
               "See its address and key under Settings, Model services.");
}

void doctor_check_model_services(Doctor *doctor)
{
    Setup setup;
    Error err;
    if (!doctor->scope->workspace.length)
        return;
    if (!models_setup(doctor->parts->api->models, doctor->scope, doctor->arena, &setup, &err)) {
        doctor_say(doctor, false, "model services", str(err.message), "See the file of `gateway`.");
        return;
    }
    for (size_t i = 0; i < setup.services.count; i++)
        if (setup.services.at[i].from != FROM_ITSELF && !setup.services.at[i].is_off)
            check_service(doctor, &setup.services.at[i]);
    for (size_t i = 0; i < setup.problems.count; i++)
        doctor_say(doctor, false, "model services",
                   str_format(doctor->arena, STR_FMT " " STR_FMT ": " STR_FMT,
                              STR_ARG(setup.problems.at[i].kind),
                              STR_ARG(setup.problems.at[i].name),
                              STR_ARG(setup.problems.at[i].text)),
                   "It is left out until it is right.");
}
