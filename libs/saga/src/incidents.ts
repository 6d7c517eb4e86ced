import type { Incident } from './saga.js';
import { later } from './time.js';
import { changed, say, type Visit } from './visit.js';

/** How the reason of an incident begins that is about nothing but lateness. */
export const LATE = 'Late: ';

/** The step of an incident about messages that could not be handled. */
export const MESSAGES = 'messages';

const incidentAt = (visit: Visit, unit: number, step: string): Incident | undefined =>
  visit.saga.incidents?.find((each) => each.unit === unit && each.step === step);

/** Opens an incident: a mark on a saga that runs on. There is at most one for each unit and step. */
export const openIncident = (visit: Visit, unit: number, step: string, owner: string, reason: string): Visit => {
  if (incidentAt(visit, unit, step)) return visit;
  const { definition, now, saga } = visit;
  const count = (saga.incidentCount ?? 0) + 1;
  const incident: Incident = {
    id: `${definition.name}~${saga.id}~${count}`,
    unit,
    step,
    reason,
    owner,
    at: now,
    due: later(now, definition.policy[definition.patience.incident] ?? 0),
  };
  const opened = changed(visit, {
    ...saga,
    incidentCount: count,
    incidents: [...(saga.incidents ?? []), incident],
  });
  const known = { incidentId: incident.id, step, reason, owner, dueAt: incident.due };
  return say(opened, definition.says.opened, unit, known, `${step}-${count}`);
};

/** Closes the incidents that a condition holds for; what they were about is settled. */
export const closeIncidents = (visit: Visit, settled: (incident: Incident) => boolean, resolution: string): Visit => {
  const closed = visit.saga.incidents?.filter(settled) ?? [];
  if (closed.length === 0) return visit;
  const { incidents, ...rest } = visit.saga;
  const open = incidents?.filter((incident) => !closed.includes(incident)) ?? [];
  const saga = open.length > 0 ? { ...rest, incidents: open } : rest;
  return closed.reduce(
    (each, { id }) => say(each, each.definition.says.resolved, 0, { incidentId: id, resolution }, id),
    changed(visit, saga),
  );
};
