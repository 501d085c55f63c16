# SPDX-License-Identifier: Apache-2.0
"""Inputs of type journal, on files that systemd-journal-remote writes from the export format."""
import json
import pathlib
import subprocess
import time

import clew
from far_end import FarEnd, options, plain

REMOTE = pathlib.Path("/lib/systemd/systemd-journal-remote")
ID, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
BEGAN_US = 1778465673000000


def is_without():
    return b"without libsystemd" in pathlib.Path(clew.CLEW).read_bytes()


def export(number, fields):
    """An entry: https://systemd.io/JOURNAL_EXPORT_FORMATS"""
    text = (f"__REALTIME_TIMESTAMP={BEGAN_US + number}\n__MONOTONIC_TIMESTAMP={1000 + number}\n"
            "_BOOT_ID=0123456789abcdef0123456789abcdef\n").encode()
    for name, value in fields:
        value = value if isinstance(value, bytes) else value.encode()
        if b"\n" in value or not value.isascii():
            text += name.encode() + b"\n" + len(value).to_bytes(8, "little") + value + b"\n"
        else:
            text += name.encode() + b"=" + value + b"\n"
    return text + b"\n"


class Journal:
    def __init__(self, tmp):
        if not REMOTE.exists():
            raise clew.Skipped("there is no systemd-journal-remote")
        if is_without():
            raise clew.Skipped("this clew is built without libsystemd")
        self.folder = tmp / "journal"
        self.folder.mkdir()
        self.count = 0

    def add(self, *entries, name="a"):
        text = b"".join(export(self.count + n, fields) for n, fields in enumerate(entries))
        self.count += len(entries)
        subprocess.run([REMOTE, "-o", self.folder / f"{name}.journal", "-"], input=text, check=True,
                       timeout=120, capture_output=True)

    def add_numbers(self, begin, end, pad=""):
        self.add(*[[("MESSAGE", f"message {n} trace_id={ID} {pad}"), ("SYSLOG_IDENTIFIER", "shop")]
                   for n in range(begin, end)])


def start(tmp, far, journal, more="", command=clew.start, extra=(), memory="64MiB"):
    (tmp / "clew.yaml").write_text(f"memory_limit: {memory}\n"
                                   f"inputs: [{{type: journal, directory: {journal.folder}{more}}}]\n")
    sets = [one for one in options(tmp, far) if one != "--set" and not one.startswith("inputs.")]
    return command("run", *extra, "-c", tmp / "clew.yaml",
                   *[part for one in sets for part in ("--set", one)])


def run_once(tmp, far, journal, more=""):
    done = start(tmp, far, journal, more, clew.run, ["--once"])
    clew.equal(done.code, 0, done)
    return done


def numbers(far):
    return [int(body.split()[1]) for body in far.bodies()]


def test_an_entry_becomes_a_record_with_its_fields(tmp):
    journal = Journal(tmp)
    message = f'paid trace_id={ID} span_id={SPAN}'
    journal.add(
        [("MESSAGE", message), ("PRIORITY", "4"), ("_SYSTEMD_UNIT", "shop.service"),
         ("SYSLOG_IDENTIFIER", "shop"), ("_PID", "4711"), ("_HOSTNAME", "web1"),
         ("CODE_FILE", "a.c"), ("CODE_LINE", "12"), ("SYSLOG_FACILITY", "3"), ("X", "1"), ("X", "2")],
        [("MESSAGE", b"two\nlines \xff"), ("PRIORITY", "3"), ("RAW", b"\x00\xfe\n")],
        [("PRIORITY", "7"), ("OTHER", "no message")])
    with FarEnd(tmp) as far:
        run_once(tmp, far, journal, ", service: fallback")
        (resource, first), (other, second), (_, third) = far.records()
    clew.equal(first["body"], {"stringValue": message})
    clew.equal([first["traceId"], first["spanId"]], [ID, SPAN])
    clew.equal([r["severityNumber"] for r in (first, second, third)], [13, 17, 5])
    clew.equal([r["timeUnixNano"] for r in (first, second, third)],
               [str((BEGAN_US + n) * 1000) for n in range(3)])
    clew.equal([resource["service.name"], other["service.name"]], ["shop", "fallback"])
    found = plain(first["attributes"])
    wanted = {"_SYSTEMD_UNIT": "shop.service", "host.name": "web1", "process.pid": "4711",
              "code.file.path": "a.c", "code.line.number": "12", "syslog.facility.code": "3"}
    clew.equal({name: found.get(name) for name in wanted}, wanted)
    clew.equal(sorted(value["stringValue"] for value in found["X"]["values"]), ["1", "2"])
    clew.equal(second["body"], {"bytesValue": "dHdvCmxpbmVzIP8="})
    clew.equal(plain(second["attributes"])["RAW"], "AP4K")
    clew.equal(plain(third["attributes"])["OTHER"], "no message")


def test_a_message_of_fields_is_read_as_a_line_of_a_file_is(tmp):
    journal = Journal(tmp)
    lines = [f'{{"msg":"paid","level":"warn","trace_id":"{ID}","span_id":"{SPAN}","user":{{"id":7}},"n":1}}',
             f'level=warn msg="paid twice" trace_id={ID} span_id={SPAN} n=2',
             f'{{"msg":"cut off","trace_id":"{ID}"']
    more = [("PRIORITY", "6"), ("SYSLOG_IDENTIFIER", "shop"), ("_PID", "4711")]
    journal.add(*[[("MESSAGE", line), *more] for line in lines])
    (tmp / "app.log").write_text("".join(line + "\n" for line in lines))
    with FarEnd(tmp) as far:
        run_once(tmp, far, journal)
        found = far.records()
    same = json.loads("[" + ",".join(clew.run_ok("parse", tmp / "app.log").out.splitlines()) + "]")
    for (resource, record), of_file in zip(found[:2], same):
        clew.equal(resource["service.name"], "shop")
        for name in ("body", "traceId", "spanId", "severityNumber", "severityText"):
            clew.equal(record[name], of_file[name], name)
        attributes = plain(record["attributes"])
        wanted = plain(of_file["attributes"])
        clew.equal({name: attributes.get(name) for name in wanted if not name.startswith("log.")},
                   {name: value for name, value in wanted.items() if not name.startswith("log.")})
        clew.equal([attributes["PRIORITY"], attributes["process.pid"]], ["6", "4711"])
        assert "MESSAGE" not in attributes, attributes
    _, cut = found[2]
    clew.equal([cut["body"], cut["severityNumber"]], [{"stringValue": lines[2]}, 9])


def test_the_format_of_the_input_is_that_of_the_message(tmp):
    journal = Journal(tmp)
    line = f'{{"msg":"paid","trace_id":"{ID}"}}'
    journal.add([("MESSAGE", line)])
    with FarEnd(tmp) as far:
        run_once(tmp, far, journal, ", format: text")
        (_, record), = far.records()
    clew.equal([record["body"], record["traceId"]], [{"stringValue": line}, ID])


def test_the_service_is_what_the_message_names_then_the_identifier_then_the_unit(tmp):
    journal = Journal(tmp)
    unit, identifier = ("_SYSTEMD_UNIT", "cart@eu.service"), ("SYSLOG_IDENTIFIER", "shop")
    journal.add([("MESSAGE", '{"service.name":"own"}'), identifier, unit],
                [("MESSAGE", "a"), identifier, unit], [("MESSAGE", "b"), unit],
                [("MESSAGE", "c"), ("_SYSTEMD_UNIT", "init.scope")])
    with FarEnd(tmp) as far:
        run_once(tmp, far, journal, ", service: fallback")
        clew.equal([resource["service.name"] for resource, _ in far.records()],
                   ["own", "shop", "cart", "fallback"])


def test_only_the_units_that_are_asked_for(tmp):
    journal = Journal(tmp)
    journal.add(*[[("MESSAGE", f"of {unit}"), ("_SYSTEMD_UNIT", f"{unit}.service")]
                  for unit in ("a", "b", "c", "a")])
    with FarEnd(tmp) as far:
        run_once(tmp, far, journal, ", units: [a.service, c.service]")
        clew.equal(far.bodies(), ["of a", "of c", "of a"])


def test_a_restart_goes_on_where_it_was_and_nothing_comes_twice(tmp):
    journal = Journal(tmp)
    with FarEnd(tmp) as far:
        begin = 0
        for end in (1, 256, 300, 300, 1000, 1024, 1030):
            if end > begin:
                journal.add_numbers(begin, end)
            run_once(tmp, far, journal)
            clew.equal(numbers(far), list(range(end)))
            begin = end


def test_what_is_written_meanwhile_is_followed_also_in_a_new_file(tmp):
    journal = Journal(tmp)
    journal.add_numbers(0, 10)
    with FarEnd(tmp) as far:
        run_once(tmp, far, journal)
        with start(tmp, far, journal) as run:
            journal.add_numbers(10, 20)
            far.wait_for(20)
            journal.add([("MESSAGE", "message 20")], name="b")
            far.wait_for(21)
            clew.equal(run.stop(), 0)
        clew.equal(numbers(far), list(range(21)))


def test_from_the_end_leaves_out_what_was_there(tmp):
    journal = Journal(tmp)
    journal.add_numbers(0, 10)
    with FarEnd(tmp) as far:
        run_once(tmp, far, journal, ", read_from: end")
        journal.add_numbers(10, 15)
        run_once(tmp, far, journal, ", read_from: end")
        clew.equal(numbers(far), list(range(10, 15)))


def test_entries_that_come_late_before_the_checkpoint_make_it_no_promise_of_others(tmp):
    journal = Journal(tmp)
    journal.add_numbers(0, 5)
    journal.count = 100
    journal.add_numbers(5, 10)
    with FarEnd(tmp) as far:
        run_once(tmp, far, journal)
        journal.count = 50
        journal.add([("MESSAGE", "message 77")], name="late")
        journal.count = 200
        journal.add_numbers(10, 15)
        run_once(tmp, far, journal)
        clew.equal(set(numbers(far)), {*range(15), 77})


def test_a_kill_loses_nothing(tmp):
    journal = Journal(tmp)
    count = 6000
    journal.add_numbers(0, count)
    with FarEnd(tmp) as far:
        for times in range(1, 4):
            with start(tmp, far, journal, ", name: j") as run:
                far.wait_for(times * 500)
                time.sleep(0.05 * times)
                run.kill()
        run_once(tmp, far, journal, ", name: j")
        clew.equal(sorted(set(numbers(far))), list(range(count)))


def test_a_kill_while_the_far_end_is_away_and_memory_is_full_loses_nothing(tmp):
    journal = Journal(tmp)
    count = 6000
    journal.add_numbers(0, count, "x" * 4000)
    away = FarEnd(tmp, port=clew.free_port())
    with start(tmp, away, journal, memory="8MiB") as run:
        time.sleep(1)
        run.kill()
    with start(tmp, away, journal, memory="8MiB") as run:
        time.sleep(1)
        with away:
            away.wait_for(count, 60)
            clew.equal(sorted(set(numbers(away))), list(range(count)))
            clew.equal(len(numbers(away)), count)
            clew.equal(run.stop(), 0)


def test_an_entry_that_is_too_long_is_cut_and_stays_a_record(tmp):
    journal = Journal(tmp)
    journal.add([("MESSAGE", "message 0 " + "é\"" * 2000), ("PRIORITY", "3")],
                [("MESSAGE", "message 1"), ("LONG", "y" * 2000), ("PRIORITY", "3")])
    with FarEnd(tmp) as far:
        run_once(tmp, far, journal, ", line_bytes_max: 1KiB")
        (_, first), (_, second) = far.records()
    text = first["body"]["stringValue"]
    assert ("message 0 " + "é\"" * 2000).startswith(text) and 200 < len(text.encode()) < 1024, text
    clew.equal(second["body"], {"stringValue": "message 1"})
    clew.equal([first["severityNumber"], second["severityNumber"]], [17, 17])


def test_a_folder_that_is_not_there_is_refused_with_a_sentence(tmp):
    journal = Journal(tmp)
    journal.folder.rmdir()
    with FarEnd(tmp) as far:
        done = start(tmp, far, journal, "", clew.run, ["--once"])
    assert done.code != 0, done
    clew.contains(done.err, f"cannot read the journal in {journal.folder}: No such file")


def test_without_the_library_it_is_refused_with_a_sentence(tmp):
    if not is_without():
        raise clew.Skipped("this clew is built with libsystemd")
    (tmp / "clew.yaml").write_text("inputs: [{type: journal, name: j}]\n")
    done = clew.run("run", "--once", "-c", tmp / "clew.yaml", "--set", f"data_dir={tmp / 'data'}",
                    "--set", "control.listen=off")
    assert done.code != 0, done
    sentence = "input j is of type journal, but this clew was built without libsystemd"
    clew.contains(done.err, sentence)
    done = clew.run("check", "-c", tmp / "clew.yaml")
    clew.equal(done.code, 2, done)
    clew.contains(done.err, sentence)


if __name__ == "__main__":
    clew.main()
