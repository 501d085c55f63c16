/* SPDX-License-Identifier: Apache-2.0 */
#include "record/counters.h"

#include <stddef.h>

/* Names go parallel to those of Vector, the Collector and Alloy, so that a dashboard made for one
 * of them is easily moved over. */
const struct counter_info counter_table[COUNTERS] = {
    [C_FILES_OPEN] = {"clew_open_files", COUNTER_GAUGE, NULL,
                      "Files that are open for reading now."},
    [C_FILES_FOUND] = {"clew_files_added", COUNTER_TOTAL, NULL,
                       "Files that were found and taken on."},
    [C_FILES_GONE] = {"clew_files_deleted", COUNTER_TOTAL, NULL,
                      "Files that were read to their end and are gone from the disk."},
    [C_FILE_ERRORS] = {"clew_file_errors", COUNTER_TOTAL, NULL,
                       "Times a file or directory could not be opened or read; each is tried "
                       "again."},
    [C_POD_PAUSES] = {"clew_pod_pauses", COUNTER_TOTAL, NULL,
                      "Times that reading a pod's log paused because the pod had reached "
                      "inputs.pod_bytes_per_second."},
    [C_ROTATIONS] = {"clew_file_rotations", COUNTER_TOTAL, NULL,
                     "Times a stream went on in a new file."},
    [C_TRUNCATIONS] = {"clew_file_truncations", COUNTER_TOTAL, NULL,
                       "Times a file became shorter than what had been read of it."},
    [C_BYTES_READ] = {"clew_received_bytes", COUNTER_TOTAL, "bytes", "Bytes read from files."},
    [C_BYTES_LOST] = {"clew_lost_bytes", COUNTER_TOTAL, "bytes",
                      "Bytes known to have been written but rotated or cut away before they could "
                      "be read."},
    [C_FILES_LOST] = {"clew_lost_files", COUNTER_TOTAL, NULL,
                      "Rotated files of which nobody knows how many bytes were not read: damaged, or "
                      "compressed as clew does not read it."},
    [C_LINES_READ] = {"clew_received_lines", COUNTER_TOTAL, NULL,
                      "Physical lines read, pieces of split lines each counted."},
    [C_ENCODING_ERRORS] = {"clew_encoding_errors", COUNTER_TOTAL, NULL,
                           "Lines of UTF-16 with something that is no character in it, for which "
                           "U+FFFD was shipped."},
    [C_LINES_SPLIT] = {"clew_lines_split", COUNTER_TOTAL, NULL,
                       "Lines longer than line_bytes_max that were shipped in pieces."},
    [C_LINES_TRUNCATED] = {"clew_lines_truncated", COUNTER_TOTAL, NULL,
                           "Lines longer than line_bytes_max of which only the first piece was "
                           "shipped."},
    [C_LINES_UNTERMINATED] = {"clew_lines_unterminated", COUNTER_TOTAL, NULL,
                              "Last lines without newline that were taken as lines after "
                              "unterminated_timeout."},
    [C_SCANS] = {"clew_scans", COUNTER_TOTAL, NULL, "Scans of the included paths."},
    [C_WATCH_FAILURES] = {"clew_watch_failures", COUNTER_TOTAL, NULL,
                          "inotify watches that could not be had; the scan still finds everything, "
                          "later."},
    [C_SYSLOG_CONNECTIONS] = {"clew_syslog_connections", COUNTER_GAUGE, NULL,
                              "Senders that are connected to syslog inputs now."},
    [C_SYSLOG_REFUSED] = {"clew_syslog_connections_refused", COUNTER_TOTAL, NULL,
                          "Senders turned away because connections_max were there."},
    [C_SYSLOG_DROPPED] = {"clew_syslog_datagrams_dropped", COUNTER_TOTAL, NULL,
                          "Datagrams that the kernel dropped because they were not read in time, as "
                          "it told with the next one."},
    [C_FRAME_MALFORMED] = {"clew_malformed_lines", COUNTER_TOTAL, NULL,
                           "Lines whose runtime envelope was not what the runtime writes; they are "
                           "shipped raw."},
    [C_FRAME_ATTRS_IGNORED] =
        {"clew_envelope_attributes_ignored", COUNTER_TOTAL, NULL,
         "Docker lines with attributes of the container (labels, environment, "
         "tag) beside the text; the text is shipped, they are not."},
    [C_PARTIALS_JOINED] = {"clew_partial_lines_joined", COUNTER_TOTAL, NULL,
                           "Partial lines of the runtime that became part of a whole record."},
    [C_PARTIALS_TIMED_OUT] = {"clew_partial_lines_flushed", COUNTER_TOTAL, NULL,
                              "Records shipped without their end, which did not come in time."},
    [C_RECORDS_CUT] = {"clew_records_cut", COUNTER_TOTAL, NULL,
                       "Records ended at record_bytes_max; the rest follows as records of its "
                       "own."},
    [C_MULTILINE_RECORDS] = {"clew_multiline_records", COUNTER_TOTAL, NULL,
                             "Records that were joined of several lines, such as stack traces."},
    [C_MULTILINE_LINES] = {"clew_multiline_lines", COUNTER_TOTAL, NULL,
                           "Lines that these were joined of, first lines included."},
    [C_MULTILINE_TIMED_OUT] = {"clew_multiline_records_flushed", COUNTER_TOTAL, NULL,
                               "Joined records shipped because no further line came within "
                               "multiline.timeout, or the log ended."},
    [C_MULTILINE_CUT] = {"clew_multiline_records_cut", COUNTER_TOTAL, NULL,
                         "Joined records ended at multiline.bytes_max or multiline.lines_max; the "
                         "rest follows as records of its own."},
    [C_RECORDS] = {"clew_received_records", COUNTER_TOTAL, NULL,
                   "Records parsed; the sum of those by format."},
    [C_RECORDS_JSON] = {"clew_received_json_records", COUNTER_TOTAL, NULL,
                        "Records that were one JSON object."},
    [C_RECORDS_LOGFMT] = {"clew_received_logfmt_records", COUNTER_TOTAL, NULL,
                          "Records that were key=value from the first to the last byte."},
    [C_RECORDS_TEXT] = {"clew_received_text_records", COUNTER_TOTAL, NULL,
                        "Records that were free text, with key=value pairs in it or without."},
    [C_RECORDS_OTLP] = {"clew_received_otlp_records", COUNTER_TOTAL, NULL,
                        "Records that were OTLP/JSON themselves."},
    [C_PARSE_LIMITS] = {"clew_parse_limit_records", COUNTER_TOTAL, NULL,
                        "Records larger than the limits of parse, shipped as text."},
    [C_SHAPES_FORGOTTEN] = {"clew_shapes_forgotten", COUNTER_TOTAL, NULL,
                            "Times it was forgotten what lines have in common, because there were more "
                            "kinds of lines than are kept: they are read name by name, more slowly."},
    [C_VALUES_CUT] = {"clew_deep_values", COUNTER_TOTAL, NULL,
                      "Objects and arrays nested deeper than parse.depth_max, sent as JSON text; with "
                      "several routes counted for each."},
    [C_RECORDS_FILTERED] = {"clew_discarded_records", COUNTER_TOTAL, NULL,
                            "Records dropped because a filter of the config says so."},
    [C_BATCHES] = {"clew_batches", COUNTER_TOTAL, NULL, "Batches made; each goes to every output."},
    [C_RECORDS_SENT] = {"clew_sent_records", COUNTER_TOTAL, NULL,
                        "Records that a far end has accepted; with several "
                        "outputs counted for each."},
    [C_RECORDS_REJECTED] = {"clew_rejected_records", COUNTER_TOTAL, NULL,
                            "Records that the far end rejected for good out of an accepted request "
                            "(partial success)."},
    [C_RECORDS_REFUSED] = {"clew_refused_records", COUNTER_TOTAL, NULL,
                           "Records that the far end refused for good (400, 413, …)."},
    [C_RECORDS_IN_FLIGHT] = {"clew_in_flight_records", COUNTER_GAUGE, NULL,
                             "Records read that an output has not yet delivered, in "
                             "memory or in its spool; with several outputs counted for each."},
    [C_REQUESTS] = {"clew_requests", COUNTER_TOTAL, NULL, "Requests sent, retries included."},
    [C_REQUESTS_RETRIED] = {"clew_request_retries", COUNTER_TOTAL, NULL,
                            "Requests that are repeats of one that failed."},
    [C_REQUESTS_SHRUNK] = {"clew_request_shrinks", COUNTER_TOTAL, NULL,
                           "Times that requests were made smaller, because the backend found one too "
                           "large (413) or did not answer it in time."},
    [C_PROBES] = {"clew_probe_requests", COUNTER_TOTAL, NULL,
                  "Requests with nothing of a log in them, sent to an address that has never taken "
                  "one to find out whether the address or the records are at fault."},
    [C_REQUESTS_FAILED] = {"clew_request_failures", COUNTER_TOTAL, NULL,
                           "Requests that got no answer or an answer other than success."},
    [C_BYTES_ENCODED] = {"clew_encoded_bytes", COUNTER_TOTAL, "bytes",
                         "Bytes of requests before compression."},
    [C_BYTES_SENT] = {"clew_sent_bytes", COUNTER_TOTAL, "bytes",
                      "Bytes of request bodies as sent, after compression."},
    [C_RECORDS_TOO_LARGE] = {"clew_oversized_records", COUNTER_TOTAL, NULL,
                             "Records that fit into no request, even alone."},
    [C_RECORDS_DROPPED] = {"clew_dropped_records", COUNTER_TOTAL, NULL,
                           "Records that an output with `required: false` did not get because its "
                           "queue, and its spool if it has one, were full, or still lacked at its end."},
    [C_RECORDS_DEAD] = {"clew_dead_letter_records", COUNTER_TOTAL, NULL,
                        "Records that were refused for good, or fit into no request, and were "
                        "written to data_dir/dead-letters."},
    [C_DEAD_LETTER_FAILURES] = {"clew_dead_letter_failures", COUNTER_TOTAL, NULL,
                                "Times a dead letter could not be written; its records are held "
                                "and it is tried again."},
    [C_RECORDS_SPOOLED] = {"clew_spooled_records", COUNTER_TOTAL, NULL,
                           "Records written to disk because an outage outlasted memory."},
    [C_RECORDS_RESTORED] = {"clew_restored_records", COUNTER_TOTAL, NULL,
                            "Records that an earlier run has left in a spool and that this one has "
                            "taken up."},
    [C_SPOOL_REQUESTS] = {"clew_spool_requests", COUNTER_GAUGE, NULL,
                          "Requests that are on disk now, waiting for the far end."},
    [C_SPOOL_BYTES] = {"clew_spool_bytes", COUNTER_GAUGE, "bytes",
                       "What they take, in whole disk blocks."},
    [C_SPOOL_FAILURES] = {"clew_spool_failures", COUNTER_TOTAL, NULL,
                          "Times a spool could not be written or read; it is tried again."},
    [C_SPOOL_DAMAGED] = {"clew_spool_damaged_requests", COUNTER_TOTAL, NULL,
                         "Requests whose file in a spool was damaged or gone; a damaged one is set "
                         "aside and not sent."},
    [C_RECORDS_DAMAGED] = {"clew_damaged_records", COUNTER_TOTAL, NULL,
                           "Records in such requests, as far as this run knows how many they were."},
    [C_CHECKPOINT_COMMITS] = {"clew_checkpoint_commits", COUNTER_TOTAL, NULL,
                              "Times the checkpoint file was written."},
    [C_CHECKPOINT_FAILURES] = {"clew_checkpoint_failures", COUNTER_TOTAL, NULL,
                               "Times the checkpoint file could not be written; it is tried "
                               "again."},
    [C_RELOADS] = {"clew_config_reloads", COUNTER_TOTAL, NULL,
                   "Times the config was read again (SIGHUP) and taken on."},
    [C_RELOADS_REFUSED] = {"clew_config_reload_failures", COUNTER_TOTAL, NULL,
                           "Times it was read again and refused; clew runs on with the old one."},
    [C_RELOAD_IS_GOOD] = {"clew_config_last_reload_successful", COUNTER_GAUGE, NULL,
                          "1 if the config that was read last is in effect, 0 if it was refused."},
    [C_RELOAD_TIME] = {"clew_config_last_reload_success_timestamp_seconds", COUNTER_GAUGE,
                       "seconds", "When the config in effect was read, in seconds since 1970."},
    [C_SANDBOX_HIDDEN] = {"clew_sandbox_hidden_files", COUNTER_TOTAL, NULL,
                          "Times something that clew needs was found out of its reach, for the sandbox "
                          "was set up before it was put there; restart clew."},
    [C_AUDIT_RECORDS_OVER] = {"clew_audit_over_records", COUNTER_TOTAL, NULL,
                              "Records that the audit has booked on (others) because it tells "
                              "audit.groups_max services apart already."},
    [C_AUDIT_LOGS_OVER] = {"clew_audit_over_logs", COUNTER_TOTAL, NULL,
                           "Times a log found no place among audit.groups_max logs that are read at "
                           "once: its lines without a service are unknown_service's."},
    [C_CONTROL_CONNECTIONS] = {"clew_control_connections", COUNTER_GAUGE, NULL,
                               "Clients that are connected to the HTTP endpoint now."},
    [C_CONTROL_LATE] = {"clew_control_connections_late", COUNTER_TOTAL, NULL,
                        "Connections to the HTTP endpoint that were closed because their request had "
                        "not come, or their answer was not read, within control.request_timeout."},
    [C_CONTROL_DISPLACED] = {"clew_control_connections_displaced", COUNTER_TOTAL, NULL,
                             "Connections to the HTTP endpoint that were closed because others came "
                             "and all places were taken, or those of their address."},
    [C_CONTROL_ANSWERS] = {"clew_control_answers_cut", COUNTER_TOTAL, NULL,
                           "Large answers of the HTTP endpoint that were cut off, or refused with 503, "
                           "because clients that read slowly had too many of them in hand."},
    [C_CONTROL_HOSTS] = {"clew_control_requests_misdirected", COUNTER_TOTAL, NULL,
                         "Requests to the HTTP endpoint on loopback that were answered 421 because "
                         "their Host header names another machine."},
    [C_KUBERNETES_PODS] = {"clew_kubernetes_pods", COUNTER_GAUGE, NULL,
                           "Pods of this node that are known, those gone for less than "
                           "kubernetes.deleted_kept too."},
    [C_KUBERNETES_LISTS] = {"clew_kubernetes_lists", COUNTER_TOTAL, NULL,
                            "Lists of pods asked for: one at the start, one whenever a watch could "
                            "not go on; all of the kubelet's."},
    [C_KUBERNETES_WATCHES] = {"clew_kubernetes_watches", COUNTER_TOTAL, NULL,
                              "Watches of pods begun, each where the one before has ended."},
    [C_KUBERNETES_EVENTS] = {"clew_kubernetes_events", COUNTER_TOTAL, NULL,
                             "Changes of pods that a watch has told."},
    [C_KUBERNETES_EXPIRED] = {"clew_kubernetes_expired_watches", COUNTER_TOTAL, NULL,
                              "Watches that could not go on because the server has forgotten the "
                              "changes since (410 Gone); a list follows."},
    [C_KUBERNETES_FAILURES] = {"clew_kubernetes_failures", COUNTER_TOTAL, NULL,
                               "Requests to the API or the kubelet that failed; they are tried "
                               "again, and reading goes on."},
    [C_KUBERNETES_PODS_REFUSED] = {"clew_kubernetes_refused_pods", COUNTER_TOTAL, NULL,
                                   "Pods not taken in because there were kubernetes.pods_max of "
                                   "them."},
    [C_KUBERNETES_POD_LIMITS] = {"clew_kubernetes_pod_fields_left_out", COUNTER_TOTAL, NULL,
                                 "Labels and annotations left out of pods because of "
                                 "kubernetes.pod_bytes_max."},
    [C_KUBERNETES_OBJECTS_TOO_LARGE] = {"clew_kubernetes_oversized_objects", COUNTER_TOTAL, NULL,
                                        "Objects in answers left out because of "
                                        "kubernetes.object_bytes_max."},
    [C_KUBERNETES_STREAMS_HELD] = {"clew_kubernetes_held_containers", COUNTER_TOTAL, NULL,
                                   "Times the lines of a container had to wait for its pod to be "
                                   "known."},
    [C_KUBERNETES_STREAMS_UNKNOWN] = {"clew_kubernetes_unknown_containers", COUNTER_TOTAL, NULL,
                                      "Times they waited for kubernetes.wait, or for as long as "
                                      "kubernetes.wait_bytes allows, and were shipped with what "
                                      "the path tells."},
    [C_KUBERNETES_ANNOTATIONS_IGNORED] = {"clew_kubernetes_ignored_annotations", COUNTER_TOTAL,
                                          NULL,
                                          "Annotations of pods for clew, or for a shipper it "
                                          "replaces, whose value means nothing to it."},
    [C_KUBERNETES_RECORDS_EXCLUDED] = {"clew_kubernetes_excluded_lines", COUNTER_TOTAL, NULL,
                                       "Lines read and not shipped because an annotation of their "
                                       "own pod says so."},
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
