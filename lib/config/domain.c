#include "config/domain.h"

#include "base/utf8.h"

#ifdef WITH_ICU

#include <unicode/uidna.h>

enum { DOMAIN_ROOM = 1024 };

typedef int32_t conversion(const UIDNA *, const char *, int32_t, char *, int32_t, UIDNAInfo *, UErrorCode *);

static bool convert(conversion *to, const char *domain, struct str *out)
{
    char result[DOMAIN_ROOM];
    UErrorCode status = U_ZERO_ERROR;
    UIDNAInfo info = UIDNA_INFO_INITIALIZER;
    UIDNA *idna = uidna_openUTS46(
        UIDNA_NONTRANSITIONAL_TO_ASCII | UIDNA_NONTRANSITIONAL_TO_UNICODE | UIDNA_CHECK_BIDI | UIDNA_CHECK_CONTEXTJ,
        &status);

    int32_t len = to(idna, domain, -1, result, sizeof(result), &info, &status);
    uidna_close(idna);
    if (U_FAILURE(status) || info.errors != 0 || len >= DOMAIN_ROOM)
        return false;
    str_add(out, result, (size_t) len);
    return true;
}

bool domain_to_ascii(const char *domain, struct str *out)
{
    /* ICU would refuse "_tcp.example" and addresses in brackets, which are as ASCII as can be. */
    if (utf8_is_ascii(domain, strlen(domain))) {
        str_adds(out, domain);
        return true;
    }
    return convert(uidna_nameToASCII_UTF8, domain, out);
}

bool domain_to_utf8(const char *domain, struct str *out)
{
    return convert(uidna_nameToUnicodeUTF8, domain, out);
}

#else

bool domain_to_ascii(const char *domain, struct str *out)
{
    if (!utf8_is_ascii(domain, strlen(domain)))
        return false;
    str_adds(out, domain);
    return true;
}

bool domain_to_utf8(const char *domain, struct str *out)
{
    return domain_to_ascii(domain, out);
}

#endif
