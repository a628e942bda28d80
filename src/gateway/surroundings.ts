/** Where an action would run and what would be left of it, in words for the approver (docs: pages, Approval card). */
import type { Action, ActionOf } from "#contracts/action.ts";
import { isInBox } from "#confine/box-plan.ts";
import { visibleLine } from "#contracts/visible.ts";
import type { BoxContext } from "#tools/tool.ts";
import type { Surroundings } from "./toolbox.ts";

export interface Place {
  /** Name of the system's user. */
  readonly userName: string;
  readonly box: BoxContext;
}

/** The surroundings of an action. */
export function surroundingsOf(action: Action, place: Place): Surroundings {
  const { kind } = action;
  if (kind === "boxed_exec" || kind === "shell_exec") return ofCommand(action, place);
  if (kind === "shell_inspect") {
    return { where: "workspace, reading only, no network", unboxed: false, undo: "Nothing to undo" };
  }
  if (kind === "workspace_read" || kind === "workspace_list") {
    return { where: "workspace", unboxed: false, undo: "" };
  }
  if (kind === "workspace_write") {
    return { where: "workspace", unboxed: false, undo: "Yes, while the old version is kept" };
  }
  if (kind === "folder_read" || kind === "folder_write") {
    const undo = kind === "folder_read" ? "" : "Yes, while the old version is kept";
    return { where: `the folder ${visibleLine(action.folder)}`, unboxed: false, undo };
  }
  const isRequest = kind === "network_request" || kind === "credential_use";
  return { where: isRequest ? action.host : "", unboxed: false, undo: "No" };
}

function ofCommand(action: ActionOf<"boxed_exec" | "shell_exec">, place: Place): Surroundings {
  if (action.kind === "boxed_exec") {
    const undo = "Yes, while the old versions are kept; not what it leaves in the box's home";
    return { where: boxWords(place.box, []), unboxed: false, undo };
  }
  if (!action.boxed) return { where: unboxedWords(action, place), unboxed: true, undo: "No" };
  const undo = "What it changes here, while the old versions are kept; not what it sends";
  return { where: boxWords(place.box, action.network), unboxed: false, undo };
}

/** "in a box: the workspace, a home of its own, /srv/notes (read only); no network, no secret, nothing else". */
function boxWords({ folders }: BoxContext, network: readonly string[]): string {
  const given = folders.map(
    ({ path, access }) => `, ${visibleLine(path)} (${access === "write" ? "may change it" : "read only"})`,
  );
  const reach =
    network.length === 0 ? "no network" : `the network only to ${network.map(visibleLine).join(", ")}`;
  return `in a box: the workspace, a home of its own${given.join("")}; ${reach}, no secret, nothing else`;
}

function unboxedWords(action: ActionOf<"shell_exec">, { userName, box }: Place): string {
  const outside = isInBox(box, action.executable.path) ? "" : "its program is not in the box";
  const why = action.network.length > 0 ? "it wants the network" : box.missing || outside;
  return `without a box${why === "" ? "" : ` (${why})`}, as user ${userName}`;
}
