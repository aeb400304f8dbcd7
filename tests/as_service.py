"""as_service.py UNIT COMMAND... - runs a command under what a unit of systemd takes from it, where no systemd runs: its filter of
system calls (with the groups as systemd-analyze knows them), no memory that is written and executed, families of sockets, namespaces,
real time, set-user-ID bits, personality, no new privileges. Mounts and users are not played."""
import ctypes
import os
import re
import subprocess
import sys

ALLOW, ERRNO = 0x7FFF0000, 0x00050000
NE, EQ, MASKED_EQ = 1, 4, 7
EPERM, EAFNOSUPPORT = 1, 97
PR_SET_NO_NEW_PRIVS = 38
PROT_WRITE, PROT_EXEC = 2, 4
NAMESPACES = 0x00020000 | 0x02000000 | 0x04000000 | 0x08000000 | 0x10000000 | 0x20000000 | 0x40000000
FAMILIES = {"AF_UNIX": 1, "AF_INET": 2, "AF_INET6": 10, "AF_NETLINK": 16}

libc = ctypes.CDLL(None, use_errno=True)
seccomp = ctypes.CDLL("libseccomp.so.2")
seccomp.seccomp_init.restype = ctypes.c_void_p


class Compare(ctypes.Structure):
    _fields_ = [("argument", ctypes.c_uint), ("op", ctypes.c_int), ("a", ctypes.c_uint64), ("b", ctypes.c_uint64)]


def directives(unit):
    found = {}
    for name, value in re.findall(r"^(\w+)=(.*)$", open(unit).read(), re.M):
        found.setdefault(name, []).append(value)
    return found


def groups():
    text = subprocess.run(["systemd-analyze", "syscall-filter"], check=True, capture_output=True, text=True).stdout
    return {name: re.findall(r"^    ([@\w-]+)", calls, re.M) for name, calls in re.findall(r"^(@[\w-]+)\n((?:    .*\n)+)", text, re.M)}


def calls_of(words, known):
    """Names of system calls; groups are looked up."""
    calls = set()
    for word in words:
        calls |= calls_of(known[word], known) if word.startswith("@") else {word}
    return calls


def number_of(call):
    return seccomp.seccomp_syscall_resolve_name(call.encode())


def rule(context, action, call, *compares):
    """False where this machine has no such call, which then cannot be made either."""
    number = number_of(call)
    if number < 0:
        return
    done = seccomp.seccomp_rule_add_array(ctypes.c_void_p(context), ctypes.c_uint32(action), number, len(compares), (Compare * len(compares))(*compares))
    assert done == 0, f"{call}: {os.strerror(-done)}"


def load(context):
    done = seccomp.seccomp_load(ctypes.c_void_p(context))
    assert done == 0, os.strerror(-done)
    seccomp.seccomp_release(ctypes.c_void_p(context))


def filters(unit):
    """Two filters, of which the stricter counts: what is allowed, and what is refused of it."""
    allowed = seccomp.seccomp_init(ctypes.c_uint32(ERRNO | EPERM))
    for call in calls_of(" ".join(unit["SystemCallFilter"]).split(), groups()):
        rule(allowed, ALLOW, call)
    refused = seccomp.seccomp_init(ctypes.c_uint32(ALLOW))
    if unit.get("MemoryDenyWriteExecute") == ["yes"]:
        both = PROT_WRITE | PROT_EXEC
        rule(refused, ERRNO | EPERM, "mmap", Compare(2, MASKED_EQ, both, both))
        for call in ("mprotect", "pkey_mprotect"):
            rule(refused, ERRNO | EPERM, call, Compare(2, MASKED_EQ, PROT_EXEC, PROT_EXEC))
        rule(refused, ERRNO | EPERM, "shmat", Compare(2, MASKED_EQ, 0o100000, 0o100000))
    if unit.get("RestrictNamespaces") == ["yes"]:
        rule(refused, ERRNO | EPERM, "setns")
        for bit in (1 << n for n in range(32) if NAMESPACES >> n & 1):
            for call in ("unshare", "clone"):
                rule(refused, ERRNO | EPERM, call, Compare(0, MASKED_EQ, bit, bit))
        rule(refused, ERRNO | 38, "clone3")  # its flags lie in memory: as systemd, which lets the C library take clone
    if unit.get("RestrictRealtime") == ["yes"]:
        for policy in (1, 2, 6):
            rule(refused, ERRNO | EPERM, "sched_setscheduler", Compare(1, EQ, policy, 0))
    if unit.get("LockPersonality") == ["yes"]:
        rule(refused, ERRNO | EPERM, "personality", Compare(0, NE, 0, 0))
    families = [FAMILIES[name] for name in " ".join(unit.get("RestrictAddressFamilies", [])).split()]
    if families:
        others = [Compare(0, NE, family, 0) for family in families]
        rule(refused, ERRNO | EAFNOSUPPORT, "socket", *others[:1]) if len(others) == 1 else [
            rule(refused, ERRNO | EAFNOSUPPORT, "socket", Compare(0, EQ, family, 0)) for family in range(46) if family not in families]
    return allowed, refused


def main():
    unit = directives(sys.argv[1])
    allowed, refused = filters(unit)
    assert unit["NoNewPrivileges"] == ["yes"]
    assert libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0
    load(refused)
    load(allowed)
    os.execvp(sys.argv[2], sys.argv[2:])


main()
