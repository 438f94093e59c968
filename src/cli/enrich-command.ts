import { defineCommand } from './command.ts'
import { enrichArguments } from './enrich-options.ts'

/** `latchkey enrich` as its help shows it; what it does is loaded when it does it. */
export const enrich = defineCommand({
  name: 'enrich',
  description: 'Write titles, descriptions and attributes for the products of a file, on your own key.',
  args: enrichArguments,
  run: async (args, context) => (await import('./enrich.ts')).enrich(args, context),
})
