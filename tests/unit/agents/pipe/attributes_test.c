#include "agents/pipe/attributes.h"

#include <pwd.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/mem.h"
#include "base/str.h"
#include "config/config.h"
#include "deliver/copy.h"
#include "tests/unit/test.h"

static struct arena memory;

/* One that may be changed, as those of a command line. */
static char *word(const char *text)
{
    return arena_strdup(&memory, text);
}

static int forget(void **state)
{
    (void) state;
    arena_done(&memory);
    return 0;
}

static struct attributes read_words(char **words)
{
    struct attributes a;

    pipe_attributes_read(words, &a);
    return a;
}

static void all_of_them(void **state)
{
    char *words[] = {word("flags=BDFORXhqu.>"), word("USER=nobody"), word("eol=\\r\\n\\101\\\\\\x"),
        word("null_sender=<>"), word("size=2000"), word("chroot=/a"), word("directory=/b"),
        word("argv=/bin/x"), word("user=root"), word(""), NULL};
    struct attributes a = read_words(words);

    (void) state;
    assert_int_equal(a.copy_flags, COPY_FROM | COPY_HEADERS | COPY_QUOTE_FROM | COPY_DOTS | COPY_EMPTY_LINE);
    assert_true(a.is_final && a.folds_host && a.folds_user && a.quotes);
    assert_int_equal(a.run_as.uid, getpwnam("nobody")->pw_uid);
    assert_string_equal(a.eol, "\r\nA\\x");
    mem_free((char *) a.eol); /* a process keeps it */
    assert_string_equal(a.null_sender, "<>");
    assert_int_equal(a.size_limit, 2000);
    assert_string_equal(a.chroot_dir, "/a");
    assert_string_equal(a.directory, "/b");
    assert_string_equal(a.argv[0], "/bin/x");
    assert_string_equal(a.argv[1], "user=root"); /* an argument like any other */
    assert_string_equal(a.argv[2], "");
    assert_null(a.argv[3]);
}

static void what_is_not_said(void **state)
{
    char *words[] = {word("user=nobody:daemon"), word("argv=x"), NULL};
    struct attributes a = read_words(words);

    (void) state;
    assert_int_equal(a.copy_flags, 0);
    assert_false(a.is_final || a.folds_host || a.folds_user || a.quotes);
    assert_int_equal(a.run_as.gid, 1);
    assert_string_equal(a.eol, "\n");
    assert_string_equal(a.null_sender, "MAILER-DAEMON");
    assert_int_equal(a.size_limit, 0);
    assert_null(a.chroot_dir);
    assert_null(a.directory);
}

static const struct {
    const char *word, *fatal; /* besides user=nobody and argv=x, unless it is one of them */
} refused[] = {
    {"", "unknown attribute name: "},
    {"foo=bar", "unknown attribute name: foo=bar"},
    {"flags", "unknown attribute name: flags"},
    {"flags=DZ", "unknown flag: Z (ignored)"},
    {"size=abc", "get_service_attr: bad size= value: abc"},
    {"size=-1", "get_service_attr: bad size= value: -1"},
    {"user=root", "user= command-line attribute specifies root privileges"},
    {"user=nobody:root", "user= command-line attribute specifies privileged group id 0"},
    {"user=daemon", "user= command-line attribute specifies mail system owner daemon"},
    {"user=nobody:daemon", "user= command-line attribute specifies mail system owner daemon group id 1"},
    {"user=nobody:sys", "user= command-line attribute specifies mail system sys group id 3"},
    {"user=no-such-user", "get_service_attr: unknown username: no-such-user"},
    {"user=nobody:no-such", "get_service_attr: unknown group: no-such"},
    {"user=65534", "get_service_attr: unknown username: 65534"},
    {"argv=x", "missing user= command-line attribute"},
};

/* The fatal line of a child that reads these words. */
static void read_in_child(char **words, struct str *text)
{
    int ends[2], status;
    char bytes[400];

    assert_int_equal(pipe(ends), 0);
    pid_t pid = fork();
    if (pid == 0) {
        dup2(ends[1], STDERR_FILENO);
        config_ids.owner_uid = 1;
        config_ids.owner_gid = 1;
        config_ids.setgid_gid = 3;
        conf.mail_owner = "daemon";
        conf.setgid_group = "sys";
        read_words(words);
        _exit(0);
    }
    close(ends[1]);
    for (ssize_t n; (n = read(ends[0], bytes, sizeof(bytes))) > 0;)
        str_add(text, bytes, (size_t) n);
    close(ends[0]);
    waitpid(pid, &status, 0);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 1);
}

static void refusals(void **state)
{
    (void) state;
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        char *it = word(refused[i].word);
        bool is_user = strncmp(it, "user=", 5) == 0, is_argv = strncmp(it, "argv=", 5) == 0;
        char *words[] = {is_user || is_argv ? it : word("user=nobody"), is_argv ? NULL : it, word("argv=x"), NULL};
        struct str text = {0};
        read_in_child(words, &text);
        if (strstr(str_text(&text), refused[i].fatal) == NULL)
            fail_msg("%s: %s", refused[i].word, str_text(&text));
        str_done(&text);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_of_them),
        cmocka_unit_test(what_is_not_said),
        cmocka_unit_test(refusals),
    };

    return cmocka_run_group_tests(tests, NULL, forget);
}
