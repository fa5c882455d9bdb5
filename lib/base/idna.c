#include "base/idna.h"

#include <ctype.h>

#include "base/utf8.h"

/* RFC 1123 2.1, with '_'; UTS 46 lets blanks, brackets and the like pass. */
static bool is_host_name(const char *name)
{
    bool in_label = false, all_digits = true;

    for (; *name != 0; name++) {
        if (*name == '.' && !in_label)
            return false;
        in_label = *name != '.';
        if (in_label && strchr("0123456789", *name) == NULL)
            all_digits = false;
        if (in_label && !isalnum((unsigned char) *name) && *name != '-' && *name != '_')
            return false;
    }
    return in_label && !all_digits;
}

#ifdef WITH_ICU
#include <unicode/uidna.h>

#include "base/log.h"

enum { NAME_ROOM = 1024 }; /* far more than a name may have */

typedef int32_t convert_fn(const UIDNA *, const char *, int32_t, char *, int32_t, UIDNAInfo *, UErrorCode *);

static bool is_transitional;
static UIDNA *idna; /* ICU's tables, opened at the first conversion: that is dear */

static const UIDNA *processor(void)
{
    UErrorCode error = U_ZERO_ERROR;

    if (idna != NULL)
        return idna;
    idna = uidna_openUTS46(
        is_transitional ? UIDNA_DEFAULT : UIDNA_NONTRANSITIONAL_TO_ASCII | UIDNA_NONTRANSITIONAL_TO_UNICODE, &error);
    if (U_FAILURE(error))
        fatal("ICU library has no IDNA data: %s", u_errorName(error));
    return idna;
}

static bool convert(convert_fn *fn, const char *domain, struct str *out)
{
    UErrorCode error = U_ZERO_ERROR;
    UIDNAInfo info = UIDNA_INFO_INITIALIZER;
    size_t len = strlen(domain);

    str_clear(out);
    if (len >= NAME_ROOM || !utf8_is_valid(domain, len))
        return false;
    int32_t n = fn(processor(), domain, (int32_t) len, str_grow(out, NAME_ROOM), NAME_ROOM, &info, &error);
    bool ok = U_SUCCESS(error) && info.errors == 0 && n > 0 && n <= NAME_ROOM;
    str_cut(out, ok ? (size_t) n : 0);
    return ok;
}

void idna_set_transitional(bool on)
{
    if (on != is_transitional) {
        uidna_close(idna);
        idna = NULL;
    }
    is_transitional = on;
}

bool idna_to_ascii(const char *domain, struct str *out)
{
    if (convert(uidna_nameToASCII_UTF8, domain, out) && is_host_name(str_text(out)))
        return true;
    str_clear(out);
    return false;
}

bool idna_to_utf8(const char *domain, struct str *out)
{
    return idna_to_ascii(domain, out) && convert(uidna_nameToUnicodeUTF8, domain, out);
}

#else

static bool ascii_only(const char *domain, struct str *out)
{
    bool ok = utf8_is_ascii(domain, strlen(domain)) && is_host_name(domain);

    str_set(out, ok ? domain : "");
    str_lower(out);
    return ok;
}

void idna_set_transitional(bool on)
{
    (void) on;
}

bool idna_to_ascii(const char *domain, struct str *out)
{
    return ascii_only(domain, out);
}

bool idna_to_utf8(const char *domain, struct str *out)
{
    return ascii_only(domain, out);
}

#endif
