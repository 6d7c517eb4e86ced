/** Durations in seconds; null when nothing was counted. Exact to 5 %. */
export interface Percentiles {
  readonly count: number;
  readonly p50: number | null;
  readonly p90: number | null;
  readonly p95: number | null;
  readonly p99: number | null;
}

/** The five KPIs of a stretch of time. Shares lie between 0 and 1; money is in the currency of the stated inputs. */
export interface Kpis {
  readonly throughput: {
    readonly placed: number;
    readonly completed: number;
    readonly cancelled: number;
    readonly placedPerHour: number | null;
    readonly completedPerHour: number | null;
  };
  readonly cycleTime: {
    readonly overall: Percentiles;
    readonly untilDispatch: Percentiles;
    readonly steps: Readonly<Record<string, Percentiles>>;
  };
  readonly errors: {
    readonly ended: number;
    readonly troubled: number;
    readonly rate: number | null;
    readonly causes: readonly {
      readonly kind: 'cancelled' | 'undone' | 'event' | 'incident';
      readonly cause: string;
      readonly orders: number;
      readonly share: number;
    }[];
  };
  readonly utilisation: {
    readonly people: {
      readonly listsPacked: number;
      readonly listsPerHour: number | null;
      readonly busyShare: number | null;
    };
    readonly stock: {
      readonly backorders: number;
      readonly backorderShare: number | null;
      readonly wait: Percentiles;
    };
    readonly carriers: readonly { readonly carrier: string; readonly dispatches: number; readonly share: number }[];
  };
  readonly returnOnInvestment: {
    readonly saved: number;
    readonly errorCost: number;
    readonly runningCost: number;
    readonly roi: number | null;
  };
}

/** The same of one hour or day, without what is only told of the whole: steps, causes, carriers. */
export interface PeriodKpis {
  readonly throughput: Kpis['throughput'];
  readonly cycleTime: Pick<Kpis['cycleTime'], 'overall' | 'untilDispatch'>;
  readonly errors: Pick<Kpis['errors'], 'ended' | 'troubled' | 'rate'>;
  readonly utilisation: {
    readonly people: Kpis['utilisation']['people'];
    readonly stock: Pick<Kpis['utilisation']['stock'], 'backorders' | 'backorderShare'>;
  };
  readonly returnOnInvestment: Kpis['returnOnInvestment'];
}

/** What nothing in an order says: minutes, money and people. Absent: as the coordinator is set up. */
export interface KpiInputs {
  readonly minutesSavedPerOrder?: number;
  readonly wagePerHour?: number;
  readonly costOfError?: number;
  readonly runningCostPerHour?: number;
  readonly people?: number;
  readonly minutesPerPickList?: number;
}

/** Which stretch of time is asked about; the last 24 hours, or 7 days, when nothing is said. */
export interface KpiQuestion extends KpiInputs {
  /** Date (`2026-11-24`) or moment, UTC; the stretch is widened to whole hours or days. */
  readonly from?: string;
  readonly to?: string;
  readonly by?: 'hour' | 'day';
}

/** The KPIs of a stretch of time, in all and by hour or day. */
export interface KpiAnswer {
  readonly definition: string;
  readonly by: 'hour' | 'day';
  readonly from: string;
  readonly to: string;
  /** What happened until then is in the figures; null: nothing yet. */
  readonly countedUntil: string | null;
  readonly inputs: Required<KpiInputs>;
  readonly total: Kpis;
  /** Hours or days in which anything happened. */
  readonly periods: readonly { readonly from: string; readonly to: string; readonly kpis: PeriodKpis }[];
}
