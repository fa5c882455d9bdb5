/* literal_find(): the first line of the input is a pattern, the rest a key; where the pattern matches, the
 * texts that it needs are there. */
#define PCRE2_CODE_UNIT_WIDTH 8
#include <ctype.h>
#include <pcre2.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/mem.h"
#include "table/literal.h"

static bool pcre_matches(const char *pattern, const char *key)
{
    int error;
    PCRE2_SIZE offset;
    pcre2_code *code = pcre2_compile(
        (PCRE2_SPTR) pattern, PCRE2_ZERO_TERMINATED, PCRE2_CASELESS | PCRE2_DOTALL, &error, &offset, NULL);

    if (code == NULL)
        return false;
    pcre2_match_data *found = pcre2_match_data_create(1, NULL);
    pcre2_match_context *limits = pcre2_match_context_create(NULL);
    pcre2_set_match_limit(limits, 10000);
    bool is_match = pcre2_match(code, (PCRE2_SPTR) key, PCRE2_ZERO_TERMINATED, 0, 0, found, limits) >= 0;
    pcre2_match_context_free(limits);
    pcre2_match_data_free(found);
    pcre2_code_free(code);
    return is_match;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *pattern = mem_strndup((const char *) data, size), *key = strchr(pattern, '\n');
    struct str texts = {0};

    if (key != NULL && size < 1000) {
        *key++ = 0;
        literal_find(pattern, true, &texts);
        if (texts.len > 0 && pcre_matches(pattern, key)) {
            for (char *p = key; *p != 0; p++)
                *p = (char) tolower((unsigned char) *p);
            for (size_t at = 0; at < texts.len; at += strlen(texts.data + at) + 1)
                if (strstr(key, texts.data + at) == NULL)
                    abort();
        }
    }
    str_done(&texts);
    mem_free(pattern);
    return 0;
}
