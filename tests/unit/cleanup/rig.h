/* rig.h: messages for cleanup's tests: a request in, a queue file out, and no daemon in between. Every address is in its
 * standard form already, so trivial-rewrite is not asked. */
#ifndef TESTS_CLEANUP_RIG_H
#define TESTS_CLEANUP_RIG_H

#include <stdlib.h>

#include "base/clock.h"
#include "cleanup/content.h"
#include "cleanup/envelope.h"
#include "cleanup/inspect.h"
#include "cleanup/message.h"
#include "cleanup/sign.h"
#include "config/config.h"
#include "mail/cleanup_client.h"
#include "queue/envelope.h"
#include "queue/record.h"
#include "tests/unit/table/capture.h"

static struct str rig_head;

static inline void rig_put_recipient(const char *address, const char *original, int notify)
{
    attr_put(&rig_head, "recipient", address);
    attr_put(&rig_head, "original_recipient", original);
    attr_put(&rig_head, "dsn_orcpt", "");
    attr_put_long(&rig_head, "notify", notify);
    attr_end(&rig_head);
}

static inline void rig_set_configuration(void)
{
    conf.queue_file_attribute_count_limit = 100;
    conf.line_length_limit = 2048;
    conf.header_size_limit = 102400;
    conf.header_address_token_limit = 10240;
    conf.mime_nesting_limit = 100;
    conf.mime_boundary_length_limit = 2048;
    conf.message_size_limit = 10240000;
    conf.cleanup_memory_limit = 4194304;
    conf.hopcount_limit = 3;
    conf.duplicate_filter_limit = 1000;
    conf.enable_original_recipient = true;
    conf.cleanup_replace_stray_cr_lf = true;
    conf.detect_8bit_encoding_header = true;
    conf.myhostname = "mta.example";
    conf.myorigin = "origin.example";
    conf.mydestination = conf.recipient_delimiter = conf.virtual_alias_maps = conf.always_bcc = "";
    conf.propagate_unmatched_extensions = conf.parent_domain_matches_subdomains = "";
    conf.message_drop_headers = "bcc, content-length, resent-bcc, return-path";
    conf.remote_header_rewrite_domain = conf.undisclosed_recipients_header = "";
    conf.dkim_signing_maps = conf.dkim_signed_headers = conf.dkim_oversigned_headers = "";
    conf.dkim_canonicalization = "relaxed/simple";
    conf.double_bounce_sender = "double-bounce";
    conf.inet_interfaces = "127.0.0.1";
    conf.inet_protocols = "ipv4";
    conf.proxy_interfaces = "";
    conf.canonical_maps = conf.sender_canonical_maps = conf.recipient_canonical_maps = "";
    conf.canonical_classes = "envelope_sender, envelope_recipient, header_sender, header_recipient";
    conf.sender_canonical_classes = "envelope_sender, header_sender";
    conf.recipient_canonical_classes = "envelope_recipient, header_recipient";
    conf.masquerade_classes = "envelope_sender, header_sender, header_recipient";
    conf.masquerade_domains = conf.masquerade_exceptions = "";
    conf.sender_bcc_maps = conf.recipient_bcc_maps = "";
    conf.header_checks = conf.mime_header_checks = conf.nested_header_checks = conf.body_checks = "";
    conf.message_reject_characters = conf.message_strip_characters = "";
    conf.non_empty_end_of_header_action = "fix_quietly";
    conf.empty_address_recipient = "MAILER-DAEMON";
    conf.body_checks_size_limit = 51200;
}

/* Run a message through; chunk: content goes in pieces of so many bytes. */
static inline void rig_process(struct message *m, const char *context, const char *text, size_t chunk)
{
    struct attrs list;
    struct str lists = {0};

    attr_put(&lists, "rewrite_context", context);
    attr_put(&lists, "sender", "s@a.example");
    attr_put(&lists, "log_message_origin", "client.example[192.0.2.1]");
    attr_put(&lists, "log_protocol_name", "ESMTP");
    attr_put(&lists, "log_helo_name", "helo");
    attr_end(&lists);
    str_add(&lists, str_text(&rig_head), rig_head.len);
    attr_end(&lists);
    *m = (struct message){.queue_id = "4ABCD", .flags = CLEANUP_MASK_EXTERNAL, .arrival = {1000, 5}};
    cleanup_image_init(&m->image, m->queue_id);
    const char *cursor = lists.data, *end = lists.data + lists.len;
    assert_true(attrs_parse(&cursor, end, &list));
    cleanup_envelope_begin(m, &list, cursor, end);
    cleanup_content_begin(m);
    for (size_t n = strlen(text), done = 0; done < n; done += chunk)
        cleanup_content_push(m, text + done, n - done < chunk ? n - done : chunk);
    cleanup_content_end(m);
    cleanup_envelope_end(m);
    str_done(&lists);
}

static inline void rig_release(struct message *m)
{
    mime_free(m->mime);
    cleanup_image_done(&m->image);
    vec_done(&m->headers, NULL);
    vec_done(&m->header_ids, NULL);
    hash_done(&m->seen, NULL);
    str_done(&m->reason);
    str_done(&m->line);
    vec_done(&m->bcc, NULL);
    checks_found_done(&m->found);
    arena_done(&m->arena);
}

/* The content records, "N text" one a line. */
static inline void rig_content_of(const struct message *m, struct str *out)
{
    struct record_reader reader = {.bytes = m->image.bytes.data, .n = m->image.bytes.len, .next = m->data_offset};
    struct record r;

    str_set(out, "");
    while (record_read(&reader, &r) == RECORD_OK && r.type != REC_EXTRACTED)
        str_addf(out, "%c %.*s\n", r.type, (int) r.len, r.payload);
}

#endif
