/** Linux system call numbers, constants and errno values as data, for the two architectures that are built. */

export const SYSCALLS = {
  x64: {
    socket: 41,
    connect: 42,
    socketpair: 53,
    getsockopt: 55,
    execve: 59,
    ptrace: 101,
    setsid: 112,
    mlock: 149,
    prctl: 157,
    mount: 165,
    umount2: 166,
    swapon: 167,
    reboot: 169,
    init_module: 175,
    delete_module: 176,
    rt_sigaction: 13,
    rt_sigprocmask: 14,
    close: 3,
    fcntl: 72,
    chroot: 161,
    acct: 163,
    settimeofday: 164,
    pivot_root: 155,
    clock_settime: 227,
    kexec_load: 246,
    add_key: 248,
    request_key: 249,
    keyctl: 250,
    unshare: 272,
    perf_event_open: 298,
    open_by_handle_at: 304,
    setns: 308,
    process_vm_readv: 310,
    process_vm_writev: 311,
    kcmp: 312,
    finit_module: 313,
    seccomp: 317,
    memfd_create: 319,
    kexec_file_load: 320,
    bpf: 321,
    execveat: 322,
    userfaultfd: 323,
    prlimit64: 302,
    sched_setaffinity: 203,
    clone: 56,
    ioctl: 16,
    dup3: 292,
    wait4: 61,
    pipe2: 293,
    kill: 62,
    capset: 126,
    setpriority: 141,
    openat: 257,
  },
  arm64: {
    socket: 198,
    connect: 203,
    socketpair: 199,
    getsockopt: 209,
    execve: 221,
    ptrace: 117,
    setsid: 157,
    mlock: 228,
    prctl: 167,
    mount: 40,
    umount2: 39,
    swapon: 224,
    reboot: 142,
    init_module: 105,
    delete_module: 106,
    rt_sigaction: 134,
    rt_sigprocmask: 135,
    close: 57,
    fcntl: 25,
    chroot: 51,
    acct: 89,
    settimeofday: 170,
    pivot_root: 41,
    clock_settime: 112,
    kexec_load: 104,
    add_key: 217,
    request_key: 218,
    keyctl: 219,
    unshare: 97,
    perf_event_open: 241,
    open_by_handle_at: 265,
    setns: 268,
    process_vm_readv: 270,
    process_vm_writev: 271,
    kcmp: 272,
    finit_module: 273,
    seccomp: 277,
    memfd_create: 279,
    kexec_file_load: 294,
    bpf: 280,
    execveat: 281,
    userfaultfd: 282,
    prlimit64: 261,
    sched_setaffinity: 122,
    clone: 220,
    ioctl: 29,
    dup3: 24,
    wait4: 260,
    pipe2: 59,
    kill: 129,
    capset: 91,
    setpriority: 140,
    openat: 56,
  },
} as const satisfies Record<string, Record<string, number>>;

/** Calls that came after the tables were unified: one number everywhere. */
export const COMMON_SYSCALLS = {
  pidfd_send_signal: 424,
  io_uring_setup: 425,
  io_uring_enter: 426,
  io_uring_register: 427,
  open_tree: 428,
  move_mount: 429,
  fsopen: 430,
  fsconfig: 431,
  fsmount: 432,
  fspick: 433,
  pidfd_open: 434,
  clone3: 435,
  close_range: 436,
  openat2: 437,
  pidfd_getfd: 438,
  process_madvise: 440,
  mount_setattr: 442,
  landlock_create_ruleset: 444,
  landlock_add_rule: 445,
  landlock_restrict_self: 446,
} as const satisfies Record<string, number>;

export type SyscallName = keyof (typeof SYSCALLS)["x64"] | keyof typeof COMMON_SYSCALLS;
export type Architecture = keyof typeof SYSCALLS;

/** The architecture of this process where its table is known. */
export function architecture(): Architecture | undefined {
  return process.arch === "x64" || process.arch === "arm64" ? process.arch : undefined;
}

/** The number of a call. */
export function syscallNumber(name: SyscallName, arch: Architecture): number {
  return isCommon(name) ? COMMON_SYSCALLS[name] : SYSCALLS[arch][name];
}

function isCommon(name: SyscallName): name is keyof typeof COMMON_SYSCALLS {
  return Object.hasOwn(COMMON_SYSCALLS, name);
}

export const ERRNO = {
  EPERM: 1,
  ENOENT: 2,
  EINTR: 4,
  EAGAIN: 11,
  EACCES: 13,
  EEXIST: 17,
  EXDEV: 18,
  ENOTDIR: 20,
  EISDIR: 21,
  EINVAL: 22,
  ENOSYS: 38,
  ELOOP: 40,
  EAFNOSUPPORT: 97,
} as const;

/** The errno's name, or `E<number>`. */
export function errnoName(errno: number): string {
  return Object.entries(ERRNO).find(([, value]) => value === errno)?.[0] ?? `E${errno}`;
}
