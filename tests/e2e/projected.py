# SPDX-License-Identifier: Apache-2.0
"""A volume as the kubelet mounts tokens, Secrets and ConfigMaps: each file is a link into a folder
that is named after the time, by way of the link `..data`, which is swapped when they are renewed."""

import itertools
import os
import shutil
import time

NUMBERS = itertools.count(1000000000)
MODES = {"token": 0o600}  # that of a pod which says who it runs as; of everything else 0644


class Volume:
    """`volume = Volume(tmp / "serviceaccount", {"token": "…"}); volume.write({"token": "renewed"})`"""

    def __init__(self, folder, files):
        self.folder = folder
        folder.mkdir()
        os.chmod(folder, 0o1777)
        self.write(files)

    def __truediv__(self, name):
        return self.folder / name

    def text(self, name):
        return (self.folder / name).read_text()

    def write(self, files):
        """Exactly these files, all at once; what was there before is gone, links and all."""
        data = self.folder / "..data"
        old = os.readlink(data) if data.is_symlink() else None
        new = time.strftime("..%Y_%m_%d_%H_%M_%S.", time.gmtime()) + str(next(NUMBERS))
        (self.folder / new).mkdir()
        os.chmod(self.folder / new, 0o755)
        for name, text in files.items():
            (self.folder / new / name).write_text(text)
            os.chmod(self.folder / new / name, MODES.get(name, 0o644))
        (self.folder / "..data_tmp").symlink_to(new)
        os.rename(self.folder / "..data_tmp", data)
        for name in files:
            if not (self.folder / name).is_symlink():
                (self.folder / name).symlink_to(f"..data/{name}")
        for name in os.listdir(self.folder):
            if not name.startswith("..") and name not in files:
                (self.folder / name).unlink()
        if old is not None:
            shutil.rmtree(self.folder / old)
