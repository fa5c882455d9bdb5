/* A message on its way to a cleanup in the same process, over a real socket. */
#include "mail/cleanup_client.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "base/loop.h"
#include "base/net.h"
#include "base/task.h"
#include "config/config.h"
#include "ipc/attr.h"
#include "ipc/mux.h"
#include "queue/qid.h"
#include "tests/unit/test.h"

static struct {
    struct str head, content;
    int requests, cancelled, frames;
    int status;                /* of the next reply */
    const char *reason;
    bool hangs_up, is_file_store;
} server;

static int listener;

static void opened(struct mux *m)
{
    struct str hello = {0};

    attr_put_long(&hello, "id_slot", 5);
    attr_put(&hello, "store", server.is_file_store ? "file" : "journal");
    attr_end(&hello);
    mux_hello(m, &hello);
    str_done(&hello);
}

static void answer(struct request *r, const char *bytes, size_t n)
{
    struct str reply = {0};
    struct attrs list;

    if (attrs_parse(&bytes, bytes + n, &list) && strcmp(attrs_text(&list, "request", ""), "reserve") == 0) {
        attr_put(&reply, "queue_id", "RESERVED1");
        attr_put_long(&reply, "sec", 100);
        attr_put_long(&reply, "usec", 200);
    } else {
        attr_put_long(&reply, "status", server.status);
        attr_put(&reply, "reason", server.reason == NULL ? "" : server.reason);
    }
    attr_end(&reply);
    request_reply(r, &reply);
    str_done(&reply);
}

static void serve(struct request *r)
{
    struct str data = {0};
    size_t n;
    const char *head = request_head(r, &n);

    server.requests++;
    str_clear(&server.head);
    str_add(&server.head, head, n);
    str_clear(&server.content);
    while (request_read(r, &data)) {
        server.frames++;
        str_add(&server.content, data.data, data.len);
    }
    str_done(&data);
    if (server.hangs_up)
        mux_close(request_mux(r));
    if (request_is_cancelled(r))
        server.cancelled++;
    answer(r, str_text(&server.head), server.head.len);
}

static const struct mux_handler handler = {.request = serve, .in_task = true, .opened = opened};

static void accept_client(void *arg)
{
    (void) arg;
    mux_new_server(accept(listener, NULL, NULL), &handler, NULL);
}

/* The named attribute of the n-th list of the head; "" if it is not there. */
static const char *head_value(int n, const char *name)
{
    static struct attrs list;
    const char *cursor = str_text(&server.head), *end = cursor + server.head.len;

    for (int i = 0; i <= n; i++)
        assert_true(attrs_parse(&cursor, end, &list));
    return attrs_text(&list, name, "");
}

static struct cleanup_message *begin(void)
{
    struct cleanup_message *m = cleanup_open(CLEANUP_MASK_EXTERNAL);

    assert_non_null(m);
    cleanup_attr(m, "sender", "a@b");
    cleanup_attr(m, "client_name", "host");
    cleanup_recipient(m, "x@y", "X@y", "rfc822;x@y", 1);
    cleanup_recipient(m, "z@y", "z@y", NULL, 0);
    return m;
}

static void small_message(void)
{
    struct str reason = {0};
    char id[QID_SIZE];
    struct cleanup_message *m = begin();

    server.frames = 0;
    snprintf(id, sizeof(id), "%s", cleanup_queue_id(m));
    assert_true(qid_is_valid(id));
    assert_true(cleanup_content(m, "a: b\n", 5));
    cleanup_add_flags(m, CLEANUP_HOLD);
    assert_true(cleanup_content(m, "\nc\n", 3));
    assert_int_equal(cleanup_commit(m, &reason), 0);
    assert_string_equal(str_text(&server.content), "a: b\n\nc\n");
    assert_int_equal(server.frames, 1); /* all of it left at once */
    assert_string_equal(head_value(0, "request"), "message");
    assert_string_equal(head_value(0, "queue_id"), id);
    assert_int_equal(atoi(head_value(0, "flags")), CLEANUP_MASK_EXTERNAL | CLEANUP_HOLD);
    assert_string_equal(head_value(0, "sender"), "a@b");
    assert_string_equal(head_value(1, "recipient"), "x@y");
    assert_string_equal(head_value(1, "original_recipient"), "X@y");
    assert_string_equal(head_value(1, "notify"), "1");
    assert_string_equal(head_value(2, "dsn_orcpt"), "");
    str_done(&reason);
}

static void large_message(void)
{
    static char line[1000];
    struct cleanup_message *m = begin();

    memset(line, 'x', sizeof(line));
    for (int i = 0; i < 1000; i++)
        assert_true(cleanup_content(m, line, sizeof(line)));
    assert_int_equal(cleanup_commit(m, NULL), 0);
    assert_int_equal(server.content.len, 1000 * sizeof(line));
}

static void kept_message(void)
{
    static char line[40000];
    struct cleanup_message *m = begin();

    cleanup_keep(m);
    cleanup_content(m, line, sizeof(line));
    cleanup_attr(m, "filter", "smtp:late");
    assert_int_equal(cleanup_commit(m, NULL), 0);
    assert_string_equal(head_value(0, "filter"), "smtp:late");
}

static void refused_message(void)
{
    struct str reason = {0};
    struct cleanup_message *m = begin();

    server.status = CLEANUP_STAT_CONT;
    server.reason = "5.7.1 no";
    cleanup_content(m, "x\n", 2);
    assert_int_equal(cleanup_commit(m, &reason), CLEANUP_STAT_CONT);
    assert_string_equal(str_text(&reason), "5.7.1 no");
    server.status = 0;
    server.reason = NULL;
    str_done(&reason);
}

static void cancelled_message(void)
{
    int before = server.cancelled;
    struct cleanup_message *m = begin();

    cleanup_content(m, "x\n", 2);
    cleanup_cancel(m);
    cleanup_cancel(NULL);
    task_sleep(20);
    assert_int_equal(server.cancelled, before + 1);
}

/* The connection is lost before the answer: nobody knows, so it is not accepted. The next is. */
static void lost_message(void)
{
    struct cleanup_message *m = begin();

    server.hangs_up = true;
    cleanup_content(m, "x\n", 2);
    assert_int_equal(cleanup_commit(m, NULL), CLEANUP_STAT_BAD);
    server.hangs_up = false;
    m = begin();
    cleanup_content(m, "x\n", 2);
    assert_int_equal(cleanup_commit(m, NULL), 0);
}

static void reserved_message(void)
{
    struct cleanup_message *m = begin();

    /* A cleanup that stores files says so when it is connected to. */
    server.hangs_up = server.is_file_store = true;
    cleanup_commit(m, NULL);
    server.hangs_up = false;
    m = begin();
    assert_string_equal(cleanup_queue_id(m), "RESERVED1");
    cleanup_content(m, "x\n", 2);
    assert_int_equal(cleanup_commit(m, NULL), 0);
    assert_string_equal(head_value(0, "sec"), "100");
    assert_string_equal(head_value(0, "usec"), "200");
}

static void run_task(void *arg)
{
    void (*const *test)(void) = arg;

    (*test)();
    loop_stop();
}

/* cmocka's failures jump out of the task's stack, which ends the process as well as any. */
static void test_in_task(void **state)
{
    task_start(run_task, *state);
    loop_run();
}

static void test_words(void **state)
{
    (void) state;
    assert_int_equal(cleanup_words(0)->smtp_code, 250);
    assert_int_equal(cleanup_words(CLEANUP_STAT_SIZE)->smtp_code, 552);
    assert_string_equal(cleanup_words(CLEANUP_STAT_SPACE)->dsn, "4.3.1");
    assert_string_equal(cleanup_words(CLEANUP_STAT_BAD)->text, "queue file write error");
}

int main(void)
{
    static void (*steps[])(void) = {small_message, large_message, kept_message, refused_message, cancelled_message,
        lost_message, reserved_message};
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_words),
        cmocka_unit_test_prestate(test_in_task, &steps[0]), cmocka_unit_test_prestate(test_in_task, &steps[1]),
        cmocka_unit_test_prestate(test_in_task, &steps[2]), cmocka_unit_test_prestate(test_in_task, &steps[3]),
        cmocka_unit_test_prestate(test_in_task, &steps[4]), cmocka_unit_test_prestate(test_in_task, &steps[5]),
        cmocka_unit_test_prestate(test_in_task, &steps[6])};
    char dir[] = "/tmp/cleanup_client_test.XXXXXX";
    struct net_addr a;
    struct str why = {0};

    if (mkdtemp(dir) == NULL || chdir(dir) < 0 || mkdir("public", 0700) < 0)
        return 1;
    conf.cleanup_service_name = "cleanup";
    conf.ipc_timeout = 10;
    net_unix(&a, "public/cleanup");
    listener = net_listen(&a, 10, &why);
    loop_watch_readable(listener, accept_client, NULL);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    unlink("public/cleanup");
    rmdir("public");
    return chdir("/") < 0 || rmdir(dir) < 0 || failed;
}
