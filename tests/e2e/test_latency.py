# SPDX-License-Identifier: Apache-2.0
"""A backend far away: several requests under way, the order of each file kept, nothing lost or doubled."""
import signal

import clew
from slow_backend import SlowBackend, order_is_kept, write_files

LINE_BYTES = 200
BATCH_BYTES = 32 * 1024


def options(tmp, backend, name, *more):
    sets = [f"data_dir={tmp / name}", "control.listen=off", f"outputs.endpoint={backend.endpoint}/v1/logs",
            "outputs.compression=none", f"outputs.batch.bytes={BATCH_BYTES}", "inputs.read_bytes=8KiB",
            "checkpoint_interval=100ms", "inputs.scan_interval=100ms", *more]
    return [part for one in sets for part in ("--set", one)]


def ship(tmp, latency_s, in_flight, files, total_bytes, *more):
    """The backend that all of it went to."""
    lines = max(total_bytes // files // LINE_BYTES, 1)
    name = f"{in_flight}-{files}-{latency_s}"
    paths = write_files(tmp / ("logs-" + name), files, lines, LINE_BYTES)
    with SlowBackend(latency_s) as backend:
        result = clew.run("run", "--once",
                          *options(tmp, backend, name, f"outputs.in_flight={in_flight}", *more), *paths)
        assert result.code == 0, result
        marks = backend.marks()
        clew.equal(len(marks), files * lines, "lines")
        clew.equal(len(set(marks)), files * lines, "different lines")
        assert order_is_kept(marks), "the order of a file was not kept"
        assert backend.under_way_max <= in_flight, backend.under_way_max
        return backend


def gain(tmp, latency_s, files, *more):
    """How many times faster four requests are than one, at a time or by their size."""
    turns = 16  # answers of one request at a time
    one = ship(tmp, latency_s, 1, files, turns * BATCH_BYTES, *more)
    four = ship(tmp, latency_s, 4, files, turns * 4 * BATCH_BYTES, *more)
    return four.rate(4 if files > 1 else 1) / one.rate(1), one, four


def far_away(tmp, latency_s):
    times, one, four = gain(tmp, latency_s, 40)
    clew.equal((one.under_way_max, four.under_way_max), (1, 4), "requests under way")
    assert times >= 3.8, f"{times:.2f} times as fast"


def test_four_requests_to_a_backend_100_ms_away_are_nearly_four_times_as_fast(tmp):
    far_away(tmp, 0.1)


def test_four_requests_to_a_backend_500_ms_away_are_nearly_four_times_as_fast(tmp):
    far_away(tmp, 0.5)


def test_one_hot_file_alone_goes_by_larger_requests(tmp):
    times, _, four = gain(tmp, 0.1, 1)
    clew.equal(four.under_way_max, 1, "requests under way")
    assert times >= 3, f"{times:.2f} times as fast"


def test_with_a_spool_it_is_no_slower(tmp):
    times, _, _ = gain(tmp, 0.1, 40, "outputs.spool.max_bytes=100MiB")
    assert times >= 3, f"{times:.2f} times as fast"


def crashes(tmp, number):
    """Killed, or asked to end, in the middle: what arrived in all."""
    files, lines = 40, 2000
    paths = write_files(tmp / "logs", files, lines, LINE_BYTES)
    with SlowBackend(0.1) as backend:
        arguments = ("run", *options(tmp, backend, "data", "outputs.in_flight=4", "shutdown_timeout=5s"), *paths)
        with clew.start(*arguments) as process:
            process.wait_for(lambda: len(backend.answers) >= 20, "20 requests are answered")
            if number == signal.SIGKILL:
                process.kill()
            else:
                process.stop(number)
        clew.wait_for(lambda: backend.under_way == 0, "what was under way is answered")
        before = len(backend.marks())
        assert before < files * lines, "it was all sent before the end"
        with clew.start(*arguments) as process:
            process.wait_for(lambda: len(set(backend.marks())) == files * lines, "all lines arrive")
            process.stop()
        return backend.marks(), files * lines, before


def test_a_kill_with_four_requests_under_way_loses_nothing(tmp):
    marks, lines, before = crashes(tmp, signal.SIGKILL)
    clew.equal(len(set(marks)), lines, "lines")
    # What was under way, and what was acknowledged since the checkpoint before: 100 ms, one answer each.
    assert len(marks) - lines <= 3 * 4 * 4 * BATCH_BYTES // 100, f"{len(marks) - lines} doubled"
    assert order_is_kept(marks[:before]), "the order of a file was not kept before the kill"
    assert order_is_kept(marks[before:]), "the order of a file was not kept after the kill"


def test_a_stop_with_four_requests_under_way_loses_and_doubles_nothing(tmp):
    marks, lines, _ = crashes(tmp, signal.SIGTERM)
    clew.equal(len(marks), lines, "lines")
    assert order_is_kept(marks), "the order of a file was not kept"


def test_a_backend_too_slow_for_a_full_request_gets_smaller_ones(tmp):
    """A full request takes it three times the time that there is, a quarter of one less than that."""
    lines, at_once = 3000, BATCH_BYTES // 120
    paths = write_files(tmp / "logs", 1, lines, 100)
    with SlowBackend(record_s=3 / at_once) as backend:
        with clew.start("run", *options(tmp, backend, "data", "outputs.in_flight=1", "outputs.timeout=1s",
                                        "outputs.retry.initial=50ms"), *paths) as process:
            process.wait_for(lambda: len(set(backend.marks())) == lines, "all lines arrive")
            process.wait_for(lambda: "smaller from now on" in process.err(), "it is said")
            process.stop()
        marks = backend.marks()
    clew.equal(len(set(marks)), lines, "lines")
    # A full request and its half; what a machine that is busy is late with comes on top.
    assert len(marks) - lines <= 4 * at_once, f"{len(marks) - lines} of {lines} came twice, {at_once} at once"


if __name__ == "__main__":
    clew.main()
