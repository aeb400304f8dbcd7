/* certificate.c - see certificate.h. */
#include "net/certificate.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <time.h>

#define NAME_MAX_BYTES 256

/* OpenSSL's first error has the cause, but of a file that holds something else it says nothing that
 * helps. */
static bool explain(Error *err, const char *setting, const char *path, const char *otherwise)
{
    char reason[160];
    unsigned long code = ERR_peek_error();
    bool is_other = ERR_GET_LIB(code) == ERR_LIB_PEM || ERR_GET_LIB(code) == ERR_LIB_OSSL_DECODER;
    snprintf(reason, sizeof reason, "%s", otherwise);
    if (code && !is_other)
        ERR_error_string_n(code, reason, sizeof reason);
    ERR_clear_error();
    return fail(err, ERROR_INVALID, "%s %s: %s", setting, path, reason);
}

static int64_t time_of(const ASN1_TIME *time)
{
    struct tm parts = { 0 };
    return ASN1_TIME_to_tm(time, &parts) == 1 ? (int64_t)timegm(&parts) * 1000 : 0;
}

static Str first_alternative(Arena *arena, X509 *certificate)
{
    GENERAL_NAMES *names = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
    Str found = S("");
    for (int i = 0; i < sk_GENERAL_NAME_num(names) && !found.length; i++) {
        const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);
        if (name->type != GEN_DNS)
            continue;
        const ASN1_IA5STRING *text = name->d.dNSName;
        found = str_copy(arena, (Str){ (const char *)ASN1_STRING_get0_data(text),
                                       (size_t)MIN(ASN1_STRING_length(text), NAME_MAX_BYTES) });
    }
    GENERAL_NAMES_free(names);
    return found;
}

static Str subject_of(Arena *arena, X509 *certificate)
{
    char common[NAME_MAX_BYTES] = "";
    Str name = first_alternative(arena, certificate);
    if (name.length)
        return name;
    X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, common,
                              sizeof common);
    return str_copy(arena, str(common));
}

static bool is_signed_by(X509 *certificate, X509 *issuer)
{
    bool good =
        X509_NAME_cmp(X509_get_issuer_name(certificate), X509_get_subject_name(issuer)) == 0 &&
        X509_verify(certificate, X509_get0_pubkey(issuer)) == 1;
    ERR_clear_error();
    return good;
}

/* Of this machine's. */
static bool leads_to_root(X509 *own, STACK_OF(X509) * chain)
{
    X509_STORE *roots = X509_STORE_new();
    X509_STORE_CTX *context = X509_STORE_CTX_new();
    bool good = X509_STORE_set_default_paths(roots) == 1 &&
                X509_STORE_CTX_init(context, roots, own, chain) == 1;
    if (good) {
        X509_VERIFY_PARAM_set_flags(X509_STORE_CTX_get0_param(context), X509_V_FLAG_NO_CHECK_TIME);
        good = X509_verify_cert(context) == 1;
    }
    X509_STORE_CTX_free(context);
    X509_STORE_free(roots);
    ERR_clear_error();
    return good;
}

/* Each has to be signed by the next. Whether the last leads to a root that clients have can be told
 * of this machine's alone: behind others, which may be a company's own, some certificate has to
 * stand. */
static bool is_whole(X509 *own, STACK_OF(X509) * chain)
{
    X509 *last = own;
    for (int i = 0; i < sk_X509_num(chain); i++) {
        X509 *next = sk_X509_value(chain, i);
        if (!is_signed_by(last, next))
            return false;
        last = next;
    }
    return last != own || is_signed_by(own, own) || leads_to_root(own, chain);
}

static void read_facts(Arena *arena, SSL_CTX *context, CertificateFacts *facts_r)
{
    X509 *own = SSL_CTX_get0_certificate(context);
    STACK_OF(X509) *chain = NULL;
    SSL_CTX_get0_chain_certs(context, &chain);
    *facts_r = (CertificateFacts){ .subject = subject_of(arena, own),
                                   .from_ms = time_of(X509_get0_notBefore(own)),
                                   .until_ms = time_of(X509_get0_notAfter(own)),
                                   .chain_count = (size_t)MAX(sk_X509_num(chain), 0),
                                   .is_self_signed = is_signed_by(own, own),
                                   .is_chain_whole = is_whole(own, chain) };
}

static int no_password(char *bytes, int size, int writes, void *argument)
{
    (void)bytes, (void)size, (void)writes, (void)argument;
    return 0; /* instead of asking at the terminal */
}

bool certificate_use(SSL_CTX *context, const char *certificate, const char *key, Error *err)
{
    ERR_clear_error();
    SSL_CTX_set_default_passwd_cb(context, no_password);
    if (SSL_CTX_use_certificate_chain_file(context, certificate) != 1)
        return explain(err, "tls_certificate", certificate, "it holds no certificate in PEM");
    if (SSL_CTX_use_PrivateKey_file(context, key, SSL_FILETYPE_PEM) != 1)
        return explain(err, "tls_key", key, "it holds no key in PEM without a password");
    return SSL_CTX_check_private_key(context) == 1 ||
           explain(err, "tls_key", key, "it is not the key of the certificate");
}

bool certificate_look(Arena *arena, const char *certificate, const char *key,
                      CertificateFacts *facts_r, Error *err)
{
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());
    if (!context)
        return fail(err, ERROR_INTERNAL, "TLS cannot be begun");
    bool good = certificate_use(context, certificate, key, err);
    if (good)
        read_facts(arena, context, facts_r);
    SSL_CTX_free(context);
    return good;
}

bool certificate_is_for(Arena *arena, const char *certificate, Str host)
{
    FILE *file = fopen(certificate, "re");
    X509 *own = file ? PEM_read_X509(file, NULL, NULL, NULL) : NULL;
    const char *name = str_c(arena, host);
    bool is_for = own && (X509_check_host(own, name, 0, 0, NULL) == 1 ||
                          X509_check_ip_asc(own, name, 0) == 1);
    X509_free(own);
    if (file)
        (void)fclose(file);
    ERR_clear_error();
    return is_for;
}
