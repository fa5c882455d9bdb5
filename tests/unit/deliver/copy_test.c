#include "deliver/copy.h"

#include <errno.h>
#include <fcntl.h>

#include "base/file.h"
#include "config/config.h"
#include "tests/unit/deliver/message.h"

static const struct {
    const char *what;
    unsigned flags;
    const char *eol, *lines[6], *want;
} cases[] = {
    {"as it is", 0, NULL, {"A: b", "", "x"}, "A: b\n\nx\n"},
    {"headers in front", COPY_HEADERS, NULL, {"A: b"},
        "Return-Path: <\"a b\"@x.example>\nX-Original-To: o@x.example\nDelivered-To: d@x.example\nA: b\n"},
    {"a long line is one line", 0, NULL, {"A: \\", "b\\", "c"}, "A: bc\n"},
    {"a last line without its end", 0, NULL, {"A: b", "", "x\\"}, "A: b\n\nx\n"},
    {"From at the start of a line", COPY_QUOTE_FROM, NULL, {"From me", "x From \\", "From you", "Fromm"},
        ">From me\nx From From you\nFromm\n"},
    {"dots", COPY_DOTS, "\r\n", {".", "a.\\", ".b", "..c"}, "..\r\na..b\r\n...c\r\n"},
    {"an empty line behind", COPY_EMPTY_LINE, NULL, {"A: b"}, "A: b\n\n"},
};

static void test_copies(void **state)
{
    (void) state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct str bytes = {0}, text = {0}, why = {0};
        add_content(&bytes, cases[i].lines);
        struct copy c = copy_of(&bytes, cases[i].flags);
        c.eol = cases[i].eol;
        int fd = open("out", O_WRONLY | O_CREAT | O_TRUNC, 0600);
        assert_true(copy_to_file(&c, fd));
        close(fd);
        assert_true(file_read("out", &text, &why));
        if (strcmp(str_text(&text), cases[i].want) != 0)
            fail_msg("%s: %s", cases[i].what, str_text(&text));
        str_done(&bytes);
        str_done(&text);
    }
}

static void test_from_line(void **state)
{
    struct str bytes = {0}, text = {0}, why = {0};

    (void) state;
    add_content(&bytes, (const char *[]){"x", NULL});
    struct copy c = copy_of(&bytes, COPY_FROM);
    c.sender = "";
    int fd = open("out", O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_true(copy_to_file(&c, fd));
    close(fd);
    assert_true(file_read("out", &text, &why));
    assert_memory_equal(str_text(&text), "From MAILER-DAEMON  ", 20);
    assert_string_equal(str_text(&text) + text.len - 3, "\nx\n");
    str_done(&bytes);
    str_done(&text);
}

static void test_damaged_message(void **state)
{
    struct str bytes = {0};

    (void) state;
    record_adds(&bytes, REC_LINE, "no end");
    struct copy c = copy_of(&bytes, 0);
    int fd = open("out", O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_false(copy_to_file(&c, fd));
    assert_int_equal(c.error, EBADMSG);
    assert_string_equal(c.status, "4.3.0");
    close(fd);
    str_done(&bytes);
    str_done(&c.reason);
}

static void test_errors(void **state)
{
    static const struct {
        int error;
        const char *status;
    } errors[] = {{EAGAIN, "4.2.0"}, {EEXIST, "4.2.0"}, {ENOSPC, "4.3.0"}, {EDQUOT, "5.2.2"}, {EFBIG, "5.2.2"},
        {EACCES, "5.2.0"}, {ENOENT, "5.2.0"}};
    struct str nothing = {0};
    struct copy c = copy_of(&nothing, 0);

    (void) state;
    for (size_t i = 0; i < ARRAY_SIZE(errors); i++) {
        assert_false(copy_failed(&c, errors[i].error, "open %s", "x"));
        assert_string_equal(c.status, errors[i].status);
    }
    assert_string_equal(str_text(&c.reason), "open x: No such file or directory");
    c.default_status = "4.2.0";
    copy_set_error(&c, EACCES);
    assert_string_equal(c.status, "4.2.0");
    str_done(&c.reason);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_copies),
        cmocka_unit_test(test_from_line),
        cmocka_unit_test(test_damaged_message),
        cmocka_unit_test(test_errors),
    };

    conf.enable_original_recipient = true;
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
