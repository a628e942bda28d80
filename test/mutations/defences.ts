/** Every defence that is shown by taking it out. */
import { APPROVALS } from "./approvals.ts";
import { CHANNELS } from "./channels.ts";
import { COMMANDS } from "./commands.ts";
import { CONFINEMENT } from "./confinement.ts";
import type { Defence } from "./defence.ts";
import { FILES } from "./files.ts";
import { IDENTITY } from "./identity.ts";
import { NETWORK } from "./network.ts";
import { PAGES } from "./pages.ts";
import { RECORD } from "./record.ts";
import { SECRETS_AND_BOUNDS } from "./secrets-and-bounds.ts";
import { SHELL } from "./shell.ts";

export const DEFENCES: readonly Defence[] = [
  ...APPROVALS,
  ...SHELL,
  ...COMMANDS,
  ...CONFINEMENT,
  ...FILES,
  ...NETWORK,
  ...PAGES,
  ...IDENTITY,
  ...CHANNELS,
  ...SECRETS_AND_BOUNDS,
  ...RECORD,
];
