#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The Debian package, built by dpkg-buildpackage from what is under version control."""

import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "e2e"))
import clew  # noqa: E402

FOLDER = tempfile.TemporaryDirectory(prefix="clew-debian-")

def output(*command, cwd=None):
    done = subprocess.run([*map(str, command)], cwd=cwd, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise clew.Failure(f"{' '.join(map(str, command))} ended with {done.returncode}\n"
                           f"{(done.stdout + done.stderr)[-4000:]}")
    return done.stdout


def copy_tree(to):
    git = subprocess.run(["git", "-C", ROOT, "ls-files", "-co", "--exclude-standard", "-z"],
                         capture_output=True, check=False)
    if git.returncode != 0:
        raise clew.Skipped("what belongs to the source is told by git, and this is no checkout")
    for name in filter(None, git.stdout.decode().split("\0")):
        path = ROOT / name
        if path.exists():
            (to / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(path, to / name, follow_symlinks=False)


@clew.once
def package():
    """(the .deb, its contents unpacked)"""
    for tool in ("dpkg-buildpackage", "dh"):
        if shutil.which(tool) is None:
            raise clew.Skipped(f"there is no {tool} here (Debian packages dpkg-dev and debhelper)")
    source = pathlib.Path(FOLDER.name) / "source"
    source.mkdir()
    copy_tree(source)
    output("dpkg-buildpackage", "-b", "-us", "-uc", cwd=source)
    deb = next(source.parent.glob("clew_*.deb"))
    files = source.parent / "files"
    output("dpkg-deb", "-x", deb, files)
    output("dpkg-deb", "-e", deb, source.parent / "control")
    return deb, files


def test_it_builds_and_the_program_runs():
    _, files = package()
    clew.equal(output(files / "usr/bin/clew", "version").strip(), clew.run_ok("version").out.strip())


def test_its_version_is_that_of_the_program():
    deb, _ = package()
    clew.equal("clew " + output("dpkg-deb", "-f", deb, "Version").strip(), clew.run_ok("version").out.strip())


def test_it_depends_on_the_package_of_every_library():
    deb, files = package()
    needed = re.findall(r"NEEDED +(\S+)", output("objdump", "-p", files / "usr/bin/clew"))
    depends = output("dpkg-deb", "-f", deb, "Depends")
    assert len(needed) > 5, needed
    for library in needed:
        owners = [line.split(":")[0] for line in output("dpkg", "-S", f"*/{library}").splitlines()]
        assert any(owner in depends for owner in owners), f"{library} of {owners} is not in Depends: {depends}"


def test_its_config_is_a_conffile_and_good():
    deb, files = package()
    control = files.parent / "control"
    clew.contains((control / "conffiles").read_text().split(), "/etc/clew/clew.yaml")
    clew.run_ok("check", "-c", files / "etc/clew/clew.yaml")
    clew.equal((files / "usr/share/doc/clew/clew.yaml").read_text(), (ROOT / "conf/clew.yaml").read_text())
    assert deb.stat().st_size < 2_000_000, deb.stat().st_size


def test_pages_and_completions_are_where_they_are_looked_for():
    _, files = package()
    commands = re.findall(r"^  (\w+) ", clew.run_ok("help").out, re.MULTILINE)
    for page in ["man1/clew.1", "man5/clew.yaml.5", *(f"man1/clew-{name}.1" for name in commands)]:
        assert (files / f"usr/share/man/{page}.gz").exists(), page
    for place in ("bash-completion/completions/clew", "zsh/site-functions/_clew",
                  "fish/vendor_completions.d/clew.fish"):
        assert (files / "usr/share" / place).exists(), place


def test_the_service_is_installed_and_started_by_nobody_but_the_user():
    _, files = package()
    unit = files / "lib/systemd/system/clew.service"
    clew.equal(unit.read_text(), (ROOT / "conf/clew.service").read_text())
    script = (files.parent / "control" / "postinst").read_text()
    assert "deb-systemd-invoke" not in script, script
    if "deb-systemd-helper enable" in script:  # at an upgrade, where the user has enabled it
        clew.contains(script, "was-enabled")


if __name__ == "__main__":
    clew.main()
