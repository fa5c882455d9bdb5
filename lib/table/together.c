#include "table/together.h"

#include "base/mem.h"
#include "base/task.h"

struct question {
    struct str answer;
    struct cond answered;
    unsigned users;
    bool is_done, has_answer;
    bool is_abandoned; /* who asked was cancelled: another one must ask */
};

static struct question *join(struct together *t, const struct str *text, bool *is_first)
{
    struct hash_entry *slot = hash_slot(&t->asked, str_text(text), text->len);
    struct question *q = slot->value;

    *is_first = q == NULL;
    if (q == NULL) {
        q = slot->value = mem_zalloc(sizeof(*q));
        cond_init(&q->answered);
    }
    q->users++;
    return q;
}

static void leave(struct question *q)
{
    if (--q->users > 0)
        return;
    str_done(&q->answer);
    mem_free(q);
}

static void answer_all(struct together *t, const struct str *text, struct question *q)
{
    hash_removen(&t->asked, str_text(text), text->len);
    q->is_done = true;
    q->is_abandoned = !q->has_answer && task_is_cancelled();
    cond_wake_all(&q->answered);
}

bool together_ask(struct together *t, const struct str *question, struct str *answer, together_asker *asker, void *context)
{
    bool is_first;
    struct question *q = join(t, question, &is_first);

    if (is_first) {
        q->has_answer = asker(context, question, &q->answer);
        answer_all(t, question, q);
    }
    while (!q->is_done && !task_is_cancelled())
        cond_wait(&q->answered, NEVER);
    bool ok = q->is_done && q->has_answer, again = q->is_abandoned && !task_is_cancelled();
    str_clear(answer);
    str_add(answer, str_text(&q->answer), q->answer.len);
    leave(q);
    return again ? together_ask(t, question, answer, asker, context) : ok;
}
