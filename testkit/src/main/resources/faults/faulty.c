// SPDX-License-Identifier: Apache-2.0

/*
 * Preloaded into a process (LD_PRELOAD), this library makes chosen calls on the files of an SQLite
 * database fail, and shifts the wall clock. FaultyDisk.java controls it through a file of eight
 * 64-bit words that both map. INDELIBLE_FAULTS contains the path of the file.
 *
 * A call that fails has no effect: it writes and syncs nothing.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

struct control {
  /* The number of calls of the chosen kinds on a database so far. */
  uint64_t calls;
  /* The number of the call that fails, from 1; 0 for none. */
  uint64_t failing;
  /* If not 0, all later calls also fail. */
  uint64_t forever;
  /* The errno of a failing call. */
  uint64_t error;
  /* The kinds of calls that are counted and that fail. */
  uint64_t kinds;
  /* The number of calls that failed. */
  uint64_t injected;
  /* The offset of the wall clock in seconds. */
  int64_t clock_shift;
  uint64_t unused;
};

enum kind { WRITE = 1, SYNC = 2, SIZE = 4, READ = 8 };

static volatile struct control *control;

__attribute__((constructor)) static void map_control(void) {
  const char *file = getenv("INDELIBLE_FAULTS");
  int fd = file == NULL ? -1 : open(file, O_RDWR | O_CLOEXEC);
  if (fd < 0) {
    return;
  }
  void *map = mmap(NULL, sizeof(struct control), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (map != MAP_FAILED) {
    control = map;
  }
  close(fd);
}

static int ends_with(const char *text, size_t length, const char *end) {
  size_t tail = strlen(end);
  return length >= tail && memcmp(text + length - tail, end, tail) == 0;
}

static int is_database(int fd) {
  char link[64];
  char path[4096];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, path, sizeof path);
  return length > 0
      && (ends_with(path, length, ".db") || ends_with(path, length, ".db-wal")
          || ends_with(path, length, ".db-shm") || ends_with(path, length, ".db-journal"));
}

/* Returns 1, with errno set, if this call must fail. */
static int fails(enum kind kind, int fd) {
  volatile struct control *c = control;
  if (c == NULL || !(c->kinds & kind)) {
    return 0;
  }
  int before = errno;
  int ours = is_database(fd);
  errno = before;
  if (!ours) {
    return 0;
  }
  uint64_t number = __atomic_add_fetch(&c->calls, 1, __ATOMIC_SEQ_CST);
  uint64_t failing = c->failing;
  if (failing == 0 || number < failing || (number > failing && !c->forever)) {
    return 0;
  }
  __atomic_add_fetch(&c->injected, 1, __ATOMIC_SEQ_CST);
  errno = (int) c->error;
  return 1;
}

/* Finds the real function, which this library replaces. */
#define BEHIND(name)                                                                               \
  static __typeof__(name) *behind;                                                                 \
  if (behind == NULL) {                                                                            \
    behind = (__typeof__(name) *) dlsym(RTLD_NEXT, #name);                                         \
  }

ssize_t write(int fd, const void *bytes, size_t count) {
  BEHIND(write)
  return fails(WRITE, fd) ? -1 : behind(fd, bytes, count);
}

ssize_t pwrite(int fd, const void *bytes, size_t count, off_t at) {
  BEHIND(pwrite)
  return fails(WRITE, fd) ? -1 : behind(fd, bytes, count, at);
}

ssize_t pwrite64(int fd, const void *bytes, size_t count, off64_t at) {
  BEHIND(pwrite64)
  return fails(WRITE, fd) ? -1 : behind(fd, bytes, count, at);
}

int fsync(int fd) {
  BEHIND(fsync)
  return fails(SYNC, fd) ? -1 : behind(fd);
}

int fdatasync(int fd) {
  BEHIND(fdatasync)
  return fails(SYNC, fd) ? -1 : behind(fd);
}

int ftruncate(int fd, off_t length) {
  BEHIND(ftruncate)
  return fails(SIZE, fd) ? -1 : behind(fd, length);
}

int ftruncate64(int fd, off64_t length) {
  BEHIND(ftruncate64)
  return fails(SIZE, fd) ? -1 : behind(fd, length);
}

/* These two functions return the error and do not set errno. */
int posix_fallocate(int fd, off_t at, off_t length) {
  BEHIND(posix_fallocate)
  return fails(SIZE, fd) ? errno : behind(fd, at, length);
}

int posix_fallocate64(int fd, off64_t at, off64_t length) {
  BEHIND(posix_fallocate64)
  return fails(SIZE, fd) ? errno : behind(fd, at, length);
}

ssize_t read(int fd, void *bytes, size_t count) {
  BEHIND(read)
  return fails(READ, fd) ? -1 : behind(fd, bytes, count);
}

ssize_t pread(int fd, void *bytes, size_t count, off_t at) {
  BEHIND(pread)
  return fails(READ, fd) ? -1 : behind(fd, bytes, count, at);
}

ssize_t pread64(int fd, void *bytes, size_t count, off64_t at) {
  BEHIND(pread64)
  return fails(READ, fd) ? -1 : behind(fd, bytes, count, at);
}

/* Shifts only the wall clock; monotonic clocks are not changed. */
int clock_gettime(clockid_t clock, struct timespec *time) {
  BEHIND(clock_gettime)
  int result = behind(clock, time);
  if (result == 0 && clock == CLOCK_REALTIME && control != NULL) {
    time->tv_sec += control->clock_shift;
  }
  return result;
}

int gettimeofday(struct timeval *restrict time, void *restrict zone) {
  BEHIND(gettimeofday)
  int result = behind(time, zone);
  if (result == 0 && control != NULL) {
    time->tv_sec += control->clock_shift;
  }
  return result;
}
