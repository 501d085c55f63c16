#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Checkpoints of every form that there was are read and gone on from, and one form back as well."""

import copy
import gzip
import json

import checkpoint_forms as forms
import clew
from far_end import FarEnd, run_once

FORM = 2  # what is written now
LATER = {"later": {"b": [1, 2.5, None, "ü \" \\ \n"], "a": True}, "also": "50%"}


def kept():
    return sorted(path.stem for path in forms.KEPT.glob("*.json"))


def checkpoints(tmp):
    return tmp / "data" / "checkpoints.json"


def put(tmp, text):
    checkpoints(tmp).parent.mkdir(mode=0o700, exist_ok=True)
    checkpoints(tmp).write_text(json.dumps(text, ensure_ascii=False))


def saved(tmp):
    return json.loads(checkpoints(tmp).read_text())


def begin(tmp, name, change=lambda text: text):
    """Logs as they were, and the checkpoints of them that are kept under this name. The lines that wait."""
    tmp.mkdir()
    kept = forms.load(name)
    forms.write_world(tmp, kept["logs"])
    put(tmp, forms.seal(change(forms.place(kept["checkpoints"], kept["files"], tmp))))
    return [line for log in kept["waiting"] for line in forms.numbered(*kept["logs"][log])]


def append(path, *what):
    with path.open("a") as log:
        log.write(forms.lines(*what))


def go_on(tmp, far):
    """What arrives now, and that nothing was complained of."""
    before = len(far.bodies())
    result = run_once(tmp, far, tmp / "app.log", tmp / "50%.log")
    clew.equal(result.code, 0, result)
    assert "checkpoint" not in result.err, result.err
    return sorted(far.bodies()[before:])


def test_each_form_that_is_kept_says_what_its_checksums_say(tmp):
    assert f"form-{FORM}" in kept(), "the form that is written now is kept"
    for name in kept():
        text = forms.load(name)["checkpoints"]
        assert all(stream["path"].startswith("@TMP@/") for stream in text["streams"].values()), name
        clew.equal(text.get("form", 1), int(name.split("-")[1]), name)


def test_from_each_form_reading_goes_on_with_nothing_lost_and_nothing_doubled(tmp):
    for name in kept():
        here = tmp / name
        waiting = begin(here, name)
        append(here / "app.log", "app", 181, 200)
        append(here / "app.log.2", "late", 1, 5)
        append(here / "50%.log", "fifty", 201, 210)
        with FarEnd(here) as far:
            expected = (forms.numbered("app", 181, 200) + forms.numbered("late", 1, 5) +
                        forms.numbered("fifty", 201, 210) + waiting)
            clew.equal(go_on(here, far), sorted(expected), name)
            clew.equal(go_on(here, far), [], f"{name}, once more")
        text = saved(here)
        clew.equal((text["version"], text["form"]), (1, FORM))
        clew.equal(forms.seal(copy.deepcopy(text)), text, "the checksums of what is written")


def test_from_form_2_on_the_rest_of_what_was_left_is_found_compressed(tmp):
    for name in kept():
        if name == "form-1":
            continue
        here = tmp / name
        waiting = begin(here, name)
        append(here / "app.log.2", "late", 1, 5)
        (here / "app.log.2.gz").write_bytes(gzip.compress((here / "app.log.2").read_bytes()))
        (here / "app.log.2").unlink()
        with FarEnd(here) as far:
            clew.equal(go_on(here, far), sorted(forms.numbered("late", 1, 5) + waiting), name)
            clew.equal(go_on(here, far), [], f"{name}, once more")


def test_from_form_2_on_what_waited_and_is_gone_is_counted(tmp):
    for name in kept():
        if name == "form-1":
            continue
        here = tmp / name
        begin(here, name)
        lost = (here / "50%.log.1").stat().st_size
        (here / "50%.log.1").unlink()
        with FarEnd(here) as far:
            result = run_once(here, far, here / "app.log", here / "50%.log")
            clew.contains(result.err, f"lost {lost} unacknowledged bytes with 1 of its files")
            clew.equal(far.bodies(), forms.numbered("fifty", 81, 120), name)


def test_members_of_a_later_form_are_kept_when_their_stream_is_written_back(tmp):
    def add(text):
        for stream in text["streams"].values():
            stream.update(copy.deepcopy(LATER))
        return {**text, "form": FORM + 1}

    waiting = begin(tmp / "a", f"form-{FORM}", add)
    append(tmp / "a" / "app.log", "app", 181, 190)
    with FarEnd(tmp) as far:
        clew.equal(go_on(tmp / "a", far), sorted(forms.numbered("app", 181, 190) + waiting))
    text = saved(tmp / "a")
    for stream in text["streams"].values():
        clew.equal({name: stream[name] for name in LATER}, LATER)
    clew.equal(forms.seal(copy.deepcopy(text)), text, "the checksums of what is written")


def test_a_member_of_a_later_form_that_was_damaged_is_noticed(tmp):
    begin(tmp / "a", f"form-{FORM}", lambda text: {**text, "streams": {
        key: {**stream, "later": 1} for key, stream in text["streams"].items()}})
    path = checkpoints(tmp / "a")
    path.write_text(path.read_text().replace('"later": 1', '"later": 3', 1))
    with FarEnd(tmp) as far:
        result = run_once(tmp / "a", far, tmp / "a" / "app.log")
    clew.contains(result.err, "damaged")


def test_one_form_back_and_forward_again_nothing_is_lost_and_nothing_doubled(tmp):
    for name in kept():
        here = tmp / name
        waiting = begin(here, name)
        append(here / "app.log", "app", 181, 190)
        with FarEnd(here) as far:
            clew.equal(go_on(here, far), sorted(forms.numbered("app", 181, 190) + waiting), name)
            put(here, forms.as_form_1(saved(here)))
            append(here / "app.log", "app", 191, 195)
            append(here / "app.log.1", "late", 1, 3)
            expected = sorted(forms.numbered("app", 191, 195) + forms.numbered("late", 1, 3))
            clew.equal(go_on(here, far), expected, name)
            forms.as_form_1(saved(here))


if __name__ == "__main__":
    clew.main()
