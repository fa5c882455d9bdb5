/* The resolver against a name server of our own, in a child process. A reply to "count.test" holds
 * how many questions for that name have come; "slow.test" comes after a while; "drop.test" never. */
#include "tests/unit/test.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/loop.h"
#include "base/task.h"
#include "dns/dns.h"
#include "dns/dns_hosts.h"
#include "packet.h"

enum { SLOW_MS = 100 };

static const struct zone {
    const char *name;
    int type;
    const char *target; /* NULL: an address */
    int number;
    const char *address;
    size_t n;
} zone[] = {
    {"x.test", 15, "b.x.test", 20, NULL, 0},
    {"x.test", 15, "a.x.test", 10, NULL, 0},
    {"x.test", 15, "c.x.test", 30, NULL, 0},
    {"a.x.test", 1, NULL, 0, "\x0a\0\0\1", 4},
    {"both.test", 1, NULL, 0, "\x0a\0\0\2", 4},
    {"both.test", 28, NULL, 0, "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\2", 16},
    {"slow.test", 1, NULL, 0, "\x0a\0\0\3", 4},
    {"null.test", 15, "", 0, NULL, 0},
    {"1.0.0.10.in-addr.arpa", 12, "a.x.test", -1, NULL, 0},
    {"alias.test", 5, "far.test", -1, NULL, 0},
    {"far.test", 1, NULL, 0, "\x0a\0\0\4", 4},
    {"loop.test", 5, "loop.test", -1, NULL, 0},
};

static void answer_from_zone(struct str *reply, unsigned id, const char *name, int type)
{
    unsigned count = 0;
    bool is_known = false;

    for (int round = 0; round < 2; round++) {
        if (round == 1)
            packet_begin(reply, id, is_known ? 0 : 3, count, count == 0, name, type);
        for (size_t i = 0; i < ARRAY_SIZE(zone); i++) {
            const struct zone *z = &zone[i];
            if (strcmp(z->name, name) != 0)
                continue;
            is_known = true;
            if (z->type != type && z->type != 5)
                continue;
            count += round == 0;
            if (round == 1 && z->target != NULL)
                packet_pointer(reply, name, z->type, 60, z->number, z->target);
            else if (round == 1)
                packet_record(reply, name, z->type, 60, z->address, z->n);
        }
    }
    if (count == 0)
        packet_soa(reply, "test", 60, 60);
}

static void serve(int fd)
{
    unsigned char question[512];
    char name[256], count[4] = {10, 0, 0, 0};
    struct sockaddr_storage from;
    struct str reply = {0};

    for (;;) {
        socklen_t len = sizeof(from);
        ssize_t n = recvfrom(fd, question, sizeof(question), 0, (struct sockaddr *) &from, &len);
        size_t at = 12, put = 0;
        if (n < 17)
            continue;
        while (question[at] != 0) {
            memcpy(name + put, question + at + 1, question[at]);
            put += question[at];
            name[put++] = '.';
            at += question[at] + 1u;
        }
        name[put - 1] = 0;
        unsigned id = (unsigned) question[0] << 8 | question[1];
        int type = question[at + 1] << 8 | question[at + 2];
        if (strcmp(name, "drop.test") == 0)
            continue;
        if (strcmp(name, "slow.test") == 0)
            poll(NULL, 0, SLOW_MS);
        if (strcmp(name, "count.test") == 0 || strcmp(name, "fleeting.test") == 0) {
            count[3]++;
            packet_begin(&reply, id, 0, 1, 0, name, type);
            packet_record(&reply, name, type, *name == 'c' ? 60 : 0, count, 4);
        } else if (strcmp(name, "fail.test") == 0)
            packet_begin(&reply, id, 2, 0, 0, name, type);
        else
            answer_from_zone(&reply, id, name, type);
        if (strcmp(name, "x.test") == 0 && (question[3] & 0x20) != 0)
            reply.data[3] |= 0x20;
        sendto(fd, reply.data, reply.len, 0, (struct sockaddr *) &from, len);
    }
}

static pid_t server;

static int start_server(void **state)
{
    struct net_addr a;
    char text[64];
    int fd = socket(AF_INET, SOCK_DGRAM, 0);

    (void) state;
    net_parse(&a, "127.0.0.1", 0);
    if (bind(fd, &a.sa, a.len) < 0 || getsockname(fd, &a.sa, &a.len) < 0)
        return -1;
    snprintf(text, sizeof(text), "127.0.0.1:%d", net_port(&a));
    setenv("POSTRIDER_DNS_SERVERS", text, 1);
    server = fork();
    if (server == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        serve(fd);
    }
    close(fd);
    return 0;
}

static int stop_server(void **state)
{
    (void) state;
    kill(server, SIGKILL);
    return 0;
}

static void test_mx_in_order(void **state)
{
    struct arena a = {0};
    struct dns_answer answer;

    (void) state;
    assert_int_equal(dns_mx(&a, "x.test", 0, &answer), DNS_FOUND);
    assert_int_equal(answer.count, 3);
    assert_string_equal(answer.records[0].name, "a.x.test");
    assert_string_equal(answer.records[2].name, "c.x.test");
    assert_false(answer.is_secure);
    assert_int_equal(dns_mx(&a, "x.test", DNS_SECURE, &answer), DNS_FOUND);
    assert_true(answer.is_secure);
    arena_done(&a);
}

static void test_results(void **state)
{
    static const struct {
        const char *name;
        enum dns_type type;
        enum dns_result want;
        const char *text;
    } cases[] = {
        {"a.x.test", DNS_A, DNS_FOUND, NULL},
        {"nowhere.test", DNS_A, DNS_NONE, "Name service error for name=nowhere.test type=A: Host not found"},
        {"a.x.test", DNS_MX, DNS_NONE,
            "Name service error for name=a.x.test type=MX: Host found but no data record of requested type"},
        {"fail.test", DNS_MX, DNS_RETRY, "Name service error for name=fail.test type=MX: Host not found, try again"},
        {"null.test", DNS_MX, DNS_POLICY, "Domain null.test does not accept mail (nullMX)"},
        {"alias.test", DNS_A, DNS_FOUND, NULL},
        {"loop.test", DNS_A, DNS_NONE,
            "Name service error for name=loop.test type=A: Host found but no data record of requested type"},
        {"a..test", DNS_A, DNS_NONE, "Name service error for name=a..test type=A: invalid host or domain name"},
    };
    struct arena a = {0};
    struct dns_answer answer;
    struct str text = {0};

    (void) state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        print_message("%s %s\n", cases[i].name, dns_type_name(cases[i].type));
        assert_int_equal(dns_query(&a, cases[i].name, cases[i].type, 0, &answer), cases[i].want);
        str_clear(&text);
        if (cases[i].text != NULL) {
            dns_error_text(&answer, &text);
            assert_string_equal(str_text(&text), cases[i].text);
        }
    }
    str_done(&text);
    arena_done(&a);
}

static void test_addresses(void **state)
{
    struct arena a = {0};
    struct dns_answer answer;
    char host[NET_HOST_LEN];

    (void) state;
    assert_int_equal(dns_addr(&a, "both.test", 0, &answer), DNS_FOUND);
    assert_int_equal(answer.count, 2);
    assert_int_equal(dns_addr(&a, "both.test", DNS_WANT_V6, &answer), DNS_FOUND);
    assert_int_equal(answer.count, 1);
    assert_string_equal(net_host(&answer.records[0].addr, host), "2001:db8::2");
    assert_int_equal(dns_addr(&a, "a.x.test", 0, &answer), DNS_FOUND); /* one family is enough */
    assert_int_equal(dns_addr(&a, "nowhere.test", 0, &answer), DNS_NONE);
    assert_true(answer.is_nxdomain);
    assert_int_equal(answer.type, DNS_AAAA);
    assert_int_equal(dns_addr(&a, "fail.test", 0, &answer), DNS_RETRY);
    assert_int_equal(dns_addr(&a, "192.0.2.7", 0, &answer), DNS_FOUND);
    assert_int_equal(dns_mx_or_addr("a.x.test"), DNS_FOUND);
    assert_int_equal(dns_mx_or_addr("nowhere.test"), DNS_NONE);
    assert_int_equal(dns_mx_or_addr("null.test"), DNS_POLICY);
    arena_done(&a);
}

static void test_names_of_addresses(void **state)
{
    struct arena a = {0};
    struct dns_answer answer;
    struct net_addr addr;

    (void) state;
    net_parse(&addr, "10.0.0.1", 25);
    assert_int_equal(dns_ptr(&a, &addr, 0, &answer), DNS_FOUND);
    assert_string_equal(answer.records[0].name, "a.x.test");
    net_parse(&addr, "2001:db8::1", 25);
    assert_int_equal(dns_ptr(&a, &addr, 0, &answer), DNS_NONE);
    assert_string_equal(answer.asked, "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa");
    arena_done(&a);
}

static void test_hosts(void **state)
{
    char text[] = "# comment\n10.9.9.9 first.local Second.local # more\n::1 first.local\nbad line\n";
    struct arena a = {0};
    struct dns_answer answer;
    struct net_addr addr;

    (void) state;
    dns_hosts_use("/nonexistent");
    dns_hosts_parse(text);
    assert_int_equal(dns_addr(&a, "FIRST.local", DNS_HOSTS, &answer), DNS_FOUND);
    assert_int_equal(answer.count, 2);
    assert_int_equal(dns_addr(&a, "second.local", DNS_HOSTS_ONLY, &answer), DNS_FOUND);
    assert_int_equal(dns_addr(&a, "second.local", DNS_HOSTS_ONLY | DNS_WANT_V6, &answer), DNS_NONE);
    assert_int_equal(dns_addr(&a, "second.local", 0, &answer), DNS_NONE);
    assert_int_equal(dns_addr(&a, "a.x.test", DNS_HOSTS, &answer), DNS_FOUND);
    net_parse(&addr, "10.9.9.9", 0);
    assert_int_equal(dns_ptr(&a, &addr, DNS_HOSTS, &answer), DNS_FOUND);
    assert_string_equal(answer.records[0].name, "first.local");
    arena_done(&a);
}

/* The number that the server has given the question, among all that it counts. */
static unsigned number_of(const char *name)
{
    struct arena a = {0};
    struct dns_answer answer;

    assert_int_equal(dns_query(&a, name, DNS_A, 0, &answer), DNS_FOUND);
    unsigned number = ntohl(answer.records[0].addr.in.sin_addr.s_addr) & 0xff;
    arena_done(&a);
    return number;
}

static void test_cache(void **state)
{
    (void) state;
    dns_cache_clear();
    unsigned first = number_of("count.test");
    assert_int_equal(number_of("COUNT.test"), first);
    assert_int_equal(dns_cache_count(), 1);
    clock_fake(clock_now() + 61000, 0); /* its time is up */
    assert_int_equal(number_of("count.test"), first + 1);
    assert_int_equal(number_of("fleeting.test"), first + 2); /* time to live 0 */
    assert_int_equal(number_of("fleeting.test"), first + 3);
    assert_int_equal(dns_cache_count(), 1);
}

static int running;

static void ask_in_task(void *name)
{
    struct arena a = {0};
    struct dns_answer answer;

    assert_int_equal(dns_query(&a, name, DNS_A, 0, &answer), DNS_FOUND);
    arena_done(&a);
    if (--running == 0)
        loop_stop();
}

static void ask_in_vain(void *arg)
{
    struct arena a = {0};
    struct dns_answer answer;

    (void) arg;
    assert_int_equal(dns_query(&a, "drop.test", DNS_A, 0, &answer), DNS_RETRY); /* cancelled */
    arena_done(&a);
    if (--running == 0)
        loop_stop();
}

static void cancel(void *task)
{
    task_sleep(10);
    task_cancel(task);
}

static void test_tasks(void **state)
{
    (void) state;
    unsigned before = number_of("count.test");
    dns_cache_clear();
    for (int i = 0; i < 20; i++, running++)
        task_start(ask_in_task, i % 2 == 0 ? "slow.test" : "count.test");
    running++;
    task_start(cancel, task_start(ask_in_vain, NULL));
    loop_run();
    assert_int_equal(number_of("count.test"), before + 1); /* asked once for all */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mx_in_order), cmocka_unit_test(test_results), cmocka_unit_test(test_addresses),
        cmocka_unit_test(test_names_of_addresses), cmocka_unit_test(test_hosts), cmocka_unit_test(test_tasks),
        cmocka_unit_test(test_cache), /* last: it stops the clock */
    };

    return cmocka_run_group_tests(tests, start_server, stop_server);
}
