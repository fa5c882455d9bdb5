#include "cleanup/sign.h"

#include "base/log.h"
#include "base/words.h"
#include "cleanup/content.h"
#include "config/config.h"
#include "dkim/dkim_signer.h"
#include "mail/address.h"
#include "mail/cleanup_client.h"
#include "table/table.h"

static struct table_list *maps;                 /* NULL: nobody signs */
static const char **signed_headers, **oversigned_headers;
static enum dkim_canon header_canon, body_canon;
static struct arena names;                      /* the name lists live in it, as long as the process */

static const char **name_list(const char *text)
{
    struct vec words = {0};

    words_split(&names, text, ":" WORDS_LIST, &words);
    const char **list = arena_zalloc(&names, (words.count + 1) * sizeof(*list));
    for (size_t i = 0; i < words.count; i++)
        list[i] = words.items[i];
    vec_done(&words, NULL);
    return list;
}

static enum dkim_canon canon(const char *name, size_t n)
{
    if (n == strlen("simple") && strncasecmp(name, "simple", n) == 0)
        return DKIM_SIMPLE;
    if (n == strlen("relaxed") && strncasecmp(name, "relaxed", n) == 0)
        return DKIM_RELAXED;
    fatal("file %s/main.cf: parameter dkim_canonicalization: bad value: %s (specify simple or relaxed, header/body)",
        config_dir(), conf.dkim_canonicalization);
}

void cleanup_sign_init(void)
{
    const char *text = conf.dkim_canonicalization, *slash = strchr(text, '/');

    header_canon = canon(text, slash == NULL ? strlen(text) : (size_t) (slash - text));
    body_canon = slash == NULL ? DKIM_SIMPLE : canon(slash + 1, strlen(slash + 1)); /* RFC 6376 3.5, c= */
    signed_headers = name_list(conf.dkim_signed_headers);
    oversigned_headers = name_list(conf.dkim_oversigned_headers);
    if (*conf.dkim_signing_maps != 0)
        maps = table_list_open(conf.dkim_signing_maps, TABLE_FOLD);
}

/* By address, then by domain. */
static enum table_result find(const char *address, struct str *value)
{
    const char *domain = address == NULL ? NULL : address_domain(address);

    if (domain == NULL || *domain == 0)
        return TABLE_ABSENT;
    enum table_result result = table_list_find(maps, address, value);
    return result == TABLE_ABSENT ? table_list_find(maps, domain, value) : result;
}

static void refuse(struct message *m, const char *why)
{
    log_warn("%s: DKIM signing problem: %s -- message not accepted, try again later", m->queue_id, why);
    cleanup_message_refuse(m, CLEANUP_STAT_DEFER, "DKIM signing problem");
}

static void add_signature(struct message *m, const char *domain, const char *selector, const char *key_file)
{
    struct str why = {0}, ascii = {0};
    struct dkim_key *key = dkim_key_load(key_file, &why);

    if (key == NULL)
        refuse(m, str_text(&why));
    else {
        str_set(&ascii, domain);
        str_lower(&ascii);
        struct dkim_signature signature = {
            .key = key, .domain = str_text(&ascii), .selector = selector, .header_canon = header_canon,
            .body_canon = body_canon, .when = m->arrival.tv_sec, .headers = signed_headers,
            .oversigned = oversigned_headers,
        };
        dkim_signer_add(m->signer, &signature);
        dkim_key_release(key);
        m->signature_count++;
    }
    str_done(&why);
    str_done(&ascii);
}

/* "selector key-file[, selector key-file ...]" */
static void add_signatures(struct message *m, const char *domain, const char *value)
{
    struct vec words = {0};

    words_split(&m->arena, value, WORDS_LIST, &words);
    if (words.count == 0 || words.count % 2 != 0)
        refuse(m, "dkim_signing_maps: expected \"selector key-file\"");
    m->signer = dkim_signer_new();
    for (size_t i = 0; i + 1 < words.count && m->status == 0; i += 2)
        add_signature(m, domain, words.items[i], words.items[i + 1]);
    vec_done(&words, NULL);
}

/* The SMTP client folds header lines that are too long for SMTP: it must find none in what is signed. */
static void fold_long_lines(struct arena *a, struct header *header)
{
    size_t limit = (size_t) conf.smtp_line_length_limit, line_len = 0;
    struct str out = {0};

    if (limit <= 1 || header->len <= limit)
        return;
    for (size_t i = 0; i < header->len; i++) {
        if (line_len == limit && header->text[i] != '\n') {
            str_adds(&out, "\n ");
            line_len = 1;
        }
        str_addc(&out, header->text[i]);
        line_len = header->text[i] == '\n' ? 0 : line_len + 1;
    }
    *header = (struct header){.text = arena_strndup(a, out.data, out.len), .len = out.len};
    str_done(&out);
}

void cleanup_sign_begin(struct message *m)
{
    struct str value = {0};
    const char *author = m->from_address;

    if (maps == NULL || (m->flags & CLEANUP_SIGN) == 0)
        return;
    enum table_result result = find(author, &value);
    if (result == TABLE_ABSENT)
        result = find(author = m->sender, &value);
    if (result == TABLE_ERROR)
        refuse(m, "dkim_signing_maps lookup error");
    if (result == TABLE_FOUND)
        add_signatures(m, address_domain(author), str_text(&value));
    for (size_t i = 0; m->signature_count > 0 && i < m->headers.count; i++) {
        struct header *header = m->headers.items[i];
        fold_long_lines(&m->arena, header);
        dkim_signer_header(m->signer, header->text, header->len);
    }
    str_done(&value);
}

void cleanup_sign_end(struct message *m, struct str *records)
{
    struct str header = {0}, why = {0};

    for (size_t i = 0; i < m->signature_count && m->status == 0; i++) {
        str_clear(&header);
        if (!dkim_signer_finish(m->signer, i, &header, &why))
            refuse(m, str_text(&why));
        else
            cleanup_content_add_header(records, header.data, header.len);
    }
    str_done(&header);
    str_done(&why);
}
