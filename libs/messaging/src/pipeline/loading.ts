import type { Loaded, Needs } from '../api/needs.js';
import type { IdentityMap, Wanted } from '../state/identity-map.js';
import { type Input, type Message, messageOf } from './inputs.js';
import type { Reaction, Reactions } from './reactions.js';

/** What the messages of one unit of work need: loaded for all at once, and seen as it is when a message's turn comes. */
export class Loading {
  /** What a message says it needs, told once. */
  private readonly first = new Map<Message, Wanted>();

  constructor(
    private readonly map: IdentityMap,
    private readonly reactions: Reactions,
  ) {}

  /** Loads what all messages need first. Its statements are sent before it returns. */
  async prefetch(inputs: readonly Input[]): Promise<void> {
    for (const input of inputs) {
      const message = messageOf(input);
      const reaction = message && this.reactions.of(message.name);
      if (!reaction) continue;
      try {
        this.firstOf(message, reaction);
      } catch {
        // What cannot be told yet is told when the reaction runs, or thrown for where it has a message to belong to.
      }
    }
    await this.fetchMissing();
  }

  /** Loads what follows from what was found; what a reaction needs besides is loaded when it runs. */
  async prefetchSecond(): Promise<void> {
    for (const [message, first] of this.first) {
      const second = this.reactions.of(message.name)?.second;
      if (!second) continue;
      try {
        this.map.want(second(message.body, this.map.see(first)));
      } catch {
        // The same: it is told when the reaction runs, without a closure for each message here.
      }
    }
    await this.fetchMissing();
  }

  /**
   * What the message's reaction needs, as it is now; undefined if an earlier reaction of this unit of work made more of
   * it necessary, which must be fetched first.
   */
  see(message: Message): Loaded<Needs> | undefined {
    const reaction = this.reactions.the(message.name);
    const first = this.firstOf(message, reaction);
    if (!this.map.isComplete) return undefined;
    const found = this.map.see(first);
    if (!reaction.second) return found;
    const second = this.map.want(reaction.second(message.body, found));
    return this.map.isComplete ? this.map.see(second, found) : undefined;
  }

  /** The same, for whatever has to be fetched: at most the first needs, and then the second. */
  async load(message: Message): Promise<Loaded<Needs>> {
    for (;;) {
      const seen = this.see(message);
      if (seen) return seen;
      await this.map.fetch();
    }
  }

  private firstOf(message: Message, reaction: Reaction): Wanted {
    const known = this.first.get(message);
    if (known) return known;
    const wanted = this.map.want(reaction.first(message.body));
    this.first.set(message, wanted);
    return wanted;
  }

  private async fetchMissing(): Promise<void> {
    if (!this.map.isComplete) await this.map.fetch();
  }
}
