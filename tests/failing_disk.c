/* Loaded into a process before its libraries: what it reads, writes or brings to the disk of a doorbell's database fails
 * as a dying SD card does (EIO), while the process has set `failing_disk` to the sum of what shall fail.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define READING 1
#define WRITING 2
#define BRINGING 4
#define READING_FURTHER 8 /* than the first page */

int failing_disk = 0;

static int fails(int file, int what) {
    char link[32], path[512] = "";

    if ((failing_disk & what) == 0) {
        return 0;
    }
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    if (readlink(link, path, sizeof path - 1) <= 0 || strstr(path, "peephole.db") == NULL) {
        return 0;
    }
    errno = EIO;
    return 1;
}

ssize_t pread64(int file, void *bytes, size_t count, off64_t offset) {
    int what = offset > 0 ? READING | READING_FURTHER : READING;

    return fails(file, what) ? -1 : syscall(SYS_pread64, file, bytes, count, offset);
}

ssize_t pread(int file, void *bytes, size_t count, off_t offset) {
    return pread64(file, bytes, count, offset);
}

ssize_t read(int file, void *bytes, size_t count) {
    return fails(file, READING | READING_FURTHER) ? -1 : syscall(SYS_read, file, bytes, count);
}

ssize_t write(int file, const void *bytes, size_t count) {
    return fails(file, WRITING) ? -1 : syscall(SYS_write, file, bytes, count);
}

ssize_t pwrite64(int file, const void *bytes, size_t count, off64_t offset) {
    return fails(file, WRITING) ? -1 : syscall(SYS_pwrite64, file, bytes, count, offset);
}

ssize_t pwrite(int file, const void *bytes, size_t count, off_t offset) {
    return pwrite64(file, bytes, count, offset);
}

int fsync(int file) {
    return fails(file, BRINGING) ? -1 : (int)syscall(SYS_fsync, file);
}

int fdatasync(int file) {
    return fails(file, BRINGING) ? -1 : (int)syscall(SYS_fdatasync, file);
}
