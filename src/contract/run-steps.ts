import { z } from 'zod'

/** What a run does to cost less. A step that does not apply changes nothing; each can be turned off. */
export const runSteps = z
  .strictObject({
    rules: z.boolean().meta({ description: 'What stands literally in a product’s data is taken from there: it is not asked of the model' }),
    siblings: z.boolean().meta({
      description: 'Products that differ in colour, size or the like alone: one is written, the others are filled in and checked',
    }),
    caching: z.boolean().meta({ description: 'The provider’s prompt cache is asked for the constant part of the prompt' }),
    batch: z.boolean().meta({ description: 'The provider’s batch service, at its price; answers may take hours' }),
    cheapFirst: z.boolean().meta({ description: 'Whoever looks again at flagged products is asked about those alone; false: about all' }),
    perCall: z
      .union([z.int().min(1).max(50), z.literal('recipe')])
      .meta({ description: 'Products in one call; "recipe": as many as it says' }),
  })
  .meta({ id: 'RunSteps' })
export type RunSteps = z.output<typeof runSteps>

/**
 * What a run does unless someone says otherwise, on the page, on the command line and through the API alike: all that changes nothing
 * but the cost. A batch may take hours, and how many products share a call is the recipe's to say.
 */
export const USUAL_STEPS: RunSteps = { rules: true, siblings: true, caching: true, batch: false, cheapFirst: true, perCall: 'recipe' }

/** The steps that someone names; the others are as usual. */
export const askedSteps = runSteps
  .partial()
  .meta({ description: 'Absent, or in part: rules, siblings, caching and cheapFirst are on, batch is off, perCall is "recipe"' })
export type AskedSteps = z.output<typeof askedSteps>
