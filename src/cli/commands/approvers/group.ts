/** `wirken approvers`: who may approve, on which surface, up to which tier. */
import { fail } from "#contracts/fault.ts";
import type { Group, Leaf } from "../../command.ts";
import { table } from "../../output.ts";
import { callAndShow } from "../../remote.ts";

const PERSON = {
  person: { type: "positional", description: "the person's id, p-…", required: true },
} as const;
const SURFACE = {
  surface: {
    type: "string",
    description: "the surface, e.g. telegram",
    valueHint: "CHANNEL",
    required: true,
  },
} as const;

/** What a person should know before a chat surface may approve tier 3. */
export const TIER_3_RISK =
  "the process of a chat surface can say anything in its persons' names: if it is taken over, it can approve whatever an agent of that surface asks for";

const list: Leaf = {
  description: "list who may approve, where, up to which tier",
  args: {},
  json: true,
  run: (context) =>
    callAndShow(context, "approvers_list", {}, (views) => [
      ...table(
        ["person", "name", "surface", "up to tier"],
        views.map((view) => [view.person, view.name, view.surface, String(view.upTo)]),
      ),
      "console and cli: the operator, up to tier 3",
    ]),
};

const persons: Leaf = {
  description: "list the persons that were seen",
  args: {},
  json: true,
  run: (context) =>
    callAndShow(context, "persons_list", {}, (views) =>
      table(
        ["person", "instance", "name", "admitted"],
        views.map((view) => [view.person, view.instance, view.name, view.admitted ? "yes" : "no"]),
      ),
    ),
};

const add: Leaf = {
  description: "let a person approve on a surface, up to tier 2 or 3",
  args: {
    ...PERSON,
    ...SURFACE,
    "up-to": { type: "string", description: "2 or 3", valueHint: "TIER", default: "2" },
  },
  json: true,
  run: async (context, args) => {
    const upTo = args.text("up-to");
    if (upTo !== "2" && upTo !== "3") return fail("usage", "`--up-to` is 2 or 3");
    if (upTo === "3") context.out.say(`warning: ${TIER_3_RISK}`);
    const params = {
      person: args.text("person") ?? "",
      surface: args.text("surface") ?? "",
      upTo: upTo === "3" ? 3 : 2,
    } as const;
    return await callAndShow(context, "approvers_add", params, (view) => [
      `${view.person} may approve on ${view.surface} up to tier ${String(view.upTo)}`,
    ]);
  },
};

const remove: Leaf = {
  description: "take an approver's right back, at once",
  args: { ...PERSON, ...SURFACE },
  json: true,
  run: (context, args) =>
    callAndShow(
      context,
      "approvers_remove",
      { person: args.text("person") ?? "", surface: args.text("surface") ?? "" },
      (result) => [result.removed ? "removed" : "there was no such approver"],
    ),
};

export const approvers: Group = {
  description: "name who may approve",
  children: {
    list: () => Promise.resolve(list),
    persons: () => Promise.resolve(persons),
    add: () => Promise.resolve(add),
    remove: () => Promise.resolve(remove),
  },
};
