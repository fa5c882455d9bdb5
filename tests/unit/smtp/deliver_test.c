/* Whole deliveries against servers that play a script: which reply means what. */
#include "dialogue.h"

#include "base/loop.h"
#include "base/task.h"
#include "smtp/attempt.h"
#include "smtp/filter.h"
#include "smtp/hello.h"
#include "smtp/pool.h"
#include "smtp/route.h"

#define HELLO "S: 220 far.test ESMTP\nC: EHLO me.test\nS: 250-far.test\nS: 250 PIPELINING\n"
#define PLAIN "S: 220 far.test\nC: EHLO me.test\nS: 502 what?\nC: HELO me.test\nS: 250 far.test\n"
#define MAIL "C: MAIL FROM:<s@x.test>\nS: 250 2.1.0 Ok\n"
#define RCPT_A "C: RCPT TO:<a@x.test>\nS: 250 2.1.5 Ok\n"
#define RCPT_B "C: RCPT TO:<b@x.test>\nS: 250 2.1.5 Ok\n"
#define DATA "C: DATA\nS: 354 go\nD: ..dot\nS: 250 2.0.0 Ok: queued\n"

enum { SERVERS = 2, SESSIONS = 4, RCPTS = 2 };

/* %1 and %2 stand for the ports of the servers. With two servers the next hop lists both. */
static const struct {
    const char *what;
    const char *scripts[SERVERS][SESSIONS];
    const char *events;
    const char *hop;
    const char *rcpts[RCPTS];
    int deliveries;    /* of the same message, one after the other; 0: one */
    int flags, sendopts;
} cases[] = {
    {"pipelined", {{HELLO MAIL RCPT_A RCPT_B DATA}},
        "a@x.test sent 127.0.0.1[127.0.0.1]:%1 2.0.0 (250 2.0.0 Ok: queued)\n"
        "b@x.test sent 127.0.0.1[127.0.0.1]:%1 2.0.0 (250 2.0.0 Ok: queued)\n", "", {"a@x.test", "b@x.test"}, 0, 0, 0},
    {"one by one, HELO", {{PLAIN MAIL RCPT_A DATA}},
        "a@x.test sent 127.0.0.1[127.0.0.1]:%1 2.0.0 (250 2.0.0 Ok: queued)\n", "", {"a@x.test"}, 0, 0, 0},
    {"session used again", {{HELLO MAIL RCPT_A DATA MAIL RCPT_A DATA}},
        "a@x.test sent 127.0.0.1[127.0.0.1]:%1 2.0.0 (250 2.0.0 Ok: queued)\n"
        "a@x.test sent 127.0.0.1[127.0.0.1]:%1, conn_use=2 2.0.0 (250 2.0.0 Ok: queued)\n", "", {"a@x.test"}, 2, 0, 0},
    {"dead session replaced", {{HELLO MAIL RCPT_A DATA "X", HELLO MAIL RCPT_A DATA}},
        "a@x.test sent 127.0.0.1[127.0.0.1]:%1 2.0.0 (250 2.0.0 Ok: queued)\n"
        "a@x.test sent 127.0.0.1[127.0.0.1]:%1 2.0.0 (250 2.0.0 Ok: queued)\n", "", {"a@x.test"}, 2, 0, 0},
    {"session said 421 while it rested", {{HELLO MAIL RCPT_A DATA "S: 421 bye\nX", HELLO MAIL RCPT_A DATA}},
        "a@x.test sent 127.0.0.1[127.0.0.1]:%1 2.0.0 (250 2.0.0 Ok: queued)\n"
        "a@x.test sent 127.0.0.1[127.0.0.1]:%1 2.0.0 (250 2.0.0 Ok: queued)\n", "", {"a@x.test"}, 2, 0, 0},
    {"RSET after recipients were refused",
        {{HELLO MAIL "C: RCPT TO:<a@x.test>\nS: 550 5.1.1 no\nC: DATA\nS: 554 no\n"
                     "C: RSET\nS: 250 Ok\n" MAIL "C: RCPT TO:<a@x.test>\nS: 550 5.1.1 no\nC: DATA\nS: 554 no\n"}},
        "a@x.test bounced 127.0.0.1[127.0.0.1]:%1 5.1.1 (host 127.0.0.1[127.0.0.1] said: 550 5.1.1 no (in reply to RCPT TO command))\n"
        "a@x.test bounced 127.0.0.1[127.0.0.1]:%1, conn_use=2 5.1.1 (host 127.0.0.1[127.0.0.1] said: 550 5.1.1 no (in reply to RCPT TO command))\n",
        "", {"a@x.test"}, 2, 0, 0},
    {"one recipient refused", {{HELLO MAIL "C: RCPT TO:<a@x.test>\nS: 550-5.1.1 no\nS: 550 5.1.1 such user\n" RCPT_B DATA}},
        "a@x.test bounced 127.0.0.1[127.0.0.1]:%1 5.1.1 (host 127.0.0.1[127.0.0.1] said: 550-5.1.1 no 550 5.1.1 such user (in reply to RCPT TO command))\n"
        "b@x.test sent 127.0.0.1[127.0.0.1]:%1 2.0.0 (250 2.0.0 Ok: queued)\n", "", {"a@x.test", "b@x.test"}, 0, 0, 0},
    {"go-ahead for nobody", {{HELLO MAIL "C: RCPT TO:<a@x.test>\nS: 550 no\nC: DATA\nS: 354 go\nD: \nS: 554 nobody\n"}},
        "a@x.test bounced 127.0.0.1[127.0.0.1]:%1 5.0.0 (host 127.0.0.1[127.0.0.1] said: 550 no (in reply to RCPT TO command))\n",
        "", {"a@x.test"}, 0, 0, 0},
    {"552 to RCPT is no other refusal", {{HELLO MAIL "C: RCPT TO:<a@x.test>\nS: 552 5.5.3 too many\nC: DATA\nS: 554 no\n"}},
        "a@x.test bounced 127.0.0.1[127.0.0.1]:%1 5.5.3 (host 127.0.0.1[127.0.0.1] said: 552 5.5.3 too many (in reply to RCPT TO command))\n",
        "", {"a@x.test"}, 0, 0, 0},
    {"sender refused", {{HELLO "C: MAIL FROM\nS: 550 5.7.1 you?\nC: RCPT\nS: 503 x\nC: RCPT\nS: 503 x\nC: DATA\nS: 503 x\n"}},
        "a@x.test bounced 127.0.0.1[127.0.0.1]:%1 5.7.1 (host 127.0.0.1[127.0.0.1] said: 550 5.7.1 you? (in reply to MAIL FROM command))\n"
        "b@x.test bounced 127.0.0.1[127.0.0.1]:%1 5.7.1 (host 127.0.0.1[127.0.0.1] said: 550 5.7.1 you? (in reply to MAIL FROM command))\n",
        "", {"a@x.test", "b@x.test"}, 0, 0, 0},
    {"content refused", {{HELLO MAIL RCPT_A "C: DATA\nS: 354 go\nD: ..dot\nS: 554 5.7.1 spam\n"}},
        "a@x.test bounced 127.0.0.1[127.0.0.1]:%1 5.7.1 (host 127.0.0.1[127.0.0.1] said: 554 5.7.1 spam (in reply to end of DATA command))\n",
        "", {"a@x.test"}, 0, 0, 0},
    {"soft failure, next server takes it",
        {{HELLO MAIL "C: RCPT TO:<a@x.test>\nS: 450 4.2.0 later\n" RCPT_B DATA}, {HELLO MAIL RCPT_A DATA}},
        "log: Q: host 127.0.0.1[127.0.0.1] said: 450 4.2.0 later (in reply to RCPT TO command)\n"
        "b@x.test sent 127.0.0.1[127.0.0.1]:%1 2.0.0 (250 2.0.0 Ok: queued)\n"
        "a@x.test sent 127.0.0.1[127.0.0.1]:%2 2.0.0 (250 2.0.0 Ok: queued)\n", "", {"a@x.test", "b@x.test"}, 0, 0, 0},
    {"hard failure, next server is not asked",
        {{HELLO MAIL "C: RCPT TO:<a@x.test>\nS: 550 5.1.1 no\nC: DATA\nS: 554 no\n"}, {NULL}},
        "a@x.test bounced 127.0.0.1[127.0.0.1]:%1 5.1.1 (host 127.0.0.1[127.0.0.1] said: 550 5.1.1 no (in reply to RCPT TO command))\n",
        "", {"a@x.test"}, 0, 0, 0},
    {"nobody listens", {{NULL}},
        "log: connect to 127.0.0.1[127.0.0.1]:%1: Connection refused\n"
        "a@x.test deferred none 4.4.1 (connect to 127.0.0.1[127.0.0.1]:%1: Connection refused)\n",
        "4.4.1", {"a@x.test"}, 0, 0, 0},
    {"5xx greeting is soft", {{"S: 554 5.7.1 go away\n"}},
        "a@x.test deferred 127.0.0.1[127.0.0.1]:%1 4.7.1 (host 127.0.0.1[127.0.0.1] refused to talk to me: 554 5.7.1 go away)\n",
        "4.7.1", {"a@x.test"}, 0, 0, 0},
    {"greeting refused, next server", {{"S: 421 busy\n"}, {HELLO MAIL RCPT_A DATA}},
        "log: Q: host 127.0.0.1[127.0.0.1] refused to talk to me: 421 busy\n"
        "a@x.test sent 127.0.0.1[127.0.0.1]:%2 2.0.0 (250 2.0.0 Ok: queued)\n", "", {"a@x.test"}, 0, 0, 0},
    {"lost before the greeting", {{"X"}},
        "a@x.test deferred 127.0.0.1[127.0.0.1]:%1 4.4.2 (lost connection with 127.0.0.1[127.0.0.1] while receiving the initial server greeting)\n",
        "4.4.2", {"a@x.test"}, 0, 0, 0},
    {"lost after the dot", {{HELLO MAIL RCPT_A "C: DATA\nS: 354 go\nD: ..dot\nX"}},
        "a@x.test deferred 127.0.0.1[127.0.0.1]:%1 4.4.2 (lost connection with 127.0.0.1[127.0.0.1] while sending end of data -- message may be sent more than once)\n",
        "4.4.2", {"a@x.test"}, 0, 0, 0},
    {"SIZE too small", {{"S: 220 far.test ESMTP\nC: EHLO\nS: 250-far.test\nS: 250 SIZE 10\n"}},
        "a@x.test bounced 127.0.0.1[127.0.0.1]:%1 5.3.4 (message size 26 exceeds size limit 10 of server 127.0.0.1[127.0.0.1])\n",
        "", {"a@x.test"}, 0, 0, 0},
    {"SMTPUTF8 needed", {{HELLO}},
        "a@x.test bounced 127.0.0.1[127.0.0.1]:%1 5.6.7 (SMTPUTF8 is required, but was not offered by host 127.0.0.1[127.0.0.1])\n",
        "", {"a@x.test"}, 0, 0, SENDOPT_SMTPUTF8_REQUESTED | SENDOPT_UTF8_SENDER},
    {"probe stops after RCPT", {{HELLO MAIL RCPT_A}},
        "a@x.test sent 127.0.0.1[127.0.0.1]:%1 2.1.5 (250 2.1.5 Ok)\n", "", {"a@x.test"}, 0, DELIVERY_TRACE_BV, 0},
    {"all parameters",
        {{"S: 220 far.test ESMTP\nC: EHLO me.test\nS: 250-far.test\nS: 250-SIZE 1000\nS: 250-DSN\nS: 250-SMTPUTF8\nS: 250 8BITMIME\n"
          "C: MAIL FROM:<s@x.test> SIZE=26 BODY=7BIT ENVID=e+2Bid RET=HDRS SMTPUTF8\nS: 250 Ok\n"
          "C: RCPT TO:<a@x.test> ORCPT=rfc822;o+2Bx@x.test NOTIFY=SUCCESS,FAILURE\nS: 250 Ok\n" DATA}},
        "a@x.test sent 127.0.0.1[127.0.0.1]:%1 2.0.0 (250 2.0.0 Ok: queued)\n", "", {"a@x.test"}, 0, 0, SENDOPT_SMTPUTF8_REQUESTED},
};

static void add_ports(struct str *out, const char *text, const struct dialogue_server *servers)
{
    for (; *text != 0; text++)
        if (*text == '%') {
            text++;
            str_addf(out, "%d", servers[*text - '1'].port);
        } else
            str_addc(out, *text);
}

static void play(size_t i, const char *nexthop)
{
    struct delivery_recipient rcpts[RCPTS];
    struct delivery d = {.queue_id = "Q", .queue = "active", .sender = "s@x.test", .encoding = "7bit", .nexthop = nexthop,
        .envelope_id = "e+id", .dsn_ret = DSN_RET_HDRS, .client_name = "", .client_address = "", .client_port = "",
        .client_proto = "", .client_helo = "", .log_ident = "", .rewrite_context = "", .sasl_sender = "",
        .recipients = rcpts, .flags = cases[i].flags, .sendopts = cases[i].sendopts, .hop = {"", "", "", "", "", "", ""}};

    for (size_t r = 0; r < RCPTS && cases[i].rcpts[r] != NULL; r++)
        rcpts[d.recipient_count++] = (struct delivery_recipient){.address = cases[i].rcpts[r], .original = "o+x@x.test",
            .dsn_orcpt = "", .dsn_notify = DSN_NOTIFY_SUCCESS | DSN_NOTIFY_FAILURE};
    assert_true(dialogue_message(&d, "message", "Subject: x\n\n.dot\nlast"));
    smtp_deliver(&d);
    assert_string_equal(d.hop.status, cases[i].hop);
    arena_done(&dialogue_memory);
}

static void test_dialogues(void **state)
{
    struct dialogue_server servers[SERVERS];

    (void) state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct str nexthop = {0}, want = {0};
        print_message("%s\n", cases[i].what);
        for (int n = 0; n < SERVERS; n++)
            servers[n] = dialogue_start(cases[i].scripts[n]);
        str_addf(&nexthop, "[127.0.0.1]:%d", servers[0].port);
        if (cases[i].scripts[1][0] != NULL)
            str_addf(&nexthop, ", [127.0.0.1]:%d", servers[1].port);
        str_clear(&dialogue_events);
        for (int n = 0; n < (cases[i].deliveries > 0 ? cases[i].deliveries : 1); n++)
            play(i, str_text(&nexthop));
        smtp_pool_close();
        add_ports(&want, cases[i].events, servers);
        assert_string_equal(str_text(&dialogue_events), str_text(&want));
        for (int n = 0; n < SERVERS; n++)
            assert_true(dialogue_end(&servers[n]));
        str_done(&nexthop);
        str_done(&want);
    }
}

static void test_withdrawn(void **state)
{
    static const char *const script[] = {HELLO MAIL RCPT_A "C: DATA\nS: 354 go\nX", NULL};
    struct dialogue_server server = dialogue_start(script);
    struct str nexthop = {0};

    (void) state;
    str_addf(&nexthop, "[127.0.0.1]:%d", server.port);
    str_clear(&dialogue_events);
    dialogue_refuses_commit = true;
    play(1, str_text(&nexthop));
    dialogue_refuses_commit = false;
    assert_string_equal(str_text(&dialogue_events), "");
    dialogue_end(&server);
    str_done(&nexthop);
}

/* Without a connection there is no descriptor to close: not that of standard input either. */
static void test_no_local_address(void **state)
{
    const char *address = conf.smtp_bind_address;
    struct delivery_recipient r = {.address = "a@x.test", .original = "", .dsn_orcpt = ""};
    struct delivery d = {.queue_id = "Q", .queue = "active", .sender = "s@x.test", .encoding = "7bit",
        .nexthop = "[127.0.0.1]:9", .envelope_id = "", .recipients = &r, .recipient_count = 1,
        .hop = {"", "", "", "", "", "", ""}};
    int null = open("/dev/null", O_RDONLY), before = dup(STDIN_FILENO);

    (void) state;
    dup2(null, STDIN_FILENO);
    conf.smtp_bind_address = "192.0.2.1";
    conf.smtp_bind_address_enforce = true;
    str_clear(&dialogue_events);
    assert_true(dialogue_message(&d, "message", "Subject: x\n\ntext"));
    smtp_deliver(&d);
    assert_string_equal(d.hop.status, "4.4.0");
    assert_true(fcntl(STDIN_FILENO, F_GETFD) >= 0);
    conf.smtp_bind_address = address;
    conf.smtp_bind_address_enforce = false;
    dup2(before, STDIN_FILENO);
    close(before);
    close(null);
    arena_done(&dialogue_memory);
}

/* Two deliveries at once, and a session that is known to answer quickly: the second begins behind
 * the dot of the first, before the server has answered it. */
static int tasks_left;

static void deliver_in_task(void *nexthop)
{
    struct delivery_recipient r = {.address = "a@x.test", .original = "", .dsn_orcpt = ""};
    struct delivery d = {.queue_id = "Q", .queue = "active", .sender = "s@x.test", .encoding = "7bit", .nexthop = nexthop,
        .envelope_id = "", .recipients = &r, .recipient_count = 1, .hop = {"", "", "", "", "", "", ""}};

    assert_true(dialogue_message(&d, "message", "Subject: x\n\n.dot"));
    smtp_deliver(&d);
    if (--tasks_left == 2) {
        task_start(deliver_in_task, nexthop);
        task_start(deliver_in_task, nexthop);
    }
    if (tasks_left == 0)
        loop_stop();
}

static void test_follow(void **state)
{
    static const char *const script[] = {HELLO MAIL RCPT_A DATA MAIL RCPT_A
        "C: DATA\nS: 354 go\nD: ..dot\nC: MAIL FROM\nC: RCPT TO\nC: DATA\n"
        "S: 250 2.0.0 Ok: queued\nS: 250 Ok\nS: 250 Ok\nS: 354 go\nD: ..dot\nS: 250 2.0.0 Ok: queued\n", NULL};
    struct dialogue_server server = dialogue_start(script);
    struct str nexthop = {0}, want = {0};

    (void) state;
    str_addf(&nexthop, "[127.0.0.1]:%d", server.port);
    str_clear(&dialogue_events);
    tasks_left = 3;
    task_start(deliver_in_task, (void *) str_text(&nexthop));
    loop_run();
    smtp_pool_close();
    add_ports(&want, "a@x.test sent 127.0.0.1[127.0.0.1]:%1 2.0.0 (250 2.0.0 Ok: queued)\n"
        "a@x.test sent 127.0.0.1[127.0.0.1]:%1, conn_use=2 2.0.0 (250 2.0.0 Ok: queued)\n"
        "a@x.test sent 127.0.0.1[127.0.0.1]:%1, conn_use=3 2.0.0 (250 2.0.0 Ok: queued)\n", &server);
    assert_string_equal(str_text(&dialogue_events), str_text(&want));
    assert_true(dialogue_end(&server));
    arena_done(&dialogue_memory);
    str_done(&nexthop);
    str_done(&want);
}

static int set_up(void **state)
{
    static char dir[] = "/tmp/deliver_test.XXXXXX";

    (void) state;
    signal(SIGPIPE, SIG_IGN);
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
    unlink("message");
    return getcwd(dir, sizeof(dir)) == NULL || rmdir(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_dialogues), cmocka_unit_test(test_withdrawn),
        cmocka_unit_test(test_no_local_address), cmocka_unit_test(test_follow)};

    return cmocka_run_group_tests(tests, set_up, clean_up);
}
