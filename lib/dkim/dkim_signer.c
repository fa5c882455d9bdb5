#include "dkim/dkim_signer.h"

#include <strings.h>

#include "base/arena.h"
#include "base/mem.h"
#include "base/vec.h"
#include "dkim/dkim_hash.h"

struct field {
    const char *text; /* in the arena */
    size_t len, name_len;
    bool is_signed; /* by the signature that is being made */
};

struct dkim_signer {
    struct arena arena;
    struct vec signatures, fields; /* struct dkim_signature *, struct field *; in the arena */
    struct dkim_body *bodies[2];   /* by canonicalisation; made when first needed, kept */
    bool needs_body[2];
    EVP_MD_CTX *hash;
};

struct dkim_signer *dkim_signer_new(void)
{
    struct dkim_signer *s = mem_zalloc(sizeof(*s));

    s->hash = dkim_hash_new();
    return s;
}

void dkim_signer_reset(struct dkim_signer *s)
{
    for (size_t i = 0; i < s->signatures.count; i++)
        dkim_key_release(((struct dkim_signature *) s->signatures.items[i])->key);
    s->signatures.count = s->fields.count = 0;
    s->needs_body[DKIM_SIMPLE] = s->needs_body[DKIM_RELAXED] = false;
    arena_clear(&s->arena);
}

void dkim_signer_free(struct dkim_signer *s)
{
    if (s == NULL)
        return;
    dkim_signer_reset(s);
    vec_done(&s->signatures, NULL);
    vec_done(&s->fields, NULL);
    dkim_canon_body_free(s->bodies[DKIM_SIMPLE]);
    dkim_canon_body_free(s->bodies[DKIM_RELAXED]);
    EVP_MD_CTX_free(s->hash);
    arena_done(&s->arena);
    mem_free(s);
}

size_t dkim_signer_add(struct dkim_signer *s, const struct dkim_signature *signature)
{
    struct dkim_signature *copy = arena_new(&s->arena, struct dkim_signature);
    enum dkim_canon canon = signature->body_canon;

    *copy = *signature;
    copy->key = dkim_key_hold(signature->key);
    copy->domain = arena_strdup(&s->arena, signature->domain);
    copy->selector = arena_strdup(&s->arena, signature->selector);
    copy->identity = arena_strdup(&s->arena, signature->identity);
    if (!s->needs_body[canon] && s->bodies[canon] != NULL)
        dkim_canon_body_reset(s->bodies[canon]);
    else if (s->bodies[canon] == NULL)
        s->bodies[canon] = dkim_canon_body_new(canon);
    s->needs_body[canon] = true;
    vec_add(&s->signatures, copy);
    return s->signatures.count - 1;
}

void dkim_signer_header(struct dkim_signer *s, const char *text, size_t len)
{
    const char *colon = memchr(text, ':', len);
    struct field *field = arena_new(&s->arena, struct field);

    field->text = arena_strndup(&s->arena, text, len);
    field->len = len;
    field->name_len = colon == NULL ? 0 : (size_t) (colon - text);
    while (field->name_len > 0 && (text[field->name_len - 1] == ' ' || text[field->name_len - 1] == '\t'))
        field->name_len--;
    vec_add(&s->fields, field);
}

void dkim_signer_body(struct dkim_signer *s, const char *bytes, size_t n)
{
    if (s->needs_body[DKIM_SIMPLE])
        dkim_canon_body_add(s->bodies[DKIM_SIMPLE], bytes, n);
    if (s->needs_body[DKIM_RELAXED])
        dkim_canon_body_add(s->bodies[DKIM_RELAXED], bytes, n);
}

/* --- which headers are signed --- */

/* The last header of that name that is not signed yet (RFC 6376 5.4.2), or NULL. */
static struct field *take_field(struct dkim_signer *s, const char *name, size_t name_len)
{
    for (size_t i = s->fields.count; i > 0; i--) {
        struct field *field = s->fields.items[i - 1];

        if (!field->is_signed && field->name_len == name_len && strncasecmp(field->text, name, name_len) == 0) {
            field->is_signed = true;
            return field;
        }
    }
    return NULL;
}

static bool is_in(const char *const *names, const char *name)
{
    for (; names != NULL && *names != NULL; names++)
        if (strcasecmp(*names, name) == 0)
            return true;
    return false;
}

/* --- the text of the header --- */

enum { LINE_COLUMNS = 76 };

static size_t column(const struct str *out)
{
    const char *lf = memrchr(out->data, '\n', out->len);

    return lf == NULL ? out->len : out->len - (size_t) (lf + 1 - out->data);
}

/* Append text that must not be broken, with a fold or the given blank before it. */
static void add_word(struct str *out, const char *blank, const char *text, const char *after)
{
    if (column(out) + strlen(blank) + strlen(text) + strlen(after) > LINE_COLUMNS)
        str_adds(out, *blank == ' ' ? "\n\t" : "\n\t ");
    else
        str_adds(out, blank);
    str_adds(out, text);
    str_adds(out, after);
}

static void add_tag(struct str *out, const char *name, const char *value)
{
    struct str tag = {0};

    str_addf(&tag, "%s=%s", name, value);
    add_word(out, " ", str_text(&tag), ";");
    str_done(&tag);
}

static void add_base64(struct str *out, const void *bytes, size_t n)
{
    char *to = str_grow(out, (n + 2) / 3 * 4);

    EVP_EncodeBlock((unsigned char *) to, bytes, (int) n);
}

/* RFC 6376 2.11: what a quoted-printable value may not have as it is. */
static void add_identity(struct str *out, const char *identity)
{
    struct str encoded = {0};

    for (; *identity != 0; identity++) {
        if (*identity > ' ' && *identity != 0x7f && *identity != ';' && *identity != '=')
            str_addc(&encoded, *identity);
        else
            str_addf(&encoded, "=%02X", (unsigned char) *identity);
    }
    add_tag(out, "i", str_text(&encoded));
    str_done(&encoded);
}

static void add_time(struct str *out, time_t when)
{
    struct str text = {0};

    str_addf(&text, "%lld", (long long) when);
    add_tag(out, "t", str_text(&text));
    str_done(&text);
}

static const char *algorithm_name(enum dkim_algorithm algorithm)
{
    switch (algorithm) {
    case DKIM_RSA_SHA256:
        return "rsa-sha256";
    case DKIM_ED25519_SHA256:
        return "ed25519-sha256";
    }
    return "";
}

static void add_canon(struct str *out, const struct dkim_signature *signature)
{
    struct str text = {0};

    str_addf(&text, "%s/%s", dkim_canon_name(signature->header_canon), dkim_canon_name(signature->body_canon));
    add_tag(out, "c", str_text(&text));
    str_done(&text);
}

static void add_body_hash(struct dkim_signer *s, struct str *out, enum dkim_canon canon)
{
    struct str text = {0};

    add_base64(&text, dkim_canon_body_hash(s->bodies[canon]), DKIM_HASH_LEN);
    add_tag(out, "bh", str_text(&text));
    str_done(&text);
}

/* --- making a signature --- */

static void hash_field(struct dkim_signer *s, enum dkim_canon canon, const struct field *field, struct str *scratch)
{
    str_clear(scratch);
    dkim_canon_header(canon, field->text, field->len, scratch);
    str_add(scratch, "\r\n", 2);
    dkim_hash_add(s->hash, scratch->data, scratch->len);
}

/* Sign every header of that name, and once more than there are if that is wanted. */
static void sign_name(struct dkim_signer *s, const struct dkim_signature *signature, const char *name, bool oversigned,
    struct str *out, struct str *scratch)
{
    size_t len = strlen(name);
    const struct field *field;

    while ((field = take_field(s, name, len)) != NULL) {
        hash_field(s, signature->header_canon, field, scratch);
        add_word(out, "", name, ":");
    }
    if (oversigned)
        add_word(out, "", name, ":");
}

/* h=, and the hash of what it names. */
static void sign_fields(struct dkim_signer *s, const struct dkim_signature *signature, struct str *out)
{
    struct str scratch = {0};

    for (size_t i = 0; i < s->fields.count; i++)
        ((struct field *) s->fields.items[i])->is_signed = false;
    add_word(out, " ", "h=", "");
    for (const char *const *name = signature->headers; *name != NULL; name++)
        sign_name(s, signature, *name, is_in(signature->oversigned, *name), out, &scratch);
    for (const char *const *name = signature->oversigned; name != NULL && *name != NULL; name++)
        if (!is_in(signature->headers, *name))
            sign_name(s, signature, *name, true, out, &scratch);
    if (out->data[out->len - 1] == ':')
        str_cut(out, out->len - 1);
    str_addc(out, ';');
    str_done(&scratch);
}

/* b=: filled to the end of the line, and as many more as it takes. */
static void add_signature(struct str *out, const struct str *signature)
{
    struct str text = {0};

    add_base64(&text, str_text(signature), signature->len);
    for (size_t done = 0; done < text.len;) {
        size_t room = LINE_COLUMNS - column(out), n = text.len - done < room ? text.len - done : room;

        str_add(out, text.data + done, n);
        done += n;
        if (done < text.len)
            str_adds(out, "\n\t ");
    }
    str_done(&text);
}

static void finish_hash(struct dkim_signer *s, enum dkim_canon canon, const struct str *out, size_t start,
    unsigned char hash[DKIM_HASH_LEN])
{
    struct str scratch = {0};

    dkim_canon_header(canon, out->data + start, out->len - start, &scratch);
    dkim_hash_add(s->hash, scratch.data, scratch.len);
    dkim_hash_finish(s->hash, hash);
    str_done(&scratch);
}

bool dkim_signer_finish(struct dkim_signer *s, size_t index, struct str *header, struct str *why)
{
    const struct dkim_signature *signature = s->signatures.items[index];
    unsigned char hash[DKIM_HASH_LEN];
    struct str raw = {0};
    size_t start = header->len;

    dkim_hash_start(s->hash);
    str_adds(header, "DKIM-Signature: v=1;");
    add_tag(header, "a", algorithm_name(dkim_key_algorithm(signature->key)));
    add_canon(header, signature);
    add_tag(header, "d", signature->domain);
    add_tag(header, "s", signature->selector);
    if (signature->identity != NULL)
        add_identity(header, signature->identity);
    if (signature->when != 0)
        add_time(header, signature->when);
    sign_fields(s, signature, header);
    add_body_hash(s, header, signature->body_canon);
    add_word(header, " ", "b=", "");
    finish_hash(s, signature->header_canon, header, start, hash);
    bool ok = dkim_key_sign(signature->key, hash, &raw, why);
    if (ok)
        add_signature(header, &raw);
    else
        str_cut(header, start);
    str_done(&raw);
    return ok;
}
