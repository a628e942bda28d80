/** `wirken doctor`: what this machine can enforce, what is in the way, and what to do about it. */
import { existsSync, statSync } from "node:fs";
import type { StatusView } from "#contracts/control-results.ts";
import type { RoleStatus } from "#contracts/page-api.ts";
import { ok } from "#contracts/result.ts";
import { systemSupport } from "#confine/status.ts";
import { readConfigFile } from "#host/config-file.ts";
import { configuredAuthorities } from "#host/outbound-fetch.ts";
import type { Leaf } from "../command.ts";
import type { Context } from "../context.ts";
import { BASE_URL, ollamaModels } from "../model-probe.ts";
import { terminalKeychain } from "../vault-access.ts";

const SOCKET_PATH_BYTES_MAX = 107;
const OTHERS = 0o077;

export interface Finding {
  readonly name: string;
  readonly state: "good" | "warning" | "bad";
  readonly detail: string;
  readonly remedy: string;
}

export const doctor: Leaf = {
  description: "check this machine and this installation",
  args: {},
  json: true,
  run: async (context) => {
    const findings = [
      ...walls(),
      ...(await keys(context)),
      dataFolder(context),
      socketPath(context),
      configuration(context),
      ...(await program(context)),
      await models(context),
    ];
    context.out.data(findings, () => findings.map(line));
    return ok(findings.some((finding) => finding.state === "bad") ? 1 : 0);
  },
};

function walls(): readonly Finding[] {
  const support = systemSupport();
  if (support.platform !== "linux") {
    const remedy = "nothing is confined here; run on Linux where that matters";
    return [{ name: "walls", state: "warning", detail: "this system has no launch stub", remedy }];
  }
  const abi = support.landlockAbi;
  return [
    abi > 0
      ? good("landlock", `ABI ${abi}: files${abi >= 4 ? " and TCP ports" : ""} are confined by the kernel`)
      : {
          name: "landlock",
          state: "warning",
          detail: "this kernel has none",
          remedy: "use Linux 6.7 or newer with landlock in its lsm list",
        },
    support.seccomp
      ? good("seccomp", "system calls are filtered")
      : {
          name: "seccomp",
          state: "warning",
          detail: "this kernel has none",
          remedy: "use a kernel with CONFIG_SECCOMP_FILTER",
        },
  ];
}

async function keys(context: Context): Promise<readonly Finding[]> {
  const probe = await terminalKeychain(context).get("vault-key/probe");
  const made = existsSync(context.paths.vaultDb);
  return [
    probe.ok
      ? good("keychain", "answers")
      : {
          name: "keychain",
          state: "warning",
          detail: probe.error.message,
          remedy: "without one, a passphrase wraps the vault's key",
        },
    made ? good("vault", "there is one") : good("vault", "none yet: the first stored credential makes it"),
  ];
}

function dataFolder(context: Context): Finding {
  const { root } = context.paths;
  if (!existsSync(root)) return good("data folder", `${root} is made at the first start`);
  const { mode, uid } = statSync(root);
  const own = process.getuid === undefined || uid === process.getuid();
  return (mode & OTHERS) === 0 && own
    ? good("data folder", root)
    : {
        name: "data folder",
        state: "bad",
        detail: `${root} can be entered by others`,
        remedy: `chmod 700 ${root}`,
      };
}

function socketPath(context: Context): Finding {
  const bytes = new TextEncoder().encode(context.paths.gatewaySocket).length;
  return bytes <= SOCKET_PATH_BYTES_MAX
    ? good("socket path", `${bytes} of ${SOCKET_PATH_BYTES_MAX} bytes`)
    : {
        name: "socket path",
        state: "bad",
        detail: `${bytes} bytes are too many`,
        remedy: "choose a shorter WIRKEN_DATA_DIR",
      };
}

function configuration(context: Context): Finding {
  const config = readConfigFile(context.paths.config);
  const network = config.ok ? configuredAuthorities(config.value.network) : ok([]);
  if (!network.ok) {
    const { message, hint = "mend the file" } = network.error;
    return { name: "config.json", state: "bad", detail: message, remedy: hint };
  }
  if (config.ok)
    return good("config.json", `model: ${config.value.model.provider} · ${config.value.model.model}`);
  return {
    name: "config.json",
    state: "bad",
    detail: config.error.message,
    remedy: config.error.hint ?? "mend the file",
  };
}

async function program(context: Context): Promise<readonly Finding[]> {
  const client = await context.connect();
  if (!client.ok)
    return [{ name: "program", state: "warning", detail: "not running", remedy: "`wirken run`" }];
  using connection = client.value;
  const status = await connection.call("status", {});
  if (!status.ok)
    return [{ name: "program", state: "bad", detail: status.error.message, remedy: "`wirken run` again" }];
  return [boxFinding(status.value.box), ...status.value.roles.map(roleFinding)];
}

function boxFinding({ enforced, detail }: StatusView["box"]): Finding {
  if (enforced) return good("box", detail);
  const remedy = "let your user make namespaces, with util-linux installed; until then every command asks";
  return { name: "box", state: "warning", detail, remedy };
}

function roleFinding(role: RoleStatus): Finding {
  const missing = role.confinement
    .filter((wall) => !wall.inForce)
    .map((wall) => `${wall.name}: ${wall.detail}`);
  const name = `role ${role.peerId === "" ? role.role : role.peerId}`;
  if (role.state !== "running")
    return {
      name,
      state: "bad",
      detail: role.why === "" ? role.state : `${role.state}: ${role.why}`,
      remedy: "see the lines that `wirken run` printed",
    };
  if (role.confinement.length === 0)
    return good(name, "running; its walls are not looked at yet, ask again in a second");
  return missing.length === 0
    ? good(name, `running: ${role.confinement.map(wallWords).join(", ")}`)
    : {
        name,
        state: "warning",
        detail: `not in force: ${missing.join("; ")}`,
        remedy: "see SECURITY.md, what is confined",
      };
}

function wallWords(wall: { readonly name: string; readonly detail: string }): string {
  return wall.detail === "" ? wall.name : `${wall.name} (${wall.detail})`;
}

async function models(context: Context): Promise<Finding> {
  const found = await ollamaModels(context.fetch);
  const where = new URL(BASE_URL.ollama).host;
  return found.length === 0
    ? good("ollama", `none at ${where}`)
    : good(
        "ollama",
        `${found.length} models at ${where}: \`wirken setup --provider ollama --model ${found[0] ?? ""}\``,
      );
}

function good(name: string, detail: string): Finding {
  return { name, state: "good", detail, remedy: "" };
}

function line(finding: Finding): string {
  const mark = { good: "ok  ", warning: "warn", bad: "BAD " }[finding.state];
  return `${mark}  ${finding.name.padEnd(14)} ${finding.detail}${finding.remedy === "" ? "" : `\n      → ${finding.remedy}`}`;
}
