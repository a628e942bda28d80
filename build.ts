/**
 * Builds `dist/wirken`: one executable per target, hardened as docs/ARCHITECTURE.md describes.
 *
 *   node scripts/bun.mjs run build.ts [--target linux-x64|linux-arm64|macos-x64|macos-arm64|windows-x64|all]
 *
 * The runtime is copied and the environment names through which a stranger could load code into it are overwritten in
 * the copy, each found as often as expected or the build fails; the sources are then compiled onto that copy. Nothing is read
 * from the caller's folder at run time (no bunfig, no .env, no tsconfig, no package.json). Every input is listed in
 * `dist/inputs.txt`, for review.
 */
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { brokenExamples } from "#policy/verb-examples.ts";

const ROOT = import.meta.dir;
const DIST = join(ROOT, "dist");
const CACHE = join(ROOT, ".cache", "runtimes");

/** Names that make the runtime load code, become an interpreter, or trust other certificates. */
const DISARMED_NAMES = [
  "BUN_BE_BUN",
  "BUN_OPTIONS",
  "BUN_INSPECT",
  "BUN_INSPECT_PRELOAD",
  "BUN_INSPECT_CONNECT_TO",
  "NODE_EXTRA_CA_CERTS",
  "SSL_CERT_FILE",
  "SSL_CERT_DIR",
  "NODE_USE_SYSTEM_CA",
] as const;

/** The Windows runtime holds these in two places; anything else is a runtime that was not looked at. */
const WINDOWS_TWICE: readonly string[] = ["SSL_CERT_FILE", "NODE_USE_SYSTEM_CA"];

interface Target {
  readonly bun: Bun.Build.CompileTarget;
  readonly runtimePackage: string;
  readonly runtimeFile: string;
  readonly keyringPackage: string;
  readonly file: string;
}

const TARGETS = {
  "linux-x64": target("bun-linux-x64", "bun-linux-x64", "bun", "linux-x64-gnu", "wirken-linux-x64"),
  "linux-arm64": target(
    "bun-linux-arm64",
    "bun-linux-aarch64",
    "bun",
    "linux-arm64-gnu",
    "wirken-linux-arm64",
  ),
  "macos-x64": target("bun-darwin-x64", "bun-darwin-x64", "bun", "darwin-x64", "wirken-macos-x64"),
  "macos-arm64": target(
    "bun-darwin-arm64",
    "bun-darwin-aarch64",
    "bun",
    "darwin-arm64",
    "wirken-macos-arm64",
  ),
  "windows-x64": target(
    "bun-windows-x64",
    "bun-windows-x64",
    "bun.exe",
    "win32-x64-msvc",
    "wirken-windows-x64.exe",
  ),
} as const satisfies Record<string, Target>;
type TargetName = keyof typeof TARGETS;

const HOST = hostTarget();
const wanted = argumentOf("--target") ?? HOST;
const names = wanted === "all" ? Object.keys(TARGETS).filter(isTargetName) : [wanted].filter(isTargetName);
if (names.length === 0)
  throw new Error(`unknown target: choose one of ${Object.keys(TARGETS).join(", ")}, all`);

// A command that counts as reading by mistake runs without asking twice: such a program is not built.
const broken = brokenExamples();
if (broken.length > 0) throw new Error(`reading commands and their examples disagree:\n${broken.join("\n")}`);

mkdirSync(DIST, { recursive: true });
for (const name of names) await build(name);

async function build(name: TargetName): Promise<void> {
  const choice = TARGETS[name];
  const outfile =
    name === HOST && wanted !== "all"
      ? join(DIST, name.startsWith("windows") ? "wirken.exe" : "wirken")
      : join(DIST, choice.file);
  const runtime = await disarmedRuntime(name);
  const addon = await keyringAddon(name);
  const result = await Bun.build({
    entrypoints: [join(ROOT, "src", "main.ts")],
    target: "bun",
    minify: true,
    splitting: true,
    bytecode: name === HOST,
    format: "esm",
    metafile: true,
    define: {
      WIRKEN_VERSION: JSON.stringify(packageVersion()),
      WIRKEN_KEYRING_SHA256: JSON.stringify(addon.sha256),
    },
    plugins: [keyringPlugin(addon.path)],
    compile: {
      target: choice.bun,
      outfile,
      executablePath: runtime,
      autoloadDotenv: false,
      autoloadBunfig: false,
      autoloadTsconfig: false,
      autoloadPackageJson: false,
    },
  });
  if (!result.success) throw new AggregateError(result.logs, `the build of ${name} failed`);
  assertDisarmed(outfile, Bun.file(runtime).size);
  const inputs = Object.keys(result.metafile?.inputs ?? {}).map((path) =>
    relative(ROOT, resolve(ROOT, path.replace(/^keyring-addon:/, ""))),
  );
  writeFileSync(join(DIST, "inputs.txt"), `${inputs.sort().join("\n")}\n`);
  console.log(
    `${relative(ROOT, outfile)}  ${(Bun.file(outfile).size / 1e6).toFixed(1)} MB  ${inputs.length} inputs`,
  );
}

/** A copy of the target's runtime in which the disarmed names can no longer be asked for. */
async function disarmedRuntime(name: TargetName): Promise<string> {
  const source = await runtimeOf(name);
  const copy = join(CACHE, `${name}-${Bun.version}-disarmed`);
  mkdirSync(dirname(copy), { recursive: true });
  const bytes = readFileSync(source);
  for (const word of DISARMED_NAMES) {
    const needle = Buffer.from(`\0${word}\0`, "latin1");
    const expected = WINDOWS_TWICE.includes(word) && name === "windows-x64" ? 2 : 1;
    let found = 0;
    for (let at = bytes.indexOf(needle); at >= 0; at = bytes.indexOf(needle, at + 1)) {
      bytes[at + 1] = 0x5f; // "_": a name that nobody sets, of the same length
      found += 1;
    }
    if (found !== expected) {
      throw new Error(
        `${name}: the runtime holds ${word} ${found} times, not ${expected}: check the hardening`,
      );
    }
  }
  writeFileSync(copy, bytes);
  chmodSync(copy, 0o755);
  return copy;
}

/**
 * The runtime's part of the executable must be the disarmed one. Behind it lie our modules and the bytecode of the
 * runtime's own; those read the environment that main.ts has emptied by then.
 */
function assertDisarmed(file: string, runtimeBytes: number): void {
  const bytes = readFileSync(file).subarray(0, runtimeBytes);
  for (const word of DISARMED_NAMES) {
    if (bytes.includes(Buffer.from(`\0${word}\0`, "latin1")))
      throw new Error(`${word} is still armed in ${file}`);
  }
}

/** The target's runtime: the installed one for this machine, else from the registry's package of the same version. */
async function runtimeOf(name: TargetName): Promise<string> {
  if (name === HOST) return process.execPath;
  const choice = TARGETS[name];
  return await packedFile(`@oven/${choice.runtimePackage}`, Bun.version, join("bin", choice.runtimeFile));
}

/** The keychain addon of the target, with its hash, which the program checks before it loads it. */
async function keyringAddon(name: TargetName): Promise<{ path: string; sha256: string }> {
  const choice = TARGETS[name];
  const pkg = `@napi-rs/keyring-${choice.keyringPackage}`;
  const file = `keyring.${choice.keyringPackage}.node`;
  const installed = join(ROOT, "node_modules", pkg, file);
  const path = existsSync(installed) ? installed : await packedFile(pkg, keyringVersion(), file);
  return { path, sha256: new Bun.CryptoHasher("sha256").update(readFileSync(path)).digest("hex") };
}

/** Puts the target's own addon where the sources name it. */
function keyringPlugin(path: string): Bun.BunPlugin {
  return {
    name: "keyring-addon",
    setup(builder) {
      // As a plain file in a namespace of its own: resolved to a `.node`, the bundler would have the runtime load it from
      // a temporary folder at import, before its hash was checked.
      const namespace = "keyring-addon";
      builder.onResolve({ filter: /^#keyring-addon$/ }, () => ({ path, namespace }));
      builder.onLoad({ filter: /.*/, namespace }, () => ({ contents: readFileSync(path), loader: "file" }));
    },
  };
}

async function packedFile(pkg: string, version: string, file: string): Promise<string> {
  const folder = join(CACHE, `${pkg.replace("/", "-")}-${version}`);
  const path = join(folder, "package", file);
  if (existsSync(path)) return path;
  mkdirSync(folder, { recursive: true });
  const packed = Bun.spawnSync(["npm", "pack", `${pkg}@${version}`, "--silent"], {
    cwd: folder,
    stderr: "inherit",
  });
  if (packed.exitCode !== 0) throw new Error(`${pkg}@${version} cannot be had from the registry`);
  const archive = packed.stdout.toString().trim();
  const unpacked = Bun.spawnSync(["tar", "-xzf", archive], { cwd: folder, stderr: "inherit" });
  if (unpacked.exitCode !== 0) throw new Error(`${archive} cannot be unpacked`);
  rmSync(join(folder, archive));
  if (!existsSync(path)) throw new Error(`${pkg}@${version} does not hold ${file}`);
  return path;
}

function packageVersion(): string {
  const manifest: { version: string } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
  return manifest.version;
}

function keyringVersion(): string {
  const file = join(ROOT, "node_modules", "@napi-rs", "keyring", "package.json");
  const manifest: { version: string } = JSON.parse(readFileSync(file, "utf8"));
  return manifest.version;
}

function hostTarget(): TargetName {
  const system = { linux: "linux", darwin: "macos", win32: "windows" }[String(process.platform)] ?? "linux";
  const name = `${system}-${process.arch === "arm64" ? "arm64" : "x64"}`;
  if (!isTargetName(name)) throw new Error(`no target for ${name}`);
  return name;
}

function isTargetName(name: string): name is TargetName {
  return Object.hasOwn(TARGETS, name);
}

function argumentOf(flag: string): string | undefined {
  const at = process.argv.indexOf(flag);
  return at < 0 ? undefined : process.argv[at + 1];
}

function target(
  bun: Bun.Build.CompileTarget,
  runtimePackage: string,
  runtimeFile: string,
  keyringPackage: string,
  file: string,
): Target {
  return { bun, runtimePackage, runtimeFile, keyringPackage, file };
}
