/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What clew logs, by the words that stay the same, with the cause and what to do. tests/style/test_words.py
 * checks that the program has each of them.
 */

#include "cli/help/messages.h"

#include "base/mem.h"

static const struct help_message messages[] = {
    {"sending to",
     "A request to the backend failed. The message has the cause and a remedy. clew holds the "
     "records, retries, and logs `accepts records again` when the backend is back. Check: `clew "
     "check --connect`."},
    {"accepts records again", "An outage of the backend is over; the held records are sent in "
                              "order."},
    {"refused %u records",
     "The backend refuses these records for good. They are kept as dead letters: see `clew replay "
     "--list`."},
    {"rejected %llu of them for good",
     "A partial success: the backend accepted the request but not all of its records. It does not "
     "say which."},
    {"queue full; buffering requests in",
     "The backend has not accepted records for so long that memory is full; requests go to the "
     "spool."},
    {"is full: %s until the backend accepts some of it",
     "The spool has reached outputs.spool.max_bytes. Raise it, or repair the backend."},
    {"output paused, records are held",
     "Dead letters cannot be written: dead_letters.max_bytes is reached, or the disk is full. Free "
     "space, or send them with `clew replay`."},
    {"queue full and output not required",
     "The output has `required: false` and does not keep up; its records are dropped and counted in "
     "clew_dropped_records_total. Give it a spool, or make it required."},
    {"requests are smaller from now on",
     "The backend found a request too large or did not answer it in time. See "
     "clew_request_shrinks_total."},
    {"verify is off", "outputs.tls.verify is false, so the backend's certificate is not checked."},
    {"cannot save checkpoints in",
     "The data directory cannot be written: the disk is full or read-only. After a restart lines "
     "since the last save are sent again."},
    {"is in use by process",
     "Another clew uses the same data_dir. Two processes cannot share one."},
    {"are damaged and were set aside",
     "The checkpoints could not be read. Files are read from their beginning, so delivered lines "
     "are sent again."},
    {"were written by a newer clew",
     "The checkpoints have a form that this version cannot read. docs/tailing.md has the rollback "
     "procedure."},
    {"shutdown timeout",
     "The backend did not accept everything within shutdown_timeout. The rest is sent after the "
     "next start."},
    {"reload failed; keeping the current config",
     "SIGHUP found an invalid config, or a change that needs a restart. Errors follow with file, "
     "line and column."},
    {"the sandbox hides",
     "The file did not exist, or was another one, when the sandbox was set up. Restart clew. "
     "docs/security.md."},
    {"symlink %s points to",
     "A link leads out of the directories in `include`. Add its target to `include` if you want it."},
    {"cannot list directory",
     "A directory cannot be read. Check its permissions; clew retries at every scan."},
    {"no inotify events for",
     "Changes on this file system are not reported (network, FUSE, overlay); clew polls the "
     "directory."},
    {"inotify lost events", "The kernel's queue of events overflowed; clew scans everything once."},
    {"had not been read",
     "A file was rotated away, truncated or removed before clew read it. Let the runtime keep more "
     "or larger files, or give the output a spool. See clew_lost_bytes_total."},
    {"was truncated or rewritten",
     "A file became shorter or has other content; clew reads it from its beginning."},
    {"is already read by another input",
     "Two inputs include the same log; the first one reads it."},
    {"deleted, unread files exceed",
     "Deleted files that clew keeps open hold more disk, or are older, than "
     "inputs.deleted_bytes_max and inputs.deleted_time_max allow: the backend is slow or down."},
    {"writes more than pod_bytes_per_second",
     "The pod reached inputs.pod_bytes_per_second. The rest waits in its files and may be rotated "
     "away."},
    {"kubernetes: cannot list pods from",
     "The API server or kubelet does not answer as expected. 403: the ClusterRoleBinding names "
     "another account; 401: the token is invalid. Lines are shipped without the metadata of unknown "
     "pods."},
    {"below its minimum of",
     "The trace coverage of a service is below audit.min_coverage. Run `clew audit` on its log for "
     "the cause."},
    {"filters removed trace ids or fields",
     "A filter of the config removes ids or fields. `clew parse --trace` shows which; /coverage has "
     "the numbers."},
    {"removed the trace id from",
     "This filter takes the trace id from records. Remove the id from its names, or restrict it "
     "with `when`."},
    {"reached its limit on a text",
     "A PCRE2 pattern needs too many steps. Avoid nested repetition such as `(x+)+`."},
    {"the limit of audit.groups_max",
     "More services than audit.groups_max. Often the field that names the service contains an id or "
     "a path."},
    {"lines have more shapes than clew remembers",
     "Lines have very many different sets of fields, often because ids or numbers are part of field "
     "names."},
    {"health and metrics are at", "The address of the HTTP endpoint (control.listen)."},
};

const struct help_message *help_message_at(size_t index)
{
    return index < ARRAY_LEN(messages) ? &messages[index] : NULL;
}
