import { FulfilmentContinued, PickListCancellationRequested, StockReserved } from '@baton/contracts';
import { type Loaded, many, type Moment, On, one, type Outcome, Refused, save } from '@baton/messaging';
import { CONFIG } from '@baton/service-kit';
import { Controller, Inject } from '@nestjs/common';
import { ClaimPickList, PackPickList, PickLines, PutAway, ReportShort } from './commands.js';
import type { WarehouseConfig } from './config.js';
import { workedByMachines } from './domain/automation.js';
import type { Decided, Decision, RefusalCode } from './domain/decision.js';
import { cancellationWasRequested, stockWasReserved } from './domain/events.js';
import { type PickList, viewOf } from './domain/pick-list.js';
import { claim, pack, pick, putAway, reportShort } from './domain/wishes.js';
import { PickLists } from './store/pick-list.entity.js';

interface AboutList {
  readonly data: { readonly orderId: string; readonly shipment: number };
}
const theList = ({ data: { orderId, shipment } }: AboutList) => ({ list: one(PickLists, { orderId, shipment }) });
type Found = Loaded<typeof theList>;
const allLists = ({ data: { orderId, shipments } }: FulfilmentContinued) => ({
  lists: many(
    PickLists,
    shipments.map((shipment) => ({ orderId, shipment })),
  ),
});

/** What the warehouse reacts to: three events, and what people do with a list. */
@Controller()
export class WarehouseReactions {
  private readonly work: (decision: Decided) => Decided;

  /** @param config read once: whether machines work the lists */
  constructor(@Inject(CONFIG) { WAREHOUSE_PACKING }: WarehouseConfig) {
    this.work = WAREHOUSE_PACKING === 'automatic' ? workedByMachines : (decision) => decision;
  }

  @On(StockReserved, theList)
  create({ data }: StockReserved, { list }: Found, { now }: Moment): Outcome {
    return outcomeOf(list, this.work(stockWasReserved(list, data, now)));
  }

  @On(PickListCancellationRequested, theList)
  cancel({ data }: PickListCancellationRequested, { list }: Found, { now }: Moment): Outcome {
    return outcomeOf(list, this.work(cancellationWasRequested(list, data, now)));
  }

  /** What was asked for is back from the archive, and begins its time there anew. */
  @On(FulfilmentContinued, allLists)
  keep(): Outcome {
    return {};
  }

  @On(ClaimPickList, theList)
  claim(command: ClaimPickList, { list }: Found): Outcome {
    return answer(command, list, (known) => claim(known, command.data.worker));
  }

  @On(PickLines, theList)
  pick(command: PickLines, { list }: Found): Outcome {
    return answer(command, list, (known) => pick(known, command.data.picks, command.data.worker));
  }

  @On(ReportShort, theList)
  short(command: ReportShort, { list }: Found): Outcome {
    const { lineId, picked, worker } = command.data;
    return answer(command, list, (known) => reportShort(known, lineId, picked, worker));
  }

  @On(PackPickList, theList)
  pack(command: PackPickList, { list }: Found): Outcome {
    return answer(command, list, (known) => pack(known, command.data.parcels, command.data.worker));
  }

  @On(PutAway, theList)
  putAway(command: PutAway, { list }: Found): Outcome {
    return answer(command, list, putAway);
  }
}

/** Refusals that mean the request itself cannot be right, whatever the list's state; all others are 409. */
const statuses: Partial<Record<RefusalCode, number>> = {
  'pick-list-not-found': 404,
  'line-not-on-list': 422,
  'over-picked': 422,
  'not-short': 422,
};

const outcomeOf = (before: PickList | undefined, decision: Decision): Outcome => {
  if (decision.kind === 'refused') {
    const { code, detail, members } = decision;
    throw new Refused(statuses[code] ?? 409, code, detail, members);
  }
  const { list, say } = decision;
  return { save: list === before ? [] : [save(PickLists, list)], publish: say };
};

const answer = ({ data }: AboutList, list: PickList | undefined, decide: (list: PickList) => Decision): Outcome => {
  if (!list) throw noSuchList(data.orderId, data.shipment);
  const decision = decide(list);
  const outcome = outcomeOf(list, decision);
  return decision.kind === 'decided' ? { ...outcome, reply: { body: viewOf(decision.list) } } : outcome;
};

export const noSuchList = (orderId: string, shipment: number): Refused =>
  new Refused(404, 'pick-list-not-found', `There is no pick list for shipment ${shipment} of order ${orderId}.`);
