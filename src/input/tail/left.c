/* SPDX-License-Identifier: Apache-2.0 */
#include "input/tail/tail.h"

#include <stdlib.h>
#include "base/mem.h"

/*
 * What was read and has no name any more. Whoever compresses a file may take minutes for it, under a name
 * that nobody knows, and remove it meanwhile: so how it began, and how far it was read, is remembered for
 * some time, a few of them in each stream. What has its bytes is then read on where it was left.
 */

enum { LEFT_MAX = 8 };

#define LEFT_NS UINT64_C(900000000000) /* so long is a file being compressed */

struct left_file {
    struct file_id id;
    struct guard guard;
    uint64_t gone_ns;
    uint64_t size;
    uint64_t hash;
    bool is_hash_final;
    bool is_mid_line;
    bool is_unwanted;
};

void tail_remember(const struct generation *generation)
{
    struct tail *tail = generation->tail;
    if (generation->is_gzip || generation->is_packed || generation->unseen == 0 ||
        generation->id.fingerprint_len < COPY_PROOF_BYTES) {
        return;
    }
    if (tail->left == NULL) {
        tail->left = mem_array(LEFT_MAX, sizeof(*tail->left));
    }
    uint32_t kept = tail->left_count < LEFT_MAX ? tail->left_count : LEFT_MAX - 1;
    memmove(tail->left + 1, tail->left, kept * sizeof(*tail->left)); /* newest first */
    tail->left_count = kept + 1;
    tail->left[0] = (struct left_file){
        .id = generation->id,
        .guard = {generation->offset, generation->guard, generation->guard_len},
        .gone_ns = world_monotonic_ns(tail->input->env.world),
        .size = generation->size,
        .hash = generation->hash,
        .is_hash_final = generation->is_hash_final,
        .is_mid_line = generation->is_mid_line,
        .is_unwanted = generation->state == GENERATION_IGNORED,
    };
}

static void read_on(struct generation *packed, const struct left_file *left)
{
    packed->offset = left->guard.offset;
    packed->guard = left->guard.hash;
    packed->guard_len = (uint16_t)left->guard.len;
    packed->size_before = left->size;
    packed->hash = left->hash;
    packed->is_hash_final = left->is_hash_final;
    packed->is_mid_line = left->is_mid_line;
    packed->id.fingerprint = left->id.fingerprint;
    packed->id.fingerprint_len = left->id.fingerprint_len;
    packed->state = left->is_unwanted                             ? GENERATION_IGNORED
                    : packed_has_size(packed, left->guard.offset) ? GENERATION_DONE
                                                                  : GENERATION_WAITING;
}

bool tail_follows_left(struct generation *packed)
{
    struct tail *tail = packed->tail;
    uint64_t now_ns = world_monotonic_ns(tail->input->env.world);
    for (uint32_t i = 0; i < tail->left_count; i++) {
        const struct left_file *left = &tail->left[i];
        bool is_told = left->guard.len > 0 || left->guard.offset <= left->id.fingerprint_len ||
                       packed_has_size(packed, left->guard.offset);
        if (is_told && left->gone_ns + LEFT_NS > now_ns &&
            packed_holds(packed, &left->id, &left->guard)) {
            read_on(packed, left);
            tail->left_count--;
            memmove(tail->left + i, left + 1, (tail->left_count - i) * sizeof(*left));
            return true;
        }
    }
    return false;
}

bool tail_may_follow_left(struct generation *packed)
{
    const struct tail *tail = packed->tail;
    uint64_t now_ns = world_monotonic_ns(tail->input->env.world);
    for (uint32_t i = 0; i < tail->left_count; i++) {
        const struct left_file *left = &tail->left[i];
        if (left->gone_ns + LEFT_NS > now_ns && packed_is_cut_before(packed, left->guard.offset)) {
            return true;
        }
    }
    return false;
}

void tail_forget_left(struct tail *tail)
{
    free(tail->left);
    tail->left = NULL;
    tail->left_count = 0;
}
