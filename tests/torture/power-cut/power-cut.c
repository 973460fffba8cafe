// A preloaded library that remembers how to undo every write that was not synced, so that a killed process can be given the disk of a power cut.
//
// A SIGKILL leaves the page cache in place and so cannot see a missing fsync. This library journals, for files below POWER_CUT_FOLDER, the
// previous content before each write, truncation, creation, rename and unlink, and a mark after each successful sync. restore.ts undoes,
// newest first, what no mark covers. The model: fsync or fdatasync of a file makes its content, its size and its creation durable; rename and
// unlink become durable with a sync of their folder. A file whose path contains POWER_CUT_IGNORE_SYNC loses its syncs: a planted bug.
//
// Journal entry: type, inode, offset, old size, data length, path lengths (see struct entry), then path, second path, data.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#define FDS_MAX 65536
#define PATH_BYTES 1024

struct __attribute__((packed)) entry {
  uint8_t type;  // W write or truncation, C create, R rename, U unlink, S file synced, D folder synced
  uint64_t inode;
  uint64_t offset;    // W: where; S, D: journal position that the sync covers
  uint64_t old_size;  // size before
  uint64_t length;    // bytes of data that follow
  uint32_t path_length;
  uint32_t second_length;
};

static char folder[PATH_BYTES];
static char ignored[PATH_BYTES];
static char journal_folder[PATH_BYTES];
static int journal = -1;
static uint64_t saved_links;
static char *paths[FDS_MAX];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

#define NEXT(name) static __typeof__(&name) next; if (!next) next = (__typeof__(&name))dlsym(RTLD_NEXT, #name)

static int real_open(const char *path, int flags, mode_t mode) {
  NEXT(open);
  return next(path, flags, mode);
}

__attribute__((constructor)) static void start(void) {
  const char *root = getenv("POWER_CUT_FOLDER");
  const char *target = getenv("POWER_CUT_JOURNAL");
  const char *skip = getenv("POWER_CUT_IGNORE_SYNC");
  if (!root || !target) return;
  snprintf(folder, sizeof folder, "%s", root);
  snprintf(ignored, sizeof ignored, "%s", skip ? skip : "");
  snprintf(journal_folder, sizeof journal_folder, "%s", target);
  char name[PATH_BYTES + 32];
  snprintf(name, sizeof name, "%s/journal", target);
  journal = real_open(name, O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC, 0600);
  saved_links = (uint64_t)getpid() << 32;
}

static int tracked_path(const char *path) {
  size_t length = strlen(folder);
  return journal >= 0 && length > 0 && path && strncmp(path, folder, length) == 0 && (path[length] == '/' || path[length] == 0);
}

static const char *path_of(int fd) {
  return fd >= 0 && fd < FDS_MAX ? paths[fd] : NULL;
}

static void absolute(int at, const char *path, char *out) {
  if (path[0] == '/') snprintf(out, PATH_BYTES, "%s", path);
  else if (at == AT_FDCWD) {
    char cwd[PATH_BYTES];
    if (!getcwd(cwd, sizeof cwd)) cwd[0] = 0;
    if (snprintf(out, PATH_BYTES, "%s/%s", cwd, path) >= PATH_BYTES) out[0] = 0;
  } else if (path_of(at)) {
    if (snprintf(out, PATH_BYTES, "%s/%s", path_of(at), path) >= PATH_BYTES) out[0] = 0;
  } else out[0] = 0;
}

// One writev per entry: O_APPEND makes it whole.
static void record(struct entry head, const char *path, const char *second, const void *data) {
  head.path_length = path ? (uint32_t)strlen(path) : 0;
  head.second_length = second ? (uint32_t)strlen(second) : 0;
  struct iovec parts[4] = {{&head, sizeof head}, {(void *)(path ? path : ""), head.path_length}, {(void *)(second ? second : ""), head.second_length}, {(void *)data, head.length}};
  NEXT(writev);
  if (next(journal, parts, 4) < 0) abort();
}

static uint64_t journal_position(void) {
  struct stat info;
  return fstat(journal, &info) == 0 ? (uint64_t)info.st_size : 0;
}

// Saves what a write to [offset, offset + size) is about to replace.
static void before_write(int fd, uint64_t offset, uint64_t size) {
  struct stat info;
  if (fstat(fd, &info) != 0) return;
  uint64_t old_size = (uint64_t)info.st_size;
  uint64_t keep = offset >= old_size ? 0 : (old_size - offset < size ? old_size - offset : size);
  char *data = keep ? malloc(keep) : NULL;
  uint64_t have = 0;
  if (keep) {
    int reader = fd;
    char self[64];
    snprintf(self, sizeof self, "/proc/self/fd/%d", fd);
    reader = real_open(self, O_RDONLY | O_CLOEXEC, 0);
    if (reader < 0) abort();
    while (have < keep) {
      ssize_t got = pread(reader, data + have, keep - have, (off_t)(offset + have));
      if (got <= 0) break;
      have += (uint64_t)got;
    }
    NEXT(close);
    next(reader);
  }
  record((struct entry){.type = 'W', .inode = info.st_ino, .offset = offset, .old_size = old_size, .length = have}, path_of(fd), NULL, data);
  free(data);
}

static void opened(int fd, const char *path, int existed) {
  if (fd < 0 || fd >= FDS_MAX || !tracked_path(path)) return;
  pthread_mutex_lock(&lock);
  free(paths[fd]);
  paths[fd] = strdup(path);
  struct stat info;
  if (!existed && fstat(fd, &info) == 0) record((struct entry){.type = 'C', .inode = info.st_ino}, path, NULL, NULL);
  pthread_mutex_unlock(&lock);
}

static int exists(const char *path) {
  struct stat info;
  return lstat(path, &info) == 0;
}

static void before_truncating_open(const char *path) {
  NEXT(close);
  int fd = real_open(path, O_RDWR | O_CLOEXEC, 0);
  if (fd < 0) return;
  if (fd < FDS_MAX) paths[fd] = strdup(path);
  struct stat info;
  if (fstat(fd, &info) == 0 && info.st_size > 0) before_write(fd, 0, (uint64_t)info.st_size);
  if (fd < FDS_MAX) {
    free(paths[fd]);
    paths[fd] = NULL;
  }
  next(fd);
}

#define OPEN_BODY(call)                                             \
  char full[PATH_BYTES];                                            \
  mode_t mode = 0;                                                  \
  if (flags & (O_CREAT | __O_TMPFILE)) {                            \
    va_list args;                                                   \
    va_start(args, flags);                                          \
    mode = va_arg(args, mode_t);                                    \
    va_end(args);                                                   \
  }                                                                 \
  absolute(at, path, full);                                         \
  int mine = tracked_path(full);                                    \
  int existed = mine ? exists(full) : 1;                            \
  if (mine && existed && (flags & O_TRUNC)) before_truncating_open(full); \
  int fd = call;                                                    \
  if (mine) opened(fd, full, existed);                              \
  return fd;

int open(const char *path, int flags, ...) { NEXT(open); int at = AT_FDCWD; OPEN_BODY(next(path, flags, mode)) }
int open64(const char *path, int flags, ...) { NEXT(open64); int at = AT_FDCWD; OPEN_BODY(next(path, flags, mode)) }
int openat(int at, const char *path, int flags, ...) { NEXT(openat); OPEN_BODY(next(at, path, flags, mode)) }
int openat64(int at, const char *path, int flags, ...) { NEXT(openat64); OPEN_BODY(next(at, path, flags, mode)) }

int close(int fd) {
  NEXT(close);
  if (path_of(fd)) {
    pthread_mutex_lock(&lock);
    free(paths[fd]);
    paths[fd] = NULL;
    pthread_mutex_unlock(&lock);
  }
  return next(fd);
}

#define GUARDED(fd, offset, size, call)               \
  if (!path_of(fd)) return call;                      \
  pthread_mutex_lock(&lock);                          \
  before_write(fd, (uint64_t)(offset), (uint64_t)(size)); \
  __typeof__(call) result = call;                     \
  int error = errno;                                  \
  pthread_mutex_unlock(&lock);                        \
  errno = error;                                      \
  return result;

static off_t position(int fd) {
  struct stat info;
  if ((fcntl(fd, F_GETFL) & O_APPEND) && fstat(fd, &info) == 0) return info.st_size;
  return lseek(fd, 0, SEEK_CUR);
}

static size_t total(const struct iovec *parts, int count) {
  size_t sum = 0;
  for (int at = 0; at < count; at += 1) sum += parts[at].iov_len;
  return sum;
}

ssize_t write(int fd, const void *data, size_t size) { NEXT(write); GUARDED(fd, position(fd), size, next(fd, data, size)) }
ssize_t pwrite(int fd, const void *data, size_t size, off_t at) { NEXT(pwrite); GUARDED(fd, at, size, next(fd, data, size, at)) }
ssize_t pwrite64(int fd, const void *data, size_t size, off64_t at) { NEXT(pwrite64); GUARDED(fd, at, size, next(fd, data, size, at)) }
ssize_t writev(int fd, const struct iovec *parts, int count) { NEXT(writev); GUARDED(fd, position(fd), total(parts, count), next(fd, parts, count)) }
ssize_t pwritev(int fd, const struct iovec *parts, int count, off_t at) { NEXT(pwritev); GUARDED(fd, at, total(parts, count), next(fd, parts, count, at)) }
ssize_t pwritev64(int fd, const struct iovec *parts, int count, off64_t at) { NEXT(pwritev64); GUARDED(fd, at, total(parts, count), next(fd, parts, count, at)) }
ssize_t copy_file_range(int in, off64_t *in_at, int fd, off64_t *at, size_t size, unsigned flags) {
  NEXT(copy_file_range);
  GUARDED(fd, at ? *at : position(fd), size, next(in, in_at, fd, at, size, flags))
}

static uint64_t size_of(int fd) {
  struct stat info;
  return fstat(fd, &info) == 0 ? (uint64_t)info.st_size : 0;
}

// A truncation replaces everything behind the new size.
int ftruncate(int fd, off_t size) { NEXT(ftruncate); GUARDED(fd, size, size_of(fd) > (uint64_t)size ? size_of(fd) - (uint64_t)size : 0, next(fd, size)) }
int ftruncate64(int fd, off64_t size) { NEXT(ftruncate64); GUARDED(fd, size, size_of(fd) > (uint64_t)size ? size_of(fd) - (uint64_t)size : 0, next(fd, size)) }
int fallocate(int fd, int mode, off_t at, off_t size) { NEXT(fallocate); GUARDED(fd, at, size, next(fd, mode, at, size)) }
int fallocate64(int fd, int mode, off64_t at, off64_t size) { NEXT(fallocate64); GUARDED(fd, at, size, next(fd, mode, at, size)) }
int posix_fallocate(int fd, off_t at, off_t size) { NEXT(posix_fallocate); GUARDED(fd, at, size, next(fd, at, size)) }
int posix_fallocate64(int fd, off64_t at, off64_t size) { NEXT(posix_fallocate64); GUARDED(fd, at, size, next(fd, at, size)) }

static void synced(int fd, uint64_t covered) {
  struct stat info;
  if (fstat(fd, &info) != 0) return;
  record((struct entry){.type = S_ISDIR(info.st_mode) ? 'D' : 'S', .inode = info.st_ino, .offset = covered}, path_of(fd), NULL, NULL);
}

#define SYNC_BODY                                                             \
  const char *path = path_of(fd);                                             \
  if (!path) return next(fd);                                                 \
  if (ignored[0] && strstr(path, ignored)) return 0;                          \
  uint64_t covered = journal_position();                                      \
  int result = next(fd);                                                      \
  int error = errno;                                                          \
  if (result == 0) synced(fd, covered);                                       \
  errno = error;                                                              \
  return result;

int fsync(int fd) { NEXT(fsync); SYNC_BODY }
int fdatasync(int fd) { NEXT(fdatasync); SYNC_BODY }

// Keeps an inode that is about to lose its name, so that it can come back.
static void save_link(const char *path, char *saved) {
  saved[0] = 0;
  struct stat info;
  if (lstat(path, &info) != 0 || S_ISDIR(info.st_mode)) return;
  snprintf(saved, PATH_BYTES + 64, "%s/kept-%llx", journal_folder, (unsigned long long)(saved_links += 1));
  NEXT(linkat);
  if (next(AT_FDCWD, path, AT_FDCWD, saved, 0) != 0) saved[0] = 0;
}

static int moved(int from_at, const char *from, int to_at, const char *to, int (*call)(int, const char *, int, const char *, unsigned), unsigned flags) {
  char source[PATH_BYTES], target[PATH_BYTES], saved[PATH_BYTES + 64];
  absolute(from_at, from, source);
  absolute(to_at, to, target);
  if (!tracked_path(source) && !tracked_path(target)) return call(from_at, from, to_at, to, flags);
  pthread_mutex_lock(&lock);
  struct stat info;
  uint64_t inode = lstat(source, &info) == 0 ? info.st_ino : 0;
  save_link(target, saved);
  record((struct entry){.type = 'R', .inode = inode, .length = strlen(saved)}, source, target, saved);
  int result = call(from_at, from, to_at, to, flags);
  int error = errno;
  for (int fd = 0; result == 0 && fd < FDS_MAX; fd += 1)
    if (paths[fd] && strcmp(paths[fd], source) == 0) {
      free(paths[fd]);
      paths[fd] = strdup(target);
    }
  pthread_mutex_unlock(&lock);
  errno = error;
  return result;
}

static int call_renameat(int a, const char *from, int b, const char *to, unsigned flags) {
  (void)flags;
  NEXT(renameat);
  return next(a, from, b, to);
}

static int call_renameat2(int a, const char *from, int b, const char *to, unsigned flags) {
  NEXT(renameat2);
  return next(a, from, b, to, flags);
}

int rename(const char *from, const char *to) { return moved(AT_FDCWD, from, AT_FDCWD, to, call_renameat, 0); }
int renameat(int a, const char *from, int b, const char *to) { return moved(a, from, b, to, call_renameat, 0); }
int renameat2(int a, const char *from, int b, const char *to, unsigned flags) { return moved(a, from, b, to, call_renameat2, flags); }

static int removed(int at, const char *path, int flags) {
  NEXT(unlinkat);
  char full[PATH_BYTES], saved[PATH_BYTES + 64];
  absolute(at, path, full);
  if (!tracked_path(full) || (flags & AT_REMOVEDIR)) return next(at, path, flags);
  pthread_mutex_lock(&lock);
  struct stat info;
  if (lstat(full, &info) == 0) {
    save_link(full, saved);
    record((struct entry){.type = 'U', .inode = info.st_ino, .length = strlen(saved)}, full, NULL, saved);
  }
  int result = next(at, path, flags);
  int error = errno;
  pthread_mutex_unlock(&lock);
  errno = error;
  return result;
}

int unlink(const char *path) { return removed(AT_FDCWD, path, 0); }
int unlinkat(int at, const char *path, int flags) { return removed(at, path, flags); }
int remove(const char *path) {
  struct stat info;
  return lstat(path, &info) == 0 && S_ISDIR(info.st_mode) ? rmdir(path) : removed(AT_FDCWD, path, 0);
}
