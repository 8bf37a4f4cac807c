/* Loaded into a process before its libraries: ends it with 70 when it tells something (file 1) while something that it
 * has written into its database is not on the disk, where a power cut would lose it. What it only intends may be told.
 */
#define _GNU_SOURCE
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define FILES 1024

static int waiting[FILES]; /* of each open file: was written to and not yet brought to the disk */

static int of_the_database(int file) {
    char link[64] = "/proc/self/fd/", path[512] = "";
    char digits[12];
    size_t at = strlen(link), count = 0;

    do {
        digits[count++] = (char)('0' + file % 10);
        file /= 10;
    } while (file > 0);
    while (count > 0) {
        link[at++] = digits[--count];
    }
    return readlink(link, path, sizeof path - 1) > 0 && strstr(path, "peephole.db") != NULL &&
           strstr(path, "-shm") == NULL;
}

static void written(int file) {
    if (file > 2 && file < FILES && of_the_database(file)) {
        waiting[file] = 1;
    }
}

ssize_t pwrite64(int file, const void *bytes, size_t count, off64_t offset) {
    written(file);
    return syscall(SYS_pwrite64, file, bytes, count, offset);
}

ssize_t pwrite(int file, const void *bytes, size_t count, off_t offset) {
    return pwrite64(file, bytes, count, offset);
}

ssize_t write(int file, const void *bytes, size_t count) {
    static const char intent[] = "{\"intent\"";

    written(file);
    if (file == 1 && (count < sizeof intent || memcmp(bytes, intent, sizeof intent - 1) != 0)) {
        for (int i = 0; i < FILES; i++) {
            if (waiting[i]) {
                _exit(70);
            }
        }
    }
    return syscall(SYS_write, file, bytes, count);
}

static int brought(int file, long call) {
    int result = (int)syscall(call, file);

    if (result == 0 && file >= 0 && file < FILES) {
        waiting[file] = 0;
    }
    return result;
}

int fsync(int file) {
    return brought(file, SYS_fsync);
}

int fdatasync(int file) {
    return brought(file, SYS_fdatasync);
}
