/*
 * Preloaded into the service (LD_PRELOAD): moves its wall clock and makes fsync fail or take its time, as the test says through
 * a file that both have mapped. Monotonic time is left alone. Built by shim.ts.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

struct control {
  int64_t wall_offset_ms;
  int64_t fsync_errno;    /* 0: it works */
  int64_t fsync_delay_us;
  int64_t fsyncs;         /* seen */
  int64_t fsyncs_failed;
  int64_t wall_reads;     /* with an offset */
};

static volatile struct control *control(void) {
  static volatile struct control *mapped;
  static int tried;
  if (!tried) {
    const char *path = getenv("SHIM_CONTROL");
    int file = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
    if (file >= 0) {
      void *memory = mmap(NULL, sizeof(struct control), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
      if (memory != MAP_FAILED) mapped = memory;
      close(file);
    }
    tried = 1;
  }
  return mapped;
}

static int64_t offset_ms(void) {
  volatile struct control *c = control();
  if (!c || c->wall_offset_ms == 0) return 0;
  __sync_fetch_and_add(&c->wall_reads, 1);
  return c->wall_offset_ms;
}

int clock_gettime(clockid_t id, struct timespec *now) {
  static int (*real)(clockid_t, struct timespec *);
  if (!real) real = dlsym(RTLD_NEXT, "clock_gettime");
  int result = real(id, now);
  if (result == 0 && (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE)) now->tv_sec += offset_ms() / 1000;
  return result;
}

int gettimeofday(struct timeval *now, void *zone) {
  static int (*real)(struct timeval *, void *);
  if (!real) real = dlsym(RTLD_NEXT, "gettimeofday");
  int result = real(now, zone);
  if (result == 0) now->tv_sec += offset_ms() / 1000;
  return result;
}

time_t time(time_t *out) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  if (out) *out = now.tv_sec;
  return now.tv_sec;
}

static int sync_file(const char *name, int file) {
  volatile struct control *c = control();
  if (c) {
    __sync_fetch_and_add(&c->fsyncs, 1);
    if (c->fsync_delay_us > 0) usleep((useconds_t)c->fsync_delay_us);
    if (c->fsync_errno != 0) {
      __sync_fetch_and_add(&c->fsyncs_failed, 1);
      errno = (int)c->fsync_errno;
      return -1;
    }
  }
  int (*real)(int) = dlsym(RTLD_NEXT, name);
  return real(file);
}

int fsync(int file) { return sync_file("fsync", file); }
int fdatasync(int file) { return sync_file("fdatasync", file); }
