/** Everything about one turn that guard and record share. */
import type { Labels } from "#contracts/action.ts";
import type { Channel } from "#contracts/channel.ts";
import type { PersonId, TurnId } from "#contracts/ids.ts";
import type { Profile } from "#policy/profile.ts";
import type { SessionHandle } from "#session/handle.ts";
import { mergeLabels } from "#session/history.ts";

export interface TurnFacts<C extends Channel = Channel> {
  readonly turn: TurnId;
  readonly handle: SessionHandle<C>;
  readonly asker: PersonId;
  /** What the asker typed, without what they quoted or forwarded. */
  readonly askerWords: string;
  readonly profile: Profile;
  /** Asked on the console or the command line. */
  readonly operator: boolean;
  /** Somebody can be asked. */
  readonly interactive: boolean;
  /** Codes of the injection detector for texts of this session. */
  readonly injectionFlags: Set<string>;
  readonly labels: LabelBox;
  /** Everyone whose words are in the context, the asker too: a turn has no right that one of them lacks. */
  readonly heard: readonly string[];
}

/** The labels of a session; they only grow. */
export class LabelBox {
  #labels: Labels;

  constructor(labels: Labels) {
    this.#labels = labels;
  }
  get value(): Labels {
    return this.#labels;
  }
  add(labels: Labels): void {
    this.#labels = mergeLabels(this.#labels, labels);
  }
}
