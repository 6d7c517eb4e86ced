import type { Event } from '@baton/contracts';
import {
  add,
  both,
  type Change,
  type CommandOf,
  type Loaded,
  many,
  MessageParked,
  type Moment,
  On,
  one,
  type Outcome,
  Refused,
  save,
} from '@baton/messaging';
import { type Heard, type Message, MESSAGES, whyNotSkip } from '@baton/saga';
import { Controller } from '@nestjs/common';
import { DeadlineDue, SkipStep, StillUnderWay } from './commands.js';
import { Definitions, heardEvents, listenersTo, sagaNames } from './definitions/index.js';
import { stillUnderWay } from './domain/continued.js';
import { type IncidentRecord, joinedHistory, type SagaRecord } from './domain/records.js';
import { visit } from './domain/visit.js';
import { History, Incidents, Sagas } from './store/sagas.js';

interface Listening {
  readonly sagas: readonly SagaRecord[];
}

const ofEvent = ({ name, key: orderId }: Event) => ({
  sagas: many(
    Sagas,
    listenersTo(name).map((definition) => ({ definition, orderId })),
  ),
});
const ofParked = ({ data: { key: orderId } }: CommandOf<typeof MessageParked>) => ({
  sagas: many(
    Sagas,
    sagaNames.map((definition) => ({ definition, orderId })),
  ),
});
const named = ({ data: { definition, orderId } }: CommandOf<typeof DeadlineDue>) => ({
  saga: one(Sagas, { definition, orderId }),
});
const openIncidents = (sagas: readonly SagaRecord[]) => ({
  incidents: many(
    Incidents,
    sagas.flatMap(({ state }) => (state.incidents ?? []).map(({ id }) => ({ incidentId: id }))),
  ),
});
const theirIncidents = (_: unknown, { sagas }: Listening) => openIncidents(sagas);
const itsIncidents = (_: unknown, { saga }: Loaded<typeof named>) => openIncidents(saga ? [saga] : []);

/** What the coordinator reacts to. What becomes of a saga is the engine's to say; here it is only looked up and kept. */
@Controller()
export class CoordinatorReactions {
  constructor(private readonly definitions: Definitions) {}

  @On(heardEvents, ofEvent, theirIncidents)
  hear(event: Event, { sagas, incidents }: Loaded<typeof ofEvent, typeof theirIncidents>, moment: Moment): Outcome {
    return this.visitAll(listenersTo(event.name), sagas, incidents, { kind: 'event', event: event as Heard }, moment);
  }

  @On(MessageParked, ofParked, theirIncidents)
  park(
    { data: { key, origin, reason } }: CommandOf<typeof MessageParked>,
    { sagas, incidents }: Loaded<typeof ofParked, typeof theirIncidents>,
    moment: Moment,
  ): Outcome {
    return this.visitAll(sagaNames, sagas, incidents, { kind: 'parked', saga: key, topic: origin, reason }, moment);
  }

  @On(DeadlineDue, named, itsIncidents)
  fire(
    _: CommandOf<typeof DeadlineDue>,
    { saga, incidents }: Loaded<typeof named, typeof itsIncidents>,
    moment: Moment,
  ): Outcome {
    return saga ? this.visitOne(saga.definition, saga, incidents, { kind: 'due' }, moment) : {};
  }

  @On(StillUnderWay, named)
  remember(_: CommandOf<typeof StillUnderWay>, { saga }: Loaded<typeof named>, { now }: Moment): Outcome {
    if (!saga) return {};
    const { record, publish } = stillUnderWay(this.definitions.of(saga.definition, saga.version), saga, now);
    return record ? { save: [save(Sagas, record)], publish } : {};
  }

  @On(SkipStep, named, itsIncidents)
  skip(
    { data: { orderId, shipment: unit, step, note } }: CommandOf<typeof SkipStep>,
    { saga, incidents }: Loaded<typeof named, typeof itsIncidents>,
    moment: Moment,
  ): Outcome {
    if (!saga) throw new Refused(404, 'unknown-order', `Nothing is known of order ${orderId}.`);
    const refusal =
      step === MESSAGES && moment.parked
        ? 'Messages of this order still wait: redrive or discard what failed first.'
        : whyNotSkip(this.definitions.of(saga.definition, saga.version), saga.state, { unit, step, note });
    if (refusal !== undefined) throw new Refused(409, 'cannot-skip', refusal);
    return {
      ...this.visitOne(saga.definition, saga, incidents, { kind: 'skip', unit, step, note }, moment),
      reply: { body: { skipped: true } },
    };
  }

  private visitAll(
    names: readonly string[],
    sagas: readonly SagaRecord[],
    incidents: readonly IncidentRecord[],
    message: Message,
    moment: Moment,
  ): Outcome {
    const recordOf = (name: string) => sagas.find(({ definition }) => definition === name);
    return both(...names.map((name) => this.visitOne(name, recordOf(name), incidents, message, moment)));
  }

  private visitOne(
    name: string,
    record: SagaRecord | undefined,
    incidents: readonly IncidentRecord[],
    message: Message,
    moment: Moment,
  ): Outcome {
    const definition = record ? this.definitions.of(name, record.version) : this.definitions.latest(name);
    const visited = visit(definition, record, message, moment);
    const changes: Change[] = [];
    if (visited.record) changes.push(save(Sagas, visited.record));
    if (visited.history) changes.push(add(History, visited.history, joinedHistory));
    // Incidents are numbered by their saga, which is locked: nobody else can have written this one.
    for (const incident of visited.opened) changes.push(add(Incidents, incident, (_, latest) => latest));
    for (const incident of incidents) {
      if (visited.resolved.includes(incident.incidentId)) {
        changes.push(save(Incidents, { ...incident, resolvedAt: moment.now }));
      }
    }
    const { publish, awaits } = visited;
    return awaits === undefined ? { save: changes, publish } : { save: changes, publish, awaits: [awaits] };
  }
}
