import type { RememberedExample, SourceMemory } from '../../catalogue/memory/memory.ts'
import { columnOf, type GlossaryEntry, languageOf, localeOf, type Recipe, type RecipeField } from '../../contract/recipe.ts'
import { cutText, oneLine } from './text.ts'

/** A recipe with what a source's corrections taught: its rules in the glossaries of fields, and examples for their prompts. */
export interface TaughtRecipe extends Recipe {
  /** By the name of the field. */
  readonly examples?: Readonly<Record<string, readonly RememberedExample[]>>
}

/** How much of a prompt a field's examples may take: about 400 tokens. */
const MOST_CHARACTERS = 1_600
const MOST_EXAMPLES = 4
const LONGEST_EXAMPLE = 400

const taught = new WeakMap<Recipe, WeakMap<SourceMemory, TaughtRecipe>>()

/** The recipe as it is asked for a source's products; the same object each time, and the recipe itself where nothing was taught. */
export function taughtRecipe(recipe: Recipe, memory: SourceMemory | undefined): TaughtRecipe {
  if (!memory) return recipe
  const bySource = taught.get(recipe) ?? new WeakMap<SourceMemory, TaughtRecipe>()
  taught.set(recipe, bySource)
  let known = bySource.get(memory)
  if (!known) bySource.set(memory, (known = teach(recipe, memory)))
  return known
}

function teach(recipe: Recipe, { rules, examples }: SourceMemory): TaughtRecipe {
  const about = (field: RecipeField, { attribute, locale }: { attribute: string | null; locale: string | null }): boolean =>
    (attribute === null || attribute === columnOf(field)) && (locale === null || languageOf(locale) === languageOf(localeOf(recipe, field)))
  const fields = recipe.fields.map((field): RecipeField => {
    const entries = rules
      .filter((rule) => about(field, rule))
      .map(({ term, use }): GlossaryEntry => (use === null ? { term, avoid: true } : { term, use }))
    return entries.length === 0 ? field : { ...field, glossary: [...(field.glossary ?? []), ...entries] }
  })
  const byField = recipe.fields.flatMap((field) => {
    const fitting = withinBudget(examples.filter((example) => example.attribute === columnOf(field) && about(field, example)))
    return fitting.length === 0 ? [] : [[field.name, fitting] as const]
  })
  const isNothing = byField.length === 0 && fields.every((field, index) => field === recipe.fields[index])
  return isNothing ? recipe : { ...recipe, fields, ...(byField.length === 0 ? {} : { examples: Object.fromEntries(byField) }) }
}

/** The latest first, each once, as many as there is room for. */
function withinBudget(examples: readonly RememberedExample[]): RememberedExample[] {
  const chosen: RememberedExample[] = []
  let left = MOST_CHARACTERS
  for (const example of examples) {
    const { wrote, made, reason } = example
    const short = { ...example, wrote: cut(wrote), made: made === null ? null : cut(made), reason: reason === null ? null : cut(reason) }
    const size = exampleLine(short).length
    if (chosen.length === MOST_EXAMPLES || size > left) break
    if (chosen.some((other) => other.wrote === short.wrote)) continue
    chosen.push(short)
    left -= size
  }
  return chosen
}

const cut = (text: string): string => cutText(oneLine(text), LONGEST_EXAMPLE)

/** An example as it stands in a prompt: quoted, on one line, and without "<", so that nothing in it can close a record. */
export function exampleLine({ wrote, made, reason }: Pick<RememberedExample, 'wrote' | 'made' | 'reason'>): string {
  const said = made === null ? { written: wrote, rejected: reason ?? 'without a reason' } : { written: wrote, corrected: made }
  return JSON.stringify(said).replaceAll(/[<\uff1c\ufe64]/g, '‹')
}
