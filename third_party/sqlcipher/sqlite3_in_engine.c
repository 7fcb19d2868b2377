/* The amalgamation as it is, and what the engine adds where only SQLite's own file can see it.
 *
 * SQLite keeps one list of open files for each process and takes its locks by it. A forked child inherits the list but
 * not the locks: a store that the child opened anew would count on its parent's, other processes would not see it, and
 * the last of them to close would remove the WAL below it. So a child begins with an empty list. What the parent had
 * open stays as it is there, and the child neither uses nor closes it.
 *
 * A fork waits until no thread holds a mutex that the whole process shares: the child would find it taken for ever by a
 * thread that did not come along. */
#include "sqlite3.c"

#include <pthread.h>

/* The outer before the inner, or two threads wait for each other: a temporary file is named (VFS1) by a random number
 * (PRNG) whose first asks for the default file system (MAIN), and SQLCipher starts under MAIN. */
static const struct {
  int of_sqlcipher;
  int number;
} shared_mutexes[] = {
    {0, SQLITE_MUTEX_STATIC_OPEN},        {0, SQLITE_MUTEX_STATIC_VFS1},
    {0, SQLITE_MUTEX_STATIC_PRNG},        {0, SQLITE_MUTEX_STATIC_MAIN},
    {1, SQLCIPHER_MUTEX_SHAREDCACHE},     {1, SQLCIPHER_MUTEX_PROVIDER},
    {1, SQLCIPHER_MUTEX_PROVIDER_ACTIVATE}, {1, SQLCIPHER_MUTEX_PROVIDER_RAND},
    {1, SQLCIPHER_MUTEX_MEM},             {0, SQLITE_MUTEX_STATIC_LRU},
    {0, SQLITE_MUTEX_STATIC_PMEM},        {0, SQLITE_MUTEX_STATIC_MEM},
};

static sqlite3_mutex *shared_mutex(int i) {
  const int number = shared_mutexes[i].number;
  return shared_mutexes[i].of_sqlcipher ? sqlcipher_mutex(number) : sqlite3MutexAlloc(number);
}

static void before_fork(void) {
  int i;
  for (i = 0; i < ArraySize(shared_mutexes); i++) sqlite3_mutex_enter(shared_mutex(i));
}

static void after_fork_in_parent(void) {
  int i;
  for (i = ArraySize(shared_mutexes) - 1; i >= 0; i--) sqlite3_mutex_leave(shared_mutex(i));
}

static void after_fork_in_child(void) {
  inodeList = 0;
  after_fork_in_parent();
}

/* Starts SQLite. Once per process; an SQLite result code.
 *
 * OpenSSL and SQLCipher would free their heaps and mutexes when the process exits, below whoever closes an engine later:
 * a static object, a thread that still runs. OpenSSL is asked not to, if nobody in the process has started it before;
 * SQLCipher hears that its end is seen to, and then that it was done. Each connection wipes its keys when it closes; the
 * rest goes with the process. */
int settle_in_process(void) {
  int code;
  OPENSSL_init_crypto(OPENSSL_INIT_NO_ATEXIT, 0);
  sqlcipher_cleanup = 1;
  code = sqlite3_initialize();
  if (code != SQLITE_OK) return code;
  sqlcipher_shutdown = 1;
  return pthread_atfork(before_fork, after_fork_in_parent, after_fork_in_child) == 0 ? SQLITE_OK : SQLITE_NOMEM;
}
