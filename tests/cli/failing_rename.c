/* Loaded before the tool: a rename to a store's key slots fails, as on a disk that breaks in that moment. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

__attribute__((visibility("default"))) int rename(const char *from, const char *to) {
  const size_t length = strlen(to);
  if (strstr(from, ".keys.next") != NULL && length > 5 && strcmp(to + length - 5, ".keys") == 0) {
    errno = EIO;
    return -1;
  }
  return (int)syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0);
}
