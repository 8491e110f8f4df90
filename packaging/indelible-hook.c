// SPDX-License-Identifier: Apache-2.0
/*
 * Answers an agent's hook through the daemon's Unix socket.
 *
 *   indelible-hook AGENT SOCKET OWNER
 *
 * Reads the event from standard input, sends it to the daemon, and prints the daemon's answer, which is
 * in the agent's form. AGENT is a name that the daemon knows, such as claude-code. OWNER is the number of
 * the user that runs the daemon: a socket of another user is not asked, because whoever may create a
 * file in its directory could answer in the daemon's place.
 *
 * Every failure blocks the action: exit status 2 with the reason on standard error. Copilot may act after
 * each status but 0, so there a failure is an answer that denies.
 *
 * Build: cc -O2 -o indelible-hook indelible-hook.c
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum {
  LIMIT_SECONDS = 5,   /* for the whole question and answer */
  MAX_EVENT = 4 << 20, /* the daemon accepts no more */
  MAX_ANSWER = 1 << 20,
  BLOCKED = 2
};

static const char *agent = "";

/* Ends with the form of failure that blocks the action; only calls that a signal handler may make. */
static void end_blocked(void) {
  static const char denial[] = "{\"permissionDecision\":\"deny\",\"permissionDecisionReason\":"
                               "\"blocked, because the hook could not decide\"}\n";
  if (strcmp(agent, "copilot") != 0) _exit(BLOCKED);
  _exit(write(STDOUT_FILENO, denial, sizeof denial - 1) == sizeof denial - 1 ? 0 : BLOCKED);
}

static void block(const char *format, ...) {
  va_list values;
  va_start(values, format);
  fprintf(stderr, "indelible-hook: ");
  vfprintf(stderr, format, values);
  fprintf(stderr, "\n");
  va_end(values);
  end_blocked();
}

static void on_alarm(int signal_number) {
  static const char reason[] = "indelible-hook: no answer within 5 seconds\n";
  (void)signal_number;
  ssize_t ignored = write(STDERR_FILENO, reason, sizeof reason - 1);
  (void)ignored;
  end_blocked();
}

/* Reads until the end of a file or the limit; returns the length. */
static size_t read_all(int from, char *into, size_t limit, const char *what) {
  size_t length = 0;
  for (;;) {
    ssize_t count = read(from, into + length, limit - length);
    if (count == 0) return length;
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) block("%s cannot be read: %s", what, strerror(errno));
    length += (size_t)count;
    if (length == limit) block("%s is longer than %zu bytes", what, limit - 1);
  }
}

static void write_all(int to, const char *from, size_t length, const char *what) {
  while (length > 0) {
    ssize_t count = write(to, from, length);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) block("%s cannot be written: %s", what, strerror(errno));
    from += count;
    length -= (size_t)count;
  }
}

static int connect_to(const char *path, const char *owner) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  struct stat file;
  char *end;
  unsigned long uid = strtoul(owner, &end, 10);
  if (*owner == 0 || *end != 0) block("OWNER: %s: give the number of a user", owner);
  if (strlen(path) >= sizeof address.sun_path) block("SOCKET: %s: too long", path);
  if (lstat(path, &file) != 0) block("%s: %s; is the daemon running?", path, strerror(errno));
  if (!S_ISSOCK(file.st_mode)) block("%s: is not a socket", path);
  if (file.st_uid != uid)
    block("%s: belongs to user %lu, not to the daemon's user %lu", path, (unsigned long)file.st_uid, uid);
  strcpy(address.sun_path, path);
  int channel = socket(AF_UNIX, SOCK_STREAM, 0);
  if (channel < 0 || connect(channel, (struct sockaddr *)&address, sizeof address) != 0)
    block("%s: %s; is the daemon running?", path, strerror(errno));
#ifdef SO_PEERCRED
  /* The file may have been replaced since; this is the process that listens. */
  struct ucred peer;
  socklen_t size = sizeof peer;
  if (getsockopt(channel, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0 || peer.uid != uid)
    block("%s: user %lu does not listen there", path, uid);
#endif
  return channel;
}

int main(int count, char **values) {
  if (count > 1) agent = values[1];
  if (count != 4) block("usage: indelible-hook AGENT SOCKET OWNER");
  if (fcntl(STDOUT_FILENO, F_GETFD) < 0) block("standard output is closed");
  if (strspn(agent, "abcdefghijklmnopqrstuvwxyz-") != strlen(agent) || *agent == 0)
    block("AGENT: not the name of an agent");
  sigset_t alarms;
  sigemptyset(&alarms);
  sigaddset(&alarms, SIGALRM);
  sigprocmask(SIG_UNBLOCK, &alarms, NULL);
  signal(SIGALRM, on_alarm);
  signal(SIGPIPE, SIG_IGN);
  alarm(LIMIT_SECONDS);

  char *event = malloc(MAX_EVENT + 1);
  char *answer = malloc(MAX_ANSWER + 1);
  if (event == NULL || answer == NULL) block("no memory");
  size_t length = read_all(STDIN_FILENO, event, MAX_EVENT + 1, "standard input");

  int channel = connect_to(values[2], values[3]);
  char head[256];
  int head_length =
      snprintf(head, sizeof head,
               "POST /v1/hooks/%s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
               "Content-Type: application/json\r\nContent-Length: %zu\r\n\r\n",
               agent, length);
  if (head_length < 0 || (size_t)head_length >= sizeof head) block("AGENT: too long");
  write_all(channel, head, (size_t)head_length, "the question");
  write_all(channel, event, length, "the question");

  size_t total = read_all(channel, answer, MAX_ANSWER + 1, "the answer");
  answer[total] = 0;
  if (strncmp(answer, "HTTP/1.1 200 ", 13) != 0) {
    answer[strcspn(answer, "\r\n")] = 0;
    block("the daemon answers: %.200s", *answer ? answer : "nothing");
  }
  char *body = strstr(answer, "\r\n\r\n");
  if (body == NULL) block("the answer of the daemon is cut off");
  char *declared = answer;
  do {
    declared = strstr(declared, "\r\n") + 2;
    if (declared > body) block("the answer of the daemon has no length");
  } while (strncasecmp(declared, "Content-Length:", 15) != 0);
  body += 4;
  size_t body_length = total - (size_t)(body - answer);
  if (strtoul(declared + 15, NULL, 10) != body_length) block("the answer of the daemon is cut off");
  write_all(STDOUT_FILENO, body, body_length, "standard output");
  return 0;
}
