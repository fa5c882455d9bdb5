/* Messages in a journal: announced, marked, settled, and taken over when their writer dies. */
#include "rig.h"

#include "mail/qmgr_notes.h"
#include "queue/journal.h"
#include "queue/settle.h"

/* What a cleanup process is to qmgr. */
struct writer {
    struct journal *journal;
    struct mux *mux;
    unsigned marks;
};

static void on_marks(struct mux *m, const char *bytes, size_t n)
{
    struct writer *w = mux_context(m);
    const char *cursor = bytes;
    struct qmgr_mark mark;

    while (qmgr_notes_next_mark(&cursor, bytes + n, &mark)) {
        w->marks++;
        if (w->journal == NULL)
            continue;
        if (mark.kind == QMGR_MARK_DONE)
            journal_mark_done(w->journal, mark.seq);
        else
            journal_mark_recipient(w->journal, mark.seq, mark.offset);
    }
}

static void note(struct writer *w, enum qmgr_note_type type, uint64_t seq, const char *id, const struct location *where)
{
    struct str text = {0};
    struct qmgr_note n = {.type = type, .seq = seq, .queue_id = id, .slot = journal_slot(w->journal)};

    if (where != NULL)
        n.where = *where;
    qmgr_notes_put(&text, &n);
    mux_note(w->mux, &text);
    str_done(&text);
}

static void connect_writer(struct writer *w)
{
    static const struct mux_handler handler = {.note = on_marks};

    w->mux = mux_new_client(net_connect_unix("public/qmgr", NEVER), &handler, w);
    note(w, QMGR_NOTE_WRITER, 0, NULL, NULL);
}

static void begin(struct writer *w)
{
    struct str why = {0};

    *w = (struct writer){.journal = journal_open(&why)};
    assert_non_null(w->journal);
    connect_writer(w);
}

struct stored {
    struct writer *writer;
    const char *id;
};

static void on_stored(void *arg, uint64_t seq, const struct location *where, bool ok)
{
    struct stored *s = arg;

    assert_true(ok);
    if (s->writer->mux != NULL)
        note(s->writer, QMGR_NOTE_ADD, seq, s->id, where);
    mem_free(s);
}

static void store(struct writer *w, const char *id, int recipients, const char *domain)
{
    struct str image = {0};
    struct stored *s = mem_zalloc(sizeof(*s));

    *s = (struct stored){.writer = w, .id = id};
    rig_image(&image, recipients, domain, time(NULL));
    journal_append(w->journal, id, image.data, image.len, on_stored, s);
    str_done(&image);
}

static bool is_journal_empty(void *arg)
{
    return journal_live_count(((struct writer *) arg)->journal) == 0;
}

static bool is_active_file(void *id)
{
    return rig_exists("active", id);
}

static bool is_incoming_file(void *id)
{
    return rig_exists("incoming", id);
}

/* It ends as cleanup does: with everything done, its connection and its journal are closed. */
static void end(struct writer *w)
{
    rig_until(is_journal_empty, w);
    mux_close(w->mux);
    journal_close(w->journal);
    rig_run_ms(20);
}

static void delivered(void **state)
{
    struct rig_agent *a = rig_agent("private/plain", 0);
    struct writer w;

    (void) state;
    begin(&w);
    store(&w, "J001", 1, "host.plain");
    store(&w, "J002", 3, "h%d.plain");
    rig_run_ms(50);
    rig_until(is_journal_empty, &w);
    assert_int_equal(a->count, 4);
    assert_true(rig_has(&rig_log, "J001: removed\n"));
    assert_false(rig_exists("active", "J001"));
    end(&w);
}

static void deferred_becomes_a_file(void **state)
{
    struct rig_agent *a = rig_agent("private/later", 0);
    struct message_bytes bytes;
    struct str path = {0}, why = {0};
    struct arena memory = {0};
    struct envelope e;
    struct stat st;
    struct writer w;

    (void) state;
    begin(&w);
    a->is_holding = true;
    store(&w, "J003", 2, "h%d.later");
    rig_until_held(a, 2);
    rig_agent_release(a, 1);
    rig_run_ms(50);
    assert_int_equal(w.marks, 1); /* at once: one recipient is done */
    a->outcome = OUTCOME_DEFERRED;
    rig_agent_release(a, 1);
    rig_until(is_journal_empty, &w);
    rig_until(rig_is_empty, NULL);
    assert_int_equal(stat(queue_path(&path, "deferred", "J003"), &st), 0);
    assert_in_range(st.st_mtime, time(NULL) + 299, time(NULL) + 302);
    struct location where = {.path = str_text(&path)};
    assert_true(message_open("J003", &where, &bytes, &why));
    assert_true(envelope_read(&memory, bytes.bytes, bytes.n, 0, &e, NULL, &why));
    assert_int_equal(e.recipient_count, 1);
    message_close(&bytes);
    assert_true(qmgr_deferred_knows("J003"));
    queue_remove("deferred", "J003");
    arena_done(&memory);
    str_done(&path);
    end(&w);
}

/* It has become old: a file, but the entry stays as long as an agent reads it. */
static void settled_while_it_is_delivered(void **state)
{
    struct rig_agent *a = rig_agent("private/slow", 0);
    struct writer w;

    (void) state;
    begin(&w);
    a->is_holding = true;
    store(&w, "J004", 1, "host.slow");
    rig_until_held(a, 1);
    qmgr_feed_settle(clock_now());
    rig_until(is_active_file, "J004");
    assert_int_equal(journal_live_count(w.journal), 1);
    rig_agent_release(a, 1);
    rig_until(is_journal_empty, &w);
    rig_until(rig_is_empty, NULL);
    assert_false(rig_exists("active", "J004"));
    assert_int_equal(a->count, 1);
    end(&w);
}

/* The outcome comes while the file is being written. */
static void done_while_it_is_settled(void **state)
{
    struct rig_agent *a = rig_agent("private/race", 0);
    struct writer w;

    (void) state;
    begin(&w);
    a->is_holding = true;
    store(&w, "J005", 1, "host.race");
    store(&w, "J006", 1, "host.race");
    rig_until_held(a, 2);
    qmgr_feed_settle(clock_now());
    rig_agent_release(a, 1);
    a->outcome = OUTCOME_DEFERRED;
    rig_agent_release(a, 1);
    rig_until(rig_is_empty, NULL);
    assert_false(rig_exists("active", "J005"));
    assert_true(rig_exists("deferred", "J006"));
    queue_remove("deferred", "J006");
    end(&w);
}

struct answer {
    bool is_there;
};

static void answered(void *arg, const char *reply, size_t n)
{
    struct answer *a = arg;
    struct attrs list;

    assert_non_null(reply);
    assert_true(attrs_parse(&reply, reply + n, &list));
    assert_int_equal(attrs_long(&list, "status", -1), 0);
    a->is_there = true;
}

static bool is_answered(void *arg)
{
    return ((struct answer *) arg)->is_there;
}

static void settled_on_request(void **state)
{
    static const struct mux_handler handler = {0};
    struct rig_agent *a = rig_agent("private/asked", 0);
    struct mux *postsuper = mux_new_client(net_connect_unix("public/qmgr", NEVER), &handler, NULL);
    struct answer answer = {0};
    struct str request = {0};
    struct writer w;

    (void) state;
    begin(&w);
    a->is_holding = true;
    store(&w, "J007", 1, "host.asked");
    store(&w, "J008", 1, "host.asked");
    rig_until_held(a, 2);
    attr_put(&request, "request", "settle");
    attr_put(&request, "queue_id", "ALL");
    attr_end(&request);
    call_end(call_start(postsuper, &request, answered, &answer));
    rig_until(is_answered, &answer);
    assert_true(rig_exists("active", "J007"));
    assert_true(rig_exists("active", "J008"));
    a->is_holding = false;
    rig_agent_release(a, 2);
    rig_until(rig_is_empty, NULL);
    mux_close(postsuper);
    str_done(&request);
    end(&w);
}

/* The writer dies. One message is under way, one waits, one was done but the writer did not hear of
 * it, one is still new: each is delivered once. */
static void writer_dies(void **state)
{
    struct rig_agent *a = rig_agent("private/dead", 0);
    struct writer w;

    (void) state;
    begin(&w);
    conf.default_destination_concurrency_limit = 1;
    a->is_holding = true;
    store(&w, "J010", 1, "host.dead");
    rig_until_held(a, 1);
    store(&w, "J011", 1, "host.dead");
    store(&w, "J012", 1, "other.dead");
    rig_until_held(a, 2);
    conf.default_destination_concurrency_limit = 20;
    assert_int_equal(a->held_count, 2); /* J010 and J012 */
    struct journal *journal = w.journal;
    w.journal = NULL; /* marks are not written any more */
    struct request *first = a->held[0];
    a->held[0] = a->held[1];
    a->held[1] = first;
    rig_agent_release(a, 1);
    rig_run_ms(20);
    assert_true(rig_has(&rig_log, "J012: removed\n"));
    mux_close(w.mux);
    journal_close(journal);
    rig_until(is_active_file, "J010");
    assert_true(rig_exists("active", "J011"));
    assert_false(rig_exists("incoming", "J012"));
    a->is_holding = false;
    rig_agent_release(a, 1);
    rig_until(rig_is_empty, NULL);
    assert_string_equal(str_text(&a->log), "J010 host r0@host.dead\nJ012 other r0@other.dead\nJ011 host r0@host.dead\n");
    assert_false(rig_exists("active", "J010"));
    assert_false(rig_exists("active", "J011"));
}

static void announce(void *arg, uint64_t seq, const char *id, const struct location *where)
{
    note(arg, QMGR_NOTE_LIVE, seq, id, where);
}

/* The connection is lost, the writer lives: it tells again what is live. */
static void writer_reconnects(void **state)
{
    struct rig_agent *a = rig_agent("private/again", 0);
    struct writer w;

    (void) state;
    begin(&w);
    a->is_holding = true;
    store(&w, "J020", 1, "host.again");
    rig_until_held(a, 1);
    mux_close(w.mux);
    w.mux = NULL;
    rig_run_ms(20);
    store(&w, "J021", 1, "host.again");
    rig_run_ms(100);
    connect_writer(&w);
    journal_each_live(w.journal, announce, &w);
    rig_until_held(a, 2);
    rig_run_ms(20);
    assert_int_equal(a->count, 2);
    rig_agent_release(a, 2);
    rig_until(rig_is_empty, NULL);
    rig_until(is_journal_empty, &w);
    assert_int_equal(a->count, 2);
    end(&w);
}

/* More is announced than may be active: it waits, and if that takes long as a file in incoming/. */
static void backlog_is_settled(void **state)
{
    struct rig_agent *a = rig_agent("private/busy", 0);
    struct writer w;

    (void) state;
    begin(&w);
    conf.qmgr_message_active_limit = 1;
    a->is_holding = true;
    store(&w, "J030", 1, "host.busy");
    store(&w, "J031", 1, "host.busy");
    rig_until_held(a, 1);
    rig_run_ms(20);
    assert_int_equal(a->count, 1);
    qmgr_feed_settle(clock_now());
    rig_until(is_incoming_file, "J031");
    conf.qmgr_message_active_limit = 20000;
    a->is_holding = false;
    rig_agent_release(a, 1);
    rig_until(rig_is_empty, NULL);
    rig_until(is_journal_empty, &w);
    assert_int_equal(a->count, 2);
    end(&w);
}

static void malformed_notes(void **state)
{
    struct writer w;
    struct str text = {0};

    (void) state;
    begin(&w);
    str_adds(&text, "rubbish");
    mux_note(w.mux, &text);
    rig_run_ms(20);
    assert_true(rig_has(&rig_log, "warning: malformed note from cleanup"));
    str_done(&text);
    end(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(delivered),
        cmocka_unit_test(deferred_becomes_a_file),
        cmocka_unit_test(settled_while_it_is_delivered),
        cmocka_unit_test(done_while_it_is_settled),
        cmocka_unit_test(settled_on_request),
        cmocka_unit_test(writer_dies),
        cmocka_unit_test(writer_reconnects),
        cmocka_unit_test(backlog_is_settled),
        cmocka_unit_test(malformed_notes),
    };

    return cmocka_run_group_tests(tests, rig_begin, rig_end);
}
