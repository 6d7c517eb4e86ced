/** A column of a bulk statement. */
export interface BulkColumn {
  /** Name of the property that holds its values. */
  readonly property: string;
  /** Quoted name. */
  readonly name: string;
  /** Postgres' name of its type. */
  readonly type: string;
}

/** How the elements of an array travel. */
interface Elements {
  /** Postgres' object id of their type. */
  readonly oid: number;
  readonly type: string;
  readonly isJson: boolean;
  /** Bytes before the text of each: the version of jsonb's format. */
  readonly prefix: readonly number[];
}

const TEXT: Elements = { oid: 25, type: 'text', isJson: false, prefix: [] };

const JSONS: Readonly<Record<string, Elements>> = {
  json: { oid: 114, type: 'json', isJson: true, prefix: [] },
  jsonb: { oid: 3802, type: 'jsonb', isJson: true, prefix: [1] },
};

/** What is not JSON travels as text, and Postgres reads it as it reads a literal. */
const elementsOf = (type: string): Elements => JSONS[type] ?? TEXT;

/**
 * Rows to join with, as `k`: the n-th parameter is an array with the values of the n-th column. One array a column is
 * several times cheaper for Postgres than one JSON text with all rows, which `json_to_recordset` takes apart: that costs
 * more than writing the rows.
 */
export const unnested = (columns: readonly BulkColumn[]): string => {
  const values = columns.map(({ name, type }, index) => {
    const elements = elementsOf(type).type;
    return `unnest($${index + 1}::${elements}[])${elements === type ? '' : `::${type}`} as ${name}`;
  });
  return `(select ${values.join(', ')}) k`;
};

/** Inserts rows; its parameters are `arraysOf` these columns. */
export const bulkInsert = (table: string, columns: readonly BulkColumn[]): string => {
  const names = columns.map(({ name }) => name).join(', ');
  return `insert into ${table} (${names}) select ${names} from ${unnested(columns)}`;
};

/** The condition that a row of `alias` is the one that `k` names by these columns. */
export const isNamed = (alias: string, columns: readonly BulkColumn[]): string =>
  columns.map(({ name }) => `${alias}.${name} = k.${name}`).join(' and ');

const NULL = -1;
const HEADER_BYTES = 20;
/** Buffers up to this size are used again for the next array. */
const KEPT_BYTES = 4 * 1024 * 1024;

let scratch = Buffer.allocUnsafe(64 * 1024);

/** The scratch buffer, with the same beginning and at least `bytes` bytes. */
const scratchOf = (bytes: number): Buffer => {
  if (bytes > scratch.length) {
    const larger = Buffer.allocUnsafe(Math.max(bytes, 2 * scratch.length));
    scratch.copy(larger);
    scratch = larger;
  }
  return scratch;
};

/**
 * The values of one column as an array in Postgres' binary format, in which nothing need be escaped.
 * @param type of the column
 * @param values null, undefined, what JSON can hold where the column is JSON, or else what is written as text
 */
export const arrayOf = (type: string, values: readonly unknown[]): Buffer => {
  const { oid, isJson, prefix } = elementsOf(type);
  let hasNulls = 0;
  let at = HEADER_BYTES;
  for (const value of values) {
    if (value === null || value === undefined) {
      hasNulls = 1;
      at = scratchOf(at + 4).writeInt32BE(NULL, at);
      continue;
    }
    const text = typeof value === 'string' && !isJson ? value : JSON.stringify(value);
    // A UTF-16 unit takes at most three bytes.
    const buffer = scratchOf(at + 4 + prefix.length + 3 * text.length);
    const from = at + 4;
    let to = from;
    for (const byte of prefix) to = buffer.writeUInt8(byte, to);
    to += buffer.write(text, to);
    buffer.writeInt32BE(to - from, at);
    at = to;
  }
  // One dimension, whether there are nulls, the elements' type, how many there are, and the number of the first.
  [1, hasNulls, oid, values.length, 1].forEach((word, index) => scratch.writeInt32BE(word, 4 * index));
  const array = Buffer.from(scratch.subarray(0, at));
  if (scratch.length > KEPT_BYTES) scratch = Buffer.allocUnsafe(64 * 1024);
  return array;
};

/** The parameters for `unnested` columns: their values of each row. */
export const arraysOf = (columns: readonly BulkColumn[], rows: readonly object[]): Buffer[] =>
  columns.map(({ property, type }) =>
    arrayOf(
      type,
      rows.map((row) => (row as Readonly<Record<string, unknown>>)[property]),
    ),
  );
