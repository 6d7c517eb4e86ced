import { z } from 'zod';

const amount = z.coerce.number().min(0).max(1_000_000_000);

/** What KPIs need to be told: nothing in an order says what an hour costs. Money is in any one currency. */
export const kpiSettings = {
  KPI_MINUTES_SAVED_PER_ORDER: amount
    .default(10)
    .describe('Minutes of manual work that each completed order saves; for the return on investment.'),
  KPI_WAGE_PER_HOUR: amount.default(30).describe('What an hour of that work costs, in your currency.'),
  KPI_COST_OF_ERROR: amount
    .default(60)
    .describe('What an order costs with which something went wrong: calls, refunds, putting away.'),
  KPI_RUNNING_COST_PER_HOUR: amount.default(1).describe('What an hour of running the system costs.'),
  KPI_PEOPLE: amount.default(0).describe('How many people pick and pack; 0: unknown, and so is how busy they are.'),
  KPI_MINUTES_PER_PICK_LIST: amount.default(0).describe('How long one of them takes for a pick list; 0: unknown.'),
  KPI_ROLLUP_SECONDS: z.coerce
    .number()
    .min(0.1)
    .max(3_600)
    .default(60)
    .describe('Pause between two looks for what KPIs have not counted yet, seconds.'),
};
export type KpiSettings = z.output<z.ZodObject<typeof kpiSettings>>;

/** The same for one question. */
export interface Inputs {
  readonly minutesSavedPerOrder: number;
  readonly wagePerHour: number;
  readonly costOfError: number;
  readonly runningCostPerHour: number;
  readonly people: number;
  readonly minutesPerPickList: number;
}

/** Query parameters that stand in for the settings. */
export const inputParameters = {
  minutesSavedPerOrder: amount.optional(),
  wagePerHour: amount.optional(),
  costOfError: amount.optional(),
  runningCostPerHour: amount.optional(),
  people: amount.optional(),
  minutesPerPickList: amount.optional(),
};

/** What is stated in a question, else what is set. */
export const inputsOf = (settings: KpiSettings, stated: z.output<z.ZodObject<typeof inputParameters>>): Inputs => ({
  minutesSavedPerOrder: stated.minutesSavedPerOrder ?? settings.KPI_MINUTES_SAVED_PER_ORDER,
  wagePerHour: stated.wagePerHour ?? settings.KPI_WAGE_PER_HOUR,
  costOfError: stated.costOfError ?? settings.KPI_COST_OF_ERROR,
  runningCostPerHour: stated.runningCostPerHour ?? settings.KPI_RUNNING_COST_PER_HOUR,
  people: stated.people ?? settings.KPI_PEOPLE,
  minutesPerPickList: stated.minutesPerPickList ?? settings.KPI_MINUTES_PER_PICK_LIST,
});
