/* A wall clock that a test can turn, for a program that is started with this in LD_PRELOAD.
 *
 * The file that HOSTILE_CLOCK names holds by how many microseconds it is wrong, as eight bytes. The monotonic clock stays
 * what it is. Of libfaketime, which does this and much more, a server with jemalloc does not come to its start: the
 * allocator asks for the time before the library can find out whom to ask. So this asks the kernel itself. */

#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static const volatile int64_t *skew;

__attribute__((constructor)) static void open_skew(void) {
    const char *path = getenv("HOSTILE_CLOCK");
    int file = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (file < 0) return;
    void *page = mmap(NULL, sizeof *skew, PROT_READ, MAP_SHARED, file, 0);
    if (page != MAP_FAILED) skew = page;
    close(file);
}

int clock_gettime(clockid_t clock, struct timespec *now) {
    int outcome = (int)syscall(SYS_clock_gettime, clock, now);
    if (outcome == 0 && skew && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) {
        int64_t micros = (int64_t)now->tv_sec * 1000000 + now->tv_nsec / 1000 + *skew;
        now->tv_sec = micros / 1000000;
        now->tv_nsec = micros % 1000000 * 1000;
    }
    return outcome;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone) {
    struct timespec exact;
    (void)zone;
    int outcome = clock_gettime(CLOCK_REALTIME, &exact);
    if (outcome == 0) {
        now->tv_sec = exact.tv_sec;
        now->tv_usec = exact.tv_nsec / 1000;
    }
    return outcome;
}

time_t time(time_t *at) {
    struct timespec exact;
    clock_gettime(CLOCK_REALTIME, &exact);
    if (at) *at = exact.tv_sec;
    return exact.tv_sec;
}
