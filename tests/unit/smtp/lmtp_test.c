/* LMTP (RFC 2033): LHLO, and a reply for each recipient after the dot. */
#include "dialogue.h"

#include "smtp/attempt.h"
#include "smtp/filter.h"
#include "smtp/hello.h"
#include "smtp/pool.h"
#include "smtp/route.h"

static void test_replies(void **state)
{
    static const char *const script[] = {
        "S: 220 far.test LMTP\nC: LHLO me.test\nS: 250-far.test\nS: 250 PIPELINING\n"
        "C: MAIL FROM:<>\nS: 250 Ok\nC: RCPT TO:<a@x.test>\nS: 250 Ok\nC: RCPT TO:<b@x.test>\nS: 550 5.1.1 no\n"
        "C: RCPT TO:<\"c d\"@x.test>\nS: 250 Ok\nC: DATA\nS: 354 go\nD: Subject\nS: 250 2.0.0 saved\nS: 452 4.2.2 full\n",
        NULL};
    struct dialogue_server server = dialogue_start(script);
    struct str nexthop = {0}, want = {0};
    struct delivery_recipient rcpts[] = {{.address = "a@x.test", .original = "", .dsn_orcpt = ""},
        {.address = "b@x.test", .original = "", .dsn_orcpt = ""}, {.address = "c d@x.test", .original = "", .dsn_orcpt = ""}};
    struct delivery d = {.queue_id = "Q", .queue = "active", .sender = "", .encoding = "7bit", .envelope_id = "",
        .recipients = rcpts, .recipient_count = 3, .hop = {"", "", "", "", "", "", ""}};

    (void) state;
    str_addf(&nexthop, "inet:127.0.0.1:%d", server.port);
    d.nexthop = str_text(&nexthop);
    assert_true(dialogue_message(&d, "message", "Subject: x"));
    smtp_deliver(&d);
    smtp_pool_close();
    str_addf(&want,
        "b@x.test bounced 127.0.0.1[127.0.0.1]:%1$d 5.1.1 (host 127.0.0.1[127.0.0.1] said: 550 5.1.1 no (in reply to RCPT TO command))\n"
        "a@x.test sent 127.0.0.1[127.0.0.1]:%1$d 2.0.0 (250 2.0.0 saved)\n"
        "c d@x.test deferred 127.0.0.1[127.0.0.1]:%1$d 4.2.2 (host 127.0.0.1[127.0.0.1] said: 452 4.2.2 full (in reply to end of DATA command))\n",
        server.port);
    assert_string_equal(str_text(&dialogue_events), str_text(&want));
    assert_true(dialogue_end(&server));
    str_done(&nexthop);
    str_done(&want);
}

static int set_up(void **state)
{
    static char dir[] = "/tmp/lmtp_test.XXXXXX";

    (void) state;
    signal(SIGPIPE, SIG_IGN);
    dialogue_program = "lmtp";
    dialogue_settings();
    smtp_route_open();
    smtp_hello_open();
    smtp_filter_open();
    log_add_sink(dialogue_log, NULL);
    return mkdtemp(dir) == NULL || chdir(dir) < 0;
}

static int clean_up(void **state)
{
    char dir[64];

    (void) state;
    arena_done(&dialogue_memory);
    unlink("message");
    return getcwd(dir, sizeof(dir)) == NULL || rmdir(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_replies)};

    return cmocka_run_group_tests(tests, set_up, clean_up);
}
