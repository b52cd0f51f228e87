"""Invalidates in a fleet of Larder, by what the page `guide::interop` says and nothing else.

    invalidate.py vectors KEY-HASHES TAG-HASHES
    invalidate.py URL APP SCRIPTS invalidate CACHE KEY...
    invalidate.py URL APP SCRIPTS expire CACHE KEY...
    invalidate.py URL APP SCRIPTS tags TAG...
    invalidate.py URL APP SCRIPTS clear CACHE
    invalidate.py URL APP SCRIPTS clear-all

A key is written in JSON: a number, a string, true or false, or a list for a tuple. SCRIPTS is the folder in which the scripts
lie. What is printed is a receipt, for `larder::Receipt`.

It needs `xxhash` and no client of Redis.
"""

import hashlib
import json
import re
import secrets
import socket
import struct
import sys
from pathlib import Path
from urllib.parse import unquote, urlsplit

import xxhash

# What stands between the braces of the keys of each partition.
HASH_TAGS = """
    p00g5 p019i p02l6 p03vb p04vw p05kn p06z9 p07g  p08po p09mv p10tf p11n2 p12d9 p13h  p14bi p15om
    p16bj p17on p18us p19hj p20ia p21de p22c  p23of p242t p25ke p26z2 p27u  p28ik p29tr p30mb p318
    p32se p33i1 p34md p35w0 p36ej p37xs p3816 p39oj p40ql p41k8 p42zo p43gv p44gc p45zz p467t p47qy
    p48py p496t p50tp p51ii p528v p53ag p54e2 p55g7 p56t3 p57ng p58dg p59fb p60f  p61uq p62ck p63an
""".split()
HASH_TAG_OF_TAGS = "pT"

MOST_AT_ONCE = 512
MOST_TAGS_REMEMBERED = 65_536

KEYS, EXPIRED, TAGS, CACHE, EVERYTHING = 1, 2, 3, 4, 5

# Random per process.
SENDER = secrets.token_bytes(8)


def text_of(key):
    """The text of a key."""
    if isinstance(key, bool):
        return "true" if key else "false"
    if isinstance(key, list):
        return ":".join(re.sub(r"([:\\])", r"\\\1", text_of(part)) for part in key)
    return str(key)


def key_hash(app, cache, text):
    """The 128 bits that stand for a key, as one number."""
    names = b"".join(struct.pack("<I", len(name)) + name for name in (app.encode(), cache.encode()))
    return xxhash.xxh3_128_intdigest(text.encode(), seed=xxhash.xxh3_64_intdigest(names))


def tag_hash(tag):
    return xxhash.xxh3_64_intdigest(tag.encode())


def partition_of(hash):
    return hash >> 122


def chunks(items):
    return (items[at : at + MOST_AT_ONCE] for at in range(0, len(items), MOST_AT_ONCE))


class Refused(Exception):
    """The server says no."""


class Server:
    """One connection to the master."""

    def __init__(self, url):
        place = urlsplit(url)
        self.socket = socket.create_connection((place.hostname, place.port or 6379), timeout=5)
        self.replies = self.socket.makefile("rb")
        if place.password:
            names = [unquote(place.username)] if place.username else []
            self.call("AUTH", *names, unquote(place.password))
        self.database = int(place.path.strip("/") or 0)
        if self.database:
            self.call("SELECT", self.database)

    def call(self, *words):
        words = [word if isinstance(word, bytes) else str(word).encode() for word in words]
        message = b"".join(b"$%d\r\n%s\r\n" % (len(word), word) for word in words)
        self.socket.sendall(b"*%d\r\n%s" % (len(words), message))
        return self.read()

    def read(self):
        line = self.replies.readline()
        kind, rest = line[:1], line[1:-2]
        if kind == b"-":
            raise Refused(rest.decode())
        if kind == b"*":
            return [self.read() for _ in range(int(rest))]
        if kind == b"$":
            return self.replies.read(int(rest) + 2)[:-2] if rest != b"-1" else None
        if kind in (b"+", b":"):
            return rest
        raise ConnectionError(f"no reply: {line!r}")


class Fleet:
    """The instances of one app."""

    def __init__(self, server, app, scripts):
        self.server, self.app, self.scripts = server, app, Path(scripts)
        self.channel = f"larder:{app}@{server.database}"

    def invalidate(self, cache, keys):
        # A value, its lease, and the guards of the writes of it.
        return self.drop("invalidate", KEYS, cache, keys, ["", "~l", "~q"], [""])

    def expire(self, cache, keys):
        return self.drop("expire", EXPIRED, cache, keys, ["", "~l"], [])

    def drop(self, script, kind, cache, keys, parts, more):
        """One call for the keys of each partition, which lie in one slot of a cluster."""
        by_partition = {}
        for text in map(text_of, keys):
            if not 1 <= len(text.encode()) <= 4096:
                raise ValueError(f"no key: {text!r}")
            hash = key_hash(self.app, cache, text)
            by_partition.setdefault(partition_of(hash), []).append((text, hash))
        receipts = []
        for partition, all_of_it in by_partition.items():
            for some in chunks(all_of_it):
                place = f"larder:{{{HASH_TAGS[partition]}}}:{self.app}"
                names = [f"{place}:{cache}{part}:{text}" for text, _ in some for part in parts]
                body = b"".join(hash.to_bytes(16, "little") for _, hash in some)
                sequence = self.announce(script, f"{place}~s", names, kind, partition, len(some), body, more)
                receipts.append(f"{partition}.{sequence}")
        return receipts

    def invalidate_tags(self, tags):
        receipts = []
        for some in chunks(tags):
            hashes = [struct.pack("<Q", tag_hash(tag)) for tag in some]
            more = [MOST_TAGS_REMEMBERED, *hashes]
            receipts.append(self.announce_tags("tags", "~t", TAGS, len(some), b"".join(hashes), more))
        return receipts

    def clear(self, cache):
        return [self.announce_tags("clear", "~n", CACHE, len(cache.encode()), cache.encode(), [cache])]

    def clear_all(self):
        return [self.announce_tags("clear", "~n", EVERYTHING, 0, b"", [""])]

    def announce_tags(self, script, part, kind, count, body, more):
        place = f"larder:{{{HASH_TAG_OF_TAGS}}}:{self.app}"
        return "t." + self.announce(script, f"{place}~s", [place + part], kind, 0, count, body, more)

    def announce(self, script, sequence, names, kind, partition, count, body, more):
        head = struct.pack("<BBH8sH", 1, kind, partition, SENDER, count)
        keys, arguments = [sequence, *names], [self.channel, head, body, *more]
        _previous, own = self.run((self.scripts / f"{script}.lua").read_bytes(), keys, arguments)
        return own.decode()

    def run(self, script, keys, arguments):
        words = [len(keys), *keys, *arguments]
        try:
            return self.server.call("EVALSHA", hashlib.sha1(script).hexdigest(), *words)
        except Refused as refused:
            if not str(refused).startswith("NOSCRIPT"):
                raise
            return self.server.call("EVAL", script, *words)


def lines(path):
    return (line for line in Path(path).read_text("utf-8").splitlines() if not line.startswith("#"))


def check_vectors(key_hashes, tag_hashes):
    """Compares with the hashes that the fleet computes, and returns how many there are."""
    count = 0
    for line in lines(key_hashes):
        names, rest = line.split(" | ", 1)
        text, expected = rest.rsplit(" | ", 1)
        assert f"{key_hash(*names.split(' '), text):032x}" == expected, line
        count += 1
    for line in lines(tag_hashes):
        tag, expected = line.rsplit(" | ", 1)
        assert f"{tag_hash(tag):016x}" == expected, line
        count += 1
    return count


def main(arguments):
    if arguments[:1] == ["vectors"]:
        return check_vectors(*arguments[1:])
    url, app, scripts, act, *what = arguments
    fleet = Fleet(Server(url), app, scripts)
    acts = {
        "invalidate": lambda cache, *keys: fleet.invalidate(cache, map(json.loads, keys)),
        "expire": lambda cache, *keys: fleet.expire(cache, map(json.loads, keys)),
        "tags": lambda *tags: fleet.invalidate_tags(tags),
        "clear": fleet.clear,
        "clear-all": fleet.clear_all,
    }
    return ",".join(acts[act](*what))


if __name__ == "__main__":
    print(main(sys.argv[1:]))
