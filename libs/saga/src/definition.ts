/**
 * A saga definition is data, and could be JSON: who reacts to what, what must come by when, what is tried when it does
 * not, and how it is undone. Times are names of durations in `policy`; events are names that the contracts declare.
 */
export interface SagaPlan {
  readonly name: string;
  /** A saga keeps the version that it began with. */
  readonly version: number;
  readonly doc: string;
  /** Which fields of an event say whose it is: of which saga, and of which unit of it (a shipment, say). */
  readonly identity: { readonly saga: string; readonly unit: string };
  /** Every duration by name, in milliseconds. */
  readonly policy: Readonly<Record<string, number>>;
  readonly patience: Patience;
  readonly begins: Beginning;
  /** How units come into being, by name. The first step of a unit begins with its birth. */
  readonly births: Readonly<Record<string, Birth>>;
  /**
   * The birth that a unit is taken to have of which facts were heard and no birth is known (the saga's state was restored
   * to one before its request), once all others are over. Without, such a unit holds up no end.
   */
  readonly adopts?: string;
  /** The forward path. Steps whose `after` are all done run at the same time. */
  readonly steps: readonly Step[];
  /** In which order the steps of a unit are undone. Each waits for the answer of the one before. */
  readonly undo: readonly string[];
  /** What is done when a step fails or somebody wishes for an end: the first one that fits, for each unit. */
  readonly alternatives: readonly Alternative[];
  readonly wish: Wishing;
  readonly tells: Telling;
  readonly remembers: Memory;
  readonly says: Sayings;
}

/** How long the saga asks before it calls for a person. */
export interface Patience {
  /** How often a request is asked again, with pauses that double, before an incident is opened. */
  readonly asks: number;
  /** Longest pause between two askings; also after the incident, for the saga runs on. */
  readonly longestPause: string;
  /** How long the owner of an incident has. */
  readonly incident: string;
}

/** How a saga begins. */
export interface Beginning {
  /** The saga decides once this event is there, whichever came first. */
  readonly with: string;
  /** How long it may be missing after another event of the same saga was heard. */
  readonly within: string;
  readonly owner: string;
  /** Fields of that event that the saga keeps; `lines` are what units carry. */
  readonly keeps: readonly string[];
  /** The birth of unit 1. */
  readonly birth: string;
  readonly says: string;
}

/**
 * What happens, one after another, each time that a deadline passes: the customer is told of a delay, the request is
 * asked again (as often as `patience` says), an incident is opened, or the step counts as failed.
 */
export type Late = 'delay' | 'ask-again' | 'incident' | { readonly fails: string };

/** One way in which a unit comes into being, and what is waited for then. */
export interface Birth {
  /** The request that gives birth; none when the beginning itself does. */
  readonly asks?: string;
  readonly within: string;
  readonly late: readonly Late[];
  /** The unit waits for something that may take long: the request is repeated this often until its deadline. */
  readonly remind?: string;
}

/**
 * One way in which a step can fail, known by an event. Of several for one event the first that fits counts; of several
 * events of one try (lost, then returned) the one that stands last.
 */
export interface Failure {
  readonly event: string;
  /** Fits when some value of this field (a path; lists are searched) is `is`, or when the field is an empty list. */
  readonly where?: { readonly field: string; readonly is: string | number | boolean } | { readonly empty: string };
  /** The name of the failure. */
  readonly as: string;
  /** A field beside that of `where`, in the entries that fit, by which people are told what it is about. */
  readonly about?: string;
  /** True when nothing of the unit is left to undo, so that this ends it. */
  readonly ends?: boolean;
}

/** How a step is undone: what is said to ask for it, and what its participant answers. */
export interface Compensation {
  readonly asks: string;
  readonly done: string;
  /** Said when it is too late: nothing of the unit is undone, and it goes on. */
  readonly refused?: string;
  readonly within: string;
  /** Completes "… waits for". */
  readonly waitsFor: string;
}

/** One step of each unit. */
export interface Step {
  readonly name: string;
  /** Who does it. */
  readonly participant: string;
  /** Steps that must be done before. Only the first step has none. */
  readonly after?: readonly string[];
  /** Completes "… waits for". */
  readonly waitsFor: string;
  /** Said when somebody has begun. */
  readonly begun?: string;
  readonly done: string;
  readonly cannot?: readonly Failure[];
  /** After this step there is only a way forward. */
  readonly pivot?: boolean;
  /** None for the first step, whose deadline belongs to the birth. A choice goes by a field of the beginning. */
  readonly within?: string | { readonly by: string; readonly is: Readonly<Record<string, string>> };
  readonly late?: readonly Late[];
  /** The request that asks for this step again, or for another attempt. */
  readonly asks?: string;
  readonly undo?: Compensation;
  /** No other participant needs its answer, so that an operator may go on without. */
  readonly skippable?: boolean;
  /** Who gets its incidents. */
  readonly owner: string;
}

/** What is tried in place of a step that failed, or when somebody wishes for an end. */
export interface Alternative {
  /** Also the reason that is given with requests to undo, and for a cancellation. */
  readonly name: string;
  readonly when:
    | { readonly wished: true }
    | {
        readonly step: string;
        readonly failure: string;
        /** What the kept fields of the beginning must say. */
        readonly order?: Readonly<Record<string, string>>;
      };
  /** The unit is undone first. */
  readonly undo?: boolean;
  /** What follows; exactly one. */
  readonly leadsTo:
    | { readonly open: string; readonly delay?: string }
    | { readonly cancel: string }
    | { readonly nextAttempt: string; readonly choose: string; readonly from: string }
    | { readonly incident: string };
}

/** Somebody may wish that all of it be undone. */
export interface Wishing {
  readonly event: string;
  /** The field that numbers the wishes. */
  readonly number: string;
  /** The answer when something has passed the pivot; it names what. */
  readonly refused: string;
  /** Fields remembered of a unit by which it is named. */
  readonly names: readonly string[];
}

/** Telling somebody what happened: one message for each unit (0 is the whole) and reason. */
export interface Telling {
  readonly participant: string;
  /** Reason by event, heard or said. */
  readonly on: Readonly<Record<string, string>>;
  readonly done: string;
  readonly cannot: string;
  readonly within: string;
  readonly owner: string;
}

/** What the saga remembers of a unit, whichever of its events says it. */
export interface Memory {
  readonly fields: readonly string[];
  /** Lists by line id that only grow: of two quantities for a line the larger counts. */
  readonly growing: readonly string[];
}

/** The events of the saga itself. */
export interface Sayings {
  /** Said now and then of a saga that takes long, so that others keep what they have of it; absent when nobody has to. */
  readonly continued?: string;
  readonly delayed: string;
  readonly opened: string;
  readonly resolved: string;
  readonly completed: string;
  readonly cancelled: string;
  /** What became of the lines of a unit that failed at its end, by failure; `delivered` otherwise. */
  readonly outcomes: Readonly<Record<string, string>>;
}

/** What an event means to a saga. */
export type Role =
  | { readonly kind: 'beginning' | 'wish' | 'told' | 'untold' }
  | { readonly kind: 'begun' | 'done' | 'failed' | 'undone' | 'refused'; readonly step: string };

/** A plan that was checked; made by `defineSaga`. */
export interface SagaDefinition extends SagaPlan {
  /** Role by event name. */
  readonly roles: ReadonlyMap<string, Role>;
  readonly step: (name: string) => Step;
  /** The steps that come directly after one. */
  readonly followers: ReadonlyMap<string, readonly string[]>;
  readonly firstStep: string;
  /** The steps that none comes after. */
  readonly lastSteps: readonly string[];
  readonly pivot: string | undefined;
}
