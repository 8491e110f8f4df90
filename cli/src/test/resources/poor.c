// SPDX-License-Identifier: Apache-2.0

/*
 * Preloaded into a process (LD_PRELOAD), this library simulates a disk with a fault. The variable
 * INDELIBLE_POOR selects the fault: "locks" makes the locks of a journal fail, and "space" reports
 * that the disk is full.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

static int lacks(const char *what) {
  const char *poor = getenv("INDELIBLE_POOR");
  return poor != NULL && strcmp(poor, what) == 0;
}

/* Returns 1 for a lock file of a journal: the file "door", or the file "lock" of a slot. */
static int is_for_locks(int fd) {
  char link[64];
  char path[4096];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, path, sizeof path - 1);
  if (length < 5) {
    return 0;
  }
  path[length] = 0;
  return strcmp(path + length - 5, "/door") == 0 || strcmp(path + length - 5, "/lock") == 0;
}

static int fcntl_of(const char *name, int fd, int command, void *argument) {
  static int (*next)(int, int, ...);
  if ((command == F_SETLK || command == F_SETLKW) && lacks("locks") && is_for_locks(fd)) {
    errno = ENOLCK;
    return -1;
  }
  if (next == NULL) {
    next = (int (*)(int, int, ...))dlsym(RTLD_NEXT, name);
  }
  return next(fd, command, argument);
}

int fcntl(int fd, int command, ...) {
  va_list arguments;
  va_start(arguments, command);
  void *argument = va_arg(arguments, void *);
  va_end(arguments);
  return fcntl_of("fcntl", fd, command, argument);
}

int fcntl64(int fd, int command, ...) {
  va_list arguments;
  va_start(arguments, command);
  void *argument = va_arg(arguments, void *);
  va_end(arguments);
  return fcntl_of("fcntl64", fd, command, argument);
}

int statvfs64(const char *path, struct statvfs64 *found) {
  int (*next)(const char *, struct statvfs64 *) =
      (int (*)(const char *, struct statvfs64 *))dlsym(RTLD_NEXT, "statvfs64");
  int result = next(path, found);
  if (result == 0 && lacks("space")) {
    found->f_bavail = 0;
  }
  return result;
}

int statvfs(const char *path, struct statvfs *found) {
  int (*next)(const char *, struct statvfs *) =
      (int (*)(const char *, struct statvfs *))dlsym(RTLD_NEXT, "statvfs");
  int result = next(path, found);
  if (result == 0 && lacks("space")) {
    found->f_bavail = 0;
  }
  return result;
}
