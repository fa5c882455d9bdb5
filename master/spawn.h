/* spawn.h: starting a worker.
 */
#ifndef MASTER_SPAWN_H
#define MASTER_SPAWN_H

#include "master/service.h"

/* A new worker process of the service, with its descriptors and arguments; -1: fork failed (logged). */
pid_t master_spawn_worker(struct service *s, int number);

#endif
