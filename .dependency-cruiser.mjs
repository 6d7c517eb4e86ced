// The map of the project as rules: who may import whom. `npm test` fails where the code departs from it.

/** What a package may import of ours, beside itself. Another package is seen as its built dist/. */
const MAY_IMPORT = {
  'libs/contracts': [],
  'libs/saga': ['libs/contracts'],
  'libs/messaging': ['libs/contracts'],
  'libs/service-kit': ['libs/messaging', 'libs/contracts'],
  'libs/client': ['libs/contracts'],
};
const OURS = '^(libs|services|infra|test)/';

const libraries = Object.entries(MAY_IMPORT).map(([from, allowed]) => ({
  name: `${from.replace('/', '-')}-imports-only-${allowed.map((path) => path.split('/')[1]).join('-and-') || 'itself'}`,
  comment: `${from} may import of ours only ${allowed.join(' and ') || 'nothing'}: dependencies point down.`,
  severity: 'error',
  from: { path: `^${from}/` },
  to: { path: OURS, pathNot: [from, ...allowed].map((path) => `^${path}/`) },
}));

export default {
  forbidden: [
    ...libraries,
    {
      name: 'no-service-imports-another',
      comment: 'Services speak to each other in events and over HTTP alone.',
      severity: 'error',
      from: { path: '^services/([^/]+)/' },
      to: { path: '^services/([^/]+)/', pathNot: '^services/$1/' },
    },
    {
      name: 'only-run-and-test-import-services',
      comment: 'What starts the services and what tests across them may know them; nothing else does.',
      severity: 'error',
      from: { pathNot: '^(services|infra/run|test)/' },
      to: { path: '^services/' },
    },
    {
      name: 'nobody-imports-run-but-test',
      comment: 'infra/run is a program, not a library.',
      severity: 'error',
      from: { pathNot: '^(infra/run|test)/' },
      to: { path: '^infra/run/' },
    },
    {
      name: 'only-the-coordinator-imports-saga',
      comment: 'Participants answer events; what happens next is the coordinator’s to know.',
      severity: 'error',
      from: { path: '^services/', pathNot: '^services/coordinator/' },
      to: { path: '^libs/saga/' },
    },
    {
      name: 'domain-is-pure',
      comment: 'domain/ decides on data. Time, ids and state arrive as arguments; frameworks and I/O stay outside.',
      severity: 'error',
      from: { path: '^services/[^/]+/src/domain/', pathNot: '[.]test[.]tsx?$' },
      to: { path: '(^|/)(@nestjs/[^/]+|typeorm|kafkajs|pg|@types/pg)(/|$)|^libs/(messaging|service-kit)/' },
    },
    {
      name: 'no-cycles',
      comment: 'Two modules that import each other are one module in two files.',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'resolvable',
      comment: 'An import that resolves to nothing escapes every other rule.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    parser: 'swc',
    tsPreCompilationDeps: true,
    // An import of another package ends at its dist/, which is enough to see whose it is.
    doNotFollow: { path: '(^|/)(node_modules|dist)/' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['types', 'import', 'node', 'default'] },
  },
};
