#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The command line and the config, from outside."""

import os
import re
import shutil
import subprocess

import clew

REFERENCE = clew.ROOT / "conf" / "clew.yaml"


def commands():
    out = clew.run_ok("help").out
    block = out.split("Commands:\n")[1].split("\n\n")[0]
    return [line.split()[0] for line in block.splitlines()]


def write(tmp, text, name="clew.yaml"):
    path = tmp / name
    path.write_text(text)
    return path


def check(*args, **options):
    return clew.run("check", *args, **options)


def expect(result, code, *sentences):
    clew.equal(result.code, code, f"exit of {result!r}")
    for sentence in sentences:
        clew.contains(result.err, sentence, "standard error")


def test_help_names_the_commands_and_each_answers_help_in_the_same_way():
    names = commands()
    assert {"check", "help", "version"} <= set(names), names
    for name in names:
        long, short, topic = (clew.run_ok(*a) for a in
                              ((name, "--help"), (name, "-h"), ("help", name)))
        assert long.out.startswith(f"usage: clew {name}"), long
        clew.contains(long.out, "--help", f"help of {name}")
        clew.equal(short.out, long.out, f"clew {name} -h")
        clew.equal(topic.out, long.out, f"clew help {name}")
        assert max(map(len, long.out.splitlines())) <= 100, long


def test_help_goes_to_standard_output_and_bare_clew_is_wrong_usage():
    clew.equal(clew.run_ok("--help").out, clew.run_ok("help").out)
    result = clew.run()
    expect(result, 2, "usage: clew COMMAND")
    clew.equal(result.out, "")


def test_version_is_the_same_in_each_spelling():
    out = clew.run_ok("version").out
    assert re.fullmatch(r"clew \d+\.\d+\.\d+\n", out), out
    for args in (["--version"], ["-V"]):
        clew.equal(clew.run_ok(*args).out, out)


def test_a_misspelt_command_gets_the_nearest_one():
    expect(clew.run("chekc"), 2, 'unknown command "chekc"; did you mean "check"?')
    expect(clew.run("frobnicate"), 2, 'unknown command "frobnicate"')


def test_every_command_refuses_an_unknown_option_with_the_nearest_one():
    for name in commands():
        expect(clew.run(name, "--hlep"), 2, "unknown option --hlep; did you mean --help?",
               f"try 'clew {name} --help'")
        expect(clew.run(name, "--no-such-thing-at-all"), 2, "unknown option --no-such-thing-at-all")
        expect(clew.run(name, "-%"), 2, "unknown option -%")


def test_options_take_their_value_in_each_spelling(tmp):
    path = write(tmp, "log_level: warn\n")
    for args in (["-c", path], [f"-c{path}"], ["--config", path], [f"--config={path}"], [path],
                 ["--", path], ["-qc", path]):
        result = check(*args)
        clew.equal(result.code, 0, f"{result!r}")
        if "-qc" not in args:
            clew.contains(result.out, "log_level: warn")


def test_a_missing_or_superfluous_value_is_wrong_usage(tmp):
    expect(check("-c"), 2, "--config needs a value")
    expect(check("--quiet=yes"), 2, "--quiet takes no value")
    expect(check("--format", "xml"), 2, '--format takes one of text, json, not "xml"')
    expect(check(tmp / "a", tmp / "b"), 2, "unexpected")


def test_help_shows_options_of_the_config_and_topics():
    config = clew.run_ok("help", "config").out
    for name in ("data_dir", "inputs.read_from", "outputs.batch.age", "trace.keys.span_id"):
        clew.contains(config, f"\n{name}\n")
        clew.contains(clew.run_ok("help", name).out, name)
    clew.contains(clew.run_ok("help", "outputs.timeout").out, "(default: 10s)")
    clew.contains(clew.run_ok("help", "environment").out, "OTEL_EXPORTER_OTLP_LOGS_ENDPOINT")
    clew.contains(clew.run_ok("help", "units").out, "KiB")
    clew.contains(clew.run_ok("help", "exit-status").out, "a policy is not met")
    expect(clew.run("help", "enviroment"), 2, 'did you mean "environment"?')
    expect(clew.run("help", "outputs.endpont"), 2, 'did you mean "outputs.endpoint"?')


def test_help_prints_types_as_one_writes_them():
    for name, line in (("inputs.read_from", "beginning | end (default: beginning)"),
                       ("inputs.include", "list of strings"), ("data_dir", "string"),
                       ("outputs.batch.age", "duration from 1ms to 1m (default: 100ms)"),
                       ("kubernetes.verify", "true | false (default: true)")):
        clew.contains(clew.run_ok("help", name).out, f"{name}\n    {line}\n")


def test_help_prints_options_that_sections_share_once():
    config = clew.run_ok("help", "config").out
    clew.equal(config.count("Keep only records that match the condition"), 1)
    clew.contains(config, "routes.filters.*\n    Same as filters.*")
    clew.contains(clew.run_ok("help", "routes.filters.drop").out, "Drop every record")
    clew.equal(clew.run_ok("help", "--man", "config").out.count("Drop every record"), 1)


def test_help_finds_words_in_names_and_texts():
    found = clew.run_ok("help", "retry").out
    clew.contains(found, "outputs.retry.max (option)\n    Longest pause")
    clew.contains(clew.run_ok("help", "coverage").out, "audit (command)")
    clew.contains(clew.run_ok("help", "Celery").out, "lost_hop (hint)")
    clew.contains(clew.run_ok("help", "queue full").out, "queue full; buffering requests in (message)")
    clew.contains(clew.run_ok("help", "messages").out, "\nreload failed; keeping the current config\n")


def test_every_class_and_hint_is_a_topic():
    for word in ("classes", "hints"):
        page = clew.run_ok("help", word).out
        names = re.findall(r"^(\w+)$", page, re.M)
        assert len(names) >= 14, page
        for name in names:
            clew.contains(clew.run_ok("help", name).out, f"{name} ({word[:-2] if word == 'classes' else word[:-1]})\n")
    both = clew.run_ok("help", "conflict").out
    clew.contains(both, "conflict (class)")
    clew.contains(both, "conflict (hint)")
    clew.contains(clew.run_ok("help", "absent").out, "Hint: not_instrumented")
    clew.contains(clew.run_ok("help", "lost_hop").out, "Fix: carry the context")


def test_the_reference_config_is_what_the_program_prints_and_is_good():
    clew.equal(REFERENCE.read_text(), clew.run_ok("help", "config", "--reference").out,
               "conf/clew.yaml (made by clew help config --reference)")
    clew.equal(check("-c", REFERENCE, "-q").err, "")


def test_every_option_of_the_reference_can_be_uncommented(tmp):
    """Each commented example stands for itself, and is accepted when it is given."""
    examples = re.compile(r"^(\s*)# (\w+: .*)$")
    names = set()
    for number, line in enumerate(lines := REFERENCE.read_text().splitlines()):
        found = examples.match(line)
        if not found or found[2].split(":")[0] not in clew.run_ok("help", "config").out:
            continue
        name = found[2].split(":")[0]
        if lines[number + 1:number + 2] not in ([""], []):
            continue
        names.add(name)
        changed = list(lines)
        changed[number] = found[1] + found[2]
        if name in ("certificate_file", "key_file"):
            changed = [re.sub(r"# (certificate_file|key_file):", r"\1:", c) for c in changed]
        of_type = {"directory": "journal", "units": "journal"}.get(name)
        of_type = "syslog" if name == "listen" and "udp:" in found[2] else of_type
        if of_type:  # of another type than the reference's input
            changed = [re.sub(r"^    (type: tail|include: .*|exclude: .*)$", "", c) for c in changed]
            changed[number] += f"\n    type: {of_type}"
        result = check("-c", write(tmp, "\n".join(changed)), env={"TOKEN": "t"})
        clew.equal(result.code, 0, f"{name}: {result!r}")
        clew.contains(result.out, f"{name}:")
    assert {"data_dir", "resource", "headers", "proxy", "patterns", "services"} <= names, names


def test_what_check_prints_is_a_config_that_means_the_same(tmp):
    first = clew.run_ok("check", "-c", REFERENCE).out
    again = clew.run_ok("check", "-c", write(tmp, first)).out
    clew.equal(again.split("\n# sandbox")[0], first.split("\n# sandbox")[0])


def test_mistakes_are_shown_all_at_once_with_file_line_and_column(tmp):
    path = write(tmp, "data_dr: /x\n"
                      "inputs:\n"
                      "  - include: [/a]\n"
                      "    read_from: begin\n"
                      "outputs:\n"
                      "  - timeout: 5\n"
                      "    batch: {bytes: 100MB, aeg: 1s}\n"
                      "resource: {trace_id: x}\n")
    result = check("-c", path)
    expect(result, 2,
           f"{path}:1:1: error: unknown option `data_dr`; did you mean `data_dir`?",
           f"{path}:4:16: error: `inputs[0].read_from` must be beginning or end",
           f"{path}:6:14: error: `outputs[0].timeout` must be a duration",
           f"{path}:7:20: error: `outputs[0].batch.bytes` must be from 1KiB to 16MiB",
           f"{path}:7:27: error: unknown option `aeg` in `outputs[0].batch`; did you mean "
           "`age`?",
           f"{path}:8:22: error: `resource.trace_id` is an id, and ids cannot be "
           "resource")
    clew.equal(result.out, "")
    clew.equal(len(result.err.splitlines()), 6, "mistakes")


def test_check_speaks_json_for_machines(tmp):
    path = write(tmp, "log_level: loud\n")
    report = check("-c", path, "--format", "json")
    clew.equal(report.code, 2)
    clew.equal(report.json(), {
        "version": 1, "valid": False, "file": str(path), "effective": None,
        "findings": [{"level": "error", "file": str(path), "line": 1, "column": 12,
                      "text": '`log_level` must be debug, info, warn or error, not "loud"'}]})
    good = clew.run_ok("check", "-c", REFERENCE, "--format=json").json()
    assert good["valid"] and not good["findings"], good
    clew.contains(good["effective"], "endpoint: ")


FLUENT_BIT = """[INPUT]
    Name tail
    Path /x.log
[FILTER]
    Name record_modifier
    Match *
    Remove_key trace_id
[OUTPUT]
    Name opentelemetry
    Match *
"""


def test_json_has_the_names_of_files_that_are_no_utf_8(tmp):
    """A byte that is no UTF-8 is U+FFFD; the report is whole."""
    path = write(tmp, "log_level: loud\n", "cl\udcffew.yaml")
    shown = str(tmp / "cl\ufffdew.yaml")
    report = check("-c", path, "--format", "json")
    clew.equal(report.code, 2)
    clew.equal(report.json()["file"], shown)
    clew.equal([f["file"] for f in report.json()["findings"]], [shown])
    path = write(tmp, FLUENT_BIT, "c\udcff.conf")
    shown = str(tmp / "c\ufffd.conf")
    findings = clew.run("lint", "--format", "json", path).json()["findings"]
    clew.equal({f["file"] for f in findings}, {shown})
    run, = clew.run("lint", "--format", "sarif", path).json()["runs"]
    places = [r["locations"][0]["physicalLocation"] for r in run["results"]]
    clew.equal({place["artifactLocation"]["uri"] for place in places}, {shown})
    table = clew.run("import", "--format", "json", "-o", tmp / "out.yaml", path).json()["table"]
    clew.equal({row["file"] for row in table}, {shown})


def test_a_config_that_cannot_be_read_is_named(tmp):
    expect(check("-c", tmp / "none.yaml"), 2, f"{tmp}/none.yaml: error: cannot read the config: "
           "No such file or directory")
    expect(check("-c", tmp), 2, "cannot read the config: Is a directory")
    binary = tmp / "binary"
    binary.write_bytes(bytes(range(256)) * 10)
    expect(check("-c", binary), 2, f"{binary}: error: not valid YAML")
    large = write(tmp, "# " + "x" * (3 << 20), "large")
    expect(check("-c", large), 2, f"{large}: error: ")
    latin = tmp / "latin"
    latin.write_bytes(b"data_dir: /gr\xfc\xdf\n")
    expect(check("-c", latin), 2, f"{latin}: error: not valid YAML")


def test_an_unreadable_config_is_named(tmp):
    path = write(tmp, "{}\n")
    path.chmod(0)
    if os.access(path, os.R_OK):  # root reads everything: a file whose folder is a file does not
        expect(check("-c", path / "x"), 2, "cannot read the config: Not a directory")
    else:
        expect(check("-c", path), 2, "cannot read the config: Permission denied")


def test_variables_of_the_environment_are_put_in(tmp):
    path = write(tmp, "data_dir: ${DIR}/state\nservice: ${SERVICE:-none}\n"
                      "resource:\n  tenant: '${TENANT:?name the tenant}'\n")
    out = clew.run_ok("check", "-c", path, env={"DIR": "/d", "TENANT": "t: 1 # ]"}).out
    clew.contains(out, "data_dir: /d/state\n")
    clew.contains(out, "service: none\n")
    clew.contains(out, 'tenant: "t: 1 # ]"\n')
    result = check("-c", path, env={"DIR": None, "TENANT": ""})
    expect(result, 2, f"{path}:1:11: error: the environment variable DIR is not set",
           f"{path}:4:11: error: TENANT: name the tenant")


def test_precedence_is_set_then_file_then_environment_then_default(tmp):
    env = {"OTEL_EXPORTER_OTLP_TIMEOUT": "3000"}
    path = write(tmp, "outputs: [{timeout: 4s}]\n")

    def timeout(*args, env=None):
        out = clew.run_ok("check", *args, env=env).out
        return re.search(r"^    timeout: (\S+)$", out, re.M)[1]

    clew.equal(timeout(), "10s", "the default")
    clew.equal(timeout(env=env), "3s", "the environment")
    clew.equal(timeout("-c", path, env=env), "4s", "the file")
    clew.equal(timeout("-c", path, "--set", "outputs.timeout=5s", env=env), "5s", "--set")


def test_the_config_is_found_by_its_variable(tmp):
    path = write(tmp, "service: from-variable\n")
    clew.contains(clew.run_ok("check", env={"CLEW_CONFIG": path}).out, "service: from-variable")
    other = write(tmp, "service: from-option\n", "other.yaml")
    clew.contains(clew.run_ok("check", "-c", other, env={"CLEW_CONFIG": path}).out, "from-option")


def test_secrets_are_hidden_wherever_they_come_from(tmp):
    path = write(tmp, "outputs:\n"
                      "  - endpoint: https://user:hunter2@c.example/v1/logs?token=hunter2\n"
                      "    proxy: http://me:hunter2@proxy:3128\n"
                      "    headers: {authorization: 'Bearer ${SECRET}', x-scope-orgid: tenant}\n")
    for args in ((), ("--format", "json")):
        result = clew.run_ok("check", "-c", path, *args, env={"SECRET": "hunter2"})
        assert "hunter2" not in result.out + result.err, result
        clew.contains(result.out, "tenant")
    env = {"OTEL_EXPORTER_OTLP_HEADERS": "api-key=hunter2,hunter2",
           "OTEL_EXPORTER_OTLP_ENDPOINT": "https://hunter2@c.example"}
    result = clew.run_ok("check", env=env)
    assert "hunter2" not in result.out + result.err, result
    clew.contains(result.err, "OTEL_EXPORTER_OTLP_HEADERS: warning: entry 2")
    clew.contains(result.out, "https://[hidden]@c.example/v1/logs")


def test_state_is_kept_where_the_user_may_write():
    if os.geteuid() == 0:
        clew.contains(clew.run_ok("check").out, "data_dir: /var/lib/clew\n")
        return
    clew.contains(clew.run_ok("check", env={"HOME": "/h", "XDG_STATE_HOME": None}).out,
                  "data_dir: /h/.local/state/clew\n")
    clew.contains(clew.run_ok("check", env={"XDG_STATE_HOME": "/s"}).out, "data_dir: /s/clew\n")


def test_no_colours_in_a_pipe():
    for args in (["help"], ["help", "config"], ["check"]):
        assert "\x1b" not in clew.run(*args).out, args


def test_a_full_disk_behind_standard_output_is_a_failure():
    with open("/dev/full", "wb") as full:
        for args in (["help"], ["check"], ["version"]):
            done = subprocess.run([clew.CLEW, *args], stdout=full, stderr=subprocess.PIPE,
                                  env=clew.environment(), check=False)
            clew.equal(done.returncode, 1, f"exit of {args}")
            clew.contains(clew.text(done.stderr), "cannot write to standard output: No space left")


def test_install_puts_the_program_and_its_papers_in_place(tmp):
    build = os.path.dirname(clew.CLEW)
    if shutil.which("meson") is None or not os.path.exists(os.path.join(build, "build.ninja")):
        return  # a binary without its build folder, such as an installed one
    done = subprocess.run(["meson", "install", "-C", build, "--no-rebuild", "--destdir", str(tmp)],
                          capture_output=True, text=True, check=False)
    clew.equal(done.returncode, 0, done.stdout + done.stderr)
    found = sorted(p.name for p in tmp.rglob("*") if p.is_file())
    pages = ["clew.1", "clew.yaml.5", *(f"clew-{name}.1" for name in commands())]
    clew.equal(found, sorted(["CHANGELOG.md", "LICENSE", "clew", "clew.yaml", *pages,
                              "clew", "_clew", "clew.fish", "clew.service"]),
               "installed files (see conf/meson.build)")


def test_every_command_has_a_man_page_that_man_takes():
    for topic in ([], ["config"], *([name] for name in commands())):
        page = clew.run_ok("help", "--man", *topic).out
        assert page.startswith(".TH "), topic
        for section in ("NAME", "SYNOPSIS", "OPTIONS", "EXIT STATUS"):
            if topic not in ([], ["config"]):
                clew.contains(page, f".SH {section}\n")
        if shutil.which("groff"):
            done = subprocess.run(["groff", "-man", "-Tutf8", "-Kutf8", "-ww", "-z"], input=page, text=True,
                                  capture_output=True, check=False)
            clew.equal((done.returncode, done.stderr), (0, ""), f"groff on the page of {topic}")
    clew.contains(clew.run_ok("help", "--man", "config").out, "outputs.batch.age")
    clew.equal(clew.run("help", "--man", "nothing").code, 2)


COMPLETE = r"""
source /dev/stdin <<<"$(%s help --completion bash)"
COMP_WORDS=(%s "") COMP_CWORD=%d
%s
_clew
printf '%%s\n' "${COMPREPLY[@]}"
"""


def complete(*words):
    """What bash would offer for the last of the words."""
    script = COMPLETE % (clew.CLEW, " ".join(words[:-1]), len(words) - 1,
                         f"COMP_WORDS[COMP_CWORD]={words[-1]!r}")
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True,
                          env=clew.environment())
    return done.stdout.split()


def test_bash_completes_commands_options_and_values():
    clew.equal(complete("clew", ""), commands())
    clew.equal(complete("clew", "au"), ["audit"])
    clew.equal(complete("clew", "audit", "--form"), ["--format"])
    clew.equal(complete("clew", "audit", "--format", ""), ["table", "json", "markdown", "html"])
    clew.equal(complete("clew", "run", ""), [])  # files: bash's own
    clew.contains(complete("clew", "help", ""), "config")


def test_completions_are_good_shell():
    for shell in ("bash", "zsh", "fish"):
        out = clew.run_ok("help", "--completion", shell).out
        for name in commands():
            clew.contains(out, name, shell)
        if shutil.which(shell):
            done = subprocess.run([shell, "-n"], input=out, text=True, capture_output=True, check=False)
            clew.equal((done.returncode, done.stderr), (0, ""), shell)


if __name__ == "__main__":
    clew.main()
