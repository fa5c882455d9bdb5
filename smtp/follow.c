#include "smtp/follow.h"

#include "base/log.h"
#include "base/task.h"
#include "config/config.h"
#include "smtp/filter.h"
#include "smtp/notify.h"
#include "smtp/pool.h"
#include "smtp/transaction.h"

/* One that is announced, and one behind it so that it has a follower in its turn. */
enum { MAX_FOLLOWERS = 2, PATIENCE_MS = 5000 };

struct follower {
    struct list link; /* on session->followers */
    struct task *task;
    struct str commands;
    struct session *given; /* the outcome */
    bool is_announced, is_over;
};

static size_t count_followers(const struct session *s)
{
    size_t n = 0;

    list_each (link, &s->followers)
        n++;
    return n;
}

static bool can_follow(const struct session *s)
{
    size_t waiting = count_followers(s);
    unsigned limit = (unsigned) conf.smtp_connection_reuse_count_limit;

    return s->is_quick && waiting < MAX_FOLLOWERS && (s->features & FEATURE_PIPELINING) != 0 &&
           (s->features & FEATURE_PIX_DELAY_DOT) == 0 && smtp_pool_is_reusable(s) &&
           (limit == 0 || s->use_count + waiting < limit);
}

static struct session *find_session(const struct site *site)
{
    list_each (link, &site->busy) {
        struct session *s = list_entry(link, struct session, by_site);
        if (can_follow(s))
            return s;
    }
    return NULL;
}

struct session *smtp_follow(struct attempt *a, bool *is_announced)
{
    struct site *site = smtp_pool_site(a->site);
    struct follower f = {.task = task_self()};
    struct session *s;

    *is_announced = false;
    if (f.task == NULL || site == NULL || conf.smtp_send_xforward_command || smtp_filter_waits())
        return NULL;
    s = find_session(site);
    if (s == NULL || !smtp_transaction_commands(a, s, &f.commands))
        return NULL;
    list_append(&s->followers, &f.link);
    msec deadline = clock_after(PATIENCE_MS);
    while (!f.is_over && task_park(deadline) == WAKE_READY)
        continue;
    list_remove(&f.link);
    if (!f.is_over && f.is_announced) /* the server will answer what nobody asks any more */
        s->reusable_until = 0;
    str_done(&f.commands);
    *is_announced = f.given != NULL && f.is_announced;
    return f.given;
}

static struct follower *first_follower(const struct session *s)
{
    return list_first(&s->followers, struct follower, link);
}

void smtp_follow_announce(struct session *s)
{
    struct follower *f = first_follower(s);

    if (f == NULL || !smtp_pool_is_reusable(s))
        return;
    smtp_notify_commands(s, f->commands.data, f->commands.len);
    stream_add(&s->stream, f->commands.data, f->commands.len);
    f->is_announced = true;
}

static void end_wait(struct follower *f, struct session *given)
{
    list_remove(&f->link);
    f->is_over = true;
    f->given = given;
    task_wake(f->task);
}

bool smtp_follow_hand_over(struct session *s)
{
    struct follower *f = first_follower(s);

    if (f == NULL)
        return false;
    if (!f->is_announced && !smtp_pool_is_reusable(s)) {
        smtp_follow_abandon(s);
        return false;
    }
    s->is_in_doubt = true;
    end_wait(f, s);
    return true;
}

void smtp_follow_abandon(struct session *s)
{
    struct follower *f;

    while ((f = first_follower(s)) != NULL)
        end_wait(f, NULL);
}
