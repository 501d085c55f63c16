/* SPDX-License-Identifier: Apache-2.0 */
#include "resolve/time/zone.h"

#include <stdio.h>
#include <stdlib.h>
#include "base/mem.h"

#define ZONE_DIRECTORY  "/usr/share/zoneinfo"
#define ZONE_FILE_BYTES (64 * 1024)

static bool take_two_digits(const char **p, int *out_number)
{
    if ((*p)[0] < '0' || (*p)[0] > '9' || (*p)[1] < '0' || (*p)[1] > '9') {
        return false;
    }
    *out_number = ((*p)[0] - '0') * 10 + ((*p)[1] - '0');
    *p += 2;
    return true;
}

/* `+hh`, `+hhmm`, `+hh:mm` and the same to the west. */
static bool parse_offset(const char *name, int32_t *out_offset_s)
{
    const char *p = name + 1;
    int hours;
    int minutes = 0;
    if ((name[0] != '+' && name[0] != '-') || !take_two_digits(&p, &hours)) {
        return false;
    }
    if (*p == ':') {
        p++;
    }
    if (*p != '\0' && !take_two_digits(&p, &minutes)) {
        return false;
    }
    if (*p != '\0' || hours > 18 || minutes > 59) {
        return false;
    }
    *out_offset_s = (name[0] == '-' ? -1 : 1) * (hours * 3600 + minutes * 60);
    return true;
}

/* Nothing but a name below the directory: no absolute path, no way up. */
static bool is_zone_name(const char *name)
{
    static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
                                  "/_+-";
    return name[0] != '/' && name[0] != '\0' && name[strspn(name, allowed)] == '\0';
}

static struct zone *read_zone(const char *name)
{
    char *path = mem_format("%s/%s", ZONE_DIRECTORY, name);
    FILE *file = fopen(path, "rbe");
    free(path);
    if (file == NULL) {
        return NULL;
    }
    char *bytes = mem_alloc(ZONE_FILE_BYTES);
    size_t len = fread(bytes, 1, ZONE_FILE_BYTES, file);
    fclose(file);
    struct zone *zone = zone_new_tzif(slice_make(bytes, len));
    free(bytes);
    return zone;
}

struct zone *zone_open(const char *name, char **out_error)
{
    int32_t offset_s = 0;
    if (strcmp(name, "UTC") == 0 || strcmp(name, "Z") == 0 || strcmp(name, "utc") == 0 ||
        parse_offset(name, &offset_s)) {
        return zone_new_fixed(offset_s);
    }
    struct zone *zone = is_zone_name(name) ? read_zone(name) : NULL;
    if (zone == NULL) {
        *out_error = mem_format("unknown time zone \"%s\": use UTC, an offset such as +02:00, or a "
                                "name below %s such as Europe/Berlin",
                                name, ZONE_DIRECTORY);
    }
    return zone;
}
