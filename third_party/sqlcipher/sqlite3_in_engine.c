/* The amalgamation as it is, and what the engine adds where only SQLite's own file can see it.
 *
 * SQLite keeps one list of open files for each process and takes its locks by it. A forked child inherits the list but
 * not the locks: a store that the child opened anew would count on its parent's, other processes would not see it, and
 * the last of them to close would remove the WAL below it. So a child begins with an empty list. What the parent had
 * open stays as it is there, and the child neither uses nor closes it. */
#include "sqlite3.c"

#include <pthread.h>

static void before_fork(void) {
  unixEnterMutex();
}

static void after_fork_in_parent(void) {
  unixLeaveMutex();
}

static void after_fork_in_child(void) {
  inodeList = 0;
  unixLeaveMutex();
}

/* Once per process, after sqlite3_initialize. 0, or ENOMEM. */
int forget_files_at_fork(void) {
  return pthread_atfork(before_fork, after_fork_in_parent, after_fork_in_child);
}
