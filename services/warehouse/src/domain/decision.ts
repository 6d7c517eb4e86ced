import type { EventDraft } from '@baton/contracts';
import type { PickList } from './pick-list.js';

/** The list as it is from now on (the same object when nothing changed), and what the warehouse says. */
export interface Decided {
  readonly kind: 'decided';
  readonly list: PickList;
  readonly say: readonly EventDraft[];
}

export type RefusalCode =
  | 'pick-list-not-found'
  | 'pick-list-held'
  | 'pick-list-not-claimed'
  | 'pick-list-stopped'
  | 'pick-list-closed'
  | 'pick-list-not-stopped'
  | 'not-all-picked'
  | 'line-not-on-list'
  | 'over-picked'
  | 'not-short';

/** A person's wish that the list's state forbids; changes nothing. */
export interface Refusal {
  readonly kind: 'refused';
  readonly code: RefusalCode;
  readonly detail: string;
  readonly members: Readonly<Record<string, unknown>>;
}

export type Decision = Decided | Refusal;

export const decided = (list: PickList, ...say: readonly EventDraft[]): Decided => ({ kind: 'decided', list, say });

export const refused = (code: RefusalCode, detail: string, members: Refusal['members'] = {}): Refusal => ({
  kind: 'refused',
  code,
  detail,
  members,
});
