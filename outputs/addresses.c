/* SPDX-License-Identifier: Apache-2.0 */
#include "outputs/addresses.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include "base/hash.h"
#include "base/mem.h"

struct addresses {
    pthread_mutex_t mutex;
    size_t count; /* that were ever added; the newest take the places of the oldest */
    uint64_t items[ADDRESSES_MAX];
};

struct addresses *addresses_new(void)
{
    struct addresses *addresses = mem_alloc(sizeof(*addresses));
    pthread_mutex_init(&addresses->mutex, NULL);
    return addresses;
}

void addresses_free(struct addresses *addresses)
{
    if (addresses != NULL) {
        pthread_mutex_destroy(&addresses->mutex);
        free(addresses);
    }
}

/* With its NUL, so that two texts never run together. */
static uint64_t add_text(uint64_t hash, const char *text)
{
    text = text != NULL ? text : "";
    return hash_bytes(text, strlen(text) + 1, hash);
}

uint64_t address_of(const struct output_settings *settings)
{
    uint64_t hash = add_text(settings->compression, settings->endpoint);
    hash = add_text(hash, settings->proxy);
    for (size_t i = 0; i < settings->headers.count; i++) {
        hash = add_text(hash, settings->headers.items[i].key);
        hash = add_text(hash, settings->headers.items[i].value);
    }
    return hash;
}

static bool has(const struct addresses *addresses, uint64_t address)
{
    size_t kept = addresses->count < ADDRESSES_MAX ? addresses->count : ADDRESSES_MAX;
    for (size_t i = 0; i < kept; i++) {
        if (addresses->items[i] == address) {
            return true;
        }
    }
    return false;
}

void addresses_add(struct addresses *addresses, uint64_t address)
{
    if (addresses == NULL) {
        return;
    }
    pthread_mutex_lock(&addresses->mutex);
    if (!has(addresses, address)) {
        addresses->items[addresses->count++ % ADDRESSES_MAX] = address;
    }
    pthread_mutex_unlock(&addresses->mutex);
}

bool addresses_has(struct addresses *addresses, uint64_t address)
{
    if (addresses == NULL) {
        return false;
    }
    pthread_mutex_lock(&addresses->mutex);
    bool found = has(addresses, address);
    pthread_mutex_unlock(&addresses->mutex);
    return found;
}
