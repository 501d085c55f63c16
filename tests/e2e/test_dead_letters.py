# SPDX-License-Identifier: Apache-2.0
"""Dead letters: what the far end will never take is kept with the reason, and can be sent again."""
import os
import re

import clew
import far_end
from test_bad_input import WITHOUT_OVERRIDE
from test_delivery import OK, FarEnd, status
from test_outputs import checkpoints, config, metrics, promised, run

REASON = "line holds poison"


def poisoned(n, body, far):
    """Takes everything but requests with a line of poison."""
    if b"poison" in body:
        return status(400, body=REASON.encode())
    lines = [int(n) for n in re.findall(rb"line (\d+)\.", body)]
    with far.lock:
        far.taken += lines
    return OK


def write_log(tmp, lines, bad=()):
    path = tmp / "app.log"
    path.write_text("".join(f"line {n}.{' poison' if n in bad else ''}\n" for n in range(lines)))
    return path


def settings(tmp, far, **more):
    return config(tmp, [(far.port, {"compression": "none"})], **more)


def letters(tmp, name="otlp_http"):
    folder = tmp / "data" / "dead-letters" / name
    return sorted(p for p in folder.iterdir() if p.name.isdigit()) if folder.exists() else []


def test_a_refused_record_is_kept_with_the_reason_and_sent_by_replay(tmp):
    write_log(tmp, 100, bad=(7, 50))
    with FarEnd(poisoned) as far:
        path = settings(tmp, far)
        result = clew.run("run", "--once", "-c", path)
        clew.equal(result.code, 1, "the exit status")
        clew.contains(result.err, "kept as dead letters")
        clew.equal(sorted(far.taken), [n for n in range(100) if n not in (7, 50)])
        clew.equal(len(letters(tmp)), 2)
        clew.equal({p.stat().st_mode & 0o777 for p in letters(tmp)}, {0o600})
        listed = clew.run_ok("replay", "-c", path, "--list").json_lines()
        clew.equal([(e["records"], e["status"], e["message"], e["output"]) for e in listed],
                   [(1, 400, REASON, "otlp_http")] * 2)
        refused = clew.run("replay", "-c", path)
        clew.equal(refused.code, 1)
        clew.equal(refused.out, "0 records sent, 2 refused again, 2 letters left\n")
        clew.equal(len(letters(tmp)), 2)
    with far_end.FarEnd(tmp) as well:
        again = clew.run_ok("replay", "--data-dir", tmp / "data", "--endpoint", well.endpoint)
        clew.equal(again.out, "2 records sent, 0 refused again, 0 letters left\n")
        clew.equal(well.bodies(), ["line 7. poison", "line 50. poison"])
    clew.equal(letters(tmp), [])
    empty = clew.run_ok("replay", "-c", path, "--list")
    clew.equal((empty.out, empty.err), ("", f"clew replay: there are no dead letters in {tmp / 'data'}\n"))


def test_replay_says_when_the_far_end_is_down_and_keeps_the_letters(tmp):
    write_log(tmp, 10, bad=(3,))
    with FarEnd(poisoned) as far:
        path = settings(tmp, far)
        clew.run("run", "--once", "-c", path)
    result = clew.run("replay", "-c", path, "--endpoint", f"http://127.0.0.1:{clew.free_port()}")
    clew.equal(result.code, 1)
    clew.contains(result.err, "did not accept the rest")
    clew.equal(len(letters(tmp)), 1)


def replay_without_override(path, endpoint):
    """(status, standard output, standard error) of one whom permissions hold, root or not."""
    prefix = WITHOUT_OVERRIDE if os.geteuid() == 0 else []
    with clew.start("replay", "-c", path, "--endpoint", endpoint, prefix=prefix) as process:
        return process.wait(), process.out(), process.err()


def test_replay_says_which_letters_it_has_sent_and_cannot_remove(tmp):
    write_log(tmp, 10, bad=(3,))
    with FarEnd(poisoned) as far:
        path = settings(tmp, far)
        clew.run("run", "--once", "-c", path)
    folder = letters(tmp)[0].parent
    folder.chmod(0o500)
    with far_end.FarEnd(tmp) as well:
        code, out, err = replay_without_override(path, well.endpoint)
        folder.chmod(0o700)
        clew.equal(well.bodies(), ["line 3. poison"])
    clew.contains(err, "was sent but cannot be removed")
    clew.equal((code, out), (1, "1 records sent, 0 refused again, 1 letters left\n"))
    clew.equal(len(letters(tmp)), 1)


def test_a_letter_that_replay_may_not_read_is_not_called_damaged(tmp):
    write_log(tmp, 10, bad=(3, 5))
    with FarEnd(poisoned) as far:
        path = settings(tmp, far)
        clew.run("run", "--once", "-c", path)
    before = letters(tmp)
    before[0].chmod(0)
    with far_end.FarEnd(tmp) as well:
        code, out, err = replay_without_override(path, well.endpoint)
        clew.equal(well.bodies(), ["line 5. poison"])
    clew.contains(err, "Permission denied")
    assert "damaged" not in err, err
    clew.equal((code, out), (1, "1 records sent, 0 refused again, 1 letters left\n"))
    clew.equal(letters(tmp), before[:1])


def test_replay_without_letters_has_nothing_to_do(tmp):
    with FarEnd(poisoned) as far:
        clew.equal(clew.run_ok("replay", "-c", settings(tmp, far)).out,
                   "0 records sent, 0 refused again, 0 letters left\n")


def test_a_damaged_letter_is_set_aside(tmp):
    write_log(tmp, 10, bad=(3, 5))
    with FarEnd(poisoned) as far:
        path = settings(tmp, far)
        clew.run("run", "--once", "-c", path)
    torn = letters(tmp)[0]
    torn.write_bytes(torn.read_bytes()[:-3])
    with far_end.FarEnd(tmp) as well:
        result = clew.run("replay", "-c", path, "--endpoint", well.endpoint)
        clew.equal(result.code, 1)
        clew.contains(result.err, "is damaged and set aside")
        clew.equal(well.bodies(), ["line 5. poison"])
    clew.equal([p.name for p in torn.parent.iterdir()], [torn.name + ".corrupt-1"])


def test_when_there_is_no_room_for_letters_nothing_is_lost(tmp):
    """The output holds and says so; replay makes room, and it goes on by itself."""
    port = clew.free_port()
    log = write_log(tmp, 60, bad=(10, 20, 30))
    with FarEnd(poisoned) as far:
        path = settings(tmp, far, control={"listen": f"127.0.0.1:{port}"},
                        dead_letters={"max_bytes": "8KiB"})
        with run(path) as process:
            process.wait_for(lambda: "dead_letters.max_bytes is reached" in process.err(),
                             "it says what holds it")
            clew.equal(len(letters(tmp)), 2)
            clew.equal(promised(tmp), 0)
            with far_end.FarEnd(tmp) as well:
                clew.run_ok("replay", "-c", path, "--endpoint", well.endpoint)
                clew.equal(well.bodies(), ["line 10. poison", "line 20. poison"])
            process.wait_for(lambda: len(set(far.taken)) == 57, "it goes on")
            process.wait_for(lambda: [s["offset"] for s in checkpoints(tmp).values()] ==
                             [log.stat().st_size], "the checkpoint moves")
            counted = metrics(port)
            clew.equal((counted["clew_sent_records_total"], counted["clew_refused_records_total"],
                        counted["clew_dead_letter_records_total"],
                        counted["clew_in_flight_records"]), (57, 3, 3, 0))
            clew.equal(process.stop(), 0)
    clew.equal(len(letters(tmp)), 1)


def test_without_dead_letters_a_refused_record_is_given_up(tmp):
    write_log(tmp, 10, bad=(3,))
    with FarEnd(poisoned) as far:
        result = clew.run("run", "--once", "-c", settings(tmp, far, dead_letters={"max_bytes": 0}))
        clew.contains(result.err, "(dropped)")
        clew.equal(sorted(far.taken), [n for n in range(10) if n != 3])
    clew.equal(letters(tmp), [])


def test_a_record_larger_than_a_request_is_kept(tmp):
    (tmp / "app.log").write_text("small\n" + "x" * (70 << 20) + "\nlast\n")
    with far_end.FarEnd(tmp) as far:
        path = config(tmp, [(far, {})], memory_limit="1GiB", shutdown_timeout="30s",
                      inputs=[{"include": [str(tmp / "*.log")], "line_bytes_max": "64MiB",
                               "record_bytes_max": "256MiB", "envelope": "plain"}])
        result = clew.run("run", "--once", "-c", path)
        clew.contains(result.err, "but kept as a dead letter")
        listed = clew.run_ok("replay", "-c", path, "--list").json_lines()
        bodies = [len(body) for body in far.bodies()]
    clew.equal(bodies, [5, 6 << 20, 4])
    clew.equal([(e["records"], e["status"], e["message"]) for e in listed],
               [(1, 0, "larger than the maximum request")])


if __name__ == "__main__":
    clew.main()
