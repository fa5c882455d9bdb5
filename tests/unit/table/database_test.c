/* hash, btree and lmdb: the same tests for each. */
#include "tests/unit/table/capture.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/vec.h"
#include "config/config.h"
#include "table/build.h"
#include "table/source.h"
#include "table/table.h"

static const char *const types[] = {"hash", "btree", "lmdb"}; /* cdb cannot be changed: cdb_test.c */
static const char *type; /* the one under test */

enum { WRITER = TABLE_WRITE | TABLE_CREATE };

static struct table *open_name(const char *name, int flags)
{
    char *full = mem_printf("%s:%s", type, name);
    struct table *t = table_open(full, flags);

    mem_free(full);
    return t;
}

static void remove_files(const char *name)
{
    char *command = mem_printf("rm -f %s %s.*", name, name);

    assert_int_equal(system(command), 0);
    mem_free(command);
}

#define assert_finds(t, key, want)                                         \
    do {                                                                   \
        struct str value_ = {0};                                           \
        assert_int_equal(table_find(t, key, &value_), TABLE_FOUND);        \
        assert_string_equal(str_text(&value_), want);                      \
        str_done(&value_);                                                 \
    } while (0)

static enum table_result find(struct table *t, const char *key)
{
    struct str value = {0};
    enum table_result result = table_find(t, key, &value);

    str_done(&value);
    return result;
}

static void change(void)
{
    struct table *t = open_name("db", WRITER | TABLE_FOLD);

    assert_null(table_error(t));
    assert_int_equal(table_put(t, "A", "1"), TABLE_STORED);
    assert_int_equal(table_put(t, "b", "2"), TABLE_STORED);
    assert_int_equal(table_put(t, "a", "3"), TABLE_EXISTS);
    assert_non_null(strstr(capture_take(), "duplicate entry: \"a\""));
    assert_finds(t, "a", "1");
    assert_int_equal(table_delete(t, "a"), TABLE_FOUND);
    assert_int_equal(table_delete(t, "a"), TABLE_ABSENT);
    assert_int_equal(find(t, "a"), TABLE_ABSENT);
    assert_int_equal(find(t, ""), TABLE_ABSENT);
    table_close(t);

    t = open_name("db", WRITER | TABLE_DUP_REPLACE);
    assert_int_equal(table_put(t, "b", "4"), TABLE_STORED);
    table_close(t);
    t = open_name("db", WRITER | TABLE_DUP_IGNORE);
    assert_int_equal(table_put(t, "b", "5"), TABLE_EXISTS);
    table_close(t);
    t = open_name("db", 0);
    assert_finds(t, "b", "4");
    assert_false(table_is_pattern(t));
    table_close(t);
    assert_string_equal(capture_take(), "");
}

/* Every entry is seen once, even if each is deleted when it has been seen. */
static void list_and_delete(void)
{
    enum { ENTRIES = 300 };
    struct table *t = open_name("db", WRITER | TABLE_LOCK | TABLE_TRUNCATE);
    struct str key = {0}, value = {0};
    int count = 0;

    for (int i = 0; i < ENTRIES; i++) {
        str_setf(&key, "key%d", i);
        assert_int_equal(table_put(t, str_text(&key), "v"), TABLE_STORED);
    }
    assert_int_equal(table_sync(t), TABLE_STORED);
    table_close(t);
    t = open_name("db", WRITER);
    for (bool first = true; table_next(t, first, &key, &value) == TABLE_FOUND; first = false) {
        assert_string_equal(str_text(&value), "v");
        assert_int_equal(table_delete(t, str_text(&key)), TABLE_FOUND);
        count++;
    }
    assert_int_equal(count, ENTRIES);
    assert_int_equal(table_next(t, true, &key, &value), TABLE_ABSENT);
    table_close(t);
    str_done(&key);
    str_done(&value);
}

/* NUL or not: who reads finds both, and stays with what it found first. */
static void nul(void)
{
    struct table *with = open_name("with", WRITER | TABLE_WITH_NUL), *without = open_name("db", WRITER | TABLE_WITHOUT_NUL);

    table_put(with, "k", "v");
    table_put(with, "l", "v");
    table_put_bare(with, "BARE", "x");
    table_put(without, "k", "v");
    table_close(with);
    table_close(without);

    struct table *t = open_name("with", 0);
    assert_finds(t, "k", "v");
    assert_int_equal(find(t, "BARE"), TABLE_ABSENT);
    table_close(t);
    t = open_name("with", 0);
    assert_finds(t, "BARE", "x");
    assert_int_equal(find(t, "k"), TABLE_ABSENT);
    table_close(t);
    t = open_name("with", TABLE_WITHOUT_NUL);
    assert_int_equal(find(t, "k"), TABLE_ABSENT);
    table_close(t);
    t = open_name("db", TABLE_WITH_NUL);
    assert_int_equal(find(t, "k"), TABLE_ABSENT);
    table_close(t);
    t = open_name("db", 0);
    assert_finds(t, "k", "v");
    table_close(t);
    remove_files("with");
}

static void unfit(void)
{
    struct table *t = open_name("nofile", 0);

    assert_int_equal(find(t, "k"), TABLE_ERROR);
    const char *log = capture_take();
    assert_non_null(strstr(log, "error: open database nofile."));
    assert_non_null(strstr(log, "nofile is unavailable. open database nofile."));
    assert_non_null(strstr(log, ": No such file or directory"));
    table_close(t);
    table_close(open_name("nofile", TABLE_WRITE));
    assert_non_null(strstr(capture_take(), "No such file or directory"));

    capture_write("db.db", "this is not a database");
    capture_write("db.lmdb", "this is not a database");
    t = open_name("db", 0);
    assert_non_null(table_error(t));
    table_close(t);
    capture_take();
}

/* While a table is open another writer changes it, and another replaces the file. */
static void changes(void)
{
    msec now = 5000 * 1000;

    clock_fake(now, time(NULL) + 1000);
    struct table *writer = open_name("db", WRITER | TABLE_DUP_REPLACE);
    table_put(writer, "k", "old");
    struct table *t = open_name("db", 0);
    assert_finds(t, "k", "old");
    usleep(20 * 1000); /* more than the resolution of a file's time stamp */
    table_put(writer, "k", "new");
    clock_fake(++now, time(NULL) + 1000); /* the next turn of the loop */
    assert_finds(t, "k", "new");
    table_close(writer);

    writer = open_name("other", WRITER);
    table_put(writer, "k", "replaced");
    table_close(writer);
    rename("other.db", "db.db");
    rename("other.lmdb", "db.lmdb");
    assert_finds(t, "k", "new");
    clock_fake(now += 1001, time(NULL) + 1000);
    assert_finds(t, "k", "replaced");
    table_close(t);
    capture_take();
}

/* A reader waits for a writer that has the whole table. */
static void locks(void)
{
    struct table *t = open_name("db", WRITER);
    int pipefd[2];
    char byte;

    table_put(t, "k", "old");
    table_close(t);
    t = open_name("db", 0);
    assert_finds(t, "k", "old");
    assert_int_equal(pipe(pipefd), 0);
    pid_t pid = fork();
    if (pid == 0) {
        struct table *w = open_name("db", WRITER | TABLE_LOCK | TABLE_TRUNCATE);
        byte = 0;
        if (write(pipefd[1], &byte, 1) != 1)
            _exit(1);
        usleep(200 * 1000);
        bool ok = table_put(w, "k", "new") == TABLE_STORED && table_sync(w) == TABLE_STORED;
        table_close(w);
        _exit(ok ? 0 : 1);
    }
    assert_int_equal(read(pipefd[0], &byte, 1), 1);
    assert_finds(t, "k", "new");
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    table_close(t);
    close(pipefd[0]);
    close(pipefd[1]);
    capture_take();
}

static enum table_put fill(struct table *t, const char *name, const char *text, size_t len, int flags)
{
    struct source s = {.flags = flags, .suffix = ""};
    enum table_put result = TABLE_STORED;

    reader_open_text(&s.reader, name, text, len);
    for (char *key, *value; result < TABLE_FAILED && source_next(&s, &key, &value);)
        result = table_put(t, key, value);
    source_done(&s);
    return result < TABLE_FAILED ? TABLE_STORED : result;
}

/* More than conf.lmdb_map_size at first allows. */
static void build_large(void)
{
    enum { ENTRIES = 20000 };
    struct str source = {0};
    const struct build b = {.type = type, .path = "db", .flags = TABLE_FOLD};

    for (int i = 0; i < ENTRIES; i++)
        str_addf(&source, "user%d@example.com a value that takes some room in the file, number %d\n", i, i);
    capture_write("db", str_text(&source));
    chmod("db", 0640);
    mode_t mask = umask(022);
    build_table(&b, fill);
    umask(mask);

    struct stat st;
    char *path = mem_printf("db.%s", type[0] == 'l' ? "lmdb" : "db");
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0640);
    mem_free(path);
    struct table *t = open_name("db", 0);
    assert_finds(t, "user0@example.com", "a value that takes some room in the file, number 0");
    assert_finds(t, "user19999@example.com", "a value that takes some room in the file, number 19999");
    assert_int_equal(find(t, "user20000@example.com"), TABLE_ABSENT);
    table_close(t);
    str_done(&source);
    capture_take();
}

/* The same databases, the other program: what it makes we read, what we make it reads. */
static const char main_cf[] = "compatibility_level = 3.6\nmail_owner = mail\nsetgid_group = games\nmeta_directory = .\n"
                              "shlib_directory = %s/usr/lib/postfix\nmyhostname = host.example\n";
static const char dynamicmaps_cf[] = "lmdb postfix-lmdb.so dict_lmdb_open mkmap_lmdb_open\n";

static int run_reference(const char *root, const char *arguments)
{
    char *command = mem_printf("LD_LIBRARY_PATH=%s/usr/lib/postfix %s/usr/sbin/postmap -c . %s", root, root, arguments);
    int status = system(command);

    mem_free(command);
    return status;
}

static void reference(const char *root)
{
    char *text = mem_printf(main_cf, root), *make = mem_printf("%s:db", type);
    char *query = mem_printf("-q Ours %s:ours > answer", type);

    capture_write("main.cf", text);
    capture_write("dynamicmaps.cf", dynamicmaps_cf);
    capture_write("db", "Key value of theirs\nother x\n");
    assert_int_equal(run_reference(root, make), 0);
    struct table *t = open_name("db", TABLE_FOLD);
    assert_finds(t, "KEY", "value of theirs");
    table_close(t);

    t = open_name("ours", WRITER | TABLE_FOLD);
    table_put(t, "OURS", "value of ours");
    table_close(t);
    assert_int_equal(run_reference(root, query), 0);
    assert_int_equal(system("test \"$(cat answer)\" = 'value of ours'"), 0);
    remove_files("ours");
    remove_files("db");
    mem_free(text);
    mem_free(make);
    mem_free(query);
}

static void for_each_type(void (*test)(void))
{
    for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
        type = types[i];
        if (!table_type_exists(type))
            continue;
        print_message("%s\n", type);
        test();
        remove_files("db");
    }
}

static void test_change(void **state)
{
    (void) state;
    for_each_type(change);
}

static void test_list_and_delete(void **state)
{
    (void) state;
    for_each_type(list_and_delete);
}

static void test_nul(void **state)
{
    (void) state;
    for_each_type(nul);
}

static void test_unfit(void **state)
{
    (void) state;
    for_each_type(unfit);
}

static void test_changes(void **state)
{
    (void) state;
    for_each_type(changes);
}

static void test_locks(void **state)
{
    (void) state;
    for_each_type(locks);
}

static void test_build(void **state)
{
    (void) state;
    for_each_type(build_large);
}

static void test_reference(void **state)
{
    const char *root = getenv("REFERENCE_ROOT");

    (void) state;
    if (root == NULL || geteuid() != 0)
        skip();
    for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
        type = types[i];
        if (table_type_exists(type))
            reference(root);
    }
}

static int setup(void **state)
{
    conf.lmdb_map_size = 64 * 1024;
    conf.berkeley_db_read_buffer_size = 128 * 1024;
    conf.berkeley_db_create_buffer_size = 1024 * 1024;
    capture_enter_dir();
    return capture_setup(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_change), cmocka_unit_test(test_list_and_delete),
        cmocka_unit_test(test_nul), cmocka_unit_test(test_unfit), cmocka_unit_test(test_locks),
        cmocka_unit_test(test_reference), cmocka_unit_test(test_changes), cmocka_unit_test(test_build)};

    return cmocka_run_group_tests(tests, setup, capture_teardown);
}
