# SPDX-License-Identifier: Apache-2.0
"""Files that are rotated, cut, deleted, moved, replaced, while clew reads and while it is down."""

import contextlib
import gzip
import os
import shutil
import subprocess
import time

from rig import Failure, Skip, has_sanitizer, scenario

QUICK = ["inputs.unterminated_timeout=300ms", "inputs.partial_timeout=300ms"]


def down_and_up(rig, meanwhile, *sets):
    """What was written is delivered, clew ends, `meanwhile` happens, clew starts again."""
    rig.start(sets=sets)
    rig.wait_all()
    rig.stop()
    meanwhile()
    rig.start(sets=sets)
    rig.wait_all()


@scenario("renamed and created anew, numbered, while it is read", short=True)
def rename_and_create(rig):
    log = rig.log()
    rig.start()
    for _ in range(40):
        log.write(50)
        time.sleep(0.02)
        log.rotate()
    log.write(50)
    rig.wait_all()


@scenario("a container's log rotated as the kubelet does", short=True)
def kubelet(rig):
    log = rig.pod()
    rig.start()
    for _ in range(20):
        log.write(100)
        time.sleep(0.02)
        log.rotate_kubelet()
    log.write(10)
    rig.wait_all()


@scenario("a rotation every 4 ms", short=True)
def many_rotations(rig):
    log = rig.pod()
    rig.start()
    for _ in range(250):
        log.write(20)
        log.rotate_kubelet()
        time.sleep(0.004)
    log.write(10)
    rig.wait_all()


@scenario("numbered names that move up at every rotation: .1 to .2, .2 to .3", short=True)
def shifting(rig):
    log = rig.log()
    rig.start()
    for turn in range(30):
        log.write(30)
        for n in range(turn, 0, -1):
            os.rename(f"{log.path}.{n}", f"{log.path}.{n + 1}")
        log.rotate(f"{log.path}.1")
        time.sleep(0.01)
    log.write(30)
    rig.wait_all()


@scenario("rotated twice between two looks, without inotify")
def between_two_reads(rig):
    log = rig.log()
    log.write(100)
    rig.start(sets=["inputs.inotify=false", "inputs.scan_interval=700ms"])
    rig.wait_all()
    for _ in range(3):
        for _ in range(2):
            log.write(100).rotate()
        log.write(100)
        time.sleep(1)
    rig.wait_all()


@scenario("rotated once while clew is down", short=True)
def once_while_down(rig):
    log = rig.log()
    log.write(100)
    down_and_up(rig, lambda: (log.write(100).rotate(), log.write(100)))


@scenario("rotated five times while clew is down", short=True)
def often_while_down(rig):
    log = rig.pod()
    log.write(100)

    def meanwhile():
        for _ in range(5):
            log.write(100).rotate_kubelet()
        log.write(100)
    down_and_up(rig, meanwhile)


@scenario("rotated ten times while the backend is down", short=True)
def while_the_far_end_is_down(rig):
    log = rig.pod()
    log.write(50)
    rig.start()
    rig.wait_all()
    rig.far.close()
    for _ in range(10):
        log.write(2000)
        time.sleep(0.1)
        log.rotate_kubelet()
    log.write(50)
    rig.books(rig.run)
    time.sleep(1)
    rig.books(rig.run)
    rig.far.open()
    rig.wait_all()


@scenario("the writer goes on in the renamed file for two seconds", short=True)
def writes_on_in_the_renamed(rig):
    log = rig.log()
    log.write(100)
    rig.start()
    rig.wait_all()
    log.rename(f"{log.path}.1")
    new = open(log.path, "ab", buffering=0)  # as the runtime: made, still empty
    for _ in range(20):
        log.write(20)
        time.sleep(0.1)
    log.out.close()
    log.out = new
    log.write(100)
    rig.wait_all()


@scenario("two writers: the old one in the renamed file, the new one in its successor")
def two_writers(rig):
    old = rig.log(stream="old")
    old.write(100)
    rig.start()
    rig.wait_all()
    old.rename(f"{old.path}.1")
    new = rig.log(stream="new")
    for _ in range(15):
        new.write(20)
        old.write(20)
        time.sleep(0.05)
    rig.wait_all()


@scenario("copied and truncated between two lines", short=True)
def copytruncate(rig):
    log = rig.log()
    rig.start()
    for turn in range(10):
        log.write(200)
        rig.wait_all()
        shutil.copy(log.path, f"{log.path}.{turn + 1}")
        os.truncate(log.path, 0)
    log.write(50)
    rig.wait_all()


@scenario("copied and truncated before all of it was read: the rest is read in the copy")
def copytruncate_unread(rig):
    log = rig.log()
    log.write(100)
    rig.start()
    rig.wait_all()
    rig.far.close()
    log.write(20000)
    time.sleep(1)
    shutil.copy(log.path, f"{log.path}.1")
    os.truncate(log.path, 0)
    log.write(100)
    time.sleep(1)
    rig.far.open()
    rig.wait_all()


@scenario("copied and truncated while clew is down")
def copytruncate_down(rig):
    log = rig.log()
    log.write(300)

    def meanwhile():
        log.write(200)
        shutil.copy(log.path, f"{log.path}.1")
        os.truncate(log.path, 0)
        log.write(100)
    down_and_up(rig, meanwhile)


@scenario("written to between copy and truncation, unread: what the copy lacks is counted to the byte", short=True)
def written_behind_a_copy(rig):
    log = rig.log()
    log.write(100)
    rig.start(sets=["memory_limit=8MiB"])
    rig.wait_all()
    rig.far.close()
    log.write(6000)
    shutil.copy(log.path, f"{log.path}.1")
    time.sleep(1)
    log.write(300)
    time.sleep(0.7)
    os.truncate(log.path, 0)
    time.sleep(0.7)
    rig.far.open()
    rig.wait_all(lost=300)
    counted = rig.counter("clew_lost_bytes")
    if counted != 300 * (log.size + 1):
        raise Failure(f"300 lines of {log.size + 1} bytes were lost, {counted} bytes counted")
    return {"lost": 300, "note": f"{counted} bytes counted"}


@scenario("written to between copy and truncation while clew is down: nobody knows, nothing is counted")
def written_behind_a_copy_down(rig):
    log = rig.log()
    log.write(300)
    rig.start()
    rig.wait_all()
    rig.stop()
    log.write(200)
    shutil.copy(log.path, f"{log.path}.1")
    log.write(50)
    os.truncate(log.path, 0)
    log.write(100)
    rig.start()
    rig.wait_all(lost=50)
    counted = rig.counter("clew_lost_bytes")
    if counted != 0:
        raise Failure(f"{counted} bytes counted, of which clew cannot know")
    return {"lost": 50}


@scenario("truncated without a copy, unread: what is lost is counted to the byte", short=True)
def truncated_unread(rig):
    log = rig.log()
    log.write(100)
    rig.start(sets=["memory_limit=8MiB"])
    rig.wait_all()
    rig.far.close()
    log.write(60000)
    time.sleep(1.5)
    read = rig.counter("clew_received_lines")
    os.truncate(log.path, 0)
    time.sleep(0.7)
    kept = log.count
    log.write(10)
    rig.far.open()
    lost = kept - read
    rig.wait_all(lost=lost)
    counted = rig.counter("clew_lost_bytes")
    if lost <= 0 or counted != lost * (log.size + 1):
        raise Failure(f"{lost} lines of {log.size + 1} bytes were lost, {counted} bytes counted")
    return {"lost": lost, "note": f"{counted} bytes counted"}


@scenario("deleted while open, with lines unread", short=True)
def deleted_while_open(rig):
    log = rig.log()
    log.write(10)
    rig.start()
    rig.wait_all()
    rig.far.close()
    log.write(20000)
    time.sleep(0.5)
    os.unlink(log.path)
    time.sleep(1.5)
    rig.far.open()
    rig.wait_all()
    time.sleep(2)
    open_files = rig.counter("clew_open_files")
    if open_files:
        raise Failure(f"{open_files} deleted files are still held")


@scenario("deleted and made anew, each time with other lines")
def deleted_and_made_anew(rig):
    log = rig.log()
    rig.start()
    for _ in range(15):
        log.write(100)
        rig.wait_all()
        os.unlink(log.path)
        log.reopen()
    log.write(10)
    rig.wait_all()


@scenario("the inode is used again at once, while clew runs and while it is down", short=True)
def inode_reused(rig):
    reused = 0
    log = rig.log()
    log.write(50)
    rig.start()
    for _ in range(10):
        rig.wait_all()
        inode = os.stat(log.path).st_ino
        log.out.close()
        os.unlink(log.path)
        time.sleep(1.5)  # clew lets go of the deleted one
        log.reopen()
        log.write(80)
        reused += os.stat(log.path).st_ino == inode
    rig.wait_all()
    rig.stop()
    inode = os.stat(log.path).st_ino
    log.out.close()
    os.unlink(log.path)
    log.reopen()
    log.write(900)
    reused += os.stat(log.path).st_ino == inode
    rig.start()
    rig.wait_all()
    return {"note": f"{reused} of 11 were the same inode"}


@contextlib.contextmanager
def few_inodes(rig, inode_bytes):
    """A small ext4 in logs/disk with one free inode; with inodes of 128 bytes no file has a birth."""
    image, place = rig.tmp / "image", rig.tmp / "logs/disk"
    place.mkdir()
    image.write_bytes(bytes(8 << 20))
    for command in (["mkfs.ext4", "-q", "-O", "^has_journal", "-N", "16", "-I", str(inode_bytes), image],
                    ["mount", "-o", "loop", image, place]):
        try:
            subprocess.run(command, capture_output=True, check=True)
        except (OSError, subprocess.CalledProcessError):
            raise Skip("a file system on a loop device is not allowed here") from None
    fillers = []
    try:
        (place / "lost+found").rmdir()
        while True:
            try:
                (place / f".filler{len(fillers)}").touch()
            except OSError:
                break
            fillers.append(place / f".filler{len(fillers)}")
        fillers.pop().unlink()
        yield
    finally:
        rig.end_run()
        for log in rig.logs:
            log.out.close()
        subprocess.run(["umount", place], check=True)


def made_anew(log):
    """Its name is a new file's, which has its inode; how much was in it."""
    before = os.stat(log.path)
    log.out.close()
    os.unlink(log.path)
    log.reopen()
    if os.stat(log.path).st_ino != before.st_ino:
        raise Failure("not the same inode: the scenario does not do what it says")
    return before.st_size


def same_inode(rig, inode_bytes):
    """Made anew while clew has it closed (others need the descriptor), and while it is down: shorter,
    just as long, longer, and beginning with the same bytes."""
    with few_inodes(rig, inode_bytes):
        log = rig.log("disk/app.log")
        others = [rig.log(f"{n}.log") for n in range(4)]
        sets = ["inputs.open_files_max=1"]
        log.write(20)
        rig.start(sets=sets)
        rig.wait_all()
        for count in (5, 20, 20, 60, 61, 1, 900, 900):
            for other in others:
                other.write(1)
            rig.wait_all()
            made_anew(log)
            log.write(count)
            rig.wait_all()
        for count in (5, 5, 6, 200, 1):
            rig.stop()
            made_anew(log)
            log.write(count)
            rig.start(sets=sets)
            rig.wait_all()
        return {"note": "13 times"}


@scenario("another file with the same inode and another birth")
def same_inode_with_births(rig):
    return same_inode(rig, 256)


@scenario("another file with the same inode, and no births to tell", short=True)
def same_inode_without_births(rig):
    return same_inode(rig, 128)


def mounted(*command):
    try:
        subprocess.run(["mount", *command], capture_output=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        raise Skip("file systems may not be mounted here") from None


def copied_up(rig, options):
    """A file of a lower layer on another file system, which becomes another one when it is written to."""
    lower, upper, work, merged = (rig.tmp / name for name in ("lower", "upper", "work", "logs/merged"))
    for folder in (lower, upper, work, merged):
        folder.mkdir(parents=True, exist_ok=True)
    mounted("-t", "tmpfs", "lower", lower)
    try:
        logs = [rig.log(f"../lower/{name}.log") for name in ("running", "down", "short")]
        for log, count in zip(logs, (300, 300, 1)):
            log.write(count)
            log.out.close()
            log.path = merged / log.path.name
        mounted("-t", "overlay", "overlay", "-o",
                f"lowerdir={lower},upperdir={upper},workdir={work}{options}", merged)
        try:
            rig.start()
            rig.wait_all()
            logs[0].reopen()
            logs[0].write(100)
            rig.wait_all()
            rig.stop()
            for log in logs[1:]:
                log.reopen()
                log.write(100)
            rig.start()
            rig.wait_all()
            lost = rig.counter("clew_lost_bytes")
            if lost:
                raise Failure(f"{lost} bytes are counted as lost")
        finally:
            rig.end_run()
            for log in logs:
                log.out.close()
            subprocess.run(["umount", merged], check=True)
    finally:
        subprocess.run(["umount", lower], check=True)


@scenario("a file of a lower layer is copied up (overlayfs)", short=True)
def copied_up_by_overlayfs(rig):
    copied_up(rig, "")


@scenario("a file of a lower layer is copied up, and gets other numbers (overlayfs, xino=off)", short=True)
def copied_up_to_other_numbers(rig):
    copied_up(rig, ",xino=off")


@scenario("a directory is moved away and replaced")
def directory_replaced(rig):
    log = rig.log("a/app.log")
    rig.start()
    for turn in range(5):
        log.write(100)
        rig.wait_all()
        log.write(100)
        os.rename(log.path.parent, rig.tmp / f"away-{turn}")
        log.path.parent.mkdir()
        log.reopen()
        log.write(100)
        rig.wait_all()


@scenario("a symlink is switched from one file to the next", short=True)
def symlink_switched(rig):
    link = rig.tmp / "current.log"
    files = rig.tmp / "logs"
    logs = [rig.log("0.log")]
    link.symlink_to(logs[0].path)
    logs[0].write(50)
    rig.start(link)
    for turn in range(1, 6):
        rig.wait_all()
        logs[-1].write(50)
        logs.append(rig.log(f"{turn}.log"))
        logs[-1].write(50)
        new = files / "new"
        new.symlink_to(logs[-1].path)
        os.rename(new, link)
        logs[-1].write(50)
    rig.wait_all()


@scenario("200 files that begin with the same line", short=True)
def identical_beginnings(rig):
    for n in range(200):
        log = rig.log(f"{n}.log", stream=f"f{n}")
        log.out.write(b"the same banner in every file, longer than most fingerprints are: "
                      + b"=" * 200 + b"\n")
        log.write(10)
    banner = b"the same banner in every file, longer than most fingerprints are: " + b"=" * 200
    rig.expect(banner)
    rig.start()
    rig.wait_all()
    rig.stop()
    for log in rig.logs:
        log.write(10)
    rig.start()
    rig.wait_all()
    banners = rig.far.got.count(banner)
    if banners != 200:
        raise Failure(f"the banner came {banners} times, not once for each of 200 files")
    return {"doubled": 199}  # of the banner


@scenario("a file is written anew, shorter, then longer than before")
def written_anew(rig):
    log = rig.log()
    rig.start()
    for lines in (500, 20, 700, 3, 30, 800):
        log.write(lines)
        rig.wait_all()
        with open(log.path, "wb"):
            pass
        time.sleep(0.3)
    log.write(10)
    rig.wait_all()


@scenario("written, rotated and gzipped while clew is down: read on inside the .gz", short=True)
def gzipped_while_down(rig):
    log = rig.pod()
    log.write(500)

    def meanwhile():
        for turn in range(3):
            log.write(500).rotate_kubelet()
        for path in sorted(log.path.parent.glob("0.log.*"))[:2]:
            with gzip.open(f"{path}.gz", "wb") as out:
                out.write(path.read_bytes())
            path.unlink()
        log.write(100)
    down_and_up(rig, meanwhile)


@scenario("100 files that live for 100 ms", short=True)
def short_lives(rig):
    # A machine that is busy may not run clew at all within 100 ms: where that is allowed, it is
    # given precedence, for the promise is about clew and not about the machine.
    ahead = ["chrt", "--rr", "1"]
    may = shutil.which("chrt") and subprocess.run([*ahead, "true"], capture_output=True).returncode == 0
    rig.start(prefix=ahead if may else ())
    time.sleep(1)
    for n in range(100):
        log = rig.log(f"{n}.log", stream=f"f{n}")
        log.write(20)
        time.sleep(0.1 if not has_sanitizer() else 0.3)
        os.unlink(log.path)
    rig.wait_all()


@scenario("a directory that does not exist yet, appears, vanishes and comes back", short=True)
def directory_comes_and_goes(rig):
    rig.start(rig.tmp / "logs" / "later" / "*.log")
    rig.wait_log("input tail reads")  # the sandbox is set up: what it allows is the folder above
    for turn in range(3):
        log = rig.log(f"later/{turn}.log")
        log.write(100)
        rig.wait_all()
        shutil.rmtree(log.path.parent)
        time.sleep(0.5)


@scenario("a directory that may not be read for a while", short=True)
def unreadable_directory(rig):
    if os.geteuid() != 0:
        prefix = []
    elif shutil.which("setpriv"):
        prefix = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
        os.chmod(rig.tmp, 0o777)
    else:
        raise Skip("root reads everything, and there is no setpriv to be somebody else")
    log = rig.log("secret/app.log")
    log.write(100)
    rig.start(prefix=prefix)
    rig.wait_all()
    os.chmod(log.path.parent, 0)
    log.write(100)
    time.sleep(0.6)
    log.rotate()
    log.write(100)
    time.sleep(0.6)
    os.chmod(log.path.parent, 0o755)
    rig.wait_all()


@scenario("a read-only directory of logs, and a data directory elsewhere")
def read_only_logs(rig):
    log = rig.log("ro/app.log")
    log.write(500)
    os.chmod(log.path.parent, 0o555)
    os.chmod(log.path, 0o444)
    down_and_up(rig, lambda: log.write(100))


@scenario("its generation is gone, four newer ones are left, three of them gzipped", short=True)
def only_compressed_left(rig):
    log = rig.pod()
    log.write(100)

    def meanwhile():
        log.rotate_kubelet()
        os.unlink(f"{log.path}.20260511-021434")
        for _ in range(4):
            log.write(100).rotate_kubelet()
        for path in sorted(log.path.parent.glob("0.log.*"))[:3]:
            with gzip.open(f"{path}.gz", "wb") as out:
                out.write(path.read_bytes())
            path.unlink()
        log.write(10)
    down_and_up(rig, meanwhile)


@scenario("a generation is gone before it was read: counted to the byte, said once", short=True)
def detected_loss(rig):
    log = rig.pod()
    log.write(100)
    rig.start()
    rig.wait_all()
    rig.far.close()
    log.write(20000)
    time.sleep(1)
    rig.kill()
    log.rotate_kubelet()
    os.unlink(f"{log.path}.20260511-021434")
    log.write(50)
    rig.far.open()
    rig.start()
    rig.wait_all(lost=20000)
    time.sleep(0.5)
    counted, expected = rig.counter("clew_lost_bytes"), 20000 * len(log.line(99))
    words = [line for line in rig.err().splitlines() if "containerLogMaxSize" in line]
    if len(words) != 1:
        raise Failure(f"{len(words)} lines of its log name the remedy, not one:\n{rig.err()}")
    if not 0 < counted <= expected:
        raise Failure(f"{expected} bytes were lost, {counted} counted")
    by_container = rig.text_of_metrics()
    label = 'namespace="shop",pod="checkout-7d9c5b8f4-x2kqp",container="app"'
    if f"clew_log_lost_bytes_total{{{label}}} {counted}\n" not in by_container:
        raise Failure(f"{counted} bytes are not counted for the container:\n{by_container[-2000:]}")
    return {"lost": 20000, "note": f"{counted} of {expected} bytes counted"}


@scenario("a generation is gone that was written and removed while clew was down: said", short=True)
def loss_nobody_saw(rig):
    log = rig.pod()
    log.write(100)
    rig.start()
    rig.wait_all()
    rig.stop()
    log.write(300).rotate_kubelet()
    os.unlink(f"{log.path}.20260511-021434")
    log.write(50)
    rig.start()
    rig.wait_all(lost=300)
    rig.wait_log("containerLogMaxSize")
    return {"lost": 300, "note": "its size was never seen: said, not counted"}
