/* SPDX-License-Identifier: Apache-2.0 */
#include "record/counters.h"

#include <stddef.h>

/* Names go parallel to those of Vector, the Collector and Alloy, so that a dashboard made for one
 * of them is easily moved over. */
const struct counter_info counter_table[COUNTERS] = {
    [C_FILES_OPEN] = {"clew_open_files", COUNTER_GAUGE, NULL,
                      "Files open for reading now."},
    [C_FILES_FOUND] = {"clew_files_added", COUNTER_TOTAL, NULL,
                       "Files found and added."},
    [C_FILES_GONE] = {"clew_files_deleted", COUNTER_TOTAL, NULL,
                      "Deleted files that were read to their end."},
    [C_FILE_ERRORS] = {"clew_file_errors", COUNTER_TOTAL, NULL,
                       "Times a file or directory could not be opened or read; each is retried."},
    [C_POD_PAUSES] = {"clew_pod_pauses", COUNTER_TOTAL, NULL,
                      "Times clew paused reading a pod's log because the pod had reached "
                      "inputs.pod_bytes_per_second."},
    [C_ROTATIONS] = {"clew_file_rotations", COUNTER_TOTAL, NULL,
                     "Times a stream continued in a new file."},
    [C_TRUNCATIONS] = {"clew_file_truncations", COUNTER_TOTAL, NULL,
                       "Times a file became shorter than the part already read."},
    [C_BYTES_READ] = {"clew_received_bytes", COUNTER_TOTAL, "bytes", "Bytes read from files."},
    [C_BYTES_LOST] = {"clew_lost_bytes", COUNTER_TOTAL, "bytes",
                      "Bytes known to have been written, but rotated or truncated away before clew "
                      "read them."},
    [C_FILES_LOST] = {"clew_lost_files", COUNTER_TOTAL, NULL,
                      "Rotated files that could not be read and whose number of unread bytes is "
                      "unknown: damaged, or in a compression format that clew does not support."},
    [C_LINES_READ] = {"clew_received_lines", COUNTER_TOTAL, NULL,
                      "Physical lines read; each piece of a split line counts."},
    [C_ENCODING_ERRORS] = {"clew_encoding_errors", COUNTER_TOTAL, NULL,
                           "UTF-16 lines with invalid code units, for which clew shipped U+FFFD."},
    [C_LINES_SPLIT] = {"clew_lines_split", COUNTER_TOTAL, NULL,
                       "Lines longer than line_bytes_max that were shipped in pieces."},
    [C_LINES_TRUNCATED] = {"clew_lines_truncated", COUNTER_TOTAL, NULL,
                           "Lines longer than line_bytes_max of which only the first piece was "
                           "shipped."},
    [C_LINES_UNTERMINATED] = {"clew_lines_unterminated", COUNTER_TOTAL, NULL,
                              "Last lines without a newline that were shipped after "
                              "unterminated_timeout."},
    [C_SCANS] = {"clew_scans", COUNTER_TOTAL, NULL, "Scans of the included paths."},
    [C_WATCH_FAILURES] = {"clew_watch_failures", COUNTER_TOTAL, NULL,
                          "inotify watches that could not be created; the scan still finds every "
                          "change, later."},
    [C_SYSLOG_CONNECTIONS] = {"clew_syslog_connections", COUNTER_GAUGE, NULL,
                              "Senders connected to syslog inputs now."},
    [C_SYSLOG_REFUSED] = {"clew_syslog_connections_refused", COUNTER_TOTAL, NULL,
                          "Senders rejected because connections_max was reached."},
    [C_SYSLOG_DROPPED] = {"clew_syslog_datagrams_dropped", COUNTER_TOTAL, NULL,
                          "UDP datagrams the kernel dropped because clew did not read them in time "
                          "(SO_RXQ_OVFL)."},
    [C_FRAME_MALFORMED] = {"clew_malformed_lines", COUNTER_TOTAL, NULL,
                           "Lines with an invalid runtime envelope; they are shipped raw."},
    [C_FRAME_ATTRS_IGNORED] =
        {"clew_envelope_attributes_ignored", COUNTER_TOTAL, NULL,
         "Docker lines with container attributes (labels, environment, tag) next to the text; clew "
         "ships the text only."},
    [C_PARTIALS_JOINED] = {"clew_partial_lines_joined", COUNTER_TOTAL, NULL,
                           "Partial lines of the runtime that were joined to a whole record."},
    [C_PARTIALS_TIMED_OUT] = {"clew_partial_lines_flushed", COUNTER_TOTAL, NULL,
                              "Records shipped incomplete because their last part did not arrive in "
                              "time."},
    [C_RECORDS_CUT] = {"clew_records_cut", COUNTER_TOTAL, NULL,
                       "Records cut at record_bytes_max; the rest follows as separate records."},
    [C_MULTILINE_RECORDS] = {"clew_multiline_records", COUNTER_TOTAL, NULL,
                             "Records joined from several lines, such as stack traces."},
    [C_MULTILINE_LINES] = {"clew_multiline_lines", COUNTER_TOTAL, NULL,
                           "Lines that these records were joined from, first lines included."},
    [C_MULTILINE_TIMED_OUT] = {"clew_multiline_records_flushed", COUNTER_TOTAL, NULL,
                               "Joined records shipped because no further line came within "
                               "multiline.timeout, or the log ended."},
    [C_MULTILINE_CUT] = {"clew_multiline_records_cut", COUNTER_TOTAL, NULL,
                         "Joined records cut at multiline.bytes_max or multiline.lines_max; the "
                         "rest follows as separate records."},
    [C_RECORDS] = {"clew_received_records", COUNTER_TOTAL, NULL,
                   "Records parsed; the sum of the counters by format."},
    [C_RECORDS_JSON] = {"clew_received_json_records", COUNTER_TOTAL, NULL,
                        "Records that were one JSON object."},
    [C_RECORDS_LOGFMT] = {"clew_received_logfmt_records", COUNTER_TOTAL, NULL,
                          "Records that were key=value from the first to the last byte."},
    [C_RECORDS_TEXT] = {"clew_received_text_records", COUNTER_TOTAL, NULL,
                        "Records that were free text, with or without key=value pairs."},
    [C_RECORDS_OTLP] = {"clew_received_otlp_records", COUNTER_TOTAL, NULL,
                        "Records that were OTLP/JSON themselves."},
    [C_PARSE_LIMITS] = {"clew_parse_limit_records", COUNTER_TOTAL, NULL,
                        "Records larger than the limits of parse, shipped as text."},
    [C_SHAPES_FORGOTTEN] = {"clew_shapes_forgotten", COUNTER_TOTAL, NULL,
                            "Times clew discarded its cache of line shapes because it was full; "
                            "such lines are parsed name by name, more slowly."},
    [C_VALUES_CUT] = {"clew_deep_values", COUNTER_TOTAL, NULL,
                      "Objects and arrays nested deeper than parse.depth_max, sent as JSON text; "
                      "counted for each route."},
    [C_RECORDS_FILTERED] = {"clew_discarded_records", COUNTER_TOTAL, NULL,
                            "Records dropped by a filter."},
    [C_BATCHES] = {"clew_batches", COUNTER_TOTAL, NULL, "Batches made; each goes to every output."},
    [C_RECORDS_SENT] = {"clew_sent_records", COUNTER_TOTAL, NULL,
                        "Records that a backend has accepted; with several outputs counted for "
                        "each."},
    [C_RECORDS_REJECTED] = {"clew_rejected_records", COUNTER_TOTAL, NULL,
                            "Records that the backend rejected for good in an accepted request "
                            "(partial success)."},
    [C_RECORDS_REFUSED] = {"clew_refused_records", COUNTER_TOTAL, NULL,
                           "Records that the backend refused for good (400, 413, …)."},
    [C_RECORDS_IN_FLIGHT] = {"clew_in_flight_records", COUNTER_GAUGE, NULL,
                             "Records read but not yet delivered, in memory or in a spool; with "
                             "several outputs counted for each."},
    [C_REQUESTS] = {"clew_requests", COUNTER_TOTAL, NULL, "Requests sent, retries included."},
    [C_REQUESTS_RETRIED] = {"clew_request_retries", COUNTER_TOTAL, NULL,
                            "Requests that repeat a failed one."},
    [C_REQUESTS_SHRUNK] = {"clew_request_shrinks", COUNTER_TOTAL, NULL,
                           "Times clew made requests smaller because the backend found one too "
                           "large (413) or did not answer it in time."},
    [C_PROBES] = {"clew_probe_requests", COUNTER_TOTAL, NULL,
                  "Requests without log data, sent to an address that has never accepted one to "
                  "find out whether the address or the records are at fault."},
    [C_REQUESTS_FAILED] = {"clew_request_failures", COUNTER_TOTAL, NULL,
                           "Requests without an answer, or with an answer other than success."},
    [C_BYTES_ENCODED] = {"clew_encoded_bytes", COUNTER_TOTAL, "bytes",
                         "Bytes of requests before compression."},
    [C_BYTES_SENT] = {"clew_sent_bytes", COUNTER_TOTAL, "bytes",
                      "Bytes of request bodies as sent, after compression."},
    [C_RECORDS_TOO_LARGE] = {"clew_oversized_records", COUNTER_TOTAL, NULL,
                             "Records larger than any request."},
    [C_RECORDS_DROPPED] = {"clew_dropped_records", COUNTER_TOTAL, NULL,
                           "Records dropped for an output with `required: false` because its queue, "
                           "and its spool if it has one, was full, or because they were not "
                           "delivered when the output closed."},
    [C_RECORDS_DEAD] = {"clew_dead_letter_records", COUNTER_TOTAL, NULL,
                        "Records that were refused for good or were larger than any request, and "
                        "are now in data_dir/dead-letters."},
    [C_DEAD_LETTER_FAILURES] = {"clew_dead_letter_failures", COUNTER_TOTAL, NULL,
                                "Times a dead letter could not be written; its records are held and "
                                "clew retries."},
    [C_RECORDS_SPOOLED] = {"clew_spooled_records", COUNTER_TOTAL, NULL,
                           "Records written to disk because an outage outlasted memory."},
    [C_RECORDS_RESTORED] = {"clew_restored_records", COUNTER_TOTAL, NULL,
                            "Records that an earlier run left in a spool and this one has loaded."},
    [C_SPOOL_REQUESTS] = {"clew_spool_requests", COUNTER_GAUGE, NULL,
                          "Requests on disk now, waiting for the backend."},
    [C_SPOOL_BYTES] = {"clew_spool_bytes", COUNTER_GAUGE, "bytes",
                       "Disk space of the spooled requests, in whole blocks."},
    [C_SPOOL_FAILURES] = {"clew_spool_failures", COUNTER_TOTAL, NULL,
                          "Times a spool could not be written or read; clew retries."},
    [C_SPOOL_DAMAGED] = {"clew_spool_damaged_requests", COUNTER_TOTAL, NULL,
                         "Requests whose spool file was damaged or missing; a damaged file is set "
                         "aside and not sent."},
    [C_RECORDS_DAMAGED] = {"clew_damaged_records", COUNTER_TOTAL, NULL,
                           "Records in damaged or missing requests, as far as their number is "
                           "known."},
    [C_CHECKPOINT_COMMITS] = {"clew_checkpoint_commits", COUNTER_TOTAL, NULL,
                              "Times the checkpoint file was written."},
    [C_CHECKPOINT_FAILURES] = {"clew_checkpoint_failures", COUNTER_TOTAL, NULL,
                               "Times the checkpoint file could not be written; clew retries."},
    [C_RELOADS] = {"clew_config_reloads", COUNTER_TOTAL, NULL,
                   "Successful reloads of the config (SIGHUP)."},
    [C_RELOADS_REFUSED] = {"clew_config_reload_failures", COUNTER_TOTAL, NULL,
                           "Failed reloads of the config; clew keeps the old one."},
    [C_RELOAD_IS_GOOD] = {"clew_config_last_reload_successful", COUNTER_GAUGE, NULL,
                          "1 if the last reload succeeded, 0 if it failed."},
    [C_RELOAD_TIME] = {"clew_config_last_reload_success_timestamp_seconds", COUNTER_GAUGE,
                       "seconds", "Time of the last successful load of the config, in seconds since "
                                  "1970."},
    [C_SANDBOX_HIDDEN] = {"clew_sandbox_hidden_files", COUNTER_TOTAL, NULL,
                          "Times the sandbox blocked a file that clew needs because it appeared "
                          "after the start; restart clew."},
    [C_AUDIT_RECORDS_OVER] = {"clew_audit_over_records", COUNTER_TOTAL, NULL,
                              "Records that the audit counted as (others) because audit.groups_max "
                              "services have groups already."},
    [C_AUDIT_LOGS_OVER] = {"clew_audit_over_logs", COUNTER_TOTAL, NULL,
                           "Logs beyond audit.groups_max that are read at once: their lines without "
                           "a service count as unknown_service."},
    [C_CONTROL_CONNECTIONS] = {"clew_control_connections", COUNTER_GAUGE, NULL,
                               "Clients connected to the HTTP endpoint now."},
    [C_CONTROL_LATE] = {"clew_control_connections_late", COUNTER_TOTAL, NULL,
                        "Connections to the HTTP endpoint closed because the client did not send "
                        "its request, or did not read the answer, within control.request_timeout."},
    [C_CONTROL_DISPLACED] = {"clew_control_connections_displaced", COUNTER_TOTAL, NULL,
                             "Connections to the HTTP endpoint closed in favour of new ones because "
                             "control.connections_max or control.peer_connections_max was reached."},
    [C_CONTROL_ANSWERS] = {"clew_control_answers_cut", COUNTER_TOTAL, NULL,
                           "Large answers of the HTTP endpoint that were cut off, or refused with "
                           "503, because slow clients had too many of them open."},
    [C_CONTROL_HOSTS] = {"clew_control_requests_misdirected", COUNTER_TOTAL, NULL,
                         "Requests to the HTTP endpoint on loopback answered with 421 because their "
                         "Host header names another machine."},
    [C_KUBERNETES_PODS] = {"clew_kubernetes_pods", COUNTER_GAUGE, NULL,
                           "Known pods of this node, including those deleted less than "
                           "kubernetes.deleted_kept ago."},
    [C_KUBERNETES_LISTS] = {"clew_kubernetes_lists", COUNTER_TOTAL, NULL,
                            "Pod lists requested: one at the start and one whenever a watch could "
                            "not continue; from the kubelet every poll."},
    [C_KUBERNETES_WATCHES] = {"clew_kubernetes_watches", COUNTER_TOTAL, NULL,
                              "Pod watches started."},
    [C_KUBERNETES_EVENTS] = {"clew_kubernetes_events", COUNTER_TOTAL, NULL,
                             "Pod events received from the watch."},
    [C_KUBERNETES_EXPIRED] = {"clew_kubernetes_expired_watches", COUNTER_TOTAL, NULL,
                              "Watches that ended because the server no longer has the events since "
                              "(410 Gone); a list follows."},
    [C_KUBERNETES_FAILURES] = {"clew_kubernetes_failures", COUNTER_TOTAL, NULL,
                               "Failed requests to the API or the kubelet; clew retries, and "
                               "reading continues."},
    [C_KUBERNETES_PODS_REFUSED] = {"clew_kubernetes_refused_pods", COUNTER_TOTAL, NULL,
                                   "Pods ignored because kubernetes.max.pods was reached."},
    [C_KUBERNETES_POD_LIMITS] = {"clew_kubernetes_pod_fields_left_out", COUNTER_TOTAL, NULL,
                                 "Labels and annotations of pods omitted because of "
                                 "kubernetes.max.pod_bytes."},
    [C_KUBERNETES_OBJECTS_TOO_LARGE] = {"clew_kubernetes_oversized_objects", COUNTER_TOTAL, NULL,
                                        "Objects in answers skipped because of "
                                        "kubernetes.max.object_bytes."},
    [C_KUBERNETES_STREAMS_HELD] = {"clew_kubernetes_held_containers", COUNTER_TOTAL, NULL,
                                   "Times the lines of a container waited for the metadata of its "
                                   "pod."},
    [C_KUBERNETES_STREAMS_UNKNOWN] = {"clew_kubernetes_unknown_containers", COUNTER_TOTAL, NULL,
                                      "Times they waited for kubernetes.wait.time, or until "
                                      "kubernetes.wait.bytes were unread, and were shipped with the "
                                      "attributes from the path only."},
    [C_KUBERNETES_ANNOTATIONS_IGNORED] = {"clew_kubernetes_ignored_annotations", COUNTER_TOTAL,
                                          NULL,
                                          "Pod annotations for clew, or for a shipper it replaces, "
                                          "with an invalid value."},
    [C_KUBERNETES_RECORDS_EXCLUDED] = {"clew_kubernetes_excluded_lines", COUNTER_TOTAL, NULL,
                                       "Lines read but not shipped because of an annotation of "
                                       "their pod."},
};

void counters_merge(struct counters *counters, const struct counters *from)
{
    uint64_t pods = counters->values[C_KUBERNETES_PODS];
    for (size_t i = 0; i < COUNTERS; i++) {
        counters->values[i] += from->values[i];
    }
    if (pods > 0) {
        counters->values[C_KUBERNETES_PODS] = pods;
    }
}
