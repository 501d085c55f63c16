/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The files a config names. Paths in it are those of the machine it runs on, seldom of the one it
 * is read on: so the last part of the name is looked for where the config lies.
 */

#include "shippers/common/foreign.h"

#include <dirent.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include "base/buf.h"
#include "base/file.h"
#include "base/mem.h"

void *foreign_alloc(struct arena *arena, size_t size)
{
    void *memory = arena_alloc(arena, size);
    ENSURE(memory != NULL);
    memset(memory, 0, size);
    return memory;
}

const char *foreign_copy(struct arena *arena, struct slice s)
{
    char *copy = foreign_alloc(arena, s.len + 1);
    if (s.len > 0) {
        memcpy(copy, s.data, s.len);
    }
    return copy;
}

const char *foreign_format(struct arena *arena, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *text = NULL;
    int len = vasprintf(&text, format, args);
    va_end(args);
    ENSURE(len >= 0);
    const char *copy = foreign_copy(arena, slice_make(text, (size_t)len));
    free(text);
    return copy;
}

int foreign_take(struct foreign *foreign, const char *name, struct slice text,
                 struct foreign_text *out)
{
    if (text.len > FOREIGN_TEXT_BYTES_MAX) {
        return -EFBIG;
    }
    out->path = foreign_copy(&foreign->arena, slice_from_string(name));
    out->text = slice_make(foreign_copy(&foreign->arena, text), text.len);
    return 0;
}

int foreign_read(struct foreign *foreign, const char *path, struct foreign_text *out)
{
    struct buf buf;
    struct stat status;
    if (stat(path, &status) != 0) {
        return -errno;
    }
    if (!S_ISREG(status.st_mode) && !S_ISFIFO(status.st_mode)) {
        return S_ISDIR(status.st_mode) ? -EISDIR : -EINVAL;
    }
    if (foreign->files++ >= FOREIGN_FILES_MAX) {
        return -EMFILE;
    }
    buf_init(&buf, FOREIGN_TEXT_BYTES_MAX);
    int result = file_read_given(path, &buf);
    if (result == 0) {
        out->path = foreign_copy(&foreign->arena, slice_from_string(path));
        out->text = slice_make(foreign_copy(&foreign->arena, buf_slice(&buf)), buf.len);
    }
    buf_fini(&buf);
    return result;
}

static const char *last_part(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash != NULL ? slash + 1 : path;
}

static bool try_read(struct foreign *foreign, struct foreign_text *out, const char *path)
{
    return foreign_read(foreign, path, out) == 0;
}

/* A file of the folder whose name ends with `name`, a dot before it. */
static bool try_ending(struct foreign *foreign, const char *folder, const char *name,
                       struct foreign_text *out)
{
    DIR *dir = opendir(folder);
    bool is_found = false;
    struct dirent *entry;
    while (dir != NULL && !is_found && (entry = readdir(dir)) != NULL) {
        size_t len = strlen(entry->d_name);
        size_t end = strlen(name);
        if (len > end + 1 && entry->d_name[len - end - 1] == '.' &&
            strcasecmp(entry->d_name + len - end, name) == 0) {
            is_found = try_read(foreign, out, foreign_format(&foreign->arena, "%s/%s", folder,
                                                       entry->d_name));
        }
    }
    if (dir != NULL) {
        closedir(dir);
    }
    return is_found;
}

bool foreign_find(struct foreign *foreign, const char *path, const char *wanted, struct foreign_text *out)
{
    const char *base = last_part(path);
    int folder_len = (int)(base - path);
    const char *name = last_part(wanted);
    const char *dot = strchr(base, '.');
    int stem_len = dot != NULL ? (int)(dot - base) : (int)strlen(base);
    struct arena *arena = &foreign->arena;
    if (*name == '\0' || strchr(wanted, '*') != NULL || strcmp(name, "..") == 0) {
        return false;
    }
    const char *aux = foreign_format(arena, "%.*s%.*s.aux", folder_len, path, stem_len, base);
    return (wanted[0] != '/' && strstr(wanted, "..") == NULL &&
            try_read(foreign, out, foreign_format(arena, "%.*s%s", folder_len, path, wanted))) ||
           try_read(foreign, out, foreign_format(arena, "%.*s%s", folder_len, path, name)) ||
           try_read(foreign, out, foreign_format(arena, "%s/%s", aux, name)) ||
           try_ending(foreign, aux, name, out) ||
           try_read(foreign, out, foreign_format(arena, "%.*s%.*s.%s", folder_len, path, stem_len, base,
                                           name));
}

const char *foreign_getenv(const struct foreign *foreign, struct slice name)
{
    for (char *const *entry = foreign->environ; entry != NULL && *entry != NULL; entry++) {
        if (strncmp(*entry, name.data, name.len) == 0 && (*entry)[name.len] == '=') {
            return *entry + name.len + 1;
        }
    }
    return NULL;
}
