#include "ipc/mux.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/loop.h"
#include "base/task.h"
#include "ipc/attr.h"
#include "tests/unit/test.h"

static struct mux *server, *client;
static struct str trace;

/* Answers with the head, and how many bytes of data came. */
static void echo(struct request *r)
{
    struct str data = {0}, reply = {0};
    size_t total = 0, n;
    const char *head = request_head(r, &n);

    str_add(&reply, head, n);
    while (request_read(r, &data)) {
        total += data.len;
        task_yield();
    }
    if (request_is_cancelled(r))
        str_adds(&trace, "cancelled ");
    str_addf(&reply, " %zu", total);
    request_reply(r, &reply);
    str_done(&data);
    str_done(&reply);
}

static void on_note(struct mux *m, const char *bytes, size_t n)
{
    (void) m;
    str_addf(&trace, "note:%.*s ", (int) n, bytes);
}

static void on_trigger(const char *bytes, size_t n)
{
    str_addf(&trace, "trigger:%.*s ", (int) n, bytes);
    loop_stop();
}

static void on_closed(struct mux *m)
{
    str_addf(&trace, "%s closed ", m == server ? "server" : "client");
}

static const struct mux_handler server_handler = {
    .request = echo, .in_task = true, .max_requests = 2, .note = on_note, .trigger = on_trigger, .closed = on_closed,
};
static const struct mux_handler client_handler = {.note = on_note, .closed = on_closed};

static int set_up(void **state)
{
    int pair[2];

    (void) state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    server = mux_new_server(pair[0], &server_handler, NULL);
    client = mux_new_client(pair[1], &client_handler, NULL);
    return 0;
}

static void stop(void *arg)
{
    *(bool *) arg = true;
    loop_stop();
}

/* Let everything that is under way happen. */
static void settle(void)
{
    bool is_over = false;
    struct timer t = {.fire = stop, .arg = &is_over};

    clock_tick();
    timer_set(&t, clock_after(50));
    while (!is_over)
        loop_run();
}

static int tear_down(void **state)
{
    (void) state;
    mux_close(client);
    settle();
    str_done(&trace);
    return 0;
}

static int outstanding;

static void on_reply(void *arg, const char *reply, size_t n)
{
    (void) arg;
    if (reply == NULL)
        str_adds(&trace, "lost ");
    else
        str_addf(&trace, "%.*s ", (int) n, reply);
    if (--outstanding == 0)
        loop_stop();
}

static struct call *ask(const char *text)
{
    struct str head = {0};

    str_set(&head, text);
    outstanding++;
    struct call *c = call_start(client, &head, on_reply, NULL);
    str_done(&head);
    return c;
}

static void many_requests_on_one_connection(void **state)
{
    (void) state;
    for (int i = 0; i < 5; i++) { /* more than max_requests: the rest waits */
        char name[8] = {(char) ('a' + i)};
        call_end(ask(name));
    }
    loop_run();
    assert_string_equal(str_text(&trace), "a 0 b 0 c 0 d 0 e 0 ");
}

static void sender(void *arg)
{
    static char block[100 * 1024];
    struct call *c = arg;

    for (int i = 0; i < 20; i++)
        assert_true(call_data(c, block, sizeof(block)));
    call_end(c);
}

static void more_data_than_the_window(void **state)
{
    (void) state;
    task_start(sender, ask("big"));
    loop_run();
    assert_string_equal(str_text(&trace), "big 2048000 ");
}

static void notes_go_both_ways(void **state)
{
    struct str text = {0};

    (void) state;
    str_set(&text, "one");
    mux_note(client, &text);
    str_set(&text, "two");
    mux_note(server, &text);
    settle();
    assert_non_null(strstr(str_text(&trace), "note:one "));
    assert_non_null(strstr(str_text(&trace), "note:two "));
    str_done(&text);
}

static void a_cancelled_call_is_told_to_the_server(void **state)
{
    (void) state;
    struct call *c = ask("x");
    settle();
    call_cancel(c);
    outstanding = 0;
    settle();
    assert_string_equal(str_text(&trace), "cancelled ");
}

static void a_lost_connection_ends_every_call(void **state)
{
    (void) state;
    ask("x");
    ask("y");
    ask("z");
    settle();
    mux_close(server);
    settle();
    assert_non_null(strstr(str_text(&trace), "lost lost lost "));
    assert_non_null(strstr(str_text(&trace), "client closed"));
    client = NULL;
}

/* The call has ended for its owner when the connection was lost; but it stays until the task that sends its data
 * has seen that. */
static void blocked_sender(void *arg)
{
    static char block[100 * 1024];
    struct call *c = arg;
    int blocks = 0;

    while (call_data(c, block, sizeof(block)))
        blocks++;
    str_adds(&trace, blocks < 20 ? "stopped " : "sent all ");
}

static void never_read(struct request *r)
{
    struct str nothing = {0};

    task_sleep(20);
    mux_close(server);
    request_reply(r, &nothing);
}

static void a_call_that_fails_while_its_data_waits_ends_once(void **state)
{
    static const struct mux_handler deaf = {.request = never_read, .in_task = true};
    int pair[2];

    (void) state;
    mux_close(client);
    settle();
    str_clear(&trace);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    server = mux_new_server(pair[0], &deaf, NULL);
    client = mux_new_client(pair[1], &client_handler, NULL);
    struct call *c = ask("one");
    task_start(blocked_sender, c);
    task_start(blocked_sender, c);
    settle();
    assert_string_equal(str_text(&trace), "lost client closed stopped stopped ");
    client = NULL;
}

/* The owner may end the connection, for which all calls end, from within the end of one. */
static void close_from_within(void *arg, const char *reply, size_t n)
{
    (void) n;
    assert_null(reply);
    str_adds(&trace, arg);
    mux_close(client);
}

static void a_lost_call_may_close_the_connection(void **state)
{
    struct str head = {0};

    (void) state;
    str_set(&head, "x");
    call_start(client, &head, close_from_within, "first ");
    call_start(client, &head, close_from_within, "second ");
    settle();
    mux_close(server);
    settle();
    assert_non_null(strstr(str_text(&trace), "first "));
    assert_non_null(strstr(str_text(&trace), "second "));
    assert_ptr_equal(strstr(strstr(str_text(&trace), "client closed") + 1, "client closed"), NULL);
    str_done(&head);
    client = NULL;
}

static void a_leaving_server_ends_calls_first(void **state)
{
    (void) state;
    struct call *c = ask("last");
    settle();
    mux_leave(server);
    settle();
    assert_true(mux_is_leaving(client));
    call_end(c);
    settle();
    assert_non_null(strstr(str_text(&trace), "last 0 "));
    assert_non_null(strstr(str_text(&trace), "client closed"));
    client = NULL;
}

static void letters_are_a_trigger(void **state)
{
    int pair[2];

    (void) state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    mux_new_server(pair[0], &server_handler, NULL);
    assert_int_equal(write(pair[1], "FADI", 4), 4);
    loop_run();
    assert_string_equal(str_text(&trace), "trigger:FADI ");
    close(pair[1]);
    settle();
}

static void garbage_closes_the_connection(void **state)
{
    static const char bad[] = "\0PR\1\xff\xff\xff\xff\0\0\0\0\1\0\0\0";
    int pair[2];

    (void) state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    mux_new_server(pair[0], &server_handler, NULL);
    assert_int_equal(write(pair[1], bad, sizeof(bad)), sizeof(bad));
    settle();
    char byte;
    assert_int_equal(read(pair[1], &byte, 1), 0);
    close(pair[1]);
}

static const struct {
    const char *what, *bytes;
    size_t n;
    bool ok;
} lists[] = {
    {"empty", "\0", 1, true},           {"one", "a\0b\0\0", 5, true},      {"empty value", "a\0\0\0", 4, true},
    {"nothing", "", 0, false},          {"no end", "a\0b\0", 4, false},   {"no value", "a\0", 2, false},
    {"no NUL", "a\0b", 3, false},
};

static void attribute_lists(void **state)
{
    struct attrs list;

    (void) state;
    for (size_t i = 0; i < ARRAY_SIZE(lists); i++) {
        const char *cursor = lists[i].bytes;
        assert_int_equal(attrs_parse(&cursor, lists[i].bytes + lists[i].n, &list), lists[i].ok);
    }
    struct str out = {0};
    attr_put(&out, "name", "value");
    attr_put_long(&out, "number", -5);
    attr_end(&out);
    const char *cursor = out.data;
    assert_true(attrs_parse(&cursor, out.data + out.len, &list));
    assert_int_equal(attrs_long(&list, "number", 0), -5);
    assert_string_equal(attrs_text(&list, "name", ""), "value");
    assert_int_equal(attrs_long(&list, "missing", 7), 7);
    str_done(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(attribute_lists),
        cmocka_unit_test_setup_teardown(many_requests_on_one_connection, set_up, tear_down),
        cmocka_unit_test_setup_teardown(more_data_than_the_window, set_up, tear_down),
        cmocka_unit_test_setup_teardown(notes_go_both_ways, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_cancelled_call_is_told_to_the_server, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_lost_connection_ends_every_call, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_call_that_fails_while_its_data_waits_ends_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_lost_call_may_close_the_connection, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_leaving_server_ends_calls_first, set_up, tear_down),
        cmocka_unit_test_setup_teardown(letters_are_a_trigger, set_up, tear_down),
        cmocka_unit_test_setup_teardown(garbage_closes_the_connection, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
