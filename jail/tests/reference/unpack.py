#!/usr/bin/env python3
"""Unpacks the layers of images as containerd does, with files, and compares what monopod-layers made of them.

Each argument is a folder with `layer-0`, `layer-1`, … and either `disk` or `fault`. Prints every difference and ends with 1 if there is any.

A layer is unpacked into a folder of its own by containerd's rules (pkg/archive, applyNaive and OverlayConvertWhiteout); the folder is then
laid over what the lower layers made, which is overlayfs' part. Where this goes by the OCI image specification instead, because containerd
fails or what it does is an accident:
- a whiteout and a file of one name in one layer: the whiteout hides lower layers alone, in whatever order the two come;
- a hard link may name a file of a lower layer;
- entries of one name in one layer follow each other: a file hides a lower folder also if a folder replaces that file;
- a folder that is only implied takes mode and owner from the lower folder of its name, not from one that lower links lead to;
- a folder that was replaced within its layer leaves its time to nobody; one that is only implied has the time of the lower one, or none.
The disk has seconds from 1970 to 2106.

umoci would be no such reference: it unpacks into one folder, where an entry follows the links of lower layers and fails below a file of theirs;
it leaves a hard link the description of its first name, and folders that are only implied the time of the unpacking. Where neither plays a
part it agrees (0.4.7, tried by hand).
"""
import gzip, hashlib, os, shutil, stat, subprocess, sys, tarfile, tempfile

OPAQUE = b".wh..wh..opq"
ATTRIBUTE = "SCHILY.xattr."
MOST_SECONDS = (1 << 63) // 10**9  # Go's time in nanoseconds; containerd sets what lies outside to 1970.


class Layer:
    def __init__(self, folder, lower):
        self.root, self.lower = folder, lower
        self.gone, self.opaque, self.times = set(), set(), {}

    def within(self, path):
        """The folder that a path means, through the links that are there; what is not there stays as it is written."""
        todo, at, links = path.split(b"/")[::-1], [], 0
        while todo:
            part = todo.pop()
            if part == b"..":
                at = at[:-1]
            elif part not in (b"", b"."):
                full = b"/".join([self.root, *at, part])
                if os.path.islink(full):
                    links += 1
                    if links > 255:
                        raise OSError("too many links")
                    target = os.readlink(full)
                    at = [] if target.startswith(b"/") else at
                    todo += target.split(b"/")[::-1]
                else:
                    at.append(part)
        return b"/".join([self.root, *at])

    def parents(self, path):
        if path == self.root or os.path.isdir(path):
            return
        self.parents(os.path.dirname(path))
        os.mkdir(path, 0o755)
        os.chmod(path, 0o755)
        below = self.lower + path[len(self.root):]
        self.times[path] = 0
        if not self.hidden(path) and os.path.isdir(below) and os.path.realpath(below) == below:
            describe(path, below)
            self.times[path] = os.lstat(below).st_mtime_ns

    def hidden(self, path):
        """Whether this layer has so far taken away what lower layers have there."""
        return any(path == one or path.startswith(one + b"/") for one in self.gone) or any(
            path.startswith(one + b"/") for one in self.opaque)

    def add(self, tar, entry):
        name = os.path.normpath(os.fsencode(entry.name)).lstrip(b"/")
        above, base = os.path.split(name)
        above = self.within(above)
        path = above + b"/" + base
        if base in (b"", b".", b".."):
            return
        self.parents(above)
        if base == OPAQUE:
            self.opaque.add(above)
        elif base.startswith(b".wh."):
            if base[4:] in (b"", b".", b".."):
                raise OSError("it removes nothing that could be there")
            self.gone.add(above + b"/" + base[4:])
        else:
            self.put(tar, entry, path)

    def put(self, tar, entry, path):
        if os.path.lexists(path) and not (entry.isdir() and os.path.isdir(path) and not os.path.islink(path)):
            remove(path)
            if entry.isdir():
                self.opaque.add(path)
        mode = entry.mode & 0o7777
        if entry.isdir():
            if not os.path.isdir(path):
                os.mkdir(path)
        elif entry.islnk():
            above, base = os.path.split(os.fsencode(entry.linkname))
            target = self.within(above) + b"/" + base
            below = self.lower + target[len(self.root):]
            if not os.path.lexists(target) and not (target + b"/").startswith(path + b"/") and not self.hidden(target):
                target = below
            os.link(target, path, follow_symlinks=False)
        elif entry.issym():
            os.symlink(os.fsencode(entry.linkname), path)
        elif entry.isreg():
            with open(path, "wb") as out:
                shutil.copyfileobj(tar.extractfile(entry), out)
        elif entry.isfifo():
            os.mkfifo(path)
        else:
            kind = stat.S_IFCHR if entry.ischr() else stat.S_IFBLK
            os.mknod(path, kind, os.makedev(entry.devmajor, entry.devminor))
        os.lchown(path, entry.uid, entry.gid)
        for key, value in entry.pax_headers.items():
            attribute = key[len(ATTRIBUTE):]
            # containerd leaves out those of the machine itself, and of users' what is neither for files nor for folders.
            if key.startswith(ATTRIBUTE) and not attribute.startswith("trusted.") and is_file_or_folder(path):
                os.setxattr(path, attribute, os.fsencode(value), follow_symlinks=False)
        if not os.path.islink(path):
            os.chmod(path, mode)
        seconds = int(entry.mtime // 1)
        seconds = seconds if 0 <= seconds < MOST_SECONDS else 0
        self.times[path] = min(seconds, (1 << 32) - 1) * 10**9
        os.utime(path, ns=(0, self.times[path]), follow_symlinks=False)

    def finish(self):
        for path, time in self.times.items():
            if os.path.isdir(path) and not os.path.islink(path):
                os.utime(path, ns=(0, time))

    def lay(self, path=b""):
        """Lays a folder of the layer over the lower one of this path, which is there."""
        mine, below = self.root + path, self.lower + path
        if mine in self.opaque:
            for name in os.listdir(below):
                remove(below + b"/" + name)
        for one in self.gone:
            if os.path.dirname(one) == mine and os.path.lexists(below + one[len(mine):]):
                remove(below + one[len(mine):])
        for name in os.listdir(mine):
            over, under = mine + b"/" + name, below + b"/" + name
            if os.path.isdir(over) and not os.path.islink(over):
                if not os.path.isdir(under) or os.path.islink(under):
                    if os.path.lexists(under):
                        remove(under)
                    os.mkdir(under)
                self.lay(path + b"/" + name)
            else:
                if os.path.lexists(under):
                    remove(under)
                os.rename(over, under)
        if path:
            describe(below, mine)
            os.utime(below, ns=(0, self.times[mine]))


def is_file_or_folder(path):
    mode = os.lstat(path).st_mode
    return stat.S_ISREG(mode) or stat.S_ISDIR(mode)


def describe(to, like):
    there = os.lstat(like)
    for name in os.listxattr(to):
        os.removexattr(to, name)
    for name in os.listxattr(like):
        os.setxattr(to, name, os.getxattr(like, name))
    os.chown(to, there.st_uid, there.st_gid)
    os.chmod(to, stat.S_IMODE(there.st_mode))


def remove(path):
    if os.path.isdir(path) and not os.path.islink(path):
        shutil.rmtree(path)
    else:
        os.unlink(path)


def layer_file(path):
    data = open(path, "rb").read()
    if data[:4] == b"\x28\xb5\x2f\xfd":
        data = subprocess.run(["zstd", "-dc"], input=data, stdout=subprocess.PIPE, check=True).stdout
    return gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data


def unpack(folder, lower):
    os.mkdir(lower)
    number = 0
    while os.path.exists(folder + b"/layer-%d" % number):
        layer = Layer(lower + b".layer-%d" % number, lower)
        os.mkdir(layer.root)
        with tempfile.TemporaryFile() as file:
            file.write(layer_file(folder + b"/layer-%d" % number))
            file.seek(0)
            with tarfile.open(fileobj=file, mode="r:", encoding="utf-8", errors="surrogateescape") as tar:
                for entry in tar:
                    layer.add(tar, entry)
        layer.finish()
        layer.lay()
        number += 1


def told(root):
    """What each path is, and which paths are one file."""
    all, first = {}, {}
    for above, folders, files in os.walk(root):
        for name in folders + files:
            path = above + b"/" + name
            it = os.lstat(path)
            what = [stat.filemode(it.st_mode), it.st_uid, it.st_gid, it.st_mtime_ns]
            if stat.S_ISREG(it.st_mode):
                what.append(short(open(path, "rb").read()))
            elif stat.S_ISLNK(it.st_mode):
                what.append(os.readlink(path))
            elif not stat.S_ISDIR(it.st_mode):
                what.append(it.st_rdev)
            attributes = os.listxattr(path, follow_symlinks=False)
            what.append(sorted((each, short(os.getxattr(path, each, follow_symlinks=False))) for each in attributes))
            all[path[len(root):]] = what
            if not stat.S_ISDIR(it.st_mode):
                first.setdefault(it.st_ino, []).append(path[len(root):])
    for names in first.values():
        for name in names:
            all[name].append(sorted(names))
    return all


def short(content):
    return content if len(content) < 30 else b"%d bytes, %s" % (len(content), hashlib.sha256(content).hexdigest()[:8].encode())


def differences(folder):
    """Yields sentences."""
    with tempfile.TemporaryDirectory() as work:
        work = os.path.realpath(os.fsencode(work))
        fault = None
        try:
            unpack(folder, work + b"/expected")
        except OSError as error:
            fault = error
        if os.path.exists(folder + b"/fault"):
            if fault is None:
                yield "it is refused: %s" % open(folder + b"/fault").read()
            return
        if fault is not None:
            yield "it is not refused: %s" % fault
            return
        subprocess.run(["unsquashfs", "-no-progress", "-d", work + b"/found", folder + b"/disk"], stdout=subprocess.DEVNULL, check=True)
        expected, found = told(work + b"/expected"), told(work + b"/found")
        for path in sorted(expected.keys() | found.keys()):
            if expected.get(path) != found.get(path):
                yield "%r: expected %s, found %s" % (path, expected.get(path), found.get(path))


if __name__ == "__main__":
    os.umask(0)
    bad = [(folder, each) for folder in sys.argv[1:] for each in differences(os.fsencode(folder))]
    for folder, each in bad:
        print(folder + ": " + each)
    sys.exit(1 if bad else 0)
